//! Runtime crates that are not built from source.

use object::{Object, ObjectSymbol};
use serde_json::Value;

use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// The build of the other tests, in a copy of its directory, changes over to the host's prebuilt core: all Rust code is compiled again, nothing in C.
pub fn host(workshop: &mut Workshop) -> Tested {
    host_with(workshop, "um-host", &[])
}

/// The same, and no crate has floating point, nor calls a library for it: not even the prebuilt core, which was compiled with it.
pub fn host_without_floats(workshop: &mut Workshop) -> Tested {
    let name = "um-host-no-floats";
    host_with(workshop, name, &["--wish=no-floats"])?;
    let object = workshop.out_of(name, Mode::Gateless).join("rust/core.o");
    let object = fs_err::read(object)?;
    let object = object::File::parse(&*object)?;
    let called = object.symbols().filter(|symbol| symbol.is_undefined());
    let called: Vec<_> = called.filter_map(|symbol| symbol.name().ok()).collect();
    // Products, quotients and conversions of doubles and floats: what the same core calls without the wish.
    let is_float = |name: &&&str| {
        name.starts_with("__") && ["sf", "df"].iter().any(|float| name.contains(float))
    };
    match called.iter().find(is_float) {
        Some(name) => Err(format!("core calls {name}").into()),
        None if called.is_empty() => Err("core calls nothing at all".into()),
        None => Ok(()),
    }
}

fn host_with(workshop: &mut Workshop, name: &str, wishes: &[&str]) -> Tested {
    let gated: Value = serde_json::from_str(&workshop.boot(Mode::Gated)?)?;
    workshop.boot(Mode::Gateless)?;
    let out = workshop.out_of(name, Mode::Gateless);
    let changes_over = workshop.begin(&out, &workshop.out(Mode::Gateless))?;
    let mut arguments = workshop.arguments("boot", Mode::Gateless, &out);
    arguments.extend(["--runtime=host", "--json"]);
    arguments.extend(wishes);
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
