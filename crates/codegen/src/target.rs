//! The gated build's target instead of the built-in one that stable rustc compiled for.

use gateless_llvm::{CodeModel, FlagBehavior, MachineOptions, Module, OptLevel as MachineLevel, Reloc, TargetMachine};
use gateless_model::{Failure, Result};

use crate::{OptLevel, Target};

const CPU: &str = "target-cpu";
const FEATURES: &str = "target-features";

/// Sets triple, processor, features and position independence, and makes the machine that generates the code.
///
/// Fails if the machine lays data out otherwise than the bitcode does: then rustc has computed sizes and offsets for another target.
pub fn apply(module: &Module, target: &Target) -> Result<TargetMachine> {
    if target.function_sections {
        return Err(Failure::failed("a section for each function is not implemented in code generation").help("build without -Zfunction-sections=y"));
    }
    let triple = module.llvm().normalize_triple(&target.triple)?;
    let features = join(&target.features, &common_features(module)?);
    let machine = TargetMachine::new(
        module.llvm(),
        &MachineOptions {
            triple: triple.clone(),
            cpu: target.cpu.clone(),
            features,
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
            function.set_text_attribute(CPU, &target.cpu)?;
        }
        if let Some(features) = function.text_attribute(FEATURES)? {
            function.set_text_attribute(FEATURES, &join(&target.features, &features))?;
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
        return Err(Failure::failed("the bitcode is position independent, the target is not")
            .help("pass rustc the relocation model of the gated build"));
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

/// The features that all functions have in common: rustc writes the crate's before those of `#[target_feature]`.
fn common_features(module: &Module) -> Result<String> {
    let mut common: Option<Vec<String>> = None;
    for function in module.functions()? {
        let Some(features) = function.text_attribute(FEATURES)? else { continue };
        match &mut common {
            None => common = Some(features.split(',').map(str::to_owned).collect()),
            Some(common) => {
                let same = common.iter().zip(features.split(',')).take_while(|(a, b)| a.as_str() == *b).count();
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
