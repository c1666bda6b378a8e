//! Taking functions and variables out of debug information.
//!
//! LLVM's C API can add debug records (`#dbg_declare`, `#dbg_value`), and has no function that removes one: a record goes with its
//! basic block only. So a block with such records is put together anew, from the very same instructions. The order in which blocks and
//! values are used, by which the optimiser goes, stays as it was.

use std::collections::{HashMap, HashSet};
use std::ffi::{CString, c_uint};

use gateless_model::{Failure, Result};

use crate::Function;
use crate::Module;
use crate::debug_info::{LOCAL_VARIABLE, VARIABLE_NAME};
use crate::memory::c_string;
use crate::raw::{instructions_of, name};
use crate::table::{RawBlock, RawDbgRecord, RawMetadata, RawValue};

// Kinds of metadata (llvm-c/DebugInfo.h, LLVM...MetadataKind).
const TUPLE: c_uint = 4;
const GLOBAL_VARIABLE_EXPRESSION: c_uint = 7;
const SUBPROGRAM: c_uint = 17;
const LEXICAL_BLOCK: c_uint = 18;
const LEXICAL_BLOCK_FILE: c_uint = 19;

// Kinds of debug records (llvm-c/Core.h, LLVMDbgRecordKind).
const DECLARE: i32 = 1;
const VALUE: i32 = 2;

/// The kind of the attachment `!dbg` (LLVMContext::MD_dbg, llvm/IR/FixedMetadataKinds.def).
const DBG: c_uint = 0;

// Operands of nodes (llvm/IR/DebugInfoMetadata.h): a DISubprogram's names, a DIScope's file and its own scope.
const SUBPROGRAM_NAMES: [usize; 2] = [3, 2];
const FILE: usize = 0;
const SCOPE: usize = 1;

impl Module {
    /// Makes debug information say nothing of the functions and variables whose names `which` picks: symbols of functions and vtables, names of
    /// local variables. What was inlined from such a function stands where the function was called, and so does, for functions whose names
    /// `whole` picks, what rustc had inlined into them before.
    pub fn forget(
        &mut self,
        which: &dyn Fn(&str) -> bool,
        whole: &dyn Fn(&str) -> bool,
    ) -> Result<()> {
        let units = self.named_metadata("llvm.dbg.cu")?;
        if units.is_empty() {
            return Ok(());
        }
        let mut forgetting = Forgetting {
            module: self,
            which,
            whole,
            scopes: HashMap::new(),
            wholes: HashMap::new(),
            locations: HashMap::new(),
            subprograms: HashSet::new(),
        };
        for function in self.functions()? {
            forgetting.function(&function)?;
        }
        for subprogram in std::mem::take(&mut forgetting.subprograms) {
            forgetting.filter_lists(subprogram, LOCAL_VARIABLE)?;
        }
        for unit in units {
            forgetting.filter_lists(forgetting.metadata(unit)?, GLOBAL_VARIABLE_EXPRESSION)?;
        }
        forgetting.globals()
    }
}

/// A debug record, as far as it can be made again.
struct Record {
    kind: i32,
    value: *mut RawValue,
    variable: *mut RawMetadata,
    expression: *mut RawMetadata,
    location: *mut RawMetadata,
}

struct Forgetting<'m> {
    module: &'m Module,
    which: &'m dyn Fn(&str) -> bool,
    whole: &'m dyn Fn(&str) -> bool,
    /// Scopes seen so far, and whether they lie in a function that is picked.
    scopes: HashMap<*mut RawMetadata, bool>,
    /// Locations seen so far, and whether they lie in a function that goes with all that was inlined into it.
    wholes: HashMap<*mut RawMetadata, bool>,
    /// Locations seen so far, and what becomes of them; null where nothing is left.
    locations: HashMap<*mut RawMetadata, *mut RawMetadata>,
    /// Subprograms that may list picked variables.
    subprograms: HashSet<*mut RawMetadata>,
}

