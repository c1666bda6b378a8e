//! The number that a function's type has in kCFI: the type as text, in the notation of C++'s symbol names, and the hash of that text.
//!
//! The text is that of the Itanium C++ ABI, with vendor extended types (`u3ref`, `u3dyn`) for what C doesn't have, so that Rust and clang come to
//! the same number where a type exists in both. What is said twice is written once (`S_`, `S0_`). rustc has it in
//! compiler/rustc_sanitizers/src/cfi/typeid/itanium_cxx_abi; `tests/oracle.rs` compares.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::Hasher;
use std::sync::Arc;

use gateless_model::Result;
use twox_hash::XxHash64;

use crate::definitions::Definitions;
use crate::fold::Fold;
use crate::ty::{Arg, FnPointer, Named, Namespace, Path, Predicate, Region, Type};

/// What C++'s ABI has a letter for is too short to be worth an abbreviation.
const BUILT_IN: [&str; 22] = [
    "v", "w", "b", "c", "a", "h", "s", "t", "i", "j", "l", "m", "x", "y", "n", "o", "f", "d", "e",
    "g", "z", "Dh",
];

/// The number for a function of this type: the low half of the hash of [`text`].
pub fn id(definitions: &dyn Definitions, signature: &FnPointer, normalize: bool) -> Result<u32> {
    Ok(hash(&text(definitions, signature, normalize)?))
}

/// The low half of the hash of a type's text.
pub fn hash(text: &str) -> u32 {
    let mut hash = XxHash64::default();
    hash.write(text.as_bytes());
    hash.finish() as u32
}

/// The type of a function as text; `normalize` as `-Zsanitizer-cfi-normalize-integers` has it.
///
/// The parameters are those that are passed: none that has no size, no tuple where a closure's arguments are meant.
///
/// # Errors
/// For types that are not known to the last part, and for what rustc has no text for either.
pub fn text(
    definitions: &dyn Definitions,
    signature: &FnPointer,
    normalize: bool,
) -> Result<String> {
    let mut fold = Fold::new(definitions, normalize);
    let mut encoder = Encoder {
        definitions,
        known: HashMap::new(),
        names_c: matches!(
            signature.abi.as_str(),
            "C" | "C-unwind" | "cdecl" | "cdecl-unwind" | "system" | "system-unwind"
        ),
    };
    let body = encoder.signature(&mut fold, signature)?;
    let suffix = if normalize { ".normalized" } else { "" };
    Ok(format!("_ZTS{body}{suffix}"))
}

/// What can be abbreviated.
#[derive(PartialEq, Eq, Hash)]
enum Part {
    Type(Type),
    /// `const` before a type.
    Const(Type),
    /// `mut` before a reference, which is the type.
    Mut(Type),
    Region(Region),
    Value(Type, String),
    Predicate(Predicate),
}

struct Encoder<'d> {
    definitions: &'d dyn Definitions,
    /// What has been written already, by its number.
    known: HashMap<Part, usize>,
    /// Whether `repr(C)` types are written as C has them: by their name alone.
    names_c: bool,
}

