//! The machines that the kernel tree describes: each file is read as data, and gives what Python makes of it.
//!
//! The tree is `$GATELESS_TEST_TREE`; without it the tests show as ignored.

use std::process::Command;

use camino::Utf8Path;
use gateless_lab::qemu_config::{DIRECTORY, QemuConfig};
use gateless_machines::{Machine, Runner};
use gateless_trials::{Need, cannot_run};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};

/// Prints what the file named by the second argument defines, as JSON. Whether firmware is installed is of no matter.
const ORACLE: &str = r#"
import dataclasses, importlib, json, os.path, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
os.path.isfile = lambda path: True
module = importlib.import_module('kunit.qemu_configs.' + sys.argv[2])
json.dump(dataclasses.asdict(module.QEMU_ARCH), sys.stdout)
"#;

fn main() {
    let arguments = Arguments::from_args();
    let trials = match Need::kernel_tree().found() {
        Ok(tree) => trials(tree),
        Err(because) => {
            let names = [
                "every_description_is_read_as_python_does",
                "every_machine_is_in_the_tree_and_its_emulator_is_the_one_that_doctor_looks_for",
            ];
            names.map(|name| cannot_run(name, because)).into()
        }
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials(tree: &Utf8Path) -> Vec<Trial> {
    let directory = tree.join(DIRECTORY);
    let mut names: Vec<String> = directory
        .read_dir_utf8()
        .unwrap_or_else(|error| panic!("{directory}: {error}"))
        .map(|entry| entry.expect("the directory is readable").into_path())
        .filter(|path| path.extension() == Some("py") && path.file_stem() != Some("__init__"))
        .filter_map(|path| path.file_stem().map(str::to_owned))
        .collect();
    names.sort();
    assert!(
        names.len() >= 20,
        "only {} descriptions in {directory}",
        names.len()
    );
    let mut trials: Vec<Trial> = names
        .into_iter()
        .map(|name| {
            let tree = tree.to_owned();
            Trial::test(format!("{name}_is_read_as_python_does"), move || {
                same(&tree, &name)
            })
        })
        .collect();
    for machine in Machine::all() {
        if let Runner::Qemu { config, .. } = &machine.boot.runner {
            let tree = tree.to_owned();
            let name = format!(
                "{config}_is_in_the_tree_and_its_emulator_is_the_one_that_doctor_looks_for"
            );
            trials.push(Trial::test(name, move || described(&tree, machine, config)));
        }
    }
    trials
}

fn same(tree: &Utf8Path, name: &str) -> Result<(), Failed> {
    let testing = tree.join("tools/testing");
    let mut python = Command::new("python3");
    let output = python
        .args(["-c", ORACLE, testing.as_str(), name])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let expected: Value = serde_json::from_slice(&output.stdout)?;
    let config = QemuConfig::read(tree, name)?;
    let found = json!({
        "linux_arch": config.linux_arch,
        "kconfig": config.kconfig,
        "qemu_arch": config.qemu_arch,
        "kernel_path": config.kernel_path,
        "kernel_command_line": config.kernel_command_line,
        "extra_qemu_params": config.extra_qemu_params,
        "serial": config.serial,
    });
    if found == expected {
        Ok(())
    } else {
        Err(format!("read {found}, but Python has {expected}").into())
    }
}

fn described(tree: &Utf8Path, machine: &Machine, config: &str) -> Result<(), Failed> {
    let config = QemuConfig::read(tree, config)?;
    if config.linux_arch != machine.arch {
        return Err(format!("the tree's machine is for {}", config.linux_arch).into());
    }
    let emulator = format!("qemu-system-{}", config.qemu_arch);
    let is_listed = |program: &gateless_machines::Program| program.name == emulator;
    if machine.programs.iter().any(is_listed) {
        Ok(())
    } else {
        Err(format!("machines/{}.toml does not ask for {emulator}", machine.arch).into())
    }
}
