//! Machine code as text, one instruction at a time.

use std::ffi::{CStr, c_char};
use std::ptr::null_mut;

use gateless_model::{Failure, Result};

use crate::Llvm;
use crate::memory::c_string;
use crate::table::RawDisassembler;

/// Room for the text of one instruction, in bytes; a longer one is cut off by LLVM.
const TEXT_SIZE: usize = 512;

/// A disassembler for one target.
pub struct Disassembler {
    llvm: &'static Llvm,
    raw: *mut RawDisassembler,
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Its length in bytes, at least 1.
    pub length: usize,
    /// LLVM's text: mnemonic, then operands after a tab.
    pub text: String,
}

impl Disassembler {
    /// A disassembler for `triple`; `cpu` and `features` (each with `+` or `-`, with commas between) may be empty.
    ///
    /// Fails if this LLVM has no back end for the triple.
    pub fn new(llvm: &'static Llvm, triple: &str, cpu: &str, features: &str) -> Result<Self> {
        llvm.prepare_disassembler(triple)?;
        let create = llvm.table.LLVMCreateDisasmCPUFeatures()?;
        // Looked up now, so that a library without it is noticed here.
        llvm.table.LLVMDisasmInstruction()?;
        let (name, cpu, features) = (c_string(triple, "a target triple")?, c_string(cpu, "a processor's name")?, c_string(features, "a feature list")?);
        // SAFETY: three C strings that LLVM copies, and no callbacks.
        let raw = unsafe { create(name.as_ptr(), cpu.as_ptr(), features.as_ptr(), null_mut(), 0, None, None) };
        if raw.is_null() {
            return Err(Failure::failed(format!("{} cannot disassemble code for {triple}", llvm.path())));
        }
        Ok(Self { llvm, raw })
    }

    /// The instruction that `code` begins with, at the address `address`; nothing if it is none.
    pub fn decode(&mut self, code: &[u8], address: u64) -> Result<Option<Instruction>> {
        let decode = self.llvm.table.LLVMDisasmInstruction()?;
        let mut code = code.to_vec();
        let mut text: [c_char; TEXT_SIZE] = [0; TEXT_SIZE];
        // SAFETY: both buffers are valid for the lengths given with them; LLVM ends the text with a zero byte within its buffer.
        let length = unsafe { decode(self.raw, code.as_mut_ptr(), code.len() as u64, address, text.as_mut_ptr(), TEXT_SIZE) };
        if length == 0 {
            return Ok(None);
        }
        // SAFETY: a C string in the buffer.
        let text = unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().trim().to_owned();
        Ok(Some(Instruction { length, text }))
    }
}

impl Drop for Disassembler {
    fn drop(&mut self) {
        if let Ok(dispose) = self.llvm.table.LLVMDisasmDispose() {
            // SAFETY: the disassembler is owned by self.
            unsafe { dispose(self.raw) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disassembler(triple: &str) -> Disassembler {
        let llvm = Llvm::load(&crate::find::of_this_toolchain()).unwrap();
        Disassembler::new(llvm, triple, "", "").unwrap()
    }

    #[test]
    fn instructions_have_their_own_length_and_text() {
        let mut x86 = disassembler("x86_64-unknown-linux-gnu");
        let call = x86.decode(&[0xe8, 0, 0, 0, 0, 0xc3], 0).unwrap().unwrap();
        assert_eq!((call.length, call.text.as_str()), (5, "callq\t0"));
        assert_eq!(x86.decode(&[0xc3], 5).unwrap().unwrap().text, "retq");
        let ret = disassembler("aarch64-unknown-linux-gnu").decode(&0xd65f03c0u32.to_le_bytes(), 0).unwrap().unwrap();
        assert_eq!((ret.length, ret.text.as_str()), (4, "ret"));
    }

    #[test]
    fn what_is_no_instruction_is_nothing() {
        assert_eq!(disassembler("x86_64-unknown-linux-gnu").decode(&[0x06], 0).unwrap(), None);
        assert_eq!(disassembler("x86_64-unknown-linux-gnu").decode(&[], 0).unwrap(), None);
    }
}
