//! Machine code as text, one instruction at a time.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};
use std::ptr::null;

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
    heard: Box<Heard>,
}

/// What the disassembler asked about while it decoded an instruction.
#[derive(Default)]
struct Heard {
    target: Cell<Option<u64>>,
}

/// One instruction of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineInstruction {
    /// Its length in bytes, at least 1.
    pub length: usize,
    /// LLVM's text: mnemonic, then operands after a tab.
    pub text: String,
    /// The address that it branches to or, where the machine says so, loads from, if that is fixed in the instruction.
    pub target: Option<u64>,
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
        let (name, cpu, features) = (
            c_string(triple, "a target triple")?,
            c_string(cpu, "a processor's name")?,
            c_string(features, "a feature list")?,
        );
        let heard = Box::<Heard>::default();
        let registered = (&raw const *heard).cast_mut().cast();
        // SAFETY: three C strings that LLVM copies; the callback gets a pointer to a box that self keeps as long as the disassembler.
        let raw = unsafe {
            create(
                name.as_ptr(),
                cpu.as_ptr(),
                features.as_ptr(),
                registered,
                0,
                None,
                Some(on_address),
            )
        };
        if raw.is_null() {
            return Err(Failure::failed(format!(
                "{} cannot disassemble code for {triple}",
                llvm.path()
            )));
        }
        Ok(Self { llvm, raw, heard })
    }

    /// The instruction that `code` begins with, at the address `address`; nothing if it is none.
    pub fn decode(&mut self, code: &[u8], address: u64) -> Result<Option<MachineInstruction>> {
        let decode = self.llvm.table.LLVMDisasmInstruction()?;
        let mut code = code.to_vec();
        self.heard.target.set(None);
        let mut text: [c_char; TEXT_SIZE] = [0; TEXT_SIZE];
        // SAFETY: both buffers are valid for the lengths given with them; LLVM ends the text with a zero byte within its buffer.
        let length = unsafe {
            decode(
                self.raw,
                code.as_mut_ptr(),
                code.len() as u64,
                address,
                text.as_mut_ptr(),
                TEXT_SIZE,
            )
        };
        if length == 0 {
            return Ok(None);
        }
        // SAFETY: a C string in the buffer.
        let text = unsafe { CStr::from_ptr(text.as_ptr()) }
            .to_string_lossy()
            .trim()
            .to_owned();
        Ok(Some(MachineInstruction {
            length,
            text,
            target: self.heard.target.get(),
        }))
    }
}

/// Remembers the address of a branch or a load; knows no names.
unsafe extern "C" fn on_address(
    heard: *mut c_void,
    address: u64,
    kind: *mut u64,
    _at: u64,
    second: *mut *const c_char,
) -> *const c_char {
    // llvm-c/DisassemblerTypes.h: LLVMDisassembler_ReferenceType_In_Branch and _In_PCrel_Load.
    const BRANCH: u64 = 1;
    const LOAD: u64 = 2;
    // SAFETY: the pointer registered in Disassembler::new, to a box that outlives the disassembler.
    let heard = unsafe { &*heard.cast::<Heard>() };
    // SAFETY: LLVM gives valid places for the kind and for the second name.
    unsafe {
        if matches!(*kind, BRANCH | LOAD) {
            heard.target.set(Some(address));
        }
        // No name, so of no kind.
        *kind = 0;
        *second = null();
    }
    null()
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
        Disassembler::new(crate::testing::llvm(), triple, "", "").unwrap()
    }

    #[test]
    fn instructions_have_their_own_length_and_text() {
        let mut x86 = disassembler("x86_64-unknown-linux-gnu");
        let call = x86.decode(&[0xe8, 0, 0, 0, 0, 0xc3], 0).unwrap().unwrap();
        assert_eq!((call.length, call.text.as_str()), (5, "callq\t0x5"));
        let call = x86
            .decode(&[0xe8, 0xf0, 0xff, 0xff, 0xff], 0x100)
            .unwrap()
            .unwrap();
        assert_eq!(
            (call.target, call.text.as_str()),
            (Some(0xf5), "callq\t0xf5")
        );
        let load = x86
            .decode(&[0x48, 0x8d, 0x05, 0, 1, 0, 0], 0x10)
            .unwrap()
            .unwrap();
        assert_eq!(
            (load.target, load.text.as_str()),
            (Some(0x117), "leaq\t256(%rip), %rax")
        );
        let branch = disassembler("aarch64-unknown-linux-gnu")
            .decode(&0x94000004u32.to_le_bytes(), 0x100)
            .unwrap()
            .unwrap();
        assert_eq!(
            (branch.target, branch.text.as_str()),
            (Some(0x110), "bl\t0x110")
        );
        assert_eq!(x86.decode(&[0xc3], 5).unwrap().unwrap().text, "retq");
        let ret = disassembler("aarch64-unknown-linux-gnu")
            .decode(&0xd65f03c0u32.to_le_bytes(), 0)
            .unwrap()
            .unwrap();
        assert_eq!((ret.length, ret.text.as_str()), (4, "ret"));
    }

    #[test]
    fn what_is_no_instruction_is_nothing() {
        assert_eq!(
            disassembler("x86_64-unknown-linux-gnu")
                .decode(&[0x06], 0)
                .unwrap(),
            None
        );
        assert_eq!(
            disassembler("x86_64-unknown-linux-gnu")
                .decode(&[], 0)
                .unwrap(),
            None
        );
    }
}
