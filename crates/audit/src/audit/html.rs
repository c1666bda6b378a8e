//! The audit as a page of its own: a table of gates that sorts, and each gate's places.

use maud::{Markup, html};

use crate::audit::text::{architectures, state, verdict};
use crate::audit::{Applies, Audit, Gate};
use crate::page::{card, column, document};

/// The page.
pub fn page(audit: &Audit) -> String {
    let tree = match &audit.release {
        Some(release) => format!("Linux {release}"),
        None => "a directory".to_owned(),
    };
    let title = format!("Gates of {tree} for rustc {}", audit.rustc);
    let body = html! {
        header {
            h1 { (title) }
            ul.cards {
                (card(audit.totals.gates, "gates"))
                (card(audit.totals.needed, "are needed"))
                (card(audit.totals.uses, "places"))
                (card(audit.problems.len(), "files not read wholly"))
            }
        }
        main {
            h2 #gates { "Gates" }
            label { span.soft { "Show only rows with " } input #filter type="search" autocomplete="off"; }
            div.scroll tabindex="0" role="region" aria-label="Gates" { (table(audit)) }
            h2 { "Places" }
            @for gate in &audit.gates { (places(gate)) }
            @if !audit.problems.is_empty() {
                h2 { "Not read wholly" }
                ul { @for problem in &audit.problems { li { code { (problem.file) ":" (problem.line) } " " (problem.what) } } }
            }
        }
    };
    document(&title, &body)
}

fn table(audit: &Audit) -> Markup {
    html! {
        table.sortable {
            thead {
                tr {
                    (column("Gate", "id")) (column("Kind", "")) (column("Needed", "")) (column("Status", "")) (column("Places", "number"))
                    (column("Architectures", "")) (column("On stable", ""))
                }
            }
            tbody {
                @for gate in &audit.gates {
                    tr {
                        td.id { @match &gate.tracking { Some(url) => a href=(url) { (gate.id) }, None => (gate.id) } }
                        td { (gate.kind) }
                        td { @if gate.needed { span.need { "yes" } } @else { "no" } }
                        td { (state(gate)) }
                        td.number { (gate.uses.len()) }
                        td { (architectures(gate)) }
                        td.long { (gate.way_out.as_deref().unwrap_or("–")) }
                    }
                }
            }
        }
    }
}

fn places(gate: &Gate) -> Markup {
    html! {
        details {
            summary { code { (gate.id) } " – " (gate.name) " (" (gate.uses.len()) ")" }
            @if let Some(verified) = &gate.verified {
                p { (verdict(verified)) @if let Some(error) = &verified.error { ": " code { (error) } } @if let Some(why) = &verified.why { ": " (why) } }
            }
            ul {
                @for one in &gate.uses {
                    li {
                        code { (one.file) ":" (one.line) } " " (one.text)
                        @if !one.configurations.is_empty() { span.soft { " [" (one.configurations.join(", ")) "]" } }
                        @if one.place != "build" { span.soft { " (" (one.place) ")" } }
                        @else if one.applies == Applies::Never { span.soft { " (never)" } }
                    }
                }
            }
        }
    }
}
