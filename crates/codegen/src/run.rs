//! The pipeline.

use gateless_llvm::{Context, FileKind, Llvm, Module, Severity, TargetMachine};
use gateless_model::{Failure, Result};

use crate::write::Outputs;
use crate::{Done, Job, Output, Stage, debug_paths, names, optimise, options, relocations, target, used};

/// Does what `job` asks for. Either all outputs are written, each under a temporary name first, or none.
///
/// Fails if the bitcode cannot be read, if it is for another data layout than the target, if a flag does not fit the target,
/// if LLVM cannot generate the code, or if an output cannot be written.
pub fn run(job: &Job) -> Result<Done> {
    let llvm = Llvm::load(&job.llvm)?;
    options::set(llvm, &job.llvm_args)?;
    let bitcode = fs_err::read(&job.bitcode)?;
    let context = Context::new(llvm)?;
    let few_names = names::few(&job.outputs);
    if few_names {
        context.discard_local_names()?;
    }
    let mut module = Module::from_bitcode(&context, &bitcode, job.bitcode.as_str())?;
    drop(bitcode);
    let machine = prepare(job, &mut module)?;
    if job.stage == Stage::Unoptimised {
        if few_names {
            names::remove_private(&module)?;
        }
        optimise::run(&mut module, &machine, job.target.opt)?;
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
    let mut generated: Vec<_> = job.outputs.iter().filter_map(|(kind, path)| Some((file_kind(*kind)?, path))).collect();
    let last = generated.pop();
    for (kind, path) in generated {
        outputs.add(path, &emit(job, &machine, module.try_clone()?, kind)?)?;
    }
    if let Some((kind, path)) = last {
        outputs.add(path, &emit(job, &machine, module, kind)?)?;
    }
    let said = context.check(&format!("LLVM refuses the code of {}", job.bitcode))?;
    outputs.finish()?;
    let warnings = said.into_iter().filter(|said| said.severity == Severity::Warning).map(|said| said.text).collect();
    Ok(Done { warnings })
}

/// Gives the module everything that the gated build's has before its optimiser runs.
fn prepare(job: &Job, module: &mut Module) -> Result<TargetMachine> {
    let machine = target::apply(module, &job.target)?;
    for flag in &job.flags {
        flag.apply(module, &job.target)
            .map_err(|failure| Failure { what: format!("{}: {}", flag.name(), failure.what), ..failure })?;
    }
    used::apply(module, &job.used)?;
    debug_paths::apply(module, &job.debug_paths)?;
    Ok(machine)
}

fn emit(job: &Job, machine: &TargetMachine, module: Module, kind: FileKind) -> Result<Vec<u8>> {
    let mut bytes = machine.emit(module, kind)?.bytes()?.to_vec();
    if kind == FileKind::Object && !job.target.relax_elf_relocations {
        relocations::make_plain(&mut bytes)?;
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
