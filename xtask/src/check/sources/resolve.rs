//! Which module has what a path names.

use std::collections::BTreeSet;

use super::{Crate, Named};

/// More steps from alias to alias than any sensible source has; `use a::b; use b::a` ends here.
const STEPS: usize = 16;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A module of this crate.
    Module(usize),
    /// Something that a module of this crate defines.
    Item(usize),
    /// Nothing of this crate.
    Elsewhere,
}

impl Crate {
    /// What `named`, written in module `at`, leads to.
    pub fn resolve(&self, at: usize, named: &Named) -> Target {
        if named.global {
            return Target::Elsewhere;
        }
        self.follow(at, &named.segments, STEPS)
    }

    /// Crates that are named in paths and imports; anything that is no name of this crate's is among them.
    pub fn others(&self, test: bool) -> BTreeSet<&str> {
        let mut others = BTreeSet::new();
        for (at, module) in self.modules.iter().enumerate() {
            let imports = module.imports.iter().map(|import| &import.named);
            for named in imports.chain(&module.paths) {
                let Some(first) = named.segments.first() else {
                    continue;
                };
                let known = !named.global
                    && self.lookup(at, first, STEPS).unwrap_or(Target::Elsewhere)
                        != Target::Elsewhere;
                if !known && (test || !named.test) {
                    others.insert(first.as_str());
                }
            }
        }
        others
    }

    fn follow(&self, at: usize, segments: &[String], steps: usize) -> Target {
        let Some(first) = segments.first() else {
            return Target::Module(at);
        };
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(at),
            "super" => self.above(at),
            name => match self.lookup(at, name, steps) {
                Some(target) => target,
                None => return Target::Elsewhere,
            },
        };
        for segment in &segments[1..] {
            let Target::Module(at) = target else {
                return target;
            };
            target = match segment.as_str() {
                "super" => self.above(at),
                "self" => target,
                name => self.lookup(at, name, steps).unwrap_or(Target::Item(at)),
            };
        }
        target
    }

    fn above(&self, at: usize) -> Target {
        Target::Module(self.modules[at].parent.unwrap_or(0))
    }

    /// What `name` is in the module `at`.
    fn lookup(&self, at: usize, name: &str, steps: usize) -> Option<Target> {
        let steps = steps.checked_sub(1)?;
        let module = &self.modules[at];
        if let Some(child) = module.children.get(name) {
            return Some(Target::Module(*child));
        }
        if module.items.contains(name) {
            return Some(Target::Item(at));
        }
        let import = |import: &&super::Import| import.name.as_deref() == Some(name);
        if let Some(import) = module.imports.iter().find(import) {
            if import.named.global {
                return Some(Target::Elsewhere);
            }
            return Some(self.follow(at, &import.named.segments, steps));
        }
        let globs = module.imports.iter().filter(|import| import.name.is_none());
        globs
            .filter_map(|glob| match self.follow(at, &glob.named.segments, steps) {
                Target::Module(from) if from != at => self.lookup(from, name, steps),
                _ => None,
            })
            .find(|target| *target != Target::Elsewhere)
    }
}
