//! `__ex_table`, which is sorted after linking (scripts/sorttable): where a fault in Rust code leads is what its object says, and nothing else.
//!
//! The image has the objects' entries in another order, with the distances in them changed to fit.

use std::collections::BTreeSet;

use object::elf;
use object::{Object, ObjectSection};

use super::input::{Input, Section};
use super::placing::Placed;
use crate::Problem;

const TABLE: &str = "__ex_table";

/// Compares the entries about the objects' code with those in the image.
pub fn check(
    file: &str,
    objects: &[Input<'_>],
    placed: &[Placed],
    image: &object::File<'_>,
    problems: &mut Vec<Problem>,
) {
    // Two distances, and with most architectures a word that says how to go on.
    let machine = objects.first().map_or(0, |object| object.machine);
    let size = match machine {
        elf::EM_386
        | elf::EM_X86_64
        | elf::EM_AARCH64
        | elf::EM_RISCV
        | elf::EM_S390
        | elf::EM_LOONGARCH => 12,
        elf::EM_PPC | elf::EM_PPC64 => 8,
        // Addresses, not distances (arm).
        _ => return,
    };
    let mut expected = BTreeSet::new();
    for (object, placed) in objects.iter().zip(placed) {
        for table in object
            .sections
            .iter()
            .filter(|section| section.name == TABLE)
        {
            expected.extend(entries_of_object(object, table, placed, size));
        }
    }
    let found: BTreeSet<(u64, u64)> = image
        .section_by_name(TABLE)
        .and_then(|section| Some((section.address(), section.data().ok()?)))
        .map(|(address, bytes)| entries_of_image(address, bytes, size as usize, image))
        .unwrap_or_default()
        .into_iter()
        .filter(|(fault, _)| {
            let mut code = placed.iter().flat_map(|placed| &placed.code);
            code.any(|range| range.contains(fault))
        })
        .collect();
    for (fault, to) in found.difference(&expected) {
        problems.push(Problem::new(
            file,
            format!("its {TABLE} leads from a fault in Rust code at {fault:#x} to {to:#x}, which no recorded object says"),
        ));
    }
    for (fault, to) in expected.difference(&found) {
        problems.push(Problem::new(
            file,
            format!("its {TABLE} does not lead from a fault in Rust code at {fault:#x} to {to:#x}, as the object says"),
        ));
    }
}

/// (where the fault is, where it leads), both in the image.
fn entries_of_object(
    object: &Input<'_>,
    table: &Section<'_>,
    placed: &Placed,
    size: u64,
) -> Vec<(u64, u64)> {
    let at = |offset: u64| {
        let relocation = table.relocations.iter().find(|r| r.offset == offset)?;
        let symbol = &object.symbols[relocation.symbol?];
        let base = placed.bases.get(symbol.section?).copied().flatten()?;
        Some(
            base.wrapping_add(symbol.value)
                .wrapping_add_signed(relocation.addend?),
        )
    };
    let entries = (0..table.size / size).map(|entry| entry * size);
    entries
        .filter_map(|entry| Some((at(entry)?, at(entry + 4)?)))
        .collect()
}

fn entries_of_image(
    address: u64,
    bytes: &[u8],
    size: usize,
    image: &object::File<'_>,
) -> Vec<(u64, u64)> {
    let little = image.is_little_endian();
    let word = |at: usize| {
        let mut word = [0; 4];
        word.copy_from_slice(&bytes[at..at + 4]);
        let far = if little {
            i32::from_le_bytes(word)
        } else {
            i32::from_be_bytes(word)
        };
        (address + at as u64).wrapping_add_signed(far.into())
    };
    let entries = (0..bytes.len() / size).map(|entry| entry * size);
    entries
        .map(|entry| (word(entry), word(entry + 4)))
        .collect()
}
