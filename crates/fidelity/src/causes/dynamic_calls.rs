//! Calls through trait objects whose receiver is a smart pointer.

use std::collections::BTreeMap;

use gateless_model::added::{SHIM, TRAIT};

use super::{Cause, Evidence};
use crate::difference::{Difference, Finding, Side, Subject};
use crate::dwarf::Entry;
use crate::object::{Item, ItemKind, Object, Target};

/// The cause.
pub const CAUSE: Cause = Cause {
    id: "dynamic-calls",
    title: "calls through trait objects by smart pointers",
    words: "Stable Rust puts no method into a vtable whose receiver is a pointer of one's own. Lowering puts a function there that returns the method's address, so that \
            such a call is two calls, and a vtable has other entries, at other places. Accepted: what lowering added, where it leads to a method that both builds have; vtables that are \
            the same once the added functions stand for the methods they lead to, and what debug information says of their place; functions that are the same but for the vtables they refer to; and functions that make calls \
            through vtables and refer to the same functions and data, each as often. Of the last, instructions that refer to nothing are not compared.",
    explains,
};

/// Beginning of the names of what retpolines call through; nothing else tells an indirect call from its references.
const THUNK: &str = "__x86_indirect_thunk_";

/// The end of the names that rustc gives vtables in debug information (compiler/rustc_codegen_llvm/src/debuginfo/metadata.rs).
const VTABLE: &str = "::{vtable}";

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    let (gated, gateless) = evidence.objects;
    let added = Added::find(gateless);
    if added.functions.is_empty() {
        return false;
    }
    let both = Both {
        gated,
        gateless,
        added,
    };
    match (difference.subject, &difference.finding) {
        (Subject::Function, Finding::Only(Side::Gateless)) => {
            let mut named = items_called(gateless, &difference.name).peekable();
            named.peek().is_some() && named.all(|index| both.leads_to_a_common_method(index))
        }
        (Subject::Nameless, Finding::Only(side)) => {
            let object = match side {
                Side::Gated => gated,
                Side::Gateless => gateless,
            };
            let mut named = items_called(object, &difference.name).peekable();
            named.peek().is_some() && named.all(|index| both.has_the_same_table(*side, index))
        }
        (Subject::Function, Finding::Changed(_)) => difference
            .items
            .is_some_and(|(a, b)| both.is_the_same_function(a, b)),
        (Subject::Content | Subject::Section, Finding::Changed(_)) => {
            both.has_more_entries_only(&difference.name)
        }
        (Subject::DebugEntry, Finding::Entries(entries)) => {
            entries.iter().all(|(first, second)| match (first, second) {
                (Some(first), Some(second)) => both.is_the_same_variable(first, second),
                _ => false,
            })
        }
        _ => false,
    }
}

/// The items that a report calls so.
fn items_called<'a>(object: &'a Object, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    (0..object.items.len()).filter(move |index| object.show_item(*index) == name)
}

/// What lowering added, in the gateless object.
struct Added {
    /// By item: the method that it leads to, as a key.
    functions: BTreeMap<usize, Option<String>>,
}

impl Added {
    fn find(object: &Object) -> Self {
        let is_added = |item: &Item| {
            let name = item.name.as_ref().map(|name| name.shown.as_str());
            name.is_some_and(|name| name.contains(TRAIT))
        };
        let all: Vec<usize> = (0..object.items.len())
            .filter(|index| is_added(&object.items[*index]))
            .collect();
        let mut functions: BTreeMap<usize, Option<String>> = BTreeMap::new();
        let shim = format!("::{SHIM}::<");
        let (last, first): (Vec<usize>, Vec<usize>) = all
            .into_iter()
            .partition(|index| object.show_item(*index).contains(&shim));
        for index in last {
            functions.insert(index, method_of(object, index));
        }
        for index in first {
            let item = &object.items[index];
            // It returns an address, and does nothing else.
            let mut targets = item.references.iter().filter_map(|reference| {
                match (&reference.target, entered(object, &reference.target)) {
                    (_, Some(target)) => Some(Some(target)),
                    (Target::Symbol(..), None) => None,
                    _ => Some(None),
                }
            });
            let method = match (targets.next(), targets.next()) {
                (Some(Some(target)), None) if is_added(&object.items[target]) => {
                    functions.get(&target).cloned().flatten()
                }
                (Some(Some(target)), None) => key(&object.items[target]),
                _ => None,
            };
            functions.insert(index, method);
        }
        Self { functions }
    }
}

/// The method that an added function jumps to, doing nothing else, or whose copy it is.
fn method_of(object: &Object, index: usize) -> Option<String> {
    let item = &object.items[index];
    let content = object.content(item);
    if let [reference] = item.references.as_slice()
        && is_jump(&content[(item.entry - item.start) as usize..])
    {
        // The distance of a jump counts from behind it.
        let target = match &reference.target {
            Target::Symbol(name, -4) => Target::Symbol(name.clone(), 0),
            other => other.clone(),
        };
        return entered(object, &target).and_then(|target| key(&object.items[target]));
    }
    let copy = object.items.iter().enumerate().find(|(other, candidate)| {
        *other != index
            && candidate.kind == ItemKind::Function
            && candidate.references == item.references
            && !object.show_item(*other).contains(TRAIT)
            && object.content(candidate) == content
    });
    copy.and_then(|(_, candidate)| key(candidate))
}

