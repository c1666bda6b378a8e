//! What the tests in this directory share: a crate, compiled by rustc with unstable flags and by stable rustc with this crate's help.

#![allow(dead_code, reason = "each of the tests uses a part of it")]

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_codegen::{
    CodeModel, Flags, Job, Merging, OptLevel, Output, Reloc, Stage, Target, UsedFix,
};
use gateless_kcfi::Numbers;
use gateless_llvm::{Context, Llvm, Module};

/// The data layout of x86-64.
const X86_LAYOUT: &str =
    "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128";

/// A crate with loops, comparisons of slices, switches, indirect calls, equal functions, formatting and statics.
const SAMPLE: &str = include_str!("sample.rs");

/// The little that compiles for targets whose core is not at hand.
pub const NO_CORE: &str = include_str!("no_core.rs");

/// The prebuilt core has none of these flags; nothing is linked with it here.
const ABI: &str =
    "-Cunsafe-allow-abi-mismatch=retpoline,retpoline-external-thunk,indirect-branch-cs-prefix";

/// The compiler that is the oracle: `$GATELESS_ORACLE_RUSTC`, else the rustc on PATH.
pub fn rustc() -> Command {
    Command::new(program())
}

fn program() -> String {
    std::env::var("GATELESS_ORACLE_RUSTC").unwrap_or_else(|_| "rustc".to_owned())
}

/// The libLLVM of that compiler.
pub fn llvm_path() -> Utf8PathBuf {
    let found = gateless_trials::libllvm::of_command(Utf8Path::new(&program()));
    found.unwrap().path
}

/// The version of LLVM that it has.
pub fn llvm_version() -> String {
    let output = rustc().arg("-vV").output().expect("rustc");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))
        .expect("an LLVM version")
        .to_owned()
}

/// What is compiled, and for what.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    /// The source.
    pub source: &'a str,
    /// A built-in target of rustc.
    pub target: &'a str,
    /// Its LLVM triple.
    pub triple: &'a str,
    /// Its processor.
    pub cpu: &'a str,
    /// Its features.
    pub features: &'a str,
    /// The name of its ABI, if it has several.
    pub abi: &'a str,
    /// Its code model.
    pub code_model: CodeModel,
    /// Its relocation model.
    pub reloc: &'a str,
    /// The relocation model that stable rustc compiles for.
    pub stable_reloc: &'a str,
    /// Whether each function and variable is in a section of its own.
    pub sections: bool,
}

/// The crate for the host.
pub const HOST: Sample<'static> = Sample {
    source: SAMPLE,
    target: "x86_64-unknown-linux-gnu",
    triple: "x86_64-unknown-linux-gnu",
    cpu: "x86-64",
    features: "",
    abi: "",
    code_model: CodeModel::Default,
    reloc: "pic",
    stable_reloc: "pic",
    sections: false,
};

/// Fails unless the object that stable rustc and this crate make is byte for byte the one that rustc makes with `options`,
/// each a `-Z` option without the `-Z` (or a `-Cllvm-args=` or `-Cpasses=` as it is), at `-Copt-level=level`. Returns the object.
pub fn compare(level: &str, options: &[&str]) -> Vec<u8> {
    HOST.compare(level, options)
}

/// The same, with each function and variable in a section of its own if `sections`.
pub fn compare_with(level: &str, options: &[&str], sections: bool) -> Vec<u8> {
    Sample { sections, ..HOST }.compare(level, options)
}

