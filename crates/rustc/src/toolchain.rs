//! The real compiler: found, identified, and remembered, so that a call does not pay for it again.
//!
//! Behind a rustup proxy the toolchain's own program is found through `--print sysroot`; what was learnt is cached under the key of everything
//! it depends on.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{cache, files, hash};
use gateless_model::{Failure, Result};
use serde::{Deserialize, Serialize};

use crate::find;
use crate::verbose::{self, Verbose};

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
        let program = find::program()?.path;
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
        let Verbose {
            line,
            release,
            host,
            llvm,
        } = Verbose::ask(program)?;
        let missing =
            |name: &str| Failure::failed(format!("`{program} -vV` printed no `{name}` line"));
        let sysroot = verbose::sysroot(program)?;
        let rustc = verbose::of_sysroot(&sysroot, "rustc").unwrap_or_else(|| program.to_owned());
        let sha256 = hash::sha256_file(&driver_library(&sysroot).unwrap_or_else(|| rustc.clone()))?;
        Ok(Self {
            key,
            version: line,
            release: release.ok_or_else(|| missing("release:"))?,
            host: host.ok_or_else(|| missing("host:"))?,
            llvm: llvm.unwrap_or_default(),
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

    /// The program of this toolchain of that name: `rustc`, or one that lies beside it.
    pub fn program(&self, name: &str) -> Utf8PathBuf {
        match name {
            "rustc" => self.rustc.clone(),
            _ => self.rustc.with_file_name(name),
        }
    }

    /// A command for one of the toolchain's programs, without what a gate could come in by.
    ///
    /// `RUSTC_BOOTSTRAP` is removed (Kbuild exports it for every call), and so is the `LD_LIBRARY_PATH` that `cargo run`
    /// sets to a toolchain's directory, since the program would then load another one's libraries.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.program(name));
        command
            .env_remove("RUSTC_BOOTSTRAP")
            .env_remove("LD_LIBRARY_PATH");
        command
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
