//! Walking through code: where instructions end, and what they refer to without a relocation.

use gateless_llvm::Disassembler;
use gateless_model::Result;
use object::elf;

/// An instruction with something in it that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Offset in the section.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// The offset in the section that it branches to or loads from, if that is fixed in it.
    pub target: Option<u64>,
    /// The disassembler's text.
    pub text: String,
}

/// Whether a relocation of this type in code counts from the end of its instruction.
pub fn counts_from_end(machine: u16, kind: u32) -> bool {
    match machine {
        elf::EM_X86_64 => matches!(kind, elf::R_X86_64_PC32 | elf::R_X86_64_PLT32),
        elf::EM_386 => matches!(kind, elf::R_386_PC32 | elf::R_386_PLT32),
        _ => false,
    }
}

/// Decodes a code section; what is no instruction is passed over.
///
/// `starts` are the offsets at which code surely begins, in order: an instruction never reaches over one, so that data which was taken for code
/// does no harm behind it.
pub fn walk(code: &[u8], starts: &[u64], disassembler: &mut Disassembler) -> Result<Vec<Decoded>> {
    /// No instruction of any machine is longer.
    const LONGEST: usize = 16;
    let mut decoded = Vec::new();
    let mut starts = starts.iter().copied().peekable();
    let mut at = 0;
    while at < code.len() {
        while starts.next_if(|start| *start <= at as u64).is_some() {}
        let limit = starts
            .peek()
            .map_or(code.len(), |next| *next as usize)
            .min(code.len());
        let end = (at + LONGEST).min(limit);
        let length = match disassembler.decode(&code[at..end], at as u64)? {
            Some(instruction) => {
                let length = instruction.length.min(end - at);
                decoded.push(Decoded {
                    offset: at as u64,
                    length: length as u64,
                    target: instruction.target,
                    text: instruction.text,
                });
                length
            }
            None => 1,
        };
        at += length;
    }
    Ok(decoded)
}

/// The text of an instruction without the address that it refers to, which is its last operand or a part of it.
pub fn without_target(text: &str) -> String {
    let text = text.replace('\t', " ");
    let number = |word: &str| {
        let digits = word.trim_start_matches(['#', '-']);
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_hexdigit())
    };
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            let (inner, end) = word
                .strip_suffix(',')
                .map_or((word, ""), |inner| (inner, ","));
            // An address in front of the register it counts from.
            match inner.split_once('(') {
                Some((distance, register)) if number(distance) => format!("({register}{end}"),
                _ if number(inner) => end.to_owned(),
                _ => word.to_owned(),
            }
        })
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_taken_out_of_an_instruction_and_nothing_else() {
        assert_eq!(without_target("callq\t0x1234"), "callq");
        assert_eq!(without_target("leaq\t256(%rip), %rax"), "leaq (%rip), %rax");
        assert_eq!(without_target("cbz\tx0, 0x110"), "cbz x0,");
        assert_eq!(without_target("ldr\tx8, #-64"), "ldr x8,");
    }
}
