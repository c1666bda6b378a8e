//! Progress: one moving line on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use gateless_base::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// How often a plain log gets a line about work in progress.
const PLAIN_INTERVAL: Duration = Duration::from_secs(20);

/// Shows progress on stderr.
pub struct Terminal {
    bar: Option<ProgressBar>,
    step: String,
    ticks: u64,
    last_line: Instant,
}

impl Terminal {
    /// A display that suits stderr: a terminal or a file.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) =
                ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {pos} {wide_msg}")
            {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            step: String::new(),
            ticks: 0,
            last_line: Instant::now(),
        }
    }
}

impl Progress for Terminal {
    fn step(&mut self, what: &str) {
        self.done();
        self.step = what.to_owned();
        self.ticks = 0;
        self.last_line = Instant::now();
        match &self.bar {
            Some(bar) => {
                bar.reset();
                bar.set_prefix(what.to_owned());
                bar.set_message("");
                bar.enable_steady_tick(Duration::from_millis(120));
            }
            None => output::note(what),
        }
    }

    fn tick(&mut self, what: &str) {
        self.ticks += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.ticks);
                bar.set_message(what.to_owned());
            }
            None if self.last_line.elapsed() >= PLAIN_INTERVAL => {
                self.last_line = Instant::now();
                output::note(format_args!(
                    "{}: {} done, now {what}",
                    self.step, self.ticks
                ));
            }
            None => {}
        }
    }

    fn note(&mut self, what: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(what)),
            None => output::note(what),
        }
    }

    fn done(&mut self) {
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.done();
    }
}
