//! The proof that a lowered crate is a valid one, and that its calls mean what they did: the compiler is asked about the crate as it is, and about
//! calls once methods are lowered (`gateless_lower`'s `proof.rs`). Nothing that it makes of these questions is kept.

use std::time::Duration;

use camino::Utf8Path;
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use gateless_lower::{Lowered, Purpose, is_mark};
use gateless_model::Result;
use gateless_model::record::Run;
use serde_json::json;

use crate::call::{Call, mangle};
use crate::compiler::{self, Ran, execute};
use crate::diagnostics::{self, Format};
use crate::invocation::{Arg, Kind};
use crate::mapping::Mapping;
use crate::times::{Times, timed};

/// What came of it.
pub enum Proven {
    /// Every call is what it was.
    Same(Told),
    /// Some are called another way now: compile again.
    Changed,
    /// Nothing more can be done about a crate that does not compile.
    Stuck,
    /// The original has errors. This is what the compiler says about it.
    Refused(Ran),
}

/// What the compiler says of the original that it can't say of the lowered crate, one JSON object a line.
#[derive(Debug, Default)]
pub struct Told {
    /// About features that are named without need.
    pub features: String,
    /// About dead code, if that was asked: what was added keeps it alive in the program. In the form that the call wants.
    pub dead: Option<String>,
    /// About imports, if that was asked: those of a trait may be used by methods alone, which are lowered. In the same form.
    pub imports: Option<String>,
}

impl Told {
    /// What the compiler said about the lowered crate, with this.
    pub fn with(&self, stderr: &str) -> String {
        let is_told = |line: &&str| {
            self.dead.is_some() && is_of(line, "dead_code")
                || self.imports.is_some() && is_of(line, IMPORTS)
        };
        let mut all = self.features.clone();
        for line in stderr.lines().filter(|line| !is_told(line)) {
            all.push_str(line);
            all.push('\n');
        }
        all
    }

    /// What is to be shown besides, in the form that the call wants.
    pub fn shown(self) -> String {
        self.imports.unwrap_or_default() + &self.dead.unwrap_or_default()
    }
}

/// The lint about imports that nothing uses.
pub const IMPORTS: &str = "unused_imports";

/// Whether a line is what a lint says.
fn is_of(line: &str, lint: &str) -> bool {
    serde_json::from_str::<Diagnostic>(line)
        .is_ok_and(|found| found.code.is_some_and(|code| code.code == lint))
}

/// Whether all errors are of that lint.
pub fn is_of_imports(stderr: &str) -> bool {
    let found = diagnostics::parse(stderr);
    let mut errors = found.iter().filter(|found| {
        found.level == DiagnosticLevel::Error && !found.message.starts_with("aborting due to")
    });
    errors.clone().next().is_some()
        && errors.all(|found| found.code.as_ref().is_some_and(|code| code.code == IMPORTS))
}

/// Proves the calls of a crate that compiles, or finds other ways to make those of one that doesn't.
///
/// # Errors
/// Where a call may have become another one.
pub fn prove(
    call: &Call<'_>,
    lowered: &mut Lowered<'_>,
    mapping: &Mapping,
    compiles: bool,
    times: &mut Times,
) -> Result<Proven> {
    let mut ask = |lowered: &mut Lowered<'_>, purpose| {
        timed(&mut times.rewriting, || {
            lowered.render_for(purpose)?;
            lowered.write()
        })?;
        let mut took = Duration::ZERO;
        let ran = timed(&mut took, || answer(call, lowered, mapping));
        times.guiding.push(took);
        ran
    };
    let mut ran = ask(lowered, Purpose::Methods)?;
    let mut found = diagnostics::parse(&ran.stderr);
    if lowered.note_functions(&found) {
        ran = ask(lowered, Purpose::Methods)?;
        found = diagnostics::parse(&ran.stderr);
    }
    if found.iter().any(|diagnostic| lowered.is_users(diagnostic)) {
        ran.stderr = users(&ran.stderr, lowered);
        return Ok(Proven::Refused(ran));
    }
    let features = ran.stderr.lines().filter(|line| {
        serde_json::from_str(line).is_ok_and(|found| diagnostics::is_about_stable_feature(&found))
    });
    let format = Format::of(call.invocation);
    let imports = lowered.is_alone().then(|| {
        let lines = ran.stderr.lines().filter(|line| is_of(line, IMPORTS));
        let lines: String = lines.map(|line| format!("{line}\n")).collect();
        diagnostics::shown(&lines, &format, mapping, Some(lowered))
    });
    let mut told = Told {
        features: features.map(|line| format!("{line}\n")).collect(),
        dead: None,
        imports,
    };
    let methods = lowered.calls(&found);
    let proven = if compiles && !lowered.has_methods() {
        Proven::Same(told)
    } else if compiles {
        let ran = ask(lowered, Purpose::Functions)?;
        let functions = lowered.calls(&diagnostics::parse(&ran.stderr));
        let dead = dead_code(&ran.stderr, lowered);
        if diagnostics::parse(&dead)
            .iter()
            .any(|found| found.level == DiagnosticLevel::Error)
        {
            return Ok(Proven::Refused(Ran {
                stderr: dead,
                ..ran
            }));
        }
        told.dead = Some(diagnostics::shown(&dead, &format, mapping, Some(lowered)));
        let differences = lowered.differences(&methods, &functions);
        let receivers = differences.iter().map(|call| call.receiver).collect();
        match differences.first() {
            None => Proven::Same(told),
            Some(_) if lowered.name(&receivers, &methods)? => Proven::Changed,
            Some(call) => return Err(lowered.unclear(call)),
        }
    } else {
        let receivers = methods.iter().map(|call| call.receiver).collect();
        if lowered.name(&receivers, &methods)? {
            Proven::Changed
        } else {
            Proven::Stuck
        }
    };
    timed(&mut times.rewriting, || {
        lowered.render_for(Purpose::Compile)?;
        lowered.write()
    })?;
    Ok(proven)
}

