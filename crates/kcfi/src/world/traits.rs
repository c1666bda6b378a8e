//! Traits: what is above them, what they have, and whether there are trait objects of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gateless_model::{Failure, Result};

use super::World;
use super::names::{InDebug, InTrait};
use crate::sources::{Item, Method, Trait};
use crate::text::{self, Lifetimes};
use crate::ty::{Arg, Named, Path, Predicate, Type};

impl World {
    /// What a parameter is if nothing is said.
    pub(super) fn default(
        &self,
        of: &Arc<Path>,
        number: usize,
        given: &[Arg],
        own: Option<&Type>,
    ) -> Result<Arg> {
        let item = match self.item(of, true) {
            Ok(item) => item,
            Err(_) => self.item(of, false)?,
        };
        let missing = || Failure::failed(format!("an argument of {of} is missing"));
        let parameter = item.parameters.get(number).ok_or_else(missing)?;
        let default = parameter.default.clone().ok_or_else(missing)?;
        if let Some(constant) = parameter.constant {
            let ty = self.parameters(&item)?.constants.get(constant).cloned();
            let is_plain =
                default.parse::<i128>().is_ok() || ["true", "false"].contains(&default.as_str());
            return match ty.filter(|_| is_plain) {
                Some(ty) => Ok(Arg::Const(ty, default)),
                None => Err(missing()),
            };
        }
        let given = given.iter().filter_map(|arg| match arg {
            Arg::Type(ty) => Some(ty.clone()),
            _ => None,
        });
        let mut types: HashMap<String, Type> = item.types.iter().cloned().zip(given).collect();
        types.extend(own.map(|own| ("Self".to_owned(), own.clone())));
        let names = InTrait {
            world: self,
            krate: &of.krate.name,
            types,
        };
        text::ty(&default, Lifetimes::Written, &names).map(Arg::Type)
    }

    /// The traits directly above one, with their arguments.
    pub(crate) fn supertraits(&self, of: &Named) -> Result<Vec<Named>> {
        self.above(of, |own| &own.supertraits)
    }

    /// The traits of some of its bounds.
    fn above(&self, of: &Named, bounds: impl Fn(&Trait) -> &[String]) -> Result<Vec<Named>> {
        let item = self.item(&of.path, true)?;
        let Some(own) = &item.in_trait else {
            return Ok(Vec::new());
        };
        let names = InTrait {
            world: self,
            krate: &of.path.krate.name,
            types: arguments(&item, of),
        };
        let mut found = Vec::new();
        for bound in bounds(own) {
            let bound = unconst(bound);
            if bound.starts_with(['\'', '?']) {
                continue;
            }
            found.push(text::trait_named(bound, Lifetimes::Written, &names, None)?);
        }
        Ok(found)
    }

