//! New records from what gateless answers.

use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::targets::RunRecord;
use serde_json::Value;

use super::record::{Compared, Functions, Record, Tests, VERSION};
use super::{answers, pages};

/// What the answers themselves don't say.
#[derive(Debug, clap::Args)]
pub struct Stated {
    /// With --add: under what it is shown, an id of records/topics.toml [default for gateless matrix: architectures]
    #[arg(long, requires = "add")]
    topic: Option<String>,
    /// With --add: what was built, booted or measured
    #[arg(long, requires = "add")]
    what: Option<String>,
    /// With --add: the command, as it can be typed; repeatable
    #[arg(long = "command", requires = "add")]
    commands: Vec<String>,
    /// With --add: when it ended, UTC (2026-11-30)
    #[arg(long, requires = "add")]
    date: Option<String>,
    /// With --add: commit of the gateless that ran [default: HEAD, if nothing is changed]
    #[arg(long, requires = "add")]
    commit: Option<String>,
    /// With --add: what is to be known of the machine
    #[arg(long, requires = "add")]
    machine: Option<String>,
    /// With --add: release of the kernel tree
    #[arg(long, requires = "add")]
    linux: Option<String>,
    /// With --add: version of the compiler
    #[arg(long, requires = "add")]
    rustc: Option<String>,
    /// With --add: wall time
    #[arg(long, requires = "add")]
    seconds: Option<u64>,
    /// With --add: what else was seen, a sentence; repeatable
    #[arg(long, requires = "add")]
    seen: Vec<String>,
}

/// Writes the records of `files`; returns their paths.
pub fn records(
    root: &Utf8Path,
    files: &[Utf8PathBuf],
    stated: &Stated,
) -> anyhow::Result<Vec<Utf8PathBuf>> {
    let commit = match &stated.commit {
        Some(commit) => commit.clone(),
        None => head(root)?,
    };
    let mut texts = Vec::new();
    for file in files {
        texts.push((file, fs_err::read_to_string(file)?));
    }
    let records = gather(&texts, stated, &commit)?;
    let topics = pages::topics(root)?;
    let mut added = Vec::new();
    for record in &records {
        record.validate()?;
        ensure!(
            topics.iter().any(|topic| topic.id == record.topic),
            "`{}` is no topic of records/topics.toml",
            record.topic
        );
        let path = Utf8Path::new("records").join(file_name(record));
        ensure!(!root.join(&path).exists(), "{path} is there already");
        added.push(path);
    }
    for (record, path) in records.iter().zip(&added) {
        fs_err::write(root.join(path), toml::to_string(record)?)?;
    }
    Ok(added)
}

/// The records of some answers: one of each run of a matrix, and one of all others together.
fn gather(
    texts: &[(&Utf8PathBuf, String)],
    stated: &Stated,
    commit: &str,
) -> anyhow::Result<Vec<Record>> {
    let mut runs = Vec::new();
    let mut rest = Vec::new();
    for (file, text) in texts {
        // results.jsonl is one answer a line, the others are one answer.
        let values: Vec<Value> = serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect::<Result<_, _>>()
            .with_context(|| file.to_string())?;
        for value in values {
            if value.get("cell").is_some() {
                let run = serde_json::from_value(value).with_context(|| file.to_string())?;
                runs.push(of_run(run, stated, commit).with_context(|| file.to_string())?);
            } else {
                rest.push((file, value));
            }
        }
    }
    if !rest.is_empty() {
        let mut record = blank(stated, commit)?;
        for (file, value) in rest {
            answers::take(&mut record, value).with_context(|| file.to_string())?;
        }
        runs.push(record);
    }
    ensure!(!runs.is_empty(), "there is no answer in these files");
    Ok(runs)
}

fn blank(stated: &Stated, commit: &str) -> anyhow::Result<Record> {
    let need = |value: &Option<String>, option| {
        value
            .clone()
            .with_context(|| format!("these answers don't tell; give --{option}"))
    };
    ensure!(
        !stated.commands.is_empty(),
        "these answers don't tell; give --command"
    );
    Ok(Record {
        version: VERSION,
        topic: need(&stated.topic, "topic")?,
        what: need(&stated.what, "what")?,
        date: Some(need(&stated.date, "date")?),
        commit: Some(commit.to_owned()),
        commands: stated.commands.clone(),
        machine: stated.machine.clone(),
        linux: stated.linux.clone(),
        rustc: stated.rustc.clone(),
        transcribed: false,
        seconds: stated.seconds,
        weaker_than_gated: None,
        log_sha256: None,
        seen: stated.seen.clone(),
        tests: None,
        compared: None,
        functions: None,
        figure: Vec::new(),
    })
}

/// A run of `gateless matrix`, which knows nearly everything itself.
fn of_run(run: RunRecord, stated: &Stated, commit: &str) -> anyhow::Result<Record> {
    let result = run.result;
    if let Some(failed) = run.failed {
        bail!(
            "{}: {} failed: {}",
            result.name,
            failed.step,
            failed.message
        );
    }
    ensure!(result.booted, "{}: it was not booted", result.name);
    let tests = (
        result.tests_passed,
        result.tests_failed,
        result.tests_skipped,
    );
    Ok(Record {
        version: VERSION,
        topic: stated.topic.clone().unwrap_or("architectures".to_owned()),
        what: format!("`{}`", result.name),
        date: result.date,
        commit: Some(commit.to_owned()),
        commands: run.commands,
        machine: stated.machine.clone(),
        linux: result.release,
        rustc: result.rustc,
        transcribed: false,
        seconds: Some(run.seconds),
        weaker_than_gated: result.attested.map(|_| result.weaker_than_gated),
        log_sha256: result.log_sha256,
        seen: stated.seen.clone(),
        tests: match tests {
            (Some(passed), Some(failed), Some(skipped)) => Some(Tests {
                passed,
                failed,
                skipped,
            }),
            _ => None,
        },
        compared: result.compared.map(|compared| Compared {
            alike: compared.alike,
            different: compared.different,
        }),
        functions: result.fidelity.map(|fidelity| Functions {
            total: fidelity.functions,
            identical: fidelity.identical,
            explained: fidelity.explained,
            unexplained: fidelity.unexplained,
        }),
        figure: Vec::new(),
    })
}

