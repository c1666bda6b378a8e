//! The oldest tools that a tree takes. Its own script says so; whoever asks brings along what runs it.

use std::process::Command;

use gateless_model::{Failure, Result, Version};

use super::{Tree, source_arch};
use crate::kconfig::{Symbols, rustc_version};

/// Runs a command and returns what it prints on stdout.
pub type Run<'a> = &'a dyn Fn(&mut Command) -> Result<String>;

/// Tools whose minimum versions a tree knows (`scripts/min-tool-version.sh`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// The Rust compiler.
    Rustc,
    /// bindgen's command line program.
    Bindgen,
    /// LLVM, which for gateless means libclang.
    Llvm,
    /// The C compiler.
    Gcc,
    /// ld, objcopy and others.
    Binutils,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Tool::Rustc => "rustc",
            Tool::Bindgen => "bindgen",
            Tool::Llvm => "llvm",
            Tool::Gcc => "gcc",
            Tool::Binutils => "binutils",
        }
    }
}

impl Tree {
    /// The oldest version of `tool` that this tree wants for `arch` (Kbuild's ARCH).
    pub fn minimum(&self, tool: Tool, arch: &str, run: Run<'_>) -> Result<Version> {
        let script = self.path.join("scripts/min-tool-version.sh");
        let mut command = Command::new("sh");
        command
            .arg(&script)
            .arg(tool.name())
            .env("ARCH", arch)
            .env("SRCARCH", source_arch(arch));
        let text = run(&mut command)?;
        text.trim().parse().map_err(|_| {
            Failure::failed(format!(
                "`{script} {}` does not print a version: {}",
                tool.name(),
                text.trim()
            ))
        })
    }

    /// The oldest rustc that this tree wants for `arch`: what its script says, and what Kconfig asks of RUSTC_VERSION before there can be Rust at all.
    pub fn minimum_rustc(&self, arch: &str, run: Run<'_>) -> Result<Version> {
        let by_script = self.minimum(Tool::Rustc, arch, run)?;
        let source_arch = source_arch(arch);
        if !self.path.join("arch").join(source_arch).is_dir() {
            return Ok(by_script);
        }
        let symbols = Symbols::read(&self.path, source_arch)?;
        Ok(rustc_version::minimum(&symbols).map_or(by_script, |version| version.max(by_script)))
    }
}
