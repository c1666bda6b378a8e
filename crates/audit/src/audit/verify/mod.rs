//! Closing one gate at a time, to see whether the audit says the truth.
//!
//! What is closed how, and what that shows, is [`Evidence`]. Nothing in the build directory is changed: each compilation writes into a
//! temporary directory. What a build never compiled shows nothing, and is said to, never counted as verified.

mod compile;
mod features;
mod options;
mod recorded;

use std::collections::BTreeSet;

use camino::Utf8Path;
use gateless_ledger::{Ends, Ledger};
use gateless_model::{Failure, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::audit::{Audit, Gate, assemble};
use crate::finding::Role;
use crate::parallel;
use compile::Compiler;
use recorded::Build;

/// What closing a gate showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verified {
    /// What was done to see it.
    pub evidence: Evidence,
    /// Whether it goes without; nothing where there is no evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compiles_without: Option<bool>,
    /// Whether that is what `needed` says; nothing where there is no evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agrees: Option<bool>,
    /// Whose recorded commands were run again.
    pub crates: Vec<String>,
    /// The compiler's first words, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why there is no evidence, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What was done to see whether a gate is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Recorded compilations were repeated with just this feature closed and all other gates open.
    FeatureClosed,
    /// A recorded compilation was repeated with no gate open and everything closed taken out of its command: it goes without the option,
    /// and is refused with it. (A stable compiler closes all options together; so this is what closes one.)
    OptionClosed,
    /// The same, with the recorded options only: the crate itself uses other gates, so nothing was compiled.
    OptionsOnly,
    /// A recorded compilation was repeated as it was, but with `RUSTC_BOOTSTRAP` shut.
    BootstrapClosed,
    /// The recorded compilation of the library's own source was repeated with no gate open and everything closed taken out of its command.
    LibraryClosed,
    /// Nothing was: this build does not compile what needs the gate.
    NotCompiled,
    /// Nothing was: no compiler refuses it by itself; its need is the consequence of another gate.
    Consequence,
}

impl Evidence {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Evidence::FeatureClosed => "compiled with the feature closed",
            Evidence::OptionClosed => "compiled with no gate open, without and with the option",
            Evidence::OptionsOnly => {
                "recorded options tried with no gate open, without and with it"
            }
            Evidence::BootstrapClosed => "compiled with RUSTC_BOOTSTRAP shut",
            Evidence::LibraryClosed => "library compiled with no gate open",
            Evidence::NotCompiled => "not compiled in this build",
            Evidence::Consequence => "a consequence of another gate",
        }
    }
}

impl Verified {
    /// No evidence, and why.
    fn not(evidence: Evidence, why: String) -> Self {
        Self {
            evidence,
            compiles_without: None,
            agrees: None,
            crates: Vec::new(),
            error: None,
            why: Some(why),
        }
    }

    /// A verdict about a gate that is `needed`, from the compiler's first words if it failed.
    fn verdict(
        evidence: Evidence,
        needed: bool,
        crates: Vec<String>,
        error: Option<String>,
    ) -> Self {
        Self {
            evidence,
            compiles_without: Some(error.is_none()),
            agrees: Some(error.is_some() == needed),
            crates,
            error,
            why: None,
        }
    }
}

/// What is verified.
pub struct Job<'j> {
    /// The tree. What lies elsewhere (the toolchain's own `core`) is not the tree's.
    pub tree: &'j Utf8Path,
    /// Output directory of a build whose commands are recorded.
    pub out: &'j Utf8Path,
    /// The compiler that the audit is about.
    pub rustc: &'j Utf8Path,
    /// To know the features of an entry.
    pub ledger: &'j Ledger,
    /// Only these gates; empty for all.
    pub only: &'j [String],
}

/// How the verification ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Gates for which compilers say what the audit says.
    pub verified: usize,
    /// Gates for which they say otherwise.
    pub contradicted: usize,
    /// Gates without evidence in this build.
    pub not_compiled: usize,
}

