//! The compiler as a call meets it: found, identified, and remembered, so that the next call does not ask again.
//!
//! What was learnt is cached under a key of everything that it depends on.

use camino::Utf8Path;
use gateless_base::{cache, files, hash};
use gateless_model::{Exit, Failure, Result};
use serde::{Deserialize, Serialize};

use crate::compiler::{self, Compiler};
use crate::find;
use crate::llvm::driver_library;
use crate::verbose::Verbose;

/// A compiler, and what proves that it is still the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// What the cached facts depend on.
    key: String,
    /// The compiler.
    pub compiler: Compiler,
    /// SHA-256 of the compiler's driver library, or of the program where it is one static file.
    pub sha256: String,
    /// Whether its LLVM can write bitcode that keeps the order of uses ([`USE_ORDER`]). That of rustc 1.85 (19) can't.
    pub keeps_use_order: bool,
}

/// LLVM's option to write the order of each value's uses into bitcode. The optimiser goes by that order.
pub const USE_ORDER: &str = "-preserve-bc-uselistorder";

impl Toolchain {
    /// Finds the compiler, asking it only if it was not met before.
    ///
    /// # Errors
    /// As [`compiler::find`]; nothing is remembered of a compiler that is refused.
    pub fn find() -> Result<Self> {
        let program = find::program()?;
        let key = key(&program.path);
        let cache = cache::root()?
            .join("toolchains")
            .join(format!("{}.json", hash::sha256(&key)));
        if let Ok(text) = fs_err::read_to_string(&cache)
            && let Ok(known) = serde_json::from_str::<Toolchain>(&text)
            && known.key == key
            && known.compiler.rustc.exists()
        {
            return Ok(known);
        }
        // To a call, a compiler whose gates are open is a no.
        if let Err(why) = Verbose::ask(&program.path)?.stable_release() {
            let mut failure = compiler::not_stable(&program.path, &why);
            failure.exit = Exit::No;
            return Err(failure);
        }
        let compiler = compiler::inspect(&program.path, program.named)?;
        if compiler.host.is_empty() {
            return Err(Failure::failed(format!(
                "`{} -vV` printed no `host:` line",
                program.path
            )));
        }
        let library = driver_library(&compiler.sysroot)?;
        let found = Self {
            key,
            sha256: hash::sha256_file(&library.unwrap_or_else(|| compiler.rustc.clone()))?,
            keeps_use_order: compiler.takes_llvm_option(USE_ORDER)?,
            compiler,
        };
        let text = serde_json::to_string_pretty(&found)
            .map_err(|error| Failure::failed(error.to_string()))?;
        files::write_with_parents(&cache, text.as_bytes())?;
        Ok(found)
    }
}

/// Everything that decides which compiler runs and what it says of itself.
fn key(program: &Utf8Path) -> String {
    let stamp = |path: &Utf8Path| match fs_err::metadata(path) {
        Ok(data) => format!("{path} {} {:?}", data.len(), data.modified().ok()),
        Err(_) => format!("{path} none"),
    };
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let cwd = std::env::current_dir().unwrap_or_default();
    let home = match variable("RUSTUP_HOME") {
        home if home.is_empty() => Utf8Path::new(&variable("HOME")).join(".rustup"),
        home => home.into(),
    };
    let mut lines = vec![
        stamp(program),
        format!("RUSTUP_TOOLCHAIN={}", variable("RUSTUP_TOOLCHAIN")),
        stamp(&home.join("settings.toml")),
    ];
    // rustup's directory overrides: the nearest toolchain file decides.
    for directory in cwd.ancestors() {
        for name in ["rust-toolchain.toml", "rust-toolchain"] {
            let file = directory.join(name);
            if file.is_file() {
                lines.push(format!(
                    "{} {:?}",
                    file.display(),
                    fs_err::metadata(&file)
                        .ok()
                        .and_then(|data| data.modified().ok())
                ));
            }
        }
    }
    // A proxy with a directory override in rustup's settings depends on the directory itself.
    if fs_err::read_to_string(home.join("settings.toml")).is_ok_and(|text| {
        text.split_once("[overrides]")
            .is_some_and(|(_, rest)| rest.contains('='))
    }) {
        lines.push(cwd.display().to_string());
    }
    lines.join("\n")
}
