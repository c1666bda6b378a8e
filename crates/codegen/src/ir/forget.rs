//! Taking functions and variables out of debug information.

use std::collections::{HashMap, HashSet};

use gateless_llvm::{
    BlockRecords, Function, Instruction, Location, Module, Node, NodeKind, Record, RecordKind,
    Subprogram,
};
use gateless_model::{Failure, Result};

/// The kind of the attachment `!dbg` (LLVMContext::MD_dbg, llvm/IR/FixedMetadataKinds.def).
const DBG: u32 = 0;

// Operands of nodes (llvm/IR/DebugInfoMetadata.h): a DIScope's file and its own scope, a DIVariable's scope and name, and the variable of a
// DIGlobalVariableExpression.
const FILE: usize = 0;
const SCOPE: usize = 1;
const SCOPE_OF_VARIABLE: usize = 0;
const NAME: usize = 1;
const VARIABLE: usize = 0;

/// Picks symbols of functions and vtables, and names of local variables.
pub(super) type Pick<'p> = &'p dyn Fn(&str) -> bool;

/// Makes debug information say nothing of the functions and variables whose names `which` picks: symbols of functions and vtables, names of
/// local variables. What was inlined from such a function stands where the function was called, and so does, for functions whose names
/// `whole` picks, what rustc had inlined into them before.
pub(super) fn forget(module: &mut Module, which: Pick<'_>, whole: Pick<'_>) -> Result<()> {
    let units = module.named("llvm.dbg.cu")?;
    if units.is_empty() {
        return Ok(());
    }
    let mut forgetting = Forgetting {
        which,
        whole,
        scopes: HashMap::new(),
        wholes: HashMap::new(),
        locations: HashMap::new(),
        subprograms: HashSet::new(),
    };
    let mut changed = Vec::new();
    for (number, function) in module.functions()?.into_iter().enumerate() {
        changed.extend(forgetting.function(number, function)?);
    }
    module.keep_records(&changed)?;
    for subprogram in std::mem::take(&mut forgetting.subprograms) {
        forgetting.filter_lists(&subprogram, NodeKind::LocalVariable)?;
    }
    for unit in units {
        forgetting.filter_lists(&unit, NodeKind::GlobalVariableExpression)?;
    }
    forgetting.globals(module)
}

struct Forgetting<'p> {
    which: Pick<'p>,
    whole: Pick<'p>,
    /// Scopes seen so far, and whether they lie in a function that is picked.
    scopes: HashMap<Node, bool>,
    /// Locations seen so far, and whether they lie in a function that goes with all that was inlined into it.
    wholes: HashMap<Location, bool>,
    /// Locations seen so far, and what becomes of them.
    locations: HashMap<Location, Option<Location>>,
    /// Subprograms that may list picked variables.
    subprograms: HashSet<Node>,
}

