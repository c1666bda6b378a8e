//! The small presets say all that the kernel tree's own description of their machine asks for; Kconfig turns on every option about Rust for the
//! preset that asks for all of them.
//!
//! The tree is `$GATELESS_TEST_TREE`; without it the test shows as ignored.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_kbuild::config::Recipe;
use gateless_lab::qemu_config::QemuConfig;
use gateless_linux::DotConfig;
use gateless_machines::{Machine, Runner};
use gateless_trials::Need;
use libtest_mimic::{Arguments, Failed};

fn main() {
    let arguments = Arguments::from_args();
    let tree = Need::kernel_tree();
    let trials = Machine::all().filter_map(|machine| {
        let Runner::Qemu { config, .. } = &machine.boot.runner else {
            return None;
        };
        let name = format!("{}_small_has_what_its_machine_needs", machine.name());
        Some(tree.trial(name, move |tree| complete(&tree, machine.name(), config)))
    });
    let all_rust = tree.trial(
        "x86_64_allrust_has_every_option_about_rust_on_or_says_why_not",
        |tree| every_option(&tree),
    );
    libtest_mimic::run(&arguments, trials.chain([all_rust]).collect()).exit();
}

/// Has Kconfig configure the preset, and looks at the result for what the tree's texts alone say about Rust.
fn every_option(tree: &Utf8Path) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let out =
        Utf8Path::from_path(directory.path()).ok_or("a temporary directory that is not UTF-8")?;
    let made = Command::new(env!("CARGO_BIN_EXE_gateless"))
        .args([
            "build",
            "--gated",
            "--arch",
            "x86_64",
            "--config",
            "x86_64-allrust",
        ])
        .args([
            "--tree",
            tree.as_str(),
            "--out",
            out.as_str(),
            "--",
            "scripts_basic",
        ])
        .output()?;
    let said = String::from_utf8_lossy(&made.stderr);
    if !made.status.success() {
        return Err(format!("not configured: {said}").into());
    }
    let config = DotConfig::read(out)?;
    let mut looked_at = 0;
    for symbol in named_with_rust(tree)? {
        looked_at += 1;
        let is_on = config.is_on(&symbol);
        let reason = format!("CONFIG_{symbol} is off: ");
        if !is_on && !said.contains(&reason) {
            return Err(format!("CONFIG_{symbol} is off, and nothing says so: {said}").into());
        }
        if !is_on && !said.contains("was asked for by name") {
            return Err(
                format!("only the preset's own lines may turn something off: {said}").into(),
            );
        }
    }
    // RUST_KUNIT_TESTS, SAMPLES_RUST, and the samples: fewer would mean that the texts were not understood here.
    if looked_at < 30 {
        return Err(format!("only {looked_at} options of the tree mention Rust").into());
    }
    if config.get("SAMPLE_RUST_MINIMAL") != Some("m") {
        return Err("a sample that can be a module is none".into());
    }
    Ok(())
}

/// Symbols with a prompt in Kconfig files that say `depends on RUST` for them, and all samples'.
fn named_with_rust(tree: &Utf8Path) -> Result<Vec<String>, Failed> {
    let mut found = Vec::new();
    for directory in ["drivers", "lib", "rust", "samples/rust"] {
        let mut directories: Vec<Utf8PathBuf> = vec![tree.join(directory)];
        while let Some(inner) = directories.pop() {
            for entry in inner.read_dir_utf8()? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    directories.push(entry.path().to_owned());
                } else if entry.file_name().starts_with("Kconfig") {
                    let text = std::fs::read_to_string(entry.path())?;
                    let all = directory == "samples/rust";
                    // Some entries are indented.
                    let text = text.replace("\n config ", "\nconfig ");
                    for block in text.split("\nconfig ").skip(1) {
                        let name = block.split_whitespace().next().unwrap_or_default();
                        let rust = block.lines().any(|line| {
                            line.trim().starts_with("depends on")
                                && line.split_whitespace().any(|word| word == "RUST")
                                && !line.contains('|')
                        });
                        let prompt = block.lines().any(|line| {
                            line.trim().starts_with("bool \"")
                                || line.trim().starts_with("tristate \"")
                        });
                        if prompt && (rust || all) {
                            found.push(name.to_owned());
                        }
                    }
                }
            }
        }
    }
    Ok(found)
}

fn complete(tree: &Utf8Path, arch: &str, config: &str) -> Result<(), Failed> {
    let preset = Recipe::of_sources(&[format!("{arch}-small")])?;
    let machine = QemuConfig::read(tree, config)?;
    let needed = DotConfig::parse(&machine.kconfig);
    if needed.iter().next().is_none() {
        return Err(format!("the tree's machine {config} asks for nothing").into());
    }
    for (symbol, value) in needed.iter() {
        if preset.value(symbol) != Some(value) {
            return Err(format!("preset {arch}-small lacks CONFIG_{symbol}={value}").into());
        }
    }
    Ok(())
}
