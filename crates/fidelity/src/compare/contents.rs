//! Sections that are not divided into functions and data: tables that the kernel or its tools read, notes, comments.

use std::collections::BTreeMap;

use similar::{ChangeTag, TextDiff};

use super::Both;
use crate::difference::{Aspect, Difference, Finding, Side, Subject};
use crate::object::{ItemKind, Object, show_bytes};
use crate::pairing::Shared;

/// Entries shown of each side.
const SHOWN: usize = 5;

/// An entry: what it says in terms that both objects share, and for people.
struct Entry {
    shared: String,
    shown: String,
}

/// Compares the sections of the same name, in the order of the file, as one sequence of bytes and relocations.
pub fn compare(both: &Both<'_>, differences: &mut Vec<Difference>) {
    let a = entries(both.gated, &both.pairing.first);
    let b = entries(both.gateless, &both.pairing.second);
    let mut names: Vec<&str> = a.keys().chain(b.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let finding = match (a.get(name), b.get(name)) {
            (Some(_), None) => Finding::Only(Side::Gated),
            (None, Some(_)) => Finding::Only(Side::Gateless),
            (Some(a), Some(b)) => match changes(a, b) {
                Some(aspect) => Finding::Changed(vec![aspect]),
                None => continue,
            },
            (None, None) => continue,
        };
        differences.push(Difference::new(Subject::Content, name, finding));
    }
}

fn changes(a: &[Entry], b: &[Entry]) -> Option<Aspect> {
    let shared = |entries: &[Entry]| -> Vec<String> {
        entries.iter().map(|entry| entry.shared.clone()).collect()
    };
    let (keys_a, keys_b) = (shared(a), shared(b));
    if keys_a == keys_b {
        return None;
    }
    let words = |keys: &[String]| -> Vec<String> { keys.to_vec() };
    let (words_a, words_b) = (words(&keys_a), words(&keys_b));
    let (slices_a, slices_b): (Vec<&str>, Vec<&str>) = (
        words_a.iter().map(String::as_str).collect(),
        words_b.iter().map(String::as_str).collect(),
    );
    let diff = TextDiff::from_slices(&slices_a, &slices_b);
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        match (change.tag(), change.old_index(), change.new_index()) {
            (ChangeTag::Delete, Some(at), _) => gone.push(a[at].shown.as_str()),
            (ChangeTag::Insert, _, Some(at)) => come.push(b[at].shown.as_str()),
            _ => {}
        }
    }
    let list = |entries: &[&str], all: usize| {
        let more = if entries.len() > SHOWN { "; ..." } else { "" };
        let shown: Vec<&str> = entries.iter().take(SHOWN).copied().collect();
        format!(
            "{} of {all} entries: {}{more}",
            entries.len(),
            shown.join("; ")
        )
    };
    Some(Aspect {
        what: "entries".to_owned(),
        gated: list(&gone, a.len()),
        gateless: list(&come, b.len()),
    })
}

/// The entries of undivided sections, by the sections' names: every relocation, and every run of bytes between two.
fn entries<'a>(object: &'a Object, classes: &[usize]) -> BTreeMap<&'a str, Vec<Entry>> {
    let mut found: BTreeMap<&str, Vec<Entry>> = BTreeMap::new();
    for item in object
        .items
        .iter()
        .filter(|item| item.kind == ItemKind::Whole)
    {
        let section = &object.sections[item.section];
        let list = found.entry(&section.name).or_default();
        if let Some(linked) = &section.linked {
            list.push(Entry {
                shared: format!("linked {linked}"),
                shown: format!("(of {linked})"),
            });
        }
        let bytes = object.content(item);
        if bytes.is_empty() {
            let text = format!("{} bytes of zeros", section.size);
            list.push(Entry {
                shared: text.clone(),
                shown: text,
            });
            continue;
        }
        let mut at = 0;
        let plain = |from: usize, to: usize, list: &mut Vec<Entry>| {
            for chunk in bytes[from..to].split_inclusive(|byte| {
                *byte == 0 && section.kind != object::elf::SHT_NOTE && is_text(&bytes)
            }) {
                list.push(Entry {
                    shared: format!("bytes {chunk:02x?}"),
                    shown: show_bytes(chunk, chunk.len() as u64),
                });
            }
        };
        let relocations = section.relocations_in(item.start, item.end);
        for (relocation, reference) in relocations.iter().zip(&item.references) {
            let from = (relocation.offset as usize).clamp(at, bytes.len());
            plain(at, from, list);
            at = (from + relocation.width as usize).min(bytes.len());
            let target = Shared::of(&reference.target, classes);
            list.push(Entry {
                shared: format!(
                    "{:?} {} {target:?}",
                    reference.form,
                    relocation.offset as usize - from.min(relocation.offset as usize)
                ),
                shown: object.show_reference(reference),
            });
        }
        plain(at, bytes.len(), list);
    }
    found
}

/// Whether it is strings, each with a zero behind it.
fn is_text(bytes: &[u8]) -> bool {
    bytes.ends_with(&[0])
        && bytes.iter().all(|byte| {
            *byte == 0 || *byte == b'\n' || *byte == b'\t' || (b' '..=b'~').contains(byte)
        })
}
