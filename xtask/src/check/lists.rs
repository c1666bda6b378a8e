//! A thing is one file and one row of one list: every file of such a directory is in the list, and every row has its file.

use std::collections::BTreeSet;

use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use ra_ap_syntax::ast::{self, AstNode, HasModuleItem, HasName};
use ra_ap_syntax::{Edition, SourceFile, SyntaxNode};

use super::repository::Repository;

/// A list, and the directory whose files stand in it.
struct List {
    /// Where the files are; what has no row is `mod.rs` and the exceptions.
    directory: &'static str,
    /// The file of `directory` that has the list.
    file: &'static str,
    /// The constant, static or enum that is the list.
    name: &'static str,
    /// Files that hold something else, and what.
    others: &'static [(&'static str, &'static str)],
}

const LISTS: &[List] = &[
    List {
        directory: "crates/lower/src/gates",
        file: "mod.rs",
        name: "ALL",
        others: &[],
    },
    List {
        directory: "crates/codegen/src/flags",
        file: "mod.rs",
        name: "ALL",
        others: &[],
    },
    List {
        directory: "crates/fidelity/src/causes",
        file: "mod.rs",
        name: "ALL",
        others: &[],
    },
    List {
        directory: "crates/gateless/src/commands",
        file: "mod.rs",
        name: "Command",
        others: &[("build_options", "options that several commands share")],
    },
];

pub fn broken(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let mut broken = Vec::new();
    for list in LISTS {
        let path = Utf8Path::new(list.directory).join(list.file);
        let rows = rows(&repository.read(&path)?, list.name)
            .with_context(|| format!("{path} has no `{}`", list.name))?;
        let others = list.others.iter().map(|(name, _)| *name).collect();
        let files = stems(&repository.files, list);
        broken.extend(differences(&path, &rows, &files, &others));
    }
    Ok(broken)
}

/// Names of the files and directories that stand directly in a list's directory.
fn stems<'a>(files: &'a [Utf8PathBuf], list: &List) -> BTreeSet<&'a str> {
    let inside = files
        .iter()
        .filter_map(|file| file.strip_prefix(list.directory).ok())
        .filter(|file| *file != list.file)
        .filter_map(|file| file.components().next());
    let names = inside.map(|first| first.as_str());
    // What a file includes as text or data stands beside it.
    names
        .filter(|name| name.ends_with(".rs") || !name.contains('.'))
        .map(|name| name.strip_suffix(".rs").unwrap_or(name))
        .filter(|name| *name != "mod")
        .collect()
}

/// Modules that the paths in a list start with; none if there is no such list.
fn rows(text: &str, name: &str) -> Option<BTreeSet<String>> {
    let tree = SourceFile::parse(text, Edition::Edition2024).tree();
    let list = tree.items().find(|item| {
        let found = match item {
            ast::Item::Const(item) => item.name(),
            ast::Item::Static(item) => item.name(),
            ast::Item::Enum(item) => item.name(),
            _ => None,
        };
        found.is_some_and(|found| found.text() == name)
    })?;
    // Types of a list name no rows: `&[&dyn gate::Gate]`.
    let body: SyntaxNode = match &list {
        ast::Item::Const(item) => item.body()?.syntax().clone(),
        ast::Item::Static(item) => item.body()?.syntax().clone(),
        item => item.syntax().clone(),
    };
    let paths = body.descendants().filter_map(ast::Path::cast);
    let rows = paths.filter(|path| path.qualifier().is_some());
    let first = rows.filter_map(|path| path.segments().next()?.name_ref());
    let names = first.map(|name| name.text().to_string());
    Some(
        names
            .filter(|name| name.starts_with(char::is_lowercase))
            .collect(),
    )
}

fn differences(
    list: &Utf8Path,
    rows: &BTreeSet<String>,
    files: &BTreeSet<&str>,
    others: &BTreeSet<&str>,
) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files
        .iter()
        .filter(|file| !rows.contains(**file) && !others.contains(**file))
    {
        broken.push(format!("{list}: the list has no row for `{file}`"));
    }
    for row in rows.iter().filter(|row| !files.contains(row.as_str())) {
        broken.push(format!("{list}: no file for the row `{row}`"));
    }
    for other in others.iter().filter(|other| !files.contains(**other)) {
        broken.push(format!(
            "{list}: `{other}` is called no row, and there is no such file"
        ));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
        mod one; mod two; mod gate;
        pub static ALL: &[&dyn gate::Gate] = &[&one::One, Row::of::<two::Two>()];
        enum Command { One(one::Args), Two(Box<two::Args>) }
    ";

    fn found(name: &str, files: &[&str], others: &[&str]) -> String {
        let rows = rows(TEXT, name).unwrap();
        let files = files.iter().copied().collect();
        let others = others.iter().copied().collect();
        differences(Utf8Path::new("mod.rs"), &rows, &files, &others).join("\n")
    }

    #[test]
    fn files_that_all_have_rows_are_fine() {
        assert_eq!(found("ALL", &["one", "two", "gate"], &["gate"]), "");
        assert_eq!(found("Command", &["one", "two"], &[]), "");
    }

    #[test]
    fn a_file_without_a_row_is_reported() {
        assert_eq!(
            found("ALL", &["one", "two", "three"], &[]),
            "mod.rs: the list has no row for `three`"
        );
    }

    #[test]
    fn a_row_without_a_file_is_reported() {
        assert_eq!(
            found("ALL", &["one"], &[]),
            "mod.rs: no file for the row `two`"
        );
    }

    #[test]
    fn an_exception_without_a_file_is_reported() {
        assert_eq!(
            found("Command", &["one", "two"], &["gone"]),
            "mod.rs: `gone` is called no row, and there is no such file"
        );
    }

    #[test]
    fn a_list_that_is_not_there_is_none() {
        assert!(rows(TEXT, "EVERY").is_none());
    }
}
