//! Types as rustc writes them: in MIR, and in the names of debug information.
//!
//! Both leave things out, MIR where a type is defined, debug information lifetimes as well. What a name means is asked of [`Names`]; nothing is guessed.

use std::sync::Arc;

use gateless_model::{Failure, Result};

use crate::order;
use crate::ty::{Arg, FnPointer, Integer, Named, Path, Predicate, Region, Type};

/// What names in the text of a type mean.
pub trait Names {
    /// A path that stands for a type, or for a constant where one can stand.
    fn named(&self, path: &[&str]) -> Result<Meaning>;

    /// A path that stands for a trait.
    fn of_trait(&self, path: &[&str]) -> Result<Trait>;

    /// The trait that declares the associated type `name` of the trait `of`, with its arguments: that trait or one above it.
    fn owner(&self, of: &Named, name: &str) -> Result<Named>;

    /// The associated type `name` of a type.
    fn projection(&self, ty: Type, of: Named, name: &str) -> Result<Type>;
}

/// What a path stands for.
#[derive(Debug, Clone)]
pub enum Meaning {
    /// A struct, enum or union.
    Adt(Arc<Path>, Parameters),
    /// A type of an `extern` block.
    Foreign(Arc<Path>),
    /// A type parameter, and with it this type.
    Type(Type),
    /// A constant parameter, and with it this value.
    Value(String),
}

/// The parameters of a definition that text has to be read with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// How many lifetimes it has.
    pub lifetimes: usize,
    /// The types of its constant parameters, in order.
    pub constants: Vec<Type>,
}

/// A trait.
#[derive(Debug, Clone)]
pub struct Trait {
    /// Where it is defined.
    pub path: Arc<Path>,
    /// Its parameters.
    pub parameters: Parameters,
    /// Whether it is an auto trait.
    pub is_auto: bool,
}

/// How lifetimes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetimes {
    /// All that count, with the `for<...>` that bind them: MIR.
    Written,
    /// None: debug information. They are taken to be as Rust has them where a signature leaves them out.
    Elided,
}

/// The type that `text` is.
///
/// # Errors
/// For text that is no type, or one that cannot be told with what is known: of closures, and `impl Trait`.
pub fn ty(text: &str, lifetimes: Lifetimes, names: &dyn Names) -> Result<Type> {
    let mut reader = Reader {
        text,
        at: 0,
        names,
        lifetimes,
        binders: Vec::new(),
    };
    let ty = reader.ty(None)?;
    reader.end()?;
    Ok(ty)
}

/// The type before ` as ` and the trait after it, in `<TYPE as TRAIT>`, or the type alone.
pub fn qualified_self(
    text: &str,
    lifetimes: Lifetimes,
    names: &dyn Names,
) -> Result<(Type, Option<Named>)> {
    let mut reader = Reader {
        text,
        at: 0,
        names,
        lifetimes,
        binders: Vec::new(),
    };
    let found = reader.qualified()?;
    reader.end()?;
    Ok(found)
}

/// A `for<...>`: the names that it binds, and the order in which they were used so far.
#[derive(Debug, Clone, Default)]
struct Binder {
    names: Vec<String>,
    used: Vec<usize>,
    /// Whether lifetimes that are left out here are bound here.
    elides: bool,
    /// How many were left out.
    elided: usize,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    names: &'a dyn Names,
    lifetimes: Lifetimes,
    /// From the outermost to the innermost.
    binders: Vec<Binder>,
}

impl<'a> Reader<'a> {
    fn wrong(&self, wanted: &str) -> Failure {
        Failure::failed(format!(
            "{:?} is not understood as a type: {wanted} is expected before {:?}",
            self.text,
            self.rest()
        ))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn end(&mut self) -> Result<()> {
        self.skip_space();
        match self.rest() {
            "" => Ok(()),
            _ => Err(self.wrong("the end")),
        }
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn need(&mut self, sign: &str) -> Result<()> {
        match self.eat(sign) {
            true => Ok(()),
            false => Err(self.wrong(sign)),
        }
    }

    fn peek(&mut self, sign: &str) -> bool {
        self.skip_space();
        self.rest().starts_with(sign)
    }

    /// A word by itself, not the beginning of a longer one.
    fn word(&mut self, word: &str) -> bool {
        self.skip_space();
        let Some(after) = self.rest().strip_prefix(word) else {
            return false;
        };
        let goes_on = after.starts_with(|next: char| next == '_' || next.is_alphanumeric());
        // `dyn::x` is no type that rustc prints.
        if !goes_on {
            self.at += word.len();
        }
        !goes_on
    }

    fn identifier(&mut self) -> Option<&'a str> {
        self.skip_space();
        let rest = self.rest();
        if rest.starts_with('{') {
            let end = rest.find('}')? + 1;
            self.at += end;
            return Some(&rest[..end]);
        }
        let end = rest
            .find(|c: char| c != '_' && !c.is_alphanumeric())
            .unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.at += end;
        Some(name)
    }

    /// `'a`
    fn lifetime(&mut self) -> Option<&'a str> {
        self.skip_space();
        let rest = self.rest();
        let name = rest.strip_prefix('\'')?;
        let end = name
            .find(|c: char| c != '_' && !c.is_alphanumeric())
            .unwrap_or(name.len());
        // `'a'` is a character.
        if end == 0 || name[end..].starts_with('\'') {
            return None;
        }
        self.at += 1 + end;
        Some(&name[..end])
    }

