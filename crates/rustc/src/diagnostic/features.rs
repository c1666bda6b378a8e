//! What a compiler says of the names of features.

use cargo_metadata::diagnostic::Diagnostic;

use super::{Event, Said, quoted};

/// What the compiler says of a feature's name.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureState {
    /// Stable, since this release.
    Stable(String),
    /// Known, and needs the gate.
    Unstable,
    /// Known, needs the gate, and meant for the compiler and its library alone.
    Internal,
    /// Not known (not yet, or no more).
    Absent,
}

impl FeatureState {
    /// What is said of `name` by a compiler whose gates are open, and which was given an attribute with it.
    pub fn of(name: &str, diagnostics: &[Diagnostic]) -> Self {
        let about = |words: &str| {
            diagnostics
                .iter()
                .map(|diagnostic| diagnostic.message.as_str())
                .find(|message| quoted(message).any(|word| word == name) && message.contains(words))
        };
        if let Some(message) = about("has been stable since") {
            let since = message
                .split("stable since ")
                .nth(1)
                .unwrap_or_default()
                .split([' ', ',', '`'])
                .find(|word| !word.is_empty())
                .unwrap_or_default();
            return FeatureState::Stable(short(since));
        }
        if about("unknown feature").is_some() || is_removed(name, diagnostics) {
            return FeatureState::Absent;
        }
        if about("is internal to the compiler or standard library").is_some() {
            return FeatureState::Internal;
        }
        FeatureState::Unstable
    }
}

/// The message does not name the feature; the place does.
fn is_removed(name: &str, diagnostics: &[Diagnostic]) -> bool {
    Event::all(diagnostics).iter().any(|event| {
        matches!(event.said, Said::RemovedFeature)
            && event.primary().any(|place| place.code() == name)
    })
}

/// What is quoted in what is said about `-Ctarget-feature`: the names of target features that are unstable or unknown.
pub fn of_target(diagnostics: &[Diagnostic]) -> impl Iterator<Item = &str> {
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.message.as_str())
        .filter(|message| message.contains("-Ctarget-feature"))
        .flat_map(quoted)
}

/// `1.95.0` as `1.95`.
fn short(release: &str) -> String {
    release.strip_suffix(".0").unwrap_or(release).to_owned()
}
