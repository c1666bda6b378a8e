//! A small output directory with real objects.

use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::record;
use gateless_model::record::Record;

/// An output directory as Kbuild leaves it: two objects in `vmlinux.a`, each with its record and `.cmd` file.
pub struct Out {
    _directory: tempfile::TempDir,
    pub path: Utf8PathBuf,
}

pub const SOURCE: &str =
    "#![no_std]\n#[unsafe(no_mangle)]\npub extern \"C\" fn answer() -> u32 { 42 }\n";

impl Out {
    /// Two objects of the same source.
    pub fn new() -> Self {
        Self::of(&[("one", SOURCE), ("two", SOURCE)])
    }

    /// These objects, each of its source.
    pub fn of(sources: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path())
            .unwrap()
            .canonicalize_utf8()
            .unwrap();
        symlink(env!("CARGO_BIN_EXE_gateless"), path.join("gateless-rustc")).unwrap();
        let out = Self {
            _directory: directory,
            path,
        };
        for (name, source) in sources {
            out.write(&format!("{name}.rs"), source);
            let args = out.arguments(name);
            let made = Command::new(out.path.join("gateless-rustc"))
                .args(&args)
                .current_dir(&out.path)
                .env("srctree", &out.path)
                .env("objtree", ".")
                .env("RUSTC_BOOTSTRAP", "1")
                .output()
                .unwrap();
            assert!(
                made.status.success(),
                "{}",
                String::from_utf8_lossy(&made.stderr)
            );
            out.cmd(name, &args, "");
        }
        let objects: Vec<String> = sources
            .iter()
            .map(|(name, _)| format!("{name}.o"))
            .collect();
        let objects = objects.iter().map(String::as_str);
        let archive: Vec<&str> = ["rcsTD", "vmlinux.a"].into_iter().chain(objects).collect();
        out.run("ar", &archive);
        out.write(".config", "CONFIG_RUST=y\n");
        out
    }

    pub fn arguments(&self, name: &str) -> Vec<String> {
        let emit = [
            format!("--emit=dep-info=.{name}.o.d"),
            format!("--emit=obj={name}.o"),
        ];
        let fixed = ["--edition=2021", "--crate-type=rlib", "-Copt-level=2"].map(str::to_owned);
        fixed
            .into_iter()
            .chain(emit)
            .chain([format!("{name}.rs")])
            .collect()
    }

    /// Writes the `.cmd` file that Kbuild would have left.
    pub fn cmd(&self, name: &str, args: &[String], then: &str) {
        let text = format!(
            "savedcmd_{name}.o := {}/gateless-rustc {} {then}\n",
            self.path,
            args.join(" ")
        );
        self.write(&format!(".{name}.o.cmd"), &text);
    }

    pub fn write(&self, name: &str, text: &str) {
        fs_err::write(self.path.join(name), text).unwrap();
    }

    pub fn run(&self, program: &str, args: &[&str]) {
        assert!(
            Command::new(program)
                .args(args)
                .current_dir(&self.path)
                .status()
                .unwrap()
                .success(),
            "{program}"
        );
    }

    pub fn record(&self, name: &str) -> Utf8PathBuf {
        self.path.join(format!(".gateless/records/{name}.o.json"))
    }

    /// Changes a record, and seals it again as if it had been written so.
    pub fn forge(&self, name: &str, change: impl FnOnce(&mut Record)) {
        let mut forged: Record =
            serde_json::from_str(&fs_err::read_to_string(self.record(name)).unwrap()).unwrap();
        change(&mut forged);
        forged.seal = record::seal(&forged).unwrap();
        fs_err::write(self.record(name), serde_json::to_string(&forged).unwrap()).unwrap();
    }

    pub fn attest(&self) -> (i32, String) {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_gateless"))
            .args(["attest", self.path.as_str()])
            .output()
            .unwrap();
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        (output.status.code().unwrap(), text)
    }

    #[track_caller]
    pub fn refused(&self, said: &str) {
        let (code, text) = self.attest();
        assert_eq!(code, 1, "{text}");
        assert!(
            text.lines()
                .any(|line| line.starts_with("PROBLEM: ") && line.contains(said)),
            "no `{said}` in:\n{text}"
        );
    }
}
