//! The tests that a build promises: a kernel whose image has lost a suite still prints a complete plan without it.
//!
//! Promised are, when .config turns them on: the suite of the doctests with each doctest that the build extracted, and
//! each `#[kunit_tests(NAME)]` module in the source files that the image's crates were compiled from (the image's
//! archive names their objects, the objects' dependency files name the sources), unless a `#[cfg]` right before it is off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::{DotConfig, SavedCommand};
use gateless_model::{Failure, Result};
use object::read::archive::ArchiveFile;
use regex::Regex;

use crate::ktap::{Document, Test};

/// Name of the suite that scripts/rustdoc_test_gen.rs makes of all doctests.
const DOCTESTS: &str = "rust_doctests_kernel";

/// What the kernel of one build has to report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// Suites, each with the reason why it is expected.
    pub suites: BTreeMap<String, String>,
    /// Names of cases in the suite of the doctests.
    pub doctests: BTreeSet<String>,
    /// Suites of which it is not known whether they are there, each with the reason.
    pub unclear: BTreeMap<String, String>,
}

static SUITE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^((?:[ \t]*#\[.*\]\n)*)[ \t]*#\[(?:[A-Za-z_:]*::)?kunit_tests\((\w+)\)\]\n((?:[ \t]*#\[.*\]\n)*)")
        .unwrap()
});
static CFG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"#\[cfg\((.*)\)\]").unwrap());
static PLAIN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^CONFIG_([A-Za-z0-9_]+)(?: *= *"([ym])")?$"#).unwrap());

/// Reads what the build in the output directory `out` promises.
///
/// # Errors
/// If .config can't be read, or a file that the build names can't be.
pub fn expected(out: &Utf8Path) -> Result<Expected> {
    let config = DotConfig::read(out)?;
    let mut expected = Expected::default();
    let on = |symbol: &str| config.get(symbol) == Some("y");
    if !on("KUNIT") || !on("RUST") {
        return Ok(expected);
    }
    if on("RUST_KERNEL_DOCTESTS") {
        expected.suites.insert(
            DOCTESTS.to_owned(),
            "CONFIG_RUST_KERNEL_DOCTESTS=y".to_owned(),
        );
        expected.doctests = doctests(&out.join("rust/test/doctests/kernel"))?;
    }
    for source in image_sources(out)? {
        suites(
            &source,
            &fs_err::read_to_string(&source)?,
            &config,
            &mut expected,
        );
    }
    Ok(expected)
}

/// The extracted doctests are files named FILE_LINE_NUMBER; scripts/rustdoc_test_gen.rs counts them anew by FILE.
fn doctests(directory: &Utf8Path) -> Result<BTreeSet<String>> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    if !directory.is_dir() {
        return Ok(BTreeSet::new());
    }
    for entry in fs_err::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let file = name
            .rsplit_once('_')
            .and_then(|(rest, _)| Some(rest.rsplit_once('_')?.0));
        let file = file.ok_or_else(|| {
            Failure::failed(format!(
                "{directory}/{name} is not named like a doctest (FILE_LINE_NUMBER)"
            ))
        })?;
        *numbers.entry(file.to_owned()).or_default() += 1;
    }
    let names = numbers.iter().flat_map(|(file, count)| {
        (0..*count).map(move |number| format!("rust_doctest_kernel_{file}_{number}"))
    });
    Ok(names.collect())
}

/// The `.rs` files of all crates in the image: the object of a driver that was turned off since may still lie about.
fn image_sources(out: &Utf8Path) -> Result<BTreeSet<Utf8PathBuf>> {
    let not_built = || Failure::failed(format!("the kernel crate of {out} has not been built"));
    let archive = out.join("vmlinux.a");
    let bytes = fs_err::read(&archive).map_err(|error| not_built().because(error))?;
    let bad =
        |error: object::Error| Failure::failed(format!("{archive} can't be read")).because(error);
    let mut sources = BTreeSet::new();
    let mut has_kernel = false;
    for member in ArchiveFile::parse(&*bytes).map_err(bad)?.members() {
        let member = member.map_err(bad)?;
        let object = out.join(&*String::from_utf8_lossy(member.name()));
        // What has no record was not compiled by Kbuild's rules, and so not by rustc.
        let Some(command) = SavedCommand::of(out, object.as_str()) else {
            continue;
        };
        has_kernel |= object.ends_with("rust/kernel.o");
        sources.extend(command.rust_sources.iter().map(|source| out.join(source)));
    }
    // The archive names the directory in which it was made; where that has moved, nothing would be found.
    if !has_kernel {
        return Err(not_built()
            .help("the image's archive, vmlinux.a, names no object of it: build it here again"));
    }
    Ok(sources)
}

