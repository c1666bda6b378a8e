//! Types of all kinds but trait objects.

use gateless_model::Result;

use super::tokens::{Binder, Reader};
use super::{Lifetimes, Meaning};
use crate::ty::{Arg, FnPointer, Integer, Named, Region, Type};

impl<'a> Reader<'a> {
    /// A type; `object` is the lifetime of a trait object that says nothing of its own.
    pub(super) fn ty(&mut self, object: Option<Region>) -> Result<Type> {
        let start = self.at;
        let binder = self.binder()?;
        if self.eat("&") {
            let region = match self.lifetime() {
                Some(name) => self.region(name),
                None => self.elided(),
            };
            let mutable = self.word("mut");
            let to = Box::new(self.ty((self.lifetimes == Lifetimes::Elided).then_some(region))?);
            return Ok(Type::Ref {
                region,
                mutable,
                to,
            });
        }
        if self.eat("*") {
            let mutable = self.word("mut");
            if !mutable && !self.word("const") {
                return Err(self.wrong("const or mut"));
            }
            let to = Box::new(self.ty(None)?);
            return Ok(Type::Pointer { mutable, to });
        }
        if self.eat("!") {
            return Ok(Type::Never);
        }
        if self.eat("(") {
            return self.tuple(object);
        }
        if self.eat("[") {
            return self.sequence();
        }
        if self.peek("<") {
            return self.projection();
        }
        if let Some(pointer) = self.function(binder)? {
            return Ok(pointer);
        }
        if self.word("dyn") {
            return self.object(object);
        }
        if self.peek("{closure") || self.word("impl") {
            self.at = start;
            return Err(self.wrong("a type with a name"));
        }
        self.path_type()
    }

    /// After `(`: a tuple, or a trait object in brackets.
    pub(super) fn tuple(&mut self, object: Option<Region>) -> Result<Type> {
        let mut parts = Vec::new();
        let mut comma = false;
        while !self.eat(")") {
            parts.push(self.ty(object)?);
            comma = self.eat(",");
            if !comma && !self.peek(")") {
                return Err(self.wrong("`,` or `)`"));
            }
        }
        match (&parts[..], comma) {
            // Debug information has no comma behind the only part of a tuple.
            ([only], false)
                if self.lifetimes == Lifetimes::Written || matches!(only, Type::Dyn { .. }) =>
            {
                Ok(parts.remove(0))
            }
            _ => Ok(Type::Tuple(parts)),
        }
    }

    /// After `[`: an array or a slice.
    pub(super) fn sequence(&mut self) -> Result<Type> {
        let element = Box::new(self.ty(None)?);
        if self.eat("]") {
            return Ok(Type::Slice(element));
        }
        self.need(";")?;
        let length = match self.constant() {
            Some(number) => number,
            None => match self.identifier() {
                Some(name) => match self.names.named(&[name])? {
                    Meaning::Value(value) => value,
                    _ => return Err(self.wrong("a number")),
                },
                None => return Err(self.wrong("a number")),
            },
        };
        self.need("]")?;
        Ok(Type::Array(element, length))
    }

    /// `unsafe extern "C" fn(...) -> ...`, if there is one.
    pub(super) fn function(&mut self, mut binder: Binder) -> Result<Option<Type>> {
        let start = self.at;
        let is_unsafe = self.word("unsafe");
        let mut abi = "Rust".to_owned();
        if self.word("extern") {
            self.need("\"")?;
            let end = self.rest().find('"').ok_or_else(|| self.wrong("an ABI"))?;
            abi = self.rest()[..end].to_owned();
            self.at += end + 1;
        }
        if !self.word("fn") {
            self.at = start;
            return Ok(None);
        }
        binder.elides = self.lifetimes == Lifetimes::Elided;
        self.binders.push(binder);
        let pointer = self.signature(is_unsafe, abi);
        self.binders.pop();
        let pointer = pointer?;
        // What only the function item `fn(u8) {path}` is, which has no size.
        if self.peek("{") {
            return Err(self.wrong("a type with a name"));
        }
        Ok(Some(Type::Function(Box::new(pointer))))
    }

