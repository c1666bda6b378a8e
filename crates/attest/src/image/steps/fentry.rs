//! objtool --mnop: calls of `__fentry__`, which ftrace patches when a function is traced, do nothing until then.

use object::elf;

use super::{NOP5, Site};

pub fn explains(site: &Site<'_>) -> Option<usize> {
    let Site { input, section, .. } = site;
    let calls_fentry = input.sections[*section]
        .relocations
        .iter()
        .any(|relocation| {
            relocation.offset == site.offset as u64 + 1
                && relocation
                    .symbol
                    .is_some_and(|symbol| input.symbols[symbol].name == "__fentry__")
        });
    let call = matches!(input.machine, elf::EM_X86_64 | elf::EM_386)
        && site.linked[site.offset] == 0xe8
        && calls_fentry;
    (call && site.finds(&NOP5)).then_some(NOP5.len())
}