impl Encoder<'_> {
    /// The text, or the abbreviation for it if the same was written before.
    fn once(&mut self, part: Part, text: String) -> String {
        let next = self.known.len();
        match self.known.get(&part) {
            Some(0) => "S_".to_owned(),
            Some(number) => format!("S{}_", base36(*number as u64 - 1)),
            None => {
                self.known.insert(part, next);
                text
            }
        }
    }

    fn signature(&mut self, fold: &mut Fold<'_>, signature: &FnPointer) -> Result<String> {
        let output = fold.apply(&signature.output)?;
        let mut text = format!("F{}", self.ty(&output)?);
        for input in &signature.inputs {
            let input = fold.apply(input)?;
            text += &self.ty(&input)?;
        }
        if signature.variadic {
            text.push('z');
        } else if signature.inputs.is_empty() {
            text.push('v');
        }
        text.push('E');
        Ok(text)
    }

    fn ty(&mut self, ty: &Type) -> Result<String> {
        let text = match ty {
            Type::Bool => return Ok("b".into()),
            Type::Float(16) => return Ok("Dh".into()),
            Type::Float(32) => return Ok("f".into()),
            Type::Float(64) => return Ok("d".into()),
            Type::Float(_) => return Ok("g".into()),
            unit if unit.is_unit() => return Ok("v".into()),
            Type::Char => "u4char".into(),
            Type::Str => "u3str".into(),
            Type::Never => "u5never".into(),
            Type::Integer(integer) => vendor(&integer.to_string()),
            Type::Tuple(parts) => format!("u5tupleI{}E", self.types(parts)?),
            Type::Array(element, length) => format!("A{length}{}", self.ty(element)?),
            Type::Slice(element) => format!("u5sliceI{}E", self.ty(element)?),
            Type::Pattern(of, ranges) => {
                format!("u3patI{}{}E", self.ty(of)?, pattern(of, ranges))
            }
            Type::Ref {
                region,
                mutable,
                to,
            } => return self.reference(*region, *mutable, to),
            Type::Pointer { mutable, to } => self.pointer(*mutable, to)?,
            Type::Function(pointer) => self.function(pointer)?,
            Type::Dyn { predicates, region } => self.object(predicates, *region)?,
            Type::Adt(named) => match self.definitions.encoding(&named.path)? {
                Some(own) if BUILT_IN.contains(&own.as_str()) => return Ok(own),
                Some(own) => own,
                None if self.names_c && self.definitions.is_repr_c(&named.path)? => {
                    of_c(&named.path)
                }
                None => self.named(named)?,
            },
            Type::Foreign(path) => match self.definitions.encoding(path)? {
                Some(own) => own,
                None => of_c(path),
            },
        };
        Ok(self.once(Part::Type(ty.clone()), text))
    }

    fn types(&mut self, types: &[Type]) -> Result<String> {
        types.iter().map(|ty| self.ty(ty)).collect()
    }

    fn reference(&mut self, region: Region, mutable: bool, to: &Type) -> Result<String> {
        let shared = |mutable| Type::Ref {
            region,
            mutable,
            to: Box::new(to.clone()),
        };
        let text = format!("u3refI{}E", self.ty(to)?);
        let text = self.once(Part::Type(shared(false)), text);
        Ok(match mutable {
            true => self.once(Part::Mut(shared(true)), format!("U3mut{text}")),
            false => text,
        })
    }

    fn pointer(&mut self, mutable: bool, to: &Type) -> Result<String> {
        let mut text = self.ty(to)?;
        if !mutable {
            text = self.once(Part::Const(to.clone()), format!("K{text}"));
        }
        Ok(format!("P{text}"))
    }

    /// A function pointer within a type, which has its own say on how C's types are written, and whose integers have been dealt with.
    fn function(&mut self, pointer: &FnPointer) -> Result<String> {
        let own = matches!(pointer.abi.as_str(), "C" | "C-unwind");
        let outer = std::mem::replace(&mut self.names_c, own);
        let text = self.signature(&mut Fold::new(self.definitions, false), pointer);
        self.names_c = outer;
        Ok(format!("P{}", text?))
    }

    fn object(&mut self, predicates: &[Predicate], region: Region) -> Result<String> {
        let mut text = "u3dynI".to_owned();
        for predicate in predicates {
            let own = match predicate {
                Predicate::Trait(named) => self.named(named)?,
                Predicate::Projection { of, name, term } => {
                    let path = of.path.child(Namespace::Type, name);
                    let args = self.args(&of.args)?;
                    format!("{}{args}{}", vendor(&path_text(&path)), self.ty(term)?)
                }
                Predicate::Auto(path) => vendor(&path_text(path)),
            };
            text += &self.once(Part::Predicate(predicate.clone()), own);
        }
        text += &self.region(region);
        Ok(text + "E")
    }

    fn region(&mut self, region: Region) -> String {
        let text = match region {
            Region::Erased | Region::Static => "u6region".to_owned(),
            Region::Bound { depth: 0, index } => format!("u6regionI{index}E"),
            Region::Bound { depth, index } => {
                format!("u6regionI{}{index}E", disambiguator(depth.into()))
            }
        };
        self.once(Part::Region(region), text)
    }

    fn named(&mut self, named: &Named) -> Result<String> {
        let args = self.args(&named.args)?;
        Ok(vendor(&path_text(&named.path)) + &args)
    }

    fn args(&mut self, args: &[Arg]) -> Result<String> {
        if args.is_empty() {
            return Ok(String::new());
        }
        let mut text = "I".to_owned();
        for arg in args {
            text += &match arg {
                Arg::Region(region) => self.region(*region),
                Arg::Type(ty) => self.ty(ty)?,
                Arg::Const(ty, value) => {
                    let own = format!("L{}{}E", self.ty(ty)?, value.replace('-', "n"));
                    self.once(Part::Value(ty.clone(), value.clone()), own)
                }
            };
        }
        Ok(text + "E")
    }
}

