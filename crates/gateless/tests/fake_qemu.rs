//! `gateless boot --arch x86_64` with a shell script in place of QEMU: what it is started with, and every way to end.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

/// As the kernel tree describes the machine, but with an argument that has a space.
const DESCRIPTION: &str = "QEMU_ARCH = QemuArchParams(linux_arch='x86_64', kconfig='', qemu_arch='x86_64',\n\
    kernel_path='arch/x86/boot/bzImage', kernel_command_line='console=ttyS0', extra_qemu_params=['-bios', 'a b.rom'])\n";

/// A console's lines end like this one's.
const START: &str = r"printf 'KTAP version 1\r\n1..1\r\n    KTAP version 1\r\n    # Subtest: s\r\n    1..2\r\n    ok 1 a\r\n'";
const END: &str = r"printf '    ok 2 b\r\nok 1 s\r\nreboot: machine restart\r\n'";

/// An output directory whose tree describes a machine, and a directory with the emulator.
struct Fake {
    _directory: tempfile::TempDir,
    root: Utf8PathBuf,
    out: Utf8PathBuf,
}

impl Fake {
    fn new(script: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path())
            .unwrap()
            .canonicalize_utf8()
            .unwrap();
        let out = root.join("out");
        for (file, text) in [
            ("out/.config", "CONFIG_X86_64=y\n"),
            ("out/arch/x86/boot/bzImage", ""),
            (
                "tree/tools/testing/kunit/qemu_configs/x86_64.py",
                DESCRIPTION,
            ),
            (
                "bin/qemu-system-x86_64",
                &format!(
                    "#!/bin/sh\n[ \"$1\" = --version ] && echo 'QEMU emulator version 7.2.99 (Fake)' && exit\n{script}\n"
                ),
            ),
        ] {
            let path = root.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, text).unwrap();
            fs_err::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        fs_err::os::unix::fs::symlink(root.join("tree"), out.join("source")).unwrap();
        Fake {
            _directory: directory,
            root,
            out,
        }
    }

    fn boot(&self, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateless"));
        command
            .args(["boot", "--arch", "x86_64", "--no-build"])
            .args(["--out", self.out.as_str()])
            .args(more)
            .env("PATH", self.root.join("bin"))
            .env("QEMU_AUDIO_DRV", "from outside")
            .stdin(Stdio::null());
        command.output().unwrap()
    }

    fn log(&self) -> String {
        fs_err::read_to_string(self.out.join("boot.log")).unwrap()
    }
}

fn answer(output: &Output) -> String {
    [
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    ]
    .concat()
}

