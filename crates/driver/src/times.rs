//! How long the parts of a compiler call took, for whoever asks: with `GATELESS_TIMES=FILE` in the environment each call adds a line of JSON to FILE.
//!
//! Records hold no times, so that two builds of the same inputs have the same records.

use std::io::Write as _;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use gateless_model::{Failure, Result};
use serde_json::json;

/// Names the file.
const VARIABLE: &str = "GATELESS_TIMES";

/// The parts of one call.
#[derive(Debug, Default)]
pub struct Times {
    /// Lowering itself: reading the sources, rewriting them, writing the mirror and the files for patches.
    pub rewriting: Duration,
    /// Runs of the compiler whose diagnostics went back to lowering.
    pub guiding: Vec<Duration>,
    /// The run of the compiler that counts.
    pub compiling: Duration,
    /// From bitcode to the object.
    pub generating: Duration,
}

impl Times {
    /// Adds a line for the call that made `output`, if that is asked for.
    ///
    /// # Errors
    /// If the line can't be written.
    pub fn write(&self, output: &str, crate_name: &str) -> Result<()> {
        let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) else {
            return Ok(());
        };
        let path = std::path::PathBuf::from(path);
        let path = Utf8Path::from_path(&path)
            .ok_or_else(|| Failure::usage(format!("{VARIABLE} is not UTF-8")))?;
        let line = format!("{}\n", self.json(output, crate_name));
        // A line is written at once: calls of one make add theirs at the same time.
        fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?
            .write_all(line.as_bytes())?;
        Ok(())
    }

    fn json(&self, output: &str, crate_name: &str) -> serde_json::Value {
        json!({
            "version": 1,
            "output": output,
            "crate": crate_name,
            "rewriting_seconds": self.rewriting.as_secs_f64(),
            "guiding_runs": self.guiding.len(),
            "guiding_seconds": self.guiding.iter().sum::<Duration>().as_secs_f64(),
            "compiling_seconds": self.compiling.as_secs_f64(),
            "generating_seconds": self.generating.as_secs_f64(),
        })
    }
}

/// Does `work`, and adds what it took to `sum`.
pub fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    *sum += start.elapsed();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guiding_runs_are_told_from_the_run_that_counts() {
        let mut times = Times::default();
        times.guiding.push(Duration::from_millis(1500));
        times.guiding.push(Duration::from_millis(500));
        timed(&mut times.compiling, || {
            std::thread::sleep(Duration::from_millis(5));
        });
        let line = times.json("a.o", "a");
        assert_eq!(line["guiding_runs"], 2);
        assert_eq!(line["guiding_seconds"], 2.0);
        assert!(line["compiling_seconds"].as_f64() >= Some(0.005));
        assert_eq!(line["rewriting_seconds"], 0.0);
    }
}
