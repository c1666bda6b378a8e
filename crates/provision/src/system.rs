//! The system of this machine: whether gateless can install packages on it, and, where it can't, the commands to type there (`systems.toml`).

use std::collections::{BTreeMap, BTreeSet};

use gateless_base::program;
use gateless_model::{Failure, Result};
use serde::Deserialize;

/// What is known of a system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    name: String,
    ids: Vec<String>,
    tried: bool,
    source: String,
    install: String,
    libclang: String,
    #[serde(default)]
    packages: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    system: Vec<Known>,
}

/// A system, as os-release(5) names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// Its name, for people.
    pub name: String,
    /// The release's code name, where it is Debian itself.
    debian: Option<String>,
    known: Option<Known>,
}

impl System {
    /// The system of this machine.
    pub fn this() -> Self {
        Self::of(&fs_err::read_to_string("/etc/os-release").unwrap_or_default())
    }

    /// Reads the text of os-release.
    pub fn of(text: &str) -> Self {
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .map(|value| value.trim_matches(['"', '\'']))
        };
        let id = field("ID").unwrap_or_default();
        let like = field("ID_LIKE").unwrap_or_default();
        let systems = systems();
        let mut ids = std::iter::once(id).chain(like.split_whitespace());
        let known = ids.find_map(|id| {
            let mut systems = systems.iter();
            systems.find(|system| system.ids.iter().any(|known| known == id))
        });
        Self {
            name: field("PRETTY_NAME")
                .unwrap_or("an unknown system")
                .to_owned(),
            debian: field("VERSION_CODENAME")
                .filter(|_| id == "debian")
                .map(str::to_owned),
            known: known.cloned(),
        }
    }

    /// The code name of the Debian release in which packages can be installed.
    ///
    /// # Errors
    /// On any other system; says what to install by hand there.
    pub fn debian(&self, by_hand: &str) -> Result<&str> {
        match &self.debian {
            Some(codename) if program::find("apt-get").is_some() => Ok(codename),
            _ => Err(Failure::no(format!(
                "this machine runs {}, and gateless installs packages on Debian only",
                self.name
            ))
            .help(format!("install by hand: {by_hand}"))),
        }
    }

    /// Whether it is Debian, where packages can be installed.
    pub fn is_debian(&self) -> bool {
        self.debian.is_some()
    }

    /// What to do about something missing, in a few words.
    pub fn help(&self) -> &'static str {
        if self.debian.is_some() {
            "run `gateless doctor --install`"
        } else {
            "run `gateless doctor`, which says what to install on this system"
        }
    }

    /// The command that installs these packages, which have Debian's names, and libclang if it is wanted; remarks start with `#`. None if there are none.
    pub fn install(&self, packages: &BTreeSet<String>, libclang: bool) -> Vec<String> {
        let known = self.known.as_ref();
        let mut names: BTreeSet<&str> = packages
            .iter()
            .map(|debian| {
                let own = known.and_then(|known| known.packages.get(debian));
                own.unwrap_or(debian).as_str()
            })
            .collect();
        if libclang {
            names.insert(known.map_or("libclang", |known| known.libclang.as_str()));
        }
        let names: Vec<&str> = names.into_iter().collect();
        let names = names.join(" ");
        match known {
            _ if names.is_empty() => Vec::new(),
            Some(known) => {
                let remark = (!known.tried)
                    .then(|| format!("# {} (names from {}; not tried)", known.name, known.source));
                let command = format!("{} {names}", known.install);
                remark.into_iter().chain([command]).collect()
            }
            None => vec![format!("# Debian calls them {names}")],
        }
    }
}

fn systems() -> Vec<Known> {
    let file: File = toml::from_str(include_str!("systems.toml"))
        .expect("the embedded file is read by a test of this crate");
    file.system
}

#[cfg(test)]
mod tests {
    use super::*;

    const UBUNTU: &str = "PRETTY_NAME=\"Ubuntu 26.04 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"26.04\"\nVERSION_CODENAME=resolute\nID=ubuntu\nID_LIKE=debian\n";
    const MINT: &str = "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\nPRETTY_NAME=\"Linux Mint 23\"\nVERSION_CODENAME=zara\n";
    const FEDORA: &str = "NAME=\"Fedora Linux\"\nID=fedora\nPRETTY_NAME=\"Fedora Linux 44\"\n";
    const ROCKY: &str = "NAME=\"Rocky Linux\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nPRETTY_NAME=\"Rocky Linux 10.1\"\n";
    const ARCH: &str =
        "NAME=\"Arch Linux\"\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n";
    const SUSE: &str = "NAME=\"openSUSE Tumbleweed\"\nID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\nPRETTY_NAME=\"openSUSE Tumbleweed\"\n";
    const NIXOS: &str =
        "ID=nixos\nNAME=NixOS\nPRETTY_NAME=\"NixOS 26.05 (Yarara)\"\nVERSION_CODENAME=yarara\n";
    const ALPINE: &str =
        "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.23.0\nPRETTY_NAME=\"Alpine Linux v3.23\"\n";
    const DEBIAN: &str =
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_CODENAME=bookworm\n";

    fn install(system: &System) -> Vec<String> {
        let packages = ["libelf-dev", "bison", "xz-utils"].map(str::to_owned);
        system.install(&packages.into(), true)
    }

    #[test]
    fn each_system_is_told_its_own_commands_marked_as_not_tried() {
        for (text, name, command) in [
            (
                UBUNTU,
                "Ubuntu",
                "sudo apt-get install bison libclang-dev libelf-dev xz-utils",
            ),
            (
                MINT,
                "Ubuntu",
                "sudo apt-get install bison libclang-dev libelf-dev xz-utils",
            ),
            (
                FEDORA,
                "Fedora",
                "sudo dnf install bison clang-libs elfutils-libelf-devel xz",
            ),
            (
                ROCKY,
                "Fedora",
                "sudo dnf install bison clang-libs elfutils-libelf-devel xz",
            ),
            (
                ARCH,
                "Arch Linux",
                "sudo pacman -S --needed bison clang libelf xz",
            ),
            (
                SUSE,
                "openSUSE",
                "sudo zypper install bison libclang13 libelf-devel xz",
            ),
            (
                NIXOS,
                "NixOS",
                "nix-shell -p bison elfutils libclang.lib xz",
            ),
            (
                ALPINE,
                "Alpine Linux",
                "doas apk add bison clang-libclang elfutils-dev xz",
            ),
        ] {
            let system = System::of(text);
            let lines = install(&system);
            assert!(
                lines[0].starts_with(&format!("# {name} (names from "))
                    && lines[0].ends_with("; not tried)"),
                "{lines:?}"
            );
            assert_eq!(lines[1..], [command]);
            assert!(!system.help().contains("--install"));
            let failure = system.debian("x").unwrap_err();
            assert_eq!(failure.help.unwrap(), "install by hand: x");
        }
    }

    #[test]
    fn an_unknown_system_is_told_debians_names() {
        assert_eq!(
            install(&System::of("ID=void\n")),
            ["# Debian calls them bison libclang libelf-dev xz-utils"]
        );
        assert!(
            System::of(FEDORA)
                .install(&BTreeSet::new(), false)
                .is_empty()
        );
    }

    #[test]
    fn debian_installs_itself() {
        let system = System::of(DEBIAN);
        assert_eq!(system.help(), "run `gateless doctor --install`");
        assert_eq!(system.debian.as_deref(), Some("bookworm"));
    }
}
