//! Associated types that only an `impl` block tells.

use std::collections::HashMap;

use gateless_model::{Failure, Result};

use super::World;
use super::names::InTrait;
use crate::show::show;
use crate::text::{self, Lifetimes};
use crate::ty::{Named, Type};

impl World {
    /// What the associated type `name` of the trait `of` is for a type: what an `impl` block without parameters says, which is in the crate of the type
    /// or of the trait.
    pub(super) fn projected(&self, ty: &Type, of: &Named, name: &str) -> Result<Type> {
        let unknown = |why: &str| {
            Failure::failed(format!(
                "what <{} as {}>::{name} is was not told: {why}",
                show(ty),
                of.path
            ))
        };
        let Type::Adt(own) = ty else {
            return Err(unknown("it is no type with a name"));
        };
        let crates = [&own.path.krate.name, &of.path.krate.name];
        let mut found: Vec<Type> = Vec::new();
        for (krate, block) in self.sources.impls(of.path.name()) {
            let said = block.associated.iter().find(|(own, _)| own == name);
            let Some((_, said)) = said.filter(|_| crates.contains(&krate)) else {
                continue;
            };
            let names = |types| InTrait {
                world: self,
                krate,
                types,
            };
            let free = names(HashMap::new());
            let read = text::ty(&block.of_type, Lifetimes::Written, &free);
            if block.is_generic {
                // It is for many types, this one perhaps among them.
                if block.of_type.contains(own.path.name()) || read.is_err() {
                    return Err(unknown("an impl block has parameters"));
                }
                continue;
            }
            if !block.of_type.contains(own.path.name()) || read? != *ty {
                continue;
            }
            let trait_named =
                text::trait_named(&block.of_trait, Lifetimes::Written, &free, Some(ty))?;
            if trait_named != *of {
                continue;
            }
            let own = names(HashMap::from([("Self".to_owned(), ty.clone())]));
            let said = text::ty(said, Lifetimes::Written, &own)?;
            if !found.contains(&said) {
                found.push(said);
            }
        }
        match &found[..] {
            [only] => Ok(only.clone()),
            [] => Err(unknown("no impl block says it")),
            _ => Err(unknown("several impl blocks say it")),
        }
    }
}
