//! A directory with fake tools and a fake kernel tree, and what is expected of gateless in it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use libtest_mimic::Failed;

/// A directory with fake tools, a fake kernel tree, and everything that gateless is pointed at.
pub struct Bench {
    root: tempfile::TempDir,
}

/// Records its arguments; stands in for Kconfig by writing $FAKE_CONFIG as .config.
pub const MAKE: &str = r#"
[ "$1" = --version ] && echo "GNU Make 4.3" && exit
for word in "$@"; do case "$word" in O=*) out=${word#O=};; esac; done
echo "$*" >> "$out/calls"
case "$*" in
*defconfig*) printf "$FAKE_CONFIG" > "$out/.config";;
*) [ -z "$FAKE_ERROR" ] || { echo "  CC      fine.o"; echo "$FAKE_ERROR"; exit 2; };;
esac
"#;

pub const MINIMUM: &str = "case $1 in rustc) echo 1.85.0;; bindgen) echo 0.71.1;; llvm) echo 17.0.1;; *) echo 2.0.0;; esac\n";

impl Bench {
    pub fn new() -> Self {
        let bench = Self {
            root: tempfile::tempdir().expect("a temporary directory"),
        };
        for (file, text) in [
            (
                "tree/Makefile",
                "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n",
            ),
            ("tree/Kbuild", ""),
            (
                "tree/Kconfig",
                "config RUST\n\tbool \"Rust\"\n\tdepends on RUST_IS_AVAILABLE\n",
            ),
            ("tree/scripts/Kbuild.include", ""),
            ("tree/scripts/min-tool-version.sh", MINIMUM),
            ("tree/rust/Makefile", ""),
            ("tree/arch/um/Kconfig", ""),
            ("llvm-22/lib/libclang-22.so.1", ""),
            ("no-llvm/README", ""),
            ("rustc-1.95.0/library/core/src/lib.rs", ""),
            ("rustc-1.95.0/src/version", "1.95.0\n"),
            ("rustc-1.94.1/library/core/src/lib.rs", ""),
            ("rustc-1.94.1/src/version", "1.94.1\n"),
            ("rust.config", "CONFIG_RUST=y\n"),
        ] {
            bench.write(file, text);
        }
        for name in ["flex", "bison", "bc", "ld", "gcc", "gzip", "xz", "rustdoc"] {
            bench.program(name, &format!("echo '{name} 99.0.0'\n"));
        }
        bench.bindgen("clang version 22.1.2");
        bench.program("make", MAKE);
        bench.rustc("1.95.0");
        std::os::unix::fs::symlink("/bin/sh", bench.path("bin/sh")).expect("a link");
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    pub fn program(&self, name: &str, script: &str) {
        let file = format!("bin/{name}");
        self.write(&file, &format!("#!/bin/sh\n{script}"));
        fs::set_permissions(self.path(&file), fs::Permissions::from_mode(0o755))
            .expect("permissions");
    }

    /// A bindgen that says this of a header.
    pub fn bindgen(&self, said: &str) {
        let script = format!(
            "case \"$1\" in --version) echo bindgen 0.72.1;; *) echo 'x.h:1:9: warning: {said} [-W#pragma-messages], err: false' >&2;; esac\n"
        );
        self.program("bindgen", &script);
    }

    pub fn rustc(&self, release: &str) {
        let sysroot = self.path("sysroot");
        let script = format!(
            "case \"$1\" in -vV) printf 'rustc {release} (59807616e 2026-04-14)\\nrelease: {release}\\n';; --print) echo {};; esac\n",
            sysroot.display()
        );
        self.program("rustc", &script);
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("GATELESS_CACHE", self.path("cache"))
            .env("LIBCLANG_PATH", self.path("llvm-22/lib"))
            .env("RUST_LIB_SRC", self.path("rustc-1.95.0/library"))
            .env("FAKE_CONFIG", "CONFIG_RUST=y\\n")
            .stdin(Stdio::null());
        command
    }

    pub fn gateless(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_gateless"));
        command.args(arguments);
        command
    }

    /// `gateless build` of `tree` into `out` (both below the bench's directory).
    pub fn build(&self, tree: &str, out: &str) -> Command {
        let [tree, out, config] =
            [tree, out, "rust.config"].map(|name| self.path(name).display().to_string());
        self.gateless(&["build", "--tree", &tree, "--out", &out, "--config", &config])
    }
}

/// Runs it, and requires the exit code and that stderr holds every one of `texts`.
pub fn expect(mut command: Command, code: i32, texts: &[&str]) -> Result<Output, Failed> {
    let output = command.output()?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(code) {
        return Err(format!("{}, not {code}; stderr: {stderr}", output.status).into());
    }
    match texts.iter().find(|text| !stderr.contains(**text)) {
        Some(text) => Err(format!("no `{text}` in stderr: {stderr}").into()),
        None => Ok(output),
    }
}

/// Like [`expect`], and requires that the directory `out` was not made.
pub fn refused(bench: &Bench, command: Command, code: i32, texts: &[&str]) -> Result<(), Failed> {
    expect(command, code, texts)?;
    absent(&bench.path("out"))
}

pub fn absent(path: &Path) -> Result<(), Failed> {
    if path.exists() {
        Err(format!("{} was left behind", path.display()).into())
    } else {
        Ok(())
    }
}
