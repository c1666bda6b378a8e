//! The source files (`DIFile`) and local variables (`DILocalVariable`) that debug information names.

use std::collections::{HashMap, HashSet};
use std::ffi::c_uint;
use std::ptr::null;

use gateless_model::Result;

use crate::Module;
use crate::memory::borrowed_text;
use crate::table::{RawMetadata, RawValue};

/// LLVMDIFileMetadataKind (llvm-c/DebugInfo.h)
const FILE: c_uint = 15;
/// LLVMDILocalVariableMetadataKind (llvm-c/DebugInfo.h)
pub(crate) const LOCAL_VARIABLE: c_uint = 25;
/// The operand of a DIVariable that is its name (llvm/IR/DebugInfoMetadata.h).
pub(crate) const VARIABLE_NAME: usize = 1;
/// LLVMDbgRecordLabel (llvm-c/Core.h): the kind of debug record that has no variable.
const LABEL: i32 = 0;

/// A source file, as debug information names it.
pub struct SourceFile<'m> {
    module: &'m Module,
    /// The nodes that refer to it, each with the number of the operand that does.
    users: Vec<(*mut RawValue, c_uint)>,
    /// Its path, absolute or relative to `directory`.
    pub name: String,
    /// The directory that `name` is relative to; may be empty.
    pub directory: String,
    /// The checksum of its content, in hexadecimal digits, if it has one.
    pub checksum: Option<String>,
}

/// A local variable or a parameter, as debug information describes it.
pub struct LocalVariable<'m> {
    module: &'m Module,
    raw: *mut RawValue,
    /// Its name.
    pub name: String,
    /// The path of the file that declares it, absolute or relative to `directory`.
    pub file: String,
    /// The directory that `file` is relative to; may be empty.
    pub directory: String,
    /// The line of its declaration, from 1.
    pub line: u32,
}

impl LocalVariable<'_> {
    /// Gives the variable another name.
    pub fn rename(&self, name: &str) -> Result<()> {
        let table = self.module.table();
        let (string, replace) = (
            table.LLVMMDStringInContext2()?,
            table.LLVMReplaceMDNodeOperandWith()?,
        );
        // SAFETY: a node of this module that has a name; pointer and length are those of a str, which LLVM copies.
        unsafe {
            let name = string(
                self.module.context.inner.raw,
                name.as_ptr().cast(),
                name.len(),
            );
            replace(self.raw, VARIABLE_NAME as c_uint, name);
        }
        Ok(())
    }
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
        let table = self.table();
        let (is_node, as_metadata) = (table.LLVMIsAMDNode()?, table.LLVMValueAsMetadata()?);
        let mut files: Vec<SourceFile<'_>> = Vec::new();
        let mut places: HashMap<*mut RawMetadata, usize> = HashMap::new();
        for user in self.debug_nodes()? {
            for (index, operand) in self.operands(user)?.into_iter().enumerate() {
                // SAFETY: an operand of a live node, which null is kept out of.
                if operand.is_null() || unsafe { is_node(operand) }.is_null() {
                    continue;
                }
                // SAFETY: a value that stands for a node.
                let node = unsafe { as_metadata(operand) };
                if self.kind(node)? != FILE {
                    continue;
                }
                let place = match places.get(&node) {
                    Some(place) => *place,
                    None => {
                        files.push(self.file(operand, node)?);
                        places.insert(node, files.len() - 1);
                        files.len() - 1
                    }
                };
                files[place].users.push((user, index as c_uint));
            }
        }
        Ok(files)
    }

    /// Every local variable and parameter that debug information in this module describes.
    pub fn local_variables(&self) -> Result<Vec<LocalVariable<'_>>> {
        let table = self.table();
        let (as_metadata, line, file) = (
            table.LLVMValueAsMetadata()?,
            table.LLVMDIVariableGetLine()?,
            table.LLVMDIVariableGetFile()?,
        );
        let as_value = table.LLVMMetadataAsValue()?;
        let mut variables = Vec::new();
        for raw in self.debug_nodes()? {
            // SAFETY: a value that stands for a node.
            let node = unsafe { as_metadata(raw) };
            if self.kind(node)? != LOCAL_VARIABLE {
                continue;
            }
            // SAFETY: a DILocalVariable.
            let (line, file) = unsafe { (line(node), file(node)) };
            let name = self.string(self.operands(raw)?[VARIABLE_NAME])?;
            let (Some(name), false) = (name, file.is_null()) else {
                continue;
            };
            // SAFETY: a node of a live context.
            let file = self.file(unsafe { as_value(self.context.inner.raw, file) }, file)?;
            variables.push(LocalVariable {
                module: self,
                raw,
                name,
                file: file.name,
                directory: file.directory,
                line,
            });
        }
        Ok(variables)
    }

    /// All metadata nodes that debug information consists of, but for files.
    fn debug_nodes(&self) -> Result<Vec<*mut RawValue>> {
        let mut walk = Walk {
            module: self,
            seen: HashSet::new(),
            open: Vec::new(),
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
                walk.instruction(instruction.raw)?;
            }
        }
        walk.finish()
    }

    fn file(&self, value: *mut RawValue, node: *mut RawMetadata) -> Result<SourceFile<'_>> {
        let (name, directory) = (
            self.table().LLVMDIFileGetFilename()?,
            self.table().LLVMDIFileGetDirectory()?,
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
        let checksum = match self.operands(value)?.get(2) {
            Some(checksum) => self.string(*checksum)?,
            None => None,
        };
        Ok(SourceFile {
            module: self,
            users: Vec::new(),
            name: name.unwrap_or_default(),
            directory: directory.unwrap_or_default(),
            checksum,
        })
    }

    /// The kind of a metadata node (llvm-c/DebugInfo.h, LLVM...MetadataKind).
    pub(crate) fn kind(&self, node: *mut RawMetadata) -> Result<c_uint> {
        let kind = self.table().LLVMGetMetadataKind()?;
        // SAFETY: a node of a live context.
        Ok(unsafe { kind(node) })
    }
}

/// A walk through the graph of metadata nodes.
struct Walk<'m> {
    module: &'m Module,
    seen: HashSet<*mut RawMetadata>,
    open: Vec<*mut RawValue>,
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

    fn finish(mut self) -> Result<Vec<*mut RawValue>> {
        let table = self.module.table();
        let (is_node, as_metadata) = (table.LLVMIsAMDNode()?, table.LLVMValueAsMetadata()?);
        let mut nodes = Vec::new();
        while let Some(value) = self.open.pop() {
            // SAFETY: a value that stands for metadata of a live context.
            let node = unsafe { as_metadata(value) };
            if !self.seen.insert(node) || self.module.kind(node)? == FILE {
                continue;
            }
            nodes.push(value);
            for operand in self.module.operands(value)? {
                // SAFETY: an operand of a live node, which null is kept out of.
                if !operand.is_null() && !unsafe { is_node(operand) }.is_null() {
                    self.open.push(operand);
                }
            }
        }
        Ok(nodes)
    }
}
