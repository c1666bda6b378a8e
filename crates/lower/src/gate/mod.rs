//! What a gate is: one type that reads the crate, hears the compiler, and says what the lowered text differs in.
//!
//! A gate's facts are all that it knows about one crate. Reading the sources gives the first ones, each error of the compiler may add some, and
//! the lowered text follows from them alone. Lowering ends when a round of the compiler adds nothing.

mod facts;

use std::collections::BTreeMap;
use std::ops::Range;

use gateless_model::Result;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::{Tokens, line_of};
use gateless_rustc::diagnostic::Event;
use ra_ap_syntax::Edition;

pub use self::facts::{Facts, Listed, Notes};
use crate::crate_files::{CrateFiles, SourceFile};
use crate::{CrateExports, Request};

/// Features that no stable compiler knows, not even to refuse them. It can't be asked about a crate that names one, so questions are without them,
/// and their gates lower for questions as they do for the program ([`Gate::question`]).
pub const UNASKED: [&str; 1] = ["asm_const_ptr"];

/// One gate. It is a type without fields, in `gates/NAME.rs`, and a row of [`crate::gates::ALL`].
pub trait Gate: Sync + 'static {
    /// Name of its file and of its ledger entry.
    const NAME: &'static str;

    /// Whether a crate opens it with a feature of that name.
    const IS_FEATURE: bool = true;

    /// All that is known about one crate.
    type Facts: Clone + PartialEq + 'static;

    /// What hearing has to know about the lowered text; `()` for most.
    type Notes: 'static;

    /// Reads what the sources show.
    ///
    /// Fails, naming file and line, where that can't be lowered.
    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Self::Facts>;

    /// Learns from an error of the compiler about the lowered crate.
    fn hear(_facts: &mut Self::Facts, _ear: &Ear<'_, Self::Notes>, _event: &Event<'_>) {}

    /// Takes back what turned out wrong, when no gate learned anything from the errors of a round.
    fn reconsider(_facts: &mut Self::Facts, _ear: &Ear<'_, Self::Notes>, _events: &[Event<'_>]) {}

    /// What the lowered crate has to have besides the edits.
    fn needs(_facts: &Self::Facts, _purpose: Purpose) -> Needs {
        Needs::default()
    }

    /// All edits that follow from the facts.
    ///
    /// Fails, naming file and line, where something can't be lowered.
    fn render(facts: &Self::Facts, page: &Page<'_>) -> Result<Rendered<Self::Notes>>;

    /// The edits with which the compiler is asked about the crate as it is. Features stay where they are: the stable compiler refuses the attribute
    /// (E0554), and goes on as if it were allowed to. What dependencies have lowered has to be lowered here, too.
    ///
    /// Fails, naming file and line, where something can't be asked.
    fn question(_facts: &Self::Facts, _page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        Ok(Vec::new())
    }

    /// Counts the places lowered.
    fn count(facts: &Self::Facts, places: &mut Places);

    /// What dependants have to know.
    fn exports(_facts: &Self::Facts, _notes: &Self::Notes, _source: &Source<'_>) -> CrateExports {
        CrateExports::default()
    }

    /// Why an error is there only since this gate could not be lowered, and is not the user's own.
    fn explain(_source: &Source<'_>, _event: &Event<'_>) -> Option<String> {
        None
    }

    /// The bytes of an original file that an added text was made for.
    fn stands_for(
        _facts: &Self::Facts,
        _source: &Source<'_>,
        _added: Added,
    ) -> Option<Range<usize>> {
        None
    }
}

/// A crate as gates see it.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// What was asked.
    pub request: &'a Request<'a>,
    /// Its files, with the text as it was compiled last.
    pub files: &'a CrateFiles,
    /// Its edition.
    pub edition: Edition,
    /// Features that are on, or may be.
    pub features: &'a [String],
}

