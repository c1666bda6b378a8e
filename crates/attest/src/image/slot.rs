//! x86_64 code that reads an address from the global offset table: the linker keeps it, or writes code that needs no such word.

use super::linked::Linked;

/// Puts in what the linker made of the instruction with a slot's distance at `field`, if `found` is one of the things that it may make of it when
/// the symbol is at `target`. The addend of such a relocation is -4: the distance is from the end of the instruction.
pub fn put(
    linked: &mut [u8],
    found: &[u8],
    field: usize,
    base: u64,
    target: u64,
    image: &Linked<'_>,
) -> bool {
    let Some(opcode) = field.checked_sub(2) else {
        return false;
    };
    let end = base + field as u64 + 4;
    let value = |bytes: &[u8]| {
        let mut word = [0; 4];
        word.copy_from_slice(&bytes[..4]);
        i32::from_le_bytes(word)
    };
    let far = i64::from(value(&found[field..]));
    let distance = target.wrapping_sub(end).cast_signed();
    let (made, now) = (
        [linked[opcode], linked[opcode + 1]],
        [found[opcode], found[opcode + 1]],
    );
    // As it was, through a word that holds the address.
    if made == now {
        let slot = end.wrapping_add_signed(far);
        let holds = image.filled_at_load(slot) == Some(target)
            || image
                .at(slot, 8)
                .is_some_and(|word| *word == target.to_le_bytes());
        if holds {
            linked[field..field + 4].copy_from_slice(&found[field..field + 4]);
        }
        return holds;
    }
    let register = (made[1] >> 3) & 7;
    let bytes = match (made, now) {
        // mov slot(%rip), %reg: lea target(%rip), %reg
        ([0x8b, _], [0x8d, mode]) if mode == made[1] && far == distance => vec![0x8d, mode],
        // mov slot(%rip), %reg: mov $target, %reg. The register moves to the other field, and with it its high bit in REX.
        ([0x8b, _], [0xc7, mode])
            if mode == 0xc0 | register && far.cast_unsigned() == target && opcode > 0 =>
        {
            let rex = linked[opcode - 1];
            linked[opcode - 1] = (rex & !5) | ((rex & 4) >> 2);
            vec![0xc7, mode]
        }
        // call *slot(%rip): addr32 call target
        ([0xff, 0x15], [0x67, 0xe8]) if far == distance => vec![0x67, 0xe8],
        // jmp *slot(%rip): jmp target; nop
        ([0xff, 0x25], [0xe9, _])
            if i64::from(value(&found[opcode + 1..])) == distance + 1
                && found[field + 3] == 0x90 =>
        {
            linked[opcode..field + 4].copy_from_slice(&found[opcode..field + 4]);
            return true;
        }
        _ => return false,
    };
    linked[opcode..field].copy_from_slice(&bytes);
    linked[field..field + 4].copy_from_slice(&found[field..field + 4]);
    true
}
