//! Records as Markdown: the table of a topic, then what each record says besides.

use std::fmt::Write as _;

use super::record::{Figure, Record};
use super::topic::{Column, Topic};

impl Column {
    fn title(self) -> &'static str {
        match self {
            Column::What => "what",
            Column::Tests => "tests passed, failed, skipped",
            Column::Compared => "same results as gated",
            Column::Functions => "functions",
            Column::Weaker => "weaker than gated",
            Column::Linux => "Linux",
            Column::Rustc => "rustc",
            Column::Date => "date (UTC)",
            Column::Commit => "commit",
            Column::Seconds => "seconds",
            Column::Machine => "machine",
            Column::Log => "log (SHA-256)",
        }
    }

    /// The cell; nothing where that was not measured or not stated.
    fn cell(self, record: &Record) -> Option<String> {
        match self {
            Column::What => Some(record.what.clone()),
            Column::Tests => record
                .tests
                .map(|tests| format!("{}, {}, {}", tests.passed, tests.failed, tests.skipped)),
            Column::Compared => record.compared.map(|compared| {
                let all = compared.alike + compared.different;
                format!("{} of {all}", compared.alike)
            }),
            Column::Functions => record.functions.map(|functions| {
                let mut text = format!("{} of {} identical", functions.identical, functions.total);
                for (number, what) in [
                    (functions.explained, "explained"),
                    (functions.unexplained, "UNEXPLAINED"),
                ] {
                    if number > 0 {
                        let _ = write!(text, ", {number} {what}");
                    }
                }
                text
            }),
            Column::Weaker => record.weaker_than_gated.as_ref().map(|list| {
                if list.is_empty() {
                    "nothing".to_owned()
                } else {
                    list.join("; ")
                }
            }),
            Column::Linux => record.linux.clone(),
            Column::Rustc => record.rustc.clone(),
            Column::Date => record.date.clone(),
            Column::Commit => record.commit.clone(),
            Column::Seconds => record.seconds.map(|seconds| seconds.to_string()),
            Column::Machine => record.machine.clone(),
            Column::Log => record
                .log_sha256
                .as_ref()
                .map(|hash| format!("`{}`", &hash[..16])),
        }
    }
}

/// Everything of a topic.
pub fn topic(topic: &Topic, records: &[&Record]) -> String {
    let newest = |record: &&&Record| {
        let others = records.iter().filter(|other| other.what == record.what);
        others.map(|other| &other.date).max() == Some(&record.date)
    };
    let mut shown: Vec<&Record> = if topic.newest {
        records.iter().filter(newest).copied().collect()
    } else {
        records.to_vec()
    };
    shown.sort_by(|a, b| a.what.cmp(&b.what));
    let titles: Vec<_> = topic.columns.iter().map(|column| column.title()).collect();
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|record| {
            let cells = topic.columns.iter().map(|column| column.cell(record));
            cells
                .map(|cell| cell.unwrap_or_else(|| "-".to_owned()))
                .collect()
        })
        .collect();
    let mut text = String::from("\n");
    table(&mut text, &titles, &rows);
    commands(&mut text, &shown);
    for record in &shown {
        if !record.seen.is_empty() {
            let _ = writeln!(text, "\n**{}**:\n", name(record, &shown));
            for seen in &record.seen {
                let _ = writeln!(text, "- {seen}");
            }
        }
        if !record.figure.is_empty() {
            let _ = writeln!(text, "\n**{}**, measured:\n", name(record, &shown));
            figures(&mut text, &record.figure);
        }
    }
    text.push('\n');
    text
}

/// What a record is about, with what tells it from others of the same name.
fn name(record: &Record, all: &[&Record]) -> String {
    let alike = all.iter().filter(|other| other.what == record.what).count();
    let day = record.day().filter(|_| alike > 1);
    day.map_or_else(
        || record.what.clone(),
        |day| format!("{}, {day}", record.what),
    )
}

