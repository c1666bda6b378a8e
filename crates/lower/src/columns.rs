//! `column!()` in lines that lowering rewrites.
//!
//! In such a line it becomes the number itself. In a macro it tells the place of the macro's call, so there the number is looked up, in a table
//! of the rewritten lines at the end of the crate root. The columns that panic locations have are fixed up in what the compiler makes of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gateless_model::columns::{Columns, Stretch};
use gateless_model::{Failure, Result};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::{Tokens, line_of};

use crate::gate::Source;
use crate::lints::QUIET;

/// Name of the module with the table.
const MODULE: &str = "__gateless_columns";

/// Macros of the standard library that tell a column.
const STANDARD: [&str; 1] = ["dbg"];

/// What the crate's calls of `column!()` become, by file, and whether the table is needed for them.
///
/// Fails where a column can't be fixed up.
pub fn edits(source: &Source<'_>, edits: &[Vec<Edit>]) -> Result<(Vec<(usize, Edit)>, bool)> {
    let known = source.request.known.crates.values();
    let others = known.flat_map(|exports| exports.telling.iter().map(String::as_str));
    let others: BTreeSet<&str> = others.chain(STANDARD).collect();
    let mut found = Vec::new();
    let mut names = others.iter().copied().chain(["column"]);
    if !names.any(|name| is_called(source, name)) {
        return Ok((found, false));
    }
    let crate_files: Vec<File<'_>> = (0..edits.len())
        .map(|file| File::new(source, file, &edits[file]))
        .collect();
    let telling = telling(&crate_files);
    let mut files = crate_files.iter();
    let is_looked_up = files.any(|file| file.calls_in_rewritten_lines(&telling));
    for (index, file) in crate_files.iter().enumerate() {
        let tokens = &file.tokens;
        for i in 0..tokens.list.len() {
            if !is_call(tokens, i) || file.is_argument(i, "stringify") {
                continue;
            }
            let at = tokens.list[i].range.start;
            let is_moved = !file.is_in_macro(i) && file.is_moved(at);
            let is_text = || is_looked_up && file.is_in_macro(i) && file.is_argument(i, "concat");
            if is_moved && others.contains(tokens.at(i)) || tokens.at(i) == "column" && is_text() {
                return Err(Failure::no(format!(
                    "{}: `{}!` tells its column, which is another one once the line is lowered",
                    source.line(index, at),
                    tokens.at(i)
                ))
                .help("put the call on a line of its own"));
            }
            if tokens.at(i) != "column" {
                continue;
            }
            let whole = file.path_start(i)..tokens.list[tokens.close(i + 2)].range.end;
            let text = match file.is_in_macro(i) {
                false if is_moved => format!("{}u32", column(tokens.text, whole.start)),
                true if is_looked_up => format!(
                    "{{ const COLUMN: u32 = $crate::{MODULE}::of($crate::{MODULE}::core::file!(), $crate::{MODULE}::core::line!(), $crate::{MODULE}::core::column!()); COLUMN }}"
                ),
                _ => continue,
            };
            found.push((index, Edit::replace(tokens.text, whole, text)));
        }
    }
    Ok((found, is_looked_up))
}

/// Macros that a crate exports which tell a column: of a call in another crate, whose lines are not in this one's table.
pub fn exported(source: &Source<'_>) -> Vec<String> {
    if !is_called(source, "column") {
        return Vec::new();
    }
    let files = 0..source.files.list.len();
    let files: Vec<File<'_>> = files.map(|file| File::new(source, file, &[])).collect();
    telling(&files).into_iter().map(str::to_owned).collect()
}

/// Whether the text of any file looks like a call of a macro.
fn is_called(source: &Source<'_>, name: &str) -> bool {
    let mut files = source.files.list.iter();
    files.any(|file| {
        let text = file.text.original();
        let mut found = text.match_indices(name);
        found.any(|(at, _)| text[at + name.len()..].trim_start().starts_with('!'))
    })
}

/// The module with the table of all rewritten lines.
pub fn table(columns: &Columns) -> String {
    let mut arms = String::new();
    for (file, lines) in columns.lines() {
        for (line, stretches) in lines {
            let ends = stretches.iter().skip(1).map(|next| next.from);
            let ends = ends.chain([u32::MAX]);
            for (stretch, end) in stretches.iter().zip(ends) {
                let Stretch {
                    from,
                    original,
                    added,
                } = *stretch;
                if from < end && (added || from != original) {
                    let value = match added {
                        true => original.to_string(),
                        false => format!("column - {from} + {original}"),
                    };
                    let _ = write!(arms, "(b{file:?}, {line}, {from}..{end}) => {value}, ");
                }
            }
        }
    }
    format!(
        " #[doc(hidden)] {QUIET} pub mod {MODULE} {{ pub extern crate core; pub const fn of(file: &str, line: u32, column: u32) -> u32 {{ match (file.as_bytes(), line, column) {{ {arms}_ => column }} }} }}"
    )
}

/// A file, and the edits that it has.
struct File<'a> {
    tokens: Tokens<'a>,
    edits: &'a [Edit],
    /// Tokens of the bodies of `macro_rules!` macros: the name, the first and the last.
    macros: Vec<(usize, usize, usize)>,
}

