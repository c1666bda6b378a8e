//! Documentation (`make rustdoc`) of lowered sources.
//!
//! rustdoc checks items and no bodies, so the crate is lowered as for the compiler, with rustdoc's own diagnostics as the guide. Pages
//! of source files show what was documented: in a crate with gates, the lowered text.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::process;
use gateless_lower::{Lowered, Request, lower_syntax};
use gateless_model::{Failure, Result};

use crate::call::Call;
use crate::classify::Class;
use crate::compiler;
use crate::diagnostics::{self, Format};
use crate::libraries;
use crate::mapping::Mapping;
use crate::rounds;
use crate::runtime::source::Source;
use crate::times::Times;
use crate::used::Used;

/// Documents a crate, and returns rustdoc's exit code.
pub fn document(call: &Call<'_>) -> Result<u8> {
    let root = Utf8PathBuf::from(call.input());
    let mirror = call.mirror(&format!("doc/{}", call.crate_name));
    let mapping = Mapping::new(&mirror, call.cwd, root.as_str());
    let name = |path: &Utf8Path| mapping.shown(path, &call.plan.remaps);
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
        _ => Some(lower_syntax(Request {
            mark_used: Used::of(call, false).marks(),
            ..call.lowering(&root, &mirror, &name, &loads.exports)
        })?),
    };
    let format = Format::of(call.invocation);
    let last = rounds::run::<()>(
        call,
        &mut lowered,
        (false, None),
        &mut Times::default(),
        &|mirrored| {
            let args = arguments(call, mirrored.map(Lowered::root), &format);
            Ok(compiler::run(call, args, call.exempt()))
        },
    )?;
    let shown = lowered.as_ref().filter(|_| last.in_mirror);
    diagnostics::show(&last.ran.stderr, &format, &mapping, shown);
    Ok(process::exit_code(last.ran.status))
}

fn arguments(call: &Call<'_>, root: Option<&Utf8Path>, format: &Format) -> Vec<String> {
    let planned = call.plan.args.iter();
    let mut arguments: Vec<String> = planned
        .filter(|arg| !Format::is_of(&arg.kind))
        .flat_map(|arg| arg.tokens())
        .collect();
    arguments.extend(format.arguments());
    arguments.push(match root {
        Some(root) => root.to_string(),
        None => call.input().to_owned(),
    });
    arguments
}
