//! Metadata nodes, and what debug information consists of: locations, scopes, and records of variables.

use std::ffi::{c_uint, c_void};
use std::fmt;
use std::hash::{Hash, Hasher};

use gateless_model::{Failure, Result};

use crate::memory::borrowed_text;
use crate::numbered::numbered;
use crate::table::{RawDbgRecord, RawMetadata, RawValue, Table};
use crate::{Context, Module, Value};

/// A metadata node. The context keeps nodes for as long as it lives itself, and a handle keeps the context: so it outlives modules.
#[derive(Clone)]
pub struct Node {
    context: Context,
    raw: *mut RawMetadata,
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

    fn table(&self) -> &'static Table {
        &self.context.llvm().table
    }

    fn same(&self, raw: *mut RawMetadata) -> Self {
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

    /// The function that a scope lies in, which is the scope itself if it is one (`DISubprogram`); nothing for scopes outside of functions.
    pub fn subprogram(&self) -> Result<Option<Subprogram>> {
        let mut scope = self.clone();
        loop {
            match scope.kind()? {
                NodeKind::Subprogram => return Ok(Some(Subprogram { node: scope })),
                NodeKind::LexicalBlock | NodeKind::LexicalBlockFile => match scope.node(SCOPE)? {
                    Some(around) => scope = around,
                    None => return Ok(None),
                },
                _ => return Ok(None),
            }
        }
    }

    /// The line that declares a variable, from 1; nothing for other nodes.
    pub fn variable_line(&self) -> Result<Option<u32>> {
        let line = self.table().LLVMDIVariableGetLine()?;
        Ok(match self.kind()? {
            // SAFETY: a variable of a live context.
            NodeKind::LocalVariable | NodeKind::GlobalVariable => Some(unsafe { line(self.raw) }),
            _ => None,
        })
    }

    /// The source file of a scope or of a variable; nothing for other nodes.
    pub fn file(&self) -> Result<Option<File>> {
        let table = self.table();
        let (of_variable, of_scope) = (table.LLVMDIVariableGetFile()?, table.LLVMDIScopeGetFile()?);
        // SAFETY: a variable or a scope of a live context.
        let raw = unsafe {
            match self.kind()? {
                NodeKind::LocalVariable | NodeKind::GlobalVariable => of_variable(self.raw),
                NodeKind::File
                | NodeKind::CompileUnit
                | NodeKind::Subprogram
                | NodeKind::LexicalBlock
                | NodeKind::LexicalBlockFile
                | NodeKind::Namespace
                | NodeKind::Module
                | NodeKind::BasicType
                | NodeKind::DerivedType
                | NodeKind::CompositeType
                | NodeKind::SubroutineType => of_scope(self.raw),
                _ => return Ok(None),
            }
        };
        match raw.is_null() {
            true => Ok(None),
            false => File::of(&self.same(raw)).map(Some),
        }
    }
}

impl Module {
    /// A source file in debug information, with an MD5 checksum (as hexadecimal digits) or without.
    pub fn source_file(&self, name: &str, directory: &str, md5: Option<&str>) -> Result<Node> {
        /// CSK_MD5 (llvm-c/DebugInfo.h)
        const MD5: i32 = 0;
        let table = self.table();
        let (create, dispose) = (table.LLVMCreateDIBuilder()?, table.LLVMDisposeDIBuilder()?);
        let (plain, with_checksum) = (
            table.LLVMDIBuilderCreateFile()?,
            table.LLVMDIBuilderCreateFileWithChecksum()?,
        );
        let (name, name_length) = (name.as_ptr().cast(), name.len());
        let (directory, directory_length) = (directory.as_ptr().cast(), directory.len());
        // SAFETY: the module is alive; pointers and lengths are those of strs, which LLVM copies, or null and 0; the builder is disposed of once.
        let raw = unsafe {
            let builder = create(self.raw);
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
                    std::ptr::null(),
                    0,
                ),
            };
            dispose(builder);
            file
        };
        Ok(Node::at(self, raw))
    }
}

/// Operands of nodes (llvm/IR/DebugInfoMetadata.h): a scope's own scope; a subprogram's name, and the name of its symbol.
const SCOPE: usize = 1;
const NAME: usize = 2;
const LINKAGE_NAME: usize = 3;

/// A function, as debug information has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subprogram {
    /// Its node.
    pub node: Node,
}

impl Subprogram {
    /// Its name in the source.
    pub fn name(&self) -> Result<Option<String>> {
        self.node.text(NAME)
    }

    /// The name of its symbol.
    pub fn linkage_name(&self) -> Result<Option<String>> {
        self.node.text(LINKAGE_NAME)
    }

    /// The line of its declaration, from 1; 0 if it has none.
    pub fn line(&self) -> Result<u32> {
        // SAFETY: a DISubprogram.
        Ok(unsafe { (self.node.table().LLVMDISubprogramGetLine()?)(self.node.raw) })
    }

    /// The file that declares it.
    pub fn file(&self) -> Result<Option<File>> {
        self.node.file()
    }
}

