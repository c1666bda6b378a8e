//! LLVM's own command line options, which reach what its C API has no setter for.

use std::ffi::c_int;

use gateless_model::{Failure, Result};

use crate::Llvm;
use crate::library::lock;
use crate::memory::c_string;

impl Llvm {
    /// Gives LLVM the options (`-trap-unreachable`, ...), for the whole process.
    ///
    /// LLVM takes each of them once only: asking for the same options again does nothing, and asking for others is an error.
    /// LLVM keeps silent about an option that it does not know, so a caller has to check the effect.
    pub fn set_options(&self, options: &[&str]) -> Result<()> {
        let mut given = lock(&self.options);
        if let Some(before) = given.as_ref() {
            return if before == options {
                Ok(())
            } else {
                Err(Failure::failed(format!(
                    "LLVM's options are set for a whole process, to {before:?}; now {options:?} are wanted"
                )))
            };
        }
        let parse = self.table.LLVMParseCommandLineOptions()?;
        let mut arguments = vec![c_string("gateless", "a program name")?];
        for option in options {
            arguments.push(c_string(option, "an option of LLVM")?);
        }
        let pointers: Vec<_> = arguments.iter().map(|argument| argument.as_ptr()).collect();
        let overview = c_string("", "an overview")?;
        // SAFETY: the count is that of the pointers, all to C strings that outlive the call; LLVM copies what it keeps.
        unsafe {
            parse(
                pointers.len() as c_int,
                pointers.as_ptr(),
                overview.as_ptr(),
            )
        };
        *given = Some(options.iter().map(ToString::to_string).collect());
        Ok(())
    }
}

#[cfg(test)]
mod tests {

    #[test]
    fn options_given_twice_are_taken_once_and_others_are_refused() {
        let llvm = crate::testing::llvm();
        llvm.set_options(&["-trap-unreachable"]).unwrap();
        llvm.set_options(&["-trap-unreachable"]).unwrap();
        let failure = llvm.set_options(&["-no-trap-after-noreturn"]).unwrap_err();
        assert!(
            failure.what.contains("-no-trap-after-noreturn"),
            "{failure}"
        );
    }
}
