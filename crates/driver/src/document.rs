//! Documentation (`make rustdoc`) of lowered sources.
//!
//! rustdoc checks items and no bodies, so the crate is lowered as for the compiler, with rustdoc's own diagnostics as the guide. Pages
//! of source files show what was documented: in a crate with gates, the lowered text.

use camino::Utf8PathBuf;
use gateless_base::process;
use gateless_lower::{Lowered, Progress, lower_syntax};
use gateless_model::{Failure, Result};

use crate::classify::Class;
use crate::compile::{self, Call, ROUNDS, mangle};
use crate::diagnostics::{self, Format};
use crate::libraries;
use crate::mapping::Mapping;
use crate::runtime::Source;

/// Documents a crate, and returns rustdoc's exit code.
pub fn document(call: &Call<'_>) -> Result<u8> {
    let root = Utf8PathBuf::from(call.invocation.input().unwrap_or("-"));
    let mirror = call
        .state
        .directory()
        .join("lowered")
        .join(mangle(&format!("doc/{}", call.crate_name)));
    let mapping = Mapping::new(&mirror, call.cwd, root.as_str());
    let loads = libraries::find(call.invocation, call.class, call.cwd)?;
    let mut lowered = match call.class {
        Class::RuntimeCore if call.runtime != Source::Source => {
            return Err(Failure::no(format!(
                "`{root}` can't be documented with the runtime source `{}`: no gate is open for it",
                call.runtime.name()
            ))
            .help("document it with the runtime source `source`"));
        }
        Class::RuntimeCore => None,
        _ => Some(lower_syntax(call.lowering(
            &root,
            &mirror,
            None,
            &loads.exports,
        ))?),
    };
    let format = Format::of(call.invocation);
    let mut round = 0;
    loop {
        let changed = lowered.as_ref().filter(|lowered| lowered.changed());
        if let Some(lowered) = changed {
            lowered.write()?;
        }
        let run = call.run(arguments(call, changed, &format), call.exempt());
        let ran = compile::execute(call, &run)?;
        if !ran.status.success()
            && round < ROUNDS
            && let Some(lowered) = &mut lowered
            && lowered.refine(&diagnostics::parse(&ran.stderr))? == Progress::Changed
        {
            round += 1;
            continue;
        }
        let shown = lowered.as_ref().filter(|lowered| lowered.changed());
        diagnostics::show(&ran.stderr, &format, &mapping, shown);
        return Ok(process::exit_code(ran.status));
    }
}

fn arguments(call: &Call<'_>, lowered: Option<&Lowered<'_>>, format: &Format) -> Vec<String> {
    let planned = call.plan.args.iter();
    let mut arguments: Vec<String> = planned
        .filter(|arg| !Format::is_of(&arg.kind))
        .flat_map(|arg| arg.tokens())
        .collect();
    arguments.extend(format.arguments());
    arguments.push(match lowered {
        Some(lowered) => lowered.root().to_string(),
        None => call.invocation.input().unwrap_or("-").to_owned(),
    });
    arguments
}
