//! What a makefile says about the Rust compiler: options, features, `cfg`s, and which sources it builds when.

use std::collections::BTreeSet;

use gateless_linux::condition::Condition;
use gateless_linux::lines::Text;
use gateless_linux::makefile::words::{Word, name_condition, words};
use gateless_linux::makefile::{Assignment, Makefile, Rule, Statement};

use crate::finding::{Finding, Place, Problem, Role, Sign};
use crate::makefile::goals::{self, Owner, Root};
use crate::makefile::options;
use crate::rust::conditions::one_line;

/// A `cfg` that is passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedCfg {
    /// `name` or `name="value"`.
    pub cfg: String,
    /// For what.
    pub place: Place,
}

/// What one makefile says.
#[derive(Debug, Default)]
pub struct Facts {
    /// Places.
    pub findings: Vec<Finding>,
    /// Sources.
    pub roots: Vec<Root>,
    /// `cfg`s.
    pub cfgs: Vec<PassedCfg>,
    /// Built-in targets that are named.
    pub targets: Vec<String>,
    /// What make would refuse.
    pub problems: Vec<Problem>,
}

impl Facts {
    /// Everything in it holds only where `condition` does.
    pub fn under(&mut self, condition: &Condition) {
        let findings = self.findings.iter_mut().map(|one| &mut one.condition);
        let roots = self.roots.iter_mut().map(|one| &mut one.condition);
        for own in findings.chain(roots) {
            *own = condition.clone().and(own.clone());
        }
    }
}

/// Names that hold for all makefiles of the tree.
#[derive(Debug, Default)]
pub struct Global {
    /// Variables whose words are names of features (`-Zcrate-attr=feature($(X))`).
    pub feature_variables: BTreeSet<String>,
    /// Variables whose words are `cfg`s.
    pub cfg_variables: BTreeSet<String>,
    /// Functions that turn their argument into `--cfg`s.
    cfg_functions: BTreeSet<String>,
}

impl Global {
    /// Collects from all makefiles.
    pub fn collect<'m>(all: impl Iterator<Item = &'m Makefile> + Clone) -> Self {
        let mut global = Global::default();
        for (_, statement) in all.clone().flat_map(|made| &made.statements) {
            if let Statement::Assignment(a) = statement
                && a.value.text.contains("--cfg")
                && (a.value.text.contains("$1") || a.value.text.contains("$(1)"))
            {
                global.cfg_functions.insert(a.name.clone());
            }
        }
        for (_, statement) in all.flat_map(|made| &made.statements) {
            for text in texts(statement) {
                global.features_in(&text.text);
                global.cfgs_in(&text.text);
            }
        }
        global
    }

    fn features_in(&mut self, text: &str) {
        for part in text.split("feature(").skip(1) {
            let list = part.split(')').next().unwrap_or_default();
            if let Some(name) = list.strip_prefix("$(") {
                self.feature_variables.insert(name.to_owned());
            }
        }
    }

    fn cfgs_in(&mut self, text: &str) {
        for function in &self.cfg_functions {
            for part in text.split(&format!("$(call {function},")).skip(1) {
                if let Some(name) = part.strip_prefix("$(") {
                    let name = name.split(')').next().unwrap_or_default();
                    self.cfg_variables.insert(name.to_owned());
                }
            }
        }
    }
}

fn texts(statement: &Statement) -> Vec<&Text> {
    match statement {
        Statement::Assignment(a) => vec![&a.value],
        Statement::Rule(rule) => vec![&rule.recipe],
        Statement::Export(text) => vec![text],
    }
}

/// Everything that the makefile `file` (relative to the tree) says.
pub fn facts(made: &Makefile, file: &str, global: &Global) -> Facts {
    let goals = goals::collect(made);
    let mut facts = Facts {
        problems: made
            .problems
            .iter()
            .map(|(line, what)| Problem {
                file: file.to_owned(),
                line: *line,
                what: what.clone(),
            })
            .collect(),
        ..Facts::default()
    };
    for (condition, statement) in &made.statements {
        let reader = Reader {
            goals: &goals,
            file,
            global,
            condition,
        };
        match statement {
            Statement::Assignment(assignment) => reader.assignment(assignment, &mut facts),
            Statement::Rule(rule) => reader.rule(rule, &mut facts),
            Statement::Export(names) => reader.export(names, &mut facts),
        }
    }
    facts.roots = goals.roots(made, file);
    facts
}

