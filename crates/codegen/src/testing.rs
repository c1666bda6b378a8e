//! Small modules for tests, and what becomes of them.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_llvm::{CodeModel, Context, FileKind, Llvm, Module, Reloc, TargetMachine};
use object::{Object, ObjectSection, ObjectSymbol};

use gateless_model::{Failure, Result};

use crate::backend::llvm::options;
use crate::flags::Flags;
use crate::target;
use crate::target::{Merging, OptLevel, Target};

/// The head of an x86-64 module.
pub const X86: &str = "target datalayout = \"e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128\"\n\
    target triple = \"x86_64-unknown-none-elf\"\n";

/// The head of an arm64 module.
const ARM64: &str = "target datalayout = \"e-m:e-p270:32:32-p271:32:32-p272:64:64-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32\"\n\
    target triple = \"aarch64-unknown-none\"\n";

/// A module as text, and the target that code is generated for.
pub struct Fixture {
    text: String,
    pub target: Target,
}

/// The flags that `options` ask for, each spelled as [`crate::Spelling`] prints it, with `=VALUE` behind it where it has one.
pub fn flags(options: &[&str]) -> Flags {
    let mut flags = Flags::default();
    for option in options {
        add(&mut flags, option).unwrap();
    }
    flags
}

/// Why a flag is refused.
pub fn refused(option: &str) -> Failure {
    add(&mut Flags::default(), option).unwrap_err()
}

fn add(flags: &mut Flags, option: &str) -> Result<()> {
    let (name, value) = option
        .split_once('=')
        .map_or((option, None), |(name, value)| (name, Some(value)));
    if let Some(name) = name.strip_prefix("-Z") {
        flags.unstable(name, value)
    } else if let Some(name) = name.strip_prefix("-C") {
        flags.stable(name, value)
    } else if let Some(name) = name.strip_prefix("#![") {
        flags.attribute(name.trim_end_matches(']'))
    } else {
        flags.specification(name, value.unwrap_or_default())
    }
}

/// The target of a plain x86-64 kernel.
pub fn x86_target() -> Target {
    Target {
        triple: "x86_64-linux-gnu".into(),
        cpu: "generic".into(),
        features: String::new(),
        abi: String::new(),
        reloc: Reloc::Static,
        pie: false,
        code_model: CodeModel::Default,
        opt: OptLevel::O2,
        function_sections: false,
        merging: Merging::Aliases,
        relax_elf_relocations: false,
    }
}

impl Fixture {
    /// The body of an x86-64 module.
    pub fn x86(body: &str) -> Self {
        Self::whole(&format!("{X86}{body}"))
    }

    /// The body of an arm64 module.
    pub fn arm64(body: &str) -> Self {
        let mut fixture = Self::whole(&format!("{ARM64}{body}"));
        fixture.target.triple = "aarch64-unknown-none".into();
        fixture
    }

    /// A module with its head.
    pub fn whole(text: &str) -> Self {
        Self {
            text: text.into(),
            target: x86_target(),
        }
    }

    /// The same, position independent.
    pub fn pic(mut self) -> Self {
        self.target.reloc = Reloc::Pic;
        self
    }

    /// The module after the flag that `option` asks for, as text.
    pub fn with(&self, option: &str) -> String {
        self.after(&[option])
    }

    /// The module after the flags that `options` ask for, as text.
    pub fn after(&self, options: &[&str]) -> String {
        let mut module = self.module();
        let flags = flags(options);
        flags.rewrite(&mut module, &self.target).unwrap();
        flags.apply(&module, &self.target).unwrap();
        module.verify().unwrap();
        module.to_text().unwrap()
    }

    /// Applies the flags that `options` ask for to `module`, which is this one, and makes the machine for it.
    pub fn prepare(&self, module: &Module, options: &[&str]) -> TargetMachine {
        let flags = flags(options);
        flags.apply(module, &self.target).unwrap();
        target::apply(module, &self.target, &flags.features()).unwrap()
    }

    /// The object file after the flags that `options` ask for.
    pub fn object(&self, options: &[&str]) -> Vec<u8> {
        let module = self.module();
        let machine = self.prepare(&module, options);
        module.verify().unwrap();
        machine
            .emit(module, FileKind::Object)
            .unwrap()
            .bytes()
            .unwrap()
            .to_vec()
    }

    /// The machine code of the function `name` after the flags that `options` ask for.
    pub fn code(&self, name: &str, options: &[&str]) -> Vec<u8> {
        let bytes = self.object(options);
        let file = object::File::parse(&bytes[..]).unwrap();
        let symbol = file.symbol_by_name(name).unwrap();
        let section = file
            .section_by_index(symbol.section_index().unwrap())
            .unwrap();
        section
            .data_range(symbol.address(), symbol.size())
            .unwrap()
            .unwrap()
            .to_vec()
    }

    /// The module, freshly read.
    pub fn module(&self) -> Module {
        let context = Context::new(llvm()).unwrap();
        Module::from_text(&context, &self.text).unwrap()
    }
}

/// The object file of `module`, a changed one of `fixture`.
pub fn emit(fixture: &Fixture, module: Module) -> Vec<u8> {
    let machine = target::apply(&module, &fixture.target, "").unwrap();
    machine
        .emit(module, FileKind::Object)
        .unwrap()
        .bytes()
        .unwrap()
        .to_vec()
}

/// The libLLVM of the rustc on PATH.
pub fn llvm_path() -> Utf8PathBuf {
    let found = gateless_trials::libllvm::of_command(Utf8Path::new("rustc"));
    found.unwrap().path
}

/// The library, with rustc's options set.
pub fn llvm() -> &'static Llvm {
    let llvm = Llvm::load(&llvm_path()).unwrap();
    options::set(llvm, Merging::Aliases, &[], &[]).unwrap();
    llvm
}

/// Has libLLVM print all of its options, and ends the process.
pub fn print_llvm_options() -> ! {
    let llvm = Llvm::load(&llvm_path()).unwrap();
    llvm.set_options(&["-help-list-hidden"]).unwrap();
    unreachable!("LLVM exits when it has printed its options");
}
