//! Bringing in what `doctor` found missing.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use camino::Utf8Path;
use gateless_base::{cache, process, program};
use gateless_model::{Failure, Result};

use crate::apt::{self, Apt};
use crate::doctor::{Fix, Prerequisite};
use crate::system::System;
use crate::toolchain::{Wanted, debian};
use crate::{rust_src, tools};
use gateless_base::progress::Progress;
use gateless_model::Version;

/// The newest libclang that bindgen 0.72.1 is known to work with.
const NEWEST_LIBCLANG: u32 = 22;

/// What an installation will do.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Debian packages to install on the machine.
    pub packages: BTreeSet<String>,
    /// Whether a libclang package is to be chosen and installed.
    pub libclang: bool,
    /// Whether bindgen is to be built into the cache.
    pub bindgen: bool,
    /// The compiler whose standard library's sources are to be unpacked into the cache.
    pub rust_src: Option<Version>,
    /// The compiler that is to be unpacked into the cache, with these sources; and why, for people.
    pub toolchain: Option<(Wanted, String)>,
}

impl Installation {
    /// What is to be done about those of `prerequisites` that are required and missing.
    ///
    /// The first that only the user can install is returned as the error.
    pub fn of(prerequisites: Vec<Prerequisite>) -> Result<Self> {
        let mut installation = Self::default();
        for prerequisite in prerequisites
            .into_iter()
            .filter(|prerequisite| prerequisite.required)
        {
            let Err(failure) = prerequisite.found else {
                continue;
            };
            match prerequisite.fix {
                Fix::Package(name) => drop(installation.packages.insert(name)),
                Fix::Libclang => installation.libclang = true,
                Fix::Bindgen => installation.bindgen = true,
                Fix::RustSrc(version) => installation.rust_src = Some(version),
                Fix::Toolchain(wanted, why) => installation.toolchain = Some((wanted, why)),
                Fix::ByHand => return Err(failure),
            }
        }
        Ok(installation)
    }

