//! `.debug_frame`: how to unwind each function (DWARF 5, section 6.4.1).
//!
//! Its entries follow the functions of the object, so they are told by these, not by their place in the section.

use std::collections::BTreeMap;

use gimli::{
    CallFrameInstruction, CallFrameInstructionIter, CieOrFde, CommonInformationEntry, DebugFrame,
    UnwindSection as _,
};

use super::relocate::Addresses;
use super::{Frame, Slice};
use crate::object::Target;
use crate::object::resolve::Places;

/// Adds what the section says of each item to `frames`, and its headers to `counts`.
pub fn collect(
    section: &DebugFrame<Slice<'_>>,
    addresses: &Addresses,
    places: &Places<'_>,
    frames: &mut BTreeMap<Option<usize>, Vec<Frame>>,
    counts: &mut BTreeMap<String, usize>,
) -> gimli::Result<()> {
    let bases = gimli::BaseAddresses::default();
    let mut entries = section.entries(&bases);
    while let Some(entry) = entries.next()? {
        let partial = match entry {
            CieOrFde::Cie(header) => {
                *counts
                    .entry(format!(
                        "unwinding: {}",
                        describe(section, &bases, &header)?
                    ))
                    .or_default() += 1;
                continue;
            }
            CieOrFde::Fde(partial) => partial,
        };
        let entry =
            partial.parse(|section, bases, offset| section.cie_from_offset(bases, offset))?;
        let start = entry.initial_address();
        let (item, offset) = match addresses.place(start) {
            Some((section, offset)) => match places.at(section, offset as i64) {
                Target::Item(item, at) => (Some(item), at),
                _ => (None, offset as i64),
            },
            None => (None, start as i64),
        };
        let rules = format!(
            "{}; {}",
            describe(section, &bases, entry.cie())?,
            words(section, entry.instructions(section, &bases))?
        );
        frames.entry(item).or_default().push(Frame {
            offset,
            length: entry.len(),
            rules,
        });
    }
    Ok(())
}

/// What a header says that entries share.
fn describe(
    section: &DebugFrame<Slice<'_>>,
    bases: &gimli::BaseAddresses,
    header: &CommonInformationEntry<Slice<'_>>,
) -> gimli::Result<String> {
    Ok(format!(
        "version {}, {:?}, code by {}, data by {}, return address in {}: {}",
        header.version(),
        header.augmentation(),
        header.code_alignment_factor(),
        header.data_alignment_factor(),
        header.return_address_register().0,
        words(section, header.instructions(section, bases))?
    ))
}

/// The instructions in words, padding included.
fn words<'a>(
    section: &DebugFrame<Slice<'a>>,
    mut instructions: CallFrameInstructionIter<'_, Slice<'a>>,
) -> gimli::Result<String> {
    let mut words = Vec::new();
    while let Some(instruction) = instructions.next()? {
        let expression = match &instruction {
            CallFrameInstruction::DefCfaExpression { expression }
            | CallFrameInstruction::Expression { expression, .. }
            | CallFrameInstruction::ValExpression { expression, .. } => Some(*expression),
            _ => None,
        };
        words.push(
            match expression {
                // Where in the section it stands says nothing.
                Some(expression) => format!("{:?}", expression.get(section)?.0.slice()),
                None => String::new(),
            } + &match instruction {
                CallFrameInstruction::DefCfaExpression { .. } => "DefCfaExpression".to_owned(),
                CallFrameInstruction::Expression { register, .. } => {
                    format!("Expression {register:?}")
                }
                CallFrameInstruction::ValExpression { register, .. } => {
                    format!("ValExpression {register:?}")
                }
                other => format!("{other:?}"),
            },
        );
    }
    Ok(words.join(", "))
}
