//! How blocks end.

use gateless_model::Result;

use super::{Block, Callee, Terminator, wrong};
use crate::brackets::{depth_at, function_parameters, matching, split};

pub(super) fn ended(name: &str, number: usize, line: &str) -> Result<Block> {
    let line = line.strip_suffix(';').ok_or_else(|| wrong(number, line))?;
    let block = |end, targets: &str| Block {
        name: name.to_owned(),
        line: number + 1,
        end,
        targets: labels(targets),
    };
    // `-> [return: bb1, unwind continue]`, also of what is no call.
    let arrow = line.rfind(" -> ");
    let after = arrow.map_or("", |at| &line[at + 4..]);
    let has_targets = ["[", "bb", "unwind"]
        .iter()
        .any(|sign| after.starts_with(sign));
    let (before, after) = match arrow {
        Some(at) if has_targets => (&line[..at], after),
        _ => return Ok(block(Terminator::Other, "")),
    };
    for word in [
        "goto",
        "switchInt(",
        "assert(",
        "falseEdge",
        "falseUnwind",
        "asm!(",
    ] {
        if before.starts_with(word) {
            return Ok(block(Terminator::Other, after));
        }
    }
    if let Some(place) = before.strip_prefix("drop(") {
        let place = place.strip_suffix(')').ok_or_else(|| wrong(number, line))?;
        return Ok(block(Terminator::Drop(place.to_owned()), after));
    }
    let call = call(before).ok_or_else(|| wrong(number, line))?;
    Ok(block(call, after))
}

/// `DESTINATION = CALLEE(ARGUMENTS)`
fn call(text: &str) -> Option<Terminator> {
    let equals = text
        .match_indices(" = ")
        .map(|(at, _)| at)
        .find(|at| depth_at(text, *at) == 0)?;
    let (destination, called) = (&text[..equals], &text[equals + 3..]);
    let moved = ["copy ", "move "]
        .iter()
        .find_map(|word| called.strip_prefix(word));
    let (callee, open) = match moved {
        Some(place) => {
            let length = place_length(place)?;
            let open = called.len() - place.len() + length;
            (Callee::Place(place[..length].to_owned()), open)
        }
        None => {
            let open = function_parameters(called)?;
            (Callee::Path(called[..open].to_owned()), open)
        }
    };
    let close = matching(called, open)?;
    if close + 1 != called.len() {
        return None;
    }
    Some(Terminator::Call {
        destination: destination.to_owned(),
        callee,
        arguments: split(&called[open + 1..close])
            .into_iter()
            .map(str::to_owned)
            .collect(),
    })
}

/// The bytes of the place that a text begins with, before the `(` of arguments.
fn place_length(text: &str) -> Option<usize> {
    let mut length = match text.starts_with('(') {
        true => matching(text, 0)? + 1,
        false => text
            .find(|c: char| c != '_' && !c.is_ascii_digit())
            .unwrap_or(text.len()),
    };
    while text[length..].starts_with('[') {
        length = matching(text, length)? + 1;
    }
    Some(length)
}

/// The blocks that are named in a text.
fn labels(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| {
            word.strip_prefix("bb")
                .is_some_and(|number| number.parse::<u32>().is_ok())
        })
        .map(str::to_owned)
        .collect()
}
