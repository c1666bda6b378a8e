//! What a stranger's machine and command line are told: refused early, by name, with nothing started or written.

use std::fs;
use std::os::unix::fs::symlink;

use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, absent, expect, refused};

/// The tests of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test(
            "a_compiler_that_is_gateless_itself_is_refused_and_started_once",
            a_compiler_that_is_gateless,
        ),
        Trial::test(
            "doctor_runs_what_it_checks_and_has_one_line_for_one_missing_thing",
            doctor_runs_what_it_checks,
        ),
        Trial::test(
            "a_tree_or_a_directory_of_something_else_is_no_output_directory",
            output_directories_that_hold_something_else,
        ),
        Trial::test(
            "what_can_be_refused_is_refused_before_anything_is_built",
            refused_early,
        ),
        Trial::test(
            "every_spelling_of_an_architecture_is_taken_everywhere",
            spellings_of_architectures,
        ),
    ]
}

/// Where bindgen can't load libclang, or loads one that is too old, and where the compiler is missing: one line, which names it.
fn doctor_runs_what_it_checks() -> Result<(), Failed> {
    let missing = |bench: &Bench| -> Result<Vec<String>, Failed> {
        let output = bench.gateless(&["doctor"]).output()?;
        let table = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines = table.lines().filter(|line| line.starts_with("MISSING"));
        Ok(lines.map(str::to_owned).collect())
    };
    let bench = Bench::new();
    let before = missing(&bench)?;
    let now = |bench: &Bench, name: &str, said: &str| -> Result<(), Failed> {
        let mut new = missing(bench)?;
        new.retain(|line| !before.contains(line));
        match new.as_slice() {
            [line] if line.contains(name) && line.contains(said) => Ok(()),
            _ => Err(format!("not one line about {name} that says `{said}`: {new:?}").into()),
        }
    };
    bench.bindgen("clang version 14.0.6");
    now(
        &bench,
        "bindgen",
        "loads libclang 14.0.6, which is too old: 17.0.1 is the minimum",
    )?;
    bench.program(
        "bindgen",
        "case \"$1\" in --version) echo bindgen 0.72.1;; *) echo \"thread 'main' panicked at x.rs: Unable to find libclang\" >&2; exit 101;; esac\n",
    );
    now(
        &bench,
        "bindgen",
        "can't read a header: thread 'main' panicked at x.rs: Unable to find libclang",
    )?;
    bench.program("bindgen", "echo bindgen 0.72.1\n");
    now(&bench, "bindgen", "does not say which libclang it loads")?;
    bench.bindgen("clang version 22.1.2");
    // The headers that it would be asked for are not missing as well.
    bench.program("cc", "");
    fs::remove_file(bench.path("bin/gcc"))?;
    now(&bench, "gcc", "no `gcc` on PATH")?;
    bench.program("gcc", "echo 'gcc 99.0.0'\n");
    // A toolchain that a file of the directory pins, as rustup says it.
    bench.program(
        "rustc",
        "echo \"error: toolchain '1.99.0' is not installed\" >&2; echo 'help: run `rustup toolchain install` to install it' >&2; echo backtrace >&2; exit 1\n",
    );
    now(&bench, "rustc", "toolchain '1.99.0' is not installed")?;
    fs::remove_file(bench.path("bin/rustc"))?;
    now(&bench, "rustc", "rustc")
}

/// By a link, a script, PATH, and for rustdoc and clippy-driver.
fn a_compiler_that_is_gateless() -> Result<(), Failed> {
    const SAID: &str = "is no compiler: it ends in gateless";
    let own = env!("CARGO_BIN_EXE_gateless");
    let bench = Bench::new();
    symlink(own, bench.path("gateless-rustc"))?;
    bench.program("wrapper", &format!("exec {own} \"$@\"\n"));
    for named in [
        own.into(),
        bench.path("gateless-rustc"),
        bench.path("bin/wrapper"),
    ] {
        let mut command = bench.gateless(&["make-vars"]);
        command.env("GATELESS_RUSTC", &named);
        expect(command, 3, &[SAID, "GATELESS_RUSTC"])?;
        // A wrapper, as Kbuild calls it.
        let mut command = bench.command(bench.path("gateless-rustc"));
        command.arg("-vV").env("GATELESS_RUSTC", &named);
        expect(command, 3, &[SAID])?;
        let mut command = bench.gateless(&["doctor"]);
        command.env("GATELESS_RUSTC", &named);
        let output = expect(command, 1, &[])?;
        let table = String::from_utf8_lossy(&output.stdout).into_owned();
        if !table.contains(SAID) {
            return Err(table.into());
        }
    }
    // On PATH.
    fs::remove_file(bench.path("bin/rustc"))?;
    symlink(own, bench.path("bin/rustc"))?;
    expect(bench.gateless(&["make-vars"]), 3, &[SAID])?;
    // Companions of a compiler that is one.
    let bench = Bench::new();
    bench.program(
        "rustc",
        "case $1 in -vV) printf 'rustc 1.95.0 (59807616e 2026-04-14)\\nhost: x86_64-unknown-linux-gnu\\nrelease: 1.95.0\\n';; --print) echo ${0%/*}/..;; esac\n",
    );
    fs::create_dir(bench.path("lib"))?;
    for (companion, wrapper) in [
        ("rustdoc", "gateless-rustdoc"),
        ("clippy-driver", "gateless-clippy-driver"),
    ] {
        let _ = fs::remove_file(bench.path("bin").join(companion));
        symlink(own, bench.path("bin").join(companion))?;
        symlink(own, bench.path(wrapper))?;
        let mut command = bench.command(bench.path(wrapper));
        command.arg("--version");
        expect(command, 3, &[SAID])?;
    }
    Ok(())
}

