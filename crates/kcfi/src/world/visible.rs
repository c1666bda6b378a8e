//! Which definition a path means that goes by what is visible, as MIR has it.

use std::collections::BTreeSet;
use std::sync::Arc;

use gateless_model::{Failure, Result};

use super::World;
use crate::sources::Kind;
use crate::ty::Path;

impl World {
    /// The definition that `path` means in `local`, where it may go by modules that only pass a name on.
    pub(super) fn visible(&self, local: &str, path: &[&str], is_trait: bool) -> Result<Arc<Path>> {
        let (krate, rest) = match path {
            [first, rest @ ..] if !rest.is_empty() && self.crates.contains_key(*first) => {
                (*first, rest)
            }
            all => (local, all),
        };
        let [modules @ .., last] = rest else {
            return Err(Failure::failed("an empty path"));
        };
        let mut exact = vec![krate];
        exact.extend(rest);
        let mut found = self.candidates(krate, last, is_trait);
        if found
            .iter()
            .any(|path| path.iter().map(String::as_str).eq(exact.iter().copied()))
        {
            return self.path(&exact);
        }
        found.retain(|path| is_within(modules, &path[1..path.len() - 1]));
        if found.is_empty()
            && let [passed_on, _, ..] = rest
            && self.crates.contains_key(*passed_on)
            && *passed_on != krate
        {
            return self.visible(krate, rest, is_trait);
        }
        if found.is_empty() {
            // A name that is used nowhere else goes without its path, and one crate may pass on the names of another.
            for krate in self.crates.keys() {
                found.extend(self.candidates(krate, last, is_trait));
            }
            found.retain(|path| is_within(modules, &path[1..path.len() - 1]));
        }
        let seen: Vec<_> = found
            .iter()
            .filter(|path| self.is_known(path))
            .cloned()
            .collect();
        let found: Vec<_> = match seen.is_empty() {
            true => found.into_iter().collect(),
            false => seen,
        };
        match &found[..] {
            [only] => self.path(&only.iter().map(String::as_str).collect::<Vec<_>>()),
            [] => Err(Failure::failed(format!(
                "what {} means in {local} is not known",
                path.join("::")
            ))),
            several => Err(Failure::failed(format!(
                "{} can mean {} in {local}",
                path.join("::"),
                several
                    .iter()
                    .map(|path| path.join("::"))
                    .collect::<Vec<_>>()
                    .join(" or ")
            ))),
        }
    }

    pub(super) fn candidates(
        &self,
        krate: &str,
        last: &str,
        is_trait: bool,
    ) -> BTreeSet<Vec<String>> {
        let key = (krate.to_owned(), last.to_owned());
        let mut found = BTreeSet::new();
        for item in self.sources.named(krate, last) {
            if (item.kind == Kind::Trait) == is_trait {
                let mut path = vec![krate.to_owned()];
                path.extend(item.modules.iter().cloned());
                path.push(last.to_owned());
                found.insert(path);
            }
        }
        // A definition may be elsewhere than its file says: then only one can be meant.
        let known = self.paths.get(&key).into_iter().flatten();
        let elsewhere: Vec<_> = known.filter(|path| !found.contains(*path)).collect();
        if let (1, [only]) = (found.len(), &elsewhere[..])
            && !found.iter().any(|path| self.is_known(path))
        {
            return BTreeSet::from([(*only).clone()]);
        }
        found
    }

    /// Whether a path is named in debug information.
    pub(super) fn is_known(&self, path: &[String]) -> bool {
        let [krate, .., last] = path else {
            return false;
        };
        let known = self.paths.get(&(krate.clone(), last.clone()));
        known.is_some_and(|known| known.contains(path))
    }
}

/// Whether the names of `part` are in `whole` in this order.
fn is_within(part: &[&str], whole: &[String]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|name| rest.any(|other| other == name))
}
