//! Which targets a makefile of Kbuild makes when, hence what a command or a source is for.

use std::collections::BTreeMap;

use gateless_linux::condition::Condition;
use gateless_linux::makefile::words::{name_condition, words};
use gateless_linux::makefile::{Makefile, Rule, Statement};
use gateless_linux::path::clean;

use crate::finding::Place;

/// Lists of Kbuild whose words are made: the part of the name before the first `-`.
const LISTS: [&str; 7] = [
    "obj",
    "always",
    "lib",
    "hostprogs",
    "extra",
    "userprogs",
    "core",
];

/// Extensions of pattern rules that a build uses by itself.
const BUILT: [&str; 7] = ["o", "ko", "rs", "a", "so", "c", "h"];

/// A source that a makefile compiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// File, relative to the tree.
    pub file: String,
    /// When.
    pub condition: Condition,
    /// For what.
    pub place: Place,
    /// Whether the examples in its comments are compiled, too.
    pub examples: bool,
}

/// Who a text of a makefile belongs to.
pub enum Owner<'m> {
    /// A variable.
    Variable(&'m str),
    /// A rule, or the variable of some targets.
    Targets(&'m str),
}

/// What a makefile wants made.
#[derive(Debug, Default)]
pub struct Goals {
    /// By name without `$(obj)/`.
    made: BTreeMap<String, Condition>,
    /// Targets of the rules that run `cmd_NAME`, by NAME.
    commands: BTreeMap<String, Vec<String>>,
}

/// Collects the lists and the commands of a makefile.
pub fn collect(made: &Makefile) -> Goals {
    let mut goals = Goals::default();
    for (condition, statement) in &made.statements {
        match statement {
            Statement::Assignment(a) if a.targets.is_none() && is_list(&a.name) => {
                for word in words(&a.value.text) {
                    let when = condition
                        .clone()
                        .and(name_condition(&a.name))
                        .and(word.condition.clone());
                    goals.add(&word.text, when);
                }
            }
            Statement::Rule(rule) => {
                for name in commands(&rule.recipe.text) {
                    let targets = goals.commands.entry(name).or_default();
                    targets.push(rule.targets.clone());
                }
            }
            _ => {}
        }
    }
    goals.composites(made);
    goals.nested_commands(made);
    goals
}

fn is_list(name: &str) -> bool {
    let first = name.split('-').next().unwrap_or_default();
    LISTS.contains(&first) && (name.contains('-') || matches!(first, "hostprogs" | "userprogs"))
}

/// `X` of every `$(call if_changed,X)`, `$(call cmd,X)` and the like.
fn commands(recipe: &str) -> Vec<String> {
    recipe
        .split("$(call ")
        .skip(1)
        .filter_map(|part| {
            let (function, rest) = part.split_once(',')?;
            let is_command = function.starts_with("if_changed") || function.starts_with("cmd");
            is_command.then(|| {
                rest.split([')', ','])
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned()
            })
        })
        .collect()
}

fn bare(target: &str) -> &str {
    target
        .trim()
        .trim_start_matches("$(obj)/")
        .trim_start_matches("$(objtree)/")
}

impl Goals {
    fn add(&mut self, name: &str, when: Condition) {
        let slot = self
            .made
            .entry(bare(name).to_owned())
            .or_insert(Condition::Never);
        *slot = slot.clone().or(when);
    }

    /// Members of `foo-y := a.o b.o`, and of programs, get the condition of what they are part of.
    fn composites(&mut self, made: &Makefile) {
        for (condition, statement) in &made.statements {
            let Statement::Assignment(a) = statement else {
                continue;
            };
            let Some((stem, part)) = a.name.rsplit_once('-') else {
                continue;
            };
            let whole = self
                .made
                .get(&format!("{stem}.o"))
                .or_else(|| self.made.get(stem))
                .cloned();
            let Some(whole) = whole.filter(|_| a.targets.is_none()) else {
                continue;
            };
            if part == "rust" {
                self.add(&format!("{stem}.o"), whole);
                continue;
            }
            if !(matches!(part, "y" | "objs") || part.starts_with("$(CONFIG_")) {
                continue;
            }
            for word in words(&a.value.text) {
                let when = whole
                    .clone()
                    .and(condition.clone())
                    .and(name_condition(&a.name))
                    .and(word.condition.clone());
                self.add(&word.text, when);
            }
        }
    }

    /// `define rule_X` that runs `cmd_Y`: the targets of X are those of Y as well.
    fn nested_commands(&mut self, made: &Makefile) {
        for (_, statement) in &made.statements {
            let Statement::Assignment(a) = statement else {
                continue;
            };
            let Some(name) = a.name.strip_prefix("rule_") else {
                continue;
            };
            let targets = self.commands.get(name).cloned().unwrap_or_default();
            for inner in commands(&a.value.text) {
                self.commands
                    .entry(inner)
                    .or_default()
                    .extend(targets.clone());
            }
        }
    }

    /// What a text of `owner` is for, and when.
    pub fn place(&self, owner: &Owner<'_>, text: &str) -> (Place, Condition) {
        match owner {
            Owner::Targets(targets) => self.of_targets(targets),
            Owner::Variable(_) if text.contains("$(call try-run,") => {
                (Place::Probe, Condition::Always)
            }
            Owner::Variable(name) => {
                let command = name
                    .strip_prefix("cmd_")
                    .and_then(|name| self.commands.get(name));
                match command {
                    Some(rules) => rules
                        .iter()
                        .map(|targets| self.of_targets(targets))
                        .reduce(better)
                        .unwrap_or((Place::Build, Condition::Always)),
                    None => (Place::Build, Condition::Always),
                }
            }
        }
    }

    fn of_targets(&self, targets: &str) -> (Place, Condition) {
        targets
            .split_whitespace()
            .map(|target| self.of_target(target))
            .reduce(better)
            .unwrap_or((Place::Build, Condition::Always))
    }

    fn of_target(&self, target: &str) -> (Place, Condition) {
        let name = bare(target);
        if let Some(condition) = self.made.get(name) {
            return (Place::Build, condition.clone());
        }
        if let Some((_, tail)) = name.split_once('%') {
            let known = self.made.iter().find(|(made, _)| {
                !tail.is_empty() && tail.starts_with('/') && made.ends_with(&tail[1..])
            });
            if let Some((_, condition)) = known {
                return (Place::Build, condition.clone());
            }
            let extension = tail.rsplit('.').next().unwrap_or_default();
            if !tail.contains('.') || BUILT.contains(&extension) {
                return (Place::Build, Condition::Always);
            }
            return (
                Place::Goal(format!(".{extension} files")),
                Condition::Always,
            );
        }
        let is_phony = !target.contains(['/', '.', '$', '%']);
        if is_phony {
            return (Place::Goal(format!("make {target}")), Condition::Always);
        }
        (Place::Build, Condition::Always)
    }

    /// The Rust sources that the makefile `file` compiles.
    pub fn roots(&self, made: &Makefile, file: &str) -> Vec<Root> {
        let dir = file.rsplit_once('/').map_or("", |(dir, _)| dir);
        let mut roots = Vec::new();
        for (name, condition) in &self.made {
            if let Some(stem) = name.strip_suffix(".o") {
                roots.push(Root {
                    file: clean(&format!("{dir}/{stem}.rs")),
                    condition: condition.clone(),
                    place: Place::Build,
                    examples: false,
                });
            }
        }
        for (condition, statement) in &made.statements {
            if let Statement::Rule(rule) = statement {
                roots.extend(self.rule_roots(rule, dir, condition, made));
            }
        }
        roots
    }

    fn rule_roots(
        &self,
        rule: &Rule,
        dir: &str,
        condition: &Condition,
        made: &Makefile,
    ) -> Vec<Root> {
        let (place, when) = self.of_targets(&rule.targets);
        let examples = commands(&rule.recipe.text)
            .iter()
            .any(|command| runs_examples(made, command));
        rule.prerequisites
            .split_whitespace()
            .filter(|word| word.ends_with(".rs") && !word.contains('%'))
            .filter_map(|word| word.strip_prefix("$(src)/"))
            .map(|path| Root {
                file: clean(&format!("{dir}/{path}")),
                condition: condition.clone().and(when.clone()),
                place: place.clone(),
                examples,
            })
            .collect()
    }
}

/// Whether `cmd_NAME` has rustdoc compile examples.
fn runs_examples(made: &Makefile, name: &str) -> bool {
    made.statements.iter().any(|(_, statement)| {
        matches!(statement, Statement::Assignment(a) if a.name == format!("cmd_{name}")
            && a.value.text.contains("$(RUSTDOC)")
            && a.value.text.contains("--test"))
    })
}

/// The one of two that asks for less.
fn better(one: (Place, Condition), other: (Place, Condition)) -> (Place, Condition) {
    match (&one.0, &other.0) {
        (Place::Build, Place::Build) => (Place::Build, one.1.or(other.1)),
        (Place::Build, _) => one,
        (_, Place::Build) => other,
        _ => one,
    }
}
