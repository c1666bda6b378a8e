//! What the parts of a translation share: the module, its types, and the C names of its symbols.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use gateless_llvm::{Function, Module, Symbol, Type, Value};
use gateless_model::Result;

use crate::abi::Signature;
use crate::names::Names;
use crate::types::{CType, Types};
use crate::{Floats, Options};

pub(crate) struct Unit<'m> {
    pub module: &'m Module,
    pub options: Options,
    pub types: Types<'m>,
    pub is_little_endian: bool,
    /// The target features that all functions but odd ones have.
    pub features: Option<String>,
    names: RefCell<Names>,
    symbols: RefCell<HashMap<Value<'m>, String>>,
    signatures: RefCell<HashMap<Value<'m>, Rc<Signature>>>,
    needed: RefCell<HashSet<Value<'m>>>,
    runtime: RefCell<BTreeMap<String, String>>,
}

impl<'m> Unit<'m> {
    pub fn new(module: &'m Module, options: Options) -> Result<Self> {
        let layout = module.layout()?;
        let mut features = None;
        for function in module.functions()? {
            if !function.is_declaration()? {
                features = function.text_attribute("target-features")?;
                break;
            }
        }
        Ok(Self {
            module,
            options,
            types: Types::new(layout)?,
            is_little_endian: layout.is_little_endian()?,
            features,
            names: RefCell::default(),
            symbols: RefCell::default(),
            signatures: RefCell::default(),
            needed: RefCell::default(),
            runtime: RefCell::default(),
        })
    }

    pub fn ty(&self, ty: Type<'m>) -> Result<Rc<CType>> {
        self.types.of(ty)
    }

    /// What C calls a function, a variable, or another name for one.
    pub fn symbol(&self, symbol: Symbol<'m>) -> Result<String> {
        let value: Value<'m> = symbol.into();
        if let Some(known) = self.symbols.borrow().get(&value) {
            return Ok(known.clone());
        }
        let given = self.names.borrow_mut().give("g_", &value.name()?);
        self.symbols.borrow_mut().insert(value, given.clone());
        Ok(given)
    }

    /// The address of a symbol, which is declared from now on.
    pub fn address(&self, symbol: Symbol<'m>) -> Result<String> {
        let value: Value<'m> = symbol.into();
        self.needed.borrow_mut().insert(value);
        Ok(match value.as_function()? {
            Some(_) => format!("((P){})", self.symbol(symbol)?),
            None => format!("((P)&{})", self.symbol(symbol)?),
        })
    }

    /// Whether something refers to the symbol.
    pub fn is_needed(&self, symbol: Symbol<'m>) -> bool {
        let value: Value<'m> = symbol.into();
        self.needed.borrow().contains(&value)
    }

    /// How a function is called.
    pub fn signature(&self, function: Function<'m>) -> Result<Rc<Signature>> {
        let value: Value<'m> = function.into();
        if let Some(known) = self.signatures.borrow().get(&value) {
            return Ok(known.clone());
        }
        let made = Rc::new(Signature::of_function(self, function)?);
        self.signatures.borrow_mut().insert(value, made.clone());
        Ok(made)
    }

    /// In bytes.
    pub fn pointer_size(&self) -> Result<u64> {
        Ok(self.module.layout()?.pointer_size(0)?.into())
    }

    pub fn is_soft(&self) -> bool {
        self.options.floats == Floats::Soft
    }

    /// A call of a function of the compiler's runtime or of the mathematical library, which is declared with these types.
    pub fn runtime_call(&self, name: &str, result: &str, arguments: &[(&str, &str)]) -> String {
        let (types, values): (Vec<_>, Vec<_>) = arguments.iter().copied().unzip();
        let declared = format!(
            "extern {result} gl_rt_{name}({}) __asm__(\"{name}\");",
            types.join(", ")
        );
        self.runtime.borrow_mut().insert(name.to_owned(), declared);
        format!("gl_rt_{name}({})", values.join(", "))
    }

    /// The declarations of what [`Unit::runtime_call`] has been asked for.
    pub fn runtime(&self) -> Vec<String> {
        self.runtime.borrow().values().cloned().collect()
    }
}
