//! Types as rustc tells them apart when it encodes them: what two of them have to agree in to be the same.

use std::fmt;
use std::sync::Arc;

/// A type without inference variables and aliases. Equality is rustc's: lifetimes count, as far as rustc has not erased them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// `bool`
    Bool,
    /// `char`
    Char,
    /// `str`
    Str,
    /// `!`
    Never,
    /// Any integer.
    Integer(Integer),
    /// A floating point number of so many bits.
    Float(u16),
    /// A tuple; `()` if it is empty.
    Tuple(Vec<Type>),
    /// An array, with its length.
    Array(Box<Type>, String),
    /// A slice.
    Slice(Box<Type>),
    /// A reference.
    Ref {
        /// For how long.
        region: Region,
        /// Whether it is `&mut`.
        mutable: bool,
        /// To what.
        to: Box<Type>,
    },
    /// `*const` or `*mut`.
    Pointer {
        /// Whether it is `*mut`.
        mutable: bool,
        /// To what.
        to: Box<Type>,
    },
    /// A function pointer.
    Function(Box<FnPointer>),
    /// A trait object.
    Dyn {
        /// What is known of it: the trait first, then associated types, then auto traits.
        predicates: Vec<Predicate>,
        /// For how long.
        region: Region,
    },
    /// An integer that has some values only: those of the ranges, each with its first and its last; nothing for the type's own.
    Pattern(Box<Type>, Vec<(Option<i128>, Option<i128>)>),
    /// A struct, enum or union.
    Adt(Named),
    /// A type that is declared in an `extern` block.
    Foreign(Arc<Path>),
}

impl Type {
    /// `()`
    pub const UNIT: Type = Type::Tuple(Vec::new());

    /// Whether it is `()`.
    pub fn is_unit(&self) -> bool {
        *self == Self::UNIT
    }
}

/// An integer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Integer {
    /// Whether it has a sign.
    pub signed: bool,
    /// Its bits; nothing for `isize` and `usize`.
    pub bits: Option<u8>,
}

impl Integer {
    /// The type of that name.
    pub fn named(name: &str) -> Option<Self> {
        let (sign, bits) = name.split_at_checked(1)?;
        let signed = match sign {
            "i" => true,
            "u" => false,
            _ => return None,
        };
        let bits = match bits {
            "8" | "16" | "32" | "64" | "128" => Some(bits.parse().ok()?),
            "size" => None,
            _ => return None,
        };
        Some(Self { signed, bits })
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.signed { "i" } else { "u" })?;
        match self.bits {
            Some(bits) => write!(f, "{bits}"),
            None => f.write_str("size"),
        }
    }
}

/// A lifetime, as far as rustc has one left when it generates code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Region {
    /// Any: rustc erases all that are not bound within the type.
    Erased,
    /// `'static`, which is left in one place only, see `fold.rs`.
    Static,
    /// One that a `for<...>` within the type binds.
    Bound {
        /// How many `for<...>` lie between.
        depth: u32,
        /// Which it is among those that are bound together, in the order of their first use.
        index: u32,
    },
}

/// A function pointer, or the signature of a function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FnPointer {
    /// `Rust`, or what `extern` says.
    pub abi: String,
    /// Whether it is unsafe to call.
    pub is_unsafe: bool,
    /// The types of the parameters.
    pub inputs: Vec<Type>,
    /// Whether it takes more arguments than it has parameters.
    pub variadic: bool,
    /// What is returned.
    pub output: Type,
}

/// What is known of a trait object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// The trait, with its arguments but the first one, `Self`.
    Trait(Named),
    /// An associated type of the trait or of one above it.
    Projection {
        /// The trait that has it, with its arguments.
        of: Named,
        /// Its name there.
        name: String,
        /// What it is.
        term: Type,
    },
    /// An auto trait.
    Auto(Arc<Path>),
}

/// Something with a name, and its generic arguments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// Where it is defined.
    pub path: Arc<Path>,
    /// All arguments, lifetimes included.
    pub args: Vec<Arg>,
}

impl Named {
    /// Whether it is `PhantomData`, which has no size whatever its arguments.
    pub(crate) fn is_phantom(&self) -> bool {
        const PHANTOM: [&str; 2] = ["marker", "PhantomData"];
        let names = self
            .path
            .segments
            .iter()
            .map(|segment| segment.name.as_str());
        self.path.krate.name == "core" && names.eq(PHANTOM)
    }
}

/// A generic argument.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Arg {
    /// A lifetime.
    Region(Region),
    /// A type.
    Type(Type),
    /// The value of a parameter of that type: `true`, `false` or a number, with `-` before it if it is below 0.
    Const(Type, String),
}

/// Where something is defined, which is not always a path by which it can be named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// The crate.
    pub krate: Krate,
    /// From the crate's root down.
    pub segments: Vec<Segment>,
}

impl Path {
    /// The path of something beneath.
    pub fn child(&self, namespace: Namespace, name: &str) -> Self {
        let mut path = self.clone();
        path.segments.push(Segment {
            namespace,
            name: name.to_owned(),
            disambiguator: 0,
        });
        path
    }

    /// The name of the thing itself.
    pub fn name(&self) -> &str {
        self.segments
            .last()
            .map_or(self.krate.name.as_str(), |segment| segment.name.as_str())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.krate.name)?;
        for segment in &self.segments {
            write!(f, "::{}", segment.name)?;
        }
        Ok(())
    }
}

/// A crate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Krate {
    /// Its name.
    pub name: String,
    /// rustc's `StableCrateId`: of its name and of the `-Cmetadata` that it was compiled with.
    pub id: u64,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Segment {
    /// What kind of name it is.
    pub namespace: Namespace,
    /// The name; `{{closure}}`, `{{impl}}` and the like for what has none.
    pub name: String,
    /// Which it is among those of the same name there.
    pub disambiguator: u64,
}

/// What kind of thing has a name (rustc's `DefPathData`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// Types, traits and modules.
    Type,
    /// Functions, constants and statics.
    Value,
    /// Closures.
    Closure,
    /// `impl` blocks.
    Impl,
    /// `extern` blocks.
    Foreign,
}
