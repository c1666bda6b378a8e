//! `gateless boot` with shell scripts in place of kernels: every way to end has its own exit code.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

/// An output directory with a script as its kernel.
struct Fake {
    _directory: tempfile::TempDir,
    out: Utf8PathBuf,
}

impl Fake {
    fn new(script: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap().to_owned();
        fs_err::write(out.join(".config"), "CONFIG_UML=y\n").unwrap();
        fs_err::write(out.join("linux"), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs_err::set_permissions(out.join("linux"), PermissionsExt::from_mode(0o755)).unwrap();
        Fake {
            _directory: directory,
            out,
        }
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateless"));
        command
            .args(["boot", "--no-build", "--out", self.out.as_str()])
            .args(more)
            .stdin(Stdio::null());
        command
    }

    /// Exit code and standard output.
    fn boot(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = self.command(more).output().unwrap();
        (output.status.code(), text(&output))
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const START: &str = "echo 'KTAP version 1'; echo 1..1; echo '    KTAP version 1'; echo '    # Subtest: s'; echo '    1..2'
echo '    ok 1 a'";
const NO_ROOT: &str = "echo 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(98,0)'; kill -ABRT $$";

fn end(second: &str, suite: &str) -> String {
    format!("{START}\necho '    {second} 2 b'; echo '{suite} 1 s'")
}

#[test]
fn passing_tests_exit_with_0_and_leave_log_and_results() {
    let fake = Fake::new(&end("ok", "ok"));
    let (code, answer) = fake.boot(&[]);
    assert_eq!(code, Some(0), "{answer}");
    assert!(
        answer.contains("2 tests: 2 passed, 0 failed, 0 skipped\npassed\n"),
        "{answer}"
    );
    let log = fs_err::read_to_string(fake.out.join("boot.log")).unwrap();
    assert!(log.starts_with("KTAP version 1\n") && log.ends_with("ok 1 s\n"));
    assert!(
        fs_err::read_to_string(fake.out.join("boot.json"))
            .unwrap()
            .contains("\"name\": \"s.b\"")
    );
}

#[test]
fn no_root_file_system_after_the_tests_exits_with_0() {
    assert_eq!(
        Fake::new(&format!("{}\n{NO_ROOT}", end("ok", "ok")))
            .boot(&[])
            .0,
        Some(0)
    );
}

#[test]
fn a_failing_test_exits_with_1() {
    let (code, answer) = Fake::new(&end("not ok", "not ok")).boot(&[]);
    assert_eq!(code, Some(1));
    assert!(answer.contains("s.b: failed"), "{answer}");
}

#[test]
fn a_panic_between_tests_exits_with_4() {
    for panic in [
        "echo 'Kernel panic - not syncing: Segfault with no mm'; kill -ABRT $$",
        NO_ROOT,
        "exit 0",
    ] {
        let (code, answer) = Fake::new(&format!("{START}\n{panic}")).boot(&[]);
        assert_eq!(code, Some(4), "{answer}");
        assert!(answer.contains("in suite s, after test a"), "{answer}");
    }
}

#[test]
fn a_hang_exits_with_5_after_the_time_limit_and_leaves_no_process() {
    let start = Instant::now();
    let fake = Fake::new(&format!("{START}\nsleep 1000 & echo \"helper $!\"; wait"));
    let (code, answer) = fake.boot(&["--timeout", "1"]);
    assert_eq!(code, Some(5), "{answer}");
    assert!(start.elapsed() < Duration::from_secs(60));
    let log = fs_err::read_to_string(fake.out.join("boot.log")).unwrap();
    let helper = log.trim_end().rsplit_once("helper ").unwrap().1;
    let state = fs_err::read_to_string(format!("/proc/{helper}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

#[test]
fn no_ktap_exits_with_6() {
    for script in ["echo 'Linux version 7.3.4'", NO_ROOT, "true"] {
        let (code, answer) = Fake::new(script).boot(&[]);
        assert_eq!(code, Some(6), "{answer}");
    }
}

#[test]
fn a_kernel_that_can_not_be_started_exits_with_3_and_leaves_no_results_of_an_earlier_one() {
    let fake = Fake::new(&end("ok", "ok"));
    assert_eq!(fake.boot(&[]).0, Some(0));
    fs_err::remove_file(fake.out.join("linux")).unwrap();
    let output = fake.command(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no kernel to boot: "));
    assert!(!fake.out.join("boot.json").exists());
}

#[test]
fn an_interrupted_boot_ends_its_kernel_and_does_not_pass() {
    let fake = Fake::new(&format!(
        "{}\necho \"self $$\"; exec sleep 1000",
        end("ok", "ok")
    ));
    let mut child = fake
        .command(&[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let log = fake.out.join("boot.log");
    let started =
        |log: &Utf8Path| fs_err::read_to_string(log).is_ok_and(|log| log.contains("self "));
    for _ in 0..500 {
        if started(&log) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(started(&log));
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let log = fs_err::read_to_string(&log).unwrap();
    let kernel = log.trim_end().rsplit_once("self ").unwrap().1;
    let state = fs_err::read_to_string(format!("/proc/{kernel}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
    assert!(!fake.out.join("boot.json").exists());
}

#[test]
fn two_boots_are_compared_by_name() {
    let good = Fake::new(&end("ok", "ok"));
    let bad = Fake::new(&end("not ok", "not ok"));
    good.boot(&[]);
    bad.boot(&[]);
    let compare = |first: &Fake, second: &Fake| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateless"));
        command
            .args(["compare", first.out.as_str(), second.out.as_str()])
            .output()
            .unwrap()
    };
    assert_eq!(compare(&good, &good).status.code(), Some(0));
    let output = compare(&good, &bad);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).starts_with("s.b: passed in "),
        "{}",
        text(&output)
    );
}

#[test]
fn a_log_can_be_read_without_booting() {
    let fake = Fake::new(&end("ok", "ok"));
    fake.boot(&[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateless"));
    let output = command
        .args([
            "boot",
            "--json",
            "--log",
            fake.out.join("boot.log").as_str(),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&answer["version"], &answer["totals"]["passed"]),
        (&1.into(), &2.into())
    );
}
