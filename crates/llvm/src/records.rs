//! Taking debug records away, and giving others another location.
//!
//! LLVM's C API can add debug records (`#dbg_declare`, `#dbg_value`), but not remove them: a record goes with its basic block only. So a block with such
//! records is put together anew, from the very same instructions. The order in which blocks and values are used, by which the optimiser goes, stays
//! as it was.

use std::ffi::CString;

use gateless_model::{Failure, Result};

use crate::debug_info::{Location, RecordKind};
use crate::memory::c_string;
use crate::table::{RawBlock, RawMetadata, RawValue};
use crate::{Block, Module, Value};

/// What becomes of the debug records of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRecords {
    /// The number of the function in the module, from 0.
    pub function: usize,
    /// The number of the block in the function, from 0.
    pub block: usize,
    /// For each instruction of the block the records that stay: their numbers among the instruction's own, and their locations.
    pub kept: Vec<Vec<(usize, Location)>>,
}

/// A debug record, as far as it can be made again.
struct Record {
    kind: RecordKind,
    value: *mut RawValue,
    variable: *mut RawMetadata,
    expression: *mut RawMetadata,
    location: Location,
}

impl Module {
    /// Leaves blocks those debug records that are listed, and takes all others of these blocks away.
    pub fn keep_records(&mut self, blocks: &[BlockRecords]) -> Result<()> {
        let functions = self.functions()?;
        for of_function in blocks.chunk_by(|a, b| a.function == b.function) {
            let Some(function) = functions.get(of_function[0].function) else {
                return Err(lost(&of_function[0]));
            };
            // A block that is put together anew takes the place of the old one, so the numbers stay those of these handles.
            let handles = function.blocks()?;
            for records in of_function {
                let block = handles.get(records.block).ok_or_else(|| lost(records))?;
                self.keep_in_block(*block, records)?;
            }
        }
        Ok(())
    }

    fn keep_in_block(&self, block: Block<'_>, records: &BlockRecords) -> Result<()> {
        let all = block.instructions()?;
        if all.len() != records.kept.len() {
            return Err(lost(records));
        }
        let mut instructions = Vec::new();
        for (instruction, kept) in all.into_iter().zip(&records.kept) {
            let own = instruction.records()?;
            let mut again = Vec::new();
            for (number, location) in kept {
                let record = own.get(*number).ok_or_else(|| lost(records))?;
                again.push(self.read(*record, location)?);
            }
            instructions.push((instruction.raw, again));
        }
        self.rebuild(block, &instructions)
    }

    fn read(&self, record: crate::debug_info::Record<'_>, location: &Location) -> Result<Record> {
        let (kind, value, variable) = (record.kind()?, record.value()?, record.variable()?);
        let (RecordKind::Declare | RecordKind::Value, Some(value), Some(variable)) =
            (kind, value, variable)
        else {
            return Err(Failure::failed(format!(
                "a debug record of kind {kind:?} cannot be made again: not implemented"
            )));
        };
        let expression = self.table().LLVMDbgVariableRecordGetExpression()?;
        Ok(Record {
            kind,
            value: value.raw,
            variable: variable.raw(),
            // SAFETY: a record of a variable.
            expression: unsafe { expression(record.raw()) },
            location: location.clone(),
        })
    }

    /// Puts the same instructions into a new block, with the given records, in the place of the old one.
    fn rebuild(
        &self,
        block: Block<'_>,
        instructions: &[(*mut RawValue, Vec<Record>)],
    ) -> Result<()> {
        let table = self.table();
        let context = self.context.inner.raw;
        let (append, insert) = (
            table.LLVMAppendBasicBlockInContext()?,
            table.LLVMInsertBasicBlockInContext()?,
        );
        let (next, delete) = (
            table.LLVMGetNextBasicBlock()?,
            table.LLVMDeleteBasicBlock()?,
        );
        let function = block.function()?.raw;
        let label = c_string(&block.name()?, "a block's name")?;
        let block = block.raw;
        // Twice, since each time the list of the block's users is turned around.
        // SAFETY: the function and its context are alive; a block is deleted after all its instructions, and everything that refers to it, went elsewhere.
        unsafe {
            let next = next(block);
            let between = append(context, function, c"".as_ptr());
            self.transfer(block, between, instructions)?;
            delete(block);
            let new = match next.is_null() {
                true => append(context, function, label.as_ptr()),
                false => insert(context, next, label.as_ptr()),
            };
            self.transfer(between, new, instructions)?;
            delete(between);
        }
        self.describe(instructions)
    }

