//! What debug information consists of: functions, files, places in the source, and records of variables.

use gateless_model::Result;

use crate::memory::borrowed_text;
use crate::node::{Node, NodeKind};
use crate::numbered::numbered;
use crate::table::{RawDbgRecord, RawMetadata};
use crate::{Module, Value};

impl Node {
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

    /// The bits that a type takes; nothing for other nodes, and for types of functions.
    pub fn size(&self) -> Result<Option<u64>> {
        let size = self.table().LLVMDITypeGetSizeInBits()?;
        Ok(match self.kind()? {
            NodeKind::BasicType | NodeKind::DerivedType | NodeKind::CompositeType => {
                // SAFETY: a type of a live context.
                Some(unsafe { size(self.raw()) })
            }
            _ => None,
        })
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

    /// Gives its symbol another name.
    pub fn set_linkage_name(&self, name: &str) -> Result<()> {
        self.node.set_text(LINKAGE_NAME, name)
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
}