    /// `for<'a, 'b>`, if there is one.
    fn binder(&mut self) -> Result<Binder> {
        let mut binder = Binder::default();
        let start = self.at;
        if !self.word("for") || !self.eat("<") {
            self.at = start;
            return Ok(binder);
        }
        while !self.eat(">") {
            let name = self.lifetime().ok_or_else(|| self.wrong("a lifetime"))?;
            binder.names.push(name.to_owned());
            self.eat(",");
        }
        Ok(binder)
    }

    /// What a lifetime of that name is here.
    fn region(&mut self, name: &str) -> Region {
        for (depth, binder) in self.binders.iter_mut().rev().enumerate() {
            let Some(place) = binder.names.iter().position(|own| own == name) else {
                continue;
            };
            let index = binder.used.iter().position(|used| *used == place);
            let index = index.unwrap_or_else(|| {
                binder.used.push(place);
                binder.used.len() - 1
            });
            return Region::Bound {
                depth: depth as u32,
                index: index as u32,
            };
        }
        Region::Erased
    }

    /// What a lifetime is that is left out here.
    fn elided(&mut self) -> Region {
        for (depth, binder) in self.binders.iter_mut().rev().enumerate() {
            if binder.elides {
                let name = format!("#{}", binder.elided);
                binder.elided += 1;
                binder.names.push(name);
                binder.used.push(binder.names.len() - 1);
                return Region::Bound {
                    depth: depth as u32,
                    index: (binder.used.len() - 1) as u32,
                };
            }
        }
        Region::Erased
    }

    /// A type; `object` is the lifetime of a trait object that says nothing of its own.
    fn ty(&mut self, object: Option<Region>) -> Result<Type> {
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
    fn tuple(&mut self, object: Option<Region>) -> Result<Type> {
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
            ([_], false) => Ok(parts.remove(0)),
            _ => Ok(Type::Tuple(parts)),
        }
    }

