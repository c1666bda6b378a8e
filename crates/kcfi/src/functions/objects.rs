//! The trait objects by which methods are called, and what methods tell of their associated types.

use std::sync::Arc;

use gateless_llvm::{Function, Module};
use gateless_model::{Failure, Result};

use super::read;
use super::role::Role;
use crate::brackets::{as_type, split};
use crate::order;
use crate::text::{self, Lifetimes};
use crate::ty::{Arg, Named, Path, Predicate, Region, Type};
use crate::world::{InDebug, World};

/// How a method is called by those who know its trait alone.
pub(super) struct Dispatched {
    /// The method's trait.
    pub(super) of: Named,
    /// The trait object.
    pub(super) object: Type,
    /// Whether it takes that itself.
    pub(super) by_value: bool,
    /// The type of `self`, as the trait writes it.
    pub(super) receiver: Option<String>,
}

/// How a method is called through a trait object, if it can be.
pub(super) fn object(
    world: &World,
    head: &str,
    name: &str,
    output: &Type,
) -> Result<Option<Dispatched>> {
    let of = trait_of(world, head)?;
    let item = world.item(&of.path, true)?;
    let method = item
        .in_trait
        .as_ref()
        .and_then(|own| own.methods.iter().find(|method| method.name == name));
    let Some(method) = method else {
        return Ok(None);
    };
    if !method.dispatchable
        || world.wants_sized(&of.path.krate.name, method)
        || !world.is_dyn_compatible(&of.path)?
    {
        return Ok(None);
    }
    let dispatched = |object: Type| {
        Some(Dispatched {
            of: of.clone(),
            object,
            by_value: method.by_value,
            receiver: method.receiver.clone(),
        })
    };
    let associated = world.associated(&of)?;
    if associated.is_empty() {
        let object = Type::Dyn {
            predicates: vec![Predicate::Trait(of.clone())],
            region: Region::Erased,
        };
        return Ok(dispatched(object));
    }
    let mut terms = Vec::new();
    for (owner, wanted) in associated {
        let term = told(output, &method.output, &wanted)
            .or_else(|| world.told(head, &owner, &wanted).cloned());
        terms.push(term.map(|term| Predicate::Projection {
            of: owner,
            name: wanted,
            term,
        }));
    }
    if let Some(mut projections) = terms.into_iter().collect::<Option<Vec<_>>>() {
        order::projections(&mut projections);
        let mut predicates = vec![Predicate::Trait(of.clone())];
        predicates.extend(projections);
        let object = Type::Dyn {
            predicates,
            region: Region::Erased,
        };
        return Ok(dispatched(object));
    }
    // Of the objects that are made of the trait.
    let mut objects = world.objects(&of).into_iter().map(without_autos);
    let first = objects.next();
    match (first, objects.next()) {
        (Some(object), None) => Ok(dispatched(object)),
        (None, _) => Err(Failure::failed(format!(
            "the associated types of {head} are not known"
        ))),
        _ => Err(Failure::failed(format!(
            "several trait objects have the trait of {head}"
        ))),
    }
}

/// The associated types that a method tells by what it returns.
pub(crate) fn told_by(
    world: &World,
    function: Function<'_>,
) -> Result<Vec<((String, Arc<Path>, String), Type)>> {
    let Role::Method { head, name, .. } = Role::of(&function.name()?) else {
        return Ok(Vec::new());
    };
    let of = trait_of(world, &head)?;
    let item = world.item(&of.path, true)?;
    let method = item
        .in_trait
        .as_ref()
        .and_then(|own| own.methods.iter().find(|method| method.name == name));
    let (Some(method), Some(own)) = (method, world.signature(&function.name()?)?) else {
        return Ok(Vec::new());
    };
    let Some(output) = &own.output else {
        return Ok(Vec::new());
    };
    let output = read(world, &output.text)?;
    let associated = world.associated(&of)?.into_iter();
    Ok(associated
        .filter_map(|(owner, wanted)| {
            let ty = told(&output, &method.output, &wanted)?;
            Some(((head.clone(), owner.path, wanted), ty))
        })
        .collect())
}

/// The same without auto traits, which callers' types may have or not.
pub(crate) fn without_autos(ty: Type) -> Type {
    match ty {
        Type::Dyn { predicates, .. } => Type::Dyn {
            predicates: predicates
                .into_iter()
                .filter(|predicate| !matches!(predicate, Predicate::Auto(_)))
                .collect(),
            region: Region::Erased,
        },
        other => other,
    }
}

/// What `Self::wanted` is, where `output` is what a method returns that is written as `written`.
fn told(output: &Type, written: &str, wanted: &str) -> Option<Type> {
    let written = written.trim();
    if written == format!("Self::{wanted}") {
        return Some(output.clone());
    }
    if let Type::Ref { to, .. } = output {
        let referred = written.strip_prefix('&')?.trim_start();
        let referred = match referred.strip_prefix('\'') {
            Some(lifetime) => lifetime.split_once(' ')?.1.trim_start(),
            None => referred,
        };
        let referred = referred.strip_prefix("mut ").unwrap_or(referred);
        return told(to, referred, wanted);
    }
    let inner = written.strip_suffix('>')?.split_once('<')?.1;
    let Type::Adt(named) = output else {
        return None;
    };
    let types: Vec<_> = named
        .args
        .iter()
        .filter_map(|arg| match arg {
            Arg::Type(ty) => Some(ty),
            _ => None,
        })
        .collect();
    let parts = split(inner);
    (parts.len() == types.len())
        .then(|| {
            parts
                .iter()
                .zip(types)
                .find_map(|(part, ty)| told(ty, part, wanted))
        })
        .flatten()
}

/// The trait in `<TYPE as TRAIT>`; the type need not be one that can be told.
pub(crate) fn trait_of(world: &World, head: &str) -> Result<Named> {
    let inner = &head[1..head.len() - 1];
    let (own, text) =
        as_type(inner).ok_or_else(|| Failure::failed(format!("{head} names no trait")))?;
    let own = text::ty(own, Lifetimes::Written, &InDebug(world)).ok();
    text::trait_named(text, Lifetimes::Written, &InDebug(world), own.as_ref())
}

/// Keeps what the methods of a module tell of associated types.
pub(crate) fn hear(world: &mut World, module: &Module) -> Result<()> {
    for function in module.functions()? {
        // What cannot be told is missed where it is needed.
        if !function.is_declaration()?
            && let Ok(told) = told_by(world, function)
        {
            world.keep_told(told);
        }
    }
    Ok(())
}
