//! What the records of one topic show: an entry of `records/topics.toml`.

use serde::Deserialize;

/// How the records of one topic are shown: an entry of `records/topics.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// As records and pages name it.
    pub id: String,
    /// Columns of its table.
    pub columns: Vec<Column>,
    /// Show the last record of each `what` alone.
    #[serde(default)]
    pub newest: bool,
}

/// A column of a topic's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    What,
    Tests,
    Compared,
    Functions,
    Weaker,
    Linux,
    Rustc,
    Date,
    Commit,
    Seconds,
    Machine,
    Log,
}
