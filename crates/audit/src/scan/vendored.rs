//! Directories that hold a crate of somebody else, by what their README says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use camino::Utf8Path;
use regex::Regex;

/// A README of a copied crate says where it comes from: "These source files come from the Rust `syn` crate", or a badge of crates.io.
static ORIGIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s)come from the\s+(?:Rust\s+)?`([A-Za-z0-9_-]+)`\s+crate|crates\.io/crates/([A-Za-z0-9_-]+)")
        .expect("the pattern is fixed, and a test uses it")
});

/// Directories, relative to the tree, with the crate that each holds. The tree's own README describes the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vendored(BTreeMap<String, String>);

impl Vendored {
    /// Reads the READMEs, given relative to `tree`. One that can't be read names no crate.
    pub fn read(tree: &Utf8Path, readmes: &[camino::Utf8PathBuf]) -> Self {
        let mut found = BTreeMap::new();
        for readme in readmes {
            let Some(directory) = readme.parent().filter(|dir| !dir.as_str().is_empty()) else {
                continue;
            };
            let text = std::fs::read(tree.join(readme)).unwrap_or_default();
            if let Some(name) = crate_of(&String::from_utf8_lossy(&text)) {
                found.insert(directory.as_str().to_owned(), name);
            }
        }
        Vendored(found)
    }

    /// The crate that `file` (relative to the tree) was copied with.
    pub fn crate_of(&self, file: &str) -> Option<&str> {
        let directories = Utf8Path::new(file).ancestors().skip(1);
        directories
            .filter_map(|directory| self.0.get(directory.as_str()))
            .next()
            .map(String::as_str)
    }
}

fn crate_of(readme: &str) -> Option<String> {
    let found = ORIGIN.captures(readme)?;
    let name = found.get(1).or(found.get(2))?;
    Some(name.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_crate_is_known_by_its_readme_and_the_tree_itself_is_none() {
        let tree = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(tree.path()).unwrap();
        for (file, text) in [
            ("README.md", "[![](https://crates.io/crates/own)]"),
            (
                "rust/syn/README.md",
                "# `syn`\n\nThese source files come from the\nRust `syn` crate, version 2",
            ),
            ("drivers/README", "How to write a driver for a crate"),
        ] {
            fs_err::create_dir_all(tree.join(file).parent().unwrap()).unwrap();
            fs_err::write(tree.join(file), text).unwrap();
        }
        let readmes = ["README.md", "rust/syn/README.md", "drivers/README"].map(Into::into);
        let vendored = Vendored::read(tree, &readmes);
        assert_eq!(vendored.crate_of("rust/syn/src/a/b.rs"), Some("syn"));
        for own in ["lib.rs", "drivers/a.rs", "rust/kernel/lib.rs"] {
            assert_eq!(vendored.crate_of(own), None, "{own}");
        }
    }
}
