//! The gated build's target instead of the built-in one that stable rustc compiled for.

use std::str::FromStr;

use gateless_llvm::{
    CodeModel, FlagBehavior, MachineOptions, Module, OptLevel as MachineLevel, Reloc, TargetMachine,
};
use gateless_model::{Failure, Result};

const CPU: &str = "target-cpu";
const FEATURES: &str = "target-features";

/// What the gated build generates code for: its target specification and the code generation options next to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `llvm-target` of the target specification, such as `x86_64-linux-gnu`. Empty: the gated build compiles for the same built-in
    /// target, so triple and code model are those that rustc wrote.
    pub triple: String,
    /// `-Ctarget-cpu`, else `cpu` of the target specification, else `generic`. Empty: the one that rustc wrote, as for `native`.
    pub cpu: String,
    /// `features` of the target specification, such as `-mmx,+soft-float`; the features that rustc wrote into the bitcode come after them.
    pub features: String,
    /// `llvm-abiname` of the target specification (MIPS), else empty. Built-in targets of RISC-V have it in the bitcode, and LLVM finds those of
    /// LoongArch and PowerPC by triple and features.
    pub abi: String,
    /// `-Crelocation-model`: [`Reloc::Pic`] for `pic` and `pie`.
    pub reloc: Reloc,
    /// Whether the relocation model is `pie`.
    pub pie: bool,
    /// `-Ccode-model` as Kbuild passes it, else `code-model` of the target specification.
    pub code_model: CodeModel,
    /// `-Copt-level`.
    pub opt: OptLevel,
    /// Each function and variable in a section of its own, as the target specification says (`-Zfunction-sections` may say otherwise).
    pub function_sections: bool,
    /// What becomes of functions with equal bodies, as the target specification says (`-Zmerge-functions` may say otherwise).
    pub merging: Merging,
    /// `-Zrelax-elf-relocations`, else `relax-elf-relocations` of the target specification, else false: the linker may rewrite
    /// instructions that load from the global offset table (x86).
    pub relax_elf_relocations: bool,
}

/// rustc's `-Copt-level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptLevel {
    /// 0
    O0,
    /// 1
    O1,
    /// 2
    O2,
    /// 3
    O3,
    /// s
    Os,
    /// z
    Oz,
}

impl FromStr for OptLevel {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        Ok(match text {
            "0" => OptLevel::O0,
            "1" => OptLevel::O1,
            "2" => OptLevel::O2,
            "3" => OptLevel::O3,
            "s" => OptLevel::Os,
            "z" => OptLevel::Oz,
            _ => {
                return Err(
                    Failure::usage(format!("no optimisation level is called {text:?}"))
                        .help("rustc has 0, 1, 2, 3, s and z"),
                );
            }
        })
    }
}

/// What becomes of all but one of several functions with equal bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    /// They stay.
    Disabled,
    /// They jump to the one.
    Trampolines,
    /// They are other names of the one.
    Aliases,
}

/// The target with what it leaves to rustc filled in from the module: the triple and the code model of a built-in target.
///
/// rustc writes both into every module (`create_module`, compiler/rustc_codegen_llvm/src/context.rs), the model as LLVM's number
/// (`CodeModel::Model`, llvm/Support/CodeGen.h), if the target or an option names one.
pub fn complete(module: &Module, target: &Target) -> Result<Target> {
    let mut target = target.clone();
    if !target.triple.is_empty() {
        return Ok(target);
    }
    target.triple = module.triple()?;
    if target.code_model == CodeModel::Default {
        target.code_model = match module.flag("Code Model")? {
            None => CodeModel::Default,
            Some(0) => CodeModel::Tiny,
            Some(1) => CodeModel::Small,
            Some(2) => CodeModel::Kernel,
            Some(3) => CodeModel::Medium,
            Some(4) => CodeModel::Large,
            Some(other) => {
                return Err(Failure::failed(format!(
                    "the bitcode has code model {other}, which is none of LLVM's"
                )));
            }
        };
    }
    Ok(target)
}

