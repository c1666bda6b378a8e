//! Functions: prototypes, and definitions with their bodies.

use std::collections::HashSet;

use gateless_llvm::{Block, Function, Instruction};
use gateless_model::{Failure, Result};

use crate::abi::{Passed, Returned};
use crate::body::Body;
use crate::globals::Used;
use crate::linkage::{self, written};
use crate::refusal::not_known;
use crate::unit::Unit;
use crate::{attributes, debug};

/// What makes a function known to all of the file.
pub(crate) fn declared<'m>(
    unit: &Unit<'m>,
    function: Function<'m>,
    used: &Used<'m>,
) -> Result<String> {
    let signature = unit.signature(function)?;
    let linked = linkage::of(*function)?;
    let mut all = linked.attributes;
    all.extend(attributes::of_function(unit, function)?);
    if !function.is_declaration()? {
        all.extend(used.attributes(function.into()));
        if function.alignment()? > 0 {
            all.push(format!("aligned({})", function.alignment()?));
        }
    }
    Ok(format!(
        "{} {} {}({}){}{};",
        if linked.is_static { "static" } else { "extern" },
        signature.result(),
        unit.symbol(*function)?,
        signature.parameters(false),
        linked.label,
        written(&all)
    ))
}

/// The definition of a function; where in the source it is that something isn't understood, if that can be said.
pub(crate) fn defined<'m>(
    unit: &Unit<'m>,
    function: Function<'m>,
) -> Result<String, (Option<String>, Failure)> {
    let of_function = |failure| (debug::place_of_function(function), failure);
    let mut body = begin(unit, function).map_err(of_function)?;
    let mut lines = debug::Lines::default();
    for block in reachable(function).map_err(of_function)? {
        let label = body.label(block).map_err(of_function)?;
        body.raw(&format!("{label}:;"));
        let instructions = block.instructions().map_err(of_function)?;
        let of = |instruction: Instruction<'m>| {
            move |failure| {
                let place =
                    debug::place(instruction).or_else(|| debug::place_of_function(function));
                (place, failure)
            }
        };
        for instruction in &instructions {
            body.take_incoming(*instruction).map_err(of(*instruction))?;
        }
        for instruction in instructions {
            if unit.options.lines {
                lines.say(&mut body, instruction).map_err(of(instruction))?;
            }
            body.instruction(instruction).map_err(of(instruction))?;
        }
    }
    end(unit, function, body).map_err(of_function)
}

/// The blocks that can run. What is said of unwinding is left behind in others when panics abort.
fn reachable<'m>(function: Function<'m>) -> Result<Vec<Block<'m>>> {
    let (mut seen, mut left) = (HashSet::new(), Vec::new());
    left.extend(function.entry()?);
    seen.extend(left.iter().copied());
    while let Some(block) = left.pop() {
        for next in block.successors()? {
            if seen.insert(next) {
                left.push(next);
            }
        }
    }
    let blocks = function.blocks()?.into_iter();
    Ok(blocks.filter(|block| seen.contains(block)).collect())
}

/// The parameters as values.
fn begin<'u, 'm>(unit: &'u Unit<'m>, function: Function<'m>) -> Result<Body<'u, 'm>> {
    // A personality says nothing by itself: what unwinds is an `invoke`.
    if function.prefix()?.is_some() || function.prologue()?.is_some() {
        return Err(not_known("data around a function's code"));
    }
    if function.garbage_collector()?.is_some() {
        return Err(not_known("a garbage collector"));
    }
    let mut body = Body::new(unit, function)?;
    let signature = body.signature.clone();
    if signature.is_variadic {
        return Err(not_known("a variadic function's definition"));
    }
    let arguments = function.arguments()?;
    for (at, (argument, parameter)) in arguments.into_iter().zip(&signature.parameters).enumerate()
    {
        let name = body.variable_of(argument.into())?;
        match parameter {
            Passed::Scalar(scalar) => {
                let taken = scalar.taken(&format!("a{at}"))?;
                body.say(&format!("{name} = {taken};"));
            }
            Passed::Copy(_) => body.say(&format!("{name} = (P)&a{at};")),
            Passed::Parts(_, parts) => {
                for (number, (path, scalar)) in parts.iter().enumerate() {
                    let taken = scalar.taken(&format!("a{at}_{number}"))?;
                    body.say(&format!("{name}{path} = {taken};"));
                }
            }
        }
    }
    Ok(body)
}

fn end<'m>(unit: &Unit<'m>, function: Function<'m>, body: Body<'_, 'm>) -> Result<String> {
    let signature = body.signature.clone();
    let storage = match linkage::of(*function)?.is_static {
        true => "static ",
        false => "",
    };
    Ok(format!(
        "{storage}{} {}({})\n{}",
        signature.result(),
        unit.symbol(*function)?,
        signature.parameters(true),
        body.text()
    ))
}

impl<'m> Body<'_, 'm> {
    /// `ret`
    pub fn give_back(&mut self, value: Option<String>) -> Result<()> {
        let signature = self.signature.clone();
        match (&signature.result, value) {
            (Returned::Place, _) => self.say("return a0;"),
            (Returned::Scalar(_, path, scalar), Some(value)) => {
                let given = scalar.given(&format!("{value}{path}"));
                self.say(&format!("return {given};"));
            }
            (Returned::Pair(..), Some(value)) => {
                let pair = signature.pair(&value);
                self.say(&format!("return {pair};"));
            }
            _ => self.say("return;"),
        }
        Ok(())
    }
}