    /// After `[`: an array or a slice.
    fn sequence(&mut self) -> Result<Type> {
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

    /// A constant as rustc writes it in types.
    fn constant(&mut self) -> Option<String> {
        self.skip_space();
        let rest = self.rest();
        for (word, value) in [("true", "true"), ("false", "false")] {
            if self.word(word) {
                return Some(value.to_owned());
            }
        }
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let sign = rest.len() - digits.len();
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        if end == 0 {
            return None;
        }
        let number = rest[..sign + end].to_owned();
        let after = &digits[end..];
        let suffix = after.strip_prefix('_').and_then(|suffix| {
            let end = suffix
                .find(|c: char| !c.is_alphanumeric())
                .unwrap_or(suffix.len());
            Integer::named(&suffix[..end]).map(|_| end + 1)
        });
        self.at += sign + end + suffix.unwrap_or(0);
        Some(number)
    }

    /// `unsafe extern "C" fn(...) -> ...`, if there is one.
    fn function(&mut self, mut binder: Binder) -> Result<Option<Type>> {
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

    fn signature(&mut self, is_unsafe: bool, abi: String) -> Result<FnPointer> {
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
    fn output(&mut self) -> Result<Type> {
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

    /// After `dyn`.
    fn object(&mut self, object: Option<Region>) -> Result<Type> {
        let (mut predicates, mut region) = (Vec::new(), object.unwrap_or(Region::Erased));
        let mut autos = Vec::new();
        loop {
            if let Some(name) = self.lifetime() {
                region = self.region(name);
            } else {
                let in_brackets = self.eat("(");
                let binder = self.binder()?;
                self.binders.push(binder);
                let read = self.predicate(&mut predicates, &mut autos);
                self.binders.pop();
                read?;
                if in_brackets {
                    self.need(")")?;
                }
            }
            if !self.eat("+") {
                break;
            }
        }
        predicates.sort_by_key(|predicate| matches!(predicate, Predicate::Projection { .. }));
        if let [_, projections @ ..] = &mut predicates[..] {
            order::projections(projections);
        }
        order::autos(&mut autos);
        predicates.extend(autos.into_iter().map(Predicate::Auto));
        Ok(Type::Dyn { predicates, region })
    }

    fn predicate(
        &mut self,
        predicates: &mut Vec<Predicate>,
        autos: &mut Vec<Arc<Path>>,
    ) -> Result<()> {
        let path = self.path()?;
        let own = self.names.of_trait(&path)?;
        if own.is_auto {
            autos.push(own.path);
            return Ok(());
        }
        let (named, bindings) = self.trait_arguments(own)?;
        predicates.push(Predicate::Trait(named.clone()));
        for (name, term) in bindings {
            predicates.push(Predicate::Projection {
                of: self.names.owner(&named, &name)?,
                name,
                term,
            });
        }
        Ok(())
    }

    /// After the path of a trait: its arguments, and what its associated types are.
    fn trait_arguments(&mut self, own: Trait) -> Result<(Named, Vec<(String, Type)>)> {
        let mut bindings = Vec::new();
        let args = if self.eat("(") {
            // `Fn(A) -> B`
            if let Some(binder) = self.binders.last_mut() {
                binder.elides = self.lifetimes == Lifetimes::Elided;
            }
            let mut inputs = Vec::new();
            while !self.eat(")") {
                inputs.push(self.ty(None)?);
                self.eat(",");
            }
            bindings.push(("Output".to_owned(), self.output()?));
            vec![Arg::Type(Type::Tuple(inputs))]
        } else {
            self.arguments(&own.parameters, &mut bindings)?
        };
        let named = Named {
            path: own.path,
            args,
        };
        Ok((named, bindings))
    }

    /// `<...>` or `::<...>`, if it is there.
    fn arguments(
        &mut self,
        parameters: &Parameters,
        bindings: &mut Vec<(String, Type)>,
    ) -> Result<Vec<Arg>> {
        let (mut lifetimes, mut others) = (Vec::new(), Vec::new());
        let mut constants = parameters.constants.iter();
        let mut constant = |this: &Self, value: String| match constants.next() {
            Some(ty) => Ok(Arg::Const(ty.clone(), value)),
            None => Err(this.wrong("no constant")),
        };
        let start = self.at;
        self.eat("::");
        if !self.eat("<") {
            self.at = start;
        } else {
            while !self.eat(">") {
                if let Some(name) = self.lifetime() {
                    lifetimes.push(Arg::Region(self.region(name)));
                } else if let Some(name) = self.binding() {
                    // The term is under the same `for<...>`, but counts on its own.
                    let before = self.binders.last().cloned();
                    bindings.push((name, self.ty(None)?));
                    if let (Some(last), Some(before)) = (self.binders.last_mut(), before) {
                        *last = before;
                    }
                } else if let Some(value) = self.constant() {
                    others.push(constant(self, value)?);
                } else if let Some(value) = self.constant_parameter() {
                    others.push(constant(self, value)?);
                } else {
                    others.push(Arg::Type(self.ty(None)?));
                }
                if !self.eat(",") && !self.peek(">") {
                    return Err(self.wrong("`,` or `>`"));
                }
            }
        }
        if lifetimes.is_empty() {
            for _ in 0..parameters.lifetimes {
                let region = match self.lifetimes {
                    Lifetimes::Written => Region::Erased,
                    Lifetimes::Elided => self.elided(),
                };
                lifetimes.push(Arg::Region(region));
            }
        }
        if lifetimes.len() != parameters.lifetimes {
            return Err(self.wrong(&format!("{} lifetimes", parameters.lifetimes)));
        }
        lifetimes.extend(others);
        Ok(lifetimes)
    }

    /// `NAME =` of an associated type, if it is there.
    fn binding(&mut self) -> Option<String> {
        let start = self.at;
        let name = self.identifier().map(str::to_owned);
        if name.is_some() && self.eat("=") {
            return name;
        }
        self.at = start;
        None
    }

    /// The name of a constant parameter, if it is one.
    fn constant_parameter(&mut self) -> Option<String> {
        let start = self.at;
        if let Some(name) = self.identifier()
            && (self.peek(",") || self.peek(">"))
            && let Ok(Meaning::Value(value)) = self.names.named(&[name])
        {
            return Some(value);
        }
        self.at = start;
        None
    }

    /// `a::b::c`, without arguments.
    fn path(&mut self) -> Result<Vec<&'a str>> {
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

    fn path_type(&mut self) -> Result<Type> {
        let path = self.path()?;
        if let [name] = path[..]
            && let Some(primitive) = primitive(name)
        {
            return Ok(primitive);
        }
        match self.names.named(&path)? {
            Meaning::Adt(path, parameters) => {
                let mut bindings = Vec::new();
                let args = self.arguments(&parameters, &mut bindings)?;
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
    fn qualified(&mut self) -> Result<(Type, Option<Named>)> {
        self.need("<")?;
        let ty = self.ty(None)?;
        let mut of = None;
        if self.word("as") {
            let path = self.path()?;
            let own = self.names.of_trait(&path)?;
            of = Some(self.trait_arguments(own)?.0);
        }
        self.need(">")?;
        Ok((ty, of))
    }

    /// `<TYPE as TRAIT>::NAME`
    fn projection(&mut self) -> Result<Type> {
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