impl<'m> Forgetting<'m> {
    fn function(&mut self, function: &Function<'m>) -> Result<()> {
        let table = self.module.table();
        let (get, set) = (table.LLVMGetSubprogram()?, table.LLVMSetSubprogram()?);
        let (first, next) = (
            table.LLVMGetFirstBasicBlock()?,
            table.LLVMGetNextBasicBlock()?,
        );
        let whole = (self.which)(&function.name()?);
        // SAFETY: a function of a live module.
        let subprogram = unsafe { get(function.raw) };
        if whole {
            // SAFETY: a function of a live module; null takes its subprogram away.
            unsafe { set(function.raw, std::ptr::null_mut()) };
        } else if !subprogram.is_null() {
            self.subprograms.insert(subprogram);
        }
        let mut blocks = Vec::new();
        // SAFETY: a function of a live module, whose list of blocks is not changed meanwhile.
        unsafe {
            let mut block = first(function.raw);
            while !block.is_null() {
                blocks.push(block);
                block = next(block);
            }
        }
        for block in blocks {
            self.block(function, block, whole)?;
        }
        Ok(())
    }

    fn block(&mut self, function: &Function<'m>, block: *mut RawBlock, whole: bool) -> Result<()> {
        let mut instructions = Vec::new();
        let mut is_changed = false;
        // SAFETY: a block of a live function.
        for instruction in unsafe { instructions_of(self.module, block)? } {
            self.relocate(instruction, whole)?;
            let mut kept = Vec::new();
            for record in self.records(instruction)? {
                match self.kept(record, whole)? {
                    Some((record, moved)) => {
                        is_changed |= moved;
                        kept.push(record);
                    }
                    None => is_changed = true,
                }
            }
            instructions.push((instruction, kept));
        }
        if is_changed {
            self.rebuild(function, block, &instructions)?;
        }
        Ok(())
    }

    /// Gives an instruction the location that is left of its own.
    fn relocate(&mut self, instruction: *mut RawValue, whole: bool) -> Result<()> {
        let table = self.module.table();
        let (get, set) = (
            table.LLVMInstructionGetDebugLoc()?,
            table.LLVMInstructionSetDebugLoc()?,
        );
        // SAFETY: an instruction of a live module.
        let location = unsafe { get(instruction) };
        let left = match whole {
            true => std::ptr::null_mut(),
            false => {
                let left = self.location(location)?;
                match self.is_gone(location)? {
                    true => self.plain(left)?,
                    false => left,
                }
            }
        };
        if left != location {
            // SAFETY: an instruction of a live module, and a location of its context or null.
            unsafe { set(instruction, left) };
        }
        Ok(())
    }

    /// What is left of a location: picked functions are taken out of the chain of calls that were inlined.
    fn location(&mut self, location: *mut RawMetadata) -> Result<*mut RawMetadata> {
        if location.is_null() {
            return Ok(location);
        }
        if let Some(left) = self.locations.get(&location) {
            return Ok(*left);
        }
        let (scope, inlined) = self.parts(location)?;
        let outer = self.location(inlined)?;
        let left = if self.is_gone(location)? {
            outer
        } else if outer == inlined {
            location
        } else {
            self.moved(location, scope, outer)?
        };
        self.locations.insert(location, left);
        Ok(left)
    }

    /// Scope of a location, and the location at which its function was inlined; null if it was not.
    fn parts(&self, location: *mut RawMetadata) -> Result<(*mut RawMetadata, *mut RawMetadata)> {
        let table = self.module.table();
        let scope = table.LLVMDILocationGetScope()?;
        let inlined = table.LLVMDILocationGetInlinedAt()?;
        // SAFETY: a location of a live context.
        Ok(unsafe { (scope(location), inlined(location)) })
    }

    /// Line and column of a location, in another scope and inlined elsewhere.
    fn moved(
        &self,
        location: *mut RawMetadata,
        scope: *mut RawMetadata,
        inlined: *mut RawMetadata,
    ) -> Result<*mut RawMetadata> {
        let table = self.module.table();
        let line = table.LLVMDILocationGetLine()?;
        let column = table.LLVMDILocationGetColumn()?;
        let create = table.LLVMDIBuilderCreateDebugLocation()?;
        // SAFETY: scopes and locations belong to the live context of this module.
        Ok(unsafe {
            let (line, column) = (line(location), column(location));
            create(self.module.context.inner.raw, line, column, scope, inlined)
        })
    }

