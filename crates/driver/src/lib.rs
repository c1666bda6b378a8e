//! One compiler call, as Kbuild makes it: invocation -> class -> plan -> run -> object -> record.
//!
//! The entry points replace `rustc`, `rustdoc` and `clippy-driver`.

mod c_compiler;
mod call;
mod classify;
mod codegen_options;
mod columns;
mod compile;
mod compiler;
mod depinfo;
mod diagnostics;
mod doctest;
mod document;
mod features;
mod finish;
mod generate;
mod invocation;
mod libraries;
mod linker;
mod mapping;
mod modifiers;
mod objects;
mod plan;
mod probe;
mod proof;
pub mod record;
mod rendered;
mod restore;
mod retain;
mod rounds;
mod runtime;
mod sample;
pub mod target;
mod through_c;
mod times;
mod types;
mod used;

use std::ffi::OsString;
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{paths, process};
use gateless_ledger::Ledger;
use gateless_model::record::STATE;
use gateless_model::{Failure, Result};

use call::{Call, State};
use classify::Class;
use gateless_rustc::toolchain::Toolchain;
use invocation::{Invocation, Tool};
use plan::Plan;
use runtime::source::Source;
use target::{Abi, Target};

/// The wrapper of rustc. `args` without the program's name.
pub fn rustc_main(args: Vec<OsString>) -> ExitCode {
    exit(Tool::Rustc, args)
}

/// The wrapper of rustdoc. `args` without the program's name.
pub fn rustdoc_main(args: Vec<OsString>) -> ExitCode {
    if let Some(builder) = doctest::Builder::from_env() {
        return report(builder.run(args));
    }
    exit(Tool::Rustdoc, args)
}

/// Whether rustdoc started this process in place of the compiler, to hand over a doctest ([`rustdoc_main`] does it).
pub fn is_doctest_builder() -> bool {
    doctest::Builder::from_env().is_some()
}

/// Whether rustdoc started this process in place of the compiler, to compile a doctest ([`rustc_main`] does it).
pub fn is_doctest_compiler() -> bool {
    doctest::host::is_compiler()
}

/// Whether rustc started this process in place of the linker ([`linker_main`] does it).
pub fn is_linker() -> bool {
    linker::is_linker()
}

/// The wrapper of the linker of host programs. `args` without the program's name.
pub fn linker_main(args: Vec<OsString>) -> ExitCode {
    report(linker::link(args))
}

/// The wrapper of clippy-driver. `args` without the program's name.
pub fn clippy_main(args: Vec<OsString>) -> ExitCode {
    exit(Tool::Clippy, args)
}

fn exit(tool: Tool, args: Vec<OsString>) -> ExitCode {
    report(run(tool, args))
}

fn report(result: Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("error: gateless: {failure}");
            let mut source = std::error::Error::source(&failure);
            while let Some(error) = source {
                eprintln!("  caused by: {error}");
                source = error.source();
            }
            if let Some(help) = &failure.help {
                eprintln!("  help: {help}");
            }
            failure.exit.into()
        }
    }
}

/// Directory within an output directory where the wrappers leave the lowered files of each crate: the crate's lowered file with the absolute path
/// `A` is at `OUT/KEPT/CRATE` + `A`.
pub fn kept(out: &Utf8Path) -> Utf8PathBuf {
    out.join(STATE).join(finish::PATCHED)
}

/// Directory within an output directory where the wrappers leave their records.
pub fn records(out: &Utf8Path) -> Utf8PathBuf {
    out.join(STATE).join("records")
}

/// Compiles a single crate, as `gateless-rustc ARGS` does, and leaves its lowered files in `directory` as [`kept`] says; returns the exit code.
pub fn lower(args: Vec<OsString>, directory: &Utf8Path) -> Result<u8> {
    run_in(Tool::Rustc, args, Some(State::Kept(directory.join(STATE))))
}

fn run(tool: Tool, args: Vec<OsString>) -> Result<u8> {
    run_in(tool, args, None)
}

fn run_in(tool: Tool, args: Vec<OsString>, state: Option<State>) -> Result<u8> {
    gateless_codegen::set_fatal_hook(|text| {
        eprintln!("error: gateless: LLVM gave up: {text}");
        gateless_model::Exit::Failed
    });
    let raw = args
        .into_iter()
        .map(|arg| {
            arg.into_string().map_err(|arg| {
                Failure::usage(format!(
                    "argument is not UTF-8: `{}`",
                    arg.to_string_lossy()
                ))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let call = Invocation::parse(tool, raw, &|path| Ok(fs_err::read_to_string(path)?))?;
    let class = Class::of(&call);
    let toolchain = Toolchain::find()?;
    let ledger = Ledger::embedded();
    if class == Class::FlagProbe {
        return probe::answer(&call, ledger, &toolchain);
    }
    let runtime = Source::from_env()?;
    let host = (runtime == Source::Host).then_some(toolchain.compiler.host.as_str());
    let abi = Abi {
        returns_in_registers: call.unstable("reg-struct-return"),
    };
    let plan = Plan::new(&call, class, ledger, &|path| {
        Target::from_json(path, abi, host)
    })?;
    if class == Class::Query {
        return query(&call, &plan, &toolchain);
    }
    let cwd = paths::cwd()?;
    let state = match state {
        Some(state) => state,
        None => State::choose(&cwd)?,
    };
    let call = Call {
        invocation: &call,
        class,
        plan: &plan,
        toolchain: &toolchain,
        runtime,
        cwd: &cwd,
        state: &state,
        crate_name: &call.crate_name(),
        gates: &|feature| features::status(ledger, feature, &toolchain, class),
    };
    match tool {
        Tool::Rustdoc if call.invocation.has("test") => doctest::test(&call),
        Tool::Rustdoc => document::document(&call),
        Tool::Rustc | Tool::Clippy => compile::compile(&call),
    }
}

/// Asks the real program, with the planned arguments.
fn query(call: &Invocation, plan: &Plan, toolchain: &Toolchain) -> Result<u8> {
    let mut command = toolchain.compiler.run(call.tool.name());
    command.args(plan.tokens()).args(call.input());
    let status = command.status().map_err(|error| {
        Failure::failed(format!(
            "cannot run `{}`",
            toolchain.compiler.program(call.tool.name())
        ))
        .because(error)
    })?;
    Ok(process::exit_code(status))
}
