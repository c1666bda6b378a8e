//! Types as MIR has them, which tells more than debug information.

use gateless_model::{Failure, Result};

use super::read;
use crate::bodies::Bodies;
use crate::debug::Signature;
use crate::mir::Body;
use crate::places::parameters;
use crate::show::show;
use crate::text::{self, Lifetimes};
use crate::ty::Type;
use crate::world::{InDebug, InMir, World};

/// A function's types as MIR has them, where those are the same as in debug information, which leaves out what `for<...>` binds.
pub(super) struct Written {
    inputs: Vec<Option<Type>>,
    output: Option<Type>,
}

impl Written {
    pub(super) fn of(world: &World, bodies: &Bodies, own: &Signature) -> Self {
        let types = parameters(&own.generics, &InDebug(world));
        let krate = own.path.first().map_or("", String::as_str);
        let names = InMir {
            world,
            krate,
            types: &types,
        };
        let read = |text: &str| text::ty(text, Lifetimes::Written, &names).ok();
        let candidates: Vec<_> = bodies
            .of(own)
            .into_iter()
            .filter(|body| body.inputs.len() == own.inputs.len())
            .collect();
        let same = |described: &str, of: &dyn Fn(&Body) -> Option<Type>| {
            let mut found: Vec<Type> = candidates
                .iter()
                .filter_map(|body| of(body))
                .filter(|ty| show(ty) == described)
                .collect();
            found.dedup();
            (found.len() == 1).then(|| found.remove(0))
        };
        Self {
            inputs: own
                .inputs
                .iter()
                .enumerate()
                .map(|(at, input)| same(&input.text, &|body| read(&body.inputs[at])))
                .collect(),
            output: own
                .output
                .as_ref()
                .and_then(|output| same(&output.text, &|body| read(&body.output))),
        }
    }

    pub(super) fn output(&self, world: &World, text: &str) -> Result<Type> {
        self.output.clone().map_or_else(|| read(world, text), Ok)
    }

    pub(super) fn input(&self, world: &World, own: &Signature, at: usize) -> Result<Type> {
        match self.inputs.get(at) {
            Some(Some(ty)) => Ok(ty.clone()),
            _ => read(world, &own.inputs[at].text),
        }
    }

    /// The types of what is passed from a parameter on; what has no size isn't.
    pub(super) fn inputs(&self, world: &World, own: &Signature, from: usize) -> Result<Vec<Type>> {
        (from..own.inputs.len())
            .filter(|at| own.inputs[*at].size != Some(0))
            .map(|at| self.input(world, own, at))
            .collect()
    }
}

/// What a function returns of which debug information says nothing, since no value is passed: `()`, or a type without a size, which MIR has.
pub(super) fn empty_output(world: &World, bodies: &Bodies, own: &Signature) -> Result<Type> {
    let types = parameters(&own.generics, &InDebug(world));
    let krate = own.path.first().map_or("", String::as_str);
    let names = InMir {
        world,
        krate,
        types: &types,
    };
    let mut found: Vec<Type> = Vec::new();
    for body in bodies.of(own) {
        if body.output == "()" {
            found.push(Type::UNIT);
            continue;
        }
        let ty = text::ty(&body.output, Lifetimes::Written, &names)?;
        if world.is_empty(&ty) {
            found.push(ty);
        }
    }
    found.dedup();
    match &found[..] {
        [only] => Ok(only.clone()),
        // What rustc makes itself returns what it calls.
        [] => Ok(Type::UNIT),
        _ => Err(Failure::failed(format!(
            "several functions of MIR can be {}",
            own.path.join("::")
        ))),
    }
}
