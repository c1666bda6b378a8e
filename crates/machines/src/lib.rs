//! The data of `machines/`: what an architecture's builds need and how its kernels are booted, as far as the kernel
//! tree does not say it. One file per architecture, or per variant where an architecture has several (32 and 64 bits, say), embedded in the
//! binary. What a user gives as `--arch` is a file's name or one of its aliases.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use gateless_model::{Failure, Result};
use include_dir::{Dir, include_dir};
use serde::Deserialize;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../machines");

static MACHINES: LazyLock<BTreeMap<String, Machine>> = LazyLock::new(|| {
    load(FILES.files().map(|file| {
        let name = file.path().to_string_lossy().into_owned();
        (name, file.contents_utf8().unwrap_or_default())
    }))
    .expect("the embedded files are checked by a test of this crate")
});

/// One file of `machines/`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The variant's name, if the architecture has several; else the file is named after `arch`.
    name: Option<String>,
    /// Kbuild's name of the architecture (ARCH).
    pub arch: String,
    /// Other names that people give it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Variables for make that choose the C compiler and its tools, unless the user gives others.
    #[serde(default)]
    pub make: BTreeMap<String, String>,
    /// Programs that are needed besides those that every build needs and the C compiler.
    #[serde(default)]
    pub programs: Vec<Program>,
    /// C headers that host programs of a build need besides the C library's.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// Whether its kernels can be built with C as the back end: C functions and Rust's are known to call each other in the same way.
    #[serde(default)]
    pub backend_c: bool,
    /// What is known about Rust for it, where upstream has none: then an overlay is put over the tree.
    pub overlay: Option<Overlay>,
    /// How a kernel is booted.
    pub boot: Boot,
}

/// What only a person can know about Rust on an architecture for which upstream has none; the rest is found in the tree.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    /// The built-in target of rustc that is compiled for; none where the architecture's Makefile says it, or a specification.
    pub target: Option<String>,
    /// The target as a specification, where no built-in one is like it: fields as rustc's target files have them.
    pub specification: Option<BTreeMap<String, toml::Value>>,
    /// Features that modules have besides those of the specification.
    pub module_features: Option<String>,
    /// Options for rustc besides.
    #[serde(default)]
    pub rust_flags: Vec<String>,
    /// Options for rustc where it compiles a module, besides.
    #[serde(default)]
    pub module_rust_flags: Vec<String>,
    /// Variables of make, in place of what the tree assigns to them.
    #[serde(default)]
    pub make: BTreeMap<String, String>,
    /// libclang's name of the target, which Kbuild asks for where gcc compiles.
    pub bindgen_target: Option<String>,
    /// Why plain stores and read-modify-write operations are atomic to one another on several processors as well.
    pub atomic_rmw: Option<String>,
    /// Which exchanges of one and two bytes the architecture's C lacks; then they are made of those of the aligned word.
    pub small_atomics: Option<String>,
    /// Tests that fail on it as they do, gated, on an architecture of the same width and byte order that upstream has Rust for.
    #[serde(default)]
    pub known_failures: Vec<KnownFailure>,
}

/// A test that fails for a reason that is upstream's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailure {
    /// Its name in results.
    pub test: String,
    /// Where upstream's own build was seen to fail alike, and why it does.
    pub because: String,
}

/// A program that is looked for on PATH.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its file's name.
    pub name: String,
    /// The Debian package that has it.
    pub package: String,
    /// What it is for, for people.
    pub purpose: String,
    /// Who needs it.
    pub needed_by: NeededBy,
}

/// Who needs a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeededBy {
    /// Every build, and so every boot.
    Build,
    /// Boots alone.
    Boot,
}

/// A C header that the host's compiler has to find.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// As in `#include`.
    pub file: String,
    /// Name as people know it.
    pub name: String,
    /// The Debian package that has it.
    pub package: String,
    /// What it is for, for people.
    pub purpose: String,
}

/// How a kernel is booted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boot {
    /// Arguments for the kernel.
    pub arguments: Vec<String>,
    /// Time limit for boot and tests in seconds, if the user gives none.
    pub time_limit_seconds: u64,
    /// What runs the kernel.
    pub runner: Runner,
}

/// What runs a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Runner {
    /// User Mode Linux: the image is a program.
    Process {
        /// The image, relative to the build's output directory.
        kernel: String,
        /// Free space in MiB that is needed for the file in which the kernel keeps its memory.
        memory_file_mib: u64,
    },
    /// QEMU emulates the machine that the kernel tree describes.
    Qemu {
        /// Name of the description in the tree's `tools/testing/kunit/qemu_configs`, without `.py`.
        config: String,
        /// Arguments for the emulator that take the place of the tree's.
        #[serde(default)]
        replaced: Vec<Replaced>,
    },
    /// QEMU emulates a machine that the kernel tree does not describe.
    OwnQemu(OwnQemu),
}

/// A machine of QEMU's that the kernel tree has no description of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnQemu {
    /// The emulator's name after `qemu-system-`.
    pub emulator: String,
    /// What is booted, relative to the build's output directory.
    pub kernel: String,
    /// The device tree that the kernel is given, relative to the build's output directory.
    pub device_tree: Option<String>,
    /// Arguments for the kernel, such as its console; they come last.
    pub command_line: String,
    /// Arguments for the emulator.
    pub arguments: Vec<String>,
    /// Why this machine, for people.
    pub because: String,
}