    /// Whether nothing is left of a location but where the function was called in which it lies.
    fn is_gone(&mut self, location: *mut RawMetadata) -> Result<bool> {
        if location.is_null() {
            return Ok(false);
        }
        let (scope, inlined) = self.parts(location)?;
        Ok(self.is_picked(scope)? || self.is_whole(inlined)?)
    }

    /// A location without the discriminator by which rustc tells apart several calls that are inlined at one place (of a macro): what is done
    /// there now was no call. A scope that stands for one has the file of the scope around it; others are for code of another file.
    fn plain(&self, location: *mut RawMetadata) -> Result<*mut RawMetadata> {
        if location.is_null() {
            return Ok(location);
        }
        let (scope, inlined) = self.parts(location)?;
        if self.module.kind(scope)? != LEXICAL_BLOCK_FILE {
            return Ok(location);
        }
        let operands = self.operands(scope)?;
        let around = self.metadata(operands[SCOPE])?;
        if self.metadata(operands[FILE])? != self.metadata(self.operands(around)?[FILE])? {
            return Ok(location);
        }
        self.moved(location, around, inlined)
    }

    /// Whether a location lies in a function that goes with all that was inlined into it.
    fn is_whole(&mut self, location: *mut RawMetadata) -> Result<bool> {
        if location.is_null() {
            return Ok(false);
        }
        if let Some(is) = self.wholes.get(&location) {
            return Ok(*is);
        }
        let (mut scope, inlined) = self.parts(location)?;
        while matches!(self.module.kind(scope)?, LEXICAL_BLOCK | LEXICAL_BLOCK_FILE) {
            scope = self.metadata(self.operands(scope)?[SCOPE])?;
        }
        let mut is = self.is_whole(inlined)?;
        if !is && self.module.kind(scope)? == SUBPROGRAM {
            let operands = self.operands(scope)?;
            for operand in SUBPROGRAM_NAMES {
                let name = self.module.string(operands[operand])?;
                is |= name.is_some_and(|name| (self.whole)(&name));
            }
        }
        self.wholes.insert(location, is);
        Ok(is)
    }

    /// Whether a scope lies in a picked function.
    fn is_picked(&mut self, scope: *mut RawMetadata) -> Result<bool> {
        if let Some(is) = self.scopes.get(&scope) {
            return Ok(*is);
        }
        let operands = self.operands(scope)?;
        let is = match self.module.kind(scope)? {
            LEXICAL_BLOCK | LEXICAL_BLOCK_FILE => {
                self.is_picked(self.metadata(operands[SCOPE])?)?
            }
            SUBPROGRAM => {
                let mut is = false;
                for operand in SUBPROGRAM_NAMES {
                    is |= self.picks(operands[operand])?;
                }
                if !is {
                    self.subprograms.insert(scope);
                }
                is
            }
            _ => false,
        };
        self.scopes.insert(scope, is);
        Ok(is)
    }

    /// A record to keep, and whether it has another location now; nothing if it goes.
    fn kept(&mut self, record: *mut RawDbgRecord, whole: bool) -> Result<Option<(Record, bool)>> {
        let table = self.module.table();
        let (location, kind, variable) = (
            table.LLVMDbgRecordGetDebugLoc()?,
            table.LLVMDbgRecordGetKind()?,
            table.LLVMDbgVariableRecordGetVariable()?,
        );
        let (value, expression) = (
            table.LLVMDbgVariableRecordGetValue()?,
            table.LLVMDbgVariableRecordGetExpression()?,
        );
        let scope = table.LLVMDIVariableGetScope()?;
        // SAFETY: a record of an instruction of a live module.
        let (kind, location) = unsafe { (kind(record), location(record)) };
        if whole {
            return Ok(None);
        }
        if !matches!(kind, DECLARE | VALUE) {
            return Err(Failure::failed(format!(
                "a debug record of kind {kind} beside code that lowering added: not implemented"
            )));
        }
        // SAFETY: a record of a variable, which has a scope.
        let (variable, scope) = unsafe { (variable(record), scope(variable(record))) };
        let is_picked =
            self.is_picked(scope)? || self.picks(self.operands(variable)?[VARIABLE_NAME])?;
        if is_picked || self.is_gone(location)? {
            return Ok(None);
        }
        let left = self.location(location)?;
        // SAFETY: a record of a variable; unoptimised code has one value for each.
        let record = unsafe {
            Record {
                kind,
                value: value(record, 0),
                variable,
                expression: expression(record),
                location: left,
            }
        };
        Ok(Some((record, left != location)))
    }

