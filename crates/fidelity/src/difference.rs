//! What is found when two objects are compared.

use schemars::JsonSchema;
use serde::Serialize;

use crate::dwarf::{Entry, Row};

/// One of the two builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The baseline.
    Gated,
    /// The one that is compared with it.
    Gateless,
}

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The object as a whole.
    Object,
    /// The ELF header.
    Header,
    /// A function: code, size, relocations, section, binding, what lies before its entry.
    Function,
    /// A named datum.
    Datum,
    /// Constants, strings and other content without a name of its own.
    Nameless,
    /// A section's type, flags, alignment, or its presence.
    Section,
    /// The content of a section that is not divided into functions and data.
    Content,
    /// The order of what lies in a section, and the padding between.
    Layout,
    /// A symbol that marks a place.
    Label,
    /// A symbol that the object needs from elsewhere.
    Symbol,
    /// The name of the code generation unit.
    File,
    /// kCFI's numbers of types: of a function, and of the calls in it.
    TypeNumber,
    /// The lines of a function in the line table.
    LineTable,
    /// A function, type or variable in the debug information, with all that is in it.
    DebugEntry,
    /// DWARF versions, numbers of units, source files with their checksums, unwinding tables, address ranges.
    DebugForm,
}

/// What subjects are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Functions.
    Functions,
    /// Named and nameless data.
    Data,
    /// Sections as such.
    Sections,
    /// Symbols, and the object's header.
    Symbols,
    /// kCFI's type numbers.
    Types,
    /// Debug information.
    Debug,
}

impl Subject {
    /// The group that it is counted in.
    pub fn group(self) -> Group {
        match self {
            Subject::Function => Group::Functions,
            Subject::Datum | Subject::Nameless => Group::Data,
            Subject::Section | Subject::Content | Subject::Layout => Group::Sections,
            Subject::Object
            | Subject::Header
            | Subject::Label
            | Subject::Symbol
            | Subject::File => Group::Symbols,
            Subject::TypeNumber => Group::Types,
            Subject::LineTable | Subject::DebugEntry | Subject::DebugForm => Group::Debug,
        }
    }
}

/// A difference between two objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub subject: Subject,
    /// Which one: the name for people.
    pub name: String,
    /// What is different.
    pub finding: Finding,
    /// The two items it is about, as indices into the objects' items; for the disassemblies.
    pub items: Option<(usize, usize)>,
}

/// How two things differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is only there.
    Only(Side),
    /// It is in both, and not the same.
    Changed(Vec<Aspect>),
    /// Rows of a line table that are not the same, side by side; nothing where one side has no row.
    Rows(Vec<(Option<Row>, Option<Row>)>),
    /// Entries of the debug information that are not the same, side by side; nothing where one side has no such entry.
    Entries(Vec<(Option<Entry>, Option<Entry>)>),
}

/// One respect in which two things differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Aspect {
    /// The respect: `code`, `size`, `binding`, ...
    pub what: String,
    /// How it is in the gated build.
    pub gated: String,
    /// How it is in the gateless build.
    pub gateless: String,
}

impl Aspect {
    /// An aspect, if the two are not the same.
    pub fn of<T: PartialEq>(
        what: &str,
        gated: &T,
        gateless: &T,
        show: impl Fn(&T) -> String,
    ) -> Option<Self> {
        (gated != gateless).then(|| Self {
            what: what.to_owned(),
            gated: show(gated),
            gateless: show(gateless),
        })
    }
}

impl Difference {
    /// A difference that is not about two items.
    pub fn new(subject: Subject, name: impl Into<String>, finding: Finding) -> Self {
        Self {
            subject,
            name: name.into(),
            finding,
            items: None,
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.file {
            None => write!(f, "{:+#x} end", self.offset),
            Some(file) => {
                write!(
                    f,
                    "{:+#x} {file}:{}:{}",
                    self.offset, self.line, self.column
                )?;
                let marks = [
                    (self.is_statement, " statement"),
                    (self.prologue_end, " prologue-end"),
                    (self.epilogue_begin, " epilogue-begin"),
                ];
                marks
                    .iter()
                    .filter(|(set, _)| *set)
                    .try_for_each(|(_, mark)| f.write_str(mark))?;
                if self.discriminator == 0 {
                    Ok(())
                } else {
                    write!(f, " discriminator {}", self.discriminator)
                }
            }
        }
    }
}
