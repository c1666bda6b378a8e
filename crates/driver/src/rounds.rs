//! The compiler is run until lowering has nothing more to learn from what it says.

use std::time::Duration;

use camino::Utf8Path;
use gateless_lower::{Lowered, Progress};
use gateless_model::Result;
use gateless_model::record::Run;

use crate::call::Call;
use crate::compiler::{self, Ran};
use crate::diagnostics;
use crate::times::{Times, timed};

/// How often the compiler is asked before a crate is given up.
const ROUNDS: usize = 40;

/// The last run.
pub struct Last {
    /// What the compiler was run with.
    pub run: Run,
    /// What came of it.
    pub ran: Ran,
    /// Whether it compiled the mirror, rather than the originals.
    pub in_mirror: bool,
}

/// Runs the compiler as `run` says, which gets the lowered root if the mirror is to be compiled: where lowering changed something, or
/// `always`.
///
/// # Errors
/// If the compiler can't be run, or if lowering finds something that it can't do.
pub fn run(
    call: &Call<'_>,
    lowered: &mut Option<Lowered<'_>>,
    always: bool,
    times: &mut Times,
    run: &dyn Fn(Option<&Utf8Path>) -> Result<Run>,
) -> Result<Last> {
    let mut round = 0;
    loop {
        let mirrored = lowered
            .as_ref()
            .filter(|lowered| always || lowered.changed());
        if let Some(lowered) = mirrored {
            timed(&mut times.rewriting, || lowered.write())?;
        }
        let in_mirror = mirrored.is_some();
        let run = run(mirrored.map(Lowered::root))?;
        let mut took = Duration::ZERO;
        let ran = timed(&mut took, || compiler::execute(call, &run))?;
        if !ran.status.success()
            && round < ROUNDS
            && let Some(lowered) = lowered
        {
            let heard = diagnostics::parse(&ran.stderr);
            if timed(&mut times.rewriting, || lowered.refine(&heard))? == Progress::Changed {
                times.guiding.push(took);
                round += 1;
                continue;
            }
        }
        times.compiling = took;
        return Ok(Last {
            run,
            ran,
            in_mirror,
        });
    }
}
