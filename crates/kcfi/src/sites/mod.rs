//! The types of indirect calls: which call of MIR each one of LLVM's is, and what it calls.

mod blocks;
mod called;

use std::collections::HashMap;

use gateless_llvm::Function;
use gateless_model::{Failure, Result};

use crate::bodies::Bodies;
use crate::debug::Signature;
use crate::erase;
use crate::functions::{Role, drop_glue, trait_of};
use crate::mir::Body;
use crate::places::{Places, parameters};
use crate::show::show;
use crate::text::{self, Lifetimes};
use crate::ty::{FnPointer, Type};
use crate::world::{InDebug, InMir, World};
use blocks::{Call, Order, indirect_calls};
use called::{called, virtual_call};

/// An indirect call.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its number among the instructions of its function.
    pub instruction: usize,
    /// The type of what is called.
    pub signature: FnPointer,
}

/// The indirect calls of a function, in order.
///
/// # Errors
/// Where the function is not found in MIR, where MIR has other calls than LLVM, and where a type cannot be told.
pub fn sites(world: &World, bodies: &Bodies, function: Function<'_>) -> Result<Vec<Site>> {
    let calls = indirect_calls(function)?;
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let symbol = function.name()?;
    let all = |signature: FnPointer| {
        let of = |call: &Call| Site {
            instruction: call.instruction,
            signature: signature.clone(),
        };
        calls.iter().map(of).collect()
    };
    let role = Role::of(&symbol);
    if role == Role::DropGlue {
        return Ok(all(drop_glue(world)?));
    }
    let own = world
        .signature(&symbol)?
        .cloned()
        .ok_or_else(|| Failure::failed(format!("debug information says nothing of {symbol}")))?;
    if let Role::Method { head, name, shim } = &role
        && let Some(signature) = shim_call(world, &own, head, name, shim.as_deref())?
    {
        return Ok(all(signature));
    }
    let place = || {
        let file = own.file.as_deref().unwrap_or_default();
        format!("{file}:{} ({symbol})", own.line)
    };
    let mut found: Vec<Result<Vec<Site>>> = Vec::new();
    for body in bodies.of(&own) {
        found.push(of_body(world, bodies, &own, body, &calls, function));
    }
    let good: Vec<&Vec<Site>> = found
        .iter()
        .filter_map(|sites| sites.as_ref().ok())
        .collect();
    if let [first, rest @ ..] = &good[..]
        && rest.iter().all(|other| same(first, other))
    {
        return Ok((*first).clone());
    }
    if good.len() > 1 {
        return Err(Failure::failed(format!(
            "{}: several functions of MIR can be this one",
            place()
        )));
    }
    let reasons: Vec<String> = found
        .into_iter()
        .filter_map(|sites| Some(sites.err()?.what))
        .collect();
    let reason = match reasons.is_empty() {
        true => "MIR has no such function".to_owned(),
        false => reasons.join("; or "),
    };
    Err(Failure::failed(format!("{}: {reason}", place())))
}

fn same(left: &[Site], right: &[Site]) -> bool {
    let types = |sites: &[Site]| -> Vec<FnPointer> {
        sites.iter().map(|site| site.signature.clone()).collect()
    };
    types(left) == types(right)
}

