//! The proof that a lowered crate is a valid one, and that its calls mean what they did: the compiler is asked about the crate as it is, and about
//! calls once methods are lowered (`gateless_lower`'s `proof.rs`). Nothing that it makes of these questions is kept.
//!
//! A question lies in a mirror of its own. Where the sources show what it will be, it is asked while the crate is compiled ([`Ahead`]).

use std::process::ExitStatus;
use std::time::Duration;

use camino::Utf8Path;
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use gateless_lower::{GateStatus, Lowered, OF_REACH, Purpose, is_mark};
use gateless_model::Result;
use gateless_model::record::Run;
use serde_json::json;

use crate::call::Call;
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
    /// The original has errors: how the compiler ended, and what it says about them, in the form that the call wants.
    Refused(ExitStatus, String),
}

/// How a crate is asked about.
pub struct Asking<'m, 'l> {
    /// The mirror of the questions.
    pub mirror: &'l Utf8Path,
    /// Names of their files, and back.
    pub mapping: &'m Mapping,
    /// Whether the crate is what the call's files have, so that a question without a mark needs no mirror.
    pub is_in_files: bool,
}

impl Asking<'_, '_> {
    /// Whether the question lies in the mirror.
    fn is_mirrored(&self, twin: &Lowered<'_>) -> bool {
        !self.is_in_files || twin.changed()
    }

    /// Puts the question where the compiler will read it.
    fn write(&self, twin: &Lowered<'_>) -> Result<()> {
        match self.is_mirrored(twin) {
            true => twin.write(),
            false => Ok(()),
        }
    }
}

/// A question that is asked before it is known whether it has to be, or whether it is the right one.
pub struct Ahead<'l> {
    /// The crate as it is asked about.
    twin: Lowered<'l>,
    run: Run,
    /// What the compiler answered, and how long that took.
    answer: Option<(Ran, Duration)>,
}

impl<'l> Ahead<'l> {
    /// The question about a crate whose sources show what will be lowered. Nothing where they don't, or where it can't be asked, which is told once it
    /// has to be.
    pub fn of(call: &Call<'_>, lowered: &Lowered<'l>, asking: &Asking<'_, 'l>) -> Option<Self> {
        if !lowered.is_foreseen() {
            return None;
        }
        let mut twin = lowered.twin(asking.mirror);
        twin.render_for(Purpose::Methods).ok()?;
        asking.write(&twin).ok()?;
        let run = question(call, &twin, asking).ok()?;
        Some(Self {
            twin,
            run,
            answer: None,
        })
    }

    /// What the compiler is run with.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Whether it was asked.
    pub fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    /// Takes the answer; without one the question is asked again when it has to be.
    pub fn take(&mut self, answer: Option<(Ran, Duration)>) {
        self.answer = answer;
    }
}

/// What the compiler says of the original that it can't say of the lowered crate, one JSON object a line.
#[derive(Debug, Default)]
pub struct Told {
    /// About features that are named without need. In the form that the call wants.
    pub features: String,
    /// About dead code and the like, if that was asked: what was added keeps it alive in the program, or in reach. In the form that the call wants.
    pub reach: Option<String>,
    /// About imports, if that was asked: those of a trait may be used by methods alone, which are lowered. In the same form.
    pub imports: Option<String>,
}

impl Told {
    /// What the compiler said about the lowered crate, without what this tells better.
    pub fn rest(&self, stderr: &str) -> String {
        let is_told = |line: &&str| {
            self.reach.is_some() && OF_REACH.iter().any(|lint| is_of(line, lint))
                || self.imports.is_some() && is_of(line, IMPORTS)
        };
        let mut all = String::new();
        for line in stderr.lines().filter(|line| !is_told(line)) {
            all.push_str(line);
            all.push('\n');
        }
        all
    }

