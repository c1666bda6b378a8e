//! Directories that Kbuild descends into, and when: `obj-$(CONFIG_X) += directory/` holds for all that the directory's makefile makes.

use std::collections::{BTreeMap, BTreeSet};

use crate::condition::{Atom, Condition};
use crate::makefile::words::{name_condition, words};
use crate::makefile::{Assignment, Makefile, Statement};
use crate::path::clean;

/// Lists whose directories are named from the makefile's own directory (scripts/Kbuild.include and Makefile.build).
const OWN: [&str; 2] = ["obj", "subdir"];

/// Lists of the top and the architectures' makefiles, whose directories are named from the top of the tree.
const TOP: [&str; 4] = ["core", "drivers", "libs", "virt"];

/// References to the top of the tree or of the build directory.
const HERE: [&str; 3] = ["$(objtree)/", "$(srctree)/", "./"];

/// Who descends into a directory: the makefile, and when.
type Parents<'m> = BTreeMap<String, Vec<(&'m str, Condition)>>;

/// What is known about a tree's directories.
#[derive(Default)]
struct Directories<'m> {
    parents: Parents<'m>,
    /// What stands before the first and behind the last reference in directories that only make can name.
    patterns: BTreeSet<(String, String)>,
    /// Makefiles that Kbuild reads when it descends, by their directories.
    read: BTreeMap<&'m str, &'m str>,
}

/// When Kbuild reads each makefile, by its path. Those that it does not descend to are not there; nor are those that it always reads, and those
/// of directories that a makefile may name by a variable.
pub fn conditions(makefiles: &[(String, Makefile)]) -> BTreeMap<String, Condition> {
    let mut directories = Directories::default();
    for (path, _) in makefiles {
        let (dir, name) = split(path);
        // A `Kbuild` file goes before a `Makefile`.
        if name == "Kbuild" || (name == "Makefile" && !directories.read.contains_key(dir)) {
            directories.read.insert(dir, path);
        }
    }
    for (path, made) in makefiles {
        directories.collect(path, made);
    }
    let mut found = BTreeMap::new();
    let mut known = BTreeMap::new();
    for (dir, path) in &directories.read {
        let condition = directories.when(dir, &mut known);
        if condition != Condition::Always {
            found.insert((*path).to_owned(), condition);
        }
    }
    found
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// A condition without what nobody can decide (in which phase the top makefile is): that restricts nothing.
fn decidable(condition: &Condition) -> Condition {
    match condition {
        Condition::All(list) => list
            .iter()
            .map(decidable)
            .fold(Condition::Always, Condition::and),
        Condition::Any(list) => list
            .iter()
            .map(decidable)
            .fold(Condition::Never, Condition::or),
        one if one
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Other(_))) =>
        {
            Condition::Always
        }
        one => one.clone(),
    }
}

impl<'m> Directories<'m> {
    fn collect(&mut self, path: &'m str, made: &'m Makefile) {
        for (condition, statement) in &made.statements {
            match statement {
                Statement::Assignment(a) => {
                    self.list(path, condition, a);
                    self.builds(path, &a.value.text);
                }
                Statement::Rule(rule) => self.builds(path, &rule.recipe.text),
                Statement::Export(_) => {}
            }
        }
    }

    /// The directories in a list.
    fn list(&mut self, path: &'m str, condition: &Condition, a: &Assignment) {
        let is_list = |last: &str| matches!(last, "y" | "m") || last.starts_with("$(");
        let Some((list, _)) = a
            .name
            .split_once('-')
            .filter(|(_, last)| a.targets.is_none() && is_list(last))
        else {
            return;
        };
        let base = match list {
            list if OWN.contains(&list) => split(path).0,
            list if TOP.contains(&list) => "",
            _ => return,
        };
        for word in words(&a.value.text) {
            if word.text.ends_with('/') || list == "subdir" {
                let when = condition
                    .clone()
                    .and(name_condition(&a.name))
                    .and(word.condition);
                self.add(path, &format!("{base}/{}", word.text), when);
            }
        }
    }

    /// `$(MAKE) $(build)=DIRECTORY`: read whenever the phase or the goal comes that the rule is for.
    fn builds(&mut self, path: &'m str, text: &str) {
        for rest in text.split("$(build)=").skip(1) {
            let directory = rest.split_whitespace().next().unwrap_or_default();
            self.add(path, directory, Condition::Always);
        }
    }

