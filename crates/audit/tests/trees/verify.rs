//! A build directory whose recorded commands are run again with one gate closed.

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_audit::audit::verify::{Job, Outcome, verify};
use gateless_audit::audit::{self, Evidence, Verified};
use gateless_ledger::Ledger;
use libtest_mimic::Failed;

use crate::plants::write;
use crate::small::{Directory, rustc};

/// A tree of three crates and its build directory, which has compiled two of them.
fn built(tree: &Utf8Path, out: &Utf8Path) {
    for (path, text) in [
        (
            "Makefile",
            "export RUSTC_BOOTSTRAP := 1\nKBUILD_RUSTFLAGS := -Zfunction-sections=n -Zbinary_dep_depinfo=y -Zmerge-functions=disabled\nobj-y += x/\n",
        ),
        ("x/Makefile", "obj-y += used.o stray.o plain.o\n"),
        (
            "x/used.rs",
            "#![feature(used_with_arg)]\n#![feature(asm_goto)]\n#![no_std]\n#[used(compiler)]\nstatic X: u8 = 1;\n",
        ),
        (
            "x/stray.rs",
            "#![feature(cfi_encoding)]\n#![no_std]\n#[cfi_encoding = \"1x\"]\npub struct S;\n",
        ),
        ("x/plain.rs", "#![no_std]\npub fn f() {}\n"),
    ] {
        write(tree, path, text.as_bytes());
    }
    write(out, "include/config/auto.conf", b"CONFIG_RUST=y\n");
    std::os::unix::fs::symlink(tree, out.join("source")).unwrap();
    for (name, options) in [
        ("used", "-Zfunction-sections=n"),
        ("plain", "-Zbinary_dep_depinfo=y"),
    ] {
        let line = format!(
            "savedcmd_x/{name}.o := {} --edition=2021 --crate-type=lib {options} --emit=obj=x/{name}.o {tree}/x/{name}.rs\n\nsource_x/{name}.o := {tree}/x/{name}.rs\n",
            rustc()
        );
        write(out, &format!("x/.{name}.o.cmd"), line.as_bytes());
    }
}

fn verified(
    tree: &Utf8Path,
    out: &Utf8Path,
) -> gateless_model::Result<(Outcome, BTreeMap<String, Verified>)> {
    let rustc = rustc();
    let ledger = Ledger::embedded();
    let mut answer = audit::run(tree, Some(out), &rustc)?.audit(ledger);
    let job = Job {
        tree,
        out,
        rustc: &rustc,
        ledger,
        only: &[],
    };
    let outcome = verify(&mut answer, &job, &|_| {})?;
    let found = answer
        .gates
        .into_iter()
        .filter_map(|gate| Some((gate.id, gate.verified?)))
        .collect();
    Ok((outcome, found))
}

pub fn evidence() -> Result<(), Failed> {
    let (tree, out) = (Directory::new(), Directory::new());
    built(tree.path(), out.path());
    let (outcome, found) = verified(tree.path(), out.path()).unwrap();
    let seen = |id: &str| {
        let one = &found[id];
        (one.evidence, one.compiles_without, one.agrees)
    };
    let fails = |evidence| (evidence, Some(false), Some(true));
    assert_eq!(seen("used_with_arg"), fails(Evidence::FeatureClosed));
    assert_eq!(
        seen("asm_goto"),
        (Evidence::FeatureClosed, Some(true), Some(true))
    );
    // No gate in the crate itself: it is compiled with and without the option.
    assert_eq!(seen("Z_binary_dep_depinfo"), fails(Evidence::OptionClosed));
    assert_eq!(seen("Z_function_sections"), fails(Evidence::OptionsOnly));
    assert_eq!(seen("rustc_bootstrap"), fails(Evidence::BootstrapClosed));
    // Needed by the tree, and nothing that this directory has compiled.
    let nothing = (Evidence::NotCompiled, None, None);
    assert_eq!(seen("cfi_encoding"), nothing);
    assert_eq!(seen("Z_merge_functions"), nothing);
    assert_eq!(
        outcome,
        Outcome {
            verified: 5,
            contradicted: 0,
            not_compiled: 2
        }
    );
    // Compiled, and thrown away by a macro, which the audit can't know: the compiler says otherwise.
    write(
        tree.path(),
        "x/used.rs",
        b"#![feature(used_with_arg)]\n#![no_std]\nmacro_rules! drop { ($($t:tt)*) => {} }\ndrop! { #[used(compiler)] static X: u8 = 1; }\n",
    );
    let (outcome, found) = verified(tree.path(), out.path()).unwrap();
    assert_eq!(
        (outcome.contradicted, found["used_with_arg"].agrees),
        (1, Some(false))
    );
    Ok(())
}

pub fn another_tree() -> Result<(), Failed> {
    let (tree, other, out) = (Directory::new(), Directory::new(), Directory::new());
    built(tree.path(), out.path());
    write(other.path(), "x/used.rs", b"#![feature(used_with_arg)]\n");
    let refused = verified(other.path(), out.path()).unwrap_err();
    assert!(refused.to_string().contains("is a build of"), "{refused}");
    Ok(())
}