/// What a function without MIR calls, that rustc makes around a function pointer or a method.
fn shim_call(
    world: &World,
    own: &Signature,
    head: &str,
    name: &str,
    shim: Option<&str>,
) -> Result<Option<FnPointer>> {
    let inner = &head[1..head.len() - 1];
    let Some((ty, _)) = crate::brackets::as_type(inner) else {
        return Ok(None);
    };
    let is_pointer = ["fn(", "unsafe ", "extern ", "for<"]
        .iter()
        .any(|sign| ty.starts_with(sign));
    if is_pointer && shim.is_none() {
        let ty = text::ty(ty, Lifetimes::Written, &InDebug(world))?;
        return Ok(match ty {
            Type::Function(pointer) => Some(erase::chosen(&pointer)),
            _ => None,
        });
    }
    if !shim.is_some_and(|shim| shim.starts_with("reify")) {
        return Ok(None);
    }
    let ty = text::ty(ty, Lifetimes::Written, &InDebug(world))?;
    let Type::Dyn { predicates, .. } = &ty else {
        return Ok(None);
    };
    let read = |text: &str| text::ty(text, Lifetimes::Elided, &InDebug(world));
    let output = match &own.output {
        Some(output) => read(&output.text)?,
        None => Type::UNIT,
    };
    let inputs = own
        .inputs
        .iter()
        .filter(|input| input.size != Some(0))
        .map(|input| read(&input.text))
        .collect::<Result<Vec<_>>>()?;
    let of = trait_of(world, head)?;
    virtual_call(world, predicates, &of, name, inputs, output, false).map(Some)
}

/// What MIR says of the calls of a function.
fn of_body(
    world: &World,
    bodies: &Bodies,
    own: &Signature,
    body: &Body,
    calls: &[Call],
    function: Function<'_>,
) -> Result<Vec<Site>> {
    let krate = own.path.first().map_or("", String::as_str);
    let mir = bodies
        .of_crate(krate)
        .ok_or_else(|| Failure::failed(format!("there is no MIR of {krate}")))?;
    let types = parameters(&own.generics, &InDebug(world));
    let names = InMir {
        world,
        krate,
        types: &types,
    };
    let places = Places {
        body,
        mir,
        names: &names,
    };
    check_inputs(&places, own, body)?;
    let order = Order::of(body, function)?;
    let mut expected: HashMap<String, Vec<(usize, FnPointer)>> = HashMap::new();
    for block in &body.blocks {
        // A block that LLVM's function lacks was left out: nothing reaches it with these types.
        let Some((owner, depth)) = order.place(&block.name) else {
            continue;
        };
        let signature = called(world, &places, &block.end).map_err(|failure| {
            Failure::failed(format!("{} in line {}", failure.what, block.line))
        })?;
        if let Some(signature) = signature {
            expected.entry(owner).or_default().push((depth, signature));
        }
    }
    let mut sites = Vec::new();
    let mut owners: Vec<&String> = calls.iter().map(|call| &call.owner).collect();
    owners.dedup();
    owners.extend(expected.keys());
    let mut seen: Vec<&String> = Vec::new();
    for owner in owners {
        if seen.contains(&owner) {
            continue;
        }
        seen.push(owner);
        let in_block: Vec<&Call> = calls.iter().filter(|call| call.owner == *owner).collect();
        let mut wanted = expected.get(owner).cloned().unwrap_or_default();
        wanted.sort_by_key(|(depth, _)| *depth);
        if in_block.len() != wanted.len() {
            return Err(Failure::failed(format!(
                "{owner} has {} indirect calls in LLVM IR, and {} in MIR",
                in_block.len(),
                wanted.len()
            )));
        }
        for (call, (_, signature)) in in_block.into_iter().zip(wanted) {
            check_arguments(call, &signature)?;
            sites.push(Site {
                instruction: call.instruction,
                signature,
            });
        }
    }
    sites.sort_by_key(|site| site.instruction);
    Ok(sites)
}

/// Fails where a parameter is of another type than debug information says, as far as both can be told.
fn check_inputs(places: &Places<'_>, own: &Signature, body: &Body) -> Result<()> {
    for (written, described) in body.inputs.iter().zip(&own.inputs) {
        if let Ok(ty) = places.read(written)
            && show(&ty) != described.text
        {
            return Err(Failure::failed(format!(
                "MIR has a parameter of the type {written}, debug information {}",
                described.text
            )));
        }
    }
    Ok(())
}

/// Each argument is passed as one value or two, and a result that is too big as one more.
fn check_arguments(call: &Call, signature: &FnPointer) -> Result<()> {
    let count = signature.inputs.len();
    if signature.variadic || (count..=2 * count + 1).contains(&call.arguments) {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "a call passes {} values for {count} parameters",
        call.arguments
    )))
}
