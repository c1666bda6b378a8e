//! How a kernel is started on one architecture: the data in `machines/ARCH.toml`, built into the program.

use gateless_model::{Failure, Result};
use serde::Deserialize;

/// One file of `machines/`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Kbuild's name of the architecture; also the file's name.
    pub arch: String,
    /// What runs the kernel.
    pub runner: Runner,
    /// The bootable image, relative to the build's output folder.
    pub kernel: String,
    /// Arguments for the kernel.
    pub arguments: Vec<String>,
    /// Free space in MiB that is needed for the machine's memory file, if it has one.
    #[serde(default)]
    pub memory_file_mib: Option<u64>,
    /// Time limit for boot and tests in seconds, if the user gives none.
    pub time_limit_seconds: u64,
}

/// What runs a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runner {
    /// User Mode Linux: the image is a program.
    Process,
}

const FILES: &[(&str, &str)] = &[("um", include_str!("../../../machines/um.toml"))];

impl Machine {
    /// The machine for an architecture.
    ///
    /// # Errors
    /// Ends in [`Exit::Usage`](gateless_model::Exit::Usage) if no file describes the architecture.
    pub fn for_arch(arch: &str) -> Result<Machine> {
        let known: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        let (_, text) = FILES
            .iter()
            .find(|(name, _)| *name == arch)
            .ok_or_else(|| {
                Failure::usage(format!("booting is not known for the architecture {arch}")).help(
                    format!(
                        "known: {}; `gateless build` may still work",
                        known.join(", ")
                    ),
                )
            })?;
        parse(arch, text)
    }
}

fn parse(arch: &str, text: &str) -> Result<Machine> {
    toml::from_str(text)
        .map_err(|error| Failure::failed(format!("machines/{arch}.toml is wrong")).because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_file_is_built_in_and_named_after_its_architecture() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../machines");
        let mut on_disk: Vec<String> = fs_err::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
            .collect();
        on_disk.sort();
        let built_in: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(on_disk, built_in);
        for (name, text) in FILES {
            assert_eq!(parse(name, text).unwrap().arch, *name);
        }
    }

    #[test]
    fn an_unknown_architecture_names_the_known_ones() {
        let failure = Machine::for_arch("vax").unwrap_err();
        assert_eq!(failure.exit, gateless_model::Exit::Usage);
        assert!(failure.help.unwrap().contains("known: um"));
    }

    #[test]
    fn a_misspelt_key_is_not_ignored() {
        assert!(parse("um", &format!("{}\ntime_limit = 3\n", FILES[0].1)).is_err());
    }
}
