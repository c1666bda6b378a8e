//! Where instructions end: what a relative address in one counts from, on machines where it counts from there.

use std::collections::BTreeMap;

use gateless_llvm::Disassembler;
use gateless_model::Result;
use object::elf;

use super::Relocation;

/// Distance that is assumed for an instruction that can't be decoded: nothing behind a 32-bit field.
const USUAL: i64 = 4;

/// Whether a relocation of this type in code counts from the end of its instruction.
pub fn counts_from_end(machine: u16, kind: u32) -> bool {
    match machine {
        elf::EM_X86_64 => matches!(kind, elf::R_X86_64_PC32 | elf::R_X86_64_PLT32),
        elf::EM_386 => matches!(kind, elf::R_386_PC32 | elf::R_386_PLT32),
        _ => false,
    }
}

/// For each relocation of a code section (by its offset) the distance from its field to the end of its instruction.
///
/// `starts` are the offsets at which code surely begins, in order.
pub fn distances(code: &[u8], starts: &[u64], relocations: &[Relocation], disassembler: &mut Disassembler) -> Result<BTreeMap<u64, i64>> {
    /// No instruction of a machine for which this is needed is longer.
    const LONGEST: usize = 15;
    let mut distances = BTreeMap::new();
    let mut relocations = relocations.iter().peekable();
    let mut starts = starts.iter().copied().peekable();
    let mut at = starts.peek().copied().unwrap_or(0) as usize;
    while at < code.len() && relocations.peek().is_some() {
        while starts.next_if(|start| *start <= at as u64).is_some() {}
        // What begins behind a piece of data that was taken for code puts the walk right again.
        let limit = starts.peek().map_or(code.len(), |next| *next as usize).min(code.len());
        let end = (at + LONGEST).min(limit);
        let length = disassembler.decode(&code[at..end], at as u64)?.map_or(1, |instruction| instruction.length);
        let next = at + length;
        while let Some(relocation) = relocations.next_if(|relocation| relocation.offset < next as u64) {
            let distance = next as i64 - relocation.offset as i64;
            distances.insert(relocation.offset, if distance >= USUAL { distance } else { USUAL });
        }
        at = next;
    }
    distances.extend(relocations.map(|relocation| (relocation.offset, USUAL)));
    Ok(distances)
}