/// A source file, as debug information has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct File {
    /// Its path, absolute or relative to `directory`.
    pub name: String,
    /// The directory that `name` is relative to; may be empty.
    pub directory: String,
}

impl File {
    /// What a `DIFile` says.
    fn of(node: &Node) -> Result<Self> {
        let (name, directory) = (
            node.table().LLVMDIFileGetFilename()?,
            node.table().LLVMDIFileGetDirectory()?,
        );
        let (mut name_length, mut directory_length) = (0, 0);
        // SAFETY: a DIFile; LLVM returns the texts with their lengths.
        let (name, directory) = unsafe {
            let name = name(node.raw, &mut name_length);
            let directory = directory(node.raw, &mut directory_length);
            (
                borrowed_text(name, name_length as usize),
                borrowed_text(directory, directory_length as usize),
            )
        };
        Ok(Self {
            name: name.unwrap_or_default(),
            directory: directory.unwrap_or_default(),
        })
    }
}

/// A place in the source, and where the function in which it lies was inlined.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    node: Node,
}

impl Location {
    pub(crate) fn of(node: Node) -> Self {
        Self { node }
    }

    pub(crate) fn raw(&self) -> *mut RawMetadata {
        self.node.raw
    }

    /// A place in another scope, and inlined elsewhere or nowhere.
    pub fn new(
        line: u32,
        column: u32,
        scope: &Node,
        inlined_at: Option<&Location>,
    ) -> Result<Self> {
        let create = scope.table().LLVMDIBuilderCreateDebugLocation()?;
        let inlined = inlined_at.map_or(std::ptr::null_mut(), Location::raw);
        // SAFETY: scope and location belong to a live context.
        let raw = unsafe { create(scope.context.inner.raw, line, column, scope.raw, inlined) };
        Ok(Self {
            node: scope.same(raw),
        })
    }

    /// The line, from 1; 0 for code that no line stands for.
    pub fn line(&self) -> Result<u32> {
        // SAFETY: a location of a live context.
        Ok(unsafe { (self.node.table().LLVMDILocationGetLine()?)(self.node.raw) })
    }

    /// The column, from 1; 0 if it is not known.
    pub fn column(&self) -> Result<u32> {
        // SAFETY: a location of a live context.
        Ok(unsafe { (self.node.table().LLVMDILocationGetColumn()?)(self.node.raw) })
    }

    /// The scope: a function, or a part of one.
    pub fn scope(&self) -> Result<Node> {
        // SAFETY: a location of a live context, which always has a scope.
        let raw = unsafe { (self.node.table().LLVMDILocationGetScope()?)(self.node.raw) };
        Ok(self.node.same(raw))
    }

    /// Where the function in which it lies was inlined, if it was.
    pub fn inlined_at(&self) -> Result<Option<Location>> {
        // SAFETY: a location of a live context.
        let raw = unsafe { (self.node.table().LLVMDILocationGetInlinedAt()?)(self.node.raw) };
        Ok((!raw.is_null()).then(|| Self::of(self.node.same(raw))))
    }

    /// The source file.
    pub fn file(&self) -> Result<Option<File>> {
        self.scope()?.file()
    }

    /// The function in whose source it lies.
    pub fn subprogram(&self) -> Result<Option<Subprogram>> {
        self.scope()?.subprogram()
    }
}

impl From<Location> for Node {
    fn from(location: Location) -> Self {
        location.node
    }
}

numbered! {
    /// What a debug record says (llvm-c/Core.h, LLVMDbgRecordKind).
    RecordKind("a debug record of kind") {
        /// Nothing but that this is the place of a label.
        Label = 0,
        /// Where a variable is in memory.
        Declare = 1,
        /// What a variable's value is from here on.
        Value = 2,
        /// That a variable was assigned to.
        Assign = 3,
    }
}

/// A debug record, which stands before an instruction.
#[derive(Clone, Copy)]
pub struct Record<'m> {
    module: &'m Module,
    raw: *mut RawDbgRecord,
}

impl<'m> Record<'m> {
    pub(crate) fn at(module: &'m Module, raw: *mut RawDbgRecord) -> Self {
        Self { module, raw }
    }

    pub(crate) fn raw(self) -> *mut RawDbgRecord {
        self.raw
    }

    /// LLVM's number of what it says.
    pub(crate) fn kind_number(self) -> Result<i32> {
        // SAFETY: a record of an instruction of a live module.
        Ok(unsafe { (self.module.table().LLVMDbgRecordGetKind()?)(self.raw) })
    }

    /// What it says.
    pub fn kind(self) -> Result<RecordKind> {
        RecordKind::from_raw(self.kind_number()?)
    }

    /// Its place in the source.
    pub fn location(self) -> Result<Option<Location>> {
        // SAFETY: a record of an instruction of a live module.
        let raw = unsafe { (self.module.table().LLVMDbgRecordGetDebugLoc()?)(self.raw) };
        Ok(Node::maybe(self.module, raw).map(Location::of))
    }