/// Arguments of the tree's description that are replaced, wherever they stand in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// The tree's, in a row.
    pub tree: Vec<String>,
    /// What the emulator is given instead.
    pub with: Vec<String>,
    /// Why, for people.
    pub because: String,
}

impl Machine {
    /// The name that stands for it everywhere: in `--arch`, in names of presets and output directories, in results.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.arch)
    }

    /// The machine of this name or alias, if a file describes it.
    pub fn find(name: &str) -> Option<&'static Machine> {
        MACHINES.get(name).or_else(|| {
            Self::all().find(|machine| machine.aliases.iter().any(|alias| alias == name))
        })
    }

    /// The names of all machines, for messages.
    pub fn names() -> String {
        let names: Vec<&str> = Self::all().map(Machine::name).collect();
        names.join(", ")
    }

    /// Like [`Machine::find`], for a kernel that is to be booted.
    ///
    /// # Errors
    /// Ends in [`Exit::Usage`](gateless_model::Exit::Usage) if no file describes the architecture.
    pub fn for_boot(arch: &str) -> Result<&'static Machine> {
        Self::find(arch).ok_or_else(|| {
            Failure::usage(format!("booting is not known for the architecture {arch}")).help(
                format!("known: {}; `gateless build` may still work", Self::names()),
            )
        })
    }

    /// All machines, by architecture.
    pub fn all() -> impl Iterator<Item = &'static Machine> {
        MACHINES.values()
    }
}

/// Reads machines from (file name, text) pairs; errors name the file.
fn load<'t>(
    files: impl Iterator<Item = (String, &'t str)>,
) -> Result<BTreeMap<String, Machine>, String> {
    let mut machines = BTreeMap::new();
    for (name, text) in files {
        let machine: Machine =
            toml::from_str(text).map_err(|error| format!("machines/{name}: {error}"))?;
        if name != format!("{}.toml", machine.name()) {
            return Err(format!("machines/{name} describes {}", machine.name()));
        }
        machines.insert(machine.name().to_owned(), machine);
    }
    let aliases = machines.values().flat_map(|machine| &machine.aliases);
    let mut names: Vec<&String> = machines.keys().chain(aliases).collect();
    names.sort();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("two of machines/ go by the name {}", pair[0]));
    }
    Ok(machines)
}

/// Kbuild's ARCH for the name of a machine; another name is taken for ARCH itself.
pub fn kbuild_arch(name: &str) -> &str {
    Machine::find(name).map_or(name, |machine| machine.arch.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Vec<(String, &'static str)> {
        FILES
            .files()
            .map(|file| {
                (
                    file.path().to_string_lossy().into_owned(),
                    file.contents_utf8().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn every_file_can_be_read_and_is_named_after_its_architecture() {
        let machines = load(texts().into_iter()).unwrap();
        assert_eq!(machines.len(), texts().len());
        assert!(machines.contains_key("um") && machines.contains_key("x86_64"));
        let (_, text) = texts().remove(0);
        assert!(load([("vax.toml".to_owned(), text)].into_iter()).is_err());
    }

    #[test]
    fn a_machine_is_found_by_its_aliases_and_kbuild_by_the_machine() {
        for (name, found, arch) in [
            ("arm64", "arm64", "arm64"),
            ("aarch64", "arm64", "arm64"),
            ("um", "um", "um"),
        ] {
            assert_eq!(Machine::find(name).unwrap().name(), found);
            assert_eq!(kbuild_arch(name), arch);
        }
        assert_eq!(kbuild_arch("vax"), "vax");
    }

    #[test]
    fn an_alias_that_is_another_machines_name_is_refused() {
        let (_, text) = texts()
            .into_iter()
            .find(|(name, _)| name == "um.toml")
            .unwrap();
        let other = text.replace("arch = \"um\"", "arch = \"vax\"\naliases = [\"um\"]");
        let both = [
            ("um.toml".to_owned(), text),
            ("vax.toml".to_owned(), &other),
        ];
        assert!(load(both.into_iter()).unwrap_err().contains("the name um"));
    }

    #[test]
    fn tools_whose_prefix_make_is_given_are_looked_for_before_a_build() {
        for machine in Machine::all() {
            let Some(prefix) = machine.make.get("CROSS_COMPILE") else {
                continue;
            };
            let target = prefix.trim_end_matches('-');
            let known = machine.programs.iter().any(|program| {
                program.name.starts_with(prefix)
                    && program.package.ends_with(target)
                    && program.needed_by == NeededBy::Build
            });
            assert!(known, "{}: nothing says where {prefix} is", machine.name());
        }
    }

    #[test]
    fn an_unknown_architecture_names_the_known_ones() {
        let failure = Machine::for_boot("vax").unwrap_err();
        assert_eq!(failure.exit, gateless_model::Exit::Usage);
        assert!(failure.help.unwrap().contains("known: arm"));
    }

    #[test]
    fn a_misspelt_key_is_not_ignored_anywhere() {
        for (name, text) in texts() {
            // At the top, and at the end, where the runner's own table is.
            for wrong in [
                format!("time_limit = 3\n{text}"),
                format!("{text}\ntime_limit = 3\n"),
            ] {
                assert!(load([(name.clone(), wrong.as_str())].into_iter()).is_err());
            }
        }
    }
}
