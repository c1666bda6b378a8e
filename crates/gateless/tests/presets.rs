//! The small presets say all that the kernel tree's own description of their machine asks for.
//!
//! The tree is `$GATELESS_TEST_TREE`; without it the test shows as ignored.

use camino::Utf8Path;
use gateless_kbuild::config::{Recipe, values};
use gateless_lab::qemu_config::QemuConfig;
use gateless_machines::{Machine, Runner};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let tree = std::env::var("GATELESS_TEST_TREE").ok();
    if tree.is_none() {
        eprintln!("no kernel tree: set GATELESS_TEST_TREE to compare presets with its machines");
    }
    let trials = Machine::all().filter_map(|machine| {
        let Runner::Qemu { config } = &machine.boot.runner else {
            return None;
        };
        let name = format!("{}_small_has_what_its_machine_needs", machine.name());
        Some(match tree.clone() {
            Some(tree) => Trial::test(name, move || {
                complete(Utf8Path::new(&tree), machine.name(), config)
            }),
            None => Trial::test(name, || Ok(())).with_ignored_flag(true),
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn complete(tree: &Utf8Path, arch: &str, config: &str) -> Result<(), Failed> {
    let preset = Recipe::of_sources(&[format!("{arch}-small")])?;
    let machine = QemuConfig::read(tree, config)?;
    let needed = values(&machine.kconfig);
    if needed.is_empty() {
        return Err(format!("the tree's machine {config} asks for nothing").into());
    }
    for (symbol, value) in needed {
        if preset.value(symbol) != Some(value) {
            return Err(format!("preset {arch}-small lacks CONFIG_{symbol}={value}").into());
        }
    }
    Ok(())
}
