//! The real compiler: found, identified, and remembered, so that a call does not pay for it again.
//!
//! The compiler is `$GATELESS_RUSTC`, else the `rustc` on PATH, and no other. Behind a rustup proxy the toolchain's own
//! program is found through `--print sysroot`; what was learnt is cached under the key of everything it depends on.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{cache, files, hash};
use gateless_model::{Failure, Result};
use serde::{Deserialize, Serialize};

use crate::invocation::Tool;

/// What is known about the compiler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// What the cached facts depend on.
    key: String,
    /// Directory that holds `bin/` and `lib/`.
    pub sysroot: Utf8PathBuf,
    /// The compiler program itself (no proxy).
    pub rustc: Utf8PathBuf,
    /// First line of `rustc --version`.
    pub version: String,
    /// `release:` of `rustc -vV`, such as `1.95.0`.
    pub release: String,
    /// `host:` of `rustc -vV`.
    pub host: String,
    /// `LLVM version:` of `rustc -vV`, such as `22.1.2`; empty for a compiler without LLVM.
    pub llvm: String,
    /// SHA-256 of the compiler's driver library, or of the program where it is one static file.
    pub sha256: String,
}

impl Toolchain {
    /// Finds the compiler and checks that it is a stable release.
    ///
    /// # Errors
    /// When there is none, when it does not run, or when it is a nightly, beta or development compiler: its gates would
    /// be open (or its behaviour would not be that of any stable release).
    pub fn find() -> Result<Self> {
        let program = program()?;
        let key = key(&program);
        let cache = cache::root()?
            .join("toolchains")
            .join(format!("{}.json", hash::sha256(&key)));
        if let Ok(text) = fs_err::read_to_string(&cache)
            && let Ok(known) = serde_json::from_str::<Toolchain>(&text)
            && known.key == key
            && known.rustc.exists()
        {
            return known.require_stable();
        }
        let found = Self::ask(&program, key)?;
        let text = serde_json::to_string_pretty(&found)
            .map_err(|error| Failure::failed(error.to_string()))?;
        files::write_with_parents(&cache, text.as_bytes())?;
        found.require_stable()
    }

    fn ask(program: &Utf8Path, key: String) -> Result<Self> {
        let verbose = output(program, &["-vV"])?;
        let field = |name: &str| {
            verbose
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(|value| value.trim().to_owned())
                .ok_or_else(|| Failure::failed(format!("`{program} -vV` printed no `{name}` line")))
        };
        let sysroot = Utf8PathBuf::from(output(program, &["--print", "sysroot"])?.trim());
        let own = sysroot.join("bin/rustc");
        let rustc = if own.exists() {
            own
        } else {
            program.to_owned()
        };
        let sha256 = hash::sha256_file(&driver_library(&sysroot).unwrap_or_else(|| rustc.clone()))?;
        Ok(Self {
            key,
            version: verbose.lines().next().unwrap_or_default().to_owned(),
            release: field("release:")?,
            host: field("host:")?,
            llvm: field("LLVM version:").unwrap_or_default(),
            rustc,
            sysroot,
            sha256,
        })
    }

    fn require_stable(self) -> Result<Self> {
        if self.release.contains('-') {
            return Err(Failure::no(format!("`{}` is {}: not a stable release", self.rustc, self.version)).help(
                "gates are open by default in nightly and development compilers; name a stable one in GATELESS_RUSTC",
            ));
        }
        Ok(self)
    }

    /// `(1, 95)` for 1.95.0.
    pub fn minor(&self) -> (u32, u32) {
        let mut parts = self
            .release
            .split('.')
            .map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }

    /// The program of this toolchain that the wrapper stands in for.
    pub fn program(&self, tool: Tool) -> Utf8PathBuf {
        match tool {
            Tool::Rustc => self.rustc.clone(),
            _ => self.rustc.with_file_name(tool.name()),
        }
    }

    /// A command for one of the toolchain's programs, without what a gate could come in by.
    ///
    /// `RUSTC_BOOTSTRAP` is removed (Kbuild exports it for every call), and so is the `LD_LIBRARY_PATH` that `cargo run`
    /// sets to a toolchain's directory, since the program would then load another one's libraries.
    pub fn command(&self, tool: Tool) -> Command {
        let mut command = Command::new(self.program(tool));
        command
            .env_remove("RUSTC_BOOTSTRAP")
            .env_remove("LD_LIBRARY_PATH");
        command
    }
}

/// `$GATELESS_RUSTC`, else `rustc` on PATH.
fn program() -> Result<Utf8PathBuf> {
    if let Some(named) = std::env::var_os("GATELESS_RUSTC").filter(|value| !value.is_empty()) {
        let named = Utf8PathBuf::from_path_buf(named.into()).map_err(|path| {
            Failure::usage(format!("GATELESS_RUSTC is not UTF-8: {}", path.display()))
        })?;
        return if named.components().count() > 1 {
            exists(named, "GATELESS_RUSTC names")
        } else {
            on_path(named.as_str())
        };
    }
    on_path("rustc")
}

fn exists(path: Utf8PathBuf, what: &str) -> Result<Utf8PathBuf> {
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::failed(format!(
        "{what} `{path}`, which is not a file"
    )))
}

fn on_path(name: &str) -> Result<Utf8PathBuf> {
    gateless_base::program::find(name).ok_or_else(|| {
        Failure::failed(format!("no `{name}` on PATH"))
            .help("install a stable Rust toolchain, or name its rustc in GATELESS_RUSTC")
    })
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

fn output(program: &Utf8Path, args: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(args)
        .env_remove("RUSTC_BOOTSTRAP")
        .output()
        .map_err(|error| Failure::failed(format!("cannot run `{program}`")).because(error))?;
    if !output.status.success() {
        return Err(Failure::failed(format!(
            "`{program} {}` failed: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The library that is the compiler, in the directory that holds `lib`: there or, as Debian has it, in a directory for the architecture below.
pub fn driver_library(sysroot: &Utf8Path) -> Option<Utf8PathBuf> {
    let lib = sysroot.join("lib");
    let entries = |directory: &Utf8Path| -> Vec<Utf8PathBuf> {
        let entries = directory.read_dir_utf8().into_iter().flatten().flatten();
        entries.map(|entry| entry.into_path()).collect()
    };
    let is_multiarch = |path: &Utf8PathBuf| {
        path.file_name()
            .is_some_and(|name| name.contains("-linux-"))
    };
    let directories = entries(&lib).into_iter().filter(is_multiarch);
    std::iter::once(lib.clone())
        .chain(directories)
        .flat_map(|directory| entries(&directory))
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.starts_with("librustc_driver-") && name.ends_with(".so"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nightly_compiler_is_refused_with_its_version() {
        let toolchain = Toolchain {
            key: String::new(),
            sysroot: "/t".into(),
            rustc: "/t/bin/rustc".into(),
            version: "rustc 1.97.0-nightly (abc 2026-05-01)".into(),
            release: "1.97.0-nightly".into(),
            host: "x86_64-unknown-linux-gnu".into(),
            llvm: "22.1.2".into(),
            sha256: String::new(),
        };
        let error = toolchain.require_stable().unwrap_err();
        assert!(error.what.contains("1.97.0-nightly"), "{}", error.what);
        assert_eq!(error.exit, gateless_model::Exit::No);
    }
}
