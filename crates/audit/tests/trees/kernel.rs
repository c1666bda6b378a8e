//! A real kernel.

use std::collections::BTreeSet;
use std::process::Command;

use camino::Utf8PathBuf;
use gateless_audit::audit::{self, Audit};
use gateless_ledger::Ledger;
use libtest_mimic::Failed;

use crate::plants;
use crate::small::{audit_of, empty, found, rustc};

const LANGUAGE: [&str; 4] = ["lang-feature", "lib-feature", "attribute", "feature"];

fn tree() -> Utf8PathBuf {
    std::env::var("GATELESS_TEST_TREE").unwrap().into()
}

fn language(answer: &Audit) -> BTreeSet<&str> {
    answer
        .gates
        .iter()
        .filter(|gate| gate.needed && LANGUAGE.contains(&gate.kind.as_str()))
        .map(|gate| gate.id.as_str())
        .collect()
}

pub fn needed() -> Result<(), Failed> {
    let answer = audit_of(&tree(), Ledger::embedded());
    assert_eq!(answer.problems, [], "a released kernel is read wholly");
    let release = answer.release.clone().unwrap_or_default();
    if !release.starts_with("7.3.") || !answer.rustc.starts_with("1.95.") {
        return Err(format!(
            "this test knows Linux 7.3 with rustc 1.95, not {release} with {}",
            answer.rustc
        )
        .into());
    }
    // What tests/e2e shows by compiling without each.
    let wanted = [
        "arbitrary_self_types",
        "cfi_encoding",
        "compiler_builtins",
        "derive_coerce_pointee",
        "used_with_arg",
    ];
    assert_eq!(language(&answer), BTreeSet::from(wanted));
    // Every use that a search through the files shows, and nothing in comments.
    let uses = |id: &str, words: &str| -> BTreeSet<String> {
        let gate = answer.gates.iter().find(|gate| gate.id == id).unwrap();
        gate.uses
            .iter()
            .filter(|one| one.text.contains(words))
            .map(|one| format!("{}:{}", one.file, one.line))
            .collect()
    };
    assert_eq!(
        uses("used_with_arg", "used(compiler)"),
        grep(r"^\s*#\[used\(compiler\)\]")
    );
    assert_eq!(
        uses("derive_coerce_pointee", "derive("),
        grep(r"^\s*#\[derive\(.*CoercePointee")
    );
    Ok(())
}

/// `file:line` of the lines of Rust sources that match.
fn grep(pattern: &str) -> BTreeSet<String> {
    let output = Command::new("grep")
        .current_dir(tree())
        .args([
            "-rnP",
            "--include=*.rs",
            pattern,
            "rust",
            "drivers",
            "samples",
            "scripts",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"))
        .collect()
}

pub fn planted() -> Result<(), Failed> {
    let target = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let directory = tempfile::tempdir_in(&target)?;
    let copy = Utf8PathBuf::from_path_buf(directory.path().join("tree")).unwrap();
    // Hard links where that is possible; new files are planted beside them, none is written to.
    let linked = Command::new("cp")
        .args(["-al", tree().as_str(), copy.as_str()])
        .stderr(std::process::Stdio::null())
        .status()?;
    if !linked.success() {
        let _ = fs_err::remove_dir_all(&copy);
        assert!(
            Command::new("cp")
                .args(["-a", tree().as_str(), copy.as_str()])
                .status()?
                .success()
        );
    }
    let before = found(&copy);
    let wanted = plants::plant(&copy);
    let after = found(&copy);
    let new: BTreeSet<_> = after.difference(&before).cloned().collect();
    assert_eq!(new, wanted);
    assert!(
        before.is_subset(&after),
        "what was there before is still found"
    );
    Ok(())
}

pub fn empty_ledger() -> Result<(), Failed> {
    let answer = audit::run(&tree(), None, &rustc())?;
    let (with, without) = (answer.audit(Ledger::embedded()), answer.audit(&empty()));
    assert_eq!(with.totals.uses, without.totals.uses);
    assert!(with.totals.uses > 300, "{}", with.totals.uses);
    Ok(())
}
