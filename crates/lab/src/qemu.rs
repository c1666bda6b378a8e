//! Booting a kernel in QEMU, on a machine that the kernel tree describes.

use std::process::Command;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{process, program};
use gateless_machines::Replaced;
use gateless_model::{Failure, Result};

use crate::console::{self, Ended, Progress};
use crate::guest::{Guest, no_kernel};
use crate::qemu_config::QemuConfig;

/// Memory of a machine whose description does not say another size, in MiB; as in the tree's own test runner
/// (`tools/testing/kunit/kunit_kernel.py`).
const MEMORY_MIB: &str = "1024";

/// The machine and what its kernel is given.
pub(crate) struct Qemu<'a> {
    /// The tree's description.
    pub config: QemuConfig,
    /// Arguments for the kernel; those of the description come after them, and win.
    pub arguments: &'a [String],
    /// What else the machine has.
    pub guest: Option<Guest<'a>>,
    /// Whether its monitor is to be reached, at [`MONITOR`] in the directory where it runs.
    pub screen: bool,
}

/// Where the emulator's monitor (QMP) listens.
pub(crate) const MONITOR: &str = "monitor";

/// An instruction takes 2^1 ns of the guest's clock, and waiting takes none of the host's (qemu(1), `-icount`).
const COUNTED: &str = "shift=1,sleep=off";

/// The machine's own argument that ends it after the kernel's own tests, before a userland could start.
const ENDS_BEFORE_USERLAND: &str = "kunit_shutdown=";

/// Without it the kernel drops lines of programs that print many (Documentation/admin-guide/kernel-parameters.txt).
const ALL_LINES: &str = "printk.devkmsg=on";

/// Boots the kernel in the directory `out`, with its console in the file `log`. `watch` is called with the directory in which the emulator runs
/// whenever the console has grown.
///
/// # Errors
/// If there is no kernel or no emulator, the emulator refuses the machine, or gateless was interrupted.
pub(crate) fn boot(
    qemu: &Qemu<'_>,
    out: &Utf8Path,
    log: &Utf8Path,
    limit: Duration,
    watch: &mut dyn FnMut(&Utf8Path, Progress) -> Result<()>,
) -> Result<Ended> {
    let out = out
        .canonicalize_utf8()
        .map_err(|error| no_kernel(out).because(error))?;
    let kernel = out.join(&qemu.config.kernel_path);
    if !kernel.is_file() {
        return Err(no_kernel(&kernel));
    }
    let device_tree = qemu.config.device_tree.as_ref().map(|path| out.join(path));
    if let Some(missing) = device_tree.as_ref().filter(|path| !path.is_file()) {
        return Err(no_kernel(missing));
    }
    let emulator = find(&qemu.config)?;
    let scratch = tempfile::Builder::new()
        .prefix("gateless-qemu-")
        .tempdir()?;
    let mut command = Command::new(&emulator);
    command
        .args(arguments(qemu, &kernel, device_tree.as_deref()))
        .current_dir(scratch.path())
        // Whatever the environment says must not change the machine; `cargo run` sets a library path as well.
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", scratch.path())
        .env("TMPDIR", scratch.path());
    let directory = Utf8Path::from_path(scratch.path())
        .ok_or_else(|| Failure::failed("the directory for temporary files is not UTF-8"))?;
    let mut watched = Ok(());
    let ended = console::run(&mut command, log, limit, &mut |now| {
        if watched.is_ok() {
            watched = watch(directory, now);
        }
    })?;
    watched?;
    match refusal(&ended, log)? {
        Some(why) => Err(
            Failure::failed(format!("{emulator} can't run the machine: {why}"))
                .help(format!("all that it says is in {log}")),
        ),
        None => Ok(ended),
    }
}

fn find(config: &QemuConfig) -> Result<Utf8PathBuf> {
    let name = format!("qemu-system-{}", config.qemu_arch);
    program::find(&name).ok_or_else(|| {
        Failure::failed(format!("no `{name}` on PATH, which boots the kernel")).help(format!(
            "run `gateless doctor --arch {}`, which says how to install it",
            config.linux_arch
        ))
    })
}

/// What the emulator says of its version.
pub(crate) fn version(config: &QemuConfig) -> Result<String> {
    let text = process::stdout(&find(config)?, &["--version"])?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Puts a machine's own arguments in the place of the tree's; those of `replaced` that the tree has are the answer.
pub(crate) fn replace<'a>(config: &mut QemuConfig, replaced: &'a [Replaced]) -> Vec<&'a Replaced> {
    let mut applied = Vec::new();
    for one in replaced.iter().filter(|one| !one.tree.is_empty()) {
        let words = &mut config.extra_qemu_params;
        let at = words
            .windows(one.tree.len())
            .position(|row| row == one.tree);
        if let Some(at) = at {
            words.splice(at..at + one.tree.len(), one.with.iter().cloned());
            applied.push(one);
        }
    }
    applied
}

