//! The answer of `gateless doctor --json`; its schema is `schema/doctor.json` in this crate.

use schemars::JsonSchema;
use serde::Serialize;

use crate::doctor::Prerequisite;

/// What was looked for and found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// Of this shape: 1.
    pub version: u32,
    /// Kbuild's ARCH.
    pub arch: String,
    /// Whether everything required is there.
    pub ok: bool,
    /// Every prerequisite.
    pub prerequisites: Vec<Row>,
}

/// One prerequisite.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Row {
    /// Name as people know it.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// The version wanted, for people.
    pub wanted: String,
    /// Whether a build fails for lack of it.
    pub required: bool,
    /// What was found, if it does.
    pub found: Option<String>,
    /// Why it does not do, otherwise.
    pub problem: Option<String>,
    /// What to do then, if anything is known.
    pub help: Option<String>,
}

impl Answer {
    /// The answer for what [`crate::doctor::check`] found.
    pub fn of(arch: &str, found: &[Prerequisite]) -> Self {
        let row = |item: &Prerequisite| {
            let problem = item.found.as_ref().err();
            Row {
                name: item.name.clone(),
                purpose: item.purpose.clone(),
                wanted: item.wanted.clone(),
                required: item.required,
                found: item.found.as_ref().ok().cloned(),
                problem: problem.map(|failure| failure.what.clone()),
                help: problem.and_then(|failure| failure.help.clone()),
            }
        };
        Self {
            version: 1,
            arch: arch.to_owned(),
            ok: !found.iter().any(Prerequisite::is_missing),
            prerequisites: found.iter().map(row).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Fix;
    use gateless_model::Failure;

    #[test]
    fn the_schema_in_the_repository_is_that_of_the_answer() {
        let schema = serde_json::to_string_pretty(&schemars::schema_for!(Answer)).unwrap() + "\n";
        expect_test::expect_file!["../schema/doctor.json"].assert_eq(&schema);
    }

    #[test]
    fn a_missing_extra_does_not_make_the_answer_no() {
        let missing = |required: bool| Prerequisite {
            name: "x".to_owned(),
            purpose: "y".to_owned(),
            wanted: "any".to_owned(),
            found: Err(Failure::no("gone").help("get it")),
            required,
            fix: Fix::ByHand,
        };
        assert!(Answer::of("um", &[missing(false)]).ok);
        let answer = Answer::of("um", &[missing(true)]);
        assert!(!answer.ok && answer.prerequisites[0].help.as_deref() == Some("get it"));
    }
}
