//! The report for people.

use std::fmt::Write as _;

use crate::report::{Count, DifferenceReport, FindingKind, ObjectReport, Report, Verdict};

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The first few unexplained differences, and the first few lines of each.
    Short,
    /// Everything, explained differences too.
    Full,
}

/// Unexplained differences shown of each object.
const DIFFERENCES: usize = 12;
/// Lines shown of each diff.
const LINES: usize = 24;

/// One row per object, totals, causes, and the unexplained differences.
pub fn text(report: &Report, detail: Detail) -> String {
    let mut text = String::new();
    let width = report
        .objects
        .iter()
        .map(|object| object.path.len())
        .max()
        .unwrap_or(0)
        .max("object".len());
    let head = ["functions", "data", "sections", "symbols", "types", "debug"];
    let _ = write!(text, "{:<width$}", "object");
    for name in head {
        let _ = write!(text, "  {name:>12}");
    }
    text.push_str("  verdict\n");
    for object in &report.objects {
        row(
            &mut text,
            &object.path,
            width,
            &object.counts,
            word(object.verdict),
        );
    }
    row(
        &mut text,
        "all",
        width,
        &report.totals,
        word(report.verdict),
    );
    let functions = report.totals.functions;
    let _ = writeln!(
        text,
        "\n{} of {} functions are identical, {} differ for a reason that was checked, {} differ unexplained",
        functions.identical, functions.total, functions.explained, functions.unexplained
    );
    let types = report.totals.types;
    if types.total > 0 {
        let _ = writeln!(
            text,
            "{} of {} type numbers (kCFI) before functions and at calls are identical",
            types.identical, types.total
        );
    }
    for cause in &report.causes {
        let _ = writeln!(
            text,
            "\ncause {}: {} ({} differences in {})",
            cause.id,
            cause.title,
            cause.differences,
            cause.objects.join(", ")
        );
        let _ = writeln!(text, "  {}", cause.words);
    }
    for object in &report.objects {
        differences(&mut text, object, detail);
    }
    text
}

fn row(text: &mut String, name: &str, width: usize, counts: &crate::report::Counts, verdict: &str) {
    let _ = write!(text, "{name:<width$}");
    for count in [
        counts.functions,
        counts.data,
        counts.sections,
        counts.symbols,
        counts.types,
        counts.debug,
    ] {
        let _ = write!(text, "  {:>12}", cell(&count));
    }
    let _ = writeln!(text, "  {verdict}");
}

fn cell(count: &Count) -> String {
    if count.total == 0 {
        "-".to_owned()
    } else {
        format!("{}/{}", count.identical, count.total)
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Identical => "identical",
        Verdict::Explained => "explained",
        Verdict::Unexplained => "UNEXPLAINED",
    }
}

fn differences(text: &mut String, object: &ObjectReport, detail: Detail) {
    let unexplained: Vec<&DifferenceReport> = object
        .differences
        .iter()
        .filter(|difference| difference.cause.is_none())
        .collect();
    if !unexplained.is_empty() {
        let _ = writeln!(text, "\n{}: {} unexplained", object.path, unexplained.len());
    }
    let shown = if detail == Detail::Full {
        unexplained.len()
    } else {
        DIFFERENCES
    };
    for difference in unexplained.iter().take(shown) {
        one(text, difference, detail);
    }
    if unexplained.len() > shown {
        let _ = writeln!(
            text,
            "  ... and {} more (--full shows all)",
            unexplained.len() - shown
        );
    }
    if detail == Detail::Full {
        let explained: Vec<&DifferenceReport> = object
            .differences
            .iter()
            .filter(|difference| difference.cause.is_some())
            .collect();
        if !explained.is_empty() {
            let _ = writeln!(text, "\n{}: {} explained", object.path, explained.len());
        }
        for difference in explained {
            one(text, difference, detail);
        }
    }
}

fn one(text: &mut String, difference: &DifferenceReport, detail: Detail) {
    let what = match difference.finding {
        FindingKind::OnlyGated => "only in the gated build",
        FindingKind::OnlyGateless => "only in the gateless build",
        FindingKind::Missing => "in neither build, though both have made it",
        FindingKind::Changed => "not the same",
    };
    let subject = serde_json::to_value(difference.subject)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default();
    let cause = difference
        .cause
        .as_ref()
        .map(|cause| format!(" [{cause}]"))
        .unwrap_or_default();
    let _ = writeln!(text, "  {subject} {}: {what}{cause}", difference.name);
    let lines = if detail == Detail::Full {
        usize::MAX
    } else {
        LINES
    };
    for aspect in difference.aspects.iter().take(lines) {
        let _ = writeln!(
            text,
            "    {}: {} | {}",
            aspect.what, aspect.gated, aspect.gateless
        );
    }
    for line in difference.diff.iter().take(lines) {
        let _ = writeln!(text, "    {line}");
    }
    let hidden = difference.aspects.len().saturating_sub(lines)
        + difference.diff.len().saturating_sub(lines);
    if hidden > 0 {
        let _ = writeln!(text, "    ... and {hidden} more lines (--full shows all)");
    }
}
