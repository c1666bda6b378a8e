//! The support matrix: what a kernel tree, a compiler, this machine and recorded runs say about each architecture.
//!
//! Nothing in here is a list of architectures: they are the directories of the tree's `arch/`.

mod kconfig;
mod obstacles;
mod processor;
pub mod table;

use std::collections::BTreeSet;

use camino::Utf8Path;
use gateless_base::process::stdout_of;
use gateless_lab::qemu_config::{DIRECTORY, QemuConfig};
use gateless_linux::tree::{self, Tree};
use gateless_machines::{Machine, Runner};
use gateless_model::targets::{Architecture, Targets, Tool, VERSION, Variant};
use gateless_model::{Result, Version};

use obstacles::Known;
use processor::Processor;

/// What is asked besides the tree.
pub struct Facts<'a> {
    /// The compiler's version.
    pub version: Version,
    /// The first line of its `--version`.
    pub version_text: &'a str,
    /// Its built-in targets (`--print target-list`).
    pub builtin: Vec<String>,
    /// The built-in targets that stand in for the kernel's specifications, each with the `arch` of the specification.
    pub spec_targets: Vec<(&'static str, &'static str)>,
    /// The back end of the compiler's LLVM for a processor, named as in triples.
    pub back_end: &'a dyn Fn(&str) -> Option<&'static str>,
    /// The C compiler that Kbuild takes with these variables of make.
    pub c_compiler: &'a dyn Fn(&[(String, String)]) -> Result<Option<String>>,
    /// Whether a program is on this machine.
    pub has_program: &'a dyn Fn(&str) -> bool,
}

/// Reads the tree and puts everything together; `results` are the last ones, each under its variant's name.
///
/// # Errors
/// If the tree's files can't be read.
pub fn survey(tree: &Tree, facts: &Facts<'_>, results: &[Variant]) -> Result<Targets> {
    let mut names: Vec<String> = Vec::new();
    for entry in tree.path.join("arch").read_dir_utf8()? {
        let entry = entry?;
        if entry.path().join("Kconfig").is_file() {
            names.push(entry.file_name().to_owned());
        }
    }
    names.sort();
    let processors = Processor::all(tree, &names)?;
    let machines = emulated(&tree.path)?;
    let architectures = processors
        .iter()
        .map(|processor| architecture(tree, processor, &processors, &machines, facts, results))
        .collect::<Result<_>>()?;
    Ok(Targets {
        version: VERSION,
        release: tree.release.clone(),
        rustc: facts.version_text.to_owned(),
        architectures,
    })
}

/// The machines that the tree describes for its own test runner, as (directory below `arch/`, emulator).
fn emulated(tree: &Utf8Path) -> Result<BTreeSet<(String, String)>> {
    let mut found = BTreeSet::new();
    for entry in tree.join(DIRECTORY).read_dir_utf8()? {
        let entry = entry?;
        let Some(name) = entry.file_name().strip_suffix(".py") else {
            continue;
        };
        if name == "default" || name.starts_with("__") {
            continue;
        }
        let config = QemuConfig::read(tree, name)?;
        found.insert((
            tree::source_arch(&config.linux_arch).to_owned(),
            format!("qemu-system-{}", config.qemu_arch),
        ));
    }
    Ok(found)
}

fn architecture(
    tree: &Tree,
    processor: &Processor,
    all: &[Processor],
    machines: &BTreeSet<(String, String)>,
    facts: &Facts<'_>,
    results: &[Variant],
) -> Result<Architecture> {
    let arch = processor.arch.as_str();
    let tool = |name: String| Tool {
        found: (facts.has_program)(&name),
        name,
    };
    let own: Vec<&Machine> = Machine::all()
        .filter(|machine| tree::source_arch(&machine.arch) == arch)
        .collect();
    let select = kconfig::have_rust(&tree.path.join("arch").join(arch))?;
    let mut described = Architecture {
        arch: arch.to_owned(),
        upstream: select.is_some(),
        conditions: select.unwrap_or_default(),
        builtin_targets: processor.builtin_targets(all, facts),
        llvm_back_end: processor
            .names
            .iter()
            .find_map(|name| (facts.back_end)(name))
            .map(str::to_owned),
        c_compiler: c_compiler(&own, processor, facts)?.map(tool),
        emulators: machines
            .iter()
            .filter(|(of, _)| of == arch)
            .map(|(_, emulator)| tool(emulator.clone()))
            .collect(),
        obstacles: Vec::new(),
        variants: own
            .iter()
            .map(|machine| {
                let recorded = results.iter().find(|result| result.name == machine.name());
                recorded.cloned().unwrap_or_else(|| Variant {
                    name: machine.name().to_owned(),
                    ..Variant::default()
                })
            })
            .collect(),
    };
    // Where Kconfig has no Rust it asks for no compiler either.
    let minimum = if described.upstream {
        tree.minimum_rustc(arch, &stdout_of)?
    } else {
        tree.minimum(tree::Tool::Rustc, arch, &stdout_of)?
    };
    let known = Known {
        is_process: own
            .iter()
            .any(|machine| matches!(machine.boot.runner, Runner::Process { .. })),
        has_overlay: own.iter().any(|machine| machine.overlay.is_some()),
    };
    described.obstacles = obstacles::of(&described, minimum, facts.version, known);
    Ok(described)
}

/// The machine's compiler; without a machine clang, where the tree's Kbuild knows a target for it.
fn c_compiler(
    machines: &[&Machine],
    processor: &Processor,
    facts: &Facts<'_>,
) -> Result<Option<String>> {
    let variables = match machines.first() {
        Some(machine) => machine.make.clone().into_iter().collect(),
        None if processor.clang.is_some() => vec![("LLVM".to_owned(), "1".to_owned())],
        None => return Ok(None),
    };
    (facts.c_compiler)(&variables)
}
