//! Metadata nodes: their kinds and operands.

use std::ffi::{c_uint, c_void};
use std::fmt;
use std::hash::{Hash, Hasher};

use gateless_model::{Failure, Result};

use crate::memory::borrowed_text;
use crate::numbered::numbered;
use crate::table::{RawMetadata, RawValue, Table};
use crate::{Context, Module, Value};

/// A metadata node. The context keeps nodes for as long as it lives itself, and a handle keeps the context: so it outlives modules.
#[derive(Clone)]
pub struct Node {
    pub(crate) context: Context,
    pub(crate) raw: *mut RawMetadata,
}

numbered! {
    /// What a node is (llvm-c/DebugInfo.h, LLVM...MetadataKind).
    NodeKind("metadata of kind") {
        /// Operands without a meaning of their own.
        Tuple = 4,
        /// `DILocation`
        Location = 5,
        /// `DIExpression`
        Expression = 6,
        /// `DIGlobalVariableExpression`
        GlobalVariableExpression = 7,
        /// `GenericDINode`
        Generic = 8,
        /// `DISubrange`
        Subrange = 9,
        /// `DIEnumerator`
        Enumerator = 10,
        /// `DIBasicType`
        BasicType = 11,
        /// `DIDerivedType`
        DerivedType = 12,
        /// `DICompositeType`
        CompositeType = 13,
        /// `DISubroutineType`
        SubroutineType = 14,
        /// `DIFile`
        File = 15,
        /// `DICompileUnit`
        CompileUnit = 16,
        /// `DISubprogram`
        Subprogram = 17,
        /// `DILexicalBlock`
        LexicalBlock = 18,
        /// `DILexicalBlockFile`
        LexicalBlockFile = 19,
        /// `DINamespace`
        Namespace = 20,
        /// `DIModule`
        Module = 21,
        /// `DITemplateTypeParameter`
        TemplateTypeParameter = 22,
        /// `DITemplateValueParameter`
        TemplateValueParameter = 23,
        /// `DIGlobalVariable`
        GlobalVariable = 24,
        /// `DILocalVariable`
        LocalVariable = 25,
        /// `DILabel`
        Label = 26,
        /// `DIObjCProperty`
        ObjectiveCProperty = 27,
        /// `DIImportedEntity`
        ImportedEntity = 28,
        /// `DIMacro`
        Macro = 29,
        /// `DIMacroFile`
        MacroFile = 30,
        /// `DICommonBlock`
        CommonBlock = 31,
        /// `DIStringType`
        StringType = 32,
        /// `DIGenericSubrange`
        GenericSubrange = 33,
        /// `DIArgList`
        ArgumentList = 34,
        /// `DIAssignID`
        AssignId = 35,
        /// `DISubrangeType`
        SubrangeType = 36,
        /// `DIFixedPointType`
        FixedPointType = 37,
    }
}

/// An operand of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// None in this place.
    Nothing,
    /// A text.
    Text(String),
    /// Another node.
    Node(Node),
    /// A constant, see [`Node::value`].
    Constant,
}

impl Node {
    pub(crate) fn at(module: &Module, raw: *mut RawMetadata) -> Self {
        Self {
            context: module.context.clone(),
            raw,
        }
    }

    /// The node at `raw`; nothing if that is null.
    pub(crate) fn maybe(module: &Module, raw: *mut RawMetadata) -> Option<Self> {
        (!raw.is_null()).then(|| Self::at(module, raw))
    }

    /// The nodes of a list that LLVM made for its caller, which is given back.
    ///
    /// # Safety
    ///
    /// `entries` is a list that LLVM has just returned for something in the module, with its length.
    pub(crate) unsafe fn of_entries(
        module: &Module,
        entries: *mut c_void,
        count: usize,
    ) -> Result<Vec<(c_uint, Self)>> {
        let (kind, get, dispose) = (
            module.table().LLVMValueMetadataEntriesGetKind()?,
            module.table().LLVMValueMetadataEntriesGetMetadata()?,
            module.table().LLVMDisposeValueMetadataEntries()?,
        );
        // SAFETY: a list of this length, as the caller promises, which is given back once.
        unsafe {
            let nodes = (0..count as c_uint)
                .map(|at| (kind(entries, at), Self::at(module, get(entries, at))))
                .collect();
            dispose(entries);
            Ok(nodes)
        }
    }

