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
use crate::proof::{self, Ahead, Asking, Proven, Told};
use crate::times::{Times, timed};

/// How often the compiler is asked before a crate is given up.
const ROUNDS: usize = 40;

/// How often the calls of a crate are proven before it is given up: each time other calls may be made another way.
const PROOFS: usize = 6;

/// What is made of a crate that compiled, beside the proof, which asks the compiler and so leaves a processor to it. It is taken away again if
/// the crate is refused, and made anew if the crate is compiled another way.
pub type Make<'m, T> = &'m (dyn Fn(&Columns) -> Result<T> + Sync);

/// How the crate is proven to mean the same.
pub struct Proof<'m, 'l, T> {
    /// How it is asked about.
    pub asking: Asking<'m, 'l>,
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
    /// What is to be shown before and after that, in the form that the call wants.
    pub shown: (String, String),
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
pub fn run<'l, T: Send>(
    call: &Call<'_>,
    lowered: &mut Option<Lowered<'l>>,
    (always, proof): (bool, Option<Proof<'_, 'l, T>>),
    times: &mut Times,
    run: &dyn Fn(Option<&Lowered<'_>>) -> Result<Run>,
) -> Result<Last<T>> {
    let mut round = 0;
    let mut proofs = 0..PROOFS;
    let mut told = Told::default();
    let mut allows_imports = false;
    let mut ahead = None;
    let mut is_first = true;
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
        if std::mem::take(&mut is_first) {
            ahead = proof
                .as_ref()
                .zip(lowered.as_ref())
                .and_then(|(proof, lowered)| Ahead::of(call, lowered, &proof.asking));
        }
        let (mut ran, took) = execute(call, &run, ahead.as_mut())?;
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
        if compiles && let Some(lowered) = lowered {
            match lowered.settle_functions() {
                Ok(false) => {}
                Ok(true) => {
                    times.guiding.push(took);
                    continue;
                }
                Err(failure) => {
                    call.remove_outputs();
                    return Err(failure);
                }
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
            let state = (compiles, in_mirror, ahead.take());
            let (proven, beside) = beside(call, lowered, proof, state, times);
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
                Proven::Refused(status, shown) => {
                    let stderr = String::new();
                    return Ok(Last {
                        run,
                        ran: Ran { status, stderr },
                        shown: (shown, String::new()),
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
        ran.stderr = told.rest(&ran.stderr);
        return Ok(Last {
            run,
            ran,
            shown: told.shown(),
            in_mirror,
            made,
        });
    }
}

/// Runs the compiler, and asks it beside that what was not asked yet.
fn execute(call: &Call<'_>, run: &Run, ahead: Option<&mut Ahead<'_>>) -> Result<(Ran, Duration)> {
    let timely = |run: &Run| {
        let mut took = Duration::ZERO;
        let ran = timed(&mut took, || compiler::execute(call, run))?;
        Ok((ran, took))
    };
    let Some(ahead) = ahead.filter(|ahead| !ahead.is_answered()) else {
        return timely(run);
    };
    let question = ahead.run().clone();
    let (ran, answer) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| timely(&question));
        (timely(run), asking.join())
    });
    match answer {
        Ok(answer) => ahead.take(answer.ok()),
        Err(panic) => std::panic::resume_unwind(panic),
    }
    ran
}

/// Proves a crate, and makes what is to be made of it in the meantime if it compiles.
fn beside<'l, T: Send>(
    call: &Call<'_>,
    lowered: &mut Lowered<'l>,
    proof: &Proof<'_, 'l, T>,
    (compiles, in_mirror, ahead): (bool, bool, Option<Ahead<'l>>),
    times: &mut Times,
) -> (Result<Proven>, Option<Result<T>>) {
    let asking = &proof.asking;
    if !compiles {
        let proven = proof::prove(call, lowered, asking, (compiles, ahead), times);
        return (proven, None);
    }
    let columns = columns::all(in_mirror.then_some(&*lowered), proof.columns);
    std::thread::scope(|scope| {
        let making = scope.spawn(|| (proof.make)(&columns));
        let proven = proof::prove(call, lowered, asking, (compiles, ahead), times);
        let made = match making.join() {
            Ok(made) => made,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        (proven, Some(made))
    })
}
