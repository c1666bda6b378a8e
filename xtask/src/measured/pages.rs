//! The pages that have figures, and what should be in them.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::record::Record;
use super::render;
use super::topic::Topic;

const START: &str = "<!-- measured: ";
const END: &str = "<!-- end -->";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topics {
    topic: Vec<Topic>,
}

/// One page.
pub struct Page {
    /// Relative to the root.
    pub path: Utf8PathBuf,
    /// What is in it.
    pub written: String,
    /// What should be.
    pub wanted: String,
}

/// Every page of README.md and docs/ that has a topic.
///
/// # Errors
/// If a record or topic is unsound, or there is a topic or a record that no page shows.
pub fn of(root: &Utf8Path) -> anyhow::Result<Vec<Page>> {
    let topics = topics(root)?;
    let records = records(root)?;
    for (file, record) in &records {
        ensure!(
            topics.iter().any(|topic| topic.id == record.topic),
            "{file}: `{}` is no topic of records/topics.toml",
            record.topic
        );
    }
    let mut shown = BTreeSet::new();
    let mut pages = Vec::new();
    for path in documents(root)? {
        let written = fs_err::read_to_string(root.join(&path))?;
        if !written.lines().any(|line| line.starts_with(START)) {
            continue;
        }
        let wanted = fill(&written, |id| {
            let topic = topics
                .iter()
                .find(|topic| topic.id == id)
                .with_context(|| format!("`{id}` is no topic of records/topics.toml"))?;
            ensure!(shown.insert(id.to_owned()), "topic `{id}` is shown twice");
            let records = records.iter().map(|(_, record)| record);
            let records: Vec<_> = records.filter(|record| record.topic == id).collect();
            ensure!(!records.is_empty(), "topic `{id}` has no record");
            Ok(render::topic(topic, &records))
        })
        .with_context(|| path.to_string())?;
        pages.push(Page {
            path,
            written,
            wanted,
        });
    }
    if let Some(topic) = topics.iter().find(|topic| !shown.contains(&topic.id)) {
        bail!("no page shows the topic `{}`", topic.id);
    }
    Ok(pages)
}

/// The topics, by name each once.
pub fn topics(root: &Utf8Path) -> anyhow::Result<Vec<Topic>> {
    let path = root.join("records/topics.toml");
    let topics: Topics =
        toml::from_str(&fs_err::read_to_string(&path)?).with_context(|| path.to_string())?;
    let mut names = BTreeSet::new();
    for topic in &topics.topic {
        ensure!(
            names.insert(&topic.id),
            "{path}: `{}` is there twice",
            topic.id
        );
    }
    Ok(topics.topic)
}

/// All records by file name, which begins with the day.
fn records(root: &Utf8Path) -> anyhow::Result<Vec<(String, Record)>> {
    let mut records = Vec::new();
    for entry in root.join("records").read_dir_utf8()? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "topics.toml" {
            continue;
        }
        ensure!(name.ends_with(".toml"), "records/{name} is no record");
        let record = Record::read(entry.path())?;
        let day = record.day().unwrap_or("undated");
        ensure!(
            name.starts_with(day),
            "records/{name} is of {day}, and its name doesn't begin so"
        );
        records.push((name.to_owned(), record));
    }
    records.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(records)
}

/// README.md and the pages of docs/, in order.
fn documents(root: &Utf8Path) -> anyhow::Result<Vec<Utf8PathBuf>> {
    let mut documents = vec![Utf8PathBuf::from("README.md")];
    for entry in root.join("docs").read_dir_utf8()? {
        let entry = entry?;
        if entry.path().extension() == Some("md") {
            documents.push(Utf8Path::new("docs").join(entry.file_name()));
        }
    }
    documents.sort();
    Ok(documents)
}

/// Replaces what is between each pair of marks, which are lines of their own.
fn fill(
    text: &str,
    mut content: impl FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    let mut filled = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        filled.push_str(line);
        let Some(mark) = line.strip_prefix(START) else {
            continue;
        };
        let id = mark
            .trim_end()
            .strip_suffix(" -->")
            .with_context(|| format!("`{}` is no mark", line.trim_end()))?;
        filled.push_str(&content(id)?);
        let end = lines
            .by_ref()
            .find(|line| line.trim_end() == END || line.starts_with(START))
            .filter(|line| !line.starts_with(START))
            .with_context(|| format!("`{}` has no `{END}`", line.trim_end()))?;
        filled.push_str(end);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_marks_is_replaced() {
        let text =
            "a\n<!-- measured: x -->\nold\n<!-- end -->\nb\n<!-- measured: y -->\n<!-- end -->\n";
        let filled = fill(text, |id| Ok(format!("new {id}\n"))).unwrap();
        assert_eq!(
            filled,
            "a\n<!-- measured: x -->\nnew x\n<!-- end -->\nb\n<!-- measured: y -->\nnew y\n<!-- end -->\n"
        );
        for broken in [
            "<!-- measured: x -->\n",
            "<!-- measured: x\n<!-- end -->\n",
            "<!-- measured: x -->\n<!-- measured: y -->\n<!-- end -->\n",
        ] {
            assert!(fill(broken, |_| Ok(String::new())).is_err(), "{broken}");
        }
    }
}