/// Compiles the crate as far as its calls are resolved.
fn answer(call: &Call<'_>, lowered: &Lowered<'_>, mapping: &Mapping) -> Result<Ran> {
    let directory = call.state.directory().join("proof");
    fs_err::create_dir_all(&directory)?;
    let name = mangle(&call.primary_output());
    let output = directory.join(format!("{name}.rmeta"));
    let run = question(call, lowered.root(), mapping, &output);
    let ran = execute(call, &run)?;
    // It is only written where there are no errors.
    let _ = fs_err::remove_file(&output);
    Ok(ran)
}

/// What is said about dead code of the crate itself. Functions that were methods are called that.
fn dead_code(stderr: &str, lowered: &Lowered<'_>) -> String {
    let mut all = String::new();
    for line in stderr.lines() {
        let Ok(found) = serde_json::from_str::<Diagnostic>(line) else {
            continue;
        };
        if !lowered.is_dead_code(&found) {
            continue;
        }
        let mut line = line.to_owned();
        if let Some((old, new)) = lowered.renamed(&found) {
            for after in [" `", " in this ", " are never "] {
                line = line.replace(&format!("{old}{after}"), &format!("{new}{after}"));
            }
        }
        all.push_str(&line);
        all.push('\n');
    }
    all
}

/// A run that only asks the compiler what it has to say about the root `root`; `output` takes what it makes.
fn question(call: &Call<'_>, root: &Utf8Path, mapping: &Mapping, output: &Utf8Path) -> Run {
    let is_output = |kind: &Kind| {
        matches!(kind, Kind::Emit(_) | Kind::Value("output" | "out-dir", _)) || Format::is_of(kind)
    };
    let kept = call.plan.args.iter().filter(|arg| !is_output(&arg.kind));
    let mut args: Vec<String> = kept.flat_map(Arg::tokens).collect();
    args.extend([
        format!("--emit=metadata={output}"),
        "--force-warn=deprecated".to_owned(),
    ]);
    args.extend(Format::of(call.invocation).arguments());
    if call.invocation.value("crate-name").is_none() {
        args.push(format!("--crate-name={}", call.crate_name));
    }
    args.extend(mapping.remaps(&call.plan.remaps));
    args.push(root.to_string());
    compiler::run(call, args, call.exempt())
}

/// Whether the compiler is to be asked about a crate, of which it is known whether it compiles once it is lowered.
pub fn is_wanted(call: &Call<'_>, lowered: &Lowered<'_>, compiles: bool) -> bool {
    if compiles {
        lowered.is_to_be_proven()
            || lowered.repeats_features()
            || lowered.is_redundant() && warns_of_features(call)
    } else {
        lowered.is_gated()
    }
}

/// Whether the call lets the compiler warn of features that are stable by now.
fn warns_of_features(call: &Call<'_>) -> bool {
    let mut lints = call.invocation.args.iter();
    !lints.any(|arg| {
        matches!(&arg.kind, Kind::Lint(_, lint) if lint == "stable_features")
            || matches!(&arg.kind, Kind::Value("cap-lints", _))
    })
}

/// What the compiler says about the original: without what only the question brought about.
fn users(stderr: &str, lowered: &Lowered<'_>) -> String {
    let mut lines = Vec::new();
    let (mut errors, mut warnings) = (0, 0);
    for line in stderr.lines() {
        let Ok(diagnostic) = serde_json::from_str::<Diagnostic>(line) else {
            lines.push(line.to_owned());
            continue;
        };
        let is_asked = is_mark(&diagnostic);
        match diagnostic.level {
            _ if is_asked => continue,
            DiagnosticLevel::Error if !lowered.is_users(&diagnostic) => continue,
            DiagnosticLevel::Error => errors += 1,
            DiagnosticLevel::Warning => warnings += 1,
            DiagnosticLevel::FailureNote => continue,
            _ => {}
        }
        lines.push(line.to_owned());
    }
    let plural = |count| if count == 1 { "" } else { "s" };
    let mut sum = format!("aborting due to {errors} previous error{}", plural(errors));
    if warnings > 0 {
        sum.push_str(&format!("; {warnings} warning{} emitted", plural(warnings)));
    }
    lines.push(
        json!({
            "$message_type": "diagnostic",
            "message": sum,
            "code": null,
            "level": "error",
            "spans": [],
            "children": [],
            "rendered": format!("error: {sum}\n\n"),
        })
        .to_string(),
    );
    lines.join("\n")
}
