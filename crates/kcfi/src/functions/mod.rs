//! The types of functions as kCFI has them: of a function that can be reached through a vtable, the type that the caller knows.

mod abi;
mod objects;
mod role;
mod written;

use gateless_llvm::{Attribute, Function, Place};
use gateless_model::{Failure, Result};

use crate::bodies::Bodies;
use crate::debug::Signature;
use crate::dispatched;
use crate::text::{self, Lifetimes};
use crate::ty::{Arg, FnPointer, Named, Predicate, Region, Type};
use crate::world::{InDebug, World};
use abi::with_abi;
use objects::{Dispatched, object};
use written::{Written, empty_output};

pub(crate) use objects::{hear, trait_of};
pub use role::Role;

/// rustc's lang items that kCFI knows by themselves, by their paths in `core`.
const DROP: [&str; 4] = ["core", "ops", "drop", "Drop"];
const FUNCTIONS: [&str; 3] = ["core", "ops", "function"];

/// The type of a function.
///
/// `is_pointer` says whether its address is used elsewhere than in vtables.
///
/// # Errors
/// Where debug information says nothing, a type cannot be told, or rustc would make another function for the address.
pub fn signature(
    world: &World,
    bodies: &Bodies,
    function: Function<'_>,
    is_pointer: bool,
) -> Result<FnPointer> {
    let symbol = function.name()?;
    let role = Role::of(&symbol);
    if role == Role::DropGlue {
        return drop_glue(world);
    }
    let own = world
        .signature(&symbol)?
        .cloned()
        .ok_or_else(|| Failure::failed(format!("debug information says nothing of {symbol}")))?;
    let written = Written::of(world, bodies, &own);
    let output = match &own.output {
        Some(output) => written.output(world, &output.text)?,
        None if never_returns(function)? => Type::Never,
        None => empty_output(world, bodies, &own)?,
    };
    let returned = output.clone();
    let plain = |own: &Signature| -> Result<FnPointer> {
        let mut signature = rust(written.inputs(world, own, 0)?, returned.clone());
        if let [_, second, ..] = &own.inputs[..]
            && dispatched::may_be_mark(&second.text)
        {
            let mark = written.input(world, own, 1)?;
            if dispatched::mark(&mut signature.inputs, &mark) {
                return Ok(signature);
            }
        }
        with_abi(world, bodies, own, signature)
    };
    match role {
        Role::Closure => closure(world, &written, &own, output),
        // What rustc makes for a function pointer has the type of that.
        Role::Method {
            shim: Some(shim), ..
        } if shim == "reify" && is_pointer => plain(&own),
        Role::Method { head, name, shim } => {
            let Some(Dispatched {
                of,
                object,
                by_value,
                receiver: written_receiver,
            }) = object(world, &head, &name, &output)?
            else {
                return plain(&own);
            };
            let is_closure = names_closure(&head);
            if is_pointer && shim.is_none() && !is_closure {
                return Err(Failure::failed(format!(
                    "{head}::{name} is used as a function pointer, for which rustc makes a function of its own: not implemented"
                )));
            }
            // What rustc makes of a closure for `FnOnce` has the closure itself.
            if by_value && is_closure && shim.is_none() {
                return plain(&own);
            }
            if by_value {
                let mut inputs = vec![Type::Pointer {
                    mutable: true,
                    to: Box::new(object),
                }];
                inputs.extend(written.inputs(world, &own, 1)?);
                return Ok(rust(inputs, output));
            }
            let Some(first) = own.inputs.first() else {
                return plain(&own);
            };
            let mut inputs = vec![
                match (by_reference(&first.text, &object), written_receiver) {
                    (Some(receiver), _) => receiver,
                    (None, Some(text)) => {
                        let concrete = own_type(world, &head)?;
                        world.receiver(&of, (&text, &first.text), &concrete, &object)?
                    }
                    (None, None) => {
                        return Err(Failure::failed(format!(
                            "{head}::{name} has a receiver that is not written out"
                        )));
                    }
                },
            ];
            inputs.extend(written.inputs(world, &own, 1)?);
            Ok(rust(inputs, output))
        }
        _ => plain(&own),
    }
}

