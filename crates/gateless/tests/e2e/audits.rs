//! The audit against real builds: what it says of each gate is what compiling without it shows, and nothing is left to find where
//! sources were lowered.

use serde_json::Value;

use crate::workshop::{Mode, Tested, Workshop};

/// Gates that this configuration needs, and gates that it does not. Each is closed alone: a feature with all others open, an option by itself,
/// the variable with everything else as recorded.
const SAMPLE: [(&str, bool); 17] = [
    ("Z_allow_features", true),
    ("core_from_source", true),
    ("rustc_bootstrap", true),
    ("rustdoc_no_run", true),
    ("target_json", true),
    ("arbitrary_self_types", true),
    ("derive_coerce_pointee", true),
    ("used_with_arg", true),
    ("cfi_encoding", true),
    ("compiler_builtins", true),
    ("Z_binary_dep_depinfo", true),
    ("asm_goto", false),
    ("generic_arg_infer", false),
    ("unsigned_is_multiple_of", false),
    ("file_with_nul", false),
    ("extract_if", false),
    ("allocator_api", false),
];

/// Building with just one gate closed fails for those that are needed, and succeeds for the others.
pub fn verified(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gated)?;
    let out = workshop.out(Mode::Gated);
    let ids: Vec<&str> = SAMPLE.iter().map(|(id, _)| *id).collect();
    let output = workshop.gateless(&[
        "audit",
        workshop.tree.as_str(),
        "--out",
        out.as_str(),
        "--verify",
        "--gate",
        &ids.join(","),
        "--json",
    ])?;
    let answer = answer(output)?;
    let gates = answer["gates"].as_array().ok_or("no gates")?;
    for (id, needed) in SAMPLE {
        let gate = gates
            .iter()
            .find(|gate| gate["id"] == id)
            .ok_or_else(|| format!("{id} was not found"))?;
        let verified = &gate["verified"];
        if gate["needed"] != needed
            || verified["agrees"] != true
            || verified["compiles_without"] != !needed
        {
            return Err(format!("{id}: needed {}, verified {verified}", gate["needed"]).into());
        }
    }
    Ok(())
}

/// The audit of the lowered sources of a build finds no language gate that anything needs.
pub fn lowered(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    let lowered = workshop.out(Mode::Gateless).join(".gateless/lowered");
    let answer = answer(workshop.gateless(&["audit", lowered.as_str(), "--json"])?)?;
    let read = answer["files"]["rust"].as_u64().unwrap_or(0);
    if read < 50 {
        return Err(format!("only {read} lowered sources in {lowered}").into());
    }
    let open: Vec<&Value> = answer["gates"]
        .as_array()
        .ok_or("no gates")?
        .iter()
        .filter(|gate| gate["needed"] == true)
        .filter(|gate| match gate["kind"].as_str().unwrap_or_default() {
            "lang-feature" | "attribute" | "feature" => true,
            // Code for other compilers is there as it was, and the directory has no Kconfig files to tell that it is not compiled.
            "lib-feature" => gate["uses"]
                .as_array()
                .is_some_and(|uses| uses.iter().any(|used| used["applies"] == "always")),
            _ => false,
        })
        .collect();
    match open.is_empty() {
        true => Ok(()),
        false => Err(format!("{open:#?}").into()),
    }
}

fn answer(output: std::process::Output) -> Tested<Value> {
    Ok(serde_json::from_str(&crate::workshop::succeeded(output)?)?)
}