fn output_directories_that_hold_something_else() -> Result<(), Failed> {
    let bench = Bench::new();
    let before = fs::read_dir(bench.path("tree"))?.count();
    for out in ["tree", "tree/"] {
        expect(bench.build("tree", out), 3, &["is a kernel tree", "--out"])?;
    }
    if fs::read_dir(bench.path("tree"))?.count() != before {
        return Err("the tree was changed".into());
    }
    expect(
        bench.build("tree", "no-llvm"),
        3,
        &["no-llvm holds something else: README", "--out"],
    )?;
    absent(&bench.path("no-llvm/.gateless"))?;
    // Empty, or with a configuration.
    fs::create_dir(bench.path("out"))?;
    expect(bench.build("tree", "out"), 0, &[])?;
    expect(bench.build("tree", "out"), 0, &[])?;
    fs::create_dir(bench.path("configured"))?;
    fs::write(bench.path("configured/.config"), "CONFIG_RUST=y\n")?;
    expect(bench.build("tree", "configured"), 0, &[]).map(drop)
}

fn refused_early() -> Result<(), Failed> {
    let bench = Bench::new();
    for (variable, instead) in [
        ("RUSTC=rustc", "--toolchain"),
        ("HOSTRUSTC=rustc", "--toolchain"),
        ("RUSTDOC=rustdoc", "--toolchain"),
        ("O=elsewhere", "--out"),
        ("ARCH=arm64", "--arch"),
        ("RUST_LIB_SRC:=x", "RUST_LIB_SRC"),
    ] {
        let mut command = bench.build("tree", "out");
        command.args(["--", variable]);
        refused(&bench, command, 2, &[variable, instead])?;
    }
    let (tree, out) = (bench.path("tree"), bench.path("out"));
    let [tree, out] = [tree, out].map(|path| path.display().to_string());
    let boot = [
        "boot",
        "--tree",
        &tree,
        "--out",
        &out,
        "--userland",
        "nosuch",
    ];
    refused(&bench, bench.gateless(&boot), 2, &["nosuch"])?;
    expect(
        bench.gateless(&["make-vars", "--arch", "foo"]),
        2,
        &["no architecture foo", "known: arm"],
    )?;
    let vars = ["make-vars", "--arch", "foo", "--tree", &tree];
    expect(
        bench.gateless(&vars),
        2,
        &["Linux 7.3.4 has no architecture foo"],
    )
    .map(drop)
}

fn spellings_of_architectures() -> Result<(), Failed> {
    let bench = Bench::new();
    for directory in ["arch/x86", "arch/arm64"] {
        fs::create_dir_all(bench.path("tree").join(directory))?;
    }
    let tree = bench.path("tree").display().to_string();
    for (spelling, arch) in [
        ("x86", "x86_64"),
        ("x86_64", "x86_64"),
        ("arm64", "arm64"),
        ("aarch64", "arm64"),
    ] {
        let vars = ["make-vars", "--arch", spelling, "--tree", &tree];
        let output = expect(bench.gateless(&vars), 0, &[])?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !text.contains(&format!("ARCH={arch} ")) {
            return Err(format!("{spelling}: {text}").into());
        }
        let list = ["matrix", "--list", "--arch", spelling];
        let output = expect(bench.gateless(&list), 0, &[])?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !text.starts_with(&format!("{}-small-7.3", arch.replace('_', "-"))) {
            return Err(format!("{spelling}: {text}").into());
        }
        let mut command = bench.build("tree", "out");
        command.args(["--arch", spelling, "--", "LLVM="]);
        let output = command.output()?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if stderr.contains("no architecture") {
            return Err(format!("{spelling}: {stderr}").into());
        }
    }
    Ok(())
}
