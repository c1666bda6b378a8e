//! Compiling a crate: what is lowered, the rounds of the compiler, the code generation stage, and what is left behind.

use std::io::Read;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::process;
use gateless_lower::{Lowered, Request, lower_syntax};
use gateless_model::columns::Columns;
use gateless_model::{Failure, Result};

use crate::call::Call;
use crate::classify::Class;
use crate::compiler;
use crate::diagnostics::{self, Format};
use crate::doctest;
use crate::finish::{Finished, finish, keep_patched};
use crate::generate::Generate;
use crate::invocation::{Arg, Kind};
use crate::libraries::{self, Loads};
use crate::mapping::Mapping;
use crate::proof::{self, Asking};
use crate::rounds::{self, Proof};
use crate::runtime::source::{BUILTINS, Source};
use crate::runtime::{self, float_helpers};
use crate::times::{Times, timed};
use crate::used::Used;
use crate::{columns, linker};

/// Compiles, and returns the exit code for make.
pub fn compile(call: &Call<'_>) -> Result<u8> {
    let generate = Generate::plan(call)?;
    let mut loads = libraries::find(call.invocation, call.class, call.cwd)?;
    if call.class.is_kernel() {
        loads.check_modifiers(call.invocation, &call.plan.modifiers)?;
    }
    let text = text(call)?;
    let root = Utf8PathBuf::from(match call.input() {
        "-" => "<anon>",
        input => input,
    });
    let mirror = call.mirror(&call.primary_output());
    let mapping = Mapping::new(&mirror, call.cwd, root.as_str());
    let questions = call.questions(&call.primary_output());
    let asked = Mapping::new(&questions, call.cwd, root.as_str());
    if call.class == Class::RuntimeCore && call.runtime != Source::Source {
        return runtime::core::generate(call, &mapping, &loads, generate.as_ref());
    }
    let used = Used::of(call, generate.is_some());
    let name = |path: &Utf8Path| mapping.shown(path, &call.plan.remaps);
    let known = loads.exports.clone();
    let mut times = Times::default();
    let mut lowered = match call.class {
        // The toolchain's own library is not kernel code: it is never lowered.
        Class::RuntimeCore => None,
        _ => {
            let lowered = timed(&mut times.rewriting, || {
                lower_syntax(Request {
                    root_text: text.as_deref(),
                    mark_used: used.marks(),
                    ..call.lowering(&root, &mirror, &name, &known)
                })
            });
            match lowered {
                Ok(lowered) => Some(lowered),
                Err(failure) => {
                    let (status, shown) = proof::refused(call, &asked)?.ok_or(failure)?;
                    diagnostics::tell(&shown);
                    return Ok(process::exit_code(status));
                }
            }
        }
    };
    let mut runs = Vec::new();
    if call.class == Class::RuntimeBuiltins {
        let (run, library) = runtime::builtins(call)?;
        runs.extend(run);
        loads
            .artifacts
            .extend(library.map(Utf8PathBuf::into_string));
    }
    // A doctest is made of lowered sources before it comes here.
    let is_lowered = |in_mirror: bool| in_mirror || doctest::host::is_compiler();
    let fix = Used::fix(lowered.as_ref());
    let make = |columns: &Columns| {
        let Some(generate) = &generate else {
            return Ok(None);
        };
        let mut took = Duration::ZERO;
        let generator = timed(&mut took, || {
            generate.run(call, (&mapping, &loads), columns, fix.clone())
        })?;
        Ok(Some((generator, took)))
    };
    let asking = Asking {
        mirror: &questions,
        mapping: &asked,
        is_in_files: text.is_none(),
    };
    let types = generate.as_ref().and_then(Generate::types);
    let make_beside = |columns: &Columns| match types {
        Some(types) if types.waits() => Ok(None),
        _ => make(columns),
    };
    let proof = Proof {
        asking,
        columns: &loads.columns,
        make: &make_beside,
    };
    let last = rounds::run(
        call,
        &mut lowered,
        (text.is_some(), Some(proof)),
        &mut times,
        &|mirrored| {
            let root = mirrored.map(Lowered::root);
            let args = arguments(call, root, &mapping, generate.as_ref());
            let mut run = compiler::run(call, args, call.exempt());
            let columns = || columns::all(mirrored, &loads.columns);
            let used = match is_lowered(mirrored.is_some()) {
                true => used,
                false => Used::Nowhere,
            };
            linker::prepare(call, &mut run, &columns, used)?;
            Ok(run)
        },
    )?;
    if questions.exists() {
        fs_err::remove_dir_all(&questions)?;
    }
    let success = last.ran.status.success();
    let shown = lowered.as_ref().filter(|_| last.in_mirror);
    diagnostics::tell(&last.shown.0);
    diagnostics::show(
        &last.ran.stderr,
        &Format::of(call.invocation),
        &mapping,
        shown,
    );
    diagnostics::tell(&last.shown.1);
    if !success {
        tell_of_bare_libraries(&loads);
        return Ok(process::exit_code(last.ran.status));
    }
    if is_lowered(last.in_mirror) {
        used.put_right(call)?;
    }
    let columns = columns::all(shown, &loads.columns);
    columns::put_right(call, &columns)?;
    if let (Some(types), Some(generate)) = (types, &generate) {
        let run = timed(&mut times.compiling, || {
            types.describe(call, &last.run, generate.bitcode())
        })?;
        runs.extend(run);
    }
    runs.push(last.run);
    let generated = match last.made.flatten() {
        Some(made) => Some(made),
        None => make(&columns)?,
    };
    let generated = generate
        .as_ref()
        .zip(generated)
        .map(|(generate, (generator, took))| {
            times.generating = took;
            (generate, generator)
        });
    if let Some(lowered) = &mut lowered {
        timed(&mut times.rewriting, || keep_patched(call, lowered))?;
    }
    finish(
        call,
        Finished {
            mapping: &mapping,
            lowered: lowered.as_ref(),
            loads: &loads,
            columns: &columns,
            runs,
            generated,
        },
    )?;
    times.write(&call.primary_output(), call.crate_name)?;
    Ok(0)
}

