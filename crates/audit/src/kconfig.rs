//! Kconfig files, as far as they say for which architectures and compilers a symbol can be set.

use std::collections::{BTreeMap, BTreeSet};

use gateless_linux::condition::{Atom, Condition};
use gateless_linux::kconfig::expression::Expression;
use gateless_linux::kconfig::file::{Dependency, Entry, Item};

/// What the macro calls of a file pass to the compiler, without the file's name.
pub type Macros = Vec<crate::finding::Finding>;

/// One symbol, over all files that define it.
#[derive(Debug, Clone, Default)]
pub struct Symbol {
    /// Architectures whose files define it; `None` stands for a file of no architecture.
    pub defined_in: BTreeSet<Option<String>>,
    /// What it depends on, one per definition.
    pub depends: Vec<Condition>,
    /// Values it gets by itself, each with its condition.
    pub defaults: Vec<Condition>,
    /// Whether a person can set it.
    pub prompt: bool,
    /// Who selects it: the symbol, and the architecture of the file.
    pub selected_by: Vec<(String, Option<String>)>,
}

/// All symbols of a tree.
#[derive(Debug, Clone, Default)]
pub struct Kconfig {
    /// By name, without `CONFIG_`.
    pub symbols: BTreeMap<String, Symbol>,
}

/// A set of architectures; `None` means any.
pub type Architectures = Option<BTreeSet<String>>;

/// How deep dependencies are followed.
const DEPTH: usize = 12;

impl Kconfig {
    /// Adds what one file says, without the files that it sources. `arch` is the architecture the file belongs to, if any.
    pub fn add(&mut self, items: &[Item], arch: Option<&str>) {
        self.items(items, &Condition::Always, arch);
    }

    fn items(&mut self, items: &[Item], around: &Condition, arch: Option<&str>) {
        for item in items {
            match item {
                Item::Entry(entry) => self.entry(entry, around, arch),
                Item::Block(block) => {
                    let around = under(around, &block.entry.depends);
                    self.items(&block.items, &around, arch);
                }
                Item::Source(..) => {}
            }
        }
    }

    fn entry(&mut self, entry: &Entry, around: &Condition, arch: Option<&str>) {
        let symbol = self.symbols.entry(entry.name.clone()).or_default();
        symbol.defined_in.insert(arch.map(str::to_owned));
        symbol.depends.push(under(around, &entry.depends));
        symbol.defaults.extend(entry.defaults.iter().map(|default| {
            let value = Condition::of_expression(&default.value);
            value.and(condition(default.condition.as_ref()))
        }));
        symbol.prompt |= entry.prompt.is_some();
        for select in &entry.selects {
            let selected = self.symbols.entry(select.value.clone()).or_default();
            selected
                .selected_by
                .push((entry.name.clone(), arch.map(str::to_owned)));
        }
    }

    /// Whether the symbol is set, where the compiler's version (`109500`) alone decides it; a symbol that nothing defines is not set.
    pub fn value(&self, name: &str, rustc: u32) -> Option<bool> {
        self.value_at(name, rustc, 0)
    }

    fn value_at(&self, name: &str, rustc: u32, depth: usize) -> Option<bool> {
        let Some(symbol) = self.symbols.get(name).filter(|s| !s.defined_in.is_empty()) else {
            return Some(false);
        };
        if symbol.prompt || !symbol.selected_by.is_empty() || depth > DEPTH {
            return None;
        }
        let decide = |atom: &Atom| match atom {
            Atom::Rustc(code) => Some(rustc >= *code),
            Atom::Config(other) => self.value_at(other, rustc, depth + 1),
            _ => None,
        };
        let value = symbol
            .defaults
            .iter()
            .map(|default| default.simplify(&decide))
            .fold(Condition::Never, Condition::or);
        let depends = symbol
            .depends
            .iter()
            .map(|condition| condition.simplify(&decide))
            .fold(Condition::Never, Condition::or);
        match value.and(depends) {
            Condition::Always => Some(true),
            Condition::Never => Some(false),
            _ => None,
        }
    }

    /// The architectures for which a symbol can be set.
    pub fn architectures(&self, name: &str) -> Architectures {
        self.architectures_at(name, 0)
    }

    /// The architectures for which a condition can hold.
    pub fn architectures_of(&self, condition: &Condition) -> Architectures {
        self.of_condition(condition, 0)
    }

    fn architectures_at(&self, name: &str, depth: usize) -> Architectures {
        let symbol = self.symbols.get(name)?;
        if depth > DEPTH || symbol.defined_in.is_empty() {
            return None;
        }
        let own: Architectures = symbol.defined_in.iter().cloned().collect();
        let depends = symbol
            .depends
            .iter()
            .map(|condition| self.of_condition(condition, depth + 1))
            .reduce(union)
            .flatten();
        let mut found = intersection(own, depends);
        if !symbol.prompt {
            let selected = symbol.selected_by.iter().map(|(by, arch)| match arch {
                Some(arch) => Some(BTreeSet::from([arch.clone()])),
                None => self.architectures_at(by, depth + 1),
            });
            let set = symbol
                .defaults
                .iter()
                .filter(|value| **value != Condition::Never)
                .map(|value| self.of_condition(value, depth + 1))
                .chain(selected)
                .reduce(union)
                .flatten();
            found = intersection(found, set);
        }
        found
    }