    pub(crate) fn raw(&self) -> *mut RawMetadata {
        self.raw
    }

    pub(crate) fn table(&self) -> &'static Table {
        &self.context.llvm().table
    }

    /// Another node of the same context.
    pub(crate) fn same(&self, raw: *mut RawMetadata) -> Self {
        Self {
            context: self.context.clone(),
            raw,
        }
    }

    /// What it is.
    pub fn kind(&self) -> Result<NodeKind> {
        // SAFETY: a node of a live context.
        let kind = unsafe { (self.table().LLVMGetMetadataKind()?)(self.raw) };
        NodeKind::from_raw(kind as i32)
    }

    /// As an operand of instructions, which is how the C API has nodes where it doesn't have them as metadata.
    pub(crate) fn as_value(&self) -> Result<*mut RawValue> {
        let as_value = self.table().LLVMMetadataAsValue()?;
        // SAFETY: metadata of a live context.
        Ok(unsafe { as_value(self.context.inner.raw, self.raw) })
    }

    fn raw_operands(&self) -> Result<Vec<*mut RawValue>> {
        let (count, get) = (
            self.table().LLVMGetMDNodeNumOperands()?,
            self.table().LLVMGetMDNodeOperands()?,
        );
        let node = self.as_value()?;
        // SAFETY: a node of a live context; there is room for as many operands as LLVM says there are.
        unsafe {
            let mut operands = vec![std::ptr::null_mut(); count(node) as usize];
            get(node, operands.as_mut_ptr());
            Ok(operands)
        }
    }

    /// Its operands, in the order of llvm/IR/DebugInfoMetadata.h; operands that are numbers or flags there are not among them.
    pub fn operands(&self) -> Result<Vec<Operand>> {
        let operands = self.raw_operands()?;
        operands
            .into_iter()
            .map(|raw| self.operand_of(raw))
            .collect()
    }

    /// The operand of this number; nothing if it has fewer.
    pub fn operand(&self, at: usize) -> Result<Operand> {
        match self.raw_operands()?.get(at) {
            Some(raw) => self.operand_of(*raw),
            None => Ok(Operand::Nothing),
        }
    }

    fn operand_of(&self, raw: *mut RawValue) -> Result<Operand> {
        let table = self.table();
        let (is_text, text, is_node, as_metadata) = (
            table.LLVMIsAMDString()?,
            table.LLVMGetMDString()?,
            table.LLVMIsAMDNode()?,
            table.LLVMValueAsMetadata()?,
        );
        if raw.is_null() {
            return Ok(Operand::Nothing);
        }
        let mut length = 0;
        // SAFETY: an operand of a live node, which is read as what LLVM says that it is.
        unsafe {
            if !is_text(raw).is_null() {
                let text = borrowed_text(text(raw, &mut length), length as usize);
                return Ok(Operand::Text(text.unwrap_or_default()));
            }
            if !is_node(raw).is_null() {
                return Ok(Operand::Node(self.same(as_metadata(raw))));
            }
        }
        Ok(Operand::Constant)
    }

    /// The constant that an operand is, if it is one, for a node that the module has.
    pub fn value<'m>(&self, module: &'m Module, at: usize) -> Result<Option<Value<'m>>> {
        if self.operand(at)? != Operand::Constant {
            return Ok(None);
        }
        let raw = self.raw_operands()?.get(at).copied();
        Ok(raw.map(|raw| Value::at(module, raw)))
    }

    /// The integer that an operand is, if it is one.
    pub fn constant(&self, at: usize) -> Result<Option<u64>> {
        let (is, get) = (
            self.table().LLVMIsAConstantInt()?,
            self.table().LLVMConstIntGetZExtValue()?,
        );
        if self.operand(at)? != Operand::Constant {
            return Ok(None);
        }
        let operands = self.raw_operands()?;
        // SAFETY: a constant operand of a live node, read as a number if it is one.
        Ok(operands
            .get(at)
            .and_then(|raw| unsafe { (!is(*raw).is_null()).then(|| get(*raw)) }))
    }

    /// The text that an operand is, if it is one.
    pub fn text(&self, at: usize) -> Result<Option<String>> {
        match self.operand(at)? {
            Operand::Text(text) => Ok(Some(text)),
            _ => Ok(None),
        }
    }

    /// The node that an operand is, if it is one.
    pub fn node(&self, at: usize) -> Result<Option<Node>> {
        match self.operand(at)? {
            Operand::Node(node) => Ok(Some(node)),
            _ => Ok(None),
        }
    }

    /// The operands that are nodes, with their numbers.
    pub fn nodes(&self) -> Result<Vec<(usize, Node)>> {
        let (is_node, as_metadata) = (
            self.table().LLVMIsAMDNode()?,
            self.table().LLVMValueAsMetadata()?,
        );
        let mut nodes = Vec::new();
        for (at, raw) in self.raw_operands()?.into_iter().enumerate() {
            // SAFETY: an operand of a live node, which null is kept out of, and which is read as a node if it is one.
            unsafe {
                if !raw.is_null() && !is_node(raw).is_null() {
                    nodes.push((at, self.same(as_metadata(raw))));
                }
            }
        }
        Ok(nodes)
    }

    /// Puts another node into the place of the operand of this number.
    pub fn set_node(&self, at: usize, node: &Node) -> Result<()> {
        self.set_operand(at, node.raw)
    }

    /// Puts a text into the place of the operand of this number.
    pub fn set_text(&self, at: usize, text: &str) -> Result<()> {
        let string = self.table().LLVMMDStringInContext2()?;
        // SAFETY: the context is alive; pointer and length are those of a str, which LLVM copies.
        let text = unsafe { string(self.context.inner.raw, text.as_ptr().cast(), text.len()) };
        self.set_operand(at, text)
    }

    fn set_operand(&self, at: usize, operand: *mut RawMetadata) -> Result<()> {
        if at >= self.raw_operands()?.len() {
            return Err(Failure::failed(format!("{self:?} has no operand {at}")));
        }
        let replace = self.table().LLVMReplaceMDNodeOperandWith()?;
        // SAFETY: a node of a live context that has this operand, and metadata of the same.
        unsafe { replace(self.as_value()?, at as c_uint, operand) };
        Ok(())
    }

    /// A tuple of this one's operands, but for those whose numbers are picked.
    pub fn without(&self, picked: impl Fn(usize) -> bool) -> Result<Node> {
        let (create, as_metadata) = (
            self.table().LLVMMDNodeInContext2()?,
            self.table().LLVMValueAsMetadata()?,
        );
        let operands = self.raw_operands()?.into_iter().enumerate();
        let kept = operands.filter(|(at, _)| !picked(*at)).map(|(_, raw)| {
            if raw.is_null() {
                return std::ptr::null_mut();
            }
            // SAFETY: an operand of a live node.
            unsafe { as_metadata(raw) }
        });
        let kept: Vec<_> = kept.collect();
        // SAFETY: the context is alive; pointer and length are those of a Vec of its metadata.
        let raw = unsafe { create(self.context.inner.raw, kept.as_ptr(), kept.len()) };
        Ok(self.same(raw))
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            Ok(kind) => write!(f, "{kind:?} {:p}", self.raw),
            Err(failure) => write!(f, "{failure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn operands_are_told_apart() {
        let module = module("!a = !{!0}\n!0 = !{!\"text\", i32 7, null, !1}\n!1 = !{}");
        let node = module.named("a").unwrap().remove(0);
        let operands = node.operands().unwrap();
        assert_eq!(operands[0], Operand::Text("text".into()));
        assert_eq!(
            (&operands[1], &operands[2]),
            (&Operand::Constant, &Operand::Nothing)
        );
        assert!(
            matches!(&operands[3], Operand::Node(node) if node.kind().unwrap() == NodeKind::Tuple)
        );
        let number = node.value(&module, 1).unwrap().unwrap();
        let number = number.as_constant().unwrap().unwrap().as_integer().unwrap();
        assert_eq!(number.unwrap().as_u64(), Some(7));
        assert_eq!(node.value(&module, 0).unwrap(), None);
        assert_eq!(module.metadata_names().unwrap(), ["a"]);
    }
}
