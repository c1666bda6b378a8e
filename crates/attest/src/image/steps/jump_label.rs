//! objtool --hacks=jump_label: a jump of a static key that is off becomes an instruction that does nothing, of the same length.
//!
//! Such a jump is listed in `__jump_table` with bit 1 of the key's address set (arch/x86/include/asm/jump_label.h).

use object::elf;

use super::{NOP2, NOP5, Site};

/// `struct jump_entry`: where the code is, where it jumps to, and the key.
const ENTRY: u64 = 16;
const KEY: u64 = 8;

pub fn explains(site: &Site<'_>) -> Option<usize> {
    if site.input.machine != elf::EM_X86_64 || !is_listed(site) {
        return None;
    }
    let nop: &[u8] = match site.linked[site.offset] {
        0xe9 => &NOP5,
        0xeb => &NOP2,
        _ => return None,
    };
    site.finds(nop).then_some(nop.len())
}

fn is_listed(site: &Site<'_>) -> bool {
    let tables = site.input.sections.iter();
    tables
        .filter(|section| section.name == "__jump_table")
        .any(|table| {
            let at = |offset: u64| table.relocations.iter().find(|r| r.offset == offset);
            table.relocations.iter().any(|code| {
                let symbol = code.symbol.map(|symbol| &site.input.symbols[symbol]);
                let leads_here = symbol.is_some_and(|symbol| {
                    symbol.section == Some(site.section)
                        && symbol.value.checked_add_signed(code.addend.unwrap_or(0))
                            == Some(site.offset as u64)
                });
                let key = at(code.offset + KEY).and_then(|key| key.addend);
                code.offset % ENTRY == 0 && leads_here && key.is_some_and(|key| key & 2 != 0)
            })
        })
}
