//! Gates opened on purpose, each in its own way: the build must refuse them and say where they are.

use crate::workshop::{DRIVER, Mode, Tested, Workshop};

/// A feature attribute that no list of the kernel has; RUSTC_BOOTSTRAP=1 is in the environment all the time.
pub fn feature(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    let line = "use kernel::prelude::*;";
    let old = workshop.edit(DRIVER, line, &format!("#![feature(never_type)]\n\n{line}"))?;
    let refused = refused(workshop, &[DRIVER, "never_type"]);
    workshop.restore(DRIVER, &old)?;
    refused?;
    accepted(workshop)
}

/// An unstable option for one object.
pub fn option(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    // The samples are off in this configuration, so it is the root's Kbuild that makes the object.
    let makefile = "Kbuild";
    let line = "# SPDX-License-Identifier: GPL-2.0\n";
    let old = workshop.edit(
        makefile,
        line,
        &format!("{line}RUSTFLAGS_samples/rust/rust_minimal.o := -Zverbose-asm\n"),
    )?;
    let refused = refused(workshop, &["verbose-asm", "rust_minimal"]);
    workshop.restore(makefile, &old)?;
    refused?;
    accepted(workshop)
}

/// The driver does not build, and the message has all of `words`.
fn refused(workshop: &Workshop, words: &[&str]) -> Tested {
    let output = workshop.object(Mode::Gateless)?;
    let message = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(3) {
        return Err(format!("{}, not 3\n{message}", output.status).into());
    }
    match words.iter().find(|word| !message.contains(**word)) {
        Some(word) => Err(format!("no `{word}` in\n{message}").into()),
        None => Ok(()),
    }
}

/// Without the gate the same driver builds: it was the gate that was refused.
fn accepted(workshop: &Workshop) -> Tested {
    crate::workshop::succeeded(workshop.object(Mode::Gateless)?).map(drop)
}