impl Sample<'_> {
    /// See [`compare`].
    pub fn compare(&self, level: &str, options: &[&str]) -> Vec<u8> {
        self.compare_as(level, options, options)
    }

    /// The same, where this crate is asked for `ours` instead: for what this rustc has no name for.
    pub fn compare_as(&self, level: &str, options: &[&str], ours: &[&str]) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        std::fs::write(directory.join("sample.rs"), self.source).unwrap();
        self.gated(directory, level, options);
        self.stable(directory, level, ours, &llvm_path());
        let read = |name: &str| std::fs::read(directory.join(name)).unwrap();
        let (gated, stable) = (read("gated.o"), read("stable.o"));
        assert!(gated.len() > 2_000, "the sample has little in it");
        assert!(
            gated == stable,
            "{} -Copt-level={level} {options:?}: the objects differ ({} and {} bytes)",
            self.target,
            gated.len(),
            stable.len()
        );
        gated
    }

    /// What rustc makes of it with `options`.
    pub fn object(&self, level: &str, options: &[&str]) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        std::fs::write(directory.join("sample.rs"), self.source).unwrap();
        self.gated(directory, level, options);
        std::fs::read(directory.join("gated.o")).unwrap()
    }

    /// What both compilers are called with.
    fn command(&self, directory: &Utf8Path, level: &str, options: &[&str]) -> Command {
        let mut command = rustc();
        command
            .current_dir(directory)
            .args(["sample.rs", "--crate-type=rlib", "--edition=2021"]);
        command.arg(format!("--target={}", self.target));
        command.args([
            "-Cpanic=abort",
            "-Ccodegen-units=1",
            "-Cembed-bitcode=n",
            "-Csymbol-mangling-version=v0",
            "-Cdebuginfo=2",
        ]);
        command.arg(format!("-Copt-level={level}"));
        command.args(options.iter().filter(|option| llvm_arg(option).is_some()));
        command
    }

    /// rustc's own way, to `gated.o`.
    pub fn gated(&self, directory: &Utf8Path, level: &str, options: &[&str]) {
        self.gated_with(directory, level, options, &[ABI]);
    }

    /// The same, with arguments of its own.
    pub fn gated_with(&self, directory: &Utf8Path, level: &str, options: &[&str], own: &[&str]) {
        let mut command = self.command(directory, level, options);
        let sections = if self.sections { "y" } else { "n" };
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .arg(format!("-Zfunction-sections={sections}"))
            .arg(format!("-Crelocation-model={}", self.reloc))
            .arg("--emit=obj=gated.o")
            .args(own);
        command.args(options.iter().filter(|option| passes(option).is_some()));
        let unstable = options.iter().filter(|option| !option.starts_with("-C"));
        command.args(unstable.map(|option| format!("-Z{option}")));
        run(&mut command);
    }

    /// Stable rustc and this crate with the libLLVM at `llvm`, to `stable.o`.
    pub fn stable(&self, directory: &Utf8Path, level: &str, options: &[&str], llvm: &Utf8Path) {
        self.stable_with(directory, level, options, llvm, "", &|| None);
    }

    /// The same; rustc is asked to `emit` something else besides, and then for kCFI's numbers.
    pub fn stable_with(
        &self,
        directory: &Utf8Path,
        level: &str,
        options: &[&str],
        llvm: &Utf8Path,
        emit: &str,
        numbers: &dyn Fn() -> Option<Numbers>,
    ) {
        let mut command = self.command(directory, level, options);
        // A sample without core needs a gate to compile at all; code is not generated otherwise for it.
        if self.source.contains("no_core") {
            command.env("RUSTC_BOOTSTRAP", "1");
        } else {
            command.env_remove("RUSTC_BOOTSTRAP");
        }
        command.args([
            "-Cno-prepopulate-passes",
            "-Cllvm-args=-preserve-bc-uselistorder",
        ]);
        command.arg(format!("--emit=llvm-bc=stable.bc{emit}"));
        command.arg(format!("-Crelocation-model={}", self.stable_reloc));
        run(&mut command);
        let job = Job {
            bitcode: directory.join("stable.bc"),
            stage: Stage::Unoptimised,
            llvm: llvm.to_owned(),
            llvm_args: options
                .iter()
                .filter_map(|option| llvm_arg(option))
                .collect(),
            outputs: vec![(Output::Object, directory.join("stable.o"))],
            target: Target {
                triple: self.triple.into(),
                cpu: self.cpu.into(),
                features: self.features.into(),
                abi: self.abi.into(),
                reloc: match self.reloc {
                    "static" => Reloc::Static,
                    _ => Reloc::Pic,
                },
                pie: self.reloc == "pie",
                code_model: self.code_model,
                opt: level.parse::<OptLevel>().unwrap(),
                function_sections: self.sections,
                merging: Merging::Aliases,
                relax_elf_relocations: false,
            },
            flags: flags(options),
            debug_paths: Vec::new(),
            columns: Default::default(),
            used: UsedFix::Keep,
            added: gateless_codegen::Added::None,
            without_debug_info: false,
            kcfi: numbers(),
        };
        gateless_codegen::run(&job, &|| panic!("a sample was asked for")).unwrap();
    }
}

/// Code generation for the x86-64 module whose text, without its data layout, is `body`: from `in.bc` in `directory`, which is written, to `out.o`.
pub fn job(directory: &Utf8Path, body: &str) -> Job {
    let llvm = llvm_path();
    let context = Context::new(Llvm::load(&llvm).unwrap()).unwrap();
    let text = format!("target datalayout = \"{X86_LAYOUT}\"\n{body}");
    let module = Module::from_text(&context, &text).unwrap();
    let bitcode = module.to_bitcode().unwrap();
    std::fs::write(directory.join("in.bc"), bitcode.bytes().unwrap()).unwrap();
    Job {
        bitcode: directory.join("in.bc"),
        stage: Stage::Optimised,
        llvm,
        llvm_args: Vec::new(),
        outputs: vec![(Output::Object, directory.join("out.o"))],
        target: Target {
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
        },
        flags: Flags::default(),
        debug_paths: Vec::new(),
        columns: Default::default(),
        used: UsedFix::Keep,
        added: gateless_codegen::Added::None,
        without_debug_info: false,
        kcfi: None,
    }
}

/// The flags that `options` ask for, spelled as in [`compare`].
pub fn flags(options: &[&str]) -> Flags {
    let mut flags = Flags::default();
    for option in options.iter().filter(|option| llvm_arg(option).is_none()) {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (*option, None),
        };
        match name.strip_prefix("-C") {
            Some(name) => flags.stable(name, value).unwrap(),
            None => flags.unstable(name, value).unwrap(),
        }
    }
    flags
}

/// The LLVM option in a `-Cllvm-args=`.
fn llvm_arg(option: &str) -> Option<String> {
    option.strip_prefix("-Cllvm-args=").map(str::to_owned)
}

/// The passes in a `-Cpasses=`.
fn passes(option: &str) -> Option<String> {
    option.strip_prefix("-Cpasses=").map(str::to_owned)
}

fn run(command: &mut Command) {
    let output = command.output().expect("rustc");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
