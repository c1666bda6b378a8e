//! The screen of a machine whose kernel panics: its picture, the QR code in it, and whether that holds the kernel's own log.
//!
//! What the kernel puts into the code: `drm_panic_get_qr_code_raw` in drivers/gpu/drm/drm_panic.c.

use std::fmt::Write as _;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};
use serde_json::json;

use crate::ktap;
use crate::qemu::MONITOR;
use crate::qmp::Monitor;

/// The kernel's last words, printed when the screen is drawn (kernel/panic.c).
const LAST_WORDS: &str = "---[ end Kernel panic - not syncing: ";
/// What it says before.
const PANIC: &str = "Kernel panic - not syncing: ";

/// Waits for the panic, takes the picture, ends the machine.
pub(crate) struct PanicWatch {
    log: Utf8PathBuf,
    picture: Utf8PathBuf,
    is_done: bool,
}

impl PanicWatch {
    /// Watches the console log at `log`; the picture will be the file `picture`.
    pub fn new(log: &Utf8Path, picture: &Utf8Path) -> PanicWatch {
        PanicWatch {
            log: log.to_owned(),
            picture: picture.to_owned(),
            is_done: false,
        }
    }

    /// Looks whether the kernel has panicked; `directory` is where the emulator runs.
    pub fn look(&mut self, directory: &Utf8Path) -> Result<()> {
        let text = fs_err::read(&self.log)?;
        if self.is_done || !String::from_utf8_lossy(&text).contains(LAST_WORDS) {
            return Ok(());
        }
        self.is_done = true;
        let mut monitor = Monitor::connect(&directory.join(MONITOR))?;
        // The emulator has no other way to write than to a file of its own.
        let taken = directory.join("screen.png");
        monitor.execute(
            "screendump",
            json!({"filename": taken.as_str(), "format": "png"}),
        )?;
        fs_err::copy(&taken, &self.picture)?;
        monitor.execute("quit", json!({}))?;
        Ok(())
    }
}

