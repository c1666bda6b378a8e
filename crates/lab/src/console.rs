//! Running a machine as a process of the host: its console in a file, a time limit, nothing left behind.

use std::io::{Read as _, Seek as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use gateless_model::{Failure, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// A console that prints more than this is a kernel that prints for ever.
const LARGEST_LOG: u64 = 16 << 20;
const POLL: Duration = Duration::from_millis(20);

/// How a machine stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal, which was not ours.
    Killed(i32),
    /// The time limit was reached, and it was killed.
    TimedOut(Duration),
    /// Its console went beyond the limit of this many bytes, and it was killed.
    Flooded(u64),
    /// Not known: there is only its log.
    Unknown,
}

/// What is known while a machine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Results of test cases so far.
    pub tests: usize,
    /// Results of them that are `not ok`.
    pub failed: usize,
    /// Bytes on the console so far.
    pub bytes: u64,
    /// For how long the console has been quiet, where that is so long that the machine may hang.
    pub quiet: Option<Duration>,
}

/// A console that is quiet for longer may be a machine that hangs; a single test may take longer, too.
const QUIET: Duration = Duration::from_secs(60);

/// The last lines of a console, without those that are empty.
pub fn last_lines(log: &Utf8Path, count: usize) -> Result<Vec<String>> {
    let text = String::from_utf8_lossy(&fs_err::read(log)?).into_owned();
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .map(|line| line.trim_end().to_owned())
        .filter(|line| !line.is_empty())
        .take(count)
        .collect();
    lines.reverse();
    Ok(lines)
}

/// Runs `command` until it ends, with its output and errors in the file `log`, which is emptied first and grows
/// while the machine runs. `progress` is called whenever the console has grown, and once
/// when it has been quiet for long.
///
/// The process gets its own group and no terminal; the whole group is killed at the time limit, when the console
/// floods, when gateless is interrupted, and at the end for what the machine left running.
///
/// # Errors
/// If the command can't be started, the log can't be written, or gateless was interrupted by a signal.
pub fn run(
    command: &mut Command,
    log: &Utf8Path,
    limit: Duration,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ended> {
    let output = fs_err::File::create(log)?;
    let errors = output.try_clone()?;
    let mut console = fs_err::File::open(log)?;
    let signals = Signals::watch()?;
    command
        .stdin(Stdio::null())
        .stdout(output.into_parts().0)
        .stderr(errors.into_parts().0)
        .process_group(0);
    let child = command.spawn().map_err(|error| {
        let program = command.get_program().to_string_lossy();
        Failure::failed(format!("{program} can't be started")).because(error)
    })?;
    let mut group = Group { child };
    let start = Instant::now();
    let mut counter = Counter::default();
    let quiet = QUIET.min(limit / 4);
    let mut grown = start;
    let mut said = false;
    loop {
        let status = group.child.try_wait()?;
        if counter.read(&mut console)? {
            (grown, said) = (Instant::now(), false);
            progress(counter.progress);
        } else if !said && status.is_none() && grown.elapsed() >= quiet {
            said = true;
            progress(Progress {
                quiet: Some(grown.elapsed()),
                ..counter.progress
            });
        }
        if let Some(status) = status {
            return Ok(ended(status));
        }
        if signals.seen() {
            return Err(Failure::failed("interrupted")
                .help(format!("what the machine printed is in {log}")));
        }
        if start.elapsed() >= limit {
            return Ok(Ended::TimedOut(limit));
        }
        if counter.progress.bytes > LARGEST_LOG {
            return Ok(Ended::Flooded(LARGEST_LOG));
        }
        std::thread::sleep(POLL);
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, Some(signal)) => Ended::Killed(signal),
        (None, None) => Ended::Unknown,
    }
}

/// The process group of a child; killed when dropped, so that no way out of [`run`] leaves a machine running.
struct Group {
    child: Child,
}

impl Drop for Group {
    fn drop(&mut self) {
        // Errors mean that nobody is left, which is what is wanted.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// A flag that the signals of an interruption set, for as long as this lives.
struct Signals {
    seen: Arc<AtomicBool>,
    ids: Vec<SigId>,
}

impl Signals {
    fn watch() -> Result<Self> {
        let mut signals = Signals {
            seen: Arc::new(AtomicBool::new(false)),
            ids: Vec::new(),
        };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signals.ids.push(signal_hook::flag::register(
                signal,
                Arc::clone(&signals.seen),
            )?);
        }
        Ok(signals)
    }

    fn seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in &self.ids {
            signal_hook::low_level::unregister(*id);
        }
    }
}

