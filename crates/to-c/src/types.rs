//! Types: what C calls the values of each, and where their parts are in memory.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use gateless_llvm::{DataLayout, Type, TypeKind};
use gateless_model::Result;

use crate::refusal::not_known;

/// A type of the module, as values of it are held in C.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CType {
    /// What C calls it.
    pub name: String,
    pub kind: Kind,
    /// In memory, in bytes, up to the next one of an array.
    pub size: u64,
    /// In bytes.
    pub alignment: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Void,
    /// Held in the next larger of C's, the bits above being 0.
    Integer(u32),
    /// Held as an integer of the same bits.
    Float(Format),
    Pointer,
    /// The elements, each with its offset in memory.
    Struct(Vec<(Rc<CType>, u64)>),
    Array(Rc<CType>, u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Half,
    Single,
    Double,
    Quad,
}

impl Format {
    pub fn bits(self) -> u32 {
        match self {
            Self::Half => 16,
            Self::Single => 32,
            Self::Double => 64,
            Self::Quad => 128,
        }
    }
}

impl CType {
    /// The bits of a number; an error for anything else.
    pub fn width(&self) -> Result<u32> {
        match self.kind {
            Kind::Integer(width) => Ok(width),
            Kind::Float(format) => Ok(format.bits()),
            _ => Err(not_known(format!("{} as a number", self.name))),
        }
    }

    pub fn format(&self) -> Result<Format> {
        match self.kind {
            Kind::Float(format) => Ok(format),
            _ => Err(not_known(format!(
                "{} as a floating point number",
                self.name
            ))),
        }
    }

    pub fn is_aggregate(&self) -> bool {
        matches!(self.kind, Kind::Struct(_) | Kind::Array(..))
    }

    /// The element of this number, with its offset and how C selects it.
    pub fn element(&self, at: u64) -> Option<(&Rc<CType>, u64, String)> {
        match &self.kind {
            Kind::Struct(elements) => {
                let (element, offset) = elements.get(at as usize)?;
                Some((element, *offset, format!(".f{at}")))
            }
            Kind::Array(element, count) if at < *count => {
                Some((element, at * element.size, format!(".a[{at}]")))
            }
            _ => None,
        }
    }

    /// How many elements there are.
    pub fn count(&self) -> u64 {
        match &self.kind {
            Kind::Struct(elements) => elements.len() as u64,
            Kind::Array(_, count) => *count,
            _ => 0,
        }
    }
}

/// Numbers of so many bits are no integers of C's, but structures.
pub(crate) const WIDEST: u32 = 256;

/// The bits of C's integer in which one of this width is held.
pub(crate) fn container(width: u32) -> Result<u32> {
    let of = [8, 16, 32, 64, 128];
    of.into_iter()
        .find(|bits| width <= *bits)
        .ok_or_else(|| not_known(format!("a number of {width} bits")))
}

/// The types of one module.
pub(crate) struct Types<'m> {
    layout: DataLayout<'m>,
    has_wide: bool,
    has_widest: Cell<bool>,
    known: RefCell<HashMap<Type<'m>, Rc<CType>>>,
    definitions: RefCell<Vec<String>>,
}

impl<'m> Types<'m> {
    pub fn new(layout: DataLayout<'m>) -> Result<Self> {
        Ok(Self {
            layout,
            has_wide: layout.pointer_size(0)? >= 8,
            has_widest: Cell::new(false),
            known: RefCell::default(),
            definitions: RefCell::default(),
        })
    }

    /// The definitions of the types that have been asked for, in an order that C accepts.
    pub fn definitions(&self) -> Vec<String> {
        self.definitions.borrow().clone()
    }

    /// Whether there are numbers of [`WIDEST`] bits.
    pub fn has_widest(&self) -> bool {
        self.has_widest.get()
    }

    pub fn of(&self, ty: Type<'m>) -> Result<Rc<CType>> {
        if let Some(known) = self.known.borrow().get(&ty) {
            return Ok(known.clone());
        }
        let made = Rc::new(self.make(ty)?);
        self.known.borrow_mut().insert(ty, made.clone());
        Ok(made)
    }

    fn make(&self, ty: Type<'m>) -> Result<CType> {
        let (name, kind) = match ty.kind()? {
            TypeKind::Void => {
                return Ok(CType {
                    name: "void".into(),
                    kind: Kind::Void,
                    size: 0,
                    alignment: 1,
                });
            }
            TypeKind::Integer(width) => (self.integer(width)?, Kind::Integer(width)),
            TypeKind::Half => ("u16".into(), Kind::Float(Format::Half)),
            TypeKind::Float => ("u32".into(), Kind::Float(Format::Single)),
            TypeKind::Double => ("u64".into(), Kind::Float(Format::Double)),
            TypeKind::Fp128 => (self.integer(128)?, Kind::Float(Format::Quad)),
            TypeKind::Pointer(0) => ("P".into(), Kind::Pointer),
            TypeKind::Struct(of) => {
                let Some(elements) = of.elements else {
                    return Err(not_known(format!("the unknown structure {ty:?}")));
                };
                let mut placed = Vec::new();
                for (at, element) in elements.into_iter().enumerate() {
                    placed.push((self.of(element)?, self.layout.offset(ty, at as u32)?));
                }
                let fields = placed.iter().enumerate();
                let fields: Vec<_> = fields
                    .map(|(at, (element, _))| format!("{} f{at};", element.name))
                    .collect();
                (self.define(&fields.join(" ")), Kind::Struct(placed))
            }
            TypeKind::Array(element, count) => {
                let element = self.of(element)?;
                let name = self.define(&format!("{} a[{count}];", element.name));
                (name, Kind::Array(element, count))
            }
            _ => return Err(not_known(format!("the type {ty:?}"))),
        };
        Ok(CType {
            name,
            kind,
            size: self.layout.size(ty)?,
            alignment: self.layout.alignment(ty)?,
        })
    }

    fn integer(&self, width: u32) -> Result<String> {
        if width == WIDEST && self.has_wide {
            self.has_widest.set(true);
            return Ok("u256".into());
        }
        match container(width)? {
            128 if !self.has_wide => Err(not_known(format!(
                "a number of {width} bits, for a target whose C compiler has no __int128,"
            ))),
            bits => Ok(format!("u{bits}")),
        }
    }

    /// A type for copies of memory of this size and alignment.
    pub fn block(&self, size: u64, alignment: u64) -> String {
        let name = format!("B{size}_{alignment}");
        let definition = format!(
            "typedef struct {{ u8 b[{size}]; }} __attribute__((may_alias, aligned({alignment}))) {name};"
        );
        let mut definitions = self.definitions.borrow_mut();
        if !definitions.contains(&definition) {
            definitions.push(definition);
        }
        name
    }

    /// A structure with these fields, for values only: what is in memory doesn't look like it.
    fn define(&self, fields: &str) -> String {
        let mut definitions = self.definitions.borrow_mut();
        let name = format!("S{}", definitions.len());
        definitions.push(format!("typedef struct {{ {fields} }} {name};"));
        name
    }
}
