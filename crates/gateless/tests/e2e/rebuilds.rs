//! What is compiled again: for each change exactly what upstream's own build compiles again.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::workshop::{Made, Mode, Tested, Workshop, succeeded};

/// How long a build may take to reach the crate at which it is interrupted.
const PATIENCE: Duration = Duration::from_secs(300);

/// Nothing at all.
pub fn nothing(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    nothing_left(workshop)
}

/// Brings the gateless build up to date; what comes next changes something.
fn settle(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    if !workshop.settled {
        workshop.rebuild(Mode::Gateless)?;
    }
    workshop.settled = false;
    Ok(())
}

fn nothing_left(workshop: &mut Workshop) -> Tested {
    let made = workshop.rebuild(Mode::Gateless)?;
    if made.is_empty() {
        workshop.settled = true;
        Ok(())
    } else {
        Err(format!("still made: {made:?}").into())
    }
}

/// A file of the kernel crate.
pub fn rust_file(workshop: &mut Workshop) -> Tested {
    let file = "rust/kernel/xarray.rs";
    let change = |workshop: &Workshop, _: &[Mode]| workshop.touch(file);
    let made = same(workshop, "rust-file", change, |workshop| {
        workshop.rebuild(Mode::Gateless)
    })?;
    has(&made, "rust/kernel.o")?;
    has_not(&made, "rust/core.o")?;
    has_not(&made, "rust/bindings.o")?;
    nothing_left(workshop)?;
    workshop.untouch(file)
}

/// A header that only bindgen reads; and the build is interrupted in the middle.
pub fn bindgen_header(workshop: &mut Workshop) -> Tested {
    let file = "rust/bindings/bindings_helper.h";
    let change = |workshop: &Workshop, _: &[Mode]| workshop.touch(file);
    let made = same(workshop, "bindgen-header", change, interrupted)?;
    has(&made, "rust/bindings/bindings_generated.rs")?;
    has(&made, "rust/kernel.o")?;
    has_not(&made, "rust/core.o")?;
    nothing_left(workshop)?;
    workshop.untouch(file)
}

/// A symbol that a C file reads.
pub fn configuration(workshop: &mut Workshop) -> Tested {
    let symbol = "CONFIG_LOG_BUF_SHIFT=";
    workshop.boot(Mode::Gateless)?;
    let config = fs_err::read_to_string(workshop.out(Mode::Gateless).join(".config"))?;
    let usual = config
        .lines()
        .find(|line| line.starts_with(symbol))
        .ok_or("no CONFIG_LOG_BUF_SHIFT")?;
    let other = format!("{symbol}{}", if usual.ends_with("=16") { 15 } else { 16 });
    let set = |mode: Mode, workshop: &Workshop, from: &str, to: &str| -> Tested {
        let config = workshop.out(mode).join(".config");
        let old = fs_err::read_to_string(&config)?;
        fs_err::write(
            &config,
            old.replace(&format!("{from}\n"), &format!("{to}\n")),
        )?;
        Ok(())
    };
    let change = |workshop: &Workshop, modes: &[Mode]| {
        modes
            .iter()
            .try_for_each(|mode| set(*mode, workshop, usual, &other))
    };
    let made = same(workshop, "configuration", change, |workshop| {
        workshop.rebuild(Mode::Gateless)
    });
    for mode in [Mode::Gateless, Mode::Gated] {
        set(mode, workshop, &other, usual)?;
    }
    let made = made?;
    has(&made, "kernel/printk/printk.o")?;
    has_not(&made, "rust/core.o")?;
    has(&workshop.rebuild(Mode::Gateless)?, "kernel/printk/printk.o")
}

