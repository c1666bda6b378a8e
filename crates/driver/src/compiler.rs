//! The real compiler: what it is run with, and what came of it.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};

use gateless_model::record::Run;
use gateless_model::{Failure, Result};

use crate::call::Call;

/// What the compiler said, and whether it was content.
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// Its diagnostics, one JSON object a line, and whatever else it printed.
    pub stderr: String,
}

/// A run of the real compiler with these arguments, the gate open for these crates only.
pub fn run(call: &Call<'_>, args: Vec<String>, exempt: Vec<String>) -> Run {
    let mut env = BTreeMap::new();
    if exempt.is_empty() {
        if std::env::var_os("RUSTC_BOOTSTRAP").is_some() {
            env.insert("RUSTC_BOOTSTRAP".to_owned(), None);
        }
    } else {
        env.insert("RUSTC_BOOTSTRAP".to_owned(), Some(exempt.join(",")));
    }
    if std::env::var_os("LD_LIBRARY_PATH").is_some() {
        env.insert("LD_LIBRARY_PATH".to_owned(), None);
    }
    Run {
        compiler: call
            .toolchain
            .compiler
            .program(call.invocation.tool.name())
            .to_string(),
        version: call.toolchain.compiler.version_text.clone(),
        sha256: call.toolchain.sha256.clone(),
        args,
        env,
        exempt,
    }
}

/// Runs the compiler and collects what it prints.
pub fn execute(call: &Call<'_>, run: &Run) -> Result<Ran> {
    let mut command = call.toolchain.compiler.run(call.invocation.tool.name());
    for (name, value) in &run.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // Kbuild passes hundreds of --cfg; all of them on the command line stay far below the system's limit (2 MiB).
    command.args(&run.args).current_dir(call.cwd);
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::inherit())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| {
            Failure::failed(format!("cannot run `{}`", run.compiler)).because(error)
        })?;
    Ok(Ran {
        status: output.status,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
