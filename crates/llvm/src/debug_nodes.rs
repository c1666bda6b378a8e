//! All nodes that debug information consists of.

use std::collections::HashSet;

use gateless_model::Result;

use crate::{Instruction, Module, Node, NodeKind};

impl Module {
    /// All metadata nodes that debug information consists of, but for files.
    pub fn debug_nodes(&self) -> Result<Vec<Node>> {
        let mut open = self.named("llvm.dbg.cu")?;
        // Without a unit there is no debug information.
        if open.is_empty() {
            return Ok(open);
        }
        for global in self.globals()? {
            open.extend(global.metadata()?.into_iter().map(|(_, node)| node));
        }
        for function in self.functions()? {
            open.extend(function.metadata()?.into_iter().map(|(_, node)| node));
            for instruction in function.instructions()? {
                of_instruction(instruction, &mut open)?;
            }
        }
        let (mut seen, mut nodes) = (HashSet::new(), Vec::new());
        while let Some(node) = open.pop() {
            if !seen.insert(node.clone()) || node.kind()? == NodeKind::File {
                continue;
            }
            open.extend(node.nodes()?.into_iter().map(|(_, node)| node));
            nodes.push(node);
        }
        Ok(nodes)
    }
}

/// Adds what can be reached from instructions only: inlined functions and their variables.
fn of_instruction(instruction: Instruction<'_>, open: &mut Vec<Node>) -> Result<()> {
    open.extend(instruction.location()?.map(Node::from));
    for record in instruction.records()? {
        open.extend(record.location()?.map(Node::from));
        open.extend(record.variable()?);
    }
    Ok(())
}