/// Ranges as rustc prints them.
fn pattern(of: &Type, ranges: &[(Option<i128>, Option<i128>)]) -> String {
    let least = match of {
        Type::Integer(integer) => format!("{integer}::MIN"),
        _ => String::new(),
    };
    let ranges = ranges.iter().map(|(first, last)| {
        let first = first.map_or_else(|| least.clone(), |first| first.to_string());
        let last = last.map_or_else(String::new, |last| format!("={last}"));
        format!("{first}..{last}")
    });
    let ranges: Vec<String> = ranges.collect();
    match &ranges[..] {
        [only] => only.clone(),
        all => format!("({})", all.join(" | ")),
    }
}

/// A vendor extended type.
fn vendor(name: &str) -> String {
    format!("u{}{name}", name.len())
}

/// The name that a type has in C.
fn of_c(path: &Arc<Path>) -> String {
    format!("{}{}", path.name().len(), path.name())
}

/// A path in the notation of Rust's symbol names, but for `impl` and `extern` blocks, which these leave out.
fn path_text(path: &Path) -> String {
    let mut text = String::new();
    for segment in path.segments.iter().rev() {
        text.push('N');
        text.push(match segment.namespace {
            Namespace::Type => 't',
            Namespace::Value => 'v',
            Namespace::Closure => 'C',
            Namespace::Impl => 'I',
            Namespace::Foreign => 'F',
        });
    }
    let krate = &path.krate;
    let _ = write!(
        text,
        "C{}{}{}",
        disambiguator(krate.id),
        krate.name.len(),
        krate.name
    );
    for segment in &path.segments {
        if segment.disambiguator > 0 {
            text += &disambiguator(segment.disambiguator);
        }
        let name = &segment.name;
        let gap = if name.starts_with(|first: char| first == '_' || first.is_ascii_digit()) {
            "_"
        } else {
            ""
        };
        let _ = write!(text, "{}{gap}{name}", name.len());
    }
    text
}

/// A number as symbol names have it in front of a name.
fn disambiguator(number: u64) -> String {
    match number.checked_sub(1) {
        Some(before) => format!("s{}_", base62(before)),
        None => "s_".to_owned(),
    }
}

fn base62(number: u64) -> String {
    digits(
        number,
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    )
}

fn base36(number: u64) -> String {
    digits(number, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

fn digits(mut number: u64, alphabet: &[u8]) -> String {
    let base = alphabet.len() as u64;
    let mut digits = Vec::new();
    loop {
        digits.push(char::from(alphabet[(number % base) as usize]));
        number /= base;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_low_half_of_xxhash64() {
        // https://xxhash.com: the reference answers for seed 0.
        assert_eq!(hash(""), 0x51d8_e999);
        assert_eq!(hash("abc"), 0x44bc_2cf5_ad77_0999_u64 as u32);
    }

    #[test]
    fn numbers_are_written_as_in_symbol_names() {
        assert_eq!(disambiguator(0), "s_");
        assert_eq!(disambiguator(1), "s0_");
        assert_eq!(disambiguator(63), "s10_");
        assert_eq!(base36(36), "10");
    }
}
