//! What is written instead of a type: what is transparent is looked through, and integers are made C's, if asked for.

use gateless_model::Result;

use crate::definitions::{Definitions, Transparent};
use crate::ty::{Arg, FnPointer, Integer, Named, Predicate, Region, Type};

/// rustc's `c_void` lang item, C's `void`.
const C_VOID: [&str; 2] = ["ffi", "c_void"];

/// rustc's `TransformTy`.
pub(crate) struct Fold<'d> {
    definitions: &'d dyn Definitions,
    /// Whether integers of the size of a pointer, `bool` and `char` become the integers that clang makes of them.
    normalize: bool,
    /// Whether pointers are all the same, within a transparent one that leads to itself.
    generalize: bool,
    /// The transparent types around.
    parents: Vec<Type>,
}

impl<'d> Fold<'d> {
    pub fn new(definitions: &'d dyn Definitions, normalize: bool) -> Self {
        Self {
            definitions,
            normalize,
            generalize: false,
            parents: Vec::new(),
        }
    }

    pub fn apply(&mut self, ty: &Type) -> Result<Type> {
        Ok(match ty {
            Type::Bool if self.normalize => integer(false, 8),
            Type::Char if self.normalize => integer(false, 32),
            Type::Integer(Integer { signed, bits: None }) if self.normalize => {
                integer(*signed, self.definitions.pointer_width())
            }
            Type::Ref { mutable, .. } if self.generalize => Type::Ref {
                region: Region::Static,
                mutable: *mutable,
                to: Box::new(Type::UNIT),
            },
            Type::Pointer { mutable, .. } if self.generalize => pointer_to_unit(*mutable),
            Type::Function(_) if self.generalize => pointer_to_unit(false),
            Type::Adt(named) => self.adt(ty, named)?,
            Type::Tuple(parts) => Type::Tuple(self.all(parts)?),
            Type::Array(element, length) => Type::Array(self.boxed(element)?, length.clone()),
            Type::Slice(element) => Type::Slice(self.boxed(element)?),
            Type::Pattern(of, ranges) => Type::Pattern(self.boxed(of)?, ranges.clone()),
            Type::Ref {
                region,
                mutable,
                to,
            } => Type::Ref {
                region: *region,
                mutable: *mutable,
                to: self.boxed(to)?,
            },
            Type::Pointer { mutable, to } => Type::Pointer {
                mutable: *mutable,
                to: self.boxed(to)?,
            },
            Type::Function(pointer) => Type::Function(Box::new(FnPointer {
                abi: pointer.abi.clone(),
                is_unsafe: pointer.is_unsafe,
                inputs: self.all(&pointer.inputs)?,
                variadic: pointer.variadic,
                output: self.apply(&pointer.output)?,
            })),
            Type::Dyn { predicates, region } => Type::Dyn {
                predicates: predicates
                    .iter()
                    .map(|predicate| self.predicate(predicate))
                    .collect::<Result<_>>()?,
                region: *region,
            },
            Type::Bool
            | Type::Char
            | Type::Str
            | Type::Never
            | Type::Integer(_)
            | Type::Float(_)
            | Type::Foreign(_) => ty.clone(),
        })
    }

    fn adt(&mut self, ty: &Type, named: &Named) -> Result<Type> {
        let path = &named.path;
        let names = path.segments.iter().map(|segment| segment.name.as_str());
        if path.krate.name == "core" && names.eq(C_VOID) {
            return Ok(Type::UNIT);
        }
        if self.parents.contains(ty) {
            return Ok(Type::Adt(self.named(named)?));
        }
        let inner = match self.definitions.transparent(named)? {
            Transparent::No => return Ok(Type::Adt(self.named(named)?)),
            // An encoding of its own is not to be lost.
            _ if self.definitions.encoding(path)?.is_some() => return Ok(ty.clone()),
            Transparent::Empty => return Ok(Type::UNIT),
            Transparent::Field(inner) => inner,
        };
        let outer = self.generalize;
        self.generalize |= is_pointer(&inner) && contains(&inner, ty);
        self.parents.push(ty.clone());
        let folded = self.apply(&inner);
        self.parents.pop();
        self.generalize = outer;
        folded
    }

    fn boxed(&mut self, ty: &Type) -> Result<Box<Type>> {
        self.apply(ty).map(Box::new)
    }

    fn all(&mut self, types: &[Type]) -> Result<Vec<Type>> {
        types.iter().map(|ty| self.apply(ty)).collect()
    }

    fn named(&mut self, named: &Named) -> Result<Named> {
        let args = named.args.iter().map(|arg| {
            Ok(match arg {
                Arg::Type(ty) => Arg::Type(self.apply(ty)?),
                Arg::Region(region) => Arg::Region(*region),
                Arg::Const(ty, value) => {
                    let folded = self.apply(ty)?;
                    // A `bool` that has become an integer is written as one.
                    let value = match (&folded, value.as_str()) {
                        (Type::Integer(_), "true") => "1".to_owned(),
                        (Type::Integer(_), "false") => "0".to_owned(),
                        (_, value) => value.to_owned(),
                    };
                    Arg::Const(folded, value)
                }
            })
        });
        Ok(Named {
            path: named.path.clone(),
            args: args.collect::<Result<_>>()?,
        })
    }

    fn predicate(&mut self, predicate: &Predicate) -> Result<Predicate> {
        Ok(match predicate {
            Predicate::Trait(named) => Predicate::Trait(self.named(named)?),
            Predicate::Projection { of, name, term } => Predicate::Projection {
                of: self.named(of)?,
                name: name.clone(),
                term: self.apply(term)?,
            },
            Predicate::Auto(path) => Predicate::Auto(path.clone()),
        })
    }
}

fn integer(signed: bool, bits: u8) -> Type {
    Type::Integer(Integer {
        signed,
        bits: Some(bits),
    })
}

fn pointer_to_unit(mutable: bool) -> Type {
    Type::Pointer {
        mutable,
        to: Box::new(Type::UNIT),
    }
}

fn is_pointer(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Ref { .. } | Type::Pointer { .. } | Type::Function(_)
    )
}

/// Whether `part` is `ty` or stands somewhere in it.
fn contains(ty: &Type, part: &Type) -> bool {
    if ty == part {
        return true;
    }
    let any = |types: &[Type]| types.iter().any(|ty| contains(ty, part));
    match ty {
        Type::Tuple(parts) => any(parts),
        Type::Array(to, _) | Type::Slice(to) => contains(to, part),
        Type::Ref { to, .. } | Type::Pointer { to, .. } => contains(to, part),
        Type::Function(pointer) => any(&pointer.inputs) || contains(&pointer.output, part),
        Type::Adt(named) => in_args(named, part),
        Type::Dyn { predicates, .. } => predicates.iter().any(|predicate| match predicate {
            Predicate::Trait(named) => in_args(named, part),
            Predicate::Projection { of, term, .. } => in_args(of, part) || contains(term, part),
            Predicate::Auto(_) => false,
        }),
        _ => false,
    }
}

fn in_args(named: &Named, part: &Type) -> bool {
    named
        .args
        .iter()
        .any(|arg| matches!(arg, Arg::Type(ty) if contains(ty, part)))
}
