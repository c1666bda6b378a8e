//! What LLVM's C API has no function for, read from LLVM's text of the value.
//!
//! These are the numbers of constant integers above 64 bits, the names of COMDATs, and constants for which the API has no kind (`no_cfi`,
//! `dso_local_equivalent`), and in LLVM before 22 the scopes of atomic accesses. Nothing else in this crate takes text apart.

use gateless_model::{Failure, Result};

use crate::bits::Bits;
use crate::{Symbol, Value};

/// The number that a constant integer of any width is.
pub(crate) fn integer(constant: Value<'_>, width: u32) -> Result<Bits> {
    let text = constant.to_text()?;
    let digits = text.rsplit(' ').next().unwrap_or_default();
    Bits::from_decimal(width, digits)
        .ok_or_else(|| Failure::failed(format!("{text:?} is not the text of an i{width}")))
}

/// What a constant without a kind says of a function or variable: `no_cfi` or `dso_local_equivalent`.
pub(crate) fn qualifier(constant: Value<'_>) -> Result<String> {
    let text = constant.to_text()?;
    // After the type, which has no spaces here: `ptr no_cfi @f`.
    let word = text.split(' ').find(|word| !word.starts_with("ptr"));
    Ok(word.unwrap_or_default().to_owned())
}

/// The name of the scope that an atomic access is ordered in; nothing for all threads.
pub(crate) fn scope(instruction: Value<'_>) -> Result<Option<String>> {
    const MARK: &str = " syncscope(\"";
    let text = instruction.to_text()?;
    // A name in quotes may hold anything but quotes, which are written as their number.
    let outside = |at: &usize| text[..*at].matches('"').count() % 2 == 0;
    let at = text.match_indices(MARK).map(|(at, _)| at).find(outside);
    Ok(at.and_then(|at| {
        let (name, _) = text[at + MARK.len()..].split_once('"')?;
        Some(name.to_owned())
    }))
}

/// The name of the COMDAT that a symbol is in, which is its own if the text names none.
pub(crate) fn comdat(symbol: Symbol<'_>) -> Result<String> {
    const MARK: &str = " comdat";
    let (text, own) = (symbol.to_text()?, symbol.name()?);
    let lost = || Failure::failed(format!("LLVM's text of {own} names no COMDAT"));
    let header = text
        .lines()
        .find(|line| ["define ", "@"].iter().any(|begin| line.starts_with(begin)));
    let header = header.ok_or_else(lost)?;
    // Names and sections may hold the word as well, in quotes (a quote in a name is written as its number).
    let outside = |at: &usize| header[..*at].matches('"').count() % 2 == 0;
    let mut found = header.match_indices(MARK).map(|(at, _)| at);
    let at = found.find(outside).ok_or_else(lost)?;
    let rest = &header[at + MARK.len()..];
    let Some(named) = rest.strip_prefix("($") else {
        return Ok(own);
    };
    let name = match named.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"'),
        None => named.split_once(')'),
    };
    name.map(|(name, _)| unescape(name)).ok_or_else(lost)
}

/// A quoted name: `\22` stands for the character of that number.
fn unescape(name: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let [first, more @ ..] = rest {
        let number = more.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        match number {
            Some(number) if *first == b'\\' => {
                bytes.push(number);
                rest = &more[2..];
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use crate::testing::module;

    #[test]
    fn a_comdat_is_named_by_itself_or_like_its_symbol() {
        let module = module(
            "$f = comdat any\n$other = comdat nodeduplicate\n$\"odd name\" = comdat any\n\
             define void @f() comdat { ret void }\ndefine void @g() section \"x comdat\" comdat($other) align 4 { ret void }\n\
             @v = global i8 0, comdat($other)\n@w = global i8 0, comdat($\"odd name\")",
        );
        let function = |name| module.function(name).unwrap().unwrap().comdat().unwrap();
        let global = |name| module.global(name).unwrap().unwrap().comdat().unwrap();
        assert_eq!(function("f").unwrap().name, "f");
        assert_eq!(function("g").unwrap().name, "other");
        assert_eq!(global("v").unwrap().name, "other");
        assert_eq!(global("w").unwrap().name, "odd name");
    }
}