impl Forgetting<'_> {
    /// Gives the function's instructions the locations that are left, and returns what is left of the records in those blocks where some change.
    fn function(&mut self, number: usize, function: Function<'_>) -> Result<Vec<BlockRecords>> {
        let whole = (self.which)(&function.name()?);
        if whole {
            function.remove_subprogram()?;
        } else if let Some(Subprogram { node }) = function.subprogram()? {
            self.subprograms.insert(node);
        }
        let mut changed = Vec::new();
        for (block_number, block) in function.blocks()?.into_iter().enumerate() {
            let (mut all, mut is_changed) = (Vec::new(), false);
            for instruction in block.instructions()? {
                self.relocate(instruction, whole)?;
                let mut kept = Vec::new();
                for (at, record) in instruction.records()?.into_iter().enumerate() {
                    match self.kept(record, whole)? {
                        Some((location, moved)) => {
                            is_changed |= moved;
                            kept.push((at, location));
                        }
                        None => is_changed = true,
                    }
                }
                all.push(kept);
            }
            if is_changed {
                changed.push(BlockRecords {
                    function: number,
                    block: block_number,
                    kept: all,
                });
            }
        }
        Ok(changed)
    }

    /// Gives an instruction the location that is left of its own.
    fn relocate(&mut self, instruction: Instruction<'_>, whole: bool) -> Result<()> {
        let Some(location) = instruction.location()? else {
            return Ok(());
        };
        let left = match whole {
            true => None,
            false => {
                let left = self.location(&location)?;
                match self.is_gone(&location)? {
                    true => left.map(plain).transpose()?,
                    false => left,
                }
            }
        };
        if left.as_ref() != Some(&location) {
            instruction.set_location(left.as_ref())?;
        }
        Ok(())
    }

    /// What is left of a location: picked functions are taken out of the chain of calls that were inlined.
    fn location(&mut self, location: &Location) -> Result<Option<Location>> {
        if let Some(left) = self.locations.get(location) {
            return Ok(left.clone());
        }
        let inlined = location.inlined_at()?;
        let outer = match &inlined {
            Some(inlined) => self.location(inlined)?,
            None => None,
        };
        let left = if self.is_gone(location)? {
            outer
        } else if outer == inlined {
            Some(location.clone())
        } else {
            Some(moved(location, &location.scope()?, outer.as_ref())?)
        };
        self.locations.insert(location.clone(), left.clone());
        Ok(left)
    }

    /// Whether nothing is left of a location but where the function was called in which it lies.
    fn is_gone(&mut self, location: &Location) -> Result<bool> {
        Ok(self.is_picked(&location.scope()?)? || self.is_whole(location.inlined_at()?)?)
    }

    /// Whether a location lies in a function that goes with all that was inlined into it.
    fn is_whole(&mut self, location: Option<Location>) -> Result<bool> {
        let Some(location) = location else {
            return Ok(false);
        };
        if let Some(is) = self.wholes.get(&location) {
            return Ok(*is);
        }
        let mut is = self.is_whole(location.inlined_at()?)?;
        if !is && let Some(subprogram) = location.subprogram()? {
            for name in [subprogram.linkage_name()?, subprogram.name()?] {
                is |= name.is_some_and(|name| (self.whole)(&name));
            }
        }
        self.wholes.insert(location, is);
        Ok(is)
    }

    /// Whether a scope lies in a picked function.
    fn is_picked(&mut self, scope: &Node) -> Result<bool> {
        if let Some(is) = self.scopes.get(scope) {
            return Ok(*is);
        }
        let is = match scope.kind()? {
            NodeKind::LexicalBlock | NodeKind::LexicalBlockFile => match scope.node(SCOPE)? {
                Some(around) => self.is_picked(&around)?,
                None => false,
            },
            NodeKind::Subprogram => {
                let function = Subprogram {
                    node: scope.clone(),
                };
                let mut is = false;
                for name in [function.linkage_name()?, function.name()?] {
                    is |= self.picks(name);
                }
                if !is {
                    self.subprograms.insert(scope.clone());
                }
                is
            }
            _ => false,
        };
        self.scopes.insert(scope.clone(), is);
        Ok(is)
    }

    /// The location of a record to keep, and whether it is another one now; nothing if the record goes.
    fn kept(&mut self, record: Record<'_>, whole: bool) -> Result<Option<(Location, bool)>> {
        if whole {
            return Ok(None);
        }
        let kind = record.kind()?;
        let (RecordKind::Declare | RecordKind::Value, Some(variable)) = (kind, record.variable()?)
        else {
            return Err(Failure::failed(format!(
                "a debug record of kind {kind:?} beside code that lowering added: not implemented"
            )));
        };
        let is_picked = match variable.node(SCOPE_OF_VARIABLE)? {
            Some(scope) => self.is_picked(&scope)?,
            None => false,
        };
        let location = record.location()?;
        if is_picked || self.picks(variable.text(NAME)?) {
            return Ok(None);
        }
        let Some(location) = location else {
            return Err(Failure::failed("a debug record without a location"));
        };
        if self.is_gone(&location)? {
            return Ok(None);
        }
        let left = self.location(&location)?;
        Ok(left.map(|left| {
            let moved = left != location;
            (left, moved)
        }))
    }

    /// Takes picked variables off the lists that a node refers to; `kind` is that of the lists' members.
    fn filter_lists(&self, node: &Node, kind: NodeKind) -> Result<()> {
        for (at, list) in node.nodes()? {
            if list.kind()? != NodeKind::Tuple {
                continue;
            }
            let mut picked = HashSet::new();
            for (number, member) in list.nodes()? {
                if member.kind()? == kind && self.picks_variable(&member)? {
                    picked.insert(number);
                }
            }
            if !picked.is_empty() {
                node.set_node(at, &list.without(|number| picked.contains(&number))?)?;
            }
        }
        Ok(())
    }

    /// Whether a local variable, or a global one with the expression that says where it is, has a picked name.
    fn picks_variable(&self, variable: &Node) -> Result<bool> {
        if variable.kind()? == NodeKind::LocalVariable {
            return Ok(self.picks(variable.text(NAME)?));
        }
        match variable.node(VARIABLE)? {
            Some(global) => Ok(self.picks(global.text(NAME)?)),
            None => Ok(false),
        }
    }

    /// Takes the descriptions of picked variables off the variables themselves.
    fn globals(&self, module: &Module) -> Result<()> {
        for global in module.globals()? {
            let mut is_picked = false;
            for (kind, node) in global.metadata()? {
                is_picked |= kind == DBG
                    && node.kind()? == NodeKind::GlobalVariableExpression
                    && self.picks_variable(&node)?;
            }
            if is_picked {
                global.remove_metadata(DBG)?;
            }
        }
        Ok(())
    }

    /// Whether a text is there and picked.
    fn picks(&self, text: Option<String>) -> bool {
        text.is_some_and(|text| (self.which)(&text))
    }
}

/// Line and column of a location, in another scope and inlined elsewhere.
fn moved(location: &Location, scope: &Node, inlined_at: Option<&Location>) -> Result<Location> {
    Location::new(location.line()?, location.column()?, scope, inlined_at)
}

/// A location without the discriminator by which rustc tells apart several calls that are inlined at one place (of a macro): what is done
/// there now was no call. A scope that stands for one has the file of the scope around it; others are for code of another file.
fn plain(location: Location) -> Result<Location> {
    let scope = location.scope()?;
    if scope.kind()? != NodeKind::LexicalBlockFile {
        return Ok(location);
    }
    match scope.node(SCOPE)? {
        Some(around) if scope.node(FILE)? == around.node(FILE)? => {
            moved(&location, &around, location.inlined_at()?.as_ref())
        }
        _ => Ok(location),
    }
}
