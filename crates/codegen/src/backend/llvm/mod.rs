//! The back end that is rustc's own LLVM: optimise if rustc has not, generate each output, fix up finished objects.

pub mod llvm_args;
pub mod optimise;
pub mod options;

use gateless_base::Outputs;
use gateless_llvm::{FileKind, Module, TargetMachine};
use gateless_model::Result;

use crate::ir::structors;
use crate::object::function_sections::{self, Group};
use crate::object::{arm_attributes, relocations};
use crate::{Job, Lists, Output, Prepared, Stage, Target};

/// The outputs of `job`, each under a temporary name for now, and what flags say of the optimised module.
///
/// Fails if a flag refuses what is in it, if LLVM cannot generate the code, or if an output cannot be written.
pub fn generate(job: &Job, prepared: Prepared) -> Result<(Outputs, Vec<String>, Lists)> {
    let Prepared {
        mut module,
        machine,
        target,
    } = prepared;
    options::check(module.llvm(), &machine)?;
    if job.stage != Stage::Optimised {
        optimise::run(&mut module, &machine, &target, &job.flags)?;
    }
    let (warnings, lists) = job.flags.inspect(&module)?;
    if job.without_debug_info {
        module.remove_debug_info()?;
    }
    let mut outputs = Outputs::default();
    // Generating code uses a module up, so what only describes it comes first, and all but the last get a copy.
    for (kind, path) in &job.outputs {
        match kind {
            Output::LlvmIr => outputs.add(path, module.to_text()?.as_bytes())?,
            Output::Bitcode => outputs.add(path, module.to_bitcode()?.bytes()?)?,
            Output::Object | Output::Assembly => {}
        }
    }
    structors::apply(&mut module)?;
    let group = if target.function_sections {
        function_sections::apply(&module, &machine)?
    } else {
        None
    };
    let mut generated: Vec<_> = job
        .outputs
        .iter()
        .filter_map(|(kind, path)| Some((file_kind(*kind)?, path)))
        .collect();
    let last = generated.pop();
    for (kind, path) in generated {
        outputs.add(
            path,
            &emit(
                job,
                &target,
                &machine,
                group.as_ref(),
                module.try_clone()?,
                kind,
            )?,
        )?;
    }
    if let Some((kind, path)) = last {
        outputs.add(
            path,
            &emit(job, &target, &machine, group.as_ref(), module, kind)?,
        )?;
    }
    Ok((outputs, warnings, lists))
}

fn emit(
    job: &Job,
    target: &Target,
    machine: &TargetMachine,
    group: Option<&Group>,
    module: Module,
    kind: FileKind,
) -> Result<Vec<u8>> {
    let has_functions = !module.functions()?.is_empty();
    let mut bytes = machine.emit(module, kind)?.bytes()?.to_vec();
    if kind == FileKind::Assembly
        && let Some(group) = group
    {
        let text = String::from_utf8_lossy(&bytes);
        bytes = group.dissolve_text(&text).into_bytes();
    }
    if kind == FileKind::Object {
        if let Some(group) = group {
            bytes = group.dissolve(&bytes)?;
        }
        // Of no function LLVM says that it is like all others.
        if has_functions {
            arm_attributes::apply(&mut bytes)?;
        }
        if !target.relax_elf_relocations {
            relocations::make_plain(&mut bytes)?;
        }
        bytes = job.flags.finish(bytes)?;
    }
    Ok(bytes)
}

fn file_kind(output: Output) -> Option<FileKind> {
    match output {
        Output::Object => Some(FileKind::Object),
        Output::Assembly => Some(FileKind::Assembly),
        Output::LlvmIr | Output::Bitcode => None,
    }
}
