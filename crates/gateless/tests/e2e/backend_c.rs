//! The back end C: a kernel whose Rust objects the kernel's own C compiler has made.

use serde_json::Value;

use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// The build of the other tests, in a copy of its directory, changes over to the back end C: all Rust code is compiled again, nothing in C, and the
/// results are the same by name.
pub fn same_results(workshop: &mut Workshop) -> Tested {
    let by_llvm: Value = serde_json::from_str(&workshop.boot(Mode::Gateless)?)?;
    let name = format!("{}-c", workshop.arch);
    let out = workshop.out_of(&name, Mode::Gateless);
    let changes_over = workshop.begin(&out, &workshop.out(Mode::Gateless))?;
    let mut arguments = workshop.arguments("boot", Mode::Gateless, &out);
    arguments.extend(["--backend=c", "--json"]);
    let answer: Value = serde_json::from_str(&succeeded(workshop.gateless(&arguments)?)?)?;
    if answer["outcome"] != "passed" || answer["tests"] != by_llvm["tests"] {
        return Err(format!("not the results of LLVM's build: {:#}", answer["reasons"]).into());
    }
    let made = workshop.made_in(&out)?;
    for object in ["rust/core.o", "rust/compiler_builtins.o", "rust/kernel.o"] {
        if changes_over && !made.iter().any(|(_, target)| target == object) {
            return Err(format!("{object} was not made again for the other back end").into());
        }
    }
    let attested = succeeded(workshop.gateless(&["attest", out.as_str(), "--json"])?)?;
    let attested: Value = serde_json::from_str(&attested)?;
    let mut through_c = 0;
    for found in attested["crates"].as_array().into_iter().flatten() {
        let generator = &found["generator"];
        if generator.is_object() && generator["c"]["source_sha256"].as_str().is_none() {
            return Err(format!("LLVM made the code of {}", found["crate_name"]).into());
        }
        through_c += usize::from(generator.is_object());
    }
    match (through_c, &attested["gateless"]) {
        (0, _) => Err("no crate came through the C compiler".into()),
        (_, Value::Bool(true)) => Ok(()),
        _ => Err(format!("not proven: {:#}", attested["problems"]).into()),
    }
}