impl<'a> File<'a> {
    fn new(source: &Source<'a>, file: usize, edits: &'a [Edit]) -> Self {
        let tokens = Tokens::new(source.original(file), source.edition);
        let definitions = (0..tokens.list.len()).filter(|&i| tokens.are(i, &["macro_rules", "!"]));
        let macros = definitions
            .filter(|&i| i + 3 < tokens.list.len() && tokens.close(i + 3) > i + 3)
            .map(|i| (i + 2, i + 3, tokens.close(i + 3)))
            .collect();
        Self {
            tokens,
            edits,
            macros,
        }
    }

    fn is_in_macro(&self, i: usize) -> bool {
        let mut macros = self.macros.iter();
        macros.any(|&(_, open, close)| open < i && i < close)
    }

    /// Whether token `i` is within an argument of the macro `name`.
    fn is_argument(&self, i: usize, name: &str) -> bool {
        let tokens = &self.tokens;
        (2..i).any(|open| tokens.close(open) > i && tokens.are(open - 2, &[name, "!"]))
    }

    /// Whether an edit stands before the byte in its line.
    fn is_moved(&self, at: usize) -> bool {
        let start = self.tokens.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let mut edits = self.edits.iter();
        edits.any(|edit| edit.range.end >= start && edit.range.start <= at)
    }

    /// The first byte of the path that ends in the macro's name `i`.
    fn path_start(&self, i: usize) -> usize {
        let tokens = &self.tokens;
        let mut first = i;
        while first >= 2 && tokens.are(first - 2, &[":", ":"]) {
            let is_name = first >= 3
                && ["core", "std"].contains(&tokens.at(first - 3))
                && tokens.list[first - 3].range.end == tokens.list[first - 2].range.start;
            first -= if is_name { 3 } else { 2 };
        }
        tokens.list[first].range.start
    }

    /// Whether one of these macros is called in a rewritten line.
    fn calls_in_rewritten_lines(&self, names: &BTreeSet<&str>) -> bool {
        let mut all = 0..self.tokens.list.len();
        all.any(|i| {
            names.contains(self.tokens.at(i))
                && is_call(&self.tokens, i)
                && self.is_moved(self.tokens.list[i].range.start)
        })
    }
}

/// Whether token `i` is the name of a macro in a call of it.
fn is_call(tokens: &Tokens<'_>, i: usize) -> bool {
    let is_open = || ["(", "[", "{"].iter().any(|open| tokens.opens(i + 2, open));
    tokens.at(i + 1) == "!" && is_open()
}

/// The crate's macros that tell a column, by themselves or through one another.
fn telling<'a>(files: &[File<'a>]) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::from(["column"]);
    loop {
        let before = names.len();
        for File { tokens, macros, .. } in files {
            for &(name, open, close) in macros {
                let mut body = open..close;
                if body.any(|i| names.contains(tokens.at(i)) && is_call(tokens, i)) {
                    names.insert(tokens.at(name));
                }
            }
        }
        if names.len() == before {
            names.remove("column");
            return names;
        }
    }
}

/// The column of a byte.
fn column(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let mark = usize::from(line_of(text, at) == 1 && text.starts_with('\u{feff}'));
    text[start..at].chars().count() + 1 - mark
}

#[cfg(test)]
mod tests {
    use crate::testing::{lowered, refused};

    fn second_line(text: &str) -> String {
        let text = lowered(&format!("#![feature(used_with_arg)]\n{text}"));
        text.lines().nth(1).unwrap().to_owned()
    }

    #[test]
    fn a_column_in_a_rewritten_line_is_a_number() {
        assert_eq!(
            second_line(
                "const A: u32 = column!(); #[used(linker)] static B: u32 = ::core::column!(); const C: &str = stringify!(column!());"
            ),
            "const A: u32 = column!(); #[used] static B: u32 = 59u32; const C: &str = stringify!(column!());"
        );
    }

    #[test]
    fn macros_called_in_rewritten_lines_look_their_column_up() {
        let text = "#![feature(used_with_arg)]\nmacro_rules! c { () => { std::column!() } }\nmacro_rules! d { () => { c!() } }\n#[used(linker)] static B: u32 = d!();\n";
        let new = lowered(text);
        assert!(
            new.contains("() => { { const COLUMN: u32 = $crate::__gateless_columns::of("),
            "{new}"
        );
        // Three columns fewer than were written, from the first one after what went.
        let row = "lib.rs\", 4, 7..4294967295) => column - 7 + 15";
        assert!(new.contains(row), "{new}");
        let elsewhere = text.replace(
            "#[used(linker)] static",
            "#[used(linker)] static X: u8 = 1;\nstatic",
        );
        assert!(!lowered(&elsewhere).contains("COLUMN"));
    }

    #[test]
    fn a_column_that_cant_be_put_right_is_refused() {
        let text = "#![feature(used_with_arg)]\n#[used(linker)] static A: u8 = dbg!(1);\n";
        assert_eq!(
            refused(text),
            "lib.rs:2: `dbg!` tells its column, which is another one once the line is lowered"
        );
    }
}
