//! LLVM's back ends, by the architecture of a triple.

use std::ptr::null_mut;

use gateless_model::{Failure, Result};

use crate::Llvm;
use crate::library::lock;
use crate::memory::{c_string, take_message};
use crate::table::RawTarget;

/// Architecture names of triples (by how they begin, longest first) and the back end that has them.
const BACKENDS: &[(&str, &str)] = &[
    ("aarch64", "AArch64"),
    ("arm64", "AArch64"),
    ("arm", "ARM"),
    ("thumb", "ARM"),
    ("csky", "CSKY"),
    ("hexagon", "Hexagon"),
    ("i386", "X86"),
    ("i486", "X86"),
    ("i586", "X86"),
    ("i686", "X86"),
    ("loongarch", "LoongArch"),
    ("m68k", "M68k"),
    ("mips", "Mips"),
    ("powerpc", "PowerPC"),
    ("riscv", "RISCV"),
    ("s390x", "SystemZ"),
    ("sparc", "Sparc"),
    ("x86_64", "X86"),
    ("xtensa", "Xtensa"),
];

impl Llvm {
    /// The normal form of a triple (`x86_64-linux-gnu` is `x86_64-unknown-linux-gnu`).
    pub fn normalize_triple(&'static self, triple: &str) -> Result<String> {
        let normalize = self.table.LLVMNormalizeTargetTriple()?;
        let triple = c_string(triple, "a target triple")?;
        // SAFETY: a C string.
        take_message(self, unsafe { normalize(triple.as_ptr()) })
    }

    /// The back end that this library has for a processor, named as in triples (`aarch64`).
    pub fn back_end(&'static self, processor: &str) -> Option<&'static str> {
        let (_, backend) = BACKENDS
            .iter()
            .find(|(arch, _)| processor.starts_with(arch))?;
        let name = format!("LLVMInitialize{backend}Target\0");
        self.table.initializer(&name).map(|_| *backend)
    }

    /// The back end for a triple, made ready for use.
    pub(crate) fn target(&'static self, triple: &str) -> Result<*mut RawTarget> {
        let Some((_, backend)) = BACKENDS.iter().find(|(arch, _)| triple.starts_with(arch)) else {
            return Err(Failure::failed(format!(
                "no LLVM back end is known for the target {triple}"
            ))
            .help("the target must be one that rustc can compile for"));
        };
        self.initialize(backend, triple)?;
        let find = self.table.LLVMGetTargetFromTriple()?;
        let name = c_string(triple, "a target triple")?;
        let (mut target, mut message) = (null_mut(), null_mut());
        // SAFETY: a C string and two valid places.
        let failed = unsafe { find(name.as_ptr(), &mut target, &mut message) };
        if failed != 0 {
            return Err(Failure::failed(format!(
                "no back end for the target {triple}: {}",
                take_message(self, message)?
            )));
        }
        Ok(target)
    }

    /// Makes the disassembler for a triple ready for use.
    pub(crate) fn prepare_disassembler(&'static self, triple: &str) -> Result<()> {
        self.target(triple)?;
        let Some((_, backend)) = BACKENDS.iter().find(|(arch, _)| triple.starts_with(arch)) else {
            return Ok(());
        };
        let _one_at_a_time = lock(&self.ready);
        let Some(initialize) = self
            .table
            .initializer(&format!("LLVMInitialize{backend}Disassembler\0"))
        else {
            return Err(Failure::failed(format!(
                "{} has no {backend} disassembler (wanted for {triple})",
                self.path()
            ))
            .help("use a rustc from rustup: its LLVM has the disassemblers of all back ends"));
        };
        // SAFETY: initialisers can be called any number of times, and the lock is held.
        unsafe { initialize() };
        Ok(())
    }

    /// Makes a back end ready for use, once: LLVM's registry of back ends has no lock.
    fn initialize(&'static self, backend: &'static str, triple: &str) -> Result<()> {
        let mut ready = lock(&self.ready);
        if ready.contains(backend) {
            return Ok(());
        }
        for part in [
            "TargetInfo",
            "Target",
            "TargetMC",
            "AsmPrinter",
            "AsmParser",
        ] {
            let name = format!("LLVMInitialize{backend}{part}\0");
            let Some(initialize) = self.table.initializer(&name) else {
                return Err(Failure::failed(format!("{} has no {backend} back end (wanted for {triple})", self.path()))
                    .help("use a rustc from rustup: its LLVM has all back ends that rustc has targets for"));
            };
            // SAFETY: initialisers can be called any number of times, and the lock is held.
            unsafe { initialize() };
        }
        ready.insert(backend);
        Ok(())
    }
}
