//! `cargo xtask test`: everything, set up from nothing; `--quick`: what to run after each edit.

use std::collections::BTreeSet;
use std::env;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, bail, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Metadata, MetadataCommand, Package, Target};

/// The release that tests build and read.
const RELEASE: &str = "7.3";

/// The architectures that tests build kernels for, as `gateless doctor` is asked for them.
const BUILT: &[&str] = &["um", "x86_64"];

/// Tests in `tests/` that are quick: no kernel tree, no build, nothing compiled both ways.
const QUICK: &[(&str, &str)] = &[
    ("gateless-audit", "schema"),
    ("gateless-codegen", "options"),
    ("gateless-lower", "fixtures"),
];

/// Slow tests in those files: they compile and run many programs.
const SLOW: &[&str] = &["lowered_programs_do_what_the_gated_ones_do"];

/// The crate whose tests compile crates and parse all others; `cargo xtask check` does the same.
const CHORES: &str = "xtask";

#[derive(clap::Args)]
pub struct Arguments {
    /// Only what is quick: no kernel tree, no builds, nothing compiled both ways
    #[arg(long)]
    quick: bool,
    /// What the tests are told: names, --nocapture
    #[arg(last = true)]
    others: Vec<String>,
}

/// Exits as `cargo test` does.
pub fn run(root: &Utf8Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let mut test = cargo(root);
    test.arg("test");
    let left_out = if arguments.quick {
        let packages = metadata.workspace_packages();
        let (chosen, left_out) = quick(&packages)?;
        test.args(["--workspace", "--exclude", CHORES, "--lib", "--bins"]);
        for name in chosen {
            test.args(["--test", name]);
        }
        left_out
    } else {
        // It takes long: one failure is not to hide another.
        test.args(["--release", "--workspace", "--no-fail-fast"]);
        test.env("GATELESS_TEST_TREE", set_up(root, &metadata)?);
        Vec::new()
    };
    test.arg("--").args(&arguments.others);
    if arguments.quick {
        test.args(SLOW.iter().flat_map(|name| ["--skip", name]));
    }
    let status = test.status().context("cargo test")?;
    if !left_out.is_empty() {
        println!(
            "\nleft out (`cargo xtask test` runs them): {}",
            left_out.join(", ")
        );
    }
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
        None => bail!("cargo test: {status}"),
    })
}

/// Names of the quick tests in `tests/`, and of all the others there.
fn quick(packages: &[&Package]) -> anyhow::Result<(Vec<&'static str>, Vec<String>)> {
    let mut chosen: BTreeSet<(&str, &str)> = QUICK.iter().copied().collect();
    let mut left_out = vec![CHORES.to_owned()];
    left_out.extend(SLOW.iter().map(|name| (*name).to_owned()));
    for package in packages {
        for Target { name, .. } in package.targets.iter().filter(|target| target.is_test()) {
            if !chosen.remove(&(package.name.as_str(), name)) {
                left_out.push(format!("{}/{name}", package.name));
            }
        }
    }
    let gone: Vec<&(&str, &str)> = chosen.iter().collect();
    ensure!(gone.is_empty(), "no such tests: {gone:?}");
    Ok((QUICK.iter().map(|(_, name)| *name).collect(), left_out))
}

/// Installs what the tests need, as far as it can be had, and says where the kernel tree is.
fn set_up(root: &Utf8Path, metadata: &Metadata) -> anyhow::Result<Utf8PathBuf> {
    succeed(cargo(root).args(["build", "--release"]))?;
    let gateless = metadata.target_directory.join("release/gateless");
    for arch in BUILT {
        succeed(Command::new(&gateless).args(["doctor", "--arch", arch, "--install", "--yes"]))?;
    }
    browser();
    if let Ok(tree) = env::var("GATELESS_TEST_TREE") {
        eprintln!("the kernel tree is GATELESS_TEST_TREE: {tree}");
        return Ok(tree.into());
    }
    let output = Command::new(&gateless)
        .args(["fetch", RELEASE])
        .stderr(Stdio::inherit())
        .output()
        .context("gateless fetch")?;
    ensure!(output.status.success(), "gateless fetch: {}", output.status);
    let printed = String::from_utf8(output.stdout).context("gateless fetch")?;
    let tree = printed
        .lines()
        .last()
        .context("gateless fetch printed nothing")?;
    Ok(tree.into())
}

/// The pages of the reports are tried in a browser. Where none can be had, those tests show as ignored.
fn browser() {
    let there = Command::new("chromium")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if there {
        return;
    }
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-y", "--no-remove", "chromium"])
        .env("DEBIAN_FRONTEND", "noninteractive");
    if let Err(error) = succeed(&mut install) {
        eprintln!("no chromium, so the tests of pages are ignored: {error:#}");
    }
}

fn cargo(root: &Utf8Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root);
    cargo
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let called = format!("{command:?}");
    let status = command.status().with_context(|| called.clone())?;
    ensure!(status.success(), "{called}: {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_tests_are_there_and_all_others_are_named() {
        let metadata = MetadataCommand::new()
            .manifest_path(crate::root().join("Cargo.toml"))
            .no_deps()
            .exec()
            .unwrap();
        let (chosen, left_out) = quick(&metadata.workspace_packages()).unwrap();
        assert!(chosen.contains(&"fixtures"));
        assert!(
            left_out.contains(&"gateless/e2e".to_owned()),
            "{left_out:?}"
        );
        assert!(!left_out.contains(&"gateless-lower/fixtures".to_owned()));
    }

    #[test]
    fn a_quick_test_that_is_gone_is_an_error() {
        assert!(quick(&[]).unwrap_err().to_string().contains("fixtures"));
    }
}
