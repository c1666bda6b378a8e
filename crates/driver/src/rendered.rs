//! A diagnostic as text, from its JSON: for diagnostics of lowered lines, whose text by rustc shows the lowered source.
//!
//! rustc renders with the library `annotate-snippets`; so does this, with the same structure. What the JSON does not say (whether a suggestion
//! is shown, and how; the notes about macros) is taken from the text that rustc made.

use std::collections::BTreeSet;

use annotate_snippets::{
    AnnotationKind, Group, Level, Origin, Padding, Patch, Renderer, Snippet, renderer,
};
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel, DiagnosticSpan};

/// How many alternatives of a suggestion are shown.
const ALTERNATIVES: usize = 4;

/// Where spans point.
pub struct Sources<'a> {
    /// The text of a file as the diagnostic names it.
    pub text: &'a dyn Fn(&str) -> Option<String>,
    /// The name to show for it.
    pub name: &'a dyn Fn(&str) -> String,
}

/// The form of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// With terminal colours.
    pub colour: bool,
    /// One line per message.
    pub short: bool,
}

/// Renders a diagnostic; its own `rendered` text, by rustc, is the guide.
pub fn render(diagnostic: &Diagnostic, sources: &Sources<'_>, style: Style) -> String {
    let guide = without_colours(diagnostic.rendered.as_deref().unwrap_or_default());
    let mut title = level(diagnostic.level).primary_title(diagnostic.message.clone());
    if let Some(code) = &diagnostic.code {
        // Lints have a name here, which rustc does not show.
        if code.code.starts_with('E') && code.code[1..].chars().all(|c| c.is_ascii_digit()) {
            title = title.id(code.code.clone());
        }
    }
    let mut report = Vec::new();
    let mut group = Group::with_title(title);
    let mut spans = written(&diagnostic.spans, sources);
    let inline = diagnostic
        .children
        .iter()
        .filter(|child| is_suggestion(child))
        .find_map(|child| inline(child, &guide));
    if let Some(label) = inline {
        let is_there = |span: &&mut DiagnosticSpan| {
            span.label.is_none()
                && span.file_name == label.file_name
                && (span.byte_start, span.byte_end) == (label.byte_start, label.byte_end)
        };
        match spans.iter_mut().find(is_there) {
            Some(span) => span.label = label.label,
            None => spans.push(label),
        }
    }
    for element in annotated(&spans, sources) {
        group = group.element(element);
    }
    let (suggestions, notes): (Vec<&Diagnostic>, Vec<&Diagnostic>) = diagnostic
        .children
        .iter()
        .partition(|child| is_suggestion(child));
    let about_macros = guide
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("= note: this "))
        .filter(|note| note.contains(" originates in the "))
        .map(|note| format!("this {note}"));
    for note in notes {
        if note.spans.is_empty() {
            group = group.element(level(note.level).message(note.message.clone()));
            continue;
        }
        let title = level(note.level).secondary_title(note.message.clone());
        report.push(std::mem::replace(&mut group, Group::with_title(title)));
        for element in annotated(&written(&note.spans, sources), sources) {
            group = group.element(element);
        }
    }
    for note in about_macros {
        group = group.element(Level::NOTE.message(note));
    }
    let mut expected = false;
    for suggestion in suggestions {
        if guide.contains(&format!("= help: {}", suggestion.message)) {
            group = group.element(level(suggestion.level).message(suggestion.message.clone()));
            continue;
        }
        // A note of the same words follows the suggestion's own, such as the reason for a confusable letter.
        let shown = guide
            .lines()
            .find_map(|line| line.strip_prefix(&format!("help: {}", suggestion.message)));
        let Some(rest) = shown else { continue };
        let patches = patched(suggestion, sources);
        if patches.is_empty() {
            continue;
        }
        expected = true;
        let title = Level::HELP.secondary_title(format!("{}{rest}", suggestion.message));
        report.push(std::mem::replace(&mut group, Group::with_title(title)));
        let others = patches.len().saturating_sub(ALTERNATIVES);
        group = group.elements(patches.into_iter().take(ALTERNATIVES));
        if others > 0 {
            let plural = if others == 1 { "" } else { "s" };
            let text = format!("and {others} other candidate{plural}");
            group = group.element(Level::NOTE.no_name().message(text));
        }
    }
    if expected && report.is_empty() {
        group = group.element(Padding);
    }
    report.push(group);
    let renderer = if style.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let text = renderer
        .term_width(renderer::DEFAULT_TERM_WIDTH)
        .short_message(style.short)
        .render(&report);
    if style.short {
        format!("{text}\n")
    } else {
        format!("{text}\n\n")
    }
}