/// Sets triple, processor, features (`of_flags` last) and position independence, and makes the machine that generates the code.
///
/// Fails if the machine lays data out otherwise than the bitcode does: then rustc has computed sizes and offsets for another target.
pub fn apply(module: &Module, target: &Target, of_flags: &str) -> Result<TargetMachine> {
    let triple = module.llvm().normalize_triple(&target.triple)?;
    let common = common_features(module)?;
    // Those that rustc found for `native` come before the specification's, so that it can take some of them back.
    let own = match target.cpu.is_empty() {
        true => join(&common, &target.features),
        false => join(&target.features, &common),
    };
    let features = join(&own, of_flags);
    let cpu = match target.cpu.as_str() {
        "" => cpu_of_rustc(module)?.unwrap_or_else(|| "generic".to_owned()),
        cpu => cpu.to_owned(),
    };
    let machine = TargetMachine::new(
        module.llvm(),
        &MachineOptions {
            triple: triple.clone(),
            cpu: cpu.clone(),
            features: features.clone(),
            abi: target.abi.clone(),
            reloc: target.reloc,
            code_model: target.code_model,
            opt: machine_level(target.opt),
        },
    )?;
    let (has, wants) = (module.data_layout()?, machine.data_layout()?);
    if has != wants {
        return Err(Failure::failed(format!("rustc laid data out as {has}, but {} wants {wants}", target.triple))
            .help("the built-in target that is compiled for must have the data layout of the gated build's"));
    }
    module.set_triple(&triple)?;
    for function in module.functions()? {
        // rustc puts both on everything that it declares itself; what the optimiser declared has neither.
        if function.text_attribute(CPU)?.is_some() {
            function.set_text_attribute(CPU, &cpu)?;
        }
        if let Some(own) = function.text_attribute(FEATURES)? {
            // The function's own come last, as with rustc.
            let own = own[common.len()..].trim_start_matches(',');
            function.set_text_attribute(FEATURES, &join(&features, own))?;
        } else if !features.is_empty() && function.text_attribute(CPU)?.is_some() {
            function.set_text_attribute(FEATURES, &features)?;
        }
    }
    levels(module, target)?;
    Ok(machine)
}

/// The PIC and PIE levels are what code generation goes by, more than by the machine's relocation model.
fn levels(module: &Module, target: &Target) -> Result<()> {
    if target.reloc == Reloc::Pic {
        module.set_flag(FlagBehavior::Min, "PIC Level", 2)?;
    } else if module.flag("PIC Level")?.is_some_and(|level| level > 0) {
        return Err(
            Failure::failed("the bitcode is position independent, the target is not")
                .help("pass rustc the relocation model of the gated build"),
        );
    }
    if target.pie {
        module.set_flag(FlagBehavior::Max, "PIE Level", 2)?;
    }
    if module.flag("Code Model")?.is_some() && target.code_model == CodeModel::Default {
        // Small, in LLVM's numbers: what every target has if nobody asks.
        module.set_flag(FlagBehavior::Error, "Code Model", 1)?;
    }
    Ok(())
}

/// The processor that rustc wrote, the same on all functions.
fn cpu_of_rustc(module: &Module) -> Result<Option<String>> {
    for function in module.functions()? {
        if let Some(cpu) = function.text_attribute(CPU)? {
            return Ok(Some(cpu));
        }
    }
    Ok(None)
}

/// Whether no function names a processor, so that the module does not tell the built-in target's.
pub fn names_none(module: &Module) -> Result<bool> {
    Ok(cpu_of_rustc(module)?.is_none())
}

/// Takes the processor, where the call names none, and the features of a built-in target from another module for it.
pub fn learn(target: &mut Target, sample: &Module) -> Result<()> {
    if target.cpu.is_empty() {
        target.cpu = cpu_of_rustc(sample)?.unwrap_or_default();
    }
    target.features = common_features(sample)?;
    Ok(())
}

/// The features that all functions have in common: rustc writes the crate's before those of `#[target_feature]`.
fn common_features(module: &Module) -> Result<String> {
    let mut common: Option<Vec<String>> = None;
    for function in module.functions()? {
        let features = match function.text_attribute(FEATURES)? {
            Some(features) => features,
            // The crate has no features, only functions of it do.
            None if function.text_attribute(CPU)?.is_some() => String::new(),
            None => continue,
        };
        match &mut common {
            None => common = Some(features.split(',').map(str::to_owned).collect()),
            Some(common) => {
                let same = common
                    .iter()
                    .zip(features.split(','))
                    .take_while(|(a, b)| a.as_str() == *b)
                    .count();
                common.truncate(same);
            }
        }
    }
    Ok(common.unwrap_or_default().join(","))
}

