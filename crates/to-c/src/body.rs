//! The body of a function while it is being written: the C names of values and blocks, variables, and statements.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use gateless_llvm::{Block, Function, Instruction, Value, ValueKind};
use gateless_model::Result;

use crate::abi::Signature;
use crate::names::Names;
use crate::refusal::not_known;
use crate::types::CType;
use crate::unit::Unit;

pub(crate) struct Body<'u, 'm> {
    pub unit: &'u Unit<'m>,
    pub function: Function<'m>,
    pub signature: Rc<Signature>,
    names: Names,
    values: HashMap<Value<'m>, String>,
    /// The variables in which phis get their values.
    incoming: HashMap<Value<'m>, String>,
    labels: HashMap<Block<'m>, String>,
    /// Names of variables by their types.
    variables: BTreeMap<String, Vec<String>>,
    /// Declarations of memory.
    memory: Vec<String>,
    statements: String,
}

impl<'u, 'm> Body<'u, 'm> {
    pub fn new(unit: &'u Unit<'m>, function: Function<'m>) -> Result<Self> {
        let mut body = Self {
            unit,
            function,
            signature: unit.signature(function)?,
            names: Names::default(),
            values: HashMap::new(),
            incoming: HashMap::new(),
            labels: HashMap::new(),
            variables: BTreeMap::new(),
            memory: Vec::new(),
            statements: String::new(),
        };
        for block in function.blocks()? {
            let label = body.names.give("L_", &block.name()?);
            body.labels.insert(block, label);
        }
        Ok(body)
    }

    /// Writes a statement.
    pub fn say(&mut self, statement: &str) {
        self.statements.push('\t');
        self.statements.push_str(statement);
        self.statements.push('\n');
    }

    /// Writes a line as it is.
    pub fn raw(&mut self, line: &str) {
        self.statements.push_str(line);
        self.statements.push('\n');
    }

    pub fn ty(&self, value: Value<'m>) -> Result<Rc<CType>> {
        self.unit.ty(value.ty()?)
    }

    pub fn label(&self, block: Block<'m>) -> Result<String> {
        let label = self.labels.get(&block).cloned();
        label.ok_or_else(|| not_known("a block of another function"))
    }

    /// A label of no block.
    pub fn new_label(&mut self) -> String {
        self.names.give("L_", "asm")
    }

    /// A value as an operand: a name, or something in parentheses.
    pub fn value(&mut self, value: Value<'m>) -> Result<String> {
        if let Some(known) = self.values.get(&value) {
            return Ok(known.clone());
        }
        match value.kind()? {
            ValueKind::Constant(constant) => self.unit.constant(constant),
            ValueKind::Instruction(_) | ValueKind::Argument(_) => self.variable_of(value),
            _ => Err(not_known(format!("the operand {value:?}"))),
        }
    }

    /// The variable that holds a value.
    pub fn variable_of(&mut self, value: Value<'m>) -> Result<String> {
        if let Some(known) = self.values.get(&value) {
            return Ok(known.clone());
        }
        let name = self.names.give("v_", &value.name()?);
        let ty = self.ty(value)?;
        self.declare(&ty.name, &name);
        self.values.insert(value, name.clone());
        Ok(name)
    }

    pub fn incoming_of(&self, phi: Value<'m>) -> Option<String> {
        self.incoming.get(&phi).cloned()
    }

    pub fn set_incoming(&mut self, phi: Value<'m>, name: String) {
        self.incoming.insert(phi, name);
    }

    /// A variable of this type for something in between.
    pub fn temporary(&mut self, ty: &str) -> String {
        let name = self.names.give("t_", "");
        self.declare(ty, &name);
        name
    }

    /// A variable that goes with another.
    pub fn companion(&mut self, ty: &str, of: &str, suffix: &str) -> String {
        let name = self.names.give(of, suffix);
        self.declare(ty, &name);
        name
    }

    fn declare(&mut self, ty: &str, name: &str) {
        let names = self.variables.entry(ty.to_owned()).or_default();
        names.push(name.to_owned());
    }

    /// Bytes of the stack, for all of the function's life.
    pub fn memory(&mut self, name: &str, size: u64, alignment: u32) {
        self.memory.push(format!(
            "u8 {name}[{size}] __attribute__((aligned({alignment})));"
        ));
    }

    /// Assigns the result of an instruction.
    pub fn assign(&mut self, result: Instruction<'m>, expression: &str) -> Result<()> {
        let name = self.variable_of(result.into())?;
        self.say(&format!("{name} = {expression};"));
        Ok(())
    }

    /// The finished body, with its braces.
    pub fn text(self) -> String {
        let mut text = String::from("{\n");
        for line in self.memory {
            text.push_str(&format!("\t{line}\n"));
        }
        for (ty, names) in self.variables {
            text.push_str(&format!("\t{ty} {};\n", names.join(", ")));
        }
        text.push_str(&self.statements);
        text.push_str("}\n");
        text
    }
}