    /// The variable that it is about; nothing for a label.
    pub fn variable(self) -> Result<Option<Node>> {
        if self.kind_number()? == RecordKind::Label as i32 {
            return Ok(None);
        }
        // SAFETY: a record of a variable.
        let raw = unsafe { (self.module.table().LLVMDbgVariableRecordGetVariable()?)(self.raw) };
        Ok(Node::maybe(self.module, raw))
    }

    /// Where the variable is, or what its value is; nothing for a label.
    pub fn value(self) -> Result<Option<Value<'m>>> {
        if self.kind_number()? == RecordKind::Label as i32 {
            return Ok(None);
        }
        // SAFETY: a record of a variable.
        let raw = unsafe { (self.module.table().LLVMDbgVariableRecordGetValue()?)(self.raw, 0) };
        Ok(Value::maybe(self.module, raw))
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

    /// `f`, in line 7 of which `g` of another file is inlined.
    const INLINED: &str = "define void @f(ptr %p) !dbg !3 {\n #dbg_declare(ptr %p, !9, !DIExpression(), !6)\n fence acquire, !dbg !8\n ret void, !dbg !6\n}\n\
        !llvm.dbg.cu = !{!0}\n!llvm.module.flags = !{!2}\n\
        !0 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !1, emissionKind: FullDebug)\n\
        !1 = !DIFile(filename: \"src/f.rs\", directory: \"/tree\")\n\
        !2 = !{i32 2, !\"Debug Info Version\", i32 3}\n\
        !3 = distinct !DISubprogram(name: \"f\", linkageName: \"_Rf\", file: !1, line: 5, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n\
        !5 = !DISubroutineType(types: !{})\n\
        !6 = !DILocation(line: 7, column: 9, scope: !3)\n\
        !7 = distinct !DISubprogram(name: \"g\", file: !10, line: 1, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n\
        !8 = distinct !DILocation(line: 2, column: 3, scope: !11, inlinedAt: !6)\n\
        !9 = !DILocalVariable(name: \"x\", arg: 1, scope: !3, file: !1, line: 6)\n\
        !10 = !DIFile(filename: \"src/g.rs\", directory: \"/tree\")\n\
        !11 = distinct !DILexicalBlock(scope: !7, file: !10, line: 1, column: 1)";

    #[test]
    fn a_location_knows_its_file_function_and_where_it_was_inlined() {
        let module = module(INLINED);
        let function = module.function("f").unwrap().unwrap();
        let instructions = function.instructions().unwrap();
        let inner = instructions[0].location().unwrap().unwrap();
        assert_eq!((inner.line().unwrap(), inner.column().unwrap()), (2, 3));
        assert_eq!(inner.file().unwrap().unwrap().name, "src/g.rs");
        let g = inner.subprogram().unwrap().unwrap();
        assert_eq!(g.name().unwrap().as_deref(), Some("g"));
        assert_eq!(g.linkage_name().unwrap(), None);
        let outer = inner.inlined_at().unwrap().unwrap();
        assert_eq!(Some(&outer), instructions[1].location().unwrap().as_ref());
        assert_eq!(outer.line().unwrap(), 7);
        assert_eq!(outer.inlined_at().unwrap(), None);
        let f = function.subprogram().unwrap().unwrap();
        assert_eq!(outer.subprogram().unwrap().as_ref(), Some(&f));
        assert_eq!(f.linkage_name().unwrap().as_deref(), Some("_Rf"));
        assert_eq!(f.line().unwrap(), 5);
        let file = f.file().unwrap().unwrap();
        assert_eq!(
            (file.name.as_str(), file.directory.as_str()),
            ("src/f.rs", "/tree")
        );
    }

    #[test]
    fn a_record_says_where_a_variable_is() {
        let module = module(INLINED);
        let function = module.function("f").unwrap().unwrap();
        let instructions = function.instructions().unwrap();
        let [record] = instructions[0].records().unwrap()[..] else {
            panic!("not one record")
        };
        assert_eq!(record.kind().unwrap(), RecordKind::Declare);
        let value = record.value().unwrap().unwrap();
        assert_eq!(value.name().unwrap(), "p");
        let variable = record.variable().unwrap().unwrap();
        assert_eq!(variable.text(1).unwrap().as_deref(), Some("x"));
        assert_eq!(variable.variable_line().unwrap(), Some(6));
        assert_eq!(variable.file().unwrap().unwrap().name, "src/f.rs");
        assert_eq!(record.location().unwrap().unwrap().line().unwrap(), 7);
        assert!(instructions[1].records().unwrap().is_empty());
    }

    #[test]
    fn a_node_outlives_its_module() {
        let module = module(INLINED);
        let node = module.named("llvm.dbg.cu").unwrap().remove(0);
        drop(module);
        assert_eq!(node.kind().unwrap(), NodeKind::CompileUnit);
        assert_eq!(node.file().unwrap().unwrap().name, "src/f.rs");
    }

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
