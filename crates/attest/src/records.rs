//! Loading the records, and what each must be by itself.

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_linux::places::{KERNEL, TREE};
use gateless_linux::record;
use gateless_model::Result;
use gateless_model::record::{OUT, Record, STATE};

use crate::Problem;

/// All readable records by file name; an unreadable one is a problem.
pub fn load(out: &Utf8Path, problems: &mut Vec<Problem>) -> Result<BTreeMap<String, Record>> {
    let mut records = BTreeMap::new();
    for (name, read) in record::all(out)? {
        let shown = format!("{STATE}/records/{name}");
        match read {
            Ok(record) => {
                // A record of something that was removed since says nothing about this build.
                let mut outputs = record.outputs.keys();
                if outputs.any(|output| out.join(crate::in_out(output)).exists()) {
                    records.insert(name, record);
                }
            }
            Err(failure) => problems.push(Problem::new(shown, failure.what)),
        }
    }
    Ok(records)
}

/// Checks that a record is whole and that no gate was open in it but for the runtime crates.
pub fn check(record: &Record, problems: &mut Vec<Problem>) {
    let file = record
        .outputs
        .keys()
        .next()
        .cloned()
        .unwrap_or_else(|| record.crate_name.clone());
    let mut problem = |what: String| problems.push(Problem::new(&file, what));
    match record::seal(record) {
        Ok(seal) if seal == record.seal => {}
        _ => problem("its record was changed after the build: the seal does not fit".to_owned()),
    }
    for run in &record.runs {
        for name in &run.exempt {
            if record.class != "runtime crate"
                || !["core", "compiler_builtins"].contains(&name.as_str())
            {
                problem(format!(
                    "a gate was open for `{name}`, which is not a runtime crate"
                ));
            }
        }
        let allowed = (!run.exempt.is_empty()).then(|| run.exempt.join(","));
        if run.env.get("RUSTC_BOOTSTRAP").cloned().flatten() != allowed {
            problem("RUSTC_BOOTSTRAP was set for other crates than the record exempts".to_owned());
        }
        for arg in &run.args {
            if arg.starts_with("-Z") || (arg.starts_with("--target=") && arg.ends_with(".json")) {
                problem(format!("the compiler got the unstable argument `{arg}`"));
            }
        }
        if run.version.contains('-') && !run.version.starts_with("rustc ")
            || ["-nightly", "-beta", "-dev"]
                .iter()
                .any(|mark| run.version.contains(mark))
        {
            problem(format!(
                "the compiler was `{}`, not a stable release",
                run.version
            ));
        }
    }
    let exempt = record
        .runs
        .iter()
        .any(|run| run.exempt.iter().any(|name| name == "core"));
    if exempt {
        let is_kernels = |input: &&String| {
            let path = Utf8Path::new(input);
            [OUT, TREE, KERNEL]
                .iter()
                .any(|place| path.starts_with(place))
        };
        for input in record.inputs.keys().filter(is_kernels) {
            problem(format!(
                "a gate was open for `{input}`, which is kernel code"
            ));
        }
    }
}
