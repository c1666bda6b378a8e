//! kCFI's type numbers in an object of x86-64: those before functions, and those that calls compare them with.
//!
//! LLVM puts `__cfi_NAME` before a function, which is an instruction with the number in it, and before each indirect call a comparison, whose trap
//! `.kcfi_traps` lists (`emitKCFITypeId` and `LowerKCFI_CHECK`, llvm/lib/Target/X86/X86AsmPrinter.cpp, X86MCInstLower.cpp).

use std::collections::BTreeMap;

use gateless_model::{Failure, Result};
use object::elf;

use crate::object::{Item, Object, Target};

/// What LLVM calls the piece before a function.
const BEFORE: &str = "__cfi_";
/// The section that lists traps.
const TRAPS: &str = ".kcfi_traps";
/// Bytes of a number.
const NUMBER: usize = 4;

/// All of an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TypeNumbers<'a> {
    /// Before functions, by the functions' keys.
    pub functions: BTreeMap<&'a str, u32>,
    /// At calls, by the item that they are in, in the order of their addresses.
    pub calls: BTreeMap<usize, Vec<u32>>,
}

impl<'a> TypeNumbers<'a> {
    /// Finds them; none for machines that are not read here.
    ///
    /// # Errors
    /// Where the code before a function or at a call is not what LLVM makes.
    pub fn of(object: &'a Object) -> Result<Self> {
        let mut found = Self::default();
        if object.header.machine != elf::EM_X86_64 {
            return Ok(found);
        }
        for item in &object.items {
            let name = item.name.as_ref().map(|name| name.key.as_str());
            if let Some(function) = name.and_then(|name| name.strip_prefix(BEFORE)) {
                let number = before(object, item).ok_or_else(|| {
                    Failure::failed(format!("{BEFORE}{function} holds no number of a type"))
                })?;
                found.functions.insert(function, number);
            }
        }
        let mut calls: BTreeMap<usize, Vec<(i64, u32)>> = BTreeMap::new();
        for item in &object.items {
            if object.sections[item.section].name != TRAPS {
                continue;
            }
            let odd = || Failure::failed(format!("{TRAPS} has an entry that is not understood"));
            if (item.end - item.start) as usize != NUMBER * item.references.len() {
                return Err(odd());
            }
            for reference in &item.references {
                let Target::Item(code, at) = reference.target else {
                    return Err(odd());
                };
                let number = at_call(object, &object.items[code], at).ok_or_else(|| {
                    Failure::failed(format!(
                        "the trap at {at:#x} of {} belongs to no comparison of types",
                        object.show_item(code)
                    ))
                })?;
                calls.entry(code).or_default().push((at, number));
            }
        }
        for (code, mut numbers) in calls {
            numbers.sort_unstable();
            let numbers = numbers.into_iter().map(|(_, number)| number);
            found.calls.insert(code, numbers.collect());
        }
        Ok(found)
    }
}

/// The number in `mov $NUMBER, %eax` before a function, whose register says how many arguments it has, if that is asked for. Padding may come before
/// it, and behind it, where objtool counts that to the same piece.
fn before(object: &Object, item: &Item) -> Option<u32> {
    const LENGTH: usize = 1 + NUMBER;
    const NOP: u8 = 0x90;
    let bytes = &object.sections[item.section].bytes;
    let piece = bytes.get(item.entry as usize..item.end as usize)?;
    let (padding, last) = piece.split_at_checked(piece.len().checked_sub(LENGTH)?)?;
    let (first, behind) = piece.split_at_checked(LENGTH)?;
    let number = |instruction: &[u8]| match instruction {
        [opcode, number @ ..] if opcode & 0xf8 == 0xb8 => {
            Some(u32::from_le_bytes(number.try_into().ok()?))
        }
        _ => None,
    };
    if behind.iter().all(|byte| *byte == NOP)
        && let Some(number) = number(first)
    {
        return Some(number);
    }
    number(last).filter(|_| padding.iter().all(|byte| *byte == NOP))
}

/// The number that is compared before the trap at `at`: `mov $-NUMBER, %r10d; add OFFSET(%rXX), %r10d; je +2`.
fn at_call(object: &Object, item: &Item, at: i64) -> Option<u32> {
    /// With a displacement of one byte or four, and with a byte more for some registers.
    const ADD: [usize; 4] = [4, 5, 7, 8];
    let trap = usize::try_from(item.entry as i64 + at).ok()?;
    let code = object.sections[item.section].bytes.get(..trap)?;
    let code = code.strip_suffix(&[0x74, 0x02])?;
    ADD.iter().find_map(|length| {
        let (code, add) = code.split_at_checked(code.len().checked_sub(*length)?)?;
        let is_add = add[0] & 0xf0 == 0x40 && add[1] == 0x03;
        let [rex, opcode, number @ ..] = *code.last_chunk::<{ 2 + NUMBER }>()?;
        let is_load = rex == 0x41 && opcode & 0xfe == 0xba;
        (is_add && is_load).then_some(u32::from_le_bytes(number).wrapping_neg())
    })
}