/// `DAY-TOPIC-WHAT.toml`, where WHAT is its letters and digits.
fn file_name(record: &Record) -> String {
    let what: Vec<_> = record
        .what
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
        .filter(|part| !part.is_empty())
        .collect();
    let day = record.day().unwrap_or("undated");
    format!(
        "{day}-{}-{}.toml",
        record.topic,
        what.join("-").to_lowercase()
    )
}

/// The commit that is checked out.
fn head(root: &Utf8Path) -> anyhow::Result<String> {
    let git = |arguments: &[&str]| -> anyhow::Result<String> {
        let output = Command::new("git")
            .args(["-C", root.as_str()])
            .args(arguments)
            .output()
            .context("git can't be run")?;
        ensure!(
            output.status.success(),
            "`git {}` failed",
            arguments.join(" ")
        );
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    ensure!(
        changed.is_empty(),
        "the checkout has changes, so what ran is no commit; name it with --commit if it is:\n{changed}"
    );
    git(&["rev-parse", "--short=7", "HEAD"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated() -> Stated {
        Stated {
            topic: Some("presets".to_owned()),
            what: Some("`um-small`".to_owned()),
            commands: vec!["gateless boot --json".to_owned()],
            date: Some("2026-11-30".to_owned()),
            commit: None,
            machine: None,
            linux: Some("7.3.4".to_owned()),
            rustc: Some("1.95.0".to_owned()),
            seconds: None,
            seen: Vec::new(),
        }
    }

    fn gathered(texts: &[&str], stated: &Stated) -> anyhow::Result<Vec<Record>> {
        let name = Utf8PathBuf::from("answer.json");
        let texts: Vec<_> = texts
            .iter()
            .map(|text| (&name, (*text).to_owned()))
            .collect();
        gather(&texts, stated, "0123abc")
    }

    #[test]
    fn answers_about_one_run_become_one_record() {
        let boot = r#"{"version":1,"suites":[],"log_sha256":"00","totals":{"tests":5,"passed":2,"failed":1,"skipped":1,"crashed":1}}"#;
        let count = r#"{"total":9,"identical":7,"explained":1,"unexplained":1}"#;
        let fidelity = format!(
            r#"{{"version":1,"verdict":"unexplained","totals":{{"functions":{count},"data":{count},"sections":{count},"symbols":{count},"debug":{count}}}}}"#
        );
        let attest = r#"{"version":1,"gateless":true,"weaker_than_gated":{"no kCFI":["kernel"]}}"#;
        let compare = r#"{"version":1,"same":4,"different":[{}],"same_vulnerabilities":0}"#;
        let records = gathered(&[boot, &fidelity, attest, compare], &stated()).unwrap();
        let [record] = records.as_slice() else {
            panic!("{records:?}");
        };
        let tests = record.tests.unwrap();
        assert_eq!((tests.passed, tests.failed, tests.skipped), (2, 2, 1));
        let functions = record.functions.unwrap();
        assert_eq!((functions.total, functions.unexplained), (9, 5));
        assert_eq!(
            record.weaker_than_gated.as_deref(),
            Some(["no kCFI".to_owned()].as_slice())
        );
        assert_eq!(record.compared.unwrap().different, 1);
        assert_eq!(file_name(record), "2026-11-30-presets-um-small.toml");
    }

    #[test]
    fn what_is_no_answer_or_no_proof_is_refused() {
        for refused in [
            r#"{"version":2,"suites":[]}"#,
            r#"{"version":1}"#,
            r#"{"version":1,"gateless":false,"weaker_than_gated":{}}"#,
            "",
        ] {
            assert!(gathered(&[refused], &stated()).is_err(), "{refused}");
        }
        let mut without = stated();
        without.commands.clear();
        let attest = r#"{"version":1,"gateless":true,"weaker_than_gated":{}}"#;
        assert!(gathered(&[attest], &without).is_err());
    }

    #[test]
    fn each_run_of_a_matrix_becomes_a_record() {
        let run = |arch: &str| {
            format!(
                r#"{{"version":1,"cell":{{"arch":"{arch}","release":"7.3","preset":"{arch}-small"}},"gateless":"0.1.0","result":{{"name":"{arch}","built":true,"booted":true,"tests_passed":3,"tests_failed":0,"tests_skipped":0,"attested":true,"date":"2026-11-30T10:00:00Z"}},"commands":["gateless boot"],"seconds":9}}"#
            )
        };
        let lines = format!("{}\n{}\n", run("um"), run("arm"));
        let mut stated = stated();
        stated.topic = None;
        let records = gathered(&[&lines], &stated).unwrap();
        let names: Vec<_> = records.iter().map(file_name).collect();
        assert_eq!(
            names,
            [
                "2026-11-30-architectures-um.toml",
                "2026-11-30-architectures-arm.toml"
            ]
        );
        assert_eq!(records[0].weaker_than_gated, Some(Vec::new()));
        assert_eq!(records[0].compared, None);
    }
}
