//! The glob imports of a file.

use gateless_rust_text::tokens::one_line;
use ra_ap_syntax::ast::{self, HasAttrs};
use ra_ap_syntax::{AstNode, Edition};

use crate::syntax::Tree;

/// Crates that have none of the traits.
const STANDARD: [&str; 3] = ["std", "core", "alloc"];

/// A name that a glob import does not bring in: file, first byte behind the import, path without leading colons.
pub type Absent = (usize, usize, String);

/// One glob import.
pub struct Glob {
    /// Byte of the star.
    pub at: usize,
    /// First byte behind the import.
    pub end: usize,
    /// What stands before `::*`.
    pub prefix: String,
    /// Attributes of the import.
    pub attributes: String,
}

impl Glob {
    /// The path of a name that it may bring in.
    pub fn path(&self, name: &str) -> String {
        format!("{}::{name}", self.prefix.trim_start_matches(':'))
    }
}

/// The glob imports of a text that are not of the standard library, but for those in macros.
pub fn of(text: &str, edition: Edition) -> Vec<Glob> {
    if !text.contains('*') {
        return Vec::new();
    }
    let tree = Tree::of_file(text, edition);
    let globs = tree.root.descendants().filter_map(ast::UseTree::cast);
    let globs = globs.filter_map(|glob| {
        let star = glob.star_token()?;
        let around: Vec<ast::UseTree> = glob
            .syntax()
            .ancestors()
            .filter_map(ast::UseTree::cast)
            .collect();
        let paths = around.iter().rev().filter_map(ast::UseTree::path);
        let paths: Vec<String> = paths.map(|path| path.syntax().text().to_string()).collect();
        let prefix = paths.join("::");
        let first = prefix.trim_start_matches(':').split("::").next()?.trim();
        let import = glob.syntax().ancestors().find_map(ast::Use::cast)?;
        let attributes = import.attrs().map(|attr| attr.syntax().text().to_string());
        let attributes: Vec<String> = attributes.collect();
        (!first.is_empty() && !STANDARD.contains(&first)).then(|| Glob {
            at: tree.bytes(star.text_range()).start,
            end: tree.of(import.syntax()).end,
            attributes: one_line(&attributes.join(" "), edition),
            prefix: one_line(&prefix, edition),
        })
    });
    globs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_found_with_their_whole_path() {
        let text = "use lib::{a::*, b::{c, d::*}}; use std::fmt::*; fn f() { #[cfg(x)] use super::*; } use ::lib::*; const X: u8 = 2 * 3;";
        let found: Vec<(String, &str)> = of(text, Edition::Edition2021)
            .iter()
            .map(|glob| (glob.path("T"), &text[glob.at..glob.at + 1]))
            .collect();
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["lib::a::T", "lib::b::d::T", "super::T", "lib::T"]);
        assert!(found.iter().all(|(_, star)| *star == "*"));
    }
}
