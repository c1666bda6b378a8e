//! The source files that debug information names (`DIFile`).

use std::collections::{HashMap, HashSet};
use std::ffi::c_uint;
use std::ptr::null;

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
    /// The nodes that refer to it, each with the number of the operand that does.
    users: Vec<(*mut RawValue, c_uint)>,
    /// Its path, absolute or relative to `directory`.
    pub name: String,
    /// The folder that `name` is relative to; may be empty.
    pub directory: String,
    /// The checksum of its content, in hexadecimal digits, if it has one.
    pub checksum: Option<String>,
}

impl SourceFile<'_> {
    /// Puts another file into this one's place everywhere, with an MD5 checksum (as hexadecimal digits) or without.
    pub fn replace(&self, name: &str, directory: &str, md5: Option<&str>) -> Result<()> {
        /// CSK_MD5 (llvm-c/DebugInfo.h)
        const MD5: i32 = 0;
        let table = self.module.table();
        let (create_builder, dispose) =
            (table.LLVMCreateDIBuilder()?, table.LLVMDisposeDIBuilder()?);
        let (plain, with_checksum) = (
            table.LLVMDIBuilderCreateFile()?,
            table.LLVMDIBuilderCreateFileWithChecksum()?,
        );
        let replace = table.LLVMReplaceMDNodeOperandWith()?;
        let (name, name_length) = (name.as_ptr().cast(), name.len());
        let (directory, directory_length) = (directory.as_ptr().cast(), directory.len());
        // SAFETY: the module is alive; pointers and lengths are those of strs, which LLVM copies, or null and 0; the builder is disposed of once.
        let file = unsafe {
            let builder = create_builder(self.module.raw);
            let file = match md5 {
                None => plain(builder, name, name_length, directory, directory_length),
                Some(md5) => with_checksum(
                    builder,
                    name,
                    name_length,
                    directory,
                    directory_length,
                    MD5,
                    md5.as_ptr().cast(),
                    md5.len(),
                    null(),
                    0,
                ),
            };
            dispose(builder);
            file
        };
        for (user, operand) in &self.users {
            // SAFETY: a node of this module, one of whose operands was seen to be this file.
            unsafe { replace(*user, *operand, file) };
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
        let mut files: HashMap<*mut RawMetadata, usize> = HashMap::new();
        while let Some(value) = self.open.pop() {
            // SAFETY: a value that stands for metadata of a live context.
            let node = unsafe { as_metadata(value) };
            if !self.seen.insert(node) {
                continue;
            }
            for (index, operand) in self.module.operands(value)?.into_iter().enumerate() {
                // SAFETY: an operand of a live node, which null is kept out of.
                if operand.is_null() || unsafe { is_node(operand) }.is_null() {
                    continue;
                }
                // SAFETY: a value that stands for a node.
                let node = unsafe { as_metadata(operand) };
                // SAFETY: a node of a live context.
                if unsafe { kind(node) } != FILE {
                    self.open.push(operand);
                    continue;
                }
                let place = match files.get(&node) {
                    Some(place) => *place,
                    None => {
                        self.files.push(self.file(operand, node)?);
                        files.insert(node, self.files.len() - 1);
                        self.files.len() - 1
                    }
                };
                self.files[place].users.push((value, index as c_uint));
            }
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
        let checksum = match self.module.operands(value)?.get(2) {
            Some(checksum) => self.module.string(*checksum)?,
            None => None,
        };
        Ok(SourceFile {
            module: self.module,
            users: Vec::new(),
            name: name.unwrap_or_default(),
            directory: directory.unwrap_or_default(),
            checksum,
        })
    }
}
