//! Which files a file brings in, and under which conditions.

use gateless_linux::condition::Condition;
use gateless_linux::path::clean;
use gateless_rust_text::tokens::Tokens;
use ra_ap_parser::SyntaxKind;

use crate::rust::conditions::Regions;

/// A file named by `mod x;`, `#[path]` or `include!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Where it may be, relative to the tree; those that exist count.
    pub candidates: Vec<String>,
    /// When it is brought in.
    pub condition: Condition,
}

/// All files that `file` (relative to the tree) brings in.
pub fn scan(tokens: &Tokens<'_>, file: &str, regions: &Regions) -> Vec<Child> {
    let dir = file.rsplit_once('/').map_or("", |(dir, _)| dir);
    let stem = file
        .rsplit('/')
        .next()
        .and_then(|name| name.strip_suffix(".rs"))
        .unwrap_or_default();
    let mut found = Vec::new();
    for i in 0..tokens.list.len() {
        let is_name = |i: usize| {
            tokens
                .list
                .get(i)
                .is_some_and(|token| token.kind == SyntaxKind::IDENT)
        };
        if tokens.at(i) == "mod" && is_name(i + 1) && tokens.at(i + 2) == ";" {
            let name = tokens.at(i + 1).trim_start_matches("r#");
            // Inline modules around it add their directories.
            let inline: String = around(tokens, i).map(|m| format!("{m}/")).collect();
            // A root may have any name, so both places are looked at: beside the file, and in the directory of its name.
            let mut candidates: Vec<String> =
                [format!("{dir}/{inline}"), format!("{dir}/{stem}/{inline}")]
                    .iter()
                    .flat_map(|base| [format!("{base}{name}.rs"), format!("{base}{name}/mod.rs")])
                    .collect();
            candidates.extend(path_attributes(tokens, i).map(|path| format!("{dir}/{path}")));
            found.push(child(candidates, regions.at(i)));
        }
        if tokens.are(i, &["include", "!", "("]) {
            for j in i + 3..tokens.close(i + 2) {
                if let Some(path) = tokens.string(j).filter(|path| path.ends_with(".rs")) {
                    let path = path.trim_start_matches('/');
                    found.push(child(
                        vec![format!("{dir}/{path}"), path.to_owned()],
                        regions.at(i),
                    ));
                }
            }
        }
    }
    found
}

fn child(candidates: Vec<String>, condition: Condition) -> Child {
    Child {
        candidates: candidates.iter().map(|path| clean(path)).collect(),
        condition,
    }
}

/// The names of the inline modules around token `i`, outermost first.
fn around<'t>(tokens: &'t Tokens<'_>, i: usize) -> impl Iterator<Item = &'t str> {
    (0..i)
        .filter(move |&open| {
            open >= 2
                && tokens.opens(open, "{")
                && tokens.close(open) > i
                && tokens.at(open - 2) == "mod"
        })
        .map(|open| tokens.at(open - 1))
}

/// Values of `path = "..."` in the attributes before `mod` at `i`.
fn path_attributes<'t>(tokens: &'t Tokens<'_>, i: usize) -> impl Iterator<Item = String> + 't {
    let start = (i.saturating_sub(60)..i)
        .rev()
        .find(|&j| matches!(tokens.at(j), ";" | "}" | "{"))
        .map_or(i.saturating_sub(60), |j| j + 1);
    (start..i)
        .filter(|&j| tokens.are(j, &["path", "="]))
        .filter_map(|j| tokens.string(j + 2))
}
