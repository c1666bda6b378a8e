//! Functions, data and nameless content, one by one.

use super::Both;
use crate::difference::{Aspect, Difference, Finding, Side, Subject};
use crate::object::{Binding, Form, Item, ItemKind, Object};
use crate::pairing::Shared;

/// Compares corresponding items, and reports those that have no partner.
pub fn compare(both: &Both<'_>, differences: &mut Vec<Difference>) {
    for &(a, b) in &both.pairing.pairs {
        let aspects = aspects(both, a, b);
        if !aspects.is_empty() {
            let mut difference = Difference::new(
                subject(&both.gated.items[a]),
                both.gated.show_item(a),
                Finding::Changed(aspects),
            );
            difference.items = Some((a, b));
            differences.push(difference);
        }
    }
    for (object, only, side) in [
        (both.gated, &both.pairing.first_only, Side::Gated),
        (both.gateless, &both.pairing.second_only, Side::Gateless),
    ] {
        for &index in only {
            differences.push(Difference::new(
                subject(&object.items[index]),
                object.show_item(index),
                Finding::Only(side),
            ));
        }
    }
}

fn subject(item: &Item) -> Subject {
    match item.kind {
        ItemKind::Function => Subject::Function,
        ItemKind::Datum => Subject::Datum,
        ItemKind::Nameless => Subject::Nameless,
        ItemKind::Whole => Subject::Content,
    }
}

/// In what two corresponding items differ.
fn aspects(both: &Both<'_>, a: usize, b: usize) -> Vec<Aspect> {
    let (x, y) = (&both.gated.items[a], &both.gateless.items[b]);
    let (in_a, in_b) = (
        &both.gated.sections[x.section],
        &both.gateless.sections[y.section],
    );
    let mut aspects: Vec<Aspect> = Vec::new();
    let hex = |number: &u64| format!("{number:#x}");
    let bytes = |count: &u64| format!("{count} bytes");
    if x.name.is_some() {
        // A nameless one has no size of its own: it ends where the next one begins, which the layout tells.
        aspects.extend(Aspect::of(
            "size",
            &(x.end - x.entry),
            &(y.end - y.entry),
            bytes,
        ));
        aspects.extend(Aspect::of(
            "bytes before the entry",
            &(x.entry - x.start),
            &(y.entry - y.start),
            bytes,
        ));
    }
    aspects.extend(Aspect::of("section", &in_a.name, &in_b.name, String::clone));
    aspects.extend(Aspect::of("section flags", &in_a.flags, &in_b.flags, hex));
    aspects.extend(Aspect::of(
        "section type",
        &in_a.kind,
        &in_b.kind,
        u32::to_string,
    ));
    aspects.extend(Aspect::of(
        "section alignment",
        &in_a.align,
        &in_b.align,
        u64::to_string,
    ));
    aspects.extend(Aspect::of("binding", &x.binding, &y.binding, show_binding));
    let what = if x.kind == ItemKind::Function {
        "code"
    } else {
        "content"
    };
    aspects.extend(bytes_aspect(what, both, x, y));
    aspects.extend(references_aspect(both, x, y));
    aspects
}

fn show_binding(binding: &Option<Binding>) -> String {
    let Some(Binding { info, other }) = binding else {
        return "none".to_owned();
    };
    let bind = ["local", "global", "weak"]
        .get(usize::from(info >> 4))
        .copied()
        .unwrap_or("other");
    let kind = [
        "no type",
        "object",
        "function",
        "section",
        "file",
        "common",
        "thread-local",
    ]
    .get(usize::from(info & 0xf))
    .copied()
    .unwrap_or("other");
    let visibility = ["default", "internal", "hidden", "protected"][usize::from(other & 3)];
    let more = if other >> 2 != 0 {
        format!(", st_other {other:#x}")
    } else {
        String::new()
    };
    format!("{bind} {kind} {visibility}{more}")
}

/// The bytes that relocations leave alone.
fn bytes_aspect(what: &str, both: &Both<'_>, x: &Item, y: &Item) -> Option<Aspect> {
    let content = |object: &Object, item: &Item| {
        let mut bytes = object.content(item);
        if item.kind == ItemKind::Nameless {
            while bytes.last() == Some(&0) {
                bytes.pop();
            }
        }
        bytes
    };
    let (bytes_a, bytes_b) = (content(both.gated, x), content(both.gateless, y));
    if bytes_a == bytes_b {
        return None;
    }
    let at = bytes_a
        .iter()
        .zip(&bytes_b)
        .take_while(|(a, b)| a == b)
        .count();
    let show = |bytes: &[u8], item: &Item| {
        let offset = at as i64 - (item.entry - item.start) as i64;
        let rest: Vec<String> = bytes[at.min(bytes.len())..]
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!(
            "at {offset:#x}: {}",
            if rest.is_empty() {
                "end".to_owned()
            } else {
                rest.join(" ")
            }
        )
    };
    Some(Aspect {
        what: what.to_owned(),
        gated: show(&bytes_a, x),
        gateless: show(&bytes_b, y),
    })
}

/// What is referred to, the first that differs.
fn references_aspect(both: &Both<'_>, x: &Item, y: &Item) -> Option<Aspect> {
    fn shared<'a>(
        item: &'a Item,
        at: usize,
        classes: &[usize],
    ) -> Option<(i64, &'a Form, Shared<'a>)> {
        item.references
            .get(at)
            .map(|at| (at.offset, &at.form, Shared::of(&at.target, classes)))
    }
    let count = x.references.len().max(y.references.len());
    let at = (0..count)
        .find(|&at| shared(x, at, &both.pairing.first) != shared(y, at, &both.pairing.second))?;
    let show = |object: &Object, item: &Item| match item.references.get(at) {
        None => "none".to_owned(),
        Some(at) => format!("at {:#x}: {}", at.offset, object.show_reference(at)),
    };
    Some(Aspect {
        what: "reference".to_owned(),
        gated: show(both.gated, x),
        gateless: show(both.gateless, y),
    })
}