    /// What is to be shown before that, and after it, in the form that the call wants.
    pub fn shown(self) -> (String, String) {
        let after = self.imports.unwrap_or_default() + &self.reach.unwrap_or_default();
        (self.features, after)
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
pub fn prove<'l>(
    call: &Call<'_>,
    lowered: &mut Lowered<'l>,
    asking: &Asking<'_, 'l>,
    (compiles, ahead): (bool, Option<Ahead<'l>>),
    times: &mut Times,
) -> Result<Proven> {
    let mut twin = lowered.twin(asking.mirror);
    let mut ahead = ahead;
    let mut ask = |twin: &mut Lowered<'_>, purpose| {
        timed(&mut times.rewriting, || twin.render_for(purpose))?;
        let ahead = ahead.take().filter(|ahead| ahead.twin.reads_as(twin));
        if let Some((ran, took)) = ahead.and_then(|ahead| ahead.answer) {
            times.guiding.push(took);
            return Ok(ran);
        }
        timed(&mut times.rewriting, || asking.write(twin))?;
        let mut took = Duration::ZERO;
        let ran = timed(&mut took, || execute(call, &question(call, twin, asking)?));
        times.guiding.push(took);
        ran
    };
    let mut ran = ask(&mut twin, Purpose::Methods)?;
    let mut found = diagnostics::parse(&ran.stderr);
    if twin.note_functions(&found) {
        ran = ask(&mut twin, Purpose::Methods)?;
        found = diagnostics::parse(&ran.stderr);
    }
    let format = Format::of(call.invocation);
    let shown = |lines: &str, twin: &Lowered<'_>| {
        diagnostics::shown(lines, &format, asking.mapping, Some(twin))
    };
    if found.iter().any(|diagnostic| twin.is_users(diagnostic)) {
        let users = users(&ran.stderr, &twin);
        return Ok(Proven::Refused(ran.status, shown(&users, &twin)));
    }
    let imports = twin.is_alone().then(|| {
        let lines = ran.stderr.lines().filter(|line| is_of(line, IMPORTS));
        let lines: String = lines.map(|line| format!("{line}\n")).collect();
        shown(&lines, &twin)
    });
    let mut told = Told {
        features: shown(&features(&ran.stderr), &twin),
        reach: None,
        imports,
    };
    let methods = twin.calls(&found);
    let proven = if compiles && !twin.has_methods() {
        Proven::Same(told)
    } else if compiles {
        let ran = ask(&mut twin, Purpose::Functions)?;
        let functions = twin.calls(&diagnostics::parse(&ran.stderr));
        let reach = of_reach(&ran.stderr, &twin);
        if diagnostics::parse(&reach)
            .iter()
            .any(|found| found.level == DiagnosticLevel::Error)
        {
            return Ok(Proven::Refused(ran.status, shown(&reach, &twin)));
        }
        told.reach = Some(shown(&reach, &twin));
        let differences = twin.differences(&methods, &functions);
        let receivers = differences.iter().map(|call| call.receiver).collect();
        match differences.first() {
            None => Proven::Same(told),
            Some(_) if twin.name(&receivers, &methods)? => Proven::Changed,
            Some(call) => return Err(twin.unclear(call)),
        }
    } else {
        let receivers = methods.iter().map(|call| call.receiver).collect();
        if twin.name(&receivers, &methods)? {
            Proven::Changed
        } else {
            Proven::Stuck
        }
    };
    timed(&mut times.rewriting, || lowered.learn_from(&twin))?;
    Ok(proven)
}

