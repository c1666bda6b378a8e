//! sccache in front of the wrapper (`RUSTC="sccache gateless-rustc"`): it works, or what is printed says why not and what to do.
//!
//! Needs `sccache` on PATH; without it the test shows as ignored.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use gateless_base::program;
use gateless_trials::Need;
use libtest_mimic::{Arguments, Failed};

/// Lowered, and compiled as Kbuild does it: more than one `--emit`.
const PROGRAM: &str = "#![feature(used_with_arg)]\n#[used(compiler)]\nstatic X: u8 = 7;\nfn main() {\n    println!(\"{}\", X);\n}\n";

fn main() {
    let arguments = Arguments::from_args();
    let sccache =
        Need::new(program::find("sccache").ok_or_else(|| "there is no sccache on PATH".to_owned()));
    let trial = sccache.trial("the_wrapper_works_behind_sccache_or_says_why_not", |_| {
        behind()
    });
    libtest_mimic::run(&arguments, vec![trial]).exit();
}

fn behind() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let path = |name: &str| directory.path().join(name);
    symlink(env!("CARGO_BIN_EXE_gateless"), path("gateless-rustc"))?;
    fs::write(path("x.rs"), PROGRAM)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let sccache = |arguments: &[&str]| -> std::io::Result<Output> {
        Command::new("sccache")
            .args(arguments)
            .current_dir(directory.path())
            .env("SCCACHE_DIR", path("sccache"))
            .env("SCCACHE_SERVER_PORT", port.to_string())
            .env("GATELESS_CACHE", path("cache"))
            .env_remove("srctree")
            .env_remove("objtree")
            .output()
    };
    let wrapper = path("gateless-rustc").display().to_string();
    let call = [
        wrapper.as_str(),
        "--edition=2021",
        "--crate-name=x",
        "--crate-type=bin",
        "--emit=dep-info=x.d",
        "--emit=link=x",
        "x.rs",
    ];
    let mut seen = Ok(());
    // The second time it could come from sccache's store.
    for _ in 0..2 {
        let output = sccache(&call)?;
        seen = works_or_explains(&output, || Command::new(path("x")).output());
        if seen.is_err() {
            break;
        }
        let _ = fs::remove_file(path("x"));
    }
    sccache(&["--stop-server"])?;
    seen
}

fn works_or_explains(
    output: &Output,
    program: impl FnOnce() -> std::io::Result<Output>,
) -> Result<(), Failed> {
    if output.status.success() {
        let printed = program()?;
        return match printed.stdout.as_slice() {
            b"7\n" => Ok(()),
            _ => Err(format!("the program does something else: {printed:?}").into()),
        };
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match said.contains("an old sccache") && said.contains("leave it out") {
        true => Ok(()),
        false => Err(format!("no explanation: {said}").into()),
    }
}
