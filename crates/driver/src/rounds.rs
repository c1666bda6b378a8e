//! The compiler is run until lowering has nothing more to learn from what it says.

use std::time::Duration;

use gateless_lower::{Lowered, Progress};
use gateless_model::Result;
use gateless_model::columns::Columns;
use gateless_model::record::Run;

use crate::call::Call;
use crate::columns;
use crate::compiler::{self, Ran};
use crate::diagnostics;
use crate::mapping::Mapping;
use crate::proof::{self, Proven, Told};
use crate::times::{Times, timed};

/// How often the compiler is asked before a crate is given up.
const ROUNDS: usize = 40;

/// How often the calls of a crate are proven before it is given up: each time other calls may be made another way.
const PROOFS: usize = 6;

/// What is made of a crate that compiled, beside the proof, which asks the compiler and so leaves a processor to it. It is taken away again if
/// the crate is refused, and made anew if the crate is compiled another way.
pub type Make<'m, T> = &'m (dyn Fn(&Columns) -> Result<T> + Sync);

/// How the crate is proven to mean the same.
pub struct Proof<'m, T> {
    /// Names of lowered files, and back.
    pub mapping: &'m Mapping,
    /// Columns of the lowered lines of the crates that it uses.
    pub columns: &'m Columns,
    /// What is made of it.
    pub make: Make<'m, T>,
}

/// The last run.
pub struct Last<T> {
    /// What the compiler was run with.
    pub run: Run,
    /// What came of it.
    pub ran: Ran,
    /// What is to be shown besides, in the form that the call wants.
    pub shown: String,
    /// Whether it compiled the mirror, rather than the originals.
    pub in_mirror: bool,
    /// What was made beside the proof, if there was one.
    pub made: Option<T>,
}

/// Runs the compiler as `run` says, which gets the lowered crate if the mirror is to be compiled: where lowering changed something, or
/// `always`. With `proof`, what compiles is proven to mean the same, and what doesn't is told in the original's own errors.
///
/// # Errors
/// If the compiler can't be run, or if lowering finds something that it can't do.
pub fn run<T: Send>(
    call: &Call<'_>,
    lowered: &mut Option<Lowered<'_>>,
    (always, proof): (bool, Option<Proof<'_, T>>),
    times: &mut Times,
    run: &dyn Fn(Option<&Lowered<'_>>) -> Result<Run>,
) -> Result<Last<T>> {
    let mut round = 0;
    let mut proofs = 0..PROOFS;
    let mut told = Told::default();
    let mut allows_imports = false;
    loop {
        let mirrored = lowered
            .as_ref()
            .filter(|lowered| always || lowered.changed());
        if let Some(lowered) = mirrored {
            timed(&mut times.rewriting, || lowered.write())?;
        }
        let in_mirror = mirrored.is_some();
        let mut run = run(mirrored)?;
        if allows_imports {
            run.args.push(format!("--force-warn={}", proof::IMPORTS));
        }
        let mut took = Duration::ZERO;
        let mut ran = timed(&mut took, || compiler::execute(call, &run))?;
        let compiles = ran.status.success();
        let mut unlowered = None;
        if !compiles
            && round < ROUNDS
            && let Some(lowered) = lowered
        {
            let heard = diagnostics::parse(&ran.stderr);
            match timed(&mut times.rewriting, || lowered.refine(&heard)) {
                Ok(Progress::Changed) => {
                    times.guiding.push(took);
                    round += 1;
                    continue;
                }
                Ok(Progress::Nothing) => {}
                Err(failure) => unlowered = Some(failure),
            }
        }
        // What is said of imports counts in the original, in which methods are methods.
        if unlowered.is_none()
            && !compiles
            && !allows_imports
            && lowered.as_ref().is_some_and(Lowered::is_to_be_proven)
            && proof::is_of_imports(&ran.stderr)
        {
            allows_imports = true;
            continue;
        }
        let mut made = None;
        if let Some(proof) = &proof
            && let Some(lowered) = lowered
            && proof::is_wanted(call, lowered, compiles)
            && proofs.next().is_some()
        {
            let (proven, beside) = beside(call, lowered, proof, (compiles, in_mirror), times);
            if compiles && !matches!(proven, Ok(Proven::Same(_))) {
                call.remove_outputs();
            }
            match proven? {
                Proven::Same(its) => {
                    told = its;
                    made = beside.transpose()?;
                }
                Proven::Stuck => {}
                Proven::Changed => {
                    times.guiding.push(took);
                    continue;
                }
                Proven::Refused(ran) => {
                    return Ok(Last {
                        run,
                        ran,
                        shown: String::new(),
                        in_mirror: true,
                        made: None,
                    });
                }
            }
        }
        if let Some(failure) = unlowered {
            return Err(failure);
        }
        times.compiling = took;
        ran.stderr = told.with(&ran.stderr);
        return Ok(Last {
            run,
            ran,
            shown: told.shown(),
            in_mirror,
            made,
        });
    }
}

/// Proves a crate, and makes what is to be made of it in the meantime if it compiles.
fn beside<T: Send>(
    call: &Call<'_>,
    lowered: &mut Lowered<'_>,
    proof: &Proof<'_, T>,
    (compiles, in_mirror): (bool, bool),
    times: &mut Times,
) -> (Result<Proven>, Option<Result<T>>) {
    if !compiles {
        let proven = proof::prove(call, lowered, proof.mapping, compiles, times);
        return (proven, None);
    }
    let columns = columns::all(in_mirror.then_some(&*lowered), proof.columns);
    std::thread::scope(|scope| {
        let making = scope.spawn(|| (proof.make)(&columns));
        let proven = proof::prove(call, lowered, proof.mapping, compiles, times);
        let made = match making.join() {
            Ok(made) => made,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        (proven, Some(made))
    })
}
