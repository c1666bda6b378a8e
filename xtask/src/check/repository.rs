//! The repository as the checks see it: its files, and what cargo says of its crates.

use std::process::Command;

use anyhow::{Context, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Metadata, MetadataCommand, Package};

use super::sources::Crate;

/// A part of a package: what depends on its dependencies, or what depends on those of tests, too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Libraries, programs.
    Program,
    /// Tests, examples, benchmarks.
    Tests,
    /// The build script.
    Build,
}

/// The checkout.
pub struct Repository {
    pub root: Utf8PathBuf,
    /// Files that git has or would take, from the root, in order.
    pub files: Vec<Utf8PathBuf>,
    /// The crates and all that they depend on.
    pub metadata: Metadata,
}

impl Repository {
    pub fn open(root: &Utf8Path) -> anyhow::Result<Repository> {
        let listed = answer(
            root,
            "git",
            &[
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ],
        )?;
        let mut files: Vec<Utf8PathBuf> = listed
            .split_terminator('\0')
            .map(Utf8PathBuf::from)
            .filter(|file| root.join(file).symlink_metadata().is_ok())
            .collect();
        files.sort();
        files.dedup();
        // What only other hosts would build is never fetched for these checks.
        let host = answer(root, "rustc", &["--print", "host-tuple"])?;
        let options = ["--locked", "--filter-platform", host.trim()];
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(options.map(str::to_owned))
            .exec()
            .context("cargo metadata")?;
        Ok(Repository {
            root: root.to_owned(),
            files,
            metadata,
        })
    }

    /// The text of a file of the repository.
    pub fn read(&self, file: impl AsRef<Utf8Path>) -> anyhow::Result<String> {
        Ok(fs_err::read_to_string(self.root.join(file))?)
    }

    /// The crates of the workspace, each with what it is called here: the name of its directory.
    pub fn crates(&self) -> impl Iterator<Item = (&str, &Package)> {
        self.metadata
            .workspace_packages()
            .into_iter()
            .map(|package| {
                let directory = package.manifest_path.parent();
                (
                    directory.and_then(Utf8Path::file_name).unwrap_or_default(),
                    package,
                )
            })
    }

    /// The sources of one part of a package, target by target.
    pub fn sources(&self, package: &Package, part: Part) -> anyhow::Result<Vec<(String, Crate)>> {
        let targets = package.targets.iter();
        targets
            .filter(|target| Part::of(target) == part)
            .map(|target| {
                let root = target.src_path.strip_prefix(&self.root)?;
                let read = |file: &Utf8Path| std::fs::read_to_string(self.root.join(file));
                Ok((target.name.clone(), Crate::load(root, &read)?))
            })
            .collect()
    }
}

impl Part {
    fn of(target: &cargo_metadata::Target) -> Part {
        if target.is_custom_build() {
            Part::Build
        } else if target.is_test() || target.is_example() || target.is_bench() {
            Part::Tests
        } else {
            Part::Program
        }
    }
}

/// What a program prints, run in `root`.
fn answer(root: &Utf8Path, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()
        .with_context(|| program.to_owned())?;
    ensure!(
        output.status.success(),
        "{program} {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).with_context(|| format!("{program} printed no UTF-8"))
}