/// Whether a variable holds options of another tool than rustc, or options that Kbuild takes away (`RUSTFLAGS_REMOVE_x.o`, scripts/Makefile.lib).
fn is_about_others(variable: &str) -> bool {
    let name = variable.to_ascii_lowercase();
    if name.contains("rust") {
        return name.starts_with("rustflags_remove_");
    }
    [
        "cflags", "cppflags", "cxxflags", "aflags", "asflags", "ldflags",
    ]
    .iter()
    .any(|tool| name.contains(tool))
}

struct Reader<'m> {
    goals: &'m goals::Goals,
    file: &'m str,
    global: &'m Global,
    condition: &'m Condition,
}

impl Reader<'_> {
    fn assignment(&self, assignment: &Assignment, facts: &mut Facts) {
        let owner = match &assignment.targets {
            Some(targets) => Owner::Targets(targets),
            None => Owner::Variable(&assignment.name),
        };
        let (place, when) = self.goals.place(&owner, &assignment.value.text);
        let condition = self
            .condition
            .clone()
            .and(name_condition(&assignment.name))
            .and(when);
        let list = words(&assignment.value.text);
        if assignment.name == "RUSTC_BOOTSTRAP" {
            let sign = Sign::Variable(assignment.name.clone());
            let text = format!("RUSTC_BOOTSTRAP := {}", assignment.value.text.trim());
            facts.findings.push(self.finding(
                sign,
                Role::Opens,
                assignment.line,
                text,
                condition.clone(),
                &place,
            ));
        }
        if !is_about_others(&assignment.name) {
            self.text(&assignment.value, &list, &condition, &place, facts);
        }
        if self.global.feature_variables.contains(&assignment.name) {
            for (name, offset) in options::comma_words(&assignment.value.text) {
                let line = assignment.value.line(offset);
                let text = format!(
                    "{} := {}",
                    assignment.name,
                    one_line(&assignment.value.text)
                );
                let sign = Sign::Feature(name.to_owned());
                facts.findings.push(self.finding(
                    sign,
                    Role::Opens,
                    line,
                    text,
                    condition.clone(),
                    &place,
                ));
            }
        }
        if self.global.cfg_variables.contains(&assignment.name) {
            for word in &list {
                facts.cfgs.push(PassedCfg {
                    cfg: options::cfg_name(&word.text),
                    place: place.clone(),
                });
            }
        }
    }

    fn rule(&self, rule: &Rule, facts: &mut Facts) {
        let owner = Owner::Targets(&rule.targets);
        let (place, when) = self.goals.place(&owner, &rule.recipe.text);
        let condition = self.condition.clone().and(when);
        let list = words(&rule.recipe.text);
        self.text(&rule.recipe, &list, &condition, &place, facts);
        for word in rule.prerequisites.split_whitespace() {
            if let Some(id) = options::practice(word) {
                facts.findings.push(self.finding(
                    Sign::Practice(id.to_owned()),
                    Role::Uses,
                    rule.line,
                    format!("{}: {word}", rule.targets),
                    condition.clone(),
                    &place,
                ));
            }
        }
    }

    fn export(&self, names: &Text, facts: &mut Facts) {
        if names
            .text
            .split_whitespace()
            .any(|name| name == "RUSTC_BOOTSTRAP")
        {
            facts.findings.push(self.finding(
                Sign::Variable("RUSTC_BOOTSTRAP".to_owned()),
                Role::Opens,
                names.line(0),
                format!("export {}", one_line(&names.text)),
                self.condition.clone(),
                &Place::Build,
            ));
        }
    }

    fn text(
        &self,
        text: &Text,
        list: &[Word],
        condition: &Condition,
        place: &Place,
        facts: &mut Facts,
    ) {
        for found in options::scan(list, text.text.contains("RUSTDOC")) {
            let word = &list[found.word];
            facts.findings.push(self.finding(
                found.sign,
                found.role,
                text.line(word.offset),
                one_line(&found.shown),
                condition.clone().and(word.condition.clone()),
                place,
            ));
        }
        let targets = list
            .iter()
            .filter_map(|word| word.text.strip_prefix("--target="));
        facts.targets.extend(
            targets
                .filter(|target| !target.contains('$') && !target.ends_with(".json"))
                .map(str::to_owned),
        );
        for cfg in options::cfgs(list) {
            facts.cfgs.push(PassedCfg {
                cfg,
                place: place.clone(),
            });
        }
    }

    fn finding(
        &self,
        sign: Sign,
        role: Role,
        line: usize,
        text: String,
        condition: Condition,
        place: &Place,
    ) -> Finding {
        Finding {
            sign,
            file: self.file.to_owned(),
            line,
            text,
            role,
            condition,
            place: place.clone(),
        }
    }
}
