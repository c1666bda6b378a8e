//! Which block of MIR an indirect call of LLVM's is in.

use std::collections::HashMap;

use gateless_llvm::{Block, Function, Operation};
use gateless_model::{Failure, Result};

use crate::mir::Body;

/// An indirect call of LLVM's.
pub(super) struct Call {
    pub(super) instruction: usize,
    /// The block of MIR to which the block belongs that it is in.
    pub(super) owner: String,
    pub(super) arguments: usize,
}

pub(super) fn indirect_calls(function: Function<'_>) -> Result<Vec<Call>> {
    let blocks = function.blocks()?;
    let mut predecessors: HashMap<Block<'_>, Vec<Block<'_>>> = HashMap::new();
    for block in &blocks {
        for next in block.successors()? {
            predecessors.entry(next).or_default().push(*block);
        }
    }
    let (mut calls, mut number) = (Vec::new(), 0);
    for block in blocks {
        for instruction in block.instructions()? {
            if instruction.is_call()?
                && let Operation::Call(call) = instruction.operation()?
                && call.function()?.is_none()
                && call.inline_asm()?.is_none()
            {
                calls.push(Call {
                    instruction: number,
                    owner: owner(block, &predecessors)?,
                    arguments: call.arguments.len(),
                });
            }
            number += 1;
        }
    }
    Ok(calls)
}

/// The block of MIR for which LLVM's block was made: rustc names blocks after them, but for those that a terminator adds.
fn owner(block: Block<'_>, predecessors: &HashMap<Block<'_>, Vec<Block<'_>>>) -> Result<String> {
    let mut block = block;
    loop {
        let name = block.name()?;
        if name == "start" {
            return Ok("bb0".into());
        }
        if name
            .strip_prefix("bb")
            .is_some_and(|n| n.parse::<u32>().is_ok())
        {
            return Ok(name);
        }
        match predecessors.get(&block).map(Vec::as_slice) {
            Some([only]) => block = *only,
            _ => {
                return Err(Failure::failed(format!(
                    "LLVM's block {name} belongs to no block of MIR"
                )));
            }
        }
    }
}

/// Where MIR's blocks are in LLVM's function: a block with one predecessor may be put into the same.
pub(super) struct Order<'a> {
    labels: Vec<String>,
    predecessors: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Order<'a> {
    pub(super) fn of(body: &'a Body, function: Function<'_>) -> Result<Self> {
        let mut labels = Vec::new();
        for block in function.blocks()? {
            labels.push(block.name()?);
        }
        let mut predecessors: HashMap<&str, Vec<&str>> = HashMap::new();
        for block in &body.blocks {
            for target in &block.targets {
                let list = predecessors.entry(target).or_default();
                if !list.contains(&block.name.as_str()) {
                    list.push(&block.name);
                }
            }
        }
        Ok(Self {
            labels,
            predecessors,
        })
    }

    /// The block of MIR that begins LLVM's block, and how many were put into that before.
    pub(super) fn place(&self, name: &str) -> Option<(String, usize)> {
        let (mut name, mut depth) = (name, 0);
        loop {
            if name == "bb0" || self.labels.iter().any(|label| label == name) {
                return Some((name.to_owned(), depth));
            }
            match self.predecessors.get(name).map(Vec::as_slice) {
                Some([only]) if depth < self.predecessors.len() => name = only,
                _ => return None,
            }
            depth += 1;
        }
    }
}
