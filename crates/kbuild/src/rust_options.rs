//! Every option about Rust that a tree has: what has to be asked for so that it is on, and what became of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::DotConfig;
use gateless_linux::kconfig::Symbols;
use gateless_linux::kconfig::expression::Tri;
use gateless_linux::kconfig::reach::{Obstacle, Search, Wishes};
use gateless_linux::kconfig::rust::options_of_sources;
use gateless_model::Result;

/// The options about Rust, and what was found for each.
#[derive(Debug, Clone, Default)]
pub struct RustOptions {
    /// By symbol, in order.
    pub all: BTreeMap<String, RustOption>,
    /// What to ask for.
    pub wishes: Wishes,
}

/// One of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RustOption {
    /// Rust sources that makefiles make an object of with this option, relative to the tree.
    pub sources: Vec<Utf8PathBuf>,
    /// Why it was not asked for.
    pub obstacle: Option<Obstacle>,
}

impl RustOptions {
    /// Finds them in the tree's Kconfig files and makefiles, and what each needs; `given` tells the values given by name, which stay.
    pub fn find(
        symbols: &Symbols,
        tree: &Utf8Path,
        source_arch: &str,
        given: &dyn Fn(&str) -> Option<Tri>,
    ) -> Result<Self> {
        let mut found = Self::default();
        for symbol in symbols.needing_rust() {
            found.all.insert(symbol, RustOption::default());
        }
        for (symbol, sources) in options_of_sources(tree, source_arch)? {
            found.all.entry(symbol).or_default().sources = sources.into_iter().collect();
        }
        let search = Search::new(symbols, given);
        for (symbol, option) in &mut found.all {
            option.obstacle = search.add(symbol, &mut found.wishes).err();
        }
        Ok(found)
    }

    /// What became of them in `config` (the text of the resulting .config): the whole list, and a line for each that is off.
    pub fn outcome(&self, config: &str, symbols: &Symbols) -> Outcome {
        let got = DotConfig::parse(config);
        let value = |symbol: &str| got.get(symbol).unwrap_or("n").to_owned();
        let mut outcome = Outcome::default();
        for (symbol, option) in &self.all {
            let _ = write!(outcome.list, "CONFIG_{symbol}={}", value(symbol));
            for source in &option.sources {
                let _ = write!(outcome.list, " {source}");
            }
            outcome.list.push('\n');
            match value(symbol).as_str() {
                "n" => outcome
                    .off
                    .push(self.reason(symbol, option, &value, symbols)),
                "m" => outcome.modules += 1,
                _ => outcome.on += 1,
            }
        }
        for line in &outcome.off {
            let _ = writeln!(outcome.list, "# {line}");
        }
        outcome
    }

    fn reason(
        &self,
        symbol: &str,
        option: &RustOption,
        value: &dyn Fn(&str) -> String,
        symbols: &Symbols,
    ) -> String {
        if let Some(obstacle) = &option.obstacle {
            return format!(
                "CONFIG_{symbol} is off: {obstacle}; {}",
                symbols.explain(symbol)
            );
        }
        let refused: Vec<String> = self
            .wishes
            .asked()
            .filter(|(wished, tri, of)| {
                *of == symbol && *wished != symbol && value(wished) != tri.letter()
            })
            .map(|(wished, tri, _)| format!("CONFIG_{wished}={}", tri.letter()))
            .collect();
        let mut line = format!("CONFIG_{symbol} is off: Kconfig refused it");
        if !refused.is_empty() {
            let _ = write!(line, " and {}, which it needs", refused.join(", "));
        }
        line + "; " + &symbols.explain(symbol)
    }
}

/// What became of the options.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Built in.
    pub on: usize,
    /// Modules.
    pub modules: usize,
    /// One line for each that is off: which, and why.
    pub off: Vec<String>,
    /// All of them, as `CONFIG_X=VALUE SOURCES`, then the lines of `off` as comments.
    pub list: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree with a driver, its bus, a driver for another architecture, and an option that the caller turns off.
    fn tree() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (file, text) in [
            (
                "Kconfig",
                "source \"init/Kconfig\"\nsource \"arch/$(SRCARCH)/Kconfig\"\nmenu \"Drivers\"\n\tdepends on BUS\nsource \"drivers/Kconfig\"\nendmenu\n",
            ),
            (
                "init/Kconfig",
                "config RUST\n\tbool \"r\"\n\tdepends on HAVE_RUST\nconfig HAVE_RUST\n\tbool\nconfig MODULES\n\tbool \"m\"\nconfig BUS\n\tbool \"b\"\n\
                 config RUST_CHECKS\n\tbool \"c\"\n\tdepends on RUST\n",
            ),
            (
                "arch/x86/Kconfig",
                "config X86\n\tdef_bool y\n\tselect HAVE_RUST\n",
            ),
            (
                "drivers/Kconfig",
                "config DRIVER\n\ttristate \"d\"\n\tdepends on RUST\nconfig BOTH\n\ttristate \"e\"\nconfig ELSEWHERE\n\ttristate \"f\"\n\tdepends on RUST && ARM\n",
            ),
            (
                "drivers/Makefile",
                "obj-$(CONFIG_DRIVER) += driver.o\nobj-$(CONFIG_BOTH) += both.o\nobj-$(CONFIG_OTHER) += other.o\n",
            ),
            ("drivers/driver.rs", ""),
            ("drivers/both.rs", ""),
            ("drivers/other.c", ""),
        ] {
            let path = directory.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        directory
    }

    #[test]
    fn every_option_of_a_tree_is_asked_for_or_said_to_be_off_with_the_reason() {
        let directory = tree();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        let symbols = Symbols::read(path, "x86").unwrap();
        let given = |name: &str| (name == "RUST_CHECKS").then_some(Tri::No);
        let found = RustOptions::find(&symbols, path, "x86", &given).unwrap();
        let wishes: Vec<String> = found
            .wishes
            .asked()
            .map(|(symbol, value, _)| format!("{symbol}={}", value.letter()))
            .collect();
        assert_eq!(
            wishes,
            ["BOTH=m", "BUS=y", "DRIVER=m", "MODULES=y", "RUST=y"]
        );
        // As if Kconfig had refused one.
        let outcome = found.outcome("CONFIG_RUST=y\nCONFIG_BOTH=m\n", &symbols);
        assert_eq!((outcome.on, outcome.modules), (1, 1));
        assert_eq!(
            outcome.off,
            [
                "CONFIG_DRIVER is off: Kconfig refused it; defined in drivers/Kconfig:1, depends on BUS && RUST",
                "CONFIG_ELSEWHERE is off: no Kconfig file of this tree and architecture defines ARM; defined in drivers/Kconfig:6, depends on BUS && RUST && ARM",
                "CONFIG_RUST_CHECKS is off: RUST_CHECKS=n was asked for by name; defined in init/Kconfig:10, depends on RUST",
            ]
        );
        assert!(
            outcome
                .list
                .starts_with("CONFIG_BOTH=m drivers/both.rs\nCONFIG_DRIVER=n drivers/driver.rs\n"),
            "{}",
            outcome.list
        );
    }

    #[test]
    fn a_sourced_file_that_is_missing_is_named_with_the_line_that_sources_it() {
        let directory = tree();
        fs_err::remove_file(directory.path().join("drivers/Kconfig")).unwrap();
        let failure =
            Symbols::read(Utf8Path::from_path(directory.path()).unwrap(), "x86").unwrap_err();
        assert_eq!(failure.what, "Kconfig:5 sources drivers/Kconfig");
    }
}
