//! What names mean in debug information, in the text of a trait, and in MIR.

use std::collections::HashMap;
use std::sync::Arc;

use gateless_model::Result;

use super::World;
use crate::text::{self, Meaning, Names};
use crate::ty::{Arg, Named, Path, Type};

/// Names in debug information and in symbols: full paths.
pub(crate) struct InDebug<'w>(pub &'w World);

impl Names for InDebug<'_> {
    fn named(&self, path: &[&str]) -> Result<Meaning> {
        self.0.meaning(self.0.path(path)?)
    }

    fn of_trait(&self, path: &[&str]) -> Result<text::Trait> {
        self.0.of_trait(self.0.path(path)?)
    }

    fn owner(&self, of: &Named, name: &str) -> Result<Named> {
        self.0.owner(of, name)
    }

    fn default(
        &self,
        of: &Arc<Path>,
        number: usize,
        given: &[Arg],
        own: Option<&Type>,
    ) -> Result<Arg> {
        self.0.default(of, number, given, own)
    }

    fn projection(&self, ty: Type, of: Named, name: &str) -> Result<Type> {
        self.0.projected(&ty, &of, name)
    }
}

/// Names in a trait's own text.
pub(super) struct InTrait<'w> {
    pub(super) world: &'w World,
    pub(super) krate: &'w str,
    /// What its type parameters are.
    pub(super) types: HashMap<String, Type>,
}

impl Names for InTrait<'_> {
    fn named(&self, path: &[&str]) -> Result<Meaning> {
        if let [name] = path
            && let Some(ty) = self.types.get(*name)
        {
            return Ok(Meaning::Type(ty.clone()));
        }
        let path = named_modules(path);
        self.world
            .meaning(self.world.visible(self.krate, &path, false)?)
    }

    fn of_trait(&self, path: &[&str]) -> Result<text::Trait> {
        let path = named_modules(path);
        self.world
            .of_trait(self.world.visible(self.krate, &path, true)?)
    }

    fn owner(&self, of: &Named, name: &str) -> Result<Named> {
        self.world.owner(of, name)
    }

    fn default(
        &self,
        of: &Arc<Path>,
        number: usize,
        given: &[Arg],
        own: Option<&Type>,
    ) -> Result<Arg> {
        self.world.default(of, number, given, own)
    }

    fn projection(&self, ty: Type, of: Named, name: &str) -> Result<Type> {
        self.world.projected(&ty, &of, name)
    }
}

/// A path without what is relative to its place.
fn named_modules<'a>(path: &[&'a str]) -> Vec<&'a str> {
    path.iter()
        .copied()
        .filter(|name| !["crate", "self", "super"].contains(name))
        .collect()
}

/// Names in MIR: visible paths, and the parameters of the function.
pub(crate) struct InMir<'w> {
    pub world: &'w World,
    /// The crate of the text.
    pub krate: &'w str,
    /// What the function's type parameters are.
    pub types: &'w HashMap<String, Type>,
}

impl Names for InMir<'_> {
    fn named(&self, path: &[&str]) -> Result<Meaning> {
        if let [name] = path
            && let Some(ty) = self.types.get(*name)
        {
            return Ok(Meaning::Type(ty.clone()));
        }
        self.world
            .meaning(self.world.visible(self.krate, path, false)?)
    }

    fn of_trait(&self, path: &[&str]) -> Result<text::Trait> {
        self.world
            .of_trait(self.world.visible(self.krate, path, true)?)
    }

    fn owner(&self, of: &Named, name: &str) -> Result<Named> {
        self.world.owner(of, name)
    }

    fn default(
        &self,
        of: &Arc<Path>,
        number: usize,
        given: &[Arg],
        own: Option<&Type>,
    ) -> Result<Arg> {
        self.world.default(of, number, given, own)
    }

    fn projection(&self, ty: Type, of: Named, name: &str) -> Result<Type> {
        self.world.projected(&ty, &of, name)
    }
}