/// Counts results in a growing file.
#[derive(Default)]
struct Counter {
    progress: Progress,
    rest: Vec<u8>,
}

impl Counter {
    /// Whether there was anything new.
    fn read(&mut self, console: &mut fs_err::File) -> Result<bool> {
        console.seek(std::io::SeekFrom::Start(self.progress.bytes))?;
        let mut new = Vec::new();
        console.read_to_end(&mut new)?;
        self.progress.bytes += new.len() as u64;
        self.rest.extend_from_slice(&new);
        let complete = self
            .rest
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1);
        let lines: Vec<u8> = self.rest.drain(..complete).collect();
        for line in lines.split(|byte| *byte == b'\n') {
            self.count(line);
        }
        Ok(!new.is_empty())
    }

    /// Cases are indented, suites are not; near enough for a progress line.
    fn count(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        if let Some((before, _)) = text.split_once("not ok ") {
            if before.ends_with("  ") {
                self.progress.tests += 1;
                self.progress.failed += 1;
            }
        } else if let Some((before, _)) = text.split_once("ok ")
            && before.ends_with("  ")
        {
            self.progress.tests += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> (Result<Ended>, String, Progress) {
        let directory = tempfile::tempdir().unwrap();
        let log = Utf8Path::from_path(directory.path())
            .unwrap()
            .join("boot.log");
        let mut last = Progress::default();
        let ended = run(
            Command::new("sh").args(["-c", script]),
            &log,
            limit,
            &mut |now| last = now,
        );
        (ended, fs_err::read_to_string(&log).unwrap(), last)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn output_and_errors_are_kept_in_order_with_the_exit_code() {
        let (ended, log, _) = shell("echo one; echo two >&2; echo three; exit 7", LONG);
        assert_eq!(
            (ended.unwrap(), log.as_str()),
            (Ended::Exited(7), "one\ntwo\nthree\n")
        );
    }

    #[test]
    fn a_crash_of_the_process_is_told_from_an_exit() {
        assert_eq!(shell("kill -SEGV $$", LONG).0.unwrap(), Ended::Killed(11));
    }

    #[test]
    fn the_time_limit_ends_helpers_too_and_keeps_what_was_printed() {
        let limit = Duration::from_millis(300);
        let (ended, log, _) = shell("echo started; sleep 600 & echo helper $!; wait", limit);
        assert_eq!(ended.unwrap(), Ended::TimedOut(limit));
        assert_gone(&log);
    }

    #[test]
    fn helpers_left_behind_by_a_machine_that_ended_are_ended() {
        let (ended, log, _) = shell("sleep 600 & echo helper $!", LONG);
        assert_eq!(ended.unwrap(), Ended::Exited(0));
        assert_gone(&log);
    }

    fn assert_gone(log: &str) {
        let helper: u32 = log.split_whitespace().last().unwrap().parse().unwrap();
        for _ in 0..100 {
            let state = std::fs::read_to_string(format!("/proc/{helper}/stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                return;
            }
            std::thread::sleep(POLL);
        }
        panic!("the helper {helper} is still running");
    }

    #[test]
    fn the_machine_has_no_terminal_to_change_and_no_input_to_wait_for() {
        let (ended, log, _) = shell(
            "test -t 0 || test -t 1 || test -t 2 && echo terminal; cat; echo end",
            LONG,
        );
        assert_eq!((ended.unwrap(), log.as_str()), (Ended::Exited(0), "end\n"));
    }

    #[test]
    fn progress_counts_cases() {
        let (_, _, last) = shell(r#"printf '    ok 1 a\n    not ok 2 b\nok 1 suite\n'"#, LONG);
        assert_eq!((last.tests, last.failed), (2, 1));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let log = Utf8Path::from_path(directory.path())
            .unwrap()
            .join("boot.log");
        let failure =
            run(&mut Command::new("/nowhere/linux"), &log, LONG, &mut |_| {}).unwrap_err();
        assert_eq!(failure.what, "/nowhere/linux can't be started");
    }
}