    /// Moves instructions into the empty block `to`, which takes the place of `from` everywhere. Records stay behind.
    ///
    /// # Safety
    ///
    /// Both are blocks of one function of this module, and `instructions` are all that `from` holds.
    unsafe fn transfer(
        &self,
        from: *mut RawBlock,
        to: *mut RawBlock,
        instructions: &[(*mut RawValue, Vec<Record>)],
    ) -> Result<()> {
        let table = self.table();
        let (replace, as_value) = (
            table.LLVMReplaceAllUsesWith()?,
            table.LLVMBasicBlockAsValue()?,
        );
        let (create, dispose, at_end) = (
            table.LLVMCreateBuilderInContext()?,
            table.LLVMDisposeBuilder()?,
            table.LLVMPositionBuilderAtEnd()?,
        );
        let (unreachable, remove, insert) = (
            table.LLVMBuildUnreachable()?,
            table.LLVMInstructionRemoveFromParent()?,
            table.LLVMInsertIntoBuilderWithName()?,
        );
        let names: Vec<CString> = instructions
            .iter()
            .map(|(instruction, _)| {
                c_string(&Value::at(self, *instruction).name()?, "a value's name")
            })
            .collect::<Result<_>>()?;
        // SAFETY: as the caller promises. The block is replaced while it still has its successors. Records of an instruction that is removed go to the
        // next one, in the end to the one that is added here and goes with its block.
        unsafe {
            replace(as_value(from), as_value(to));
            let builder = create(self.context.inner.raw);
            at_end(builder, from);
            unreachable(builder);
            at_end(builder, to);
            for ((instruction, _), name) in instructions.iter().zip(&names) {
                remove(*instruction);
                insert(builder, *instruction, name.as_ptr());
            }
            dispose(builder);
        }
        Ok(())
    }

    /// Adds the records before their instructions.
    fn describe(&self, instructions: &[(*mut RawValue, Vec<Record>)]) -> Result<()> {
        let table = self.table();
        let (create, dispose) = (table.LLVMCreateDIBuilder()?, table.LLVMDisposeDIBuilder()?);
        let (declare, value) = (
            table.LLVMDIBuilderInsertDeclareRecordBefore()?,
            table.LLVMDIBuilderInsertDbgValueRecordBefore()?,
        );
        // SAFETY: the module is alive; what the records consist of belongs to it, and the instructions stand in blocks; the builder is disposed of once.
        unsafe {
            let builder = create(self.raw);
            for (instruction, records) in instructions {
                for record in records {
                    let add = match record.kind {
                        RecordKind::Declare => declare,
                        _ => value,
                    };
                    add(
                        builder,
                        record.value,
                        record.variable,
                        record.expression,
                        record.location.raw(),
                        *instruction,
                    );
                }
            }
            dispose(builder);
        }
        Ok(())
    }
}

fn lost(records: &BlockRecords) -> Failure {
    Failure::failed(format!(
        "the module has changed since its debug records were read: block {} of function {}",
        records.block, records.function
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    const DESCRIBED: &str = "define i8 @f(i1 %c, i8 %x) !dbg !3 {\nstart:\n br i1 %c, label %a, label %b\na:\n #dbg_value(i8 %x, !7, !DIExpression(), !6)\n #dbg_value(i8 %x, !8, !DIExpression(), !6)\n %y = add i8 %x, 1\n br label %b\nb:\n %p = phi i8 [ 0, %start ], [ %y, %a ]\n ret i8 %p\n}\n\
        !llvm.dbg.cu = !{!0}\n!llvm.module.flags = !{!2}\n\
        !0 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !1, emissionKind: FullDebug)\n\
        !1 = !DIFile(filename: \"f.rs\", directory: \"/\")\n!2 = !{i32 2, !\"Debug Info Version\", i32 3}\n\
        !3 = distinct !DISubprogram(name: \"f\", file: !1, line: 5, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n\
        !5 = !DISubroutineType(types: !{})\n!6 = !DILocation(line: 7, scope: !3)\n\
        !7 = !DILocalVariable(name: \"gone\", scope: !3, file: !1, line: 6)\n!8 = !DILocalVariable(name: \"kept\", scope: !3, file: !1, line: 6)";

    #[test]
    fn records_that_are_not_listed_go_and_code_stays_as_it_was() {
        let mut module = module(DESCRIBED);
        let function = module.function("f").unwrap().unwrap();
        let block = function.blocks().unwrap()[1];
        let first = block.instructions().unwrap()[0];
        let own = first.records().unwrap()[1].location().unwrap().unwrap();
        let moved = Location::new(9, 1, &own.scope().unwrap(), None).unwrap();
        let records = |kept| BlockRecords {
            function: 0,
            block: 1,
            kept,
        };
        module
            .keep_records(&[records(vec![vec![(1, moved)], vec![]])])
            .unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        assert!(
            text.contains("%p = phi i8 [ 0, %start ], [ %y, %a ]"),
            "{text}"
        );
        assert_eq!(text.matches("#dbg_value(").count(), 1, "{text}");
        assert!(
            text.contains("\"kept\"") && !text.contains("\"gone\""),
            "{text}"
        );
        assert!(text.contains("!DILocation(line: 9"), "{text}");
        // A block, and a record, that are not there.
        assert!(module.keep_records(&[records(vec![])]).is_err());
        let other = records(vec![vec![(1, own)], vec![]]);
        assert!(module.keep_records(&[other]).is_err());
    }
}
