//! The types of what MIR's blocks call.

use gateless_model::{Failure, Result};

use crate::brackets::{as_type, matching};
use crate::dispatched;
use crate::erase;
use crate::functions::drop_glue;
use crate::mir::{Callee, Terminator};
use crate::order;
use crate::places::Places;
use crate::show::show;
use crate::text::{self, Lifetimes};
use crate::ty::{Arg, FnPointer, Named, Predicate, Region, Type};
use crate::world::World;

/// The type of what the end of a block calls, if it calls something whose address it has.
pub(super) fn called(
    world: &World,
    places: &Places<'_>,
    end: &Terminator,
) -> Result<Option<FnPointer>> {
    match end {
        Terminator::Other => Ok(None),
        Terminator::Drop(place) => match places.place(place) {
            Ok(Type::Dyn { .. }) => drop_glue(world).map(Some),
            Ok(_) => Ok(None),
            // What has no type that can be told is no trait object.
            Err(_) => Ok(None),
        },
        Terminator::Call {
            callee: Callee::Place(place),
            ..
        } => match places.place(place)? {
            Type::Function(pointer) => {
                let mut signature = erase::chosen(&pointer);
                if let Some(second) = signature.inputs.get(1).cloned() {
                    dispatched::mark(&mut signature.inputs, &second);
                }
                signature.inputs.retain(|ty| !world.is_empty(ty));
                Ok(Some(signature))
            }
            other => Err(Failure::failed(format!(
                "{} is called, which is no function pointer",
                show(&other)
            ))),
        },
        Terminator::Call {
            destination,
            callee: Callee::Path(path),
            arguments,
        } => method(world, places, destination, path, arguments),
    }
}

/// The type of `<dyn TRAIT as TRAIT>::METHOD`.
fn method(
    world: &World,
    places: &Places<'_>,
    destination: &str,
    path: &str,
    arguments: &[String],
) -> Result<Option<FnPointer>> {
    if !path.starts_with('<') {
        return Ok(None);
    }
    let close = matching(path, 0).ok_or_else(|| Failure::failed(format!("{path} has no `>`")))?;
    let head = &path[..=close];
    let Some((ty, _)) = as_type(&head[1..close]) else {
        return Ok(None);
    };
    // Only of a trait object, or of a parameter that may be one.
    let is_object = ty.starts_with("dyn ") || ty.starts_with("(dyn ");
    let predicates = match places.read(ty) {
        Ok(Type::Dyn { predicates, .. }) => predicates,
        Ok(_) => return Ok(None),
        Err(failure) if is_object => return Err(failure),
        Err(_) => return Ok(None),
    };
    let (_, of) = text::qualified_self(head, Lifetimes::Written, places.names)?;
    let Some(of) = of else {
        return Ok(None);
    };
    if !world.is_above(&predicates, &of)? {
        return Ok(None);
    }
    let name = path[close + 1..].trim_start_matches("::");
    let name = name.split("::").next().unwrap_or(name);
    let mut inputs = Vec::new();
    for (at, operand) in arguments.iter().enumerate() {
        inputs.push(match places.operand(operand) {
            Err(_) if at == 0 => by_reference(world, &of, name, &predicates)?,
            ty => ty?,
        });
    }
    let output = places.place(destination)?;
    virtual_call(world, &predicates, &of, name, inputs, output, true).map(Some)
}

/// The receiver of a method that takes a reference, where the operand does not tell it, such as a constant of a trait.
fn by_reference(world: &World, of: &Named, name: &str, predicates: &[Predicate]) -> Result<Type> {
    let written = world.receiver_of(of, name)?;
    let mutable = match written.as_str() {
        "&Self" => false,
        "&mut Self" => true,
        _ => {
            return Err(Failure::failed(format!(
                "what is passed for {written} to {name} is not known"
            )));
        }
    };
    Ok(Type::Ref {
        region: Region::Erased,
        mutable,
        to: Box::new(Type::Dyn {
            predicates: predicates.to_vec(),
            region: Region::Erased,
        }),
    })
}

/// The type of a method of `of` that is called through a trait object with `predicates`.
pub(super) fn virtual_call(
    world: &World,
    predicates: &[Predicate],
    of: &Named,
    name: &str,
    inputs: Vec<Type>,
    output: Type,
    is_tupled: bool,
) -> Result<FnPointer> {
    let mut object = vec![Predicate::Trait(of.clone())];
    let mut projections = Vec::new();
    for (owner, wanted) in world.associated(of)? {
        let term = predicates.iter().find_map(|predicate| match predicate {
            Predicate::Projection { of, name, term }
                if *name == wanted && of.path == owner.path =>
            {
                Some(erase::unbound(term))
            }
            _ => None,
        });
        projections.push(Predicate::Projection {
            term: term
                .ok_or_else(|| Failure::failed(format!("{}::{wanted} is not told", owner.path)))?,
            of: owner,
            name: wanted,
        });
    }
    order::projections(&mut projections);
    object.extend(projections);
    let object = Type::Dyn {
        predicates: object,
        region: Region::Erased,
    };
    let mut inputs = inputs.into_iter();
    let receiver = match inputs.next() {
        Some(Type::Ref {
            region, mutable, ..
        }) => Type::Ref {
            region,
            mutable,
            to: Box::new(object),
        },
        Some(Type::Pointer { mutable, .. }) => Type::Pointer {
            mutable,
            to: Box::new(object),
        },
        Some(Type::Dyn { .. }) => Type::Pointer {
            mutable: true,
            to: Box::new(object),
        },
        Some(ty @ Type::Adt(_)) => {
            let known = Type::Dyn {
                predicates: predicates.to_vec(),
                region: Region::Erased,
            };
            let written = world.receiver_of(of, name)?;
            world.receiver(of, (&written, &show(&ty)), &known, &object)?
        }
        other => {
            return Err(Failure::failed(format!(
                "{name} is called through a receiver of the type {}",
                other.as_ref().map_or_else(String::new, show)
            )));
        }
    };
    let mut all = vec![receiver];
    let rest: Vec<Type> = inputs.collect();
    match &rest[..] {
        // `extern "rust-call"` takes the parts of its tuple.
        [Type::Tuple(parts)] if is_tupled && world.is_function_trait(of) => {
            all.extend(parts.iter().cloned());
        }
        _ => all.extend(rest),
    }
    all.retain(|ty| !world.is_empty(ty));
    if world.tracks_caller(of, name)? {
        all.push(Type::Ref {
            region: Region::Erased,
            mutable: false,
            to: Box::new(Type::Adt(Named {
                path: world.path(&["core", "panic", "location", "Location"])?,
                args: vec![Arg::Region(Region::Erased)],
            })),
        });
    }
    Ok(FnPointer {
        abi: "Rust".into(),
        is_unsafe: false,
        inputs: all,
        variadic: false,
        output,
    })
}