/// What is said about features that are named without need.
fn features(stderr: &str) -> String {
    let lines = stderr.lines().filter(|line| {
        serde_json::from_str(line).is_ok_and(|found| diagnostics::is_about_stable_feature(&found))
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// What is said about what is reached of the crate itself. Functions that were methods are called that.
fn of_reach(stderr: &str, lowered: &Lowered<'_>) -> String {
    let mut all = String::new();
    for line in stderr.lines() {
        let Ok(found) = serde_json::from_str::<Diagnostic>(line) else {
            continue;
        };
        if !lowered.is_of_reach(&found) {
            continue;
        }
        let mut line = line.to_owned();
        if let Some((old, new)) = lowered.renamed(&found) {
            for after in [" `", " in this ", " are never ", "\"", "\\n"] {
                line = line.replace(&format!("{old}{after}"), &format!("{new}{after}"));
            }
        }
        all.push_str(&line);
        all.push('\n');
    }
    all
}

/// Codes of the compiler's errors about what lowering refuses as well: features that were removed or never were, derives that are wrong.
const REFUSED: [&str; 3] = ["E0557", UNKNOWN, "E0802"];
/// The one about a feature that the compiler doesn't know.
const UNKNOWN: &str = "E0635";

/// What the compiler says of a crate that can't be lowered, if that is what is wrong with it: how it ended, and its errors in the form that the call
/// wants. Nothing where the compiler would take it.
///
/// # Errors
/// If it can't be run.
pub fn refused(call: &Call<'_>, mapping: &Mapping) -> Result<Option<(ExitStatus, String)>> {
    if call.input() == "-" {
        return Ok(None);
    }
    let mut args = arguments(call, mapping)?;
    args.push(call.input().to_owned());
    let ran = execute(call, &compiler::run(call, args, call.exempt()))?;
    if mapping.mirror.exists() {
        fs_err::remove_dir_all(&mapping.mirror)?;
    }
    let found = diagnostics::parse(&ran.stderr);
    // A feature that lowering has, and the compiler not yet.
    let is_lowered = |found: &Diagnostic| {
        let name = found.message.split('`').nth(1).unwrap_or_default();
        (call.gates)(name) == GateStatus::Lowered
    };
    let is_it = |found: &Diagnostic| {
        let code = found.code.as_ref().map_or("", |code| &code.code);
        REFUSED.contains(&code) && !(code == UNKNOWN && is_lowered(found))
    };
    if !found.iter().any(is_it) {
        return Ok(None);
    }
    let lines = kept(&ran.stderr, &|found| {
        let is_unknown = found.code.as_ref().is_some_and(|code| code.code == UNKNOWN);
        !diagnostics::is_of_gate(found)
            && !diagnostics::is_summary(found)
            && !(is_unknown && is_lowered(found))
    });
    let format = Format::of(call.invocation);
    Ok(Some((
        ran.status,
        diagnostics::shown(&lines, &format, mapping, None),
    )))
}

/// A run that only asks the compiler what it has to say about a crate. What it makes lies in the mirror.
fn question(call: &Call<'_>, twin: &Lowered<'_>, asking: &Asking<'_, '_>) -> Result<Run> {
    let mapping = asking.mapping;
    let mut args = arguments(call, mapping)?;
    args.push("--force-warn=deprecated".to_owned());
    if asking.is_mirrored(twin) {
        args.extend(mapping.remaps(&call.plan.remaps));
        args.push(twin.root().to_string());
    } else {
        args.push(call.input().to_owned());
    }
    Ok(compiler::run(call, args, call.exempt()))
}

/// The arguments of a question, but for the root.
fn arguments(call: &Call<'_>, mapping: &Mapping) -> Result<Vec<String>> {
    fs_err::create_dir_all(&mapping.mirror)?;
    let output = mapping.mirror.join("answer.rmeta");
    let is_output = |kind: &Kind| {
        matches!(kind, Kind::Emit(_) | Kind::Value("output" | "out-dir", _)) || Format::is_of(kind)
    };
    let kept = call.plan.args.iter().filter(|arg| !is_output(&arg.kind));
    let mut args: Vec<String> = kept.flat_map(Arg::tokens).collect();
    args.push(format!("--emit=metadata={output}"));
    args.extend(Format::of(call.invocation).arguments());
    // Of a file the compiler takes the name by itself, and `#![crate_name]` may say another one.
    if call.input() == "-" && call.invocation.value("crate-name").is_none() {
        args.push(format!("--crate-name={}", call.crate_name));
    }
    Ok(args)
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
    kept(stderr, &|found| {
        let is_error = found.level == DiagnosticLevel::Error;
        !is_mark(found) && (!is_error || lowered.is_users(found))
    })
}

/// The lines of some of the compiler's diagnostics, and how many these are.
fn kept(stderr: &str, is_kept: &dyn Fn(&Diagnostic) -> bool) -> String {
    let mut lines = Vec::new();
    let (mut errors, mut warnings) = (0, 0);
    for line in stderr.lines() {
        let Ok(diagnostic) = serde_json::from_str::<Diagnostic>(line) else {
            lines.push(line.to_owned());
            continue;
        };
        match diagnostic.level {
            _ if !is_kept(&diagnostic) => continue,
            DiagnosticLevel::FailureNote => continue,
            DiagnosticLevel::Error => errors += 1,
            DiagnosticLevel::Warning => warnings += 1,
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
