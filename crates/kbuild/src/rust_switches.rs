//! Every switch about Rust that a tree has: what has to be asked for so that it is on, and what became of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::Result;

use crate::config::values;
use crate::kconfig::Symbols;
use crate::kconfig::expression::Tri;
use crate::kconfig::reach::{Obstacle, Plan, Search};
use crate::kconfig::rust::switches_of_sources;

/// The switches about Rust, and what was found for each.
#[derive(Debug, Clone, Default)]
pub struct RustSwitches {
    /// By symbol, in order.
    pub all: BTreeMap<String, Switch>,
    /// What to ask for.
    pub plan: Plan,
}

/// One of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switch {
    /// Rust sources that makefiles make an object of with this switch, relative to the tree.
    pub sources: Vec<Utf8PathBuf>,
    /// Why it was not asked for.
    pub obstacle: Option<Obstacle>,
}

impl RustSwitches {
    /// Finds them in the tree's Kconfig files and makefiles, and what each needs; `given` tells the values given by name, which stay.
    pub fn find(
        symbols: &Symbols,
        tree: &Utf8Path,
        source_arch: &str,
        given: &dyn Fn(&str) -> Option<Tri>,
    ) -> Result<Self> {
        let mut found = Self::default();
        for symbol in symbols.needing_rust() {
            found.all.insert(symbol, Switch::default());
        }
        for (symbol, sources) in switches_of_sources(tree, source_arch)? {
            found.all.entry(symbol).or_default().sources = sources.into_iter().collect();
        }
        let search = Search::new(symbols, given);
        for (symbol, switch) in &mut found.all {
            switch.obstacle = search.add(symbol, &mut found.plan).err();
        }
        Ok(found)
    }

    /// What became of them in `config` (the text of the resulting .config): the whole list, and a line for each that is off.
    pub fn outcome(&self, config: &str, symbols: &Symbols) -> Outcome {
        let got = values(config);
        let value = |symbol: &str| got.get(symbol).map_or("n", |value| *value).to_owned();
        let mut outcome = Outcome::default();
        for (symbol, switch) in &self.all {
            let _ = write!(outcome.list, "CONFIG_{symbol}={}", value(symbol));
            for source in &switch.sources {
                let _ = write!(outcome.list, " {source}");
            }
            outcome.list.push('\n');
            match value(symbol).as_str() {
                "n" => outcome.off.push(self.reason(symbol, switch, &value, symbols)),
                "m" => outcome.modules += 1,
                _ => outcome.on += 1,
            }
        }
        for line in &outcome.off {
            let _ = writeln!(outcome.list, "# {line}");
        }
        outcome
    }

    fn reason(&self, symbol: &str, switch: &Switch, value: &dyn Fn(&str) -> String, symbols: &Symbols) -> String {
        if let Some(obstacle) = &switch.obstacle {
            return format!("CONFIG_{symbol} is off: {obstacle}; {}", symbols.explain(symbol));
        }
        let refused: Vec<String> = self
            .plan
            .wishes()
            .filter(|(wished, tri, of)| *of == symbol && *wished != symbol && value(wished) != tri.letter())
            .map(|(wished, tri, _)| format!("CONFIG_{wished}={}", tri.letter()))
            .collect();
        let mut line = format!("CONFIG_{symbol} is off: Kconfig refused it");
        if !refused.is_empty() {
            let _ = write!(line, " and {}, which it needs", refused.join(", "));
        }
        line + "; " + &symbols.explain(symbol)
    }
}

/// What became of the switches.
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
