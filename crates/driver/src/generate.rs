//! The code generation stage of a call: rustc stops at unoptimised bitcode, and the object is made from it with the
//! target and flags that the gated build has.
//!
//! It is for code of the kernel whose target is a custom specification or that `-Z` code generation flags ask for. With a built-in target
//! the bitcode says what the gated build's target is; a specification says so itself.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, hash};
use gateless_codegen::{
    Added, CodeModel, Flags, Job, Merging, Output, Reloc, Stage, Target, UsedFix,
};
use gateless_model::backend::Backend;
use gateless_model::columns::Columns;
use gateless_model::record::Generator;
use gateless_model::{Failure, Result, added};
use gateless_rustc::toolchain::USE_ORDER;

use crate::call::{Call, mangle};
use crate::classify::Class;
use crate::codegen_options;
use crate::libraries::Loads;
use crate::mapping::Mapping;
use crate::runtime::source::Source;
use crate::sample;
use crate::through_c::ThroughC;
use crate::types::Types;

/// The planned stage.
pub struct Generate {
    /// Where rustc writes the bitcode, absolute.
    bitcode: Utf8PathBuf,
    /// Kinds and files that Kbuild wants, relative to the call's directory.
    outputs: Vec<(Output, Utf8PathBuf)>,
    stage: Stage,
    target: Target,
    flags: Flags,
    /// Whether lines are asked of rustc that nobody but a flag asks for.
    adds_lines: bool,
    /// What is asked of rustc for the numbers of types, if they are needed.
    types: Option<Types>,
    /// The C compiler, where that is the back end.
    through_c: Option<ThroughC>,
}

impl Generate {
    /// Plans the stage; nothing when the call generates no kernel code, or nothing that rustc alone cannot do.
    ///
    /// # Errors
    /// For a stable option whose effect would be missing from the object.
    pub fn plan(call: &Call<'_>) -> Result<Option<Self>> {
        let outputs: Vec<_> = call
            .invocation
            .emits()
            .filter(|(kind, _)| Self::makes(kind))
            .map(|(kind, path)| {
                let path = path.ok_or_else(|| {
                    Failure::usage(format!(
                        "`--emit={kind}` names no file, which the code generation stage needs"
                    ))
                })?;
                Ok((output(kind), Utf8PathBuf::from(path)))
            })
            .collect::<Result<_>>()?;
        let needed = call.plan.target.is_some()
            || !call.plan.flags.is_empty()
            || call.plan.backend != Backend::Llvm;
        if outputs.is_empty() || !needed || !call.class.is_kernel() {
            return Ok(None);
        }
        codegen_options::check(call.invocation)?;
        let spec = call.plan.target.as_ref();
        let mut target = Target {
            triple: spec.map_or_else(String::new, |spec| spec.llvm_target.clone()),
            cpu: match call.invocation.codegen("target-cpu") {
                // Empty: the one that rustc found, which stands in the bitcode.
                Some("native") => String::new(),
                None => spec.map_or_else(String::new, |spec| spec.cpu.clone()),
                Some(cpu) => cpu.to_owned(),
            },
            features: spec.map_or_else(String::new, |spec| spec.features.clone()),
            abi: spec.map_or_else(String::new, |spec| spec.abi.clone()),
            reloc: Reloc::Pic,
            pie: false,
            code_model: match call.invocation.codegen("code-model") {
                None => CodeModel::Default,
                Some("tiny") => CodeModel::Tiny,
                Some("small") => CodeModel::Small,
                Some("kernel") => CodeModel::Kernel,
                Some("medium") => CodeModel::Medium,
                Some("large") => CodeModel::Large,
                Some(other) => {
                    return Err(Failure::no(format!(
                        "`-Ccode-model={other}` is not known to the code generation stage"
                    )));
                }
            },
            opt: match call.invocation.codegen("opt-level") {
                Some(level) => level.parse()?,
                // `-O` is `-Copt-level=3` since rustc 1.86.
                None if call.invocation.has("opt") => gateless_codegen::OptLevel::O3,
                None => gateless_codegen::OptLevel::O0,
            },
            function_sections: true,
            merging: Merging::Aliases,
            relax_elf_relocations: false,
        };
        match call.invocation.codegen("relocation-model") {
            Some("static") => target.reloc = Reloc::Static,
            Some("pie") => target.pie = true,
            Some("pic") => {}
            None if spec.is_some() => {}
            None => {
                return Err(Failure::no(
                    "the call names no relocation model, and a built-in target's own can't be asked for",
                )
                .help("pass -Crelocation-model, as Kbuild does"));
            }
            Some(other) => {
                return Err(Failure::no(format!(
                    "`-Crelocation-model={other}` is not known to the code generation stage"
                )));
            }
        }
        let bitcode = call
            .state
            .directory()
            .join("bitcode")
            .join(format!("{}.bc", mangle(&call.primary_output())));
        fs_err::create_dir_all(call.state.directory().join("bitcode"))?;
        let stage = if call.class == Class::RuntimeCore && call.runtime != Source::Source {
            Stage::Prebuilt
        } else {
            Stage::Unoptimised
        };
        let debug_info = DebugInfo::of(call);
        let types = match stage {
            // Flags that need types refuse it by themselves.
            Stage::Prebuilt => None,
            _ => Types::plan(call, debug_info == DebugInfo::All)?,
        };
        let through_c = ThroughC::plan(call, &outputs, stage)?;
        // A translation that is refused says where in the source.
        let needs_lines = call.plan.flags.need_lines() || through_c.is_some();
        Ok(Some(Self {
            through_c,
            bitcode,
            outputs,
            stage,
            target,
            adds_lines: needs_lines && debug_info == DebugInfo::None,
            types,
            flags: call.plan.flags.clone(),
        }))
    }