/// The emulator's arguments, as the tree's own test runner makes them (`LinuxSourceTreeOperationsQemu.start` in
/// `kunit_kernel.py`), but always emulated: a host's virtualisation would make the processor, and so the code paths that
/// are tested, another one on each host, and where it is nested it may hang instead of failing.
fn arguments(qemu: &Qemu<'_>, kernel: &Utf8Path, device_tree: Option<&Utf8Path>) -> Vec<String> {
    let is_kept = |word: &&str| qemu.guest.is_none() || !word.starts_with(ENDS_BEFORE_USERLAND);
    let guests = qemu.guest.map_or(&[][..], |guest| guest.arguments);
    let described = qemu.config.kernel_command_line.split_whitespace();
    let command_line: Vec<&str> = qemu
        .arguments
        .iter()
        .map(String::as_str)
        .filter(is_kept)
        .chain(qemu.guest.map(|_| ALL_LINES))
        .chain(guests.iter().map(String::as_str))
        .chain(described.filter(is_kept))
        .collect();
    let command_line = command_line.join(" ");
    let arguments = [
        "-nodefaults",
        "-m",
        MEMORY_MIB,
        "-kernel",
        kernel.as_str(),
        "-append",
        &command_line,
        // A reboot, which is how tests and panics end, is the machine's end.
        "-no-reboot",
        "-nographic",
        "-accel",
        "tcg",
        "-serial",
        &qemu.config.serial,
    ];
    let extra = qemu.config.extra_qemu_params.iter().map(String::as_str);
    let mut words: Vec<String> = arguments
        .into_iter()
        .chain(extra)
        .map(str::to_owned)
        .collect();
    if let Some(device_tree) = device_tree {
        words.extend(["-dtb".to_owned(), device_tree.to_string()]);
    }
    if let Some(guest) = qemu.guest {
        words.extend(["-initrd".to_owned(), guest.initramfs.to_string()]);
        for device in guest.devices {
            words.extend(["-device".to_owned(), device.clone()]);
        }
        if guest.counts_instructions {
            words.extend(["-icount".to_owned(), COUNTED.to_owned()]);
        }
    }
    if qemu.screen {
        let monitor = format!("unix:{MONITOR},server=on,wait=off");
        words.extend(["-qmp".to_owned(), monitor]);
    }
    words
}