#[test]
fn passing_tests_exit_with_0() {
    let fake = Fake::new(&format!("{START}\n{END}"));
    let output = fake.boot(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", answer(&output));
    assert!(
        answer(&output).contains("2 tests: 2 passed, 0 failed, 0 skipped\npassed\n"),
        "{}",
        answer(&output)
    );
    assert!(
        fake.log().ends_with("restart\r\n"),
        "the console is kept byte for byte"
    );
}

#[test]
fn results_name_the_version_of_the_emulator() {
    let fake = Fake::new(&format!("{START}\n{END}"));
    let text = answer(&fake.boot(&[]));
    assert!(
        text.contains("emulator: QEMU emulator version 7.2.99 (Fake)\n"),
        "{text}"
    );
    let json = fs_err::read_to_string(fake.out.join("boot.json")).unwrap();
    assert!(
        json.contains("\"version\": \"QEMU emulator version 7.2.99 (Fake)\""),
        "{json}"
    );
}

#[test]
fn a_machine_that_makes_no_progress_is_reported_before_the_limit_with_its_last_lines() {
    let fake = Fake::new("echo one; echo two; echo 'clocksource: timebase mult'; echo; sleep 100");
    let output = fake.boot(&["--timeout", "4"]);
    assert_eq!(output.status.code(), Some(5), "{}", answer(&output));
    let text = answer(&output);
    assert!(
        text.contains("the console has been quiet for 1 s (the limit is 4 s); it said last:\n  one\n  two\n  clocksource: timebase mult\n")
            && text.contains("--timeout")
            && text.contains("another version of the emulator"),
        "{text}"
    );
    assert_eq!(text.matches("has been quiet").count(), 1, "{text}");
}

#[test]
fn the_emulator_gets_the_trees_machine_and_an_empty_environment() {
    let fake = Fake::new(
        r#"for word in "$@"; do echo "<$word>"; done; echo "[$QEMU_AUDIO_DRV]"; test -t 0 || cat"#,
    );
    assert_eq!(fake.boot(&[]).status.code(), Some(6));
    let kernel = fake.out.join("arch/x86/boot/bzImage");
    let expected = format!(
        "<-nodefaults>\n<-m>\n<1024>\n<-kernel>\n<{kernel}>\n<-append>\n\
         <kunit.enable=1 kunit.autorun=1 kunit_shutdown=reboot panic=-1 console=ttyS0>\n\
         <-no-reboot>\n<-nographic>\n<-accel>\n<tcg>\n<-serial>\n<stdio>\n<-bios>\n<a b.rom>\n[]\n"
    );
    assert_eq!(fake.log(), expected);
}

#[test]
fn a_panic_before_the_tests_ended_exits_with_4() {
    for panic in [
        "echo 'Kernel panic - not syncing: Fatal exception in interrupt'",
        "echo 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'",
        "exit 0",
    ] {
        let output = Fake::new(&format!("{START}\n{panic}")).boot(&[]);
        assert_eq!(output.status.code(), Some(4), "{}", answer(&output));
        assert!(
            answer(&output).contains("in suite s, after test a"),
            "{}",
            answer(&output)
        );
    }
}

#[test]
fn an_emulator_that_is_killed_in_mid_boot_does_not_pass() {
    let output = Fake::new(&format!("{START}\nkill -KILL $$")).boot(&[]);
    assert_eq!(output.status.code(), Some(4), "{}", answer(&output));
    assert!(
        answer(&output).contains("killed by signal 9"),
        "{}",
        answer(&output)
    );
}

#[test]
fn a_hang_exits_with_5_and_leaves_no_process() {
    let start = Instant::now();
    let fake = Fake::new(&format!(
        "{START}\n/bin/sleep 1000 & echo \"helper $!\"; wait"
    ));
    let output = fake.boot(&["--timeout", "1"]);
    assert_eq!(output.status.code(), Some(5), "{}", answer(&output));
    assert!(start.elapsed() < Duration::from_secs(60));
    let log = fake.log();
    let helper = log.trim_end().rsplit_once("helper ").unwrap().1;
    let state = || fs_err::read_to_string(format!("/proc/{helper}/stat")).unwrap_or_default();
    let ended = |state: &str| state.is_empty() || state.contains(") Z ");
    // It was killed; on a busy machine it takes its time to go.
    while !ended(&state()) && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(ended(&state()), "{}", state());
}

#[test]
fn no_ktap_exits_with_6() {
    for script in ["echo 'Linux version 7.3.4'", "true"] {
        let output = Fake::new(script).boot(&[]);
        assert_eq!(output.status.code(), Some(6), "{}", answer(&output));
    }
}

#[test]
fn an_emulator_that_refuses_the_machine_exits_with_3_and_its_words() {
    let fake = Fake::new("echo \"qemu: could not load PC BIOS 'a b.rom'\" >&2; exit 1");
    let output = fake.boot(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", answer(&output));
    assert!(
        answer(&output).contains("could not load PC BIOS 'a b.rom'"),
        "{}",
        answer(&output)
    );
    assert!(!fake.out.join("boot.json").exists());
}

#[test]
fn what_is_missing_is_named() {
    let fake = Fake::new("true");
    let missing = |path: &Utf8Path, text: &str| {
        let aside = fake.root.join("aside");
        fs_err::rename(path, &aside).unwrap();
        let output = fake.boot(&[]);
        fs_err::rename(&aside, path).unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", answer(&output));
        assert!(answer(&output).contains(text), "{}", answer(&output));
        assert!(!fake.out.join("boot.log").exists());
    };
    missing(
        &fake.root.join("bin/qemu-system-x86_64"),
        "gateless doctor --arch x86_64`, which says how to install it",
    );
    missing(
        &fake.out.join("arch/x86/boot/bzImage"),
        "no kernel to boot: ",
    );
    missing(&fake.out.join("source"), "describes no QEMU machine x86_64");
}

/// A check of userland with one step, for [`Fake::boot`].
fn check(fake: &Fake, more: &str) -> Vec<String> {
    let path = fake.root.join("disk.toml");
    let text = format!("about = 'x'\n{more}\n[[step]]\nname = 'reads'\nrun = 'true'\n");
    fs_err::write(&path, text).unwrap();
    vec!["--userland".to_owned(), path.into_string()]
}

/// What a guest prints whose check passes.
const USERLAND: &str = r"printf 'KTAP version 1\r\n1..1\r\n    KTAP version 1\r\n    # Subtest: disk\r\n    1..1\r\n        # prints: read\r\n    ok 1 reads\r\nok 1 disk\r\n'";

#[test]
fn a_check_of_userland_is_a_suite_like_the_kernels_own() {
    let fake = Fake::new(&format!("{START}\n{END}\n{USERLAND}"));
    let words = check(&fake, "");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = fake.boot(&words);
    assert_eq!(output.status.code(), Some(0), "{}", answer(&output));
    assert!(
        answer(&output).contains("3 tests: 3 passed"),
        "{}",
        answer(&output)
    );
    let results = fs_err::read_to_string(fake.out.join("boot.json")).unwrap();
    assert!(
        results.contains("disk.reads") && results.contains("\"read\""),
        "{results}"
    );
}

#[test]
fn a_userland_that_was_asked_for_and_did_not_run_is_no_success() {
    let no_init = "echo 'Kernel panic - not syncing: No working init found.'";
    for end in ["true", no_init] {
        let fake = Fake::new(&format!("{START}\n{END}\n{end}"));
        let words = check(&fake, "");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = fake.boot(&words);
        assert_eq!(output.status.code(), Some(1), "{}", answer(&output));
        assert!(
            answer(&output).contains("suite disk is not in the log"),
            "{}",
            answer(&output)
        );
    }
}

#[test]
fn a_userland_that_stops_in_the_middle_is_a_panic() {
    let half = USERLAND.split("    ok 1 reads").next().unwrap();
    let fake = Fake::new(&format!(
        "{START}\n{END}\n{half}'\necho 'Kernel panic - not syncing: x'"
    ));
    let words = check(&fake, "");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = fake.boot(&words);
    assert_eq!(output.status.code(), Some(4), "{}", answer(&output));
}

#[test]
fn the_emulator_gets_the_checks_devices_and_a_kernel_that_does_not_end_with_its_own_tests() {
    let fake = Fake::new(r#"for word in "$@"; do echo "<$word>"; done"#);
    let words = check(&fake, "devices = ['pci-testdev']\narguments = ['a.b=c']");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    fake.boot(&words);
    let log = fake.log();
    assert!(
        log.contains(
            "<kunit.enable=1 kunit.autorun=1 panic=-1 printk.devkmsg=on a.b=c console=ttyS0>"
        ),
        "{log}"
    );
    let initramfs = fake.out.join(".gateless/userland.cpio");
    assert!(
        log.ends_with(&format!(
            "<-initrd>\n<{initramfs}>\n<-device>\n<pci-testdev>\n"
        )),
        "{log}"
    );
    let archive = fs_err::read(&initramfs).unwrap();
    assert!(archive.starts_with(b"070701"));
}

#[test]
fn a_check_that_ends_in_a_panic_fails_when_the_kernel_goes_on() {
    let fake = Fake::new(&format!("{START}\n{END}"));
    let words = check(&fake, "panic-screen = true");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = fake.boot(&words);
    assert_eq!(output.status.code(), Some(1), "{}", answer(&output));
    assert!(
        answer(&output).contains("disk.the_kernel_panics: failed"),
        "{}",
        answer(&output)
    );
}

#[test]
fn a_check_that_is_not_there_is_answered_with_those_that_are() {
    let fake = Fake::new("true");
    let output = fake.boot(&["--userland", "dsik"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        answer(&output).contains("the checks are binder, "),
        "{}",
        answer(&output)
    );
}