    fn add(&mut self, path: &'m str, directory: &str, when: Condition) {
        let directory = HERE
            .iter()
            .find_map(|here| directory.trim_start_matches('/').strip_prefix(here))
            .unwrap_or(directory);
        if let (Some(first), Some(last)) = (directory.find('$'), directory.rfind(')')) {
            let before = directory[..first].trim_start_matches('/').to_owned();
            let after = directory[last + 1..].trim_end_matches('/').to_owned();
            // A reference alone is how make passes on what the lists have named.
            if !(before.is_empty() && after.is_empty()) {
                self.patterns.insert((before, after));
            }
            return;
        }
        let directory = clean(directory.trim_matches('/'));
        self.parents
            .entry(directory)
            .or_default()
            .push((path, decidable(&when)));
    }

    /// When Kbuild descends into a directory. A way that leads in a circle adds nothing to the others.
    fn when(&self, dir: &str, known: &mut BTreeMap<String, Condition>) -> Condition {
        if let Some(condition) = known.get(dir) {
            return condition.clone();
        }
        // Behind a known directory, a variable stands for one name.
        let by_variable = |(before, after): &(String, String)| {
            dir.strip_prefix(before.as_str())
                .and_then(|rest| rest.strip_suffix(after.as_str()))
                .is_some_and(|name| before.is_empty() || !name.contains('/'))
        };
        let parents = match self.parents.get(dir) {
            Some(parents) if !self.patterns.iter().any(by_variable) => parents,
            _ => return Condition::Always,
        };
        known.insert(dir.to_owned(), Condition::Never);
        let when = parents
            .iter()
            .map(|(path, condition)| {
                let own = split(path).0;
                let above = match self.read.get(own) {
                    Some(read) if read == path && !own.is_empty() => self.when(own, known),
                    _ => Condition::Always,
                };
                above.and(condition.clone())
            })
            .fold(Condition::Never, Condition::or);
        // Only circles lead here: then nothing is known.
        let when = match when {
            Condition::Never => Condition::Always,
            when => when,
        };
        known.insert(dir.to_owned(), when.clone());
        when
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::makefile::parse;

    #[test]
    fn a_directory_has_the_conditions_of_all_ways_into_it() {
        let files = [
            (
                "Kbuild",
                "obj-y += drivers/\nobj-$(CONFIG_S) += samples/\nobj-y += arch/$(SRCARCH)/\n",
            ),
            (
                "Makefile",
                "prepare:\n\t$(MAKE) $(build)=rust\ncore-$(CONFIG_C) += late/\n",
            ),
            ("arch/x86/Kbuild", "obj-$(CONFIG_KVM) += kvm/\n"),
            ("arch/x86/Makefile", "libs-$(CONFIG_L) += arch/x86/lib/\n"),
            ("arch/x86/kvm/Makefile", ""),
            ("arch/x86/lib/Makefile", ""),
            (
                "drivers/Makefile",
                "ifdef CONFIG_A\nobj-$(CONFIG_B) += one/\nendif\nobj-$(CONFIG_D) += two/ loop/\n",
            ),
            (
                "drivers/loop/Makefile",
                "obj-$(CONFIG_E) += ../two/ ../loop/\n",
            ),
            ("drivers/one/Makefile", "subdir-$(CONFIG_F) := deep\n"),
            ("drivers/one/deep/Makefile", ""),
            ("drivers/two/Makefile", ""),
            ("late/Makefile", ""),
            ("rust/Makefile", ""),
            ("samples/Kbuild", ""),
            ("samples/Makefile", ""),
            ("tools/Makefile", "obj-y += x.o\n"),
        ];
        let parsed: Vec<_> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), parse(text)))
            .collect();
        let found: Vec<String> = conditions(&parsed)
            .iter()
            .map(|(path, condition)| format!("{path}: {condition}"))
            .collect();
        expect_test::expect![[r#"
            arch/x86/kvm/Makefile: CONFIG_KVM
            arch/x86/lib/Makefile: CONFIG_L
            drivers/loop/Makefile: CONFIG_D
            drivers/one/Makefile: CONFIG_A && CONFIG_B
            drivers/one/deep/Makefile: CONFIG_A && CONFIG_B && CONFIG_F
            drivers/two/Makefile: CONFIG_D || (CONFIG_D && CONFIG_E)
            late/Makefile: CONFIG_C
            samples/Kbuild: CONFIG_S"#]]
        .assert_eq(&found.join("\n"));
    }
}
