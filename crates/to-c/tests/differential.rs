//! A program that uses all that there is prints the same, whoever generates its code.

#[allow(dead_code, reason = "shared by several tests")]
mod support;

use gateless_to_c::Options;
use support::{Directory, compilers};

/// The arguments: nothing, and six kinds of panic.
const RUNS: [&str; 7] = ["0", "1", "2", "3", "4", "5", "6"];

/// The program's library, and all that it is linked with.
fn prepared() -> Directory {
    let directory = Directory::new();
    directory.write("everything.rs", include_str!("programs/everything.rs"));
    directory.write("host.rs", include_str!("programs/host.rs"));
    directory.write("host.c", include_str!("programs/host.c"));
    directory.run("gcc", &["-c", "host.c", "-O1"]);
    directory.compile(
        "everything",
        &["-Copt-level=2", "-Cdebug-assertions=on", "-g"],
    );
    directory
}

/// Links the program with the library in this object.
fn link(directory: &Directory, object: &str, program: &str, options: &[&str]) {
    let object = format!("-Clink-arg={object}");
    let mut arguments = vec!["host.rs", "--edition=2024", "-Cpanic=abort", "-o", program];
    arguments.extend(["-Clink-arg=host.o", &object]);
    arguments.extend(options);
    directory.run("rustc", &arguments);
}

#[test]
fn a_program_prints_the_same_through_c() {
    let directory = prepared();
    link(&directory, "everything.o", "native", &[]);
    let translation = directory.translate("everything", Options::default());
    let c = translation
        .into_c()
        .unwrap_or_else(|failure| panic!("{failure}"));
    for compiler in compilers() {
        directory.compile_c(compiler, "translated", &c, &["-O1"]);
        link(&directory, "translated.o", compiler, &[]);
        for run in RUNS {
            let native = directory.printed("native", run);
            let is_whole =
                native.0.contains("i128: [") && (run != "0" || native.0.ends_with("done\n"));
            assert!(is_whole, "{native:?}");
            assert_eq!(native, directory.printed(compiler, run), "{compiler} {run}");
        }
    }
}
