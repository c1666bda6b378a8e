//! The wishes that are checks of what the optimiser leaves: a kernel that is fine is built as without them, and what is planted in it is found.

use camino::{Utf8Path, Utf8PathBuf};

use crate::configurations::objects;
use crate::workshop::{Mode, Tested, Workshop, run, succeeded};

const WISHES: [&str; 5] = [
    "--wish=build-assert",
    "--wish=noreturn-list",
    "--wish=no-floats",
    "--wish=no-128-bit",
    "--wish=no-atomics",
];

/// Where code is planted.
const SOURCE: &str = "lib/planted.rs";
const OBJECT: &str = "lib/planted.o";
const MAKEFILE: &str = "lib/Makefile";

/// What a file about noreturn functions is patched in (`gateless noreturn --patch`).
const OBJTOOL: [&str; 2] = ["tools/objtool/check.c", "tools/objtool/noreturns.h"];

const HEAD: &str = "// SPDX-License-Identifier: GPL-2.0\n//! Planted.\nuse kernel::prelude::*;\n";

/// What is refused, and the words of the refusal.
const REFUSED: [(&str, &[&str]); 4] = [
    (
        "#[inline(always)]\nfn at<const SIZE: usize>(offset: usize) -> usize {\n    build_assert!(offset < SIZE, \"offset out of range\");\n    offset\n}\n\
         /// Planted.\n#[no_mangle]\npub extern \"C\" fn planted(offset: usize) -> usize {\n    at::<16>(offset)\n}\n",
        &[
            "the assertion `offset out of range` at ",
            "lib/planted.rs:6:",
            "in planted::at::<16>, inlined at ",
            "lib/planted.rs:12:",
            "in planted",
        ],
    ),
    (
        "/// Planted.\n#[no_mangle]\npub extern \"C\" fn planted(a: &u32) -> u32 {\n    (*a as f32 * 1.5) as u32\n}\n",
        &["planted of the crate planted: float", "lib/planted.rs:7:"],
    ),
    (
        "/// Planted.\n#[no_mangle]\npub extern \"C\" fn planted(a: &u64, b: &u64) -> u64 {\n    (u128::from(*a) * u128::from(*b) >> 3) as u64\n}\n",
        &["a 128-bit multiplication", "lib/planted.rs:7:"],
    ),
    (
        "use core::sync::atomic::{AtomicU32, Ordering};\nstatic COUNT: AtomicU32 = AtomicU32::new(0);\n\
         /// Planted.\n#[no_mangle]\npub extern \"C\" fn planted() -> u32 {\n    COUNT.fetch_add(1, Ordering::Relaxed)\n}\n",
        &["an atomic update", "lib/planted.rs:9:"],
    ),
];

/// Calls a function that doesn't return, of which objtool knows nothing.
const NORETURN: &str = "use core::cell::RefCell;\n\
    /// Planted.\n#[no_mangle]\npub extern \"C\" fn planted_borrow(a: &RefCell<u32>) -> u32 {\n    *a.borrow_mut()\n}\n\
    /// Planted.\n#[no_mangle]\npub extern \"C\" fn planted_next(a: u32) -> u32 {\n    a ^ 7\n}\n";

/// Nothing is refused of the preset for tests, its objects are those of a build without wishes, and each planted fault is found.
pub fn found(workshop: &mut Workshop) -> Tested {
    let plain = workshop.out(Mode::Gateless);
    succeeded(workshop.gateless(&workshop.arguments("build", Mode::Gateless, &plain))?)?;
    let out = workshop.out_of(&format!("{}-checks", workshop.arch), Mode::Gateless);
    workshop.begin(&out, &plain)?;
    build(workshop, &out, &[])?;
    same_objects(&plain, &out)?;
    succeeded(workshop.gateless(&["noreturn", out.as_str()])?)?;

    let makefile = fs_err::read_to_string(workshop.tree.join(MAKEFILE))?;
    let line = "obj-$(CONFIG_RUST) += planted.o";
    workshop.restore(MAKEFILE, format!("{makefile}\n{line}\n").as_bytes())?;
    let seen = planted(workshop, &out);
    fs_err::remove_file(workshop.tree.join(SOURCE))?;
    workshop.restore(MAKEFILE, makefile.as_bytes())?;
    workshop.untouch(MAKEFILE)?;
    workshop.untouch(OBJTOOL[0])?;
    if out.join(OBJECT).exists() {
        fs_err::remove_file(out.join(OBJECT))?;
    }
    seen
}

