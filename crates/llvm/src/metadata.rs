//! Metadata: the module flags, and the nodes beneath.

use std::ffi::c_uint;

use gateless_model::{Failure, Result};

use crate::Module;
use crate::memory::{borrowed_text, c_string};
use crate::node::Node;
use crate::table::{RawMetadata, RawValue};

const FLAGS: &str = "llvm.module.flags";

/// What linking two modules does with differing values of a flag (LangRef, "Module Flags Metadata").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum FlagBehavior {
    /// They must be equal.
    Error = 1,
    /// A warning if they are not.
    Warning = 2,
    /// The marked one wins.
    Override = 4,
    /// The greater one wins.
    Max = 7,
    /// The smaller one wins, absence counting as 0.
    Min = 8,
}

impl Module {
    /// The value of the module flag `key`, if it is there and a number.
    pub fn flag(&self, key: &str) -> Result<Option<u64>> {
        let Some((_, value)) = self.find_flag(key)? else {
            return Ok(None);
        };
        self.number(value)
    }

    /// Sets the module flag `key`: replaces its value, or adds it with `behavior`.
    pub fn set_flag(&self, behavior: FlagBehavior, key: &str, value: u32) -> Result<()> {
        let table = self.table();
        let number = self.int32(value)?;
        if let Some((node, _)) = self.find_flag(key)? {
            let replace = table.LLVMReplaceMDNodeOperandWith()?;
            // SAFETY: a flag's node has three operands, the last of which is its value.
            unsafe { replace(node, 2, number) };
            return Ok(());
        }
        let context = self.context.inner.raw;
        let (string, node) = (
            table.LLVMMDStringInContext2()?,
            table.LLVMMDNodeInContext2()?,
        );
        let (as_value, add) = (
            table.LLVMMetadataAsValue()?,
            table.LLVMAddNamedMetadataOperand()?,
        );
        let behavior = self.int32(behavior as u32)?;
        let name = c_string(FLAGS, "a name of metadata")?;
        // SAFETY: context and module are alive; pointers and lengths are those of a str and of an array.
        unsafe {
            let operands = [
                behavior,
                string(context, key.as_ptr().cast(), key.len()),
                number,
            ];
            add(
                self.raw,
                name.as_ptr(),
                as_value(context, node(context, operands.as_ptr(), operands.len())),
            );
        }
        Ok(())
    }

    /// A node that holds a number of 32 bits, and nothing else.
    pub fn number_node(&self, number: u32) -> Result<Node> {
        let create = self.table().LLVMMDNodeInContext2()?;
        let operand = self.int32(number)?;
        // SAFETY: the context is alive, and one operand of it is read.
        let raw = unsafe { create(self.context.inner.raw, &operand, 1) };
        Ok(Node::at(self, raw))
    }

    /// The nodes of the named metadata `name` (`llvm.dbg.cu`); none if it is absent.
    pub fn named(&self, name: &str) -> Result<Vec<Node>> {
        let as_metadata = self.table().LLVMValueAsMetadata()?;
        let nodes = self.named_metadata(name)?.into_iter();
        // SAFETY: values that stand for nodes.
        Ok(nodes
            .map(|value| Node::at(self, unsafe { as_metadata(value) }))
            .collect())
    }

    /// The names of all named metadata.
    pub fn metadata_names(&self) -> Result<Vec<String>> {
        let table = self.table();
        let (first, next, name) = (
            table.LLVMGetFirstNamedMetadata()?,
            table.LLVMGetNextNamedMetadata()?,
            table.LLVMGetNamedMetadataName()?,
        );
        let mut names = Vec::new();
        // SAFETY: the module is alive, and its list does not change meanwhile; LLVM returns a name with its length.
        unsafe {
            let mut raw = first(self.raw);
            while !raw.is_null() {
                let mut length = 0;
                let start = name(raw, &mut length);
                names.push(borrowed_text(start, length).unwrap_or_default());
                raw = next(raw);
            }
        }
        Ok(names)
    }

    /// The node of the flag `key`, and its value.
    fn find_flag(&self, key: &str) -> Result<Option<(*mut RawValue, *mut RawValue)>> {
        for node in self.named_metadata(FLAGS)? {
            let operands = self.operands(node)?;
            let &[_, name, value] = &operands[..] else {
                return Err(Failure::failed(format!(
                    "a module flag with {} parts instead of 3",
                    operands.len()
                )));
            };
            if self.string(name)?.as_deref() == Some(key) {
                return Ok(Some((node, value)));
            }
        }
        Ok(None)
    }

    /// The nodes of the named metadata `name`; none if it is absent.
    pub(crate) fn named_metadata(&self, name: &str) -> Result<Vec<*mut RawValue>> {
        let count = self.table().LLVMGetNamedMetadataNumOperands()?;
        let get = self.table().LLVMGetNamedMetadataOperands()?;
        let name = c_string(name, "a name of metadata")?;
        // SAFETY: the module is alive and the name is a C string.
        let count = unsafe { count(self.raw, name.as_ptr()) };
        let mut nodes = vec![std::ptr::null_mut(); count as usize];
        // SAFETY: there is room for as many nodes as LLVM said there are.
        unsafe { get(self.raw, name.as_ptr(), nodes.as_mut_ptr()) };
        Ok(nodes)
    }

    /// The operands of a metadata node; null where one is absent.
    pub(crate) fn operands(&self, node: *mut RawValue) -> Result<Vec<*mut RawValue>> {
        let count = self.table().LLVMGetMDNodeNumOperands()?;
        let get = self.table().LLVMGetMDNodeOperands()?;
        // SAFETY: a metadata node of a live context.
        let count = unsafe { count(node) };
        let mut operands = vec![std::ptr::null_mut(); count as usize];
        // SAFETY: there is room for as many operands as LLVM said there are.
        unsafe { get(node, operands.as_mut_ptr()) };
        Ok(operands)
    }

    /// The text of a metadata string.
    pub(crate) fn string(&self, value: *mut RawValue) -> Result<Option<String>> {
        let is = self.table().LLVMIsAMDString()?;
        let get = self.table().LLVMGetMDString()?;
        // SAFETY: a value of a live context, or null, which the check below keeps out.
        if value.is_null() || unsafe { is(value) }.is_null() {
            return Ok(None);
        }
        let mut length: c_uint = 0;
        // SAFETY: a metadata string; LLVM returns it with its length.
        unsafe { Ok(borrowed_text(get(value, &mut length), length as usize)) }
    }

    /// The number that a metadata operand is, if it is one.
    fn number(&self, value: *mut RawValue) -> Result<Option<u64>> {
        let is = self.table().LLVMIsAConstantInt()?;
        let get = self.table().LLVMConstIntGetZExtValue()?;
        // SAFETY: a value of a live context, or null, which the check keeps out.
        if value.is_null() || unsafe { is(value) }.is_null() {
            return Ok(None);
        }
        // SAFETY: a constant integer.
        Ok(Some(unsafe { get(value) }))
    }

    fn int32(&self, value: u32) -> Result<*mut RawMetadata> {
        let table = self.table();
        let (int32, constant, as_metadata) = (
            table.LLVMInt32TypeInContext()?,
            table.LLVMConstInt()?,
            table.LLVMValueAsMetadata()?,
        );
        // SAFETY: the context is alive.
        Ok(unsafe { as_metadata(constant(int32(self.context.inner.raw), value.into(), 0)) })
    }
}