/// The commands: once where all records have the same.
fn commands(text: &mut String, records: &[&Record]) {
    let [first, others @ ..] = records else {
        return;
    };
    if others.iter().all(|other| other.commands == first.commands) {
        if !first.commands.is_empty() {
            let _ = writeln!(text, "\n```\n{}\n```", first.commands.join("\n"));
        }
        return;
    }
    text.push_str("\nCommands:\n\n");
    for record in records.iter().filter(|record| !record.commands.is_empty()) {
        let commands: Vec<_> = record
            .commands
            .iter()
            .map(|command| format!("`{command}`"))
            .collect();
        let _ = writeln!(text, "- {}: {}", name(record, records), commands.join(", "));
    }
}

/// Figures of one record. Columns that no figure has are left out.
fn figures(text: &mut String, figures: &[Figure]) {
    let both = figures.iter().any(|figure| figure.gated.is_some());
    let single = figures.iter().any(|figure| figure.value.is_some());
    let notes = figures.iter().any(|figure| figure.note.is_some());
    let mut titles = vec!["figure", "unit"];
    titles.extend(single.then_some("value"));
    titles.extend(
        both.then_some(["gated", "gateless", "ratio"])
            .into_iter()
            .flatten(),
    );
    titles.extend(notes.then_some("note"));
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let rows: Vec<Vec<String>> = figures
        .iter()
        .map(|figure| {
            let mut row = vec![figure.name.clone(), figure.unit.clone()];
            if single {
                row.push(number(figure.value));
            }
            if both {
                let ratio = figure.gated.zip(figure.gateless);
                let ratio = ratio.map(|(gated, gateless)| format!("{:.3}", gateless / gated));
                row.extend([number(figure.gated), number(figure.gateless)]);
                row.push(ratio.unwrap_or_default());
            }
            if notes {
                row.push(figure.note.clone().unwrap_or_default());
            }
            row
        })
        .collect();
    table(text, &titles, &rows);
}

fn table(text: &mut String, titles: &[&str], rows: &[Vec<String>]) {
    let _ = writeln!(text, "| {} |", titles.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(titles.len()));
    for row in rows {
        let cells: Vec<_> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::full;
    use super::*;

    #[test]
    fn a_record_is_shown_with_its_figures_and_how_they_were_got() {
        let columns = vec![
            Column::What,
            Column::Tests,
            Column::Compared,
            Column::Functions,
            Column::Weaker,
            Column::Commit,
            Column::Log,
        ];
        let shown = topic(
            &Topic {
                id: "presets".to_owned(),
                columns,
                newest: true,
            },
            &[&full()],
        );
        expect_test::expect![[r#"

            | what | tests passed, failed, skipped | same results as gated | functions | weaker than gated | commit | log (SHA-256) |
            | --- | --- | --- | --- | --- | --- | --- |
            | `um-small` | 10, 0, 1 | 11 of 11 | 18 of 20 identical, 2 explained | nothing | 0123abc | `0123456789abcdef` |

            ```
            gateless boot
            ```

            **`um-small`**:

            - It booted.

            **`um-small`**, measured:

            | figure | unit | gated | gateless | ratio | note |
            | --- | --- | --- | --- | --- | --- |
            | make prepare | s | 50 | 50.5 | 1.010 | median |

        "#]]
        .assert_eq(&shown);
    }

    #[test]
    fn the_newest_of_each_is_shown_and_what_was_not_measured_is_not_claimed() {
        let old = full();
        let mut new = full();
        new.date = Some("2026-12-01T10:00:00Z".to_owned());
        new.commit = Some("fedcba9".to_owned());
        new.functions = None;
        let shown = topic(
            &Topic {
                id: "presets".to_owned(),
                columns: vec![Column::What, Column::Functions, Column::Commit],
                newest: true,
            },
            &[&new, &old],
        );
        assert!(shown.contains("| `um-small` | - | fedcba9 |"), "{shown}");
        assert!(!shown.contains("0123abc"), "{shown}");
    }
}