    fn of_condition(&self, condition: &Condition, depth: usize) -> Architectures {
        match condition {
            Condition::Atom(Atom::Config(name)) => self.architectures_at(name, depth),
            Condition::Atom(Atom::Other(text)) => named_arch(text),
            Condition::All(list) => list
                .iter()
                .map(|item| self.of_condition(item, depth))
                .fold(None, intersection),
            Condition::Any(list) => list
                .iter()
                .map(|item| self.of_condition(item, depth))
                .reduce(union)
                .flatten(),
            Condition::Never => Some(BTreeSet::new()),
            _ => None,
        }
    }
}

fn under(around: &Condition, depends: &[Dependency]) -> Condition {
    depends
        .iter()
        .map(|one| Condition::of_expression(&one.expression))
        .fold(around.clone(), Condition::and)
}

fn condition(expression: Option<&Expression>) -> Condition {
    expression.map_or(Condition::Always, Condition::of_expression)
}

/// `$(ARCH) is um` and the like.
fn named_arch(text: &str) -> Architectures {
    let (left, right) = text.split_once(" is ")?;
    matches!(left, "$(ARCH)" | "$(SRCARCH)" | "$(SUBARCH)").then(|| match right {
        "x86_64" | "i386" => BTreeSet::from(["x86".to_owned()]),
        other => BTreeSet::from([other.to_owned()]),
    })
}

/// Both at once.
pub fn intersection(one: Architectures, other: Architectures) -> Architectures {
    match (one, other) {
        (None, set) | (set, None) => set,
        (Some(one), Some(other)) => Some(one.intersection(&other).cloned().collect()),
    }
}

fn union(one: Architectures, other: Architectures) -> Architectures {
    Some(one?.union(&other?).cloned().collect())
}

/// The architecture that a file of a kernel tree belongs to (`arch/x86/um` and `Makefile.um` belong to `um`).
pub fn arch_of_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("arch/")?;
    let (arch, inner) = rest.split_once('/')?;
    if inner.starts_with("um/") || inner.starts_with("Makefile.um") {
        return Some("um");
    }
    Some(arch)
}

#[cfg(test)]
mod tests {
    use gateless_linux::kconfig::file::parse;

    use super::*;

    fn tree() -> Kconfig {
        let mut kconfig = Kconfig::default();
        for (arch, text) in [
            (
                Some("x86"),
                "config X86\n\tdef_bool y\n\tselect HAVE_K\n\nconfig IBT\n\tbool \"ibt\"\n",
            ),
            (
                Some("arm64"),
                "config ARM64\n\tdef_bool y\n\tselect HAVE_K if FOO\n\tselect HAVE_S\n",
            ),
            (
                None,
                "config HAVE_K\n\tbool\nconfig HAVE_S\n\tbool\nif HAVE_K\nconfig K\n\tbool \"k\"\n\thelp\n\t  config NOT_ONE\n\nconfig KS\n\tbool \"ks\"\n\tdepends on HAVE_S || \\\n\t  HAVE_NOTHING\nendif\nconfig NEW\n\tdef_bool RUSTC_VERSION >= 109000\nconfig BOTH\n\tdef_bool NEW && !OLD\nconfig WIDE\n\tdef_bool y\n\tdepends on !K\nconfig OLD\n\tdef_bool RUSTC_VERSION < 108500\n",
            ),
        ] {
            kconfig.add(&parse(text, "Kconfig").items, arch);
        }
        kconfig
    }

    #[test]
    fn architectures_follow_dependencies_and_selects() {
        let kconfig = tree();
        let archs = |name: &str| {
            kconfig
                .architectures(name)
                .map(|set| set.into_iter().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(archs("IBT").as_deref(), Some("x86"));
        assert_eq!(archs("K").as_deref(), Some("arm64 x86"));
        assert_eq!(archs("HAVE_S").as_deref(), Some("arm64"));
        assert_eq!(archs("NEW"), None);
        assert!(!kconfig.symbols.contains_key("NOT_ONE"));
    }

    #[test]
    fn the_compilers_version_decides_some_symbols() {
        let kconfig = tree();
        assert_eq!(kconfig.value("NEW", 109_500), Some(true));
        assert_eq!(kconfig.value("NEW", 108_500), Some(false));
        assert_eq!(kconfig.value("BOTH", 109_500), Some(true));
        assert_eq!(kconfig.value("K", 109_500), None);
        assert_eq!(kconfig.value("WIDE", 109_500), None);
        assert_eq!(kconfig.value("NO_SUCH_SYMBOL", 109_500), Some(false));
    }
}
