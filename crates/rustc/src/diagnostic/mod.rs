//! What the compiler says, as typed events. Nowhere else is rustc's English matched.
//!
//! rustc's JSON names spans and error codes, but which type was expected, which trait it suggests to import or which lifetime has to outlive
//! which stands only in messages and labels, and these change from release to release. So each form of words is read here, once, and
//! `tests/diagnostics.rs` compares what is read with diagnostics recorded from every compiler that we support.

mod bounds;
pub mod features;
mod methods;
mod place;
mod types;

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};

pub use self::bounds::{Outlives, Required};
pub use self::methods::NoMethod;
pub use self::place::{Place, Suggestion};
pub use self::types::{Branches, Mismatch, Told, Types};

/// An error of the compiler.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// What it is about.
    pub said: Said<'a>,
    /// The code that its message quotes: names, types, bounds.
    pub quoted: Vec<&'a str>,
    /// All places that it shows; those that it is about come with `is_primary`.
    pub places: Vec<Place<'a>>,
}

/// What an error says.
#[derive(Debug, Clone)]
pub enum Said<'a> {
    /// A feature attribute on the stable channel (E0554).
    FeatureOnStable,
    /// A feature that the compiler has no more (E0557).
    RemovedFeature,
    /// There is no such crate (E0463).
    MissingCrate {
        /// Its name.
        name: &'a str,
    },
    /// A receiver's type needs a feature (E0658).
    GatedReceiver {
        /// The type, with lifetimes that the source leaves out.
        ty: &'a str,
        /// The feature.
        feature: &'a str,
    },
    /// Inline assembly, which is not stable for the architecture (E0658).
    GatedAssembly,
    /// Something else needs a feature (E0658).
    Gated,
    /// A receiver's type doesn't lead to `Self` (E0307).
    InvalidReceiver,
    /// A path leaves lifetimes out that have to be shown (E0726).
    ElidedLifetimes {
        /// How many.
        count: usize,
    },
    /// A return type leaves a lifetime out that nothing determines (E0106).
    MissingLifetime {
        /// Where one could stand, and how.
        slots: Vec<Suggestion<'a>>,
    },
    /// `self` where there is none (E0424).
    NoSelf,
    /// No method of that name can be called (E0599).
    NoMethod(NoMethod<'a>),
    /// A bound isn't satisfied (E0277).
    Unmet {
        /// Whether it is `Sized`.
        is_sized: bool,
        /// The items that ask for it.
        required: Vec<Required<'a>>,
    },
    /// Something has to live longer than it is said to (E0309, E0310, E0478, E0491).
    Outlives(Outlives<'a>),
    /// A path leads nowhere (E0433).
    Unresolved {
        /// The name that isn't known.
        name: &'a str,
        /// Paths that could be imported.
        imports: Vec<&'a str>,
    },
    /// Nothing of a name can be imported from there (E0432, E0603).
    NotImported {
        /// Its path, or its name alone if it is private.
        path: &'a str,
    },
    /// A module has two items of one name (E0428).
    Duplicate {
        /// The name.
        name: &'a str,
    },
    /// A call in a constant of something that is not `const` (E0015).
    NotConst {
        /// What is called.
        callee: &'a str,
    },
    /// Several methods fit a call (E0034).
    Ambiguous {
        /// For each, how to call it.
        candidates: Vec<Vec<Suggestion<'a>>>,
    },
    /// A value has another type than expected (E0308).
    Mismatch(Mismatch<'a>),
    /// A cast between types that can't be cast (E0605).
    Cast {
        /// The casts.
        places: Vec<Place<'a>>,
    },
    /// An associated type is another one (E0271).
    Projection,
    /// A type can't be inferred (E0282, E0283).
    Unknown,
    /// An associated type can't be inferred (E0284).
    UnknownProjection,
    /// A closure has other parameters than expected (E0631).
    Closure,
    /// No derive macro of that name.
    NoDerive {
        /// The name.
        name: &'a str,
    },
    /// A `const` operand of assembly is no integer.
    ConstOperand {
        /// What it is.
        ty: &'a str,
    },
    /// How many errors there were.
    Summary,
    /// A method that is not for trait objects is called on one.
    NotOnObject,
    /// Another error without a code.
    Uncoded,
    /// Anything else.
    Other,
}

/// The diagnostics among the lines that the compiler printed as JSON.
pub fn parse(stderr: &str) -> Vec<Diagnostic> {
    stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// What the compiler printed, as people read it: lines of JSON by what it has rendered them to, others as they are.
pub fn rendered(stderr: &str) -> String {
    let lines = stderr
        .lines()
        .map(|line| match serde_json::from_str::<Diagnostic>(line) {
            Ok(diagnostic) => diagnostic.rendered.unwrap_or(diagnostic.message),
            Err(_) => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

impl<'a> Event<'a> {
    /// What a diagnostic says, if it is an error.
    pub fn hear(diagnostic: &'a Diagnostic) -> Option<Self> {
        (diagnostic.level == DiagnosticLevel::Error).then(|| Self {
            said: said(diagnostic),
            quoted: quoted(&diagnostic.message).collect(),
            places: diagnostic.spans.iter().map(Place).collect(),
        })
    }

    /// The errors among diagnostics.
    pub fn all(diagnostics: &'a [Diagnostic]) -> Vec<Self> {
        diagnostics.iter().filter_map(Self::hear).collect()
    }

    /// Whether a gate is what is missing.
    pub fn is_gate(&self) -> bool {
        matches!(
            self.said,
            Said::FeatureOnStable | Said::GatedReceiver { .. } | Said::GatedAssembly | Said::Gated
        )
    }

    /// The places that the error is about.
    pub fn primary(&self) -> impl Iterator<Item = Place<'a>> {
        self.places.iter().copied().filter(|place| place.is_primary)
    }

    /// Whether the message quotes code that has `text` in it.
    pub fn quotes(&self, text: &str) -> bool {
        self.quoted.iter().any(|code| code.contains(text))
    }
}

fn said(diagnostic: &Diagnostic) -> Said<'_> {
    let code = diagnostic.code.as_ref().map_or("", |code| &code.code);
    let message = diagnostic.message.as_str();
    let first = || quoted(message).next().unwrap_or_default();
    match code {
        "E0554" => Said::FeatureOnStable,
        "E0557" => Said::RemovedFeature,
        "E0463" => Said::MissingCrate { name: first() },
        "E0658" if message.starts_with("inline assembly is not stable") => Said::GatedAssembly,
        "E0658" => methods::gated_receiver(message).unwrap_or(Said::Gated),
        "E0307" if message.starts_with("invalid `self` parameter type") => Said::InvalidReceiver,
        "E0726" => Said::ElidedLifetimes {
            count: bounds::elided(diagnostic),
        },
        "E0106" => Said::MissingLifetime {
            slots: place::suggestions(diagnostic).collect(),
        },
        "E0424" => Said::NoSelf,
        "E0599" => Said::NoMethod(NoMethod::of(diagnostic)),
        "E0277" => Said::Unmet {
            is_sized: message.starts_with("the size for values of type"),
            required: Required::all(diagnostic),
        },
        "E0309" | "E0310" | "E0478" | "E0491" => {
            Outlives::of(diagnostic).map_or(Said::Other, Said::Outlives)
        }
        "E0433" => Said::Unresolved {
            name: first(),
            imports: place::imports(diagnostic).collect(),
        },
        "E0432" | "E0603" => Said::NotImported { path: first() },
        "E0428" => Said::Duplicate { name: first() },
        "E0015" => Said::NotConst { callee: first() },
        "E0034" => Said::Ambiguous {
            candidates: methods::candidates(diagnostic),
        },
        "E0308" => Said::Mismatch(Mismatch::of(diagnostic)),
        "E0605" if message.contains("non-primitive cast") => Said::Cast {
            places: types::casts(diagnostic),
        },
        "E0271" => Said::Projection,
        "E0282" | "E0283" => Said::Unknown,
        "E0284" => Said::UnknownProjection,
        "E0631" => Said::Closure,
        "" if message.starts_with("cannot find derive macro `") => Said::NoDerive { name: first() },
        "" if message.starts_with("invalid type for `const` operand") => Said::ConstOperand {
            ty: types::labelled(diagnostic),
        },
        "" if message.starts_with("aborting due to") => Said::Summary,
        "" if message.ends_with("method cannot be invoked on a trait object") => Said::NotOnObject,
        "" => Said::Uncoded,
        _ => Said::Other,
    }
}

/// The parts of a message that are quoted code.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}