fn suites(source: &Utf8Path, text: &str, config: &DotConfig, expected: &mut Expected) {
    for found in SUITE.captures_iter(text) {
        let name = found[2].to_owned();
        let attributes = format!("{}{}", &found[1], &found[3]);
        let mut reason = format!("#[kunit_tests({name})] in {source}");
        let mut there = Some(true);
        for condition in CFG.captures_iter(&attributes) {
            match PLAIN.captures(&condition[1]) {
                Some(plain) => {
                    let value = config.get(&plain[1]);
                    let holds = match plain.get(2) {
                        Some(wanted) => value == Some(wanted.as_str()),
                        None => matches!(value, Some("y" | "m")),
                    };
                    there = there.map(|there| there && holds);
                    reason = format!("{reason}, {}", &condition[1]);
                }
                None => {
                    there = None;
                    reason = format!("{reason}, {}", &condition[0]);
                    break;
                }
            }
        }
        match there {
            Some(true) => drop(expected.suites.insert(name, reason)),
            Some(false) => {}
            None => drop(expected.unclear.insert(name, reason)),
        }
    }
}

impl Expected {
    /// What is promised and not in the documents, one sentence each.
    pub fn absent(&self, documents: &[Document]) -> Vec<String> {
        let mut suites: BTreeMap<&str, &Test> = BTreeMap::new();
        for suite in documents.iter().flat_map(|own| &own.main.subtests) {
            add_inner(&suite.subtests, &mut suites);
            suites.insert(&suite.name, suite);
        }
        let mut absent: Vec<String> = self
            .suites
            .iter()
            .filter(|(name, _)| !suites.contains_key(name.as_str()))
            .map(|(name, reason)| format!("suite {name} is not in the log ({reason})"))
            .collect();
        if let Some(suite) = suites.get(DOCTESTS) {
            let there: BTreeSet<&str> = suite
                .subtests
                .iter()
                .map(|test| test.name.as_str())
                .collect();
            let missing = self
                .doctests
                .iter()
                .filter(|name| !there.contains(name.as_str()));
            absent.extend(
                missing.map(|name| {
                    format!("doctest {name} is not in the log (the build extracted it)")
                }),
            );
            if !self.doctests.is_empty() {
                let unknown = there
                    .iter()
                    .filter(|name| !name.is_empty() && !self.doctests.contains(**name));
                absent.extend(unknown.map(|name| {
                    format!("doctest {name} is in the log, but the build extracted none")
                }));
            }
        }
        absent
    }
}

