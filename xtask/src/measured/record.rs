//! One run, as `records/*.toml` has it.

use anyhow::{Context as _, bail, ensure};
use camino::Utf8Path;
use serde::{Deserialize, Serialize};

/// Version of the shape.
pub const VERSION: u32 = 1;

/// One run and what came of it. Absent is what was not measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// Under what it is shown: an id of `records/topics.toml`.
    pub topic: String,
    /// What was built, booted or measured.
    pub what: String,
    /// When it ended, UTC: a day, or a time as RFC 3339 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Commit of the gateless that ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The commands, as they can be typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// What is to be known of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Release of the kernel tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linux: Option<String>,
    /// Version of the compiler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rustc: Option<String>,
    /// Whether it was taken from prose that is older than the records, and may lack what prose did not say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transcribed: bool,
    /// Wall time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// What the gated build has and this one lacks; empty: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weaker_than_gated: Option<Vec<String>>,
    /// SHA-256 of the console log; transcribed ones may be cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_sha256: Option<String>,
    /// What else was seen, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    /// Test cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Tests>,
    /// The same tests in the gated build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
    /// Functions in machine code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functions: Option<Functions>,
    /// Everything else that is a number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figure: Vec<Figure>,
}

/// Numbers of test cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tests {
    pub passed: usize,
    /// Without a result among them.
    pub failed: usize,
    pub skipped: usize,
}

/// Test cases of two builds, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    pub alike: usize,
    pub different: usize,
}

/// Functions of two builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Functions {
    pub total: usize,
    pub identical: usize,
    /// Different for a cause whose check passed.
    pub explained: usize,
    /// Every difference without a cause, of functions or of anything else.
    pub unexplained: usize,
}

/// One number, or one of each build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    pub name: String,
    pub unit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gated: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateless: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Record {
    /// Reads a record.
    pub fn read(path: &Utf8Path) -> anyhow::Result<Self> {
        let record: Self =
            toml::from_str(&fs_err::read_to_string(path)?).with_context(|| path.to_string())?;
        record.validate().with_context(|| path.to_string())?;
        Ok(record)
    }

    /// That it says what a record has to say, and nothing that contradicts itself.
    pub fn validate(&self) -> anyhow::Result<()> {
        ensure!(
            self.version == VERSION,
            "has version {}, and {VERSION} is known",
            self.version
        );
        if !self.transcribed {
            ensure!(self.date.is_some(), "has no date");
            ensure!(self.commit.is_some(), "has no commit");
            ensure!(!self.commands.is_empty(), "has no command");
        }
        if let Some(date) = &self.date {
            ensure!(
                is_date(date),
                "`{date}` is no date (2026-11-30, or RFC 3339 in UTC)"
            );
        }
        if let Some(commit) = &self.commit {
            ensure!(is_hex(commit, 7, 40), "`{commit}` is no commit");
        }
        if let Some(hash) = &self.log_sha256 {
            let least = if self.transcribed { 16 } else { 64 };
            ensure!(is_hex(hash, least, 64), "`{hash}` is no SHA-256");
        }
        if let Some(functions) = &self.functions {
            ensure!(
                functions.identical + functions.explained <= functions.total,
                "more functions are identical or explained than there are"
            );
        }
        for figure in &self.figure {
            let name = &figure.name;
            match (figure.value, figure.gated, figure.gateless) {
                (Some(_), None, None) | (None, Some(_), Some(_)) => {}
                _ => bail!("figure `{name}`: wants `value`, or `gated` and `gateless`"),
            }
        }
        Ok(())
    }

    /// The day.
    pub fn day(&self) -> Option<&str> {
        self.date.as_deref().and_then(|date| date.get(..10))
    }
}

/// `2026-11-30`, or `2026-11-30T19:47:24Z`.
fn is_date(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00" || shape == "0000-00-00T00:00:00Z"
}

fn is_hex(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A record with every field.
    pub fn full() -> Record {
        Record {
            version: VERSION,
            topic: "presets".to_owned(),
            what: "`um-small`".to_owned(),
            date: Some("2026-11-30".to_owned()),
            commit: Some("0123abc".to_owned()),
            commands: vec!["gateless boot".to_owned()],
            machine: Some("two cores".to_owned()),
            linux: Some("7.3.4".to_owned()),
            rustc: Some("1.95.0".to_owned()),
            transcribed: true,
            seconds: Some(83),
            weaker_than_gated: Some(Vec::new()),
            log_sha256: Some("0123456789abcdef".to_owned()),
            seen: vec!["It booted.".to_owned()],
            tests: Some(Tests {
                passed: 10,
                failed: 0,
                skipped: 1,
            }),
            compared: Some(Compared {
                alike: 11,
                different: 0,
            }),
            functions: Some(Functions {
                total: 20,
                identical: 18,
                explained: 2,
                unexplained: 0,
            }),
            figure: vec![Figure {
                name: "make prepare".to_owned(),
                unit: "s".to_owned(),
                value: None,
                gated: Some(50.0),
                gateless: Some(50.5),
                note: Some("median".to_owned()),
            }],
        }
    }

    #[test]
    fn every_field_is_on_the_page_of_records() {
        let page = fs_err::read_to_string(crate::root().join("docs/records.md")).unwrap();
        let toml::Value::Table(fields) = toml::Value::try_from(full()).unwrap() else {
            panic!("a record is a table");
        };
        for name in fields.keys() {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn a_record_of_a_run_needs_date_commit_and_command() {
        let mut record = full();
        record.log_sha256 = None;
        record.transcribed = false;
        record.validate().unwrap();
        for spoil in [
            |record: &mut Record| record.date = None,
            |record: &mut Record| record.commit = None,
            |record: &mut Record| record.commands.clear(),
            |record: &mut Record| record.date = Some("yesterday".to_owned()),
            |record: &mut Record| record.commit = Some("main".to_owned()),
            |record: &mut Record| record.log_sha256 = Some("0123456789abcdef".to_owned()),
            |record: &mut Record| record.figure[0].gated = None,
            |record: &mut Record| record.version = 2,
        ] {
            let mut record = record.clone();
            spoil(&mut record);
            assert!(record.validate().is_err(), "{record:?}");
        }
    }
}
