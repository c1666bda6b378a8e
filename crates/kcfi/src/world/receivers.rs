//! Receivers that are pointers of their own (`self: Arc<Self>`), as a caller passes them that knows the trait alone.

use std::collections::HashMap;

use gateless_model::{Failure, Result};

use super::World;
use super::names::InTrait;
use super::traits::arguments;
use crate::show::show;
use crate::text::{self, Lifetimes};
use crate::ty::{Named, Type};

impl World {
    /// The receiver of a method as its trait writes it.
    pub(crate) fn receiver_of(&self, of: &Named, name: &str) -> Result<String> {
        let item = self.item(&of.path, true)?;
        let mut methods = item.in_trait.into_iter().flat_map(|own| own.methods);
        let method = methods.find(|method| method.name == name);
        method.and_then(|method| method.receiver).ok_or_else(|| {
            Failure::failed(format!(
                "{}::{name} does not write its receiver out",
                of.path
            ))
        })
    }

    /// What is passed for a receiver that the trait `of` writes as `written`: the pointer in it, to what has the trait object `object` in place of `own`.
    /// Debug information says that it is `described` for `own`.
    ///
    /// rustc looks for the pointer field by field (`make_thin_self_ptr`, compiler/rustc_ty_utils/src/abi.rs). Both types are followed at once: of `own`
    /// debug information says which field that is, and that names in the sources mean what they are taken for.
    pub(crate) fn receiver(
        &self,
        of: &Named,
        (written, described): (&str, &str),
        own: &Type,
        object: &Type,
    ) -> Result<Type> {
        let item = self.item(&of.path, true)?;
        let read = |krate: &str, types: HashMap<String, Type>, text: &str| {
            let names = InTrait {
                world: self,
                krate,
                types,
            };
            text::ty(text, Lifetimes::Written, &names)
        };
        let of_self = |ty: &Type| {
            let mut types = arguments(&item, of);
            types.insert("Self".to_owned(), ty.clone());
            read(&of.path.krate.name, types, written)
        };
        let (mut known, mut wanted) = (of_self(own)?, of_self(object)?);
        let mut described = described.to_owned();
        loop {
            if show(&known) != described {
                return Err(Failure::failed(format!(
                    "a receiver is {described}, which is not what {written} is taken for: {}",
                    show(&known)
                )));
            }
            let (Type::Adt(concrete), Type::Adt(named)) = (&known, &wanted) else {
                break;
            };
            let fields = self.types.fields.get(&described).ok_or_else(|| {
                Failure::failed(format!("debug information has no fields of {described}"))
            })?;
            let mut sized = (0..fields.len()).filter(|at| fields[*at].size != Some(0));
            let (Some(at), None) = (sized.next(), sized.next()) else {
                return Err(Failure::failed(format!(
                    "the receiver {described} has several fields, or none"
                )));
            };
            let item = self.item(&named.path, false)?;
            let text = item
                .fields
                .get(at)
                .filter(|_| item.fields.len() == fields.len());
            let text = text.ok_or_else(|| {
                Failure::failed(format!("the sources have no fields of {}", named.path))
            })?;
            let krate = &named.path.krate.name;
            let inner = read(krate, arguments(&item, named), text)?;
            known = read(krate, arguments(&item, concrete), text)?;
            described = fields[at].text.clone();
            wanted = inner;
        }
        match wanted {
            Type::Ref { .. } | Type::Pointer { .. } => Ok(wanted),
            other => Err(Failure::failed(format!(
                "there is no pointer in the receiver {written}, but {}",
                show(&other)
            ))),
        }
    }
}
