//! Runtime crates that are not built from source.

use serde_json::Value;

use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// The build of the other tests, in a copy of its directory, changes over to the host's prebuilt core: all Rust code is compiled again, nothing in C.
pub fn host(workshop: &mut Workshop) -> Tested {
    let gated: Value = serde_json::from_str(&workshop.boot(Mode::Gated)?)?;
    workshop.boot(Mode::Gateless)?;
    let out = workshop.out_of("um-host", Mode::Gateless);
    let changes_over = workshop.begin(&out, &workshop.out(Mode::Gateless))?;
    let mut arguments = workshop.arguments("boot", Mode::Gateless, &out);
    arguments.extend(["--runtime=host", "--json"]);
    let answer: Value = serde_json::from_str(&succeeded(workshop.gateless(&arguments)?)?)?;
    if answer["outcome"] != "passed" || answer["tests"] != gated["tests"] {
        return Err(format!(
            "not the results of the gated build: {:#}",
            answer["reasons"]
        )
        .into());
    }
    let made = workshop.made_in(&out)?;
    let missing = ["rust/core.o", "rust/compiler_builtins.o", "rust/kernel.o"]
        .iter()
        .find(|object| !made.iter().any(|(_, target)| target == *object));
    if let (true, Some(object)) = (changes_over, missing) {
        return Err(format!("{object} was not made again for the other runtime source").into());
    }
    let attested = succeeded(workshop.gateless(&["attest", out.as_str()])?)?;
    if !attested.contains("no gate was open at all") {
        return Err(attested.into());
    }
    Ok(())
}
