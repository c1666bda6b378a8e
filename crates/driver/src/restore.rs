//! Diagnostics of lowered sources, told as ones of the originals: spans, their text, and names that lowering changed.

use gateless_lower::{Lowered, OriginalSpan};
use serde_json::{Value, json};

/// Restores a diagnostic in the shape of rustc's JSON; returns whether anything in it differed.
pub fn restore(diagnostic: &mut Value, lowered: &Lowered<'_>) -> bool {
    let mut renamed = Vec::new();
    let changed = spans(diagnostic, lowered, &mut renamed) | added(diagnostic, lowered);
    renamed.sort();
    renamed.dedup();
    if !renamed.is_empty() {
        names(diagnostic, &renamed);
    }
    changed
}

/// Restores all spans below `value`, those of macro expansions included.
fn spans(value: &mut Value, lowered: &Lowered<'_>, renamed: &mut Vec<(String, String)>) -> bool {
    let mut changed = false;
    match value {
        Value::Array(list) => {
            for value in list {
                changed |= spans(value, lowered, renamed);
            }
        }
        Value::Object(map) => {
            for (_, value) in map.iter_mut() {
                changed |= spans(value, lowered, renamed);
            }
            let number = |name: &str| map.get(name)?.as_u64()?.try_into().ok();
            if let (Some(name), Some(start), Some(end)) = (
                map.get("file_name").and_then(Value::as_str),
                number("byte_start"),
                number("byte_end"),
            ) && let Some(original) = lowered.original_span(name, start..end)
            {
                changed |= put(map, original, renamed);
            }
        }
        _ => {}
    }
    changed
}

/// Writes what belongs into one span.
fn put(
    span: &mut serde_json::Map<String, Value>,
    original: OriginalSpan,
    renamed: &mut Vec<(String, String)>,
) -> bool {
    let text: Vec<Value> = original
        .text
        .iter()
        .map(|line| {
            json!({ "text": line.text, "highlight_start": line.columns.0, "highlight_end": line.columns.1 })
        })
        .collect();
    let values = [
        ("byte_start", json!(original.bytes.start)),
        ("byte_end", json!(original.bytes.end)),
        ("line_start", json!(original.lines.0)),
        ("line_end", json!(original.lines.1)),
        ("column_start", json!(original.columns.0)),
        ("column_end", json!(original.columns.1)),
        ("text", Value::Array(text)),
    ];
    let mut changed = false;
    for (name, value) in values {
        // rustc leaves the text out where it can't show it.
        let is_shown = name != "text" || span.get(name).is_some_and(|text| text != &json!([]));
        if is_shown && span.get(name) != Some(&value) {
            span.insert(name.to_owned(), value);
            changed = true;
        }
    }
    // What is suggested for added code can't be applied to the original by a machine.
    let applicability = span.get("suggestion_applicability").and_then(Value::as_str);
    if !original.is_exact && applicability == Some("MachineApplicable") {
        span.insert(
            "suggestion_applicability".to_owned(),
            json!("MaybeIncorrect"),
        );
    }
    renamed.extend(original.renamed);
    changed
}

/// Takes names of added items out of messages, labels and suggestions.
fn added(value: &mut Value, lowered: &Lowered<'_>) -> bool {
    let mut changed = false;
    match value {
        Value::Array(list) => {
            for value in list {
                changed |= added(value, lowered);
            }
        }
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                match (name.as_str(), value) {
                    ("message" | "label" | "suggested_replacement", Value::String(text)) => {
                        let new = lowered.original_names(text);
                        changed |= new != *text;
                        *text = new;
                    }
                    ("children" | "spans", value) => changed |= added(value, lowered),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    changed
}

/// Gives names their original form in messages, labels and suggestions.
fn names(value: &mut Value, renamed: &[(String, String)]) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| names(value, renamed)),
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                match (name.as_str(), value) {
                    ("message" | "label", Value::String(text)) => *text = quoted(text, renamed),
                    ("suggested_replacement", Value::String(text)) => *text = words(text, renamed),
                    ("children" | "spans", value) => names(value, renamed),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Replaces names where the text quotes code.
fn quoted(text: &str, renamed: &[(String, String)]) -> String {
    let parts = text.split('`').enumerate();
    let parts: Vec<String> = parts
        .map(|(i, part)| {
            if i % 2 == 1 {
                words(part, renamed)
            } else {
                part.to_owned()
            }
        })
        .collect();
    parts.join("`")
}

/// Replaces whole words.
fn words(text: &str, renamed: &[(String, String)]) -> String {
    let mut new = String::with_capacity(text.len());
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = text;
    while !rest.is_empty() {
        let len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(len);
        let original = renamed.iter().find(|(lowered, _)| lowered == word);
        new.push_str(original.map_or(word, |(_, original)| original));
        let len = after.find(is_name).unwrap_or(after.len());
        new.push_str(&after[..len]);
        rest = &after[len..];
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_as_whole_words_in_quoted_code() {
        let renamed = [("this".to_owned(), "self".to_owned())];
        assert_eq!(
            quoted("this is `this.this_one` of `this`", &renamed),
            "this is `self.this_one` of `self`"
        );
    }
}
