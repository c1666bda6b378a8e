//! The roadmap for a terminal.

use std::fmt::Write;

use crate::roadmap::Roadmap;

/// The whole answer.
pub fn table(roadmap: &Roadmap) -> String {
    let mut text = String::new();
    let release = roadmap.release.as_deref().unwrap_or("(no kernel tree)");
    let _ = writeln!(
        text,
        "Linux {release}, rustc {}, architecture {}, configuration {}",
        roadmap.rustc, roadmap.arch, roadmap.configuration
    );
    let needed = roadmap.items.iter().filter(|item| item.needed).count();
    let _ = writeln!(
        text,
        "\nDONE WHEN: {} steps end {needed} gates",
        roadmap.done_when.len()
    );
    for (number, step) in roadmap.done_when.iter().enumerate() {
        let goal = step
            .goal
            .as_deref()
            .map(|goal| format!("  [{goal}]"))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "{:>4}. {:<10} {:<32} frees {} uses in {} files{goal}",
            number + 1,
            step.what,
            step.id,
            step.uses,
            step.files
        );
        let others: Vec<&str> = step
            .unblocks
            .iter()
            .map(String::as_str)
            .filter(|id| *id != step.id)
            .collect();
        if !others.is_empty() {
            let _ = writeln!(text, "{:>17}and with it {}", "", others.join(", "));
        }
    }
    let _ = writeln!(text, "\nBLOCKED: what waits for what");
    for item in roadmap
        .items
        .iter()
        .filter(|item| !item.blocked_on.is_empty())
    {
        let _ = writeln!(
            text,
            "      {:<32} waits for {}",
            item.id,
            item.blocked_on.join(", ")
        );
    }
    let _ = writeln!(
        text,
        "\nUNNECESSARY WITH GATELESS: {} of {needed}",
        roadmap.unnecessary.len()
    );
    let left: Vec<&str> = roadmap
        .items
        .iter()
        .filter(|item| item.needed && item.gateless.is_none())
        .map(|item| item.id.as_str())
        .collect();
    if !left.is_empty() {
        let _ = writeln!(text, "      not yet: {}", left.join(", "));
    }
    if !roadmap.trend.is_empty() {
        let _ = writeln!(
            text,
            "\nTREND (rustc {}): release, gates needed, of these language, options; uses; Rust files",
            roadmap.rustc
        );
        for point in &roadmap.trend {
            let _ = writeln!(
                text,
                "      {:<12} {:>4} {:>4} {:>4} {:>6} {:>6}",
                point.release,
                point.needed,
                point.language,
                point.options,
                point.uses,
                point.rust_files
            );
        }
    }
    text.trim_end().to_owned()
}
