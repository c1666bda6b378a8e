//! What the text of a type needs to know of definitions.

use gateless_model::{Failure, Result};

use super::World;
use super::names::{InDebug, InTrait};
use super::traits::arguments;
use crate::definitions::{Definitions, Transparent};
use crate::show::show;
use crate::sources::{Item, Kind};
use crate::text::{self, Lifetimes};
use crate::ty::{Named, Path, Type};

impl Definitions for World {
    fn encoding(&self, path: &Path) -> Result<Option<String>> {
        Ok(self.item(path, false)?.encoding.clone())
    }

    fn is_repr_c(&self, path: &Path) -> Result<bool> {
        Ok(self.item(path, false)?.repr_c)
    }

    fn transparent(&self, named: &Named) -> Result<Transparent> {
        let item = self.item(&named.path, false)?;
        if !item.transparent || item.kind != Kind::Struct {
            return Ok(Transparent::No);
        }
        let text = show(&Type::Adt(named.clone()));
        let Some(fields) = self.types.fields.get(&text) else {
            let only = self.only_field(named, &item)?;
            return only.map(Transparent::Field).ok_or_else(|| {
                Failure::failed(format!("debug information has no fields of {text}"))
            });
        };
        let Some(at) = fields.iter().position(|field| field.size != Some(0)) else {
            return Ok(Transparent::Empty);
        };
        let ty = text::ty(&fields[at].text, Lifetimes::Elided, &InDebug(self))?;
        // Debug information has the elements where a field is a slice, and bytes where it is a text.
        let written = item.fields.get(at).map_or("", |written| written.trim());
        Ok(Transparent::Field(match written {
            "str" => Type::Str,
            pattern if pattern.contains(" is ") => {
                let ranges = ranges(pattern).ok_or_else(|| {
                    Failure::failed(format!(
                        "the values of {} are not known: {pattern}",
                        named.path
                    ))
                })?;
                Type::Pattern(Box::new(ty), ranges)
            }
            slice if slice.starts_with('[') && !slice.contains(';') => Type::Slice(Box::new(ty)),
            _ => ty,
        }))
    }

    fn pointer_width(&self) -> u8 {
        self.pointer_width
    }
}

impl World {
    /// The field of a struct that has but one in the sources, if that is known to have a size.
    fn only_field(&self, named: &Named, item: &Item) -> Result<Option<Type>> {
        let [only] = &item.fields[..] else {
            return Ok(None);
        };
        let names = InTrait {
            world: self,
            krate: &named.path.krate.name,
            types: arguments(item, named),
        };
        let ty = text::ty(only, Lifetimes::Written, &names)?;
        Ok(self.has_size(&ty).then_some(ty))
    }

    /// Whether values of a type are known to take space.
    fn has_size(&self, ty: &Type) -> bool {
        match ty {
            Type::Bool
            | Type::Char
            | Type::Integer(_)
            | Type::Float(_)
            | Type::Ref { .. }
            | Type::Pointer { .. }
            | Type::Function(_) => true,
            Type::Array(element, length) => {
                length.parse::<u64>().is_ok_and(|length| length > 0) && self.has_size(element)
            }
            Type::Adt(_) => self
                .types
                .sizes
                .get(&show(ty))
                .is_some_and(|size| *size > 0),
            _ => false,
        }
    }
}

/// The ranges in `TYPE is RANGE | RANGE`, all of numbers.
fn ranges(pattern: &str) -> Option<Vec<(Option<i128>, Option<i128>)>> {
    let (_, all) = pattern.split_once(" is ")?;
    let number = |text: &str| -> Option<Option<i128>> {
        match text.trim() {
            "" => Some(None),
            text => text.replace('_', "").parse().ok().map(Some),
        }
    };
    all.split('|')
        .map(|range| {
            let (first, last) = range.split_once("..")?;
            let last = match last.strip_prefix('=') {
                Some(last) => number(last)?,
                None => number(last)?.map(|after| after - 1),
            };
            Some((number(first)?, last))
        })
        .collect()
}
