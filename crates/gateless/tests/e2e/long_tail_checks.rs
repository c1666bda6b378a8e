//! The wishes that are checks of what the optimiser leaves: a kernel that is fine is built and runs as without them, and what is planted in it is
//! found.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::configurations::objects;
use crate::workshop::{Mode, Tested, Workshop, run, succeeded};

const BUILD_ASSERT: &str = "--wish=build-assert";
const NORETURN_LIST: &str = "--wish=noreturn-list";
const NO_FLOATS: &str = "--wish=no-floats";
const NO_128_BIT: &str = "--wish=no-128-bit";
const NO_ATOMICS: &str = "--wish=no-atomics";

/// What is wished for. x86_64-small has nova_core, whose fences are core's: no-atomics refuses it, and upstream has no rule that allows them.
fn wishes(workshop: &Workshop) -> Vec<&'static str> {
    let mut wishes = vec![BUILD_ASSERT, NORETURN_LIST, NO_FLOATS, NO_128_BIT];
    if workshop.arch != "x86_64" {
        wishes.push(NO_ATOMICS);
    }
    wishes
}

/// Lines of lib/Makefile for what is planted. With CONFIG_X86_KERNEL_IBT objtool sees the linked kernel, or a module, which has what it calls from
/// elsewhere undefined; a built-in object is given to it as a module is.
const LINES: &str = "obj-$(CONFIG_RUST) += planted.o\n$(obj)/planted.o: private objtool-enabled := $(CONFIG_OBJTOOL)\n";

/// Where code is planted.
const SOURCE: &str = "lib/planted.rs";
const OBJECT: &str = "lib/planted.o";
const MAKEFILE: &str = "lib/Makefile";

/// What a file about noreturn functions is patched in (`gateless noreturn --patch`).
const OBJTOOL: [&str; 2] = ["tools/objtool/check.c", "tools/objtool/noreturns.h"];

const HEAD: &str = "// SPDX-License-Identifier: GPL-2.0\n//! Planted.\nuse kernel::prelude::*;\n";

/// What is refused, by which wish, and the words of the refusal.
const REFUSED: [(&str, &str, &[&str]); 4] = [
    (
        BUILD_ASSERT,
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
        NO_FLOATS,
        "/// Planted.\n#[no_mangle]\npub extern \"C\" fn planted(a: &u32) -> u32 {\n    (*a as f32 * 1.5) as u32\n}\n",
        &["planted of the crate planted: float", "lib/planted.rs:7:"],
    ),
    (
        NO_128_BIT,
        "/// Planted.\n#[no_mangle]\npub extern \"C\" fn planted(a: &u64, b: &u64) -> u64 {\n    (u128::from(*a) * u128::from(*b) >> 3) as u64\n}\n",
        &["a 128-bit multiplication", "lib/planted.rs:7:"],
    ),
    (
        NO_ATOMICS,
        "use core::sync::atomic::{AtomicU32, Ordering};\nstatic COUNT: AtomicU32 = AtomicU32::new(0);\n\
         /// Planted.\n#[no_mangle]\npub extern \"C\" fn planted() -> u32 {\n    COUNT.fetch_add(1, Ordering::Relaxed)\n}\n",
        &["an atomic update", "lib/planted.rs:9:"],
    ),
];

/// Calls a function that doesn't return, of which objtool knows nothing.
const NORETURN: &str = "use core::cell::RefCell;\n\
    /// Planted.\n#[no_mangle]\npub extern \"C\" fn planted_borrow(a: &RefCell<u32>) -> u32 {\n    *a.borrow_mut()\n}\n\
    /// Planted.\n#[no_mangle]\npub extern \"C\" fn planted_next(a: u32) -> u32 {\n    a ^ 7\n}\n";

