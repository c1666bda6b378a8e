//! What a process costs: wall time and peak memory, over itself and everything it waited for.

use std::process::{Command, ExitStatus};
use std::time::Instant;

use gateless_model::{Failure, Result};
use wait4::Wait4 as _;

/// The cost of one process.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Wall time in seconds.
    pub seconds: f64,
    /// Largest resident size in KiB that any single process of the tree had.
    pub max_rss_kib: u64,
    /// How it ended.
    pub status: ExitStatus,
}

/// Runs `command` to its end and measures it.
///
/// # Errors
/// If it can't be started or waited for; that it fails is no error here.
pub fn measure(command: &mut Command) -> Result<Cost> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |error| Failure::failed(format!("{program} can't be run")).because(error);
    let start = Instant::now();
    let used = command.spawn().map_err(failed)?.wait4().map_err(failed)?;
    Ok(Cost {
        seconds: start.elapsed().as_secs_f64(),
        max_rss_kib: used.rusage.maxrss / 1024,
        status: used.status,
    })
}

/// The median; of an even number of values the mean of the two in the middle. `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(match sorted.len() % 2 {
        0 => (sorted[middle - 1] + upper) / 2.0,
        _ => upper,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_grandchildren_is_seen() {
        // The shell waits for dd, which holds a buffer of 64 MiB.
        let script = "dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null; exit 3";
        let cost = measure(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(cost.status.code(), Some(3));
        assert!((64 << 10..1 << 20).contains(&cost.max_rss_kib), "{cost:?}");
        assert!(cost.seconds > 0.0);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
