//! What a tree's Kconfig files say about symbols: enough to list a menu's options, what a symbol depends on, and how an option in Rust is turned on.

pub mod expression;
mod parse;
pub mod reach;
pub mod rust;
pub mod rustc_version;

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_model::{Failure, Result};

/// One `config` or `menuconfig` entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Symbol {
    /// `bool`, `tristate` or another type; empty if the entry has none (an addition to another entry).
    pub kind: String,
    /// Expressions of its own `depends on` lines and of the blocks around it, as written.
    pub depends: Vec<String>,
    /// Where a person can set it: the condition, empty if there is none. `None` without a prompt.
    pub prompt: Option<String>,
    /// Values that it gets by itself.
    pub defaults: Vec<Conditional>,
    /// Symbols that it turns on.
    pub selects: Vec<Conditional>,
    /// File of the entry, relative to the tree, and line.
    pub place: String,
}

/// `VALUE if CONDITION`; the condition is empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditional {
    /// As written.
    pub value: String,
    /// As written.
    pub condition: String,
}

/// All entries that Kconfig would read for one architecture.
#[derive(Debug, Clone, Default)]
pub struct Symbols(BTreeMap<String, Vec<Symbol>>);

impl Symbols {
    /// Reads the tree's `Kconfig` and every file that it sources, for the architecture's directory `source_arch`.
    ///
    /// A file that can't be read is an error, as it is one for Kconfig.
    pub fn read(tree: &Utf8Path, source_arch: &str) -> Result<Self> {
        let mut symbols = Self::default();
        parse::Reader::new(tree, source_arch, &mut symbols).file("Kconfig")?;
        Ok(symbols)
    }

    /// The entries of a symbol; none if it is not defined.
    pub fn entries(&self, name: &str) -> &[Symbol] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The conditions under which other symbols turn this one on; empty where there is none.
    pub fn selects_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let entries = self.0.values().flatten();
        entries
            .flat_map(|entry| &entry.selects)
            .filter(move |select| select.value == name)
            .map(|select| select.condition.as_str())
    }

    /// `bool` or `tristate`, where the symbol is an option.
    pub fn option_kind(&self, name: &str) -> Option<&str> {
        let mut kinds = self.entries(name).iter().map(|entry| entry.kind.as_str());
        kinds.find(|kind| matches!(*kind, "bool" | "tristate"))
    }

    /// All options (`bool`, `tristate`) that exist only under `menu`: in an `if MENU` block or with `depends on MENU`.
    ///
    /// A menu that the tree doesn't have, or one without options, is an error.
    pub fn options_under(&self, menu: &str) -> Result<Vec<String>> {
        let is_option = |symbol: &Symbol| {
            matches!(symbol.kind.as_str(), "bool" | "tristate")
                && symbol.depends.iter().any(|on| on == menu)
        };
        let options: Vec<String> = self
            .0
            .iter()
            .filter(|(_, entries)| entries.iter().any(is_option))
            .map(|(name, _)| name.clone())
            .collect();
        if !self.0.contains_key(menu) || options.is_empty() {
            return Err(Failure::failed(format!(
                "this kernel tree has no Kconfig menu {menu} with options in it"
            ))
            .help("choose another --config; the presets are made for Linux 7.3 and later"));
        }
        Ok(options)
    }

    /// What stands in the way of a symbol, for a message: where it is defined and what it depends on.
    pub fn explain(&self, name: &str) -> String {
        match self.0.get(name) {
            None => "no Kconfig file of this tree and architecture defines it".to_owned(),
            Some(entries) => entries
                .iter()
                .map(|symbol| match symbol.depends.as_slice() {
                    [] => format!("defined in {}", symbol.place),
                    depends => format!(
                        "defined in {}, depends on {}",
                        symbol.place,
                        depends.join(" && ")
                    ),
                })
                .collect::<Vec<_>>()
                .join("; "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
menuconfig TESTS
\tbool \"tests\"
\tdepends on KUNIT && RUST
\thelp
\t  config NOT_A_SYMBOL
\t  if unsure, say N.

if TESTS
config ONE
\tbool \"one\" if !ALL
config NUMBER
\tint \"number\"
endif

config OUTSIDE
\ttristate \"outside\"
config TWO
\ttristate \"two\"
\tdepends on TESTS
";

    fn symbols() -> Symbols {
        let mut symbols = Symbols::default();
        parse::Reader::new("/".into(), "x86", &mut symbols)
            .text(TEXT, "lib/Kconfig")
            .unwrap();
        symbols
    }

    #[test]
    fn a_menus_options_are_listed_whether_by_block_or_by_dependency() {
        assert_eq!(symbols().options_under("TESTS").unwrap(), ["ONE", "TWO"]);
        assert!(symbols().options_under("GONE").is_err());
        assert!(
            symbols().options_under("OUTSIDE").is_err(),
            "a menu without options must not pass for one"
        );
    }

    #[test]
    fn help_texts_define_nothing() {
        assert!(
            symbols()
                .explain("NOT_A_SYMBOL")
                .starts_with("no Kconfig file")
        );
        assert_eq!(
            symbols().explain("TESTS"),
            "defined in lib/Kconfig:1, depends on KUNIT && RUST"
        );
    }
}
