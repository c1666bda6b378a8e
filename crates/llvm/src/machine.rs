//! Target machines: what code is generated for, and generating it.

use std::ptr::null_mut;

use gateless_model::{Failure, Result};

use crate::memory::{c_string, take_message};
use crate::table::RawMachine;
use crate::{Llvm, MemoryBuffer, Module};

/// How addresses are formed (llvm-c/TargetMachine.h, LLVMRelocMode).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Reloc {
    /// Absolute addresses.
    Static = 1,
    /// Position independent.
    Pic = 2,
}

/// How far code and data may be apart (llvm-c/TargetMachine.h, LLVMCodeModel).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum CodeModel {
    /// What the back end does if nobody asks.
    Default = 0,
    /// Within 1 MiB (arm64).
    Tiny = 2,
    /// Within 2 GiB from address 0.
    Small = 3,
    /// In the last 2 GiB.
    Kernel = 4,
    /// Code within 2 GiB, data anywhere (RISC-V: anywhere within 2 GiB of the code).
    Medium = 5,
    /// Anywhere.
    Large = 6,
}

/// How hard code generation tries (llvm-c/TargetMachine.h, LLVMCodeGenOptLevel).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum OptLevel {
    /// Not at all.
    None = 0,
    /// A little.
    Less = 1,
    /// As usual.
    Default = 2,
    /// Very.
    Aggressive = 3,
}

/// What to write (llvm-c/TargetMachine.h, LLVMCodeGenFileType).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum FileKind {
    /// Assembly text.
    Assembly = 0,
    /// An object file.
    Object = 1,
}

/// What a target machine is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineOptions {
    /// The normalised triple.
    pub triple: String,
    /// The processor.
    pub cpu: String,
    /// Features, each with `+` or `-`, with commas between.
    pub features: String,
    /// The name of the ABI where a target has several (RISC-V, LoongArch, MIPS), else empty.
    pub abi: String,
    /// How addresses are formed.
    pub reloc: Reloc,
    /// How far things may be apart.
    pub code_model: CodeModel,
    /// How hard to try.
    pub opt: OptLevel,
}

/// A target machine.
pub struct TargetMachine {
    pub(crate) llvm: &'static Llvm,
    pub(crate) raw: *mut RawMachine,
    triple: String,
}

impl TargetMachine {
    /// Makes a target machine; fails if this LLVM has no back end for the triple.
    pub fn new(llvm: &'static Llvm, options: &MachineOptions) -> Result<Self> {
        let target = llvm.target(&options.triple)?;
        let table = &llvm.table;
        let (create_options, dispose_options) = (
            table.LLVMCreateTargetMachineOptions()?,
            table.LLVMDisposeTargetMachineOptions()?,
        );
        let (set_cpu, set_features, set_abi) = (
            table.LLVMTargetMachineOptionsSetCPU()?,
            table.LLVMTargetMachineOptionsSetFeatures()?,
            table.LLVMTargetMachineOptionsSetABI()?,
        );
        let (set_opt, set_reloc, set_model) = (
            table.LLVMTargetMachineOptionsSetCodeGenOptLevel()?,
            table.LLVMTargetMachineOptionsSetRelocMode()?,
            table.LLVMTargetMachineOptionsSetCodeModel()?,
        );
        let create = table.LLVMCreateTargetMachineWithOptions()?;
        let (triple, cpu) = (
            c_string(&options.triple, "a target triple")?,
            c_string(&options.cpu, "a processor's name")?,
        );
        let (features, abi) = (
            c_string(&options.features, "a feature list")?,
            c_string(&options.abi, "an ABI's name")?,
        );
        // SAFETY: all texts are C strings that outlive the calls, the numbers are those of LLVM's enumerations, and the options are disposed of once.
        let raw = unsafe {
            let raw = create_options();
            set_cpu(raw, cpu.as_ptr());
            set_features(raw, features.as_ptr());
            set_abi(raw, abi.as_ptr());
            set_opt(raw, options.opt as i32);
            set_reloc(raw, options.reloc as i32);
            set_model(raw, options.code_model as i32);
            let machine = create(target, triple.as_ptr(), raw);
            dispose_options(raw);
            machine
        };
        if raw.is_null() {
            return Err(Failure::failed(format!(
                "LLVM cannot make a target machine for {options:?}"
            )));
        }
        Ok(Self {
            llvm,
            raw,
            triple: options.triple.clone(),
        })
    }

    /// The normalised triple that it was made for.
    pub fn triple(&self) -> &str {
        &self.triple
    }

    /// The data layout of what this machine generates.
    pub fn data_layout(&self) -> Result<String> {
        let table = &self.llvm.table;
        let (create, copy, dispose) = (
            table.LLVMCreateTargetDataLayout()?,
            table.LLVMCopyStringRepOfTargetData()?,
            table.LLVMDisposeTargetData()?,
        );
        // SAFETY: the machine is alive; the layout is disposed of once, after its text was copied.
        let text = unsafe {
            let layout = create(self.raw);
            let text = copy(layout);
            dispose(layout);
            text
        };
        take_message(self.llvm, text)
    }

    /// Generates code. The module is used up: LLVM changes it on the way.
    pub fn emit(&self, module: Module, kind: FileKind) -> Result<MemoryBuffer> {
        let emit = self.llvm.table.LLVMTargetMachineEmitToMemoryBuffer()?;
        let (mut buffer, mut message) = (null_mut(), null_mut());
        // SAFETY: machine and module are alive, the places are valid.
        let failed = unsafe { emit(self.raw, module.raw, kind as i32, &mut message, &mut buffer) };
        let message = take_message(self.llvm, message)?;
        if failed != 0 || buffer.is_null() {
            return Err(Failure::no(format!("LLVM cannot generate code: {message}")));
        }
        Ok(MemoryBuffer::own(self.llvm, buffer))
    }
}

impl Drop for TargetMachine {
    fn drop(&mut self) {
        if let Ok(dispose) = self.llvm.table.LLVMDisposeTargetMachine() {
            // SAFETY: the machine is owned by self.
            unsafe { dispose(self.raw) }
        }
    }
}