/// What the QR code in the picture holds, decoded by `zbarimg`; `None` if it finds none.
///
/// # Errors
/// If the decoder can't be run.
pub fn decode(picture: &Utf8Path) -> Result<Option<String>> {
    let mut command = Command::new("zbarimg");
    command.args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]);
    let output = command.arg(picture).output().map_err(|error| {
        Failure::failed("`zbarimg` can't be run, which reads the QR code on the screen")
            .because(error)
            .help("install Debian's package zbar-tools (`gateless doctor` says how)")
    })?;
    match output.status.code() {
        Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned())),
        // zbarimg(1): no symbol was found.
        Some(4) => Ok(None),
        _ => Err(Failure::failed(format!(
            "zbarimg can't read {picture}: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        ))),
    }
}

/// What was seen, as KTAP: a suite `name` with a case for each thing that has to hold.
///
/// `console` is the machine's console, `decoded` the code's text, if a picture was taken and a code was found.
pub fn judge(name: &str, console: &[u8], has_picture: bool, decoded: Option<&str>) -> String {
    let lines = ktap::split(console);
    // Kernels that print times put them before each line, on the console and in the code.
    let panic = lines
        .iter()
        .find(|line| line.contains(PANIC) && !line.contains(LAST_WORDS));
    let cases = [
        (
            "the_kernel_panics",
            panic
                .map(|_| ())
                .ok_or_else(|| "no panic on the console".to_owned()),
        ),
        (
            "the_screen_is_taken",
            has_picture.then_some(()).ok_or_else(|| {
                "no picture, since the kernel did not come to the end of its panic".to_owned()
            }),
        ),
        (
            "the_code_is_decoded",
            decoded
                .map(|_| ())
                .ok_or_else(|| "no QR code was found in the picture".to_owned()),
        ),
        (
            "the_code_holds_the_panics_log",
            holds_log(&lines, panic, decoded),
        ),
    ];
    let mut text = format!(
        "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: {name}\n    1..{}\n",
        cases.len()
    );
    for (index, (case, result)) in cases.iter().enumerate() {
        if index == 0
            && let Some((_, what)) = panic.and_then(|line| line.split_once(PANIC))
        {
            let _ = writeln!(text, "        # prints: {PANIC}{what}");
        }
        let word = match result {
            Ok(()) => "ok",
            Err(why) => {
                let _ = writeln!(text, "        # {why}");
                "not ok"
            }
        };
        let _ = writeln!(text, "    {word} {} {case}", index + 1);
    }
    let all = cases.iter().all(|(_, result)| result.is_ok());
    let _ = writeln!(text, "{} 1 {name}", if all { "ok" } else { "not ok" });
    text
}

/// The same suite, where the kernel's configuration lacks what it needs.
pub fn skipped(name: &str, reason: &str) -> String {
    format!(
        "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: {name}\n    1..1\n\
         \x20   ok 1 the_kernel_panics # SKIP {reason}\nok 1 {name} # SKIP {reason}\n"
    )
}

/// Whether the code's lines are lines of the console, without a gap, and the panic is among them.
fn holds_log(
    lines: &[String],
    panic: Option<&String>,
    decoded: Option<&str>,
) -> Result<(), String> {
    let (Some(panic), Some(decoded)) = (panic, decoded) else {
        return Err("nothing to compare".to_owned());
    };
    let decoded: Vec<&str> = decoded.trim_end().lines().map(str::trim_end).collect();
    if !decoded.contains(&panic.as_str()) {
        return Err(format!("the code does not hold the line `{panic}`"));
    }
    let console: Vec<&str> = lines.iter().map(String::as_str).collect();
    if console.windows(decoded.len()).any(|part| part == decoded) {
        return Ok(());
    }
    let stranger = decoded.iter().find(|line| !console.contains(line));
    Err(match stranger {
        Some(line) => format!("the code holds a line that is not on the console: `{line}`"),
        None => "the code's lines are on the console, but not in this order".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONSOLE: &str = "boot\r\nsysrq: Trigger a crash\r\nKernel panic - not syncing: sysrq\r\nCPU: 0\r\n\
        ---[ end Kernel panic - not syncing: sysrq ]---\r\n";
    const CODE: &str = "sysrq: Trigger a crash\nKernel panic - not syncing: sysrq\nCPU: 0\n";

    fn results(console: &str, has_picture: bool, decoded: Option<&str>) -> Vec<bool> {
        let text = judge("panic_screen", console.as_bytes(), has_picture, decoded);
        let documents = ktap::parse(&ktap::split(text.as_bytes()));
        let suite = &documents[0].main.subtests[0];
        assert!(documents[0].complete_line.is_some(), "{text}");
        let cases = suite.subtests.iter();
        cases
            .map(|case| case.status == ktap::Status::Passed)
            .collect()
    }

    #[test]
    fn a_code_with_the_panics_log_passes() {
        assert_eq!(results(CONSOLE, true, Some(CODE)), [true; 4]);
    }

    #[test]
    fn a_kernel_that_prints_times_prints_them_in_the_code_too() {
        let timed = |text: &str| -> String {
            text.lines()
                .map(|line| format!("[    4.038550] {line}\n"))
                .collect()
        };
        assert_eq!(
            results(&timed(CONSOLE), true, Some(&timed(CODE))),
            [true; 4]
        );
        let text = judge("s", timed(CONSOLE).as_bytes(), true, Some(&timed(CODE)));
        assert!(text.contains("# prints: Kernel panic - not syncing: sysrq\n"));
    }

    #[test]
    fn everything_that_can_be_missing_fails() {
        assert_eq!(results("boot\n", false, None), [false; 4]);
        assert_eq!(results(CONSOLE, false, None), [true, false, false, false]);
        assert_eq!(results(CONSOLE, true, None), [true, true, false, false]);
    }

    #[test]
    fn a_code_with_another_text_fails() {
        for text in [
            // Of another panic, with a changed line, in another order, with a gap, without the panic.
            "Kernel panic - not syncing: other\nCPU: 0\n",
            "Kernel panic - not syncing: sysrq\nCPU: 1\n",
            "CPU: 0\nKernel panic - not syncing: sysrq\n",
            "boot\nKernel panic - not syncing: sysrq\n",
            "boot\nsysrq: Trigger a crash\n",
        ] {
            assert_eq!(
                results(CONSOLE, true, Some(text)),
                [true, true, true, false],
                "{text}"
            );
        }
    }

    #[test]
    fn a_machine_whose_kernel_does_not_panic_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        let log = directory.join("log");
        fs_err::write(&log, "Kernel panic - not syncing: x\n").unwrap();
        let mut watch = PanicWatch::new(&log, &directory.join("p.png"));
        watch.look(directory).unwrap();
        // There is no monitor, which is noticed as soon as it is needed.
        fs_err::write(&log, CONSOLE).unwrap();
        assert!(watch.look(directory).is_err());
    }
}
