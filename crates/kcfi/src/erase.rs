//! Lifetimes that a signature binds, erased: what a caller has when it has chosen them.

use crate::ty::{Arg, FnPointer, Named, Predicate, Region, Type};

/// The signature for some lifetimes, none of which count any more.
pub(crate) fn chosen(signature: &FnPointer) -> FnPointer {
    pointer(signature, 0)
}

/// A type that stands directly under a `for<...>`, the same way.
pub(crate) fn unbound(ty: &Type) -> Type {
    erased(ty, 0)
}

fn pointer(own: &FnPointer, level: u32) -> FnPointer {
    FnPointer {
        abi: own.abi.clone(),
        is_unsafe: own.is_unsafe,
        inputs: own.inputs.iter().map(|ty| erased(ty, level)).collect(),
        variadic: own.variadic,
        output: erased(&own.output, level),
    }
}

fn region(region: Region, level: u32) -> Region {
    match region {
        Region::Bound { depth, .. } if depth == level => Region::Erased,
        other => other,
    }
}

fn erased(ty: &Type, level: u32) -> Type {
    let boxed = |ty: &Type| Box::new(erased(ty, level));
    match ty {
        Type::Tuple(parts) => Type::Tuple(parts.iter().map(|ty| erased(ty, level)).collect()),
        Type::Array(element, length) => Type::Array(boxed(element), length.clone()),
        Type::Slice(element) => Type::Slice(boxed(element)),
        Type::Ref {
            region: own,
            mutable,
            to,
        } => Type::Ref {
            region: region(*own, level),
            mutable: *mutable,
            to: boxed(to),
        },
        Type::Pointer { mutable, to } => Type::Pointer {
            mutable: *mutable,
            to: boxed(to),
        },
        Type::Function(inner) => Type::Function(Box::new(pointer(inner, level + 1))),
        Type::Dyn {
            predicates,
            region: own,
        } => Type::Dyn {
            predicates: predicates
                .iter()
                .map(|own| predicate(own, level + 1))
                .collect(),
            region: region(*own, level),
        },
        Type::Adt(own) => Type::Adt(named(own, level)),
        Type::Bool
        | Type::Char
        | Type::Str
        | Type::Never
        | Type::Integer(_)
        | Type::Float(_)
        | Type::Pattern(..)
        | Type::Foreign(_) => ty.clone(),
    }
}

fn named(own: &Named, level: u32) -> Named {
    let args = own.args.iter().map(|arg| match arg {
        Arg::Region(own) => Arg::Region(region(*own, level)),
        Arg::Type(ty) => Arg::Type(erased(ty, level)),
        Arg::Const(..) => arg.clone(),
    });
    Named {
        path: own.path.clone(),
        args: args.collect(),
    }
}

fn predicate(own: &Predicate, level: u32) -> Predicate {
    match own {
        Predicate::Trait(of) => Predicate::Trait(named(of, level)),
        Predicate::Projection { of, name, term } => Predicate::Projection {
            of: named(of, level),
            name: name.clone(),
            term: erased(term, level),
        },
        Predicate::Auto(path) => Predicate::Auto(path.clone()),
    }
}
