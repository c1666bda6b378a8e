//! What comes before the back end: reading the bitcode, and giving the module everything that the gated build's has before its optimiser runs.

use gateless_kcfi::Numbers;
use gateless_llvm::{Context, Llvm, Module, TargetMachine};
use gateless_model::{Failure, Result};

use crate::backend::llvm::{llvm_args, options};
use crate::ir::{
    added, columns, const_operands, debug_paths, kcfi, names, no_unwinding, receivers, used,
};
use crate::{Added, Job, Sample, Stage, Target, producer, target};

/// A module with all flags applied, for a back end.
pub struct Prepared {
    /// The module.
    pub module: Module,
    /// For what rustc has laid data out, and what LLVM's passes go by.
    pub machine: TargetMachine,
    /// What code is generated for, as the flags have it.
    pub target: Target,
}

/// Reads the bitcode of `job` and applies all that is asked for before the optimiser.
///
/// Fails if the bitcode cannot be read, if it is for another data layout than the target, or if a flag does not fit the target.
pub fn prepare(job: &Job, sample: Sample<'_>) -> Result<Prepared> {
    let llvm = Llvm::load(&job.llvm)?;
    // LLVM's options hold for a whole process, and its passes go by some of them.
    let llvm_args = llvm_args::of_library(&job.llvm_args)?;
    if job.stage != Stage::Unoptimised {
        job.flags.check_optimised()?;
    }
    let mut wanted = job.target.clone();
    job.flags.adjust(&mut wanted);
    options::set(llvm, wanted.merging, &job.flags.llvm_options(), &llvm_args)?;
    let bitcode = fs_err::read(&job.bitcode)?;
    producer::check(llvm, &bitcode, job.bitcode.as_str())?;
    let context = Context::new(llvm)?;
    let few_names = names::few(&job.outputs);
    if few_names {
        context.discard_local_names()?;
    }
    let mut module = Module::from_bitcode(&context, &bitcode, job.bitcode.as_str())?;
    drop(bitcode);
    module.name_after_source()?;
    let mut wanted = target::complete(&module, &wanted)?;
    if job.target.triple.is_empty() && target::names_none(&module)? {
        let path = sample()?;
        let bitcode = fs_err::read(&path)?;
        fs_err::remove_file(&path)?;
        target::learn(
            &mut wanted,
            &Module::from_bitcode(&context, &bitcode, path.as_str())?,
        )?;
    }
    let machine = apply(job, &wanted, &mut module)?;
    if job.stage == Stage::Prebuilt {
        no_unwinding::apply(&mut module, &machine)?;
    }
    if job.stage != Stage::Optimised {
        match &job.added {
            Added::None => {}
            Added::Private { mark, own } => {
                added::publish(&module, mark)?;
                added::dissolve(&mut module, &machine, mark, own)?;
            }
            Added::Shared(mark) => added::forget_module(&mut module, mark)?,
        }
        names::remove_private(&module, few_names)?;
    }
    Ok(Prepared {
        module,
        machine,
        target: wanted,
    })
}

/// Applies the flags and the target, and undoes what lowering did to names and lists.
fn apply(job: &Job, wanted: &Target, module: &mut Module) -> Result<TargetMachine> {
    if let Some(numbers) = numbers(job)? {
        kcfi::annotate(module, numbers)?;
    }
    const_operands::apply(module)?;
    if job.stage == Stage::Prebuilt {
        job.flags.rewrite_prebuilt(module)?;
    }
    job.flags.rewrite(module, wanted)?;
    job.flags.apply(module, wanted)?;
    if let Some(numbers) = &job.kcfi {
        kcfi::flag(module, numbers)?;
    }
    let machine = target::apply(module, wanted, &job.flags.features())?;
    used::apply(module, &job.used)?;
    columns::apply(module, &job.columns)?;
    if let Added::Private { mark, .. } = &job.added {
        added::make_private(module, mark)?;
    }
    receivers::apply(module, &job.debug_paths)?;
    debug_paths::apply(module, &job.debug_paths)?;
    Ok(machine)
}

/// The numbers of types, which are there exactly where a flag needs them.
fn numbers(job: &Job) -> Result<Option<&Numbers>> {
    let has = job.kcfi.as_ref().map(|numbers| numbers.normalized);
    match job.flags.need_types() == has {
        true => Ok(job.kcfi.as_ref()),
        false => Err(Failure::failed(
            "the numbers of function types are missing, or are others than asked for",
        )),
    }
}
