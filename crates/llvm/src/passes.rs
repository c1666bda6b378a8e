//! Running LLVM's passes.

use std::ffi::CStr;

use gateless_model::{Failure, Result};

use crate::memory::c_string;
use crate::{Module, TargetMachine};

/// What the standard pipelines are tuned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassOptions {
    /// Merge functions with equal bodies.
    pub merge_functions: bool,
    /// Unroll and interleave loops.
    pub unroll_loops: bool,
    /// Vectorise loops.
    pub vectorize_loops: bool,
    /// Vectorise straight code.
    pub vectorize_slp: bool,
}

impl Module {
    /// Runs `passes`, in the notation of `opt -passes=`, for `machine`.
    pub fn run_passes(
        &mut self,
        passes: &str,
        machine: &TargetMachine,
        options: PassOptions,
    ) -> Result<()> {
        let table = self.table();
        let (create, dispose, run) = (
            table.LLVMCreatePassBuilderOptions()?,
            table.LLVMDisposePassBuilderOptions()?,
            table.LLVMRunPasses()?,
        );
        let (merge, unroll) = (
            table.LLVMPassBuilderOptionsSetMergeFunctions()?,
            table.LLVMPassBuilderOptionsSetLoopUnrolling()?,
        );
        let interleave = table.LLVMPassBuilderOptionsSetLoopInterleaving()?;
        let (loops, slp) = (
            table.LLVMPassBuilderOptionsSetLoopVectorization()?,
            table.LLVMPassBuilderOptionsSetSLPVectorization()?,
        );
        let (message, dispose_message) = (
            table.LLVMGetErrorMessage()?,
            table.LLVMDisposeErrorMessage()?,
        );
        let text = c_string(passes, "a list of passes")?;
        // SAFETY: module and machine are alive, the text is a C string, the options are disposed of once.
        let error = unsafe {
            let raw = create();
            merge(raw, options.merge_functions.into());
            unroll(raw, options.unroll_loops.into());
            interleave(raw, options.unroll_loops.into());
            loops(raw, options.vectorize_loops.into());
            slp(raw, options.vectorize_slp.into());
            let error = run(self.raw, text.as_ptr(), machine.raw, raw);
            dispose(raw);
            error
        };
        if error.is_null() {
            return Ok(());
        }
        // SAFETY: asking for an error's message uses the error up; the message is given back once.
        let text = unsafe {
            let raw = message(error);
            let text = CStr::from_ptr(raw).to_string_lossy().into_owned();
            dispose_message(raw);
            text
        };
        Err(Failure::failed(format!(
            "LLVM cannot run the passes {passes}: {text}"
        )))
    }
}
