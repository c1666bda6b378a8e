//! What a tree's Kconfig files say about symbols: what each depends on, what turns it on, which options a menu has.
//!
//! [`mod@file`] reads one file; [`Symbols`] follows `source` as Kconfig does for one architecture, so that each entry has what is around it.

pub mod expression;
pub mod file;
pub mod reach;
pub mod rust;
pub mod rustc_version;
mod tokens;

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_model::{Failure, Result};

use expression::Expression;
use file::{Block, Conditional, Dependency, Entry, File, Item, Kind, Origin, Place};

/// One entry of a symbol, with what is around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The entry as it is written.
    pub entry: Entry,
    /// Dependencies by the blocks around it, outermost first.
    pub around: Vec<Dependency>,
    /// `visible if` of the menus around it.
    pub visible: Vec<Dependency>,
    /// The choice that it belongs to, as an index for [`Symbols::choice`].
    pub choice: Option<usize>,
}

impl Symbol {
    /// Everything that it depends on: by the blocks around it, then by its own lines.
    pub fn depends(&self) -> impl Iterator<Item = &Dependency> {
        self.around.iter().chain(&self.entry.depends)
    }

    /// All its dependencies at once.
    pub fn dependency(&self) -> Expression {
        Expression::all(self.depends().map(|one| one.expression.clone()))
    }
}

/// All entries that Kconfig would read for one architecture.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    entries: BTreeMap<String, Vec<Symbol>>,
    choices: Vec<Choice>,
}

/// One choice: of its symbols one at most is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its prompt, defaults and dependencies.
    pub entry: Entry,
    /// Its symbols, in order.
    pub symbols: Vec<String>,
}

impl Symbols {
    /// Reads the tree's `Kconfig` and every file that it sources, for the architecture's directory `source_arch`.
    ///
    /// A file that can't be read is an error, as it is one for Kconfig.
    pub fn read(tree: &Utf8Path, source_arch: &str) -> Result<Self> {
        Self::read_top(tree, Utf8Path::new("Kconfig"), source_arch)
    }

    /// The same with another top file (`KBUILD_KCONFIG`), absolute or relative to the tree.
    pub fn read_top(tree: &Utf8Path, top: &Utf8Path, source_arch: &str) -> Result<Self> {
        let mut reader = Reader::new(Some(tree), source_arch);
        reader.source(top.as_str())?;
        Ok(reader.symbols)
    }

    /// What one file defines, without the files that it sources.
    pub fn of_text(text: &str, name: &str) -> Result<Self> {
        let mut reader = Reader::new(None, "");
        reader.file(&file::parse(text, name))?;
        Ok(reader.symbols)
    }

    /// Every symbol with its entries, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Symbol])> {
        let all = self.entries.iter();
        all.map(|(name, entries)| (name.as_str(), entries.as_slice()))
    }

    /// The entries of a symbol; none if it is not defined.
    pub fn entries(&self, name: &str) -> &[Symbol] {
        self.entries.get(name).map_or(&[], Vec::as_slice)
    }

    /// A choice, by [`Symbol::choice`].
    pub fn choice(&self, index: usize) -> Option<&Choice> {
        self.choices.get(index)
    }

    /// Who turns the symbol on by `select`: name, and the line with its condition.
    pub fn selects_of<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Conditional<String>)> {
        self.naming(name, |entry| &entry.selects)
    }

    /// Who turns the symbol on by `imply`: name, and the line with its condition.
    pub fn implies_of<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Conditional<String>)> {
        self.naming(name, |entry| &entry.implies)
    }

    fn naming<'a>(
        &'a self,
        name: &'a str,
        lines: impl Fn(&'a Entry) -> &'a Vec<Conditional<String>>,
    ) -> impl Iterator<Item = (&'a str, &'a Conditional<String>)> {
        let entries = self.entries.values().flatten().map(|one| &one.entry);
        entries
            .flat_map(move |entry| {
                let named = |line| (entry.name.as_str(), line);
                lines(entry).iter().map(named)
            })
            .filter(move |(_, line)| line.value == name)
    }

    /// `bool` or `tristate`, where the symbol is an option.
    pub fn option_kind(&self, name: &str) -> Option<Kind> {
        let mut kinds = self.entries(name).iter().filter_map(|one| one.entry.kind);
        kinds.find(|kind| kind.is_option())
    }

    /// All options (`bool`, `tristate`) that exist only under `menu`: in an `if MENU` block or with `depends on MENU`.
    ///
    /// A menu that the tree doesn't have, or one without options, is an error.
    pub fn options_under(&self, menu: &str) -> Result<Vec<String>> {
        let is_menu =
            |one: &Dependency| matches!(&one.expression, Expression::Symbol(name) if name == menu);
        let is_option = |symbol: &Symbol| {
            symbol.entry.kind.is_some_and(Kind::is_option) && symbol.depends().any(is_menu)
        };
        let options: Vec<String> = self
            .iter()
            .filter(|(_, entries)| entries.iter().any(is_option))
            .map(|(name, _)| name.to_owned())
            .collect();
        if !self.entries.contains_key(menu) || options.is_empty() {
            return Err(Failure::failed(format!(
                "this kernel tree has no Kconfig menu {menu} with options in it"
            ))
            .help("ask for a menu that it has"));
        }
        Ok(options)
    }

    /// What stands in the way of a symbol, for a message: where it is defined and what it depends on.
    pub fn explain(&self, name: &str) -> String {
        let entries = self.entries(name);
        if entries.is_empty() {
            return "no Kconfig file of this tree and architecture defines it".to_owned();
        }
        let texts = entries.iter().map(|symbol| {
            let place = &symbol.entry.place;
            match symbol.depends().next() {
                None => format!("defined in {place}"),
                Some(_) => format!("defined in {place}, depends on {}", symbol.dependency()),
            }
        });
        texts.collect::<Vec<_>>().join("; ")
    }
}