/// What is said of a build with all checks.
fn build(workshop: &Workshop, out: &Utf8Path, targets: &[&str]) -> Tested<String> {
    let mut arguments = workshop.arguments("build", Mode::Gateless, out);
    arguments.extend(WISHES);
    if !targets.is_empty() {
        arguments.push("--");
        arguments.extend(targets);
    }
    succeeded(workshop.gateless(&arguments)?)?;
    Ok(fs_err::read_to_string(out.join("build.log"))?)
}

/// Every object of `rust/` is the same, byte for byte.
fn same_objects(plain: &Utf8Path, checked: &Utf8Path) -> Tested {
    let all = objects(&plain.join("rust"))?;
    if all.len() < 5 {
        return Err(format!("only {all:?} to compare").into());
    }
    for object in all {
        let other = checked.join(object.strip_prefix(plain)?);
        if fs_err::read(&object)? != fs_err::read(&other)? {
            return Err(format!("{other} differs from the one without wishes").into());
        }
    }
    Ok(())
}

/// Each fault is found where it stands.
fn planted(workshop: &Workshop, out: &Utf8Path) -> Tested {
    for (code, words) in REFUSED {
        workshop.restore(SOURCE, format!("{HEAD}{code}").as_bytes())?;
        let said = match build(workshop, out, &[OBJECT]) {
            Ok(log) => return Err(format!("{code} is accepted: {log}").into()),
            Err(failed) => failed.message().unwrap_or_default().to_owned(),
        };
        if let Some(missing) = words.iter().find(|words| !said.contains(**words)) {
            return Err(format!("`{missing}` is not said: {said}").into());
        }
    }
    workshop.restore(SOURCE, format!("{HEAD}{NORETURN}").as_bytes())?;
    let log = build(workshop, out, &[OBJECT])?;
    let answer = workshop.gateless(&["noreturn", out.as_str()])?;
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    if answer.status.code() != Some(1) || !names_planted(&said) {
        return Err(format!("{}: {said}", answer.status).into());
    }
    let has_objtool = workshop.arch == "x86_64";
    if warned(&log) != has_objtool {
        return Err(format!("objtool does not say what is expected: {log}").into());
    }
    patch(workshop, out)?;
    succeeded(workshop.gateless(&["noreturn", out.as_str()])?)?;
    fs_err::remove_file(out.join(OBJECT))?;
    let log = build(workshop, out, &[OBJECT])?;
    match warned(&log) {
        true => Err(format!("objtool still warns: {log}").into()),
        false => Ok(()),
    }
}

/// Whether the only function that is missing is the one that was planted.
fn names_planted(said: &str) -> bool {
    let missing: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("missing: "))
        .collect();
    matches!(missing[..], [line] if line.contains("panic_already_borrowed") && line.contains(OBJECT))
}

/// Whether objtool says that code goes on behind the call.
fn warned(log: &str) -> bool {
    log.contains("planted_borrow() falls through to next function")
}

/// Applies the patch that `gateless noreturn` prints.
fn patch(workshop: &Workshop, out: &Utf8Path) -> Tested {
    let scratch = tempfile::tempdir()?;
    let scratch = Utf8PathBuf::try_from(scratch.path().to_owned())?;
    let printed = workshop.gateless(&["noreturn", out.as_str(), "--patch"])?;
    fs_err::write(scratch.join("patch"), &printed.stdout)?;
    for file in OBJTOOL {
        let copy = scratch.join(file);
        fs_err::create_dir_all(copy.parent().ok_or("not in a directory")?)?;
        fs_err::write(&copy, fs_err::read(workshop.tree.join(file))?)?;
    }
    let mut apply = std::process::Command::new("git");
    run(apply.args(["apply", "patch"]).current_dir(&scratch))?;
    for file in OBJTOOL {
        let new = fs_err::read(scratch.join(file))?;
        if new != fs_err::read(workshop.tree.join(file))? {
            workshop.restore(file, &new)?;
        }
    }
    Ok(())
}
