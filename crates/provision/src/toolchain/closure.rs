//! The packages that a compiler's package needs to run, besides what this machine has.

use std::collections::VecDeque;
use std::process::Command;

use gateless_base::process;
use gateless_model::{Failure, Result};

use crate::apt::{Apt, Offer};

/// One alternative of a dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    package: String,
    /// Relation (`>=`, `=`, ...) and version, as dpkg compares them.
    version: Option<(String, String)>,
}

/// A package to be unpacked, and where it is from.
pub(super) type Source<'a> = (Offer, &'a Apt);

/// What to look up; apart from apt, so that the search can be tried without it.
pub(super) trait Packages {
    /// Where an offer is from.
    type Origin: Copy;
    /// The version that is installed on this machine.
    fn installed(&self, package: &str) -> Result<Option<String>>;
    /// All offers, the best to take first.
    fn offers(&self, package: &str) -> Result<Vec<(Offer, Self::Origin)>>;
    /// The package's record, as `apt-cache show` prints it.
    fn record(&self, offer: &Offer, origin: Self::Origin) -> Result<String>;
    /// Whether a version stands in a relation to another.
    fn compare(&self, version: &str, relation: &str, other: &str) -> Result<bool>;
}

/// `first`, and what it needs that is not installed: packages built from its own source, and libraries. Other programs (a linker, a C
/// library's headers) are not looked for here; what a build needs of them, the machine has.
///
/// # Errors
/// If apt can't be asked.
pub(super) fn of<P: Packages>(
    packages: &P,
    first: (Offer, P::Origin),
) -> Result<Vec<(Offer, P::Origin)>> {
    let source = source(&packages.record(&first.0, first.1)?, &first.0.package);
    let mut taken: Vec<(Offer, P::Origin)> = Vec::new();
    let mut open = VecDeque::from([first]);
    while let Some((offer, origin)) = open.pop_front() {
        let record = packages.record(&offer, origin)?;
        for alternatives in needs(&record) {
            let known = taken.iter().chain(&open).map(|(offer, _)| offer);
            let known: Vec<Offer> = known.cloned().chain([offer.clone()]).collect();
            if let Some(found) = lacking(packages, &alternatives, &known, &source)? {
                open.push_back(found);
            }
        }
        taken.push((offer, origin));
    }
    Ok(taken)
}

/// The package to take for a dependency; nothing if it is fulfilled, or is about something else than what is loaded.
fn lacking<P: Packages>(
    packages: &P,
    alternatives: &[Need],
    known: &[Offer],
    source_of_first: &str,
) -> Result<Option<(Offer, P::Origin)>> {
    let fits = |need: &Need, version: &str| match &need.version {
        Some((relation, wanted)) => packages.compare(version, relation, wanted),
        None => Ok(true),
    };
    for need in alternatives {
        let coming = known.iter().filter(|offer| offer.package == need.package);
        let here = packages.installed(&need.package)?;
        for version in coming.map(|offer| &offer.version).chain(&here) {
            if fits(need, version)? {
                return Ok(None);
            }
        }
    }
    for need in alternatives {
        for (offer, origin) in packages.offers(&need.package)? {
            if fits(need, &offer.version)? {
                let record = packages.record(&offer, origin)?;
                let own = source(&record, &offer.package) == source_of_first;
                let library = field(&record, "Section").is_some_and(|section| section == "libs");
                if own || library {
                    return Ok(Some((offer, origin)));
                }
            }
        }
    }
    Ok(None)
}

/// The dependencies of a record, each as its alternatives.
fn needs(record: &str) -> Vec<Vec<Need>> {
    let fields = ["Pre-Depends", "Depends"];
    let all = fields.iter().filter_map(|name| field(record, name));
    all.flat_map(|text| text.split(','))
        .map(|group| group.split('|').filter_map(need).collect())
        .collect()
}

/// `libc6 (>= 2.39)`, `libfoo:any`, `libbar`.
fn need(text: &str) -> Option<Need> {
    let (name, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let package = name.split(':').next().unwrap_or(name).to_owned();
    let relation = rest
        .trim()
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'));
    let version = relation
        .and_then(|(inner, _)| inner.trim().split_once(' '))
        .map(|(relation, version)| (relation.to_owned(), version.trim().to_owned()));
    (!package.is_empty()).then_some(Need { package, version })
}

/// The source package, without its version; the package itself where it is called the same.
fn source(record: &str, package: &str) -> String {
    let name = field(record, "Source").and_then(|text| text.split_whitespace().next());
    name.unwrap_or(package).to_owned()
}

fn field<'a>(record: &'a str, name: &str) -> Option<&'a str> {
    record
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

/// The machine's own suites first, since what they have goes with the rest of the machine; then all others of Debian. Of each the oldest.
pub(super) struct Suites<'a> {
    pub(super) machine: &'a Apt,
    pub(super) all: &'a Apt,
}

impl<'a> Packages for Suites<'a> {
    type Origin = &'a Apt;

