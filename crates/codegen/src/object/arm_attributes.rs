//! What an object for 32-bit ARM says about floating-point exceptions.
//!
//! rustc makes LLVM's target options from LLVM's command line (InitTargetOptionsFromCodeGenFlags in LLVMRustCreateTargetMachine,
//! compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), where NoTrappingFPMath is off; the C API has no setter, and there it is on. On ARM the
//! build attribute Tag_ABI_FP_exceptions (ARM's "Addenda to the ABI", build attributes) is all that goes by it
//! (ARMAsmPrinter::emitAttributes, llvm/lib/Target/ARM/ARMAsmPrinter.cpp), so it is fixed up in the object.

use gateless_model::{Failure, Result};
use object::elf;
use object::read::elf::{FileHeader, SectionHeader};
use object::{Endian, Endianness};

const SHT_ARM_ATTRIBUTES: u32 = 0x7000_0003;
const TAG_FILE: u64 = 1;
/// Tag_ABI_FP_exceptions, and its values.
const TAG: u64 = 21;
const NOT_ALLOWED: u8 = 0;
const ALLOWED: u8 = 1;

/// Says that exceptions may be used, in an ARM object; other objects stay as they are.
pub(crate) fn apply(bytes: &mut [u8]) -> Result<()> {
    let Ok(header) = elf::FileHeader32::<Endianness>::parse(&*bytes) else {
        return Ok(());
    };
    let broken = |error: object::Error| {
        Failure::failed("LLVM wrote an object that is not well-formed").because(error)
    };
    let endian = header.endian().map_err(broken)?;
    if header.e_machine(endian) != elf::EM_ARM {
        return Ok(());
    }
    let sections = header.section_headers(endian, &*bytes).map_err(broken)?;
    let Some(section) = sections
        .iter()
        .find(|section| section.sh_type(endian) == SHT_ARM_ATTRIBUTES)
    else {
        return Ok(());
    };
    let start = section.sh_offset(endian) as usize;
    let data = section.data(endian, &*bytes).map_err(broken)?;
    if let Some(at) = find(data, endian) {
        let value = &mut bytes[start + at];
        if *value == NOT_ALLOWED {
            *value = ALLOWED;
        }
    }
    Ok(())
}

/// Where the value of the tag is: in the attributes of the whole file, of the vendor `aeabi`, which is the first and, from LLVM, the only one.
fn find(data: &[u8], endian: Endianness) -> Option<usize> {
    const LENGTH: usize = 4;
    let number = |at: usize| {
        let bytes = data.get(at..at + LENGTH)?.try_into().ok()?;
        Some(endian.read_u32_bytes(bytes) as usize)
    };
    let vendor = 1 + LENGTH;
    if data.first() != Some(&b'A') || !data.get(vendor..)?.starts_with(b"aeabi\0") {
        return None;
    }
    let mut at = vendor + b"aeabi\0".len();
    let start = at;
    if uleb(data, &mut at)? != TAG_FILE {
        return None;
    }
    let end = start + number(at)?;
    at += LENGTH;
    while at < end.min(data.len()) {
        let tag = uleb(data, &mut at)?;
        if tag == TAG {
            return Some(at);
        }
        // Tag_compatibility has a number and a text; of the others, those that are texts are 4, 5 and odd ones above 32.
        if tag == 32 {
            uleb(data, &mut at)?;
        }
        if tag == 4 || tag == 5 || tag == 32 || (tag > 32 && tag % 2 == 1) {
            at += data.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        } else {
            uleb(data, &mut at)?;
        }
    }
    None
}

/// A number in LEB128, and `at` moved behind it.
fn uleb(data: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *data.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[test]
    fn one_byte_of_an_arm_object_changes_and_nothing_in_others() {
        let mut fixture = Fixture::whole(
            "target datalayout = \"e-m:e-p:32:32-Fi8-i64:64-v128:64:128-a:0:32-n32-S64\"\ntarget triple = \"arm-unknown-linux-gnueabi\"\n\
             define void @f() { ret void }",
        );
        fixture.target.triple = "arm-unknown-linux-gnueabi".to_owned();
        let before = fixture.object(&[]);
        let mut after = before.clone();
        apply(&mut after).unwrap();
        let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
        assert_eq!(changed, [(&NOT_ALLOWED, &ALLOWED)]);
        let x86 = Fixture::x86("define void @f() { ret void }").object(&[]);
        let mut same = x86.clone();
        apply(&mut same).unwrap();
        assert_eq!(x86, same);
    }

    #[test]
    fn texts_before_the_tag_are_passed_over() {
        let attributes = |body: &[u8]| {
            let mut data = b"A\0\0\0\0aeabi\0\x01".to_vec();
            data.extend((body.len() as u32 + 5).to_be_bytes());
            data.extend(body);
            data
        };
        // A processor's name that holds the tag's number, compatibility, and the tag.
        let data = attributes(b"\x05\x15\x15\0\x20\x01x\0\x15\x00");
        assert_eq!(find(&data, Endianness::Big), Some(data.len() - 1));
        let cut = attributes(b"\x05name");
        assert_eq!(find(&cut, Endianness::Big), None);
        assert_eq!(find(b"", Endianness::Little), None);
    }
}