/// Whether x86 code is a jump alone, behind a landing pad or not; where it leads to is left out of it.
fn is_jump(code: &[u8]) -> bool {
    const LANDING_PAD: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];
    let code = code.strip_prefix(&LANDING_PAD).unwrap_or(code);
    // An instruction that needs no relocation is left out whole.
    matches!(code, [0xe9 | 0, 0, 0, 0, 0])
}

/// The item at whose entry a reference leads, also by a symbol for others.
fn entered(object: &Object, target: &Target) -> Option<usize> {
    match target {
        Target::Item(target, 0) => Some(*target),
        Target::Symbol(name, 0) => object
            .items
            .iter()
            .position(|item| item.name.as_ref() == Some(name)),
        _ => None,
    }
}

fn key(item: &Item) -> Option<String> {
    item.name.as_ref().map(|name| name.key.clone())
}

struct Both<'a> {
    gated: &'a Object,
    gateless: &'a Object,
    added: Added,
}

impl Both<'_> {
    fn leads_to_a_common_method(&self, index: usize) -> bool {
        let Some(Some(method)) = self.added.functions.get(&index) else {
            return false;
        };
        self.gated
            .items
            .iter()
            .any(|item| key(item).as_ref() == Some(method))
    }

    /// Whether a nameless item of one side is a vtable that the other side has with the same methods; or, of the gateless side, one of the
    /// added traits' own.
    fn has_the_same_table(&self, side: Side, index: usize) -> bool {
        match side {
            Side::Gateless => {
                let Some(table) = self.table(self.gateless, index) else {
                    return false;
                };
                self.is_added_table(index)
                    || (0..self.gated.items.len())
                        .any(|other| self.table(self.gated, other).as_ref() == Some(&table))
            }
            Side::Gated => {
                let Some(table) = self.table(self.gated, index) else {
                    return false;
                };
                // Of the items that a report calls the same, some may be in both builds as they are.
                let as_it_is = self.targets(self.gated, &self.gated.items[index]);
                (0..self.gateless.items.len()).any(|other| {
                    self.table(self.gateless, other).as_ref() == Some(&table)
                        && (self.is_lowered_table(other)
                            || self.targets(self.gateless, &self.gateless.items[other]) == as_it_is)
                })
            }
        }
    }

    /// Whether two entries of the debug information are about a vtable that is the same once added functions stand for methods, at whatever place.
    fn is_the_same_variable(&self, first: &Entry, second: &Entry) -> bool {
        const PLACE: &str = "DW_AT_location";
        let place = |entry: &Entry| {
            let found = entry.attributes.iter().find(|(name, _)| name == PLACE);
            found.and_then(|(_, value)| Some(value.strip_suffix("+0x0")?.to_owned()))
        };
        let others = |entry: &Entry| {
            let mut others = entry.clone();
            others.attributes.retain(|(name, _)| name != PLACE);
            others
        };
        let (Some(x), Some(y)) = (place(first), place(second)) else {
            return false;
        };
        first.tag == "variable"
            && first.path.ends_with(VTABLE)
            && others(first) == others(second)
            && self.is_a_lowered_copy(&x, &y)
    }

    /// Whether everything that is called `y` in the gateless build is a lowered vtable, which has the methods of one that is called `x` in the gated one.
    fn is_a_lowered_copy(&self, x: &str, y: &str) -> bool {
        let tables: Vec<_> = items_called(self.gated, x)
            .filter_map(|index| self.table(self.gated, index))
            .collect();
        let mut named = items_called(self.gateless, y).peekable();
        named.peek().is_some()
            && named.all(|index| {
                let table = self.table(self.gateless, index);
                self.is_lowered_table(index) && table.is_some_and(|table| tables.contains(&table))
            })
    }

    /// Whether a vtable has an added function in it.
    fn is_lowered_table(&self, index: usize) -> bool {
        self.added_in(index) > 0
    }

    /// How many added functions a nameless item refers to.
    fn added_in(&self, index: usize) -> usize {
        let item = &self.gateless.items[index];
        let added = |target: usize| self.added.functions.contains_key(&target);
        let references = item.references.iter();
        references
            .filter(|reference| entered(self.gateless, &reference.target).is_some_and(added))
            .filter(|_| item.kind == ItemKind::Nameless)
            .count()
    }

    /// Whether it is the vtable of an added trait, and of those that this has from others: added functions, and at most what drops the value.
    fn is_added_table(&self, index: usize) -> bool {
        const HEAD: u64 = 24;
        const ENTRY: u64 = 8;
        let added = self.added_in(index);
        added > 0
            && self.gateless.items[index].references.len() <= added + 1
            && self.size(self.gateless, index) <= HEAD + ENTRY * added as u64
    }

    fn size(&self, object: &Object, index: usize) -> u64 {
        object.items[index].end - object.items[index].start
    }

    /// What a vtable says: size and alignment of the value, and the methods, in any order. Nothing for what is none.
    fn table(&self, object: &Object, index: usize) -> Option<(Vec<u8>, Vec<String>)> {
        let item = &object.items[index];
        let bytes = object.content(item);
        if item.kind != ItemKind::Nameless || item.references.is_empty() || bytes.len() < 24 {
            return None;
        }
        let is_gateless = std::ptr::eq(object, self.gateless);
        let mut methods = Vec::new();
        for reference in &item.references {
            let entered = entered(object, &reference.target).filter(|_| is_gateless);
            match (&reference.target, entered) {
                (_, Some(target)) if self.added.functions.contains_key(&target) => {
                    methods.push(self.added.functions[&target].clone()?);
                }
                // The way to the vtable of an added trait.
                (_, Some(target)) if self.is_added_table(target) => {}
                (Target::Item(target, 0), _) => methods.push(key(&object.items[*target])?),
                (Target::Symbol(name, 0), _) => methods.push(name.key.clone()),
                _ => return None,
            }
        }
        methods.sort();
        Some((bytes[8..24].to_vec(), methods))
    }

    fn is_the_same_function(&self, a: usize, b: usize) -> bool {
        let (x, y) = (&self.gated.items[a], &self.gateless.items[b]);
        let first = self.targets(self.gated, x);
        let second = self.targets(self.gateless, y);
        let places = |item: &Item| -> Vec<i64> {
            item.references
                .iter()
                .map(|reference| reference.offset)
                .collect()
        };
        if self.gated.content(x) == self.gateless.content(y)
            && places(x) == places(y)
            && first == second
        {
            return true;
        }
        let thunks = |targets: &[String]| {
            targets
                .iter()
                .filter(|name| name.starts_with(THUNK))
                .count()
        };
        let others = |mut targets: Vec<String>| {
            targets.retain(|name| !name.starts_with(THUNK));
            targets.sort();
            targets
        };
        x.binding == y.binding
            && (1..=thunks(&second)).contains(&thunks(&first))
            && others(first) == others(second)
    }

    /// What a function refers to, in order: names, and for what has none what it says.
    fn targets(&self, object: &Object, item: &Item) -> Vec<String> {
        let mut targets = Vec::new();
        for reference in &item.references {
            targets.push(match &reference.target {
                Target::Symbol(name, addend) => match name.key.starts_with(THUNK) {
                    true => name.key.clone(),
                    false => format!("{} {addend}", name.key),
                },
                Target::Item(target, at) => match key(&object.items[*target]) {
                    Some(key) => format!("{key} {at}"),
                    None => self.nameless(object, *target, *at),
                },
                Target::Section(name, at) => format!("{name} {at}"),
                Target::Number(number) => number.to_string(),
            });
        }
        targets
    }

    fn nameless(&self, object: &Object, index: usize, at: i64) -> String {
        if let Some(table) = self.table(object, index) {
            return format!("table {table:?} {at}");
        }
        let item = &object.items[index];
        let mut bytes = object.content(item);
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        let inner: Vec<String> = item
            .references
            .iter()
            .map(|reference| match &reference.target {
                Target::Item(target, at) => match key(&object.items[*target]) {
                    Some(key) => format!("{key} {at}"),
                    None => format!("{:?} {at}", object.content(&object.items[*target])),
                },
                other => object.show_target(other),
            })
            .collect();
        format!(
            "{} {bytes:?} {inner:?} {at}",
            object.sections[item.section].name
        )
    }

    /// Whether the sections of this name list the same functions in both builds, and besides only added ones.
    fn has_more_entries_only(&self, name: &str) -> bool {
        let count = |object: &Object| {
            let mut counts: BTreeMap<String, i64> = BTreeMap::new();
            let mut added = 0;
            for item in object.items.iter().filter(|item| {
                item.kind == ItemKind::Whole && object.sections[item.section].name == name
            }) {
                for reference in &item.references {
                    match reference.target {
                        Target::Item(target, _) if object.show_item(target).contains(TRAIT) => {
                            added += 1;
                        }
                        _ => *counts.entry(object.show_reference(reference)).or_default() += 1,
                    }
                }
            }
            (counts, added)
        };
        let (first, second) = (count(self.gated), count(self.gateless));
        let headers = |object: &Object| {
            let mut kinds: Vec<_> = object
                .sections
                .iter()
                .filter(|section| section.name == name)
                .map(|section| {
                    (
                        section.kind,
                        section.flags,
                        section.align,
                        section.entry_size,
                    )
                })
                .collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        };
        second.1 > 0
            && first.1 == 0
            && first.0 == second.0
            && !first.0.is_empty()
            && headers(self.gated) == headers(self.gateless)
    }
}
