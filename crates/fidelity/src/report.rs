//! The answer of `gateless fidelity --json`; its schema is `schema/fidelity.json` in this crate.

use schemars::JsonSchema;
use serde::Serialize;

use crate::difference::{Aspect, Group, Subject};

/// Version of the shape.
pub const VERSION: u32 = 1;

/// How the Rust objects of two builds compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// The gated build's output directory, as given.
    pub gated: String,
    /// The gateless build's output directory, as given.
    pub gateless: String,
    /// The worst verdict of all objects.
    pub verdict: Verdict,
    /// All objects together.
    pub totals: Counts,
    /// One per object that either build made.
    pub objects: Vec<ObjectReport>,
    /// The causes that explain differences.
    pub causes: Vec<CauseReport>,
}

/// What is to be said of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No difference.
    Identical,
    /// Every difference has a cause that was checked.
    Explained,
    /// Some difference has none.
    Unexplained,
}

/// How many of each kind are identical.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Functions: code, relocations, size, section, binding, and what lies before the entry.
    pub functions: Count,
    /// Data, named and nameless.
    pub data: Count,
    /// Sections: headers, layout, and the content of those that are not divided.
    pub sections: Count,
    /// The header, symbols that are neither functions nor data, labels, file names.
    pub symbols: Count,
    /// kCFI's type numbers, of functions and of calls. No cause explains one that differs.
    pub types: Count,
    /// Lines per function, entries of the debug information, facts about its form.
    pub debug: Count,
}

/// How many of one kind are identical.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Count {
    /// All that either build has.
    pub total: usize,
    /// Without any difference.
    pub identical: usize,
    /// With differences that are all explained.
    pub explained: usize,
    /// The rest.
    pub unexplained: usize,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ObjectReport {
    /// Relative to the output directory.
    pub path: String,
    /// What is to be said of it.
    pub verdict: Verdict,
    /// How much is identical.
    pub counts: Counts,
    /// Everything that is not.
    pub differences: Vec<DifferenceReport>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DifferenceReport {
    /// What it is about.
    pub subject: Subject,
    /// Which one; hashes are taken out of names.
    pub name: String,
    /// What is the matter with it.
    pub finding: FindingKind,
    /// In what respects, if both builds have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aspects: Vec<Aspect>,
    /// The cause ([`CauseReport::id`]) that explains it; nothing if it is unexplained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// For an unexplained difference of code or content: the lines of both disassemblies, those of the gated build with `-`, those of the
    /// gateless build with `+`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<String>,
}

/// What is the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Only the gated build has it.
    OnlyGated,
    /// Only the gateless build has it.
    OnlyGateless,
    /// Neither build has it, though both recorded it as made.
    Missing,
    /// Both have it, and it is not the same.
    Changed,
}

/// A cause, and how much it explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CauseReport {
    /// Its short name.
    pub id: String,
    /// In a few words.
    pub title: String,
    /// What makes the difference, why nothing is lost, and what was checked.
    pub words: String,
    /// Number of differences that it explains.
    pub differences: usize,
    /// The objects that they are in.
    pub objects: Vec<String>,
}

impl Count {
    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        self.total += other.total;
        self.identical += other.identical;
        self.explained += other.explained;
        self.unexplained += other.unexplained;
    }
}

impl Counts {
    /// Adds the counts of another object.
    pub fn add(&mut self, other: &Self) {
        self.functions.add(&other.functions);
        self.data.add(&other.data);
        self.sections.add(&other.sections);
        self.symbols.add(&other.symbols);
        self.types.add(&other.types);
        self.debug.add(&other.debug);
    }

    /// The count of a group.
    pub fn of(&mut self, group: Group) -> &mut Count {
        match group {
            Group::Functions => &mut self.functions,
            Group::Data => &mut self.data,
            Group::Sections => &mut self.sections,
            Group::Symbols => &mut self.symbols,
            Group::Types => &mut self.types,
            Group::Debug => &mut self.debug,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_in_the_repository_is_that_of_the_answer() {
        let mut schema =
            serde_json::to_string_pretty(&schemars::schema_for!(super::Report)).unwrap();
        schema.push('\n');
        expect_test::expect_file!["../schema/fidelity.json"].assert_eq(&schema);
    }
}