/// Is told of each step, by several threads.
pub type Note<'n> = &'n (dyn Fn(String) + Sync);

/// Verifies what can be verified, and writes it into the gates.
pub fn verify(audit: &mut Audit, job: &Job<'_>, note: Note<'_>) -> Result<Outcome> {
    let build = Build::read(job.tree, job.out)?;
    if !build.commands.iter().any(|one| one.ours && !one.rustdoc) {
        return Err(Failure::failed(format!(
            "{} has no recorded command of the Rust compiler",
            job.out
        ))
        .help("build the kernel there first, or only `make prepare`"));
    }
    let compiler = Compiler::new(job.rustc, job.out);
    let mut asked: Vec<&mut Gate> = audit
        .gates
        .iter_mut()
        .filter(|gate| job.only.is_empty() || job.only.contains(&gate.id))
        .collect();
    let answers: Vec<Result<Option<Verified>>> = parallel::map(&asked, |gate| {
        let verified = close(gate, job.ledger, &build, &compiler, note)?;
        if let Some(verified) = &verified {
            note(told(gate, verified));
        }
        Ok(verified)
    });
    let mut outcome = Outcome::default();
    for (gate, verified) in asked.iter_mut().zip(answers) {
        let Some(verified) = verified? else {
            continue;
        };
        match verified.agrees {
            Some(true) => outcome.verified += 1,
            Some(false) => outcome.contradicted += 1,
            None => outcome.not_compiled += 1,
        }
        // Where the syntax could not tell, the compiler has told.
        if let (Some(true), Some(compiles)) = (verified.agrees, verified.compiles_without) {
            gate.needed = !compiles;
        }
        gate.verified = Some(verified);
    }
    audit.totals = assemble::totals(&audit.gates, job.ledger);
    Ok(outcome)
}

/// Closes one gate. Nothing where no compiler can be asked.
fn close(
    gate: &Gate,
    ledger: &Ledger,
    build: &Build,
    compiler: &Compiler<'_>,
    note: Note<'_>,
) -> Result<Option<Verified>> {
    let verified = if is_feature(gate) {
        features::close(gate, ledger, build, compiler, note)?
    } else {
        options::close(gate, ledger, build, compiler)?
    };
    Ok(verified.or_else(|| consequence(gate, ledger)))
}

/// A needed gate that nothing refuses by itself, and whose need ends with others.
fn consequence(gate: &Gate, ledger: &Ledger) -> Option<Verified> {
    let entry = ledger.get(&gate.id).filter(|_| gate.needed)?;
    (entry.ends == Ends::WithDependencies && !entry.depends_on.is_empty()).then(|| {
        Verified::not(
            Evidence::Consequence,
            format!("its need ends with {}", entry.depends_on.join(", ")),
        )
    })
}

fn told(gate: &Gate, verified: &Verified) -> String {
    let (Some(compiles), Some(agrees)) = (verified.compiles_without, verified.agrees) else {
        let why = verified.why.as_deref().unwrap_or_default();
        return format!(
            "{}: not verified, {}: {why}",
            gate.id,
            verified.evidence.words()
        );
    };
    format!(
        "{}: {} without it, {} ({}: {})",
        gate.id,
        if compiles { "goes" } else { "fails" },
        if agrees {
            "as the audit says"
        } else {
            "the audit says OTHERWISE"
        },
        verified.evidence.words(),
        verified.crates.join(", ")
    )
}

fn is_feature(gate: &Gate) -> bool {
    gate.uses
        .iter()
        .any(|one| one.role == Role::Opens && one.text.contains("feature"))
        || matches!(
            gate.kind.as_str(),
            "lang-feature" | "lib-feature" | "attribute" | "feature"
        )
}

/// No arguments or features.
fn none<T: Ord>() -> BTreeSet<T> {
    BTreeSet::new()
}