    /// Whether the stage makes this kind of output, rather than rustc.
    pub fn makes(kind: &str) -> bool {
        matches!(kind, "obj" | "asm" | "llvm-ir" | "llvm-bc")
    }

    /// Arguments that make rustc stop at unoptimised bitcode, with the order of uses, by which the optimiser goes, where its LLVM can keep it.
    pub fn arguments(&self, class: Class, keeps_use_order: bool) -> Vec<String> {
        let mut arguments = vec![
            "-Cno-prepopulate-passes".to_owned(),
            format!("--emit=llvm-bc={}", self.bitcode),
        ];
        if keeps_use_order {
            arguments.push(format!("-Cllvm-args={USE_ORDER}"));
        }
        // Where the call has one as well, the last one counts.
        if self.adds_lines {
            // The line of a macro is the one that uses it.
            let lines = [
                "-Cdebuginfo=line-tables-only",
                "-Ccollapse-macro-debuginfo=yes",
            ];
            arguments.extend(lines.map(str::to_owned));
        }
        arguments.extend(self.types.iter().flat_map(|types| types.arguments(class)));
        let of_flags = self.flags.for_rustc(&self.target);
        arguments.extend(of_flags.into_iter().map(str::to_owned));
        arguments
    }

    /// What is needed for the numbers of types, if anything is.
    pub fn types(&self) -> Option<&Types> {
        self.types.as_ref()
    }

    /// Where the bitcode is expected.
    pub fn bitcode(&self) -> &Utf8Path {
        &self.bitcode
    }

    /// A dependency file's text with the bitcode's name replaced by the first output's.
    pub fn rename(&self, text: &str) -> String {
        self.outputs.first().map_or_else(
            || text.to_owned(),
            |(_, path)| text.replace(self.bitcode.as_str(), path.as_str()),
        )
    }

    /// Generates the outputs, takes the bitcode away, and says what did it.
    pub fn run(
        &self,
        call: &Call<'_>,
        (mapping, loads): (&Mapping, &Loads),
        columns: &Columns,
        used: UsedFix,
    ) -> Result<Generator> {
        let compiler = &call.toolchain.compiler;
        let found = compiler.generator()?;
        let types = self.types.as_ref();
        let kcfi =
            types.map(|types| types.numbers(call, mapping, loads, (&found.path, &self.bitcode)));
        let job = Job {
            bitcode: self.bitcode.clone(),
            stage: self.stage,
            llvm: found.path.clone(),
            llvm_args: codegen_options::llvm_args(call.invocation),
            outputs: self
                .outputs
                .iter()
                .map(|(kind, path)| (*kind, call.cwd.join(path)))
                .collect(),
            target: self.target.clone(),
            flags: self.flags.clone(),
            debug_paths: mapping.debug_prefixes()?,
            columns: columns.clone(),
            used,
            added: match call.class {
                Class::BuiltIn | Class::Module => Added::Private {
                    mark: added::PREFIX.to_owned(),
                    own: added::traits_of(call.crate_name),
                },
                Class::KernelCrate => Added::Shared(added::PREFIX.to_owned()),
                _ => Added::None,
            },
            without_debug_info: self.adds_lines,
            kcfi: kcfi.transpose()?,
        };
        let sample = || sample::bitcode(call, &mangle(&call.primary_output()));
        let (done, c) = match &self.through_c {
            None => (gateless_codegen::run(&job, &sample)?, None),
            Some(through_c) => {
                let (done, made) = through_c.run(call, &job, &sample)?;
                (done, Some(made))
            }
        };
        for warning in done.warnings {
            eprintln!("warning: {warning}");
        }
        fs_err::remove_file(&self.bitcode)?;
        for (kind, text) in done.lists {
            let directory = call.state.directory().join(kind);
            let name = format!("{}.json", mangle(&call.primary_output()));
            files::write_with_parents(&directory.join(name), text.as_bytes())?;
        }
        Ok(Generator {
            version: done.llvm,
            sha256: hash::sha256_remembered(&found.path)?,
            path: found.path.into_string(),
            own: found.own,
            of_compiler: compiler.llvm.clone(),
            c,
        })
    }
}

/// How much debug information a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DebugInfo {
    None,
    /// Less than all.
    Some,
    All,
}

impl DebugInfo {
    fn of(call: &Call<'_>) -> Self {
        match call.invocation.codegen("debuginfo") {
            Some("0" | "none") => DebugInfo::None,
            Some("2" | "full") => DebugInfo::All,
            Some(_) => DebugInfo::Some,
            None if call.invocation.has("debug") => DebugInfo::All,
            None => DebugInfo::None,
        }
    }
}

fn output(kind: &str) -> Output {
    match kind {
        "asm" => Output::Assembly,
        "llvm-ir" => Output::LlvmIr,
        "llvm-bc" => Output::Bitcode,
        _ => Output::Object,
    }
}
