//! The compiler is run until lowering has nothing more to learn from what it says.

use std::time::Duration;

use gateless_lower::{Lowered, Progress};
use gateless_model::Result;
use gateless_model::record::Run;

use crate::call::Call;
use crate::compiler::{self, Ran};
use crate::diagnostics;
use crate::mapping::Mapping;
use crate::proof::{self, Proven, Told};
use crate::times::{Times, timed};

/// How often the compiler is asked before a crate is given up.
const ROUNDS: usize = 40;

/// How often the calls of a crate are proven before it is given up: each time other calls may be made another way.
const PROOFS: usize = 6;

/// The last run.
pub struct Last {
    /// What the compiler was run with.
    pub run: Run,
    /// What came of it.
    pub ran: Ran,
    /// What is to be shown besides, in the form that the call wants.
    pub shown: String,
    /// Whether it compiled the mirror, rather than the originals.
    pub in_mirror: bool,
}

/// Runs the compiler as `run` says, which gets the lowered crate if the mirror is to be compiled: where lowering changed something, or
/// `always`. With `proven_by`, what compiles is proven to mean the same, and what doesn't is told in the original's own errors.
///
/// # Errors
/// If the compiler can't be run, or if lowering finds something that it can't do.
pub fn run(
    call: &Call<'_>,
    lowered: &mut Option<Lowered<'_>>,
    (always, proven_by): (bool, Option<&Mapping>),
    times: &mut Times,
    run: &dyn Fn(Option<&Lowered<'_>>) -> Result<Run>,
) -> Result<Last> {
    let mut round = 0;
    let mut proofs = 0..PROOFS;
    let mut told = Told::default();
    loop {
        let mirrored = lowered
            .as_ref()
            .filter(|lowered| always || lowered.changed());
        if let Some(lowered) = mirrored {
            timed(&mut times.rewriting, || lowered.write())?;
        }
        let in_mirror = mirrored.is_some();
        let run = run(mirrored)?;
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
        if let Some(mapping) = proven_by
            && let Some(lowered) = lowered
            && proof::is_wanted(call, lowered, compiles)
            && proofs.next().is_some()
        {
            let proven = proof::prove(call, lowered, mapping, compiles, times);
            if compiles && !matches!(proven, Ok(Proven::Same(_))) {
                call.remove_outputs();
            }
            match proven? {
                Proven::Same(its) => told = its,
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
            shown: told.dead.unwrap_or_default(),
            in_mirror,
        });
    }
}
