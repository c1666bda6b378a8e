//! What the kernels' tests say, and that both builds were asked the same.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use serde_json::Value;

use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// Doctests of User Mode Linux in 7.3.4; later releases have more.
const DOCTESTS: usize = 350;

/// Everything passes, doctests among it.
pub fn all_pass(workshop: &mut Workshop) -> Tested {
    let answer: Value = serde_json::from_str(&workshop.boot(Mode::Gateless)?)?;
    let doctests = array(&answer["tests"])
        .filter(|test| {
            test["status"] == "passed"
                && test["name"]
                    .as_str()
                    .is_some_and(|name| name.starts_with("rust_doctests_kernel."))
        })
        .count();
    if answer["outcome"] != "passed" || doctests < DOCTESTS {
        return Err(format!("{doctests} doctests passed: {:#}", answer["reasons"]).into());
    }
    Ok(())
}

/// No difference in machine code, data or sections that is not explained, and nothing weaker than gated; a driver's object,
/// asked for by itself, is among what is compared.
pub fn same_code(workshop: &mut Workshop) -> Tested {
    for mode in [Mode::Gateless, Mode::Gated] {
        workshop.boot(mode)?;
        succeeded(workshop.object(mode)?)?;
    }
    let (gated, gateless) = (workshop.out(Mode::Gated), workshop.out(Mode::Gateless));
    proven(workshop, &gated, &gateless)
}

/// Nothing is weaker in the directory `gateless` than in `gated`, and no difference in machine code is without an explanation.
pub fn proven(workshop: &Workshop, gated: &Utf8Path, gateless: &Utf8Path) -> Tested {
    let attested = succeeded(workshop.gateless(&["attest", gateless.as_str()])?)?;
    if !attested.contains("weaker than gated: nothing") {
        return Err(attested.into());
    }
    succeeded(workshop.gateless(&["fidelity", gated.as_str(), gateless.as_str()])?).map(drop)
}

/// Everything passes, the doctests are all there, and so is each Rust KUnit suite.
pub fn gateless_passes(workshop: &mut Workshop) -> Tested {
    let answer: Value = serde_json::from_str(&workshop.boot(Mode::Gateless)?)?;
    if answer["outcome"] != "passed" {
        return Err(format!("{:#}", answer["reasons"]).into());
    }
    let statuses: BTreeMap<&str, &str> = array(&answer["tests"])
        .filter_map(|test| Some((test["name"].as_str()?, test["status"].as_str()?)))
        .collect();
    let doctests = statuses
        .iter()
        .filter(|(name, status)| name.starts_with("rust_doctests_kernel.") && **status == "passed")
        .count();
    if doctests < DOCTESTS {
        return Err(
            format!("only {doctests} doctests passed, {DOCTESTS} or more are expected").into(),
        );
    }
    let bad: Vec<_> = statuses
        .iter()
        .filter(|(_, status)| !matches!(**status, "passed" | "skipped"))
        .collect();
    if !bad.is_empty() {
        return Err(format!("not passed: {bad:?}").into());
    }
    let suites: BTreeSet<&str> = array(&answer["suites"])
        .filter_map(|suite| suite["name"].as_str())
        .collect();
    let config = fs_err::read_to_string(workshop.out(Mode::Gateless).join(".config"))?;
    let options = config
        .lines()
        .filter(|line| line.starts_with("CONFIG_RUST_") && line.ends_with("_KUNIT_TEST=y"));
    let options = options.count();
    // Each option stands for a suite, and the doctests are one more.
    if options == 0 || suites.len() <= options {
        return Err(
            format!("{options} options for suites, but only these suites: {suites:?}").into(),
        );
    }
    Ok(())
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The two lists are equal, by `gateless compare`.
pub fn same_as_gated(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    workshop.boot(Mode::Gated)?;
    let (gated, gateless) = (workshop.out(Mode::Gated), workshop.out(Mode::Gateless));
    succeeded(workshop.gateless(&["compare", gated.as_str(), gateless.as_str()])?).map(drop)
}

/// .config is equal, and each doctest file byte for byte.
pub fn same_inputs(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    workshop.boot(Mode::Gated)?;
    let (gated, gateless) = (workshop.out(Mode::Gated), workshop.out(Mode::Gateless));
    let configs = [gated.join(".config"), gateless.join(".config")];
    let [a, b] = [
        fs_err::read_to_string(&configs[0])?,
        fs_err::read_to_string(&configs[1])?,
    ];
    let different: Vec<_> = a.lines().zip(b.lines()).filter(|(a, b)| a != b).collect();
    if a != b {
        return Err(format!("the configurations differ: {different:?}").into());
    }
    let doctests = "rust/test/doctests/kernel";
    let (gated, gateless) = (
        files(&gated.join(doctests))?,
        files(&gateless.join(doctests))?,
    );
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<BTreeSet<_>>();
    let odd: Vec<_> = names(&gated)
        .symmetric_difference(&names(&gateless))
        .cloned()
        .collect();
    if !odd.is_empty() || gated.len() < DOCTESTS {
        return Err(format!(
            "{} doctests gated, these not in both builds: {odd:?}",
            gated.len()
        )
        .into());
    }
    let unequal: Vec<_> = gated
        .iter()
        .filter(|(name, content)| gateless.get(*name) != Some(content))
        .collect();
    match unequal.first() {
        Some((name, _)) => {
            Err(format!("{} doctests differ, the first is {name}", unequal.len()).into())
        }
        None => Ok(()),
    }
}

fn files(directory: &Utf8Path) -> Tested<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        files.insert(entry.file_name().to_owned(), fs_err::read(entry.path())?);
    }
    Ok(files)
}

/// No gate was open outside of the runtime crates, although the environment had RUSTC_BOOTSTRAP=1.
pub fn attested(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    let out = workshop.out(Mode::Gateless);
    succeeded(workshop.gateless(&["attest", out.as_str()])?).map(drop)
}
