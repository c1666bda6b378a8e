//! The source files that debug information names (`DIFile`).

use std::collections::HashSet;
use std::ffi::c_uint;

use gateless_model::Result;

use crate::Module;
use crate::memory::borrowed_text;
use crate::table::{RawMetadata, RawValue};

/// LLVMDIFileMetadataKind (llvm-c/DebugInfo.h)
const FILE: c_uint = 15;
/// LLVMDbgRecordLabel (llvm-c/Core.h): the kind of debug record that has no variable.
const LABEL: i32 = 0;

/// A source file, as debug information names it.
pub struct SourceFile<'m> {
    module: &'m Module,
    node: *mut RawValue,
    /// Its path, absolute or relative to `directory`.
    pub name: String,
    /// The folder that `name` is relative to; may be empty.
    pub directory: String,
}

impl SourceFile<'_> {
    /// Gives the file another path and folder.
    pub fn rename(&self, name: &str, directory: &str) -> Result<()> {
        let replace = self.module.table().LLVMReplaceMDNodeOperandWith()?;
        let (name, directory) = (
            self.module.new_string(name)?,
            self.module.new_string(directory)?,
        );
        // SAFETY: a DIFile has its name as operand 0 and its folder as operand 1 (llvm/IR/DebugInfoMetadata.h).
        unsafe {
            replace(self.node, 0, name);
            replace(self.node, 1, directory);
        }
        Ok(())
    }

    /// Replaces the text of the file's checksum, if it has one; the kind of checksum stays.
    pub fn set_checksum(&self, checksum: &str) -> Result<()> {
        let has = self
            .module
            .operands(self.node)?
            .get(2)
            .is_some_and(|operand| !operand.is_null());
        if has {
            let replace = self.module.table().LLVMReplaceMDNodeOperandWith()?;
            let checksum = self.module.new_string(checksum)?;
            // SAFETY: a DIFile has its checksum as operand 2, just seen to be there.
            unsafe { replace(self.node, 2, checksum) };
        }
        Ok(())
    }
}

impl Module {
    /// Every file that debug information in this module refers to.
    pub fn source_files(&self) -> Result<Vec<SourceFile<'_>>> {
        let mut walk = Walk {
            module: self,
            seen: HashSet::new(),
            open: Vec::new(),
            files: Vec::new(),
        };
        for node in self.named_metadata("llvm.dbg.cu")? {
            walk.open.push(node);
        }
        for global in self.globals()? {
            walk.attached(global.raw)?;
        }
        for function in self.functions()? {
            walk.attached(function.raw)?;
            for instruction in function.instructions()? {
                walk.instruction(instruction)?;
            }
        }
        walk.finish()
    }
}

/// A walk through the graph of metadata nodes.
struct Walk<'m> {
    module: &'m Module,
    seen: HashSet<*mut RawMetadata>,
    open: Vec<*mut RawValue>,
    files: Vec<SourceFile<'m>>,
}

impl<'m> Walk<'m> {
    fn node(&mut self, node: *mut RawMetadata) -> Result<()> {
        if !node.is_null() && !self.seen.contains(&node) {
            let as_value = self.module.table().LLVMMetadataAsValue()?;
            // SAFETY: metadata of a live context.
            self.open
                .push(unsafe { as_value(self.module.context.inner.raw, node) });
        }
        Ok(())
    }

    /// What is attached to a function or a variable.
    fn attached(&mut self, value: *mut RawValue) -> Result<()> {
        let table = self.module.table();
        let (copy, get, dispose) = (
            table.LLVMGlobalCopyAllMetadata()?,
            table.LLVMValueMetadataEntriesGetMetadata()?,
            table.LLVMDisposeValueMetadataEntries()?,
        );
        let mut count = 0;
        // SAFETY: a global value of a live module, and a valid place for the count.
        let entries = unsafe { copy(value, &mut count) };
        for index in 0..count {
            // SAFETY: the index is below the count.
            let node = unsafe { get(entries, index as c_uint) };
            self.node(node)?;
        }
        // SAFETY: given back once.
        unsafe { dispose(entries) };
        Ok(())
    }

    /// Inlined functions and their variables can only be reached from instructions.
    fn instruction(&mut self, instruction: *mut RawValue) -> Result<()> {
        let table = self.module.table();
        let (location, first, next) = (
            table.LLVMInstructionGetDebugLoc()?,
            table.LLVMGetFirstDbgRecord()?,
            table.LLVMGetNextDbgRecord()?,
        );
        let (record_location, kind, variable) = (
            table.LLVMDbgRecordGetDebugLoc()?,
            table.LLVMDbgRecordGetKind()?,
            table.LLVMDbgVariableRecordGetVariable()?,
        );
        // SAFETY: an instruction of a live module.
        let node = unsafe { location(instruction) };
        self.node(node)?;
        // SAFETY: an instruction of a live module.
        let mut record = unsafe { first(instruction) };
        while !record.is_null() {
            // SAFETY: a record of this instruction.
            let node = unsafe { record_location(record) };
            self.node(node)?;
            // SAFETY: a record of this instruction.
            if unsafe { kind(record) } != LABEL {
                // SAFETY: a record of a variable.
                let node = unsafe { variable(record) };
                self.node(node)?;
            }
            // SAFETY: a record of this instruction.
            record = unsafe { next(record) };
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<SourceFile<'m>>> {
        let table = self.module.table();
        let (is_node, as_metadata, kind) = (
            table.LLVMIsAMDNode()?,
            table.LLVMValueAsMetadata()?,
            table.LLVMGetMetadataKind()?,
        );
        while let Some(value) = self.open.pop() {
            // SAFETY: a value of a live context; the operands' nulls are left out below.
            if unsafe { is_node(value) }.is_null() {
                continue;
            }
            // SAFETY: a value that stands for metadata.
            let node = unsafe { as_metadata(value) };
            if !self.seen.insert(node) {
                continue;
            }
            // SAFETY: metadata of a live context.
            if unsafe { kind(node) } == FILE {
                let file = self.file(value, node)?;
                self.files.push(file);
                continue;
            }
            let operands = self.module.operands(value)?;
            self.open
                .extend(operands.into_iter().filter(|operand| !operand.is_null()));
        }
        Ok(self.files)
    }

    fn file(&self, value: *mut RawValue, node: *mut RawMetadata) -> Result<SourceFile<'m>> {
        let (name, directory) = (
            self.module.table().LLVMDIFileGetFilename()?,
            self.module.table().LLVMDIFileGetDirectory()?,
        );
        let (mut name_length, mut directory_length) = (0, 0);
        // SAFETY: a DIFile; LLVM returns the texts with their lengths.
        let (name, directory) = unsafe {
            let name = name(node, &mut name_length);
            let directory = directory(node, &mut directory_length);
            (
                borrowed_text(name, name_length as usize),
                borrowed_text(directory, directory_length as usize),
            )
        };
        Ok(SourceFile {
            module: self.module,
            node: value,
            name: name.unwrap_or_default(),
            directory: directory.unwrap_or_default(),
        })
    }
}
