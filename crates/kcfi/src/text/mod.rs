//! Types as rustc writes them: in MIR, and in the names of debug information.
//!
//! Both leave things out, MIR where a type is defined, debug information lifetimes as well. What a name means is asked of [`Names`]; nothing is guessed.

mod objects;
mod tokens;
mod types;

use std::sync::Arc;

use gateless_model::Result;

use crate::ty::{Arg, Named, Path, Type};
use tokens::Reader;

/// What names in the text of a type mean.
pub trait Names {
    /// A path that stands for a type, or for a constant where one can stand.
    fn named(&self, path: &[&str]) -> Result<Meaning>;

    /// A path that stands for a trait.
    fn of_trait(&self, path: &[&str]) -> Result<Trait>;

    /// The trait that declares the associated type `name` of the trait `of`, with its arguments: that trait or one above it.
    fn owner(&self, of: &Named, name: &str) -> Result<Named>;

    /// What the parameter of a definition is, of those that are no lifetimes the one of this number, if nothing is said. `given` are the arguments
    /// before, `own` the type that has the trait, if it is a trait's.
    fn default(
        &self,
        of: &Arc<Path>,
        number: usize,
        given: &[Arg],
        own: Option<&Type>,
    ) -> Result<Arg>;

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
    /// How many parameters it has that are no lifetimes.
    pub others: usize,
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

/// The trait that a path with arguments is, of the type `of` if that is known.
pub fn trait_named(
    text: &str,
    lifetimes: Lifetimes,
    names: &dyn Names,
    of: Option<&Type>,
) -> Result<Named> {
    let mut reader = Reader {
        text,
        at: 0,
        names,
        lifetimes,
        binders: Vec::new(),
    };
    let path = reader.path()?;
    let own = names.of_trait(&path)?;
    let found = reader.trait_arguments(own, of)?.0;
    reader.end()?;
    Ok(found)
}