/// Follows files and blocks.
struct Reader<'a> {
    /// Where sourced files are; none if they are not followed.
    tree: Option<&'a Utf8Path>,
    arch: &'a str,
    symbols: Symbols,
    around: Vec<Dependency>,
    visible: Vec<Dependency>,
    choice: Option<usize>,
}

impl<'a> Reader<'a> {
    fn new(tree: Option<&'a Utf8Path>, arch: &'a str) -> Self {
        Self {
            tree,
            arch,
            symbols: Symbols::default(),
            around: Vec::new(),
            visible: Vec::new(),
            choice: None,
        }
    }

    /// Reads the file `name` (relative to the tree) and what it sources.
    fn source(&mut self, name: &str) -> Result<()> {
        let Some(tree) = self.tree else {
            return Ok(());
        };
        let text = fs_err::read_to_string(tree.join(name))?;
        self.file(&file::parse(&text, name))
    }

    fn file(&mut self, file: &File) -> Result<()> {
        if let Some((place, what)) = file.problems.first() {
            return Err(Failure::failed(format!("{place}: {what}")));
        }
        self.items(&file.items)
    }

    fn items(&mut self, items: &[Item]) -> Result<()> {
        for item in items {
            match item {
                Item::Entry(entry) => self.entry(entry),
                Item::Block(block) => self.block(block)?,
                Item::Source(written, place) => self.sourced(written, place)?,
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry) {
        if let Some(choice) = self.choice.and_then(|at| self.symbols.choices.get_mut(at)) {
            choice.symbols.push(entry.name.clone());
        }
        let entries = self.symbols.entries.entry(entry.name.clone());
        entries.or_default().push(Symbol {
            entry: entry.clone(),
            around: self.around.clone(),
            visible: self.visible.clone(),
            choice: self.choice,
        });
    }

    fn block(&mut self, block: &Block) -> Result<()> {
        let outer = (self.around.len(), self.visible.len(), self.choice);
        self.around.extend(block.entry.depends.iter().cloned());
        self.visible.extend(block.visible.iter().cloned());
        if block.origin == Origin::Choice {
            self.choice = Some(self.symbols.choices.len());
            self.symbols.choices.push(Choice {
                entry: block.entry.clone(),
                symbols: Vec::new(),
            });
        }
        self.items(&block.items)?;
        self.around.truncate(outer.0);
        self.visible.truncate(outer.1);
        self.choice = outer.2;
        Ok(())
    }

    fn sourced(&mut self, written: &str, place: &Place) -> Result<()> {
        let name = self.name(written);
        self.source(&name)
            .map_err(|failure| Failure::failed(format!("{place} sources {name}")).because(failure))
    }

    /// The name of a sourced file, with the variables that Kconfig files use in one.
    fn name(&self, written: &str) -> String {
        // scripts/Makefile: HEADER_ARCH is what SRCARCH is, but for User Mode Linux, which takes x86's.
        let headers = if self.arch == "um" { "x86" } else { self.arch };
        written
            .replace("$(SRCARCH)", self.arch)
            .replace("$(HEADER_ARCH)", headers)
            .replace("$(srctree)/", "")
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
\t  config NOT_A_SYMBOL \\
\t  if unsure, say N. \\

if TESTS
config ONE
\tbool \"one\" if !ALL
config NUMBER
\tint \"number\"
\trange 1 9 if ALL
endif

config OUTSIDE
\ttristate \"outside if # not\" if ALL # comment
\tdefault y \\
\t\tif ONE || \\
\t\tTWO
\timply ONE if NUMBER > 3
comment \"no symbol\"
\tdepends on NEVER
config TWO
\ttristate \"two\"
\tdepends on TESTS
menu \"Menu\"
\tdepends on A || B
\tvisible if EXPERT
choice
\tprompt \"which\"
\tdepends on C
config LEFT
\tbool \"left\"
\tdepends on D if E
config RIGHT
\tbool \"right\"
endchoice
endmenu
config LAST
\tbool
";

    fn symbols() -> Symbols {
        Symbols::of_text(TEXT, "lib/Kconfig").unwrap()
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
        let explained = symbols().explain("NOT_A_SYMBOL");
        assert!(explained.starts_with("no Kconfig file"), "{explained}");
        assert_eq!(
            symbols().explain("TESTS"),
            "defined in lib/Kconfig:1, depends on KUNIT && RUST"
        );
    }

    #[test]
    fn everything_around_an_entry_is_kept_with_its_line() {
        let symbols = symbols();
        let left = &symbols.entries("LEFT")[0];
        let lines = |list: Vec<&Dependency>| -> Vec<String> {
            let lines = list
                .iter()
                .map(|one| format!("{} {:?}: {}", one.place, one.origin, one.expression));
            lines.collect()
        };
        assert_eq!(
            lines(left.depends().collect()),
            [
                "lib/Kconfig:28 Menu: A || B",
                "lib/Kconfig:32 Choice: C",
                "lib/Kconfig:35 Entry: !E || D"
            ]
        );
        assert_eq!(
            lines(left.visible.iter().collect()),
            ["lib/Kconfig:29 Menu: EXPERT"]
        );
        assert_eq!(left.dependency().to_string(), "(A || B) && C && (!E || D)");
        let choice = symbols.choice(left.choice.unwrap()).unwrap();
        assert_eq!(choice.symbols, ["LEFT", "RIGHT"]);
        assert_eq!(choice.entry.prompt.as_ref().unwrap().value, "which");
        let last = &symbols.entries("LAST")[0];
        assert!(last.around.is_empty() && last.visible.is_empty() && last.choice.is_none());
    }

    #[test]
    fn comments_strings_and_continued_lines_are_told_apart() {
        let symbols = symbols();
        let outside = &symbols.entries("OUTSIDE")[0].entry;
        assert!(outside.depends.is_empty(), "a comment's belong to nobody");
        let prompt = outside.prompt.as_ref().unwrap();
        assert_eq!(prompt.value, "outside if # not");
        assert_eq!(prompt.condition.as_ref().unwrap().to_string(), "ALL");
        let default = &outside.defaults[0];
        assert_eq!(
            default.condition.as_ref().unwrap().to_string(),
            "ONE || TWO"
        );
        let (by, imply) = symbols.implies_of("ONE").next().unwrap();
        assert_eq!(by, "OUTSIDE");
        assert_eq!(imply.condition.as_ref().unwrap().to_string(), "NUMBER > 3");
        let range = &symbols.entries("NUMBER")[0].entry.ranges[0];
        assert_eq!(range.value, ("1".to_owned(), "9".to_owned()));
    }

    #[test]
    fn blocks_that_do_not_fit_are_errors_with_file_and_line() {
        for (text, wanted) in [
            ("menu \"m\"\nconfig A\n\tbool\n", "K:1: an `if`, menu"),
            ("config A\n\tbool\nendif\n", "K:3: `endif` ends nothing"),
            (
                "if A\nendmenu\n",
                "K:2: `endmenu` does not end what K:1 begins",
            ),
        ] {
            let failure = Symbols::of_text(text, "K").unwrap_err();
            assert!(failure.what.starts_with(wanted), "{}", failure.what);
        }
    }
}
