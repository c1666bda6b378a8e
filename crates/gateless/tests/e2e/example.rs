//! The example of a driver outside the tree (`examples/tally`), as its README has it: built by plain make, attested, loaded.
//!
//! Takes long, since the kernel has modules, so it runs only when asked for. Its initial RAM file system needs Debian's busybox-static.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};

use crate::workshop::{Mode, Tested, Workshop, run, succeeded};

/// The example's directory, relative to the repository.
const EXAMPLE: &str = "examples/tally";

/// What the boot prints, in this order.
const PRINTED: &[&str] = &[
    "tally: ready",
    "opened 1 times",
    "opened 2 times",
    "opened 3 times",
    "reboot: Power down",
];

/// The driver is built from a copy of its directory, no gate is open in the kernel or in it, and it does what it says.
pub fn loads(workshop: &mut Workshop) -> Tested {
    let driver = copy(workshop)?;
    let kernel = workshop.out_of("example", Mode::Gateless);
    workshop.begin(&kernel, &workshop.out(Mode::Gateless))?;
    let modules = driver.join("modules.config");
    let preset = format!("{}-small", workshop.arch);
    let mut arguments = workshop.arguments("build", Mode::Gateless, &kernel);
    arguments.extend(["--config", &preset, "--config", modules.as_str()]);
    succeeded(workshop.gateless(&arguments)?)?;

    let variables = succeeded(workshop.gateless(&["make-vars", "--arch", workshop.arch])?)?;
    let make = format!("make -C {kernel} M={driver} {} modules", variables.trim());
    run(Command::new("sh").args(["-c", &make]))?;
    for directory in [&kernel, &driver] {
        succeeded(workshop.gateless(&["attest", directory.as_str()])?)?;
    }
    printed(&boot(workshop, &kernel)?)
}

/// A copy of the example, without what may have been built in it.
fn copy(workshop: &Workshop) -> Tested<Utf8PathBuf> {
    let from = Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(EXAMPLE);
    let to = workshop.root.join(EXAMPLE);
    if to.exists() {
        fs_err::remove_dir_all(&to)?;
    }
    fs_err::create_dir_all(&to)?;
    for file in ["Kbuild", "tally.rs", "modules.config", "init", "root.list"] {
        fs_err::copy(from.join(file), to.join(file))?;
    }
    Ok(to)
}

/// Boots the kernel with the example's file system, whose list has paths relative to the repository, and returns what it prints.
fn boot(workshop: &Workshop, kernel: &Utf8Path) -> Tested<String> {
    let list = format!("{EXAMPLE}/root.list");
    let mut pack = Command::new(kernel.join("usr/gen_init_cpio"));
    let packed = pack.arg(&list).current_dir(&workshop.root).output()?;
    if !packed.status.success() {
        return Err(format!("gen_init_cpio failed: {packed:?}").into());
    }
    let archive = workshop.root.join("tally.cpio");
    fs_err::write(&archive, packed.stdout)?;
    let output = Command::new("timeout")
        .args(["60", kernel.join("linux").as_str(), "mem=256M"])
        .arg(format!("initrd={archive}"))
        .args(["kunit.enable=0", "con=null", "con0=fd:0,fd:1"])
        .stdin(Stdio::null())
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Every line of [`PRINTED`] is there, in order.
fn printed(console: &str) -> Tested {
    let mut lines = console.lines();
    for wanted in PRINTED {
        if !lines.any(|line| line.contains(wanted)) {
            return Err(format!("`{wanted}` is missing, or not in its place:\n{console}").into());
        }
    }
    Ok(())
}
