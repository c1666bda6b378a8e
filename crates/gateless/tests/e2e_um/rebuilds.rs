//! What is compiled again: for each change exactly what upstream's own build compiles again.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::workshop::{Made, Mode, Tested, Workshop, succeeded};

/// How long a build may take to reach the crate at which it is interrupted.
const PATIENCE: Duration = Duration::from_secs(300);

/// Nothing at all.
pub fn nothing(workshop: &mut Workshop) -> Tested {
    for mode in [Mode::Gateless, Mode::Gated] {
        workshop.boot(mode)?;
        let made = workshop.rebuild(mode)?;
        if !made.is_empty() {
            return Err(format!("{mode:?}: {made:?}").into());
        }
    }
    Ok(())
}

/// A file of the kernel crate.
pub fn rust_file(workshop: &mut Workshop) -> Tested {
    settle(workshop)?;
    workshop.touch("rust/kernel/xarray.rs")?;
    let made = same(workshop)?;
    has(&made, "rust/kernel.o")?;
    has_not(&made, "rust/core.o")?;
    has_not(&made, "rust/bindings.o")
}

/// A header that only bindgen reads.
pub fn bindgen_header(workshop: &mut Workshop) -> Tested {
    settle(workshop)?;
    workshop.touch("rust/bindings/bindings_helper.h")?;
    let made = same(workshop)?;
    has(&made, "rust/bindings/bindings_generated.rs")?;
    has(&made, "rust/kernel.o")?;
    has_not(&made, "rust/core.o")
}

/// A symbol that C files read.
pub fn configuration(workshop: &mut Workshop) -> Tested {
    settle(workshop)?;
    let symbol = "CONFIG_LOG_BUF_SHIFT=";
    let config = fs_err::read_to_string(workshop.out(Mode::Gated).join(".config"))?;
    let usual = config
        .lines()
        .find(|line| line.starts_with(symbol))
        .ok_or("no CONFIG_LOG_BUF_SHIFT")?;
    let other = format!("{symbol}{}", if usual.ends_with("=16") { 15 } else { 16 });
    set(workshop, usual, &other)?;
    let made = same(workshop);
    set(workshop, &other, usual)?;
    let made = made?;
    has(&made, "kernel/printk/printk.o")?;
    has_not(&made, "rust/core.o")?;
    same(workshop).map(drop)
}

/// Replaces a line in both configurations.
fn set(workshop: &Workshop, from: &str, to: &str) -> Tested {
    for mode in [Mode::Gateless, Mode::Gated] {
        let config = workshop.out(mode).join(".config");
        let old = fs_err::read_to_string(&config)?;
        fs_err::write(
            &config,
            old.replace(&format!("{from}\n"), &format!("{to}\n")),
        )?;
    }
    Ok(())
}

/// Interrupted in the middle of rust/, then started again.
pub fn interrupted(workshop: &mut Workshop) -> Tested {
    settle(workshop)?;
    workshop.touch("rust/bindings/bindings_helper.h")?;
    let out = workshop.out(Mode::Gateless);
    let arguments = workshop.arguments("build", Mode::Gateless, &out);
    let mut command = workshop.command(&arguments);
    // A group of its own: what a terminal does with Ctrl-C.
    let mut child = command
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let start = Instant::now();
    while !workshop
        .made(Mode::Gateless)?
        .iter()
        .any(|(_, target)| target == "rust/kernel.o")
    {
        if child.try_wait()?.is_some() {
            return Err("the build ended before it could be interrupted".into());
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            return Err("the build did not reach rust/kernel.o".into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(2));
    let group = format!("-{}", child.id());
    succeeded(
        std::process::Command::new("kill")
            .args(["-INT", "--", &group])
            .output()?,
    )?;
    if child.wait()?.success() {
        return Err("the interrupted build says that it succeeded".into());
    }
    let made = workshop.rebuild(Mode::Gateless)?;
    has(&made, "rust/kernel.o")?;
    has_not(&made, "rust/bindings.o")?;
    has_not(&made, "rust/core.o")?;
    let again = workshop.rebuild(Mode::Gateless)?;
    if again.is_empty() {
        Ok(())
    } else {
        Err(format!("and then still: {again:?}").into())
    }
}

/// Every Rust crate, and no C file.
pub fn new_gateless(workshop: &mut Workshop) -> Tested {
    settle(workshop)?;
    workshop.touch_program()?;
    let made = workshop.rebuild(Mode::Gateless)?;
    for crate_object in [
        "rust/core.o",
        "rust/bindings.o",
        "rust/kernel.o",
        "rust/doctests_kernel_generated.o",
    ] {
        has(&made, crate_object)?;
    }
    // The objects of C that are made from what Rust's are: the export table and the doctests' C half.
    let c: Vec<_> = made
        .iter()
        .filter(|(verb, target)| verb.starts_with("CC") && !after_rust(target))
        .collect();
    if !c.is_empty() {
        return Err(format!("C files were compiled: {c:?}").into());
    }
    let again = workshop.rebuild(Mode::Gateless)?;
    if again.is_empty() {
        Ok(())
    } else {
        Err(format!("and then still: {again:?}").into())
    }
}

fn after_rust(target: &str) -> bool {
    target.starts_with("rust/")
        || target.starts_with(".vmlinux")
        || target.starts_with("init/version")
}

/// Both builds are up to date, so that a change is the only reason for what follows.
fn settle(workshop: &mut Workshop) -> Tested {
    for mode in [Mode::Gateless, Mode::Gated] {
        workshop.boot(mode)?;
        workshop.rebuild(mode)?;
    }
    Ok(())
}

/// Rebuilds both ways; the same files must be made, and some must be.
fn same(workshop: &Workshop) -> Tested<BTreeSet<Made>> {
    let gateless = workshop.rebuild(Mode::Gateless)?;
    let gated = workshop.rebuild(Mode::Gated)?;
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

fn has(made: &BTreeSet<Made>, target: &str) -> Tested {
    if made.iter().any(|(_, made)| made == target) {
        Ok(())
    } else {
        Err(format!("{target} was not rebuilt, only {made:?}").into())
    }
}

fn has_not(made: &BTreeSet<Made>, target: &str) -> Tested {
    if made.iter().any(|(_, made)| made == target) {
        Err(format!("{target} was rebuilt").into())
    } else {
        Ok(())
    }
}