/// The text of the root where it is not what the file has that the call names.
fn text(call: &Call<'_>) -> Result<Option<String>> {
    match (call.input(), call.class, call.runtime) {
        ("-", ..) => Ok(Some(read_stdin()?)),
        (_, Class::RuntimeBuiltins, Source::Sysroot | Source::Host) => Ok(Some(intrinsics(call)?)),
        _ => Ok(None),
    }
}

/// The kernel's panicking intrinsics, and more of the kind that a prebuilt `core` needs.
fn intrinsics(call: &Call<'_>) -> Result<String> {
    let core = call
        .cwd
        .join(call.primary_output())
        .with_file_name("core.o");
    Ok(fs_err::read_to_string(call.cwd.join(call.input()))? + &float_helpers::source(&core)?)
}

fn read_stdin() -> Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| {
            Failure::failed("cannot read the program from standard input").because(error)
        })?;
    Ok(text)
}

fn tell_of_bare_libraries(loads: &Loads) {
    if !loads.bare.is_empty() {
        eprintln!(
            "note: gateless: there are no notes beside {}, so what these export is not known; whoever copied them from an output directory has to copy `.lib*.gateless` as well",
            loads.bare.join(", ")
        );
    }
}

/// What the compiler is run with. `root` is the lowered root, or nothing when the original compiles in place.
fn arguments(
    call: &Call<'_>,
    root: Option<&Utf8Path>,
    mapping: &Mapping,
    generate: Option<&Generate>,
) -> Vec<String> {
    let mut args = Vec::new();
    for arg in &call.plan.args {
        match (&arg.kind, call.class) {
            // The panicking intrinsics take an ordinary name; the metadata is the stub's.
            (Kind::Value("crate-name", _), Class::RuntimeBuiltins) => {
                args.push(format!("--crate-name={}", BUILTINS))
            }
            (Kind::Emit(list), class) => {
                let kept = list
                    .iter()
                    .filter(|(kind, _)| class != Class::RuntimeBuiltins || kind != "metadata")
                    .filter(|(kind, _)| generate.is_none() || !Generate::makes(kind))
                    .cloned();
                let kept: Vec<_> = kept.collect();
                if !kept.is_empty() {
                    args.extend(
                        Arg {
                            kind: Kind::Emit(kept),
                            from: None,
                        }
                        .tokens(),
                    );
                }
            }
            (kind, _) if Format::is_of(kind) => {}
            // They come after the optimiser, which runs in that stage.
            (Kind::Codegen(name, _), _) if name == "passes" && generate.is_some() => {}
            _ => args.extend(arg.tokens()),
        }
    }
    args.extend(
        generate
            .map(|generate| generate.arguments(call.class, call.toolchain.keeps_use_order))
            .unwrap_or_default(),
    );
    args.extend(Format::of(call.invocation).arguments());
    match root {
        Some(root) => {
            if call.input() == "-" && call.invocation.value("crate-name").is_none() {
                args.push(format!("--crate-name={}", call.crate_name));
            }
            args.extend(mapping.remaps(&call.plan.remaps));
            args.push(root.to_string());
        }
        None => args.push(call.input().to_owned()),
    }
    args
}
