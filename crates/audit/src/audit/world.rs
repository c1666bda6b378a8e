//! What is known about the conditions of a tree: the compiler's version, the symbols' definitions, a configuration.

use std::collections::BTreeSet;

use gateless_linux::DotConfig;
use gateless_linux::condition::{Atom, Condition};

use crate::finding::Place;
use crate::kconfig::Kconfig;
use crate::scan::Scan;

/// Names that rustc sets by itself in an ordinary build.
const ORDINARY: [&str; 8] = [
    "unix",
    "debug_assertions",
    "overflow_checks",
    "panic",
    "proc_macro",
    "relocation_model",
    "ub_checks",
    "sanitize",
];

/// Names that rustc or a test tool sets in special builds only.
const SPECIAL: [&str; 8] = [
    "test", "doc", "doctest", "miri", "kani", "loom", "windows", "fuzzing",
];

/// The top makefile asks in which phase it runs (`need-sub-make`, `mixed-build`, ...). Its own variables are lower-case, and not set when it builds.
fn phase(text: &str) -> Option<bool> {
    let name = text.split(" is ").next()?;
    let name = name
        .trim_start_matches(['$', '(', '{'])
        .trim_end_matches([')', '}']);
    let is_own = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    (text.contains(" is ") && is_own).then_some(false)
}

/// Everything that decides conditions.
pub struct World<'s> {
    kconfig: &'s Kconfig,
    rustc: u32,
    /// Symbols that are set in the configuration at hand, if there is one.
    configuration: Option<&'s DotConfig>,
    build_cfgs: BTreeSet<&'s str>,
    goal_cfgs: BTreeSet<&'s str>,
}

impl<'s> World<'s> {
    /// For a scanned tree, a compiler (`109500`) and a configuration.
    pub fn new(scan: &'s Scan, rustc: u32, configuration: Option<&'s DotConfig>) -> Self {
        let of = |build: bool| {
            scan.cfgs
                .iter()
                .filter(|cfg| matches!(cfg.place, Place::Build) == build)
                .map(|cfg| cfg.cfg.as_str())
                .collect()
        };
        Self {
            kconfig: &scan.kconfig,
            rustc,
            configuration,
            build_cfgs: of(true),
            goal_cfgs: of(false),
        }
    }

    /// The architecture of the configuration at hand: that of the symbol which is set and selects `HAVE_RUST`. User Mode Linux sets its own
    /// symbol beside that of the machine it imitates.
    pub fn architecture(&self) -> Option<&'s str> {
        let configuration = self.configuration?;
        let selecting = &self.kconfig.symbols.get("HAVE_RUST")?.selected_by;
        let set: Vec<&str> = selecting
            .iter()
            .filter(|(symbol, _)| configuration.is_set(symbol))
            .filter_map(|(_, arch)| arch.as_deref())
            .collect();
        set.iter()
            .find(|arch| **arch == "um")
            .or(set.first())
            .copied()
    }

    /// What is left of a condition in a build of the kernel.
    pub fn in_build(&self, condition: &Condition) -> Condition {
        let left = condition.simplify(&|atom| self.decide(atom, None));
        if self.excludes_rust(&left) {
            Condition::Never
        } else {
            left
        }
    }

    /// Whether the kernel can't have Rust where a condition holds (`RUST depends on !KASAN_SW_TAGS || RUSTC_VERSION >= 109600`).
    fn excludes_rust(&self, condition: &Condition) -> bool {
        let Some(rust) = self.kconfig.symbols.get("RUST") else {
            return false;
        };
        let together = match condition {
            Condition::All(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let given = |atom: &Atom| {
            let is_given = together.contains(&Condition::Atom(atom.clone()));
            is_given.then_some(true).or(match atom {
                Atom::Rustc(code) => Some(self.rustc >= *code),
                _ => None,
            })
        };
        let depends = rust
            .depends
            .iter()
            .map(|condition| condition.simplify(&given))
            .fold(Condition::Never, Condition::or);
        !rust.depends.is_empty() && depends == Condition::Never
    }

    /// What is left of it when `make GOAL` runs (`rustdoc` and its like document, `rusttest` and its like test).
    pub fn in_goal(&self, condition: &Condition, goal: &str) -> Condition {
        condition.simplify(&|atom| self.decide(atom, Some(goal)))
    }

    fn decide(&self, atom: &Atom, goal: Option<&str>) -> Option<bool> {
        match atom {
            Atom::Rustc(code) => Some(self.rustc >= *code),
            Atom::Config(name) => self.symbol(name),
            Atom::Cfg(cfg) => self.cfg(cfg, goal),
            Atom::Expanded => None,
            Atom::Other(text) => phase(text),
        }
    }

    fn symbol(&self, name: &str) -> Option<bool> {
        if let Some(configuration) = self.configuration {
            return Some(configuration.is_set(name));
        }
        if self.kconfig.symbols.is_empty() {
            return None;
        }
        // Without it there is no Rust at all.
        if name == "RUST" {
            return Some(true);
        }
        self.kconfig.value(name, self.rustc)
    }

    fn cfg(&self, cfg: &str, goal: Option<&str>) -> Option<bool> {
        let name = cfg.split('=').next().unwrap_or_default();
        if name.starts_with("target_") || ORDINARY.contains(&name) {
            return None;
        }
        if SPECIAL.contains(&name) {
            return Some(match goal {
                Some(goal) if goal.contains("doc") => name == "doc",
                Some(goal) if goal.contains("test") => name == "test",
                _ => false,
            });
        }
        if self.build_cfgs.is_empty() && self.goal_cfgs.is_empty() {
            // No makefile says what is passed.
            return None;
        }
        let passed =
            self.build_cfgs.contains(cfg) || (goal.is_some() && self.goal_cfgs.contains(cfg));
        if passed { None } else { Some(false) }
    }
}