fn level(level: DiagnosticLevel) -> Level<'static> {
    match level {
        DiagnosticLevel::Ice => Level::ERROR.with_name("error: internal compiler error"),
        DiagnosticLevel::Error => Level::ERROR,
        DiagnosticLevel::Warning => Level::WARNING,
        DiagnosticLevel::Help => Level::HELP,
        DiagnosticLevel::FailureNote => Level::NOTE.no_name(),
        _ => Level::NOTE,
    }
}

fn is_suggestion(child: &Diagnostic) -> bool {
    child
        .spans
        .iter()
        .any(|span| span.suggested_replacement.is_some())
}

/// A suggestion that rustc shows as a label, as that label.
fn inline(child: &Diagnostic, guide: &str) -> Option<DiagnosticSpan> {
    let [span] = &child.spans[..] else {
        return None;
    };
    let text = span.suggested_replacement.as_deref()?.trim();
    let labels = if text.is_empty() {
        vec![format!("help: {}", child.message)]
    } else {
        let (quoted, bare) = (
            format!("help: {}: `{text}`", child.message),
            format!("help: {}", child.message),
        );
        vec![quoted, bare]
    };
    let label = labels.into_iter().find(|label| {
        guide.lines().any(|line| {
            line.contains(label.as_str())
                && !line.starts_with("help: ")
                && !line.contains("= help: ")
        })
    })?;
    let mut span = span.clone();
    span.label = Some(label);
    span.is_primary = false;
    span.suggested_replacement = None;
    Some(span)
}

/// The spans as rustc shows them: those in macros of other crates at the macro call, and a label at the call of the crate's own macros.
fn written(spans: &[DiagnosticSpan], sources: &Sources<'_>) -> Vec<DiagnosticSpan> {
    let mut shown: Vec<DiagnosticSpan> = Vec::new();
    let mut calls = Vec::new();
    for span in spans {
        let mut here = span;
        while (sources.text)(&here.file_name).is_none()
            && let Some(expansion) = &here.expansion
        {
            here = &expansion.span;
        }
        let mut new = here.clone();
        new.label = span.label.clone();
        new.is_primary = span.is_primary;
        calls.extend(
            here.expansion
                .as_ref()
                .filter(|expansion| expansion.macro_decl_name.ends_with('!')),
        );
        shown.push(new);
    }
    for expansion in calls {
        // Not where something in the call is pointed at anyway.
        let call = &expansion.span;
        let is_inside = |span: &DiagnosticSpan| {
            span.file_name == call.file_name
                && call.byte_start <= span.byte_start
                && span.byte_end <= call.byte_end
        };
        if !shown.iter().any(is_inside) {
            let mut call = call.clone();
            call.label = Some("in this macro invocation".to_owned());
            call.is_primary = false;
            shown.push(call);
        }
    }
    shown
}