    fn installed(&self, package: &str) -> Result<Option<String>> {
        let format = "-f=${db:Status-Abbrev}|${Version}\\n";
        let output = process::output_of(Command::new("dpkg-query").args(["-W", format, package]))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let versions = text.lines().filter_map(|line| line.strip_prefix("ii |"));
        Ok(versions.map(str::to_owned).next())
    }

    fn offers(&self, package: &str) -> Result<Vec<Source<'a>>> {
        let mut found = Vec::new();
        for apt in [self.machine, self.all] {
            let oldest_first = apt.versions(package)?.into_iter().rev();
            found.extend(oldest_first.map(|offer| (offer, apt)));
        }
        Ok(found)
    }

    fn record(&self, offer: &Offer, origin: &'a Apt) -> Result<String> {
        origin.record(offer)
    }

    fn compare(&self, version: &str, relation: &str, other: &str) -> Result<bool> {
        let arguments = ["--compare-versions", version, relation, other];
        let output = process::output_of(Command::new("dpkg").args(arguments))?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(Failure::failed(format!(
                "dpkg can't compare the versions {version} {relation} {other}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateless_model::Version;

    /// Packages by text: name, version, further fields of the record.
    struct Fake {
        installed: &'static [(&'static str, &'static str)],
        offered: &'static [(&'static str, &'static str, &'static str)],
    }

    impl Packages for Fake {
        type Origin = ();

        fn installed(&self, package: &str) -> Result<Option<String>> {
            let found = self.installed.iter().find(|(name, _)| *name == package);
            Ok(found.map(|(_, version)| (*version).to_owned()))
        }

        fn offers(&self, package: &str) -> Result<Vec<(Offer, ())>> {
            let of_package = self.offered.iter().filter(|(name, ..)| *name == package);
            let offer = |version: &str| Offer {
                package: package.to_owned(),
                version: version.to_owned(),
            };
            Ok(of_package
                .map(|(_, version, _)| (offer(version), ()))
                .collect())
        }

        fn record(&self, offer: &Offer, (): ()) -> Result<String> {
            let mut all = self.offered.iter();
            let found =
                all.find(|(name, version, _)| *name == offer.package && *version == offer.version);
            Ok(found.map(|(.., record)| (*record).to_owned()).unwrap())
        }

        fn compare(&self, version: &str, relation: &str, other: &str) -> Result<bool> {
            let (version, other): (Version, Version) =
                (version.parse().unwrap(), other.parse().unwrap());
            Ok(match relation {
                ">=" => version >= other,
                "=" => version == other,
                _ => panic!("{relation}"),
            })
        }
    }

    const OFFERED: &[(&str, &str, &str)] = &[
        (
            "rustc",
            "1.96",
            "Section: devel\nDepends: libc6 (>= 2.34), libstd-dev (= 1.96), gcc, libc-dev, libtool | libx\n",
        ),
        (
            "libstd-dev",
            "1.96",
            "Source: rustc\nSection: libdevel\nDepends: libstd (= 1.96)\n",
        ),
        (
            "libstd",
            "1.96",
            "Source: rustc (1.96)\nSection: libs\nPre-Depends: libc6 (>= 2.39)\nDepends: libllvm (>= 22.1), libx (>= 1) | liby\n",
        ),
        ("libc6", "2.38", "Section: libs\n"),
        (
            "libc6",
            "2.41",
            "Source: glibc\nSection: libs\nDepends: libgcc\n",
        ),
        ("libc6", "2.42", "Section: libs\n"),
        ("libgcc", "14", "Section: libs\n"),
        ("libllvm", "22.1", "Section: libs\n"),
        ("libx", "1.0", "Section: libs\nDepends: libx (>= 1)\n"),
        ("gcc", "14", "Section: devel\n"),
        ("libtool", "2.0", "Section: devel\n"),
    ];

    fn taken(installed: &'static [(&'static str, &'static str)]) -> Vec<String> {
        let packages = Fake {
            installed,
            offered: OFFERED,
        };
        let first = packages.offers("rustc").unwrap().remove(0);
        let all = of(&packages, first).unwrap();
        all.iter()
            .map(|(offer, ())| format!("{} {}", offer.package, offer.version))
            .collect()
    }

    #[test]
    fn libraries_that_the_machine_lacks_are_taken_and_programs_are_not() {
        assert_eq!(
            taken(&[("libc6", "2.36"), ("libgcc", "12")]),
            [
                "rustc 1.96",
                "libstd-dev 1.96",
                "libx 1.0",
                "libstd 1.96",
                "libc6 2.41",
                "libllvm 22.1"
            ]
        );
    }

    #[test]
    fn what_the_machine_has_is_not_taken_again() {
        let all = &[("libc6", "2.41"), ("libllvm", "22.1"), ("libx", "2.0")];
        assert_eq!(taken(all), ["rustc 1.96", "libstd-dev 1.96", "libstd 1.96"]);
    }

    #[test]
    fn a_dependency_is_read_with_its_relation() {
        let of = |text: &str| need(text).unwrap();
        assert_eq!(
            of(" libc6 (>= 2.39) ").version,
            Some((">=".into(), "2.39".into()))
        );
        assert_eq!(of("libfoo:any").package, "libfoo");
        assert_eq!(of("libz3-4").version, None);
    }
}