/// The emulator's complaint, if it failed and nothing else is in the log: then no kernel has run.
fn refusal(ended: &Ended, log: &Utf8Path) -> Result<Option<String>> {
    if !matches!(ended, Ended::Exited(code) if *code != 0) {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&fs_err::read(log)?).into_owned();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let last = lines.clone().next_back().map(str::to_owned);
    Ok(last.filter(|_| lines.all(|line| line.starts_with("qemu"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qemu(serial: &str, extra: &[&str], kernel_arguments: &[String]) -> Vec<String> {
        with_guest(serial, extra, kernel_arguments, None)
    }

    fn with_guest(
        serial: &str,
        extra: &[&str],
        kernel_arguments: &[String],
        guest: Option<Guest<'_>>,
    ) -> Vec<String> {
        let config = QemuConfig {
            linux_arch: "vax".to_owned(),
            kconfig: String::new(),
            qemu_arch: "vax64".to_owned(),
            kernel_path: "arch/vax/boot/zImage".into(),
            kernel_command_line: "console=ttyS0 kunit_shutdown=poweroff".to_owned(),
            extra_qemu_params: extra.iter().map(|word| (*word).to_owned()).collect(),
            serial: serial.to_owned(),
            device_tree: None,
        };
        let qemu = Qemu {
            config,
            arguments: kernel_arguments,
            guest,
            screen: guest.is_some(),
        };
        arguments(&qemu, Utf8Path::new("/o/zImage"), None)
    }

    #[test]
    fn the_table_of_arguments_is_that_of_the_trees_own_runner() {
        let own = ["kunit_shutdown=reboot".to_owned(), "panic=-1".to_owned()];
        assert_eq!(
            qemu("stdio", &["-bios", "a b.rom"], &own),
            [
                "-nodefaults",
                "-m",
                "1024",
                "-kernel",
                "/o/zImage",
                "-append",
                "kunit_shutdown=reboot panic=-1 console=ttyS0 kunit_shutdown=poweroff",
                "-no-reboot",
                "-nographic",
                "-accel",
                "tcg",
                "-serial",
                "stdio",
                "-bios",
                "a b.rom"
            ]
        );
    }

    #[test]
    fn a_machine_replaces_arguments_of_the_trees_where_they_stand_in_a_row() {
        let words = |words: &[&str]| -> Vec<String> {
            words.iter().map(|word| (*word).to_owned()).collect()
        };
        let replaced = [Replaced {
            tree: words(&["-cpu", "max"]),
            with: words(&["-cpu", "750"]),
            because: "x".to_owned(),
        }];
        for (tree, becomes, count) in [
            (
                &["-M", "g3beige", "-cpu", "max"][..],
                &["-M", "g3beige", "-cpu", "750"][..],
                1,
            ),
            (&["-cpu", "g4"], &["-cpu", "g4"], 0),
            (&["-cpu"], &["-cpu"], 0),
        ] {
            let mut config = QemuConfig {
                linux_arch: String::new(),
                kconfig: String::new(),
                qemu_arch: String::new(),
                kernel_path: Utf8PathBuf::new(),
                kernel_command_line: String::new(),
                extra_qemu_params: words(tree),
                serial: String::new(),
                device_tree: None,
            };
            assert_eq!(replace(&mut config, &replaced).len(), count);
            assert_eq!(config.extra_qemu_params, becomes);
        }
    }

    #[test]
    fn a_machine_of_ours_is_given_its_device_tree() {
        let own = gateless_machines::OwnQemu {
            emulator: "vax".to_owned(),
            kernel: "zImage".to_owned(),
            device_tree: Some("vax.dtb".to_owned()),
            command_line: "console=ttyAMA0".to_owned(),
            arguments: vec!["-M".to_owned(), "780".to_owned()],
            because: "the tree has none".to_owned(),
        };
        let qemu = Qemu {
            config: QemuConfig::own("vax", &own),
            arguments: &[],
            guest: None,
            screen: false,
        };
        let tree = Utf8Path::new("/o/vax.dtb");
        let words = arguments(&qemu, Utf8Path::new("/o/zImage"), Some(tree));
        assert_eq!(
            words[words.len() - 4..],
            ["-M", "780", "-dtb", "/o/vax.dtb"]
        );
        assert_eq!(qemu.config.linux_arch, "vax");
    }

    #[test]
    fn a_machine_may_have_its_console_elsewhere() {
        let arguments = qemu("null", &["-serial", "mon:stdio"], &[]).join(" ");
        assert!(arguments.contains(" -accel tcg -serial null -serial mon:stdio"));
        assert!(arguments.contains("-append console=ttyS0 "));
    }

    #[test]
    fn a_guest_is_started_after_the_kernels_own_tests_instead_of_ending_with_them() {
        let own = ["kunit_shutdown=reboot".to_owned(), "panic=-1".to_owned()];
        let guest = Guest {
            initramfs: Utf8Path::new("/o/userland.cpio"),
            devices: &["pci-testdev".to_owned()],
            arguments: &["panic=0".to_owned()],
            counts_instructions: true,
        };
        let words = with_guest("stdio", &[], &own, Some(guest));
        let append = words.iter().position(|word| word == "-append").unwrap();
        // Nothing ends the machine before that, whether gateless says so or the tree's description.
        assert_eq!(
            words[append + 1],
            "panic=-1 printk.devkmsg=on panic=0 console=ttyS0"
        );
        assert_eq!(
            words[words.len() - 8..],
            [
                "-initrd",
                "/o/userland.cpio",
                "-device",
                "pci-testdev",
                "-icount",
                "shift=1,sleep=off",
                "-qmp",
                "unix:monitor,server=on,wait=off"
            ]
        );
    }

    #[test]
    fn only_an_emulator_that_says_nothing_but_its_complaint_has_refused() {
        let directory = tempfile::tempdir().unwrap();
        let log = Utf8Path::from_path(directory.path())
            .unwrap()
            .join("boot.log");
        let complaint =
            "qemu: could not load PC BIOS 'a.rom'\n\nqemu-system-vax: giving up: no BIOS\n";
        let tried = |text: &str, ended: Ended| {
            fs_err::write(&log, text).unwrap();
            refusal(&ended, &log).unwrap()
        };
        assert_eq!(
            tried(complaint, Ended::Exited(1)).as_deref(),
            Some("qemu-system-vax: giving up: no BIOS")
        );
        assert_eq!(tried(complaint, Ended::Exited(0)), None);
        assert_eq!(tried(complaint, Ended::Killed(6)), None);
        assert_eq!(
            tried(
                &format!("Linux version 7.3.4\n{complaint}"),
                Ended::Exited(1)
            ),
            None
        );
        assert_eq!(tried("", Ended::Exited(1)), None);
    }
}