/// Two feature lists in a row, either of which may be empty.
fn join(first: &str, second: &str) -> String {
    match (first, second) {
        ("", list) | (list, "") => list.to_owned(),
        (first, second) => format!("{first},{second}"),
    }
}

/// `to_llvm_opt_settings` of rustc: how hard code generation tries at each level.
fn machine_level(level: OptLevel) -> MachineLevel {
    match level {
        OptLevel::O0 => MachineLevel::None,
        OptLevel::O1 => MachineLevel::Less,
        OptLevel::O2 | OptLevel::Os | OptLevel::Oz => MachineLevel::Default,
        OptLevel::O3 => MachineLevel::Aggressive,
    }
}

#[cfg(test)]
mod tests {
    use gateless_llvm::CodeModel;

    use crate::testing::{Fixture, flags};

    const TWO: &str = "define void @f() \"target-cpu\"=\"x86-64\" \"target-features\"=\"-mmx,-sse\" { ret void }\n\
        define void @g() \"target-cpu\"=\"x86-64\" \"target-features\"=\"-mmx,-sse,+avx\" { ret void }\n\
        declare void @llvm.trap()";

    fn apply(fixture: &Fixture, options: &[&str]) -> String {
        let module = fixture.module();
        super::apply(&module, &fixture.target, &flags(options).features()).unwrap();
        module.to_text().unwrap()
    }

    #[test]
    fn features_come_in_rustcs_order_and_a_functions_own_stay_last() {
        let mut fixture = Fixture::x86(TWO);
        fixture.target.features = "+soft-float".into();
        let text = apply(&fixture, &["-Zretpoline"]);
        let common = "\"target-features\"=\"+soft-float,-mmx,-sse,+retpoline-indirect-branches,+retpoline-indirect-calls";
        assert!(
            text.contains(&format!("{common}\"")) && text.contains(&format!("{common},+avx\"")),
            "{text}"
        );
    }

    #[test]
    fn triple_and_processor_are_the_gated_builds() {
        let text = apply(&Fixture::x86(TWO), &[]);
        assert!(
            text.contains("target triple = \"x86_64-unknown-linux-gnu\""),
            "{text}"
        );
        assert_eq!(
            text.matches("\"target-cpu\"=\"generic\"").count(),
            2,
            "{text}"
        );
    }

    #[test]
    fn an_empty_processor_is_the_one_that_rustc_wrote_and_its_features_come_first() {
        let mut fixture = Fixture::x86(TWO);
        fixture.target.cpu = String::new();
        fixture.target.features = "-apxf".into();
        let text = apply(&fixture, &[]);
        assert!(
            text.contains("\"target-cpu\"=\"x86-64\"") && text.contains("\"-mmx,-sse,-apxf\""),
            "{text}"
        );
    }

    #[test]
    fn a_built_in_target_is_what_rustc_wrote() {
        for (number, model) in [(1, CodeModel::Small), (3, CodeModel::Medium)] {
            let body = format!(
                "!llvm.module.flags = !{{!0}}\n!0 = !{{i32 1, !\"Code Model\", i32 {number}}}"
            );
            let mut fixture = Fixture::arm64(&body);
            fixture.target.triple = String::new();
            let target = super::complete(&fixture.module(), &fixture.target).unwrap();
            assert_eq!(
                (target.triple.as_str(), target.code_model),
                ("aarch64-unknown-none", model)
            );
        }
        let bad = "!llvm.module.flags = !{!0}\n!0 = !{i32 1, !\"Code Model\", i32 9}";
        let mut fixture = Fixture::arm64(bad);
        fixture.target.triple = String::new();
        assert!(super::complete(&fixture.module(), &fixture.target).is_err());
    }

    #[test]
    fn position_independent_bitcode_for_a_static_target_is_refused() {
        let fixture =
            Fixture::x86("!llvm.module.flags = !{!0}\n!0 = !{i32 8, !\"PIC Level\", i32 2}");
        let failure = super::apply(&fixture.module(), &fixture.target, "")
            .err()
            .unwrap();
        assert!(failure.what.contains("position independent"), "{failure}");
    }

    #[test]
    fn a_pie_has_both_levels() {
        let mut fixture = Fixture::x86("").pic();
        fixture.target.pie = true;
        let text = apply(&fixture, &[]);
        assert!(
            text.contains("!{i32 8, !\"PIC Level\", i32 2}")
                && text.contains("!{i32 7, !\"PIE Level\", i32 2}"),
            "{text}"
        );
    }
}
