//! The roadmap as one page: summary, "done when", graph, table of gates, architectures, trend.

use gateless_model::targets::{Targets, Variant};
use maud::{Markup, html};

use crate::page::{card, column, document};
use crate::roadmap::{Item, Point, Roadmap, Step, graph};

/// The page.
pub fn page(roadmap: &Roadmap) -> String {
    let release = roadmap.release.as_deref().unwrap_or("(no kernel tree)");
    let needed = roadmap.items.iter().filter(|item| item.needed).count();
    let uses: usize = roadmap.items.iter().map(|item| item.uses).sum();
    let title = format!("Unstable Rust in Linux {release}");
    let body = html! {
        header {
            h1 { (title) }
            p.soft {
                "For rustc " (roadmap.rustc) ", architecture " (roadmap.arch) ", configuration " (roadmap.configuration)
                ". Made by " code { "gateless roadmap" } " from the tree, the compiler and the ledger."
            }
            ul.cards {
                (card(needed, "gates are needed"))
                (card(uses, "places use them"))
                (card(roadmap.done_when.len(), "steps until none is"))
                (card(format!("{} of {needed}", roadmap.unnecessary.len()), "unnecessary with gateless"))
            }
        }
        main {
            section aria-labelledby="done" {
                h2 #done { "Done when" }
                @if roadmap.done_when.is_empty() { p.ok { "Nothing is left: this tree needs no gate." } }
                ol.steps { @for step in &roadmap.done_when { (one_step(step)) } }
            }
            section aria-labelledby="graph" {
                h2 #graph { "What waits for what" }
                @match graph::svg(roadmap) {
                    Some(svg) => { div.scroll tabindex="0" role="region" aria-label="Graph" { (svg) } },
                    None => p { "Nothing waits for anything else." },
                }
            }
            section aria-labelledby="gates" {
                h2 #gates { "Gates" }
                label { span.soft { "Show only rows with " } input #filter type="search" autocomplete="off"; }
                div.scroll tabindex="0" role="region" aria-label="Gates" { (table(roadmap)) }
            }
            section aria-labelledby="support" {
                h2 #support { "Architectures" }
                @match &roadmap.support {
                    Some(support) => { div.scroll tabindex="0" role="region" aria-label="Architectures" { (matrix(support)) }
                        p.soft { "As " code { "gateless targets" } " has it, for " (support.rustc) ". What was not built and booted is shown as that; a result counts only while its log is there." } },
                    None => p.soft { "This tree has no architectures that could be asked about." },
                }
            }
            section aria-labelledby="trend" {
                h2 #trend { "Trend" }
                @if roadmap.trend.is_empty() { p.soft { "Only one release is at hand." } }
                @else { (trend(&roadmap.trend)) }
            }
        }
    };
    document(&title, &body)
}

fn link(id: &str, tracking: Option<&str>) -> Markup {
    match tracking {
        Some(url) => html! { a href=(url) { (id) } },
        None => html! { (id) },
    }
}

fn one_step(step: &Step) -> Markup {
    let verb = if step.what == "leave-out" {
        "Leave out"
    } else {
        "Stabilise"
    };
    let others = step
        .unblocks
        .iter()
        .filter(|id| **id != step.id)
        .cloned()
        .collect::<Vec<_>>();
    html! {
        li {
            (verb) " " code { (link(&step.id, step.tracking.as_deref())) } ": frees " b { (step.uses) } " " (plural(step.uses, "use")) " in " (step.files) " " (plural(step.files, "file"))
            @if !others.is_empty() { ", and with it " (others.join(", ")) }
            @if let Some(goal) = &step.goal { br; span.soft { (goal) } }
        }
    }
}

fn plural(count: usize, word: &str) -> String {
    format!("{word}{}", if count == 1 { "" } else { "s" })
}

fn table(roadmap: &Roadmap) -> Markup {
    html! {
        table.sortable {
            thead {
                tr {
                    (column("Gate", "id")) (column("Kind", "")) (column("Status", "")) (column("Needed", ""))
                    (column("Uses", "number")) (column("Files", "number")) (column("Architectures", "")) (column("Waits for", "")) (column("gateless", ""))
                }
            }
            tbody { @for item in &roadmap.items { (row(item)) } }
        }
    }
}

fn row(item: &Item) -> Markup {
    html! {
        tr {
            td.id { (link(&item.id, item.tracking.as_deref())) }
            td { (item.kind) }
            td { (item.status) }
            td { @if item.needed { span.need { "yes" } } @else { "no" } }
            td.number { (item.uses) }
            td.number { (item.files) }
            td { (item.architectures) }
            td.id { (item.blocked_on.join(", ")) }
            td { @match &item.gateless { Some(way) => span.ok { (way) }, None => "–" } }
        }
    }
}

fn matrix(support: &Targets) -> Markup {
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    html! {
        table {
            thead {
                tr { @for title in ["Architecture", "Upstream", "Variant", "Built", "Booted", "Tests", "With", "Log", "In the way"] { th scope="col" { (title) } } }
            }
            tbody {
                @for arch in &support.architectures {
                    @for (index, variant) in arch.variants.iter().enumerate() {
                        // A result without its log is no claim.
                        @let claimed = variant.log_sha256.is_some();
                        tr {
                            td.id { (arch.arch) } td { (yes(arch.upstream)) } td { (variant.name) }
                            td { (yes(claimed && variant.built)) } td { (yes(claimed && variant.booted)) }
                            td { @if claimed { (tests(variant)) } }
                            td { @if let Some(release) = &variant.release { "Linux " (release) } @if let Some(rustc) = &variant.rustc { ", rustc " (rustc) } }
                            td.id { @if let Some(hash) = &variant.log_sha256 { (hash.chars().take(12).collect::<String>()) } }
                            td.long { @if index == 0 { (arch.obstacles.join("; ")) } }
                        }
                    }
                    @if arch.variants.is_empty() { tr { td.id { (arch.arch) } td { (yes(arch.upstream)) } td colspan="6" { "no result" } td.long { (arch.obstacles.join("; ")) } } }
                }
            }
        }
    }
}

fn tests(variant: &Variant) -> Markup {
    html! {
        @if let Some(passed) = variant.tests_passed { (passed) " passed, " (variant.tests_failed.unwrap_or(0)) " failed" }
        @if let Some(compared) = variant.compared { ", " (compared.alike) " as gated" }
    }
}

/// Bars per release: features and attributes below, options and target specifications above, and the rest.
fn trend(points: &[Point]) -> Markup {
    let most = points
        .iter()
        .map(|point| point.needed)
        .max()
        .unwrap_or(1)
        .max(1);
    let (bar, gap, top, room) = (70, 50, 30, 180);
    let width = points.len() * (bar + gap) + gap;
    let scale = |count: usize| count * room / most;
    html! {
        svg.fit width=(width) height=(top + room + 50) viewBox={ "0 0 " (width) " " (top + room + 50) } role="img" aria-label="Gates needed per release" {
            @for (index, point) in points.iter().enumerate() {
                @let x = gap + index * (bar + gap);
                @let language = scale(point.language);
                @let rest = scale(point.needed) - language;
                rect.bar-b x=(x) y=(top + room - language - rest) width=(bar) height=(rest) {}
                rect.bar-a x=(x) y=(top + room - language) width=(bar) height=(language) {}
                text x=(x + bar / 2) y=(top + room - language - rest - 8) text-anchor="middle" { (point.needed) }
                text x=(x + bar / 2) y=(top + room + 20) text-anchor="middle" { (point.release) }
                text.soft x=(x + bar / 2) y=(top + room + 38) text-anchor="middle" { (point.uses) " uses" }
            }
            line.axis x1="0" x2=(width) y1=(top + room) y2=(top + room) {}
        }
        p.soft { "Gates needed for the same compiler: features and attributes at the bottom of each bar, options, targets and ways of building on top." }
        table {
            thead { tr { @for title in ["Release", "Gates needed", "Features and attributes", "Options and targets", "Uses", "Rust files"] { th scope="col" { (title) } } } }
            tbody {
                @for point in points {
                    tr { td { (point.release) } td.number { (point.needed) } td.number { (point.language) } td.number { (point.options) } td.number { (point.uses) } td.number { (point.rust_files) } }
                }
            }
        }
    }
}
