//! What the analyses that work on LLVM's own pointers share.

use gateless_model::Result;

use crate::table::{RawBlock, RawValue};
use crate::{Block, Module, Value};

/// The instructions of a block of a function of `module`, in order.
///
/// # Safety
///
/// The block must be alive.
pub(crate) unsafe fn instructions_of(
    module: &Module,
    block: *mut RawBlock,
) -> Result<Vec<*mut RawValue>> {
    let instructions = Block::at(module, block).instructions()?;
    Ok(instructions
        .into_iter()
        .map(|instruction| instruction.raw)
        .collect())
}

pub(crate) fn name(module: &Module, raw: *mut RawValue) -> Result<String> {
    Value::at(module, raw).name()
}