/// Every Rust crate, and no C file that is not made from Rust's objects.
pub fn new_gateless(workshop: &mut Workshop) -> Tested {
    settle(workshop)?;
    let old = workshop.date_program(None)?;
    let made = workshop.rebuild(Mode::Gateless)?;
    for object in [
        "rust/core.o",
        "rust/bindings.o",
        "rust/kernel.o",
        "rust/doctests_kernel_generated.o",
    ] {
        has(&made, object)?;
    }
    let from_rust = ["rust/", ".vmlinux", ".tmp_vmlinux", "init/version"];
    let other = |target: &str| !from_rust.iter().any(|start| target.starts_with(start));
    let c: Vec<_> = made
        .iter()
        .filter(|(verb, target)| verb.starts_with("CC") && other(target))
        .collect();
    if !c.is_empty() {
        return Err(format!("C files were compiled: {c:?}").into());
    }
    // It is the same program after all: other builds need not be made again for it.
    workshop.date_program(Some(old))?;
    nothing_left(workshop)
}

/// Brings the builds up to date, makes a change, rebuilds gateless by `rebuild` and gated; the same files must be made.
///
/// `change` is told for which builds it is, should it be one of an output directory.
fn same(
    workshop: &mut Workshop,
    name: &str,
    change: impl Fn(&Workshop, &[Mode]) -> Tested,
    rebuild: impl Fn(&Workshop) -> Tested<BTreeSet<Made>>,
) -> Tested<BTreeSet<Made>> {
    settle(workshop)?;
    workshop.boot(Mode::Gated)?;
    let known = workshop.upstream(name)?;
    let gated = match known {
        Some(known) => {
            change(workshop, &[Mode::Gateless])?;
            known
        }
        None => {
            workshop.rebuild(Mode::Gated)?;
            change(workshop, &[Mode::Gateless, Mode::Gated])?;
            let made = workshop.rebuild(Mode::Gated)?;
            workshop.keep_upstream(name, &made)?;
            made
        }
    };
    let gateless = rebuild(workshop)?;
    let only_gateless: Vec<_> = gateless.difference(&gated).collect();
    let only_gated: Vec<_> = gated.difference(&gateless).collect();
    if !only_gateless.is_empty() || !only_gated.is_empty() {
        return Err(format!("only gateless: {only_gateless:?}\nonly gated: {only_gated:?}").into());
    }
    if gated.is_empty() {
        Err("nothing was rebuilt".into())
    } else {
        Ok(gateless)
    }
}

/// A build that is interrupted as by Ctrl-C while it compiles the kernel crate, and started again: what both made.
fn interrupted(workshop: &Workshop) -> Tested<BTreeSet<Made>> {
    let out = workshop.out(Mode::Gateless);
    // The log of the build before must not be taken for this one's.
    fs_err::write(out.join("build.log"), "")?;
    let arguments = workshop.arguments("build", Mode::Gateless, &out);
    let mut command = workshop.command(&arguments);
    // A group of its own, as a terminal gives to each job.
    let mut child = command
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let group = format!("-{}", child.id());
    let kill = |signal: &str| Command::new("kill").args([signal, "--", &group]).output();
    let start = Instant::now();
    while has(&workshop.made(Mode::Gateless)?, "rust/kernel.o").is_err() {
        if child.try_wait()?.is_some() {
            return Err("the build ended before it could be interrupted".into());
        }
        if start.elapsed() > PATIENCE {
            kill("-KILL")?;
            return Err("the build did not reach rust/kernel.o".into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(2));
    succeeded(kill("-INT")?)?;
    if child.wait()?.success() {
        return Err("the interrupted build says that it succeeded".into());
    }
    // make ends its own processes after gateless is gone.
    while kill("-0")?.status.success() {
        if start.elapsed() > PATIENCE {
            return Err("the interrupted build left processes behind".into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let first = workshop.made(Mode::Gateless)?;
    let second = workshop.rebuild(Mode::Gateless)?;
    has(&first, "rust/bindings.o")?;
    has_not(&second, "rust/bindings.o")?;
    has(&second, "rust/kernel.o")?;
    Ok(first.union(&second).cloned().collect())
}

fn has(made: &BTreeSet<Made>, target: &str) -> Tested {
    if made.iter().any(|(_, made)| made == target) {
        Ok(())
    } else {
        Err(format!("{target} was not rebuilt, only {made:?}").into())
    }
}

fn has_not(made: &BTreeSet<Made>, target: &str) -> Tested {
    match has(made, target) {
        Ok(()) => Err(format!("{target} was rebuilt").into()),
        Err(_) => Ok(()),
    }
}