    /// Like [`Installation::of`], without what only the user can install.
    pub fn possible(prerequisites: Vec<Prerequisite>) -> Self {
        let mut possible = prerequisites;
        possible.retain(|prerequisite| prerequisite.fix != Fix::ByHand);
        Self::of(possible).unwrap_or_default()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What will happen, for a question or a message.
    pub fn describe(&self, cache: &Utf8Path) -> String {
        let mut parts = Vec::new();
        let mut packages: Vec<&str> = self.packages.iter().map(String::as_str).collect();
        if self.libclang {
            packages.push("libclang");
        }
        if !packages.is_empty() {
            parts.push(format!(
                "the Debian packages {} (installed on this machine)",
                packages.join(" ")
            ));
        }
        if self.bindgen {
            parts.push(format!(
                "bindgen-cli {} (built by cargo into {})",
                tools::BINDGEN_WANTED,
                cache::tools(cache)
            ));
        }
        if let Some((wanted, why)) = &self.toolchain {
            parts.push(format!(
                "Debian's rustc {wanted} with its standard library's sources (unpacked into {}, not installed: {why})",
                cache::compilers(cache)
            ));
        }
        if self.rust_src.is_some() {
            parts.push(format!(
                "the standard library's sources (Debian's rust-src, unpacked into {})",
                cache::rust_src(cache)
            ));
        }
        parts.join(", ")
    }

    /// The commands that do the same by hand on a system that is not Debian; remarks start with `#`.
    pub fn commands(&self, system: &System) -> Vec<String> {
        let mut lines = system.install(&self.packages, self.libclang);
        if let Some((wanted, why)) = &self.toolchain {
            lines.push(format!("# a stable rustc {wanted}: {why}"));
            lines.push("rustup toolchain install stable --component rust-src".to_owned());
        }
        if self.rust_src.is_some() {
            lines.push("rustup component add rust-src".to_owned());
        }
        if self.bindgen {
            let wanted = tools::BINDGEN_WANTED;
            lines.push(format!(
                "cargo install bindgen-cli --version {wanted} --locked"
            ));
        }
        lines
    }

    /// Does it all; what is there already from an earlier, interrupted installation is kept.
    pub fn run(&self, cache: &Utf8Path, progress: &mut dyn Progress) -> Result<()> {
        let only_bindgen = Self {
            bindgen: self.bindgen,
            ..Self::default()
        };
        let codename = if *self == only_bindgen {
            None
        } else {
            {
                let system = System::this();
                let instead = format!("\n  {}", self.commands(&system).join("\n  "));
                Some(system.debian(&instead)?.to_owned())
            }
        };
        if let Some(codename) = &codename
            && (!self.packages.is_empty() || self.libclang)
        {
            self.install_packages(cache, codename, progress)?;
        }
        if let (Some(codename), Some((wanted, _))) = (&codename, &self.toolchain) {
            debian::bring_in(cache, codename, wanted, progress)?;
        }
        if let (Some(codename), Some(version)) = (&codename, self.rust_src) {
            let _lock = apt::lock(cache)?;
            if !rust_src::in_cache(cache, version).is_dir() {
                let apt = Apt::update(cache, codename, progress)?;
                rust_src::unpack(cache, &apt, version, progress)?;
            }
        }
        if self.bindgen {
            install_bindgen(cache, progress)?;
        }
        Ok(())
    }

    fn install_packages(
        &self,
        cache: &Utf8Path,
        codename: &str,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        progress.step("installing Debian packages");
        // Of several gateless at once, one installs.
        let _lock = apt::lock(cache)?;
        system_apt(&["update"], None, progress)?;
        let mut packages: Vec<String> = self.packages.iter().cloned().collect();
        if self.libclang {
            packages.push(libclang_package()?);
        }
        let names: Vec<&str> = packages.iter().map(String::as_str).collect();
        if system_apt(&[INSTALL, &names].concat(), None, progress).is_err() {
            // One that can't be had does not keep the others out.
            for name in names {
                install_alone(name, cache, codename, progress)?;
            }
        }
        progress.done();
        progress.note(&format!("installed {}", packages.join(" ")));
        Ok(())
    }
}

/// Packages of another suite that stand in the way are the user's; with `--no-remove` apt leaves them.
const INSTALL: &[&str] = &["install", "--yes", "--no-install-recommends", "--no-remove"];

/// Another apt's installation is waited for, so that two of gateless on one machine do not fail each other.
const WAIT: &[&str] = &["-o", "DPkg::Lock::Timeout=600"];

/// Installs one package; from the release's backports if the machine's own suites have none that goes with what is installed.
fn install_alone(
    name: &str,
    cache: &Utf8Path,
    codename: &str,
    progress: &mut dyn Progress,
) -> Result<()> {
    let Err(failure) = system_apt(&[INSTALL, &[name]].concat(), None, progress) else {
        return Ok(());
    };
    let apt = Apt::with_backports(cache, codename, progress)?;
    let suite = format!("--target-release={codename}-backports");
    match system_apt(&[INSTALL, &[&suite, name]].concat(), Some(&apt), progress) {
        Ok(()) => progress.note(&format!(
            "{name} was installed from {codename}-backports, like what it goes with on this machine"
        )),
        Err(_) => return Err(failure),
    }
    Ok(())
}

/// Runs apt-get on the machine's packages, as root or through sudo; with the lists of `apt` in place of the machine's own, if given.
fn system_apt(arguments: &[&str], apt: Option<&Apt>, progress: &mut dyn Progress) -> Result<()> {
    let config = apt
        .and_then(Apt::config)
        .map(|config| format!("APT_CONFIG={config}"));
    let is_root = process::stdout("id".into(), &["-u"])?.trim() == "0";
    let mut command = if is_root {
        let mut command = Command::new("env");
        command
            .arg("DEBIAN_FRONTEND=noninteractive")
            .args(&config)
            .arg("apt-get");
        command
    } else if program::find("sudo").is_some() {
        let mut command = Command::new("sudo");
        command
            .arg("DEBIAN_FRONTEND=noninteractive")
            .args(&config)
            .arg("apt-get");
        command
    } else {
        return Err(
            Failure::no("packages can only be installed as root, and there is no sudo")
                .help(format!("as root: apt-get {}", arguments.join(" "))),
        );
    };
    command.args(WAIT).args(arguments).stdin(Stdio::null());
    progress.tick(&format!("apt-get {}", arguments.join(" ")));
    process::stdout_of(&mut command)
        .map(drop)
        .map_err(|failure| {
            failure.help(
                "check the network and apt's sources, then try again; where apt would have to remove a package of yours, \
                 install by hand what goes with it (from backports, if it came from there)",
            )
        })
}

/// The newest libclang package that this machine's Debian has and that is known to work; else the oldest newer one.
fn libclang_package() -> Result<String> {
    let names = process::stdout(
        "apt-cache".into(),
        &["search", "--names-only", "^libclang1-[0-9]+$"],
    )?;
    choose_libclang(&names)
        .map(|major| format!("libclang1-{major}"))
        .ok_or_else(|| {
            Failure::no("this Debian has no libclang package that is new enough")
                .help("install libclang 17 or later, and set LIBCLANG_PATH to its directory")
        })
}

fn choose_libclang(names: &str) -> Option<u32> {
    let majors: BTreeSet<u32> = names
        .lines()
        .filter_map(|line| {
            line.split_whitespace()
                .next()?
                .strip_prefix("libclang1-")?
                .parse()
                .ok()
        })
        .filter(|major| *major >= 17)
        .collect();
    majors
        .range(..=NEWEST_LIBCLANG)
        .next_back()
        .or_else(|| majors.first())
        .copied()
}

fn install_bindgen(cache: &Utf8Path, progress: &mut dyn Progress) -> Result<()> {
    let cargo = program::find("cargo").ok_or_else(|| {
        Failure::no("no `cargo` on PATH, which bindgen is built with")
            .help("install stable Rust (https://rustup.rs)")
    })?;
    progress.step(&format!("building bindgen-cli {}", tools::BINDGEN_WANTED));
    let root = cache::tools(cache);
    fs_err::create_dir_all(&root)?;
    let mut command = Command::new(cargo);
    command
        .args([
            "install",
            "bindgen-cli",
            "--version",
            &tools::BINDGEN_WANTED.to_string(),
            "--locked",
            "--root",
            root.as_str(),
        ])
        .current_dir(&root);
    // What `cargo run` has set for gateless is not for the crates built here.
    for name in [
        "LD_LIBRARY_PATH",
        "CARGO_TARGET_DIR",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_BOOTSTRAP",
    ] {
        command.env_remove(name);
    }
    process::stdout_of(&mut command)
        .map_err(|failure| failure.help("check the network, then try again"))?;
    progress.done();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(fix: Fix, required: bool) -> Prerequisite {
        Prerequisite {
            name: "x".to_owned(),
            purpose: String::new(),
            wanted: String::new(),
            found: Err(Failure::no("gone")),
            required,
            fix,
        }
    }

    #[test]
    fn only_what_is_required_and_missing_is_installed() {
        let installation = Installation::of(vec![
            missing(Fix::Package("bison".to_owned()), true),
            missing(Fix::Package("python3".to_owned()), false),
            missing(Fix::Bindgen, true),
        ])
        .unwrap();
        assert_eq!(installation.packages.iter().collect::<Vec<_>>(), ["bison"]);
        assert!(
            installation.bindgen
                && installation.rust_src.is_none()
                && !installation.libclang
                && !installation.is_empty()
        );
        assert!(Installation::of(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn by_hand_a_compiler_its_sources_and_bindgen_come_from_rustup_and_cargo() {
        let missing = Installation {
            rust_src: Some(Version::new(1, 95, 0)),
            bindgen: true,
            ..Installation::default()
        };
        assert_eq!(
            missing.commands(&System::of("ID=fedora\n")),
            [
                "rustup component add rust-src",
                "cargo install bindgen-cli --version 0.72.1 --locked"
            ]
        );
    }

    #[test]
    fn what_only_the_user_can_do_stops_the_installation() {
        assert_eq!(
            Installation::of(vec![
                missing(Fix::Bindgen, true),
                missing(Fix::ByHand, true)
            ])
            .unwrap_err()
            .what,
            "gone"
        );
    }

    #[test]
    fn a_newer_compiler_is_asked_about_with_the_reason() {
        let wanted = Wanted::AtLeast(Version::new(1, 96, 0));
        let fix = Fix::Toolchain(wanted, "1.95.0 is older".to_owned());
        // rustdoc and the sources come with it.
        let installation =
            Installation::of(vec![missing(fix.clone(), true), missing(fix, true)]).unwrap();
        let what = installation.describe(Utf8Path::new("/c"));
        assert!(
            what.contains(">= 1.96.0")
                && what.contains("1.95.0 is older")
                && what.contains("/c/compilers"),
            "{what}"
        );
    }

    #[test]
    fn libclang_is_as_new_as_bindgen_takes() {
        assert_eq!(
            choose_libclang(
                "libclang1-14 - x\nlibclang1-22 - x\nlibclang1-19 - x\nlibclang1-24 - x\n"
            ),
            Some(22)
        );
        assert_eq!(
            choose_libclang("libclang1-14 - x\nlibclang1-24 - x\n"),
            Some(24)
        );
        assert_eq!(choose_libclang("libclang1-14 - x\n"), None);
    }
}