/// Nothing is refused of the preset for tests, its objects and results are those of a build without wishes, and each planted fault is found.
pub fn found(workshop: &mut Workshop) -> Tested {
    let plain: Value = serde_json::from_str(&workshop.boot(Mode::Gateless)?)?;
    let plain_out = workshop.out(Mode::Gateless);
    let out = workshop.out_of(&format!("{}-checks", workshop.arch), Mode::Gateless);
    workshop.begin(&out, &plain_out)?;
    let mut arguments = workshop.arguments("boot", Mode::Gateless, &out);
    arguments.extend(wishes(workshop));
    arguments.push("--json");
    let answer: Value = serde_json::from_str(&succeeded(workshop.gateless(&arguments)?)?)?;
    if answer["outcome"] != "passed" || answer["tests"] != plain["tests"] {
        return Err(format!("not the results without wishes: {:#}", answer["reasons"]).into());
    }
    let log = fs_err::read_to_string(out.join("build.log"))?;
    if let Some(said) = fallen(&log).next() {
        return Err(format!("objtool, which sees the whole kernel here, says: {said}").into());
    }
    same_objects(&plain_out, &out)?;

    let makefile = fs_err::read_to_string(workshop.tree.join(MAKEFILE))?;
    workshop.restore(MAKEFILE, format!("{makefile}\n{LINES}").as_bytes())?;
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
    arguments.extend(wishes(workshop));
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
    let asked = wishes(workshop);
    for (wish, code, words) in REFUSED {
        if !asked.contains(&wish) {
            continue;
        }
        workshop.restore(SOURCE, format!("{HEAD}{code}").as_bytes())?;
        let said = match build(workshop, out, &[OBJECT]) {
            Ok(log) => return Err(format!("{code} is accepted: {log}").into()),
            Err(failed) => failed.message().unwrap_or_default().to_owned(),
        };
        if let Some(missing) = words.iter().find(|words| !said.contains(**words)) {
            return Err(format!("`{missing}` is not said: {said}").into());
        }
    }
    let known = missing(workshop, out)?;
    workshop.restore(SOURCE, format!("{HEAD}{NORETURN}").as_bytes())?;
    let log = build(workshop, out, &[OBJECT])?;
    let now = missing(workshop, out)?;
    let new: Vec<_> = now.difference(&known).collect();
    match new[..] {
        [line] if line.contains("panic_already_borrowed") && line.contains(OBJECT) => {}
        _ => return Err(format!("with what is planted there are also: {new:?}").into()),
    }
    let said: Vec<_> = fallen(&log).collect();
    let is_expected = match said[..] {
        [line] => workshop.arch == "x86_64" && line.contains("planted_borrow()"),
        // User Mode Linux has no objtool.
        _ => workshop.arch == "um" && said.is_empty(),
    };
    if !is_expected {
        return Err(format!("objtool does not say what is expected: {log}").into());
    }
    patch(workshop, out)?;
    if !missing(workshop, out)?.is_empty() {
        return Err("the patch leaves something missing".into());
    }
    fs_err::remove_file(out.join(OBJECT))?;
    let log = build(workshop, out, &[OBJECT])?;
    match fallen(&log).next() {
        Some(said) => Err(format!("with the patch objtool says: {said}").into()),
        None => Ok(()),
    }
}

/// The functions that objtool lacks, a line each.
fn missing(workshop: &Workshop, out: &Utf8Path) -> Tested<BTreeSet<String>> {
    let answer = workshop.gateless(&["noreturn", out.as_str()])?;
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    let missing: BTreeSet<_> = said
        .lines()
        .filter(|line| line.starts_with("missing: "))
        .map(str::to_owned)
        .collect();
    let code = i32::from(!missing.is_empty());
    match answer.status.code() == Some(code) && said.contains(" objects; ") {
        true => Ok(missing),
        false => Err(format!("{}: {said}", answer.status).into()),
    }
}

/// Where objtool says that code goes on behind a call that does not return.
fn fallen(log: &str) -> impl Iterator<Item = &str> {
    let lines = log.lines();
    lines.filter(|line| line.contains("falls through to next function"))
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
