//! Comparing two objects: everything in them that is not the same is a difference.

mod contents;
mod debug;
mod items;
mod layout;
mod sections;
mod symbols;
mod type_numbers;

use std::collections::BTreeSet;

use gateless_model::Result;

use crate::difference::{Aspect, Difference, Finding, Subject};
use crate::object::{Header, ItemKind, Object};
use crate::pairing::{self, Pairing};

/// How much was compared, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Functions of either object.
    pub functions: usize,
    /// Named and nameless data of either object.
    pub data: usize,
    /// Sections of either object, by name.
    pub sections: usize,
    /// The header, labels, symbols and file symbols.
    pub symbols: usize,
    /// kCFI's type numbers of functions and of calls.
    pub types: usize,
    /// Functions with lines, entries of the debug information, and facts about its form.
    pub debug: usize,
}

/// What the comparison of two objects found.
#[derive(Debug)]
pub struct Comparison {
    /// Number of things that were looked at.
    pub compared: Compared,
    /// Those that differ.
    pub differences: Vec<Difference>,
}

/// Compares two objects.
///
/// # Errors
/// When their debug information is damaged.
pub fn compare(gated: &Object, gateless: &Object) -> Result<Comparison> {
    let pairing = pairing::pair(gated, gateless);
    let both = Both {
        gated,
        gateless,
        pairing: &pairing,
    };
    let mut differences = Vec::new();
    header(gated, gateless, &mut differences);
    items::compare(&both, &mut differences);
    sections::compare(gated, gateless, &mut differences);
    contents::compare(&both, &mut differences);
    layout::compare(&both, &mut differences);
    let symbols = symbols::compare(&both, &mut differences);
    let debug = debug::compare(&both, &mut differences)?;
    let types = type_numbers::compare(&both, &mut differences)?;
    let is_function =
        |object: &Object, index: usize| object.items[index].kind == ItemKind::Function;
    let functions = pairing
        .pairs
        .iter()
        .filter(|(a, _)| is_function(gated, *a))
        .count()
        + pairing
            .first_only
            .iter()
            .filter(|index| is_function(gated, **index))
            .count()
        + pairing
            .second_only
            .iter()
            .filter(|index| is_function(gateless, **index))
            .count();
    let all = pairing.pairs.len() + pairing.first_only.len() + pairing.second_only.len();
    let names: BTreeSet<&str> = [gated, gateless]
        .iter()
        .flat_map(|object| sections::compared(object).map(|section| section.name.as_str()))
        .collect();
    // One for the header.
    let compared = Compared {
        functions,
        data: all - functions,
        sections: names.len(),
        symbols: symbols + 1,
        types,
        debug,
    };
    Ok(Comparison {
        compared,
        differences,
    })
}

/// Two objects and which of their items correspond.
struct Both<'a> {
    gated: &'a Object,
    gateless: &'a Object,
    pairing: &'a Pairing,
}

fn header(gated: &Object, gateless: &Object, differences: &mut Vec<Difference>) {
    let hex = |number: &u32| format!("{number:#x}");
    let (a, b): (&Header, &Header) = (&gated.header, &gateless.header);
    let aspects: Vec<Aspect> = [
        Aspect::of("machine", &a.machine, &b.machine, u16::to_string),
        Aspect::of("64-bit", &a.is_64, &b.is_64, bool::to_string),
        Aspect::of("little-endian", &a.is_little, &b.is_little, bool::to_string),
        Aspect::of("flags", &a.flags, &b.flags, hex),
        Aspect::of("type", &a.kind, &b.kind, u16::to_string),
        Aspect::of("OS ABI", &a.os_abi, &b.os_abi, u8::to_string),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !aspects.is_empty() {
        differences.push(Difference::new(
            Subject::Header,
            "ELF header",
            Finding::Changed(aspects),
        ));
    }
}