    /// Whether `dyn` can be written before a trait.
    pub(crate) fn is_dyn_compatible(&self, of: &Path) -> Result<bool> {
        let item = self.item(of, true)?;
        let Some(own) = &item.in_trait else {
            return Ok(false);
        };
        if own.has_constants
            || own
                .methods
                .iter()
                .any(|method| !method.dispatchable && !self.wants_sized(&of.krate.name, method))
        {
            return Ok(false);
        }
        for bound in &own.supertraits {
            let bound = unconst(bound);
            if bound.starts_with(['\'', '?']) {
                continue;
            }
            let names = bound_path(bound);
            if names.last() == Some(&"Sized") || bound.contains("Self") {
                return Ok(false);
            }
            let path = self.visible(&of.krate.name, &names, true)?;
            let above = self.item(&path, true)?;
            // `PartialEq` alone is `PartialEq<Self>`.
            if !bound.contains('<') && !above.types.is_empty() {
                return Ok(false);
            }
            if !self.is_dyn_compatible(&path)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a method of a trait of that crate is only for a sized `Self`, which no trait object is.
    pub(crate) fn wants_sized(&self, krate: &str, method: &Method) -> bool {
        let mut open: Vec<(String, String)> = method
            .wants
            .iter()
            .map(|bound| (krate.to_owned(), bound.clone()))
            .collect();
        let mut seen = HashSet::new();
        while let Some((krate, bound)) = open.pop() {
            let names = bound_path(&bound);
            if names.last() == Some(&"Sized") {
                return true;
            }
            if let Ok(path) = self.visible(&krate, &names, true)
                && seen.insert(path.clone())
                && let Ok(item) = self.item(&path, true)
            {
                let above = item.in_trait.into_iter().flat_map(|own| own.supertraits);
                open.extend(above.map(|bound| (path.krate.name.clone(), bound)));
            }
        }
        false
    }

    /// The trait that declares an associated type, and the trait itself or one above.
    pub(super) fn owner(&self, of: &Named, name: &str) -> Result<Named> {
        let mut open = vec![of.clone()];
        while let Some(next) = open.pop() {
            let item = self.item(&next.path, true)?;
            if let Some(own) = &item.in_trait
                && own.associated.iter().any(|own| own == name)
            {
                return Ok(next);
            }
            open.extend(self.supertraits(&next)?);
        }
        Err(Failure::failed(format!(
            "no trait above {} has an associated type {name}",
            of.path
        )))
    }

    /// Whether a trait is the one of a trait object or above it.
    pub(crate) fn is_above(&self, predicates: &[Predicate], of: &Named) -> Result<bool> {
        let Some(Predicate::Trait(own)) = predicates.first() else {
            return Ok(false);
        };
        let (mut open, mut seen) = (vec![own.clone()], Vec::new());
        while let Some(next) = open.pop() {
            if next.path == of.path {
                return Ok(true);
            }
            if !seen.contains(&next.path) {
                open.extend(self.supertraits(&next)?);
                open.extend(self.above(&next, |own| &own.added)?);
                seen.push(next.path);
            }
        }
        Ok(false)
    }

    /// Whether it is one of the traits whose method takes the parts of a tuple.
    pub(crate) fn is_function_trait(&self, of: &Named) -> bool {
        let mut names = of.path.segments.iter().map(|segment| segment.name.as_str());
        of.path.krate.name == "core"
            && names.next() == Some("ops")
            && names.next() == Some("function")
    }

    /// Whether a method of a trait is told where it was called from.
    pub(crate) fn tracks_caller(&self, of: &Named, name: &str) -> Result<bool> {
        let item = self.item(&of.path, true)?;
        let mut methods = item.in_trait.iter().flat_map(|own| &own.methods);
        Ok(methods.any(|method| method.name == name && method.track_caller))
    }

    /// The associated types of a trait and of those above it, each with the trait that has it.
    pub(crate) fn associated(&self, of: &Named) -> Result<Vec<(Named, String)>> {
        let (mut open, mut found) = (vec![of.clone()], Vec::new());
        let mut seen = Vec::new();
        while let Some(next) = open.pop() {
            if seen.contains(&next) {
                continue;
            }
            seen.push(next.clone());
            let item = self.item(&next.path, true)?;
            if let Some(own) = &item.in_trait {
                found.extend(
                    own.associated
                        .iter()
                        .map(|name| (next.clone(), name.clone())),
                );
            }
            open.extend(self.supertraits(&next)?);
        }
        Ok(found)
    }

    /// The trait objects of a trait that debug information names.
    pub(crate) fn objects(&self, of: &Named) -> Vec<Type> {
        let mut found: Vec<Type> = Vec::new();
        for text in &self.types.texts {
            let inner = text.trim_start_matches(['&', '*', '(']);
            let inner = ["const ", "mut "]
                .iter()
                .find_map(|word| inner.strip_prefix(word))
                .unwrap_or(inner)
                .trim_start_matches('(');
            if !inner.starts_with("dyn ") || !inner.contains(of.path.name()) {
                continue;
            }
            let Ok(mut ty) = text::ty(text, Lifetimes::Elided, &InDebug(self)) else {
                continue;
            };
            while let Type::Ref { to, .. } | Type::Pointer { to, .. } = ty {
                ty = *to;
            }
            if let Type::Dyn { predicates, .. } = &ty
                && predicates.first() == Some(&Predicate::Trait(of.clone()))
                && !found.contains(&ty)
            {
                found.push(ty);
            }
        }
        found
    }
}

/// What the type parameters of a definition are, by their names.
pub(super) fn arguments(item: &Item, of: &Named) -> HashMap<String, Type> {
    let given = of.args.iter().filter_map(|arg| match arg {
        Arg::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    item.types.iter().cloned().zip(given).collect()
}

/// A bound without what it says of constants.
fn unconst(bound: &str) -> &str {
    let bound = bound.trim();
    ["[const]", "~const", "const "]
        .iter()
        .find_map(|word| bound.strip_prefix(word))
        .unwrap_or(bound)
        .trim()
}

/// The path of the trait in a bound, as far as it names modules.
fn bound_path(bound: &str) -> Vec<&str> {
    let bound = unconst(bound);
    let path = bound.split(['<', '(']).next().unwrap_or(bound);
    path.split("::")
        .map(str::trim)
        .filter(|name| !["", "crate", "self", "super"].contains(name))
        .collect()
}