    /// Puts the same instructions into a new block, with the given records, in the place of the old one.
    fn rebuild(
        &self,
        function: &Function<'m>,
        block: *mut RawBlock,
        instructions: &[(*mut RawValue, Vec<Record>)],
    ) -> Result<()> {
        let table = self.module.table();
        let context = self.module.context.inner.raw;
        let (append, insert) = (
            table.LLVMAppendBasicBlockInContext()?,
            table.LLVMInsertBasicBlockInContext()?,
        );
        let (next, delete, as_value) = (
            table.LLVMGetNextBasicBlock()?,
            table.LLVMDeleteBasicBlock()?,
            table.LLVMBasicBlockAsValue()?,
        );
        // SAFETY: a block of a function of a live module.
        let (value, next) = unsafe { (as_value(block), next(block)) };
        let label = c_string(&name(self.module, value)?, "a block's name")?;
        // Twice, since each time the list of the block's users is turned around.
        // SAFETY: the function and its context are alive; a block is deleted after all its instructions, and everything that refers to it, went elsewhere.
        unsafe {
            let between = append(context, function.raw, c"".as_ptr());
            self.transfer(block, between, instructions)?;
            delete(block);
            let new = match next.is_null() {
                true => append(context, function.raw, label.as_ptr()),
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
        let table = self.module.table();
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
            .map(|(instruction, _)| c_string(&name(self.module, *instruction)?, "a value's name"))
            .collect::<Result<_>>()?;
        // SAFETY: as the caller promises. The block is replaced while it still has its successors. Records of an instruction that is removed go to the
        // next one, in the end to the one that is added here and goes with its block.
        unsafe {
            replace(as_value(from), as_value(to));
            let builder = create(self.module.context.inner.raw);
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
        let table = self.module.table();
        let (create, dispose) = (table.LLVMCreateDIBuilder()?, table.LLVMDisposeDIBuilder()?);
        let (declare, value) = (
            table.LLVMDIBuilderInsertDeclareRecordBefore()?,
            table.LLVMDIBuilderInsertDbgValueRecordBefore()?,
        );
        // SAFETY: the module is alive; what the records consist of belongs to it, and the instructions stand in blocks; the builder is disposed of once.
        unsafe {
            let builder = create(self.module.raw);
            for (instruction, records) in instructions {
                for record in records {
                    let add = match record.kind {
                        DECLARE => declare,
                        _ => value,
                    };
                    add(
                        builder,
                        record.value,
                        record.variable,
                        record.expression,
                        record.location,
                        *instruction,
                    );
                }
            }
            dispose(builder);
        }
        Ok(())
    }

    /// Takes picked variables off the lists that a node refers to; `kind` is that of the lists' members.
    fn filter_lists(&self, node: *mut RawMetadata, kind: c_uint) -> Result<()> {
        let table = self.module.table();
        let (replace, create) = (
            table.LLVMReplaceMDNodeOperandWith()?,
            table.LLVMMDNodeInContext2()?,
        );
        for (index, operand) in self.operands(node)?.into_iter().enumerate() {
            let Some(list) = self.node(operand)? else {
                continue;
            };
            if self.module.kind(list)? != TUPLE {
                continue;
            }
            let members = self.operands(list)?;
            let mut kept = Vec::new();
            for member in &members {
                let is_picked = match self.node(*member)? {
                    Some(member) if self.module.kind(member)? == kind => {
                        self.picks_variable(member)?
                    }
                    _ => false,
                };
                if !is_picked {
                    kept.push(self.metadata(*member)?);
                }
            }
            if kept.len() < members.len() {
                // SAFETY: a node of this module with that many operands, and members that belong to its context.
                unsafe {
                    let list = create(self.module.context.inner.raw, kept.as_ptr(), kept.len());
                    replace(self.as_value(node)?, index as c_uint, list);
                }
            }
        }
        Ok(())
    }

    /// Whether a local variable, or a global one with the expression that says where it is, has a picked name.
    fn picks_variable(&self, variable: *mut RawMetadata) -> Result<bool> {
        let operands = self.operands(variable)?;
        if self.module.kind(variable)? == LOCAL_VARIABLE {
            return self.picks(operands[VARIABLE_NAME]);
        }
        match self.node(operands[0])? {
            Some(global) => self.picks(self.operands(global)?[VARIABLE_NAME]),
            None => Ok(false),
        }
    }

    /// Takes the descriptions of picked variables off the variables themselves.
    fn globals(&self) -> Result<()> {
        let table = self.module.table();
        let (copy, get, kind, dispose) = (
            table.LLVMGlobalCopyAllMetadata()?,
            table.LLVMValueMetadataEntriesGetMetadata()?,
            table.LLVMValueMetadataEntriesGetKind()?,
            table.LLVMDisposeValueMetadataEntries()?,
        );
        let erase = table.LLVMGlobalEraseMetadata()?;
        for global in self.module.globals()? {
            let mut entries = 0;
            let mut is_picked = false;
            // SAFETY: a global variable of a live module; indices are below the count, and what is copied is given back once.
            unsafe {
                let copied = copy(global.raw, &mut entries);
                for index in 0..entries as c_uint {
                    let node = get(copied, index);
                    is_picked |= kind(copied, index) == DBG
                        && self.module.kind(node)? == GLOBAL_VARIABLE_EXPRESSION
                        && self.picks_variable(node)?;
                }
                dispose(copied);
                if is_picked {
                    erase(global.raw, DBG);
                }
            }
        }
        Ok(())
    }

    /// Whether a text is there and picked.
    fn picks(&self, text: *mut RawValue) -> Result<bool> {
        Ok(self
            .module
            .string(text)?
            .is_some_and(|text| (self.which)(&text)))
    }

    fn records(&self, instruction: *mut RawValue) -> Result<Vec<*mut RawDbgRecord>> {
        let (first, next) = (
            self.module.table().LLVMGetFirstDbgRecord()?,
            self.module.table().LLVMGetNextDbgRecord()?,
        );
        let mut records = Vec::new();
        // SAFETY: an instruction of a live module, whose records are not changed meanwhile.
        unsafe {
            let mut record = first(instruction);
            while !record.is_null() {
                records.push(record);
                record = next(record);
            }
        }
        Ok(records)
    }

    fn operands(&self, node: *mut RawMetadata) -> Result<Vec<*mut RawValue>> {
        self.module.operands(self.as_value(node)?)
    }

    fn as_value(&self, node: *mut RawMetadata) -> Result<*mut RawValue> {
        let as_value = self.module.table().LLVMMetadataAsValue()?;
        // SAFETY: metadata of a live context.
        Ok(unsafe { as_value(self.module.context.inner.raw, node) })
    }

    fn metadata(&self, value: *mut RawValue) -> Result<*mut RawMetadata> {
        let as_metadata = self.module.table().LLVMValueAsMetadata()?;
        if value.is_null() {
            return Ok(std::ptr::null_mut());
        }
        // SAFETY: a value of a live context.
        Ok(unsafe { as_metadata(value) })
    }

    /// The node that an operand is, if it is one.
    fn node(&self, operand: *mut RawValue) -> Result<Option<*mut RawMetadata>> {
        let is_node = self.module.table().LLVMIsAMDNode()?;
        // SAFETY: an operand of a live node, which null is kept out of.
        if operand.is_null() || unsafe { is_node(operand) }.is_null() {
            return Ok(None);
        }
        self.metadata(operand).map(Some)
    }
}