/// Whether the type before ` as ` is a closure.
fn names_closure(head: &str) -> bool {
    crate::brackets::as_type(&head[1..head.len() - 1]).is_some_and(|(ty, _)| {
        ty.rsplit("::")
            .next()
            .is_some_and(|last| last.starts_with("{closure#"))
    })
}

/// What all drop glue takes, whatever it drops.
pub(crate) fn drop_glue(world: &World) -> Result<FnPointer> {
    let object = Type::Dyn {
        predicates: vec![Predicate::Trait(Named {
            path: world.path(&DROP)?,
            args: Vec::new(),
        })],
        region: Region::Erased,
    };
    let input = Type::Pointer {
        mutable: true,
        to: Box::new(object),
    };
    Ok(rust(vec![input], Type::UNIT))
}

fn rust(inputs: Vec<Type>, output: Type) -> FnPointer {
    FnPointer {
        abi: "Rust".into(),
        is_unsafe: false,
        inputs,
        variadic: false,
        output,
    }
}

/// The reference or pointer to a trait object that a receiver of this text becomes; nothing for other receivers.
fn by_reference(text: &str, object: &Type) -> Option<Type> {
    let to = Box::new(object.clone());
    if let Some(pointer) = text.strip_prefix('*') {
        let mutable = pointer.starts_with("mut ");
        return Some(Type::Pointer { mutable, to });
    }
    text.starts_with('&').then(|| Type::Ref {
        region: Region::Erased,
        mutable: text.starts_with("&mut "),
        to,
    })
}

/// The type in `<TYPE as TRAIT>`.
fn own_type(world: &World, head: &str) -> Result<Type> {
    let (ty, _) = crate::brackets::as_type(&head[1..head.len() - 1])
        .ok_or_else(|| Failure::failed(format!("{head} names no trait")))?;
    text::ty(ty, Lifetimes::Written, &InDebug(world))
}

fn closure(world: &World, written: &Written, own: &Signature, output: Type) -> Result<FnPointer> {
    let Some(first) = own.inputs.first() else {
        return Err(Failure::failed("a closure without itself"));
    };
    let (name, receiver): (&str, fn(Box<Type>) -> Type) = if first.text.starts_with("&mut ") {
        ("FnMut", |to| Type::Ref {
            region: Region::Erased,
            mutable: true,
            to,
        })
    } else if first.text.starts_with('&') {
        ("Fn", |to| Type::Ref {
            region: Region::Erased,
            mutable: false,
            to,
        })
    } else {
        ("FnOnce", |to| Type::Pointer { mutable: true, to })
    };
    let all = (1..own.inputs.len())
        .map(|at| written.input(world, own, at))
        .collect::<Result<Vec<_>>>()?;
    let object = function_object(world, name, Type::Tuple(all), output.clone())?;
    let mut inputs = vec![receiver(Box::new(object))];
    inputs.extend(written.inputs(world, own, 1)?);
    Ok(rust(inputs, output))
}

/// `dyn Fn(INPUTS) -> OUTPUT`, or one of its like.
fn function_object(world: &World, name: &str, inputs: Type, output: Type) -> Result<Type> {
    let of = |name| -> Result<Named> {
        let path: Vec<&str> = FUNCTIONS.into_iter().chain([name]).collect();
        Ok(Named {
            path: world.path(&path)?,
            args: vec![Arg::Type(inputs.clone())],
        })
    };
    Ok(Type::Dyn {
        predicates: vec![
            Predicate::Trait(of(name)?),
            Predicate::Projection {
                of: of("FnOnce")?,
                name: "Output".into(),
                term: output,
            },
        ],
        region: Region::Erased,
    })
}

fn read(world: &World, text: &str) -> Result<Type> {
    text::ty(text, Lifetimes::Elided, &InDebug(world))
}

fn never_returns(function: Function<'_>) -> Result<bool> {
    let attributes = function.attributes(Place::Function)?;
    Ok(attributes
        .iter()
        .any(|attribute| matches!(attribute, Attribute::Number(name, _) if name == "noreturn")))
}