/// What is shown of the places of one message: annotated source, or places without source and their labels.
fn annotated(
    spans: &[DiagnosticSpan],
    sources: &Sources<'_>,
) -> Vec<annotate_snippets::Element<'static>> {
    let mut files: Vec<&str> = Vec::new();
    let primary = spans.iter().filter(|span| span.is_primary);
    for span in primary.chain(spans.iter().filter(|span| !span.is_primary)) {
        if !files.contains(&span.file_name.as_str()) {
            files.push(&span.file_name);
        }
    }
    let mut elements = Vec::new();
    for file in files {
        let here: Vec<&DiagnosticSpan> =
            spans.iter().filter(|span| span.file_name == file).collect();
        // A name that is not the file's (rustdoc gives its examples that of the file that they stand in) leads to another text.
        let holds = |text: &String| here.iter().all(|span| is_within(span, text));
        match (sources.text)(file).filter(holds) {
            Some(text) => elements.push(snippet(&here, &text, (sources.name)(file)).into()),
            None => {
                let mut lines = BTreeSet::new();
                for span in here {
                    if lines.insert(span.line_start) {
                        let origin = Origin::path((sources.name)(file))
                            .line(span.line_start)
                            .char_column(span.column_start.saturating_sub(1));
                        elements.push(origin.into());
                    }
                    if let Some(label) = span.label.clone().filter(|label| !label.is_empty()) {
                        elements.push(Padding.into());
                        elements.push(Level::NOTE.message(label).into());
                    }
                }
            }
        }
    }
    elements
}

/// The lines from the first to the last of the spans: where they start, their bytes, and the number of the first.
fn lines<'a>(spans: &[&DiagnosticSpan], text: &'a str) -> (usize, &'a str, usize) {
    let first = spans.iter().map(|span| span.byte_start as usize).min();
    let last = spans.iter().map(|span| span.byte_end as usize).max();
    let (first, last) = (
        first.unwrap_or(0).min(text.len()),
        last.unwrap_or(0).min(text.len()),
    );
    let start = text[..first].rfind('\n').map_or(0, |end| end + 1);
    let end = text[last..].find('\n').map_or(text.len(), |end| last + end);
    let line = spans.iter().map(|span| span.line_start).min().unwrap_or(1);
    (start, &text[start..end.max(start)], line)
}

/// Whether the span can be of this text.
fn is_within(span: &DiagnosticSpan, text: &str) -> bool {
    text.get(span.byte_start as usize..span.byte_end as usize)
        .is_some()
}

fn snippet(
    spans: &[&DiagnosticSpan],
    text: &str,
    name: String,
) -> Snippet<'static, annotate_snippets::Annotation<'static>> {
    let (start, source, line) = lines(spans, text);
    let annotations: Vec<_> = spans
        .iter()
        .map(|span| {
            let kind = if span.is_primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let annotation =
                kind.span(span.byte_start as usize - start..span.byte_end as usize - start);
            match &span.label {
                Some(label) => annotation.label(label.clone()),
                None => annotation,
            }
        })
        .collect();
    Snippet::source(source.to_owned())
        .line_start(line)
        .path(name)
        .annotations(annotations)
}

/// The alternatives of a suggestion.
fn patched(
    suggestion: &Diagnostic,
    sources: &Sources<'_>,
) -> Vec<Snippet<'static, Patch<'static>>> {
    let mut alternatives: Vec<Vec<&DiagnosticSpan>> = Vec::new();
    for span in &suggestion.spans {
        // The parts of one alternative come in the order of their places.
        match alternatives.last_mut() {
            Some(parts)
                if parts.last().is_some_and(|last| {
                    last.file_name == span.file_name
                        && (last.byte_end, last.byte_start) < (span.byte_start + 1, span.byte_start)
                }) =>
            {
                parts.push(span)
            }
            _ => alternatives.push(vec![span]),
        }
    }
    alternatives
        .into_iter()
        .filter_map(|parts| {
            let file = &parts.first()?.file_name;
            let text = (sources.text)(file)?;
            let (start, source, line) = lines(&parts, &text);
            let patches: Vec<_> = parts
                .iter()
                .map(|part| {
                    let range = part.byte_start as usize - start..part.byte_end as usize - start;
                    Patch::new(
                        range,
                        part.suggested_replacement.clone().unwrap_or_default(),
                    )
                })
                .collect();
            let snippet = Snippet::source(source.to_owned())
                .line_start(line)
                .path((sources.name)(file));
            Some(snippet.patches(patches))
        })
        .collect()
}

/// The text without terminal escapes.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split("\u{1b}[");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}
