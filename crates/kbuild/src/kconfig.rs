//! What a tree's Kconfig files say about symbols: just enough to list a menu's switches and a symbol's dependencies.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

/// One `config` or `menuconfig` entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Symbol {
    /// `bool`, `tristate` or another type; empty if the entry has none (an addition to another entry).
    pub kind: String,
    /// Expressions of its own `depends on` lines and the `if` blocks around it, as written.
    pub depends: Vec<String>,
    /// File of the entry, relative to the tree, and line.
    pub place: String,
}

/// All entries of the Kconfig files of a tree that are outside of `arch`, and of one architecture.
#[derive(Debug, Clone, Default)]
pub struct Symbols(BTreeMap<String, Vec<Symbol>>);

impl Symbols {
    /// Reads every Kconfig file of the tree but other architectures'.
    pub fn read(tree: &Utf8Path, source_arch: &str) -> Result<Self> {
        let mut symbols = Self::default();
        let mut folders = vec![tree.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir_utf8()? {
                let entry = entry?;
                let path: Utf8PathBuf = entry.path().to_owned();
                let name = entry.file_name();
                if entry.file_type()?.is_dir() {
                    let other_arch = folder == tree.join("arch") && name != source_arch;
                    if !other_arch && !name.starts_with('.') && name != "Documentation" {
                        folders.push(path);
                    }
                } else if name == "Kconfig" || name.starts_with("Kconfig.") {
                    let place = path.strip_prefix(tree).unwrap_or(&path).to_string();
                    symbols.add(&fs_err::read_to_string(&path)?, &place);
                }
            }
        }
        Ok(symbols)
    }

    fn add(&mut self, text: &str, place: &str) {
        let mut ifs: Vec<String> = Vec::new();
        let mut current: Option<(String, usize)> = None;
        let mut help_indent: Option<Option<usize>> = None;
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() {
                continue;
            }
            // A help text ends at the first line indented less than its first line.
            if let Some(indent) = &mut help_indent {
                let here = width(line);
                match indent {
                    None if here > 0 => {
                        *indent = Some(here);
                        continue;
                    }
                    Some(first) if here >= *first => continue,
                    _ => help_indent = None,
                }
            }
            let (word, rest) = trimmed
                .split_once(char::is_whitespace)
                .unwrap_or((trimmed, ""));
            let rest = rest.trim();
            match word {
                "config" | "menuconfig" => {
                    let entries = self.0.entry(rest.to_owned()).or_default();
                    entries.push(Symbol {
                        kind: String::new(),
                        depends: ifs.clone(),
                        place: format!("{place}:{}", index + 1),
                    });
                    current = Some((rest.to_owned(), entries.len() - 1));
                }
                "if" => {
                    ifs.push(rest.to_owned());
                    current = None;
                }
                "endif" => {
                    ifs.pop();
                    current = None;
                }
                "menu" | "endmenu" | "choice" | "endchoice" | "comment" | "source" | "mainmenu" => {
                    current = None
                }
                "help" => help_indent = Some(None),
                _ => {
                    let Some((name, at)) = &current else { continue };
                    let Some(symbol) = self
                        .0
                        .get_mut(name)
                        .and_then(|entries| entries.get_mut(*at))
                    else {
                        continue;
                    };
                    match word {
                        "bool" | "tristate" | "string" | "int" | "hex" => {
                            symbol.kind = word.to_owned()
                        }
                        "def_bool" | "def_tristate" => {
                            symbol.kind = word["def_".len()..].to_owned()
                        }
                        "depends" => symbol
                            .depends
                            .push(rest.strip_prefix("on").unwrap_or(rest).trim().to_owned()),
                        _ => {}
                    }
                }
            }
        }
    }

    /// All switches (`bool`, `tristate`) that exist only under `menu`: in an `if MENU` block or with `depends on MENU`.
    ///
    /// A menu that the tree doesn't have, or one without switches, is an error.
    pub fn switches_under(&self, menu: &str) -> Result<Vec<String>> {
        let is_switch = |symbol: &Symbol| {
            matches!(symbol.kind.as_str(), "bool" | "tristate")
                && symbol.depends.iter().any(|on| on == menu)
        };
        let switches: Vec<String> = self
            .0
            .iter()
            .filter(|(_, entries)| entries.iter().any(is_switch))
            .map(|(name, _)| name.clone())
            .collect();
        if !self.0.contains_key(menu) || switches.is_empty() {
            return Err(Failure::failed(format!(
                "this kernel tree has no Kconfig menu {menu} with switches in it"
            ))
            .help("choose another --config; the presets are made for Linux 7.3 and later"));
        }
        Ok(switches)
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

/// Columns of the white space that a line begins with, tabs to multiples of eight as Kconfig counts them.
fn width(line: &str) -> usize {
    line.chars()
        .take_while(|c| c.is_whitespace())
        .fold(0, |at, c| if c == '\t' { at / 8 * 8 + 8 } else { at + 1 })
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
        symbols.add(TEXT, "lib/Kconfig");
        symbols
    }

    #[test]
    fn a_menus_switches_are_listed_whether_by_block_or_by_dependency() {
        assert_eq!(symbols().switches_under("TESTS").unwrap(), ["ONE", "TWO"]);
        assert!(symbols().switches_under("GONE").is_err());
        assert!(
            symbols().switches_under("OUTSIDE").is_err(),
            "a menu without switches must not pass for one"
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