/// Adds the suites within a suite: a program that loads a module has that one's suite among its own tests.
fn add_inner<'t>(tests: &'t [Test], suites: &mut BTreeMap<&'t str, &'t Test>) {
    for test in tests.iter().filter(|test| !test.subtests.is_empty()) {
        add_inner(&test.subtests, suites);
        suites.insert(&test.name, test);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ktap;

    fn build(config: &str) -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap().to_owned();
        fs_err::create_dir_all(out.join("rust/test/doctests/kernel")).unwrap();
        fs_err::write(out.join(".config"), config).unwrap();
        for name in ["str_rs_9_0", "str_rs_10_0", "alloc_kbox_rs_110_0"] {
            fs_err::write(out.join("rust/test/doctests/kernel").join(name), "").unwrap();
        }
        fs_err::write(
            out.join("rust/.kernel.o.cmd"),
            "savedcmd_rust/kernel.o := rustc x.rs\n\nsource_rust/kernel.o := lib.rs\n\ndeps_rust/kernel.o := \\\n    \
             $(wildcard include/config/RUST) \\\n  str.rs \\\n",
        )
        .unwrap();
        fs_err::write(
            out.join("lib.rs"),
            "/// #[kunit_tests(in_a_comment)]\n\n#[kunit_tests(always)]\nmod a {}\n",
        )
        .unwrap();
        fs_err::write(
            out.join("str.rs"),
            "#[cfg(CONFIG_ON)]\n#[macros::kunit_tests(on)]\nmod a {}\n\n#[cfg(CONFIG_OFF)]\n#[kunit_tests(off)]\n\
             mod b {}\n\n#[cfg(any(CONFIG_ON, CONFIG_OFF))]\n#[kunit_tests(unclear)]\nmod c {}\n",
        )
        .unwrap();
        fs_err::write(
            out.join(".driver.o.cmd"),
            "savedcmd_driver.o := rustc d.rs\n\nsource_driver.o := driver.rs\n\ndeps_driver.o := \\\n",
        )
        .unwrap();
        fs_err::write(out.join("driver.rs"), "#[kunit_tests(driver)]\nmod a {}\n").unwrap();
        image(&out, &["rust/kernel.o"]);
        (directory, out)
    }

    /// An image of these objects, as Kbuild makes it.
    fn image(out: &Utf8Path, objects: &[&str]) {
        let _ = fs_err::remove_file(out.join("vmlinux.a"));
        for object in objects {
            fs_err::write(out.join(object), "").unwrap();
        }
        let made = std::process::Command::new("ar")
            .args(["cDPrST", "vmlinux.a"])
            .args(objects)
            .current_dir(out)
            .status();
        assert!(made.unwrap().success());
    }

    const CONFIG: &str =
        "CONFIG_KUNIT=y\nCONFIG_RUST=y\nCONFIG_RUST_KERNEL_DOCTESTS=y\nCONFIG_ON=y\n";

    #[test]
    fn suites_and_doctests_come_from_what_was_built() {
        let (_directory, out) = build(CONFIG);
        let expected = expected(&out).unwrap();
        assert_eq!(
            expected.suites.keys().collect::<Vec<_>>(),
            ["always", "on", "rust_doctests_kernel"]
        );
        assert_eq!(expected.unclear.keys().collect::<Vec<_>>(), ["unclear"]);
        let doctests: Vec<&str> = expected.doctests.iter().map(String::as_str).collect();
        let names = ["alloc_kbox_rs_0", "str_rs_0", "str_rs_1"]
            .map(|name| format!("rust_doctest_kernel_{name}"));
        assert_eq!(doctests, names);
    }

    #[test]
    fn the_suites_of_a_driver_are_promised_while_it_is_in_the_image() {
        let (_directory, out) = build(CONFIG);
        let has_driver = || expected(&out).unwrap().suites.contains_key("driver");
        assert!(!has_driver());
        image(&out, &["rust/kernel.o", "driver.o"]);
        assert!(has_driver());
    }

    #[test]
    fn an_image_without_the_kernel_crate_is_an_error_and_no_empty_promise() {
        let (_directory, out) = build(CONFIG);
        image(&out, &["driver.o"]);
        assert!(
            expected(&out)
                .unwrap_err()
                .what
                .contains("has not been built")
        );
        fs_err::remove_file(out.join("vmlinux.a")).unwrap();
        assert!(expected(&out).is_err());
    }

    #[test]
    fn a_suite_or_doctest_lost_from_the_image_is_named() {
        let (_directory, out) = build(CONFIG);
        let log = "KTAP version 1\n1..2\nok 1 always\n  KTAP version 1\n  # Subtest: rust_doctests_kernel\n  1..2\n  \
                   ok 1 rust_doctest_kernel_str_rs_0\n  ok 2 rust_doctest_kernel_str_rs_1\nok 2 rust_doctests_kernel\n";
        let absent = expected(&out)
            .unwrap()
            .absent(&ktap::parse(&ktap::split(log.as_bytes())));
        assert_eq!(absent.len(), 2, "{absent:?}");
        assert!(absent[0].starts_with("suite on is not in the log"));
        assert!(
            absent[1].starts_with("doctest rust_doctest_kernel_alloc_kbox_rs_0 is not in the log")
        );
    }

    #[test]
    fn the_suite_of_a_module_that_a_test_loads_is_in_the_log() {
        let log = "KTAP version 1\n1..1\n    KTAP version 1\n    1..2\n    # Subtest: loads\n    ok 1 finds\n        KTAP version 1\n        # Subtest: abi\n        1..1\n        \
                   ok 1 signature\n    ok 2 abi\nok 1 loads\n";
        let mut expected = Expected::default();
        for name in ["abi", "finds"] {
            expected
                .suites
                .insert(name.to_owned(), "a module".to_owned());
        }
        let absent = expected.absent(&ktap::parse(&ktap::split(log.as_bytes())));
        assert_eq!(absent, ["suite finds is not in the log (a module)"]);
    }

    #[test]
    fn a_kernel_without_kunit_promises_nothing() {
        let (_directory, out) = build("CONFIG_RUST=y\n");
        assert_eq!(expected(&out).unwrap(), Expected::default());
    }

    #[test]
    fn a_directory_that_is_no_build_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap();
        assert!(
            expected(out)
                .unwrap_err()
                .what
                .ends_with("is no output directory of a kernel build")
        );
    }
}