    pub(super) fn signature(&mut self, is_unsafe: bool, abi: String) -> Result<FnPointer> {
        self.need("(")?;
        let (mut inputs, mut variadic) = (Vec::new(), false);
        while !self.eat(")") {
            if self.eat("...") {
                variadic = true;
            } else {
                inputs.push(self.ty(None)?);
            }
            if !self.eat(",") && !self.peek(")") {
                return Err(self.wrong("`,` or `)`"));
            }
        }
        let output = self.output()?;
        Ok(FnPointer {
            abi,
            is_unsafe,
            inputs,
            variadic,
            output,
        })
    }

    /// `-> TYPE`, if it is there, in which a lifetime that is left out is the only one of the parameters.
    pub(super) fn output(&mut self) -> Result<Type> {
        if !self.eat("->") {
            return Ok(Type::UNIT);
        }
        let Some(binder) = self.binders.last_mut().filter(|binder| binder.elides) else {
            return self.ty(None);
        };
        binder.elides = false;
        let only = binder.used.len() == 1;
        let found = self.ty(None)?;
        Ok(match only {
            true => bind_erased(found),
            false => found,
        })
    }

    /// `a::b::c`, without arguments.
    pub(super) fn path(&mut self) -> Result<Vec<&'a str>> {
        let mut path = Vec::new();
        loop {
            path.push(self.identifier().ok_or_else(|| self.wrong("a name"))?);
            let start = self.at;
            if !self.eat("::") || self.peek("<") {
                self.at = start;
                return Ok(path);
            }
        }
    }

    pub(super) fn path_type(&mut self) -> Result<Type> {
        let path = self.path()?;
        if let [name] = path[..]
            && let Some(primitive) = primitive(name)
        {
            return Ok(primitive);
        }
        match self.names.named(&path)? {
            Meaning::Adt(path, parameters) => {
                let mut bindings = Vec::new();
                let args = self.arguments(&path, &parameters, &mut bindings, None)?;
                if !bindings.is_empty() {
                    return Err(self.wrong("arguments of a type"));
                }
                Ok(Type::Adt(Named { path, args }))
            }
            Meaning::Foreign(path) => Ok(Type::Foreign(path)),
            Meaning::Type(ty) => Ok(ty),
            Meaning::Value(_) => Err(self.wrong("a type")),
        }
    }

    /// `<TYPE as TRAIT>` or `<TYPE>`.
    pub(super) fn qualified(&mut self) -> Result<(Type, Option<Named>)> {
        self.need("<")?;
        let ty = self.ty(None)?;
        let mut of = None;
        if self.word("as") {
            let path = self.path()?;
            let own = self.names.of_trait(&path)?;
            of = Some(self.trait_arguments(own, Some(&ty))?.0);
        }
        self.need(">")?;
        Ok((ty, of))
    }

    /// `<TYPE as TRAIT>::NAME`
    pub(super) fn projection(&mut self) -> Result<Type> {
        let (ty, of) = self.qualified()?;
        let of = of.ok_or_else(|| self.wrong("a trait"))?;
        self.need("::")?;
        let name = self.identifier().ok_or_else(|| self.wrong("a name"))?;
        self.names.projection(ty, of, name)
    }
}

/// The type with that name in Rust itself.
fn primitive(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "char" => Type::Char,
        "str" => Type::Str,
        "f16" | "f32" | "f64" | "f128" => Type::Float(name[1..].parse().ok()?),
        _ => Type::Integer(Integer::named(name)?),
    })
}

/// The return type of a signature with one lifetime, which is that of the references in it.
fn bind_erased(ty: Type) -> Type {
    let only = Region::Bound { depth: 0, index: 0 };
    match ty {
        Type::Ref { mutable, to, .. } => Type::Ref {
            region: only,
            mutable,
            to: Box::new(bind_erased(*to)),
        },
        Type::Tuple(parts) => Type::Tuple(parts.into_iter().map(bind_erased).collect()),
        Type::Adt(Named { path, args }) => Type::Adt(Named {
            path,
            args: args
                .into_iter()
                .map(|arg| match arg {
                    Arg::Region(_) => Arg::Region(only),
                    Arg::Type(ty) => Arg::Type(bind_erased(ty)),
                    other => other,
                })
                .collect(),
        }),
        other => other,
    }
}