impl<'a> Source<'a> {
    /// Whether a feature is on.
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|name| name == feature)
    }

    /// Whether no dependency was lowered, so that all that the crate uses is as it was written.
    pub fn is_alone(&self) -> bool {
        let mut others = self.request.known.crates.iter();
        !others.any(|(name, exports)| {
            *name != self.request.crate_name && (exports.pointers || exports.extensions)
        })
    }

    /// The original text of a file.
    pub fn original(&self, file: usize) -> &'a str {
        self.files.list[file].text.original()
    }

    /// `file:line` of a byte of an original file.
    pub fn line(&self, file: usize, offset: usize) -> String {
        let SourceFile { path, text, .. } = &self.files.list[file];
        format!("{path}:{}", line_of(text.original(), offset))
    }
}

/// One file as it is read at first.
pub struct View<'a> {
    /// The crate.
    pub source: Source<'a>,
    /// Index of the file.
    pub file: usize,
    /// Its tokens.
    pub tokens: Tokens<'a>,
}

impl View<'_> {
    /// Whether it is the crate root.
    pub fn is_root(&self) -> bool {
        self.file == 0
    }

    /// The `--cfg` values.
    pub fn cfg(&self) -> &[String] {
        &self.source.request.cfg
    }

    /// `file:line` of token `i`.
    pub fn place(&self, i: usize) -> String {
        self.source.line(self.file, self.tokens.list[i].range.start)
    }
}

/// What hearing is done with.
pub struct Ear<'a, N: ?Sized> {
    /// The crate that was compiled.
    pub source: Source<'a>,
    /// Paths to the support modules that it sees.
    pub support: &'a [String],
    /// What rendering noted.
    pub notes: &'a N,
}

/// What the lowered text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// One compiler call.
    Compile,
    /// A patch of the sources: without what only serves one compiler call.
    Patch,
    /// A question to the compiler: the crate as it is, with marks (`Gate::question`).
    Methods,
    /// A question to the compiler: what calls are once methods are lowered.
    Functions,
}

impl Purpose {
    /// Whether methods are marked, so that the compiler names them at their calls.
    pub fn is_marked(self) -> bool {
        matches!(self, Self::Methods | Self::Functions)
    }
}

/// What rendering is done with.
pub struct Page<'a> {
    /// The crate.
    pub source: Source<'a>,
    /// What for.
    pub purpose: Purpose,
    /// Paths to the support modules that the crate sees: its own or, for want of one, those of its dependencies.
    pub support: &'a [String],
}

/// What a lowered crate has to have besides the edits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// The support module.
    pub support: bool,
    /// Lints that may be switched off for added code.
    pub quiet: bool,
}

/// What the lowered text differs in.
#[derive(Debug, Default)]
pub struct Rendered<N = ()> {
    /// Edits, by file. Of several insertions at one place, those of earlier gates come first.
    pub edits: Vec<(usize, Edit)>,
    /// What hearing has to know about it.
    pub notes: N,
}

/// Places lowered, by gate.
pub type Places = BTreeMap<String, usize>;

/// Added text: bytes of a lowered file.
#[derive(Debug, Clone)]
pub struct Added {
    /// Index of the file.
    pub file: usize,
    /// Bytes of its current text.
    pub bytes: Range<usize>,
}

/// The facts of a gate that the sources show completely.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// Edits, by file.
    pub edits: Vec<(usize, Edit)>,
    /// Places lowered.
    pub places: Places,
}

impl Shown {
    /// Counts one place of a gate.
    pub fn count(&mut self, gate: &str) {
        *self.places.entry(gate.to_owned()).or_default() += 1;
    }

    /// Adds edits of a file.
    pub fn edit(&mut self, file: usize, edits: impl IntoIterator<Item = Edit>) {
        self.edits
            .extend(edits.into_iter().map(|edit| (file, edit)));
    }

    /// The same for all purposes.
    pub fn render(&self) -> Rendered {
        Rendered {
            edits: self.edits.clone(),
            notes: (),
        }
    }

    /// Adds its places to those of other gates.
    pub fn add_to(&self, places: &mut Places) {
        for (gate, number) in &self.places {
            *places.entry(gate.clone()).or_default() += number;
        }
    }
}
