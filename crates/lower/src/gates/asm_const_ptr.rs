//! `asm_const_ptr`: `const` operands of assembly that are pointers.
//!
//! The address of a whole static or function becomes a `sym` operand: both write the symbol into the assembly. Any other pointer (an address within a
//! static, that of a promoted constant, what depends on a type or a generic constant) has no symbol of its own that could be named. In `asm!` the
//! compiler says which operands are pointers, and each of these becomes an operand in a register, which holds the address of a constant: two addresses,
//! [`CONST_OPERAND`]'s and the pointer. Code generation puts the pointer in its place, in every instance of generic code
//! (`crates/codegen/src/ir/const_operands.rs`); an object that is made without it can't be linked. `global_asm!` and `naked_asm!` have no operands in
//! registers, so there such pointers are refused. Operands that are numbers are stable, and stay.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::gate::{Ear, Gate, Page, Places, Rendered, Shown, Source, View};
use crate::lints::QUIET;
use gateless_model::added::CONST_OPERAND;
use gateless_model::{Failure, Result};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;
use gateless_rustc::diagnostic::{Event, Said};

/// The gate.
pub struct AsmConstPtr;

/// The pointer as one to nothing in particular; those to functions are none that a cast takes where data pointers are, too. A wide one is an error.
const THIN: &str = "const fn __gateless_thin<P: Copy>(pointer: P) -> *const () { \
    union Either<P: Copy> { pointer: P, thin: *const () } \
    const { ::core::assert!(::core::mem::size_of::<P>() == ::core::mem::size_of::<*const ()>(), \"a `const` operand is a thin pointer\") } \
    unsafe { Either { pointer }.thin } }";

/// Macros whose operands may be `const`; the first one has operands in registers, too.
const MACROS: [&str; 3] = ["asm", "global_asm", "naked_asm"];

/// The `const` operands of a crate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Operands {
    /// Those that become `sym` operands.
    symbols: Shown,
    /// The others of `asm!`.
    others: Vec<Other>,
    /// Those of `others` that are pointers, by their number.
    pointers: BTreeSet<usize>,
}

/// An operand whose type only the compiler knows.
#[derive(Debug, Clone, PartialEq)]
struct Other {
    file: usize,
    /// All of it, the name included.
    bytes: Range<usize>,
    /// The word `const`.
    keyword: Range<usize>,
    /// What comes after that.
    value: Range<usize>,
}

impl Gate for AsmConstPtr {
    const NAME: &'static str = "asm_const_ptr";
    type Facts = Operands;
    type Notes = ();

    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Operands> {
        let mut operands = Operands::default();
        if source.has(Self::NAME) {
            for view in files.iter().filter(|view| view.tokens.text.contains("asm")) {
                lower(view, &mut operands)?;
            }
        }
        Ok(operands)
    }

    fn hear(operands: &mut Operands, ear: &Ear<'_, ()>, event: &Event<'_>) {
        let Said::ConstOperand { ty } = event.said else {
            return;
        };
        // What a function's name is by itself is no pointer: `fn() {name}`.
        let is_function = ty.contains("fn(") && !ty.ends_with('}');
        if !ty.starts_with(['*', '&']) && !is_function {
            return;
        }
        let spots = event.primary().flat_map(|place| place.with_calls());
        for spot in spots.filter_map(|place| ear.source.spot(place)) {
            let is_there = |other: &Other| {
                other.file == spot.file
                    && other.bytes.start <= spot.range.start
                    && spot.range.start < other.bytes.end
            };
            if let Some(number) = operands.others.iter().position(is_there) {
                operands.pointers.insert(number);
                return;
            }
        }
    }

    fn render(operands: &Operands, _page: &Page<'_>) -> Result<Rendered> {
        Ok(Rendered {
            edits: operands.edits(),
            notes: (),
        })
    }

    /// No attribute opens the gate for a compiler that doesn't know it.
    fn question(operands: &Operands, _page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        Ok(operands.edits())
    }

    fn count(operands: &Operands, places: &mut Places) {
        operands.symbols.add_to(places);
        if !operands.pointers.is_empty() {
            *places.entry(Self::NAME.to_owned()).or_default() += operands.pointers.len();
        }
    }
}

impl Operands {
    fn edits(&self) -> Vec<(usize, Edit)> {
        let mut edits = self.symbols.edits.clone();
        for number in &self.pointers {
            let Other {
                file,
                keyword,
                value,
                ..
            } = &self.others[*number];
            let before = format!(
                "in(reg) const {{ {QUIET} unsafe extern \"C\" {{ safe static {CONST_OPERAND}: u8; }} {QUIET} {THIN} \
                 &raw const *&[&raw const {CONST_OPERAND} as *const (), __gateless_thin("
            );
            let word = Edit {
                range: keyword.clone(),
                text: before,
                rank: 0,
            };
            edits.push((*file, word));
            edits.push((*file, Edit::insert(value.end, ")] }")));
        }
        edits
    }
}

/// Lowers the operands of a file that are symbols, and notes the others.
fn lower(view: &View<'_>, found: &mut Operands) -> Result<()> {
    let tokens = &view.tokens;
    for Written {
        has_registers,
        first,
        keyword,
        end,
    } in operands(tokens)
    {
        match operand(tokens, keyword + 1, end) {
            Operand::Symbol(first, last) => {
                let path = &tokens.text[tokens.bytes(first, last - 1)];
                let range = tokens.bytes(keyword, end - 1);
                let edit = Edit::replace(tokens.text, range, format!("sym {path}"));
                found.symbols.edit(view.file, [edit]);
                found.symbols.count(AsmConstPtr::NAME);
            }
            _ if has_registers => found.others.push(Other {
                file: view.file,
                bytes: tokens.bytes(first, end - 1),
                keyword: tokens.bytes(keyword, keyword),
                value: tokens.bytes(keyword + 1, end - 1),
            }),
            Operand::Number => {}
            Operand::Other(why) => {
                return Err(Failure::no(format!(
                    "{}: a `const` operand that is an address can't be lowered outside of `asm!`: {why}",
                    view.place(keyword)
                ))
                .help("take the address of a whole static, as in `const &raw const STATIC`"));
            }
        }
    }
    Ok(())
}

/// A `const` operand, as tokens.
struct Written {
    /// Whether its macro has operands in registers.
    has_registers: bool,
    /// Its first token: a name or the keyword.
    first: usize,
    keyword: usize,
    /// The token after its expression.
    end: usize,
}

/// The `const` operands.
fn operands(tokens: &Tokens<'_>) -> Vec<Written> {
    let mut found = Vec::new();
    for name in 0..tokens.list.len() {
        let open = name + 2;
        let is_macro = MACROS.contains(&tokens.at(name)) && tokens.at(name + 1) == "!";
        if !is_macro || open >= tokens.list.len() || tokens.close(open) <= open {
            continue;
        }
        for (first, end) in arguments(tokens, open + 1, tokens.close(open)) {
            let is_named = tokens.at(first + 1) == "=" && tokens.at(first + 2) != "=";
            let keyword = if is_named { first + 2 } else { first };
            if tokens.at(keyword) == "const" && keyword + 1 < end {
                found.push(Written {
                    has_registers: tokens.at(name) == MACROS[0],
                    first,
                    keyword,
                    end,
                });
            }
        }
    }
    found
}

/// What commas separate between two tokens, outside of brackets.
fn arguments(tokens: &Tokens<'_>, first: usize, end: usize) -> Vec<(usize, usize)> {
    let (mut found, mut start, mut at) = (Vec::new(), first, first);
    while at < end {
        if tokens.at(at) == "," {
            found.push((start, at));
            start = at + 1;
        }
        at = tokens.close(at).max(at) + 1;
    }
    found.push((start, end));
    found.retain(|(start, end)| start < end);
    found
}

/// What an operand is.
enum Operand {
    /// No address, as far as can be seen.
    Number,
    /// The address of what these tokens name.
    Symbol(usize, usize),
    /// Another address, and why it has no symbol.
    Other(&'static str),
}

fn operand(tokens: &Tokens<'_>, first: usize, end: usize) -> Operand {
    if tokens.at(first) == "&" {
        let is_raw =
            tokens.at(first + 1) == "raw" && ["const", "mut"].contains(&tokens.at(first + 2));
        return match is_raw {
            true => place(tokens, first + 3, end),
            false => Operand::Other(
                "a reference may be to a promoted constant, which has no name; `&raw const` is to a static",
            ),
        };
    }
    let call = (first..end).find(|at| tokens.at(*at) == "!");
    if let Some(bang) = call
        && bang > first
        && ["addr_of", "addr_of_mut"].contains(&tokens.at(bang - 1))
        && tokens.opens(bang + 1, "(")
        && tokens.close(bang + 1) == end - 1
    {
        return place(tokens, bang + 2, end - 1);
    }
    let cast = (first..end).find(|at| tokens.at(*at) == "as");
    if let Some(cast) = cast {
        let to = tokens.at(cast + 1);
        if ["fn", "unsafe", "extern"].contains(&to) {
            return place(tokens, first, cast);
        }
        if to == "*" {
            return Operand::Other("it is the result of a cast");
        }
    }
    let makes_pointer = |at: usize| {
        ["as_ptr", "as_mut_ptr", "byte_add", "wrapping_add"].contains(&tokens.at(at))
            && tokens.at(at + 1) == "("
    };
    match (first..end).any(makes_pointer) {
        true => Operand::Other("it is computed, and `sym` has no place for an offset"),
        false => Operand::Number,
    }
}

/// The operand that is the address of a place.
fn place(tokens: &Tokens<'_>, first: usize, end: usize) -> Operand {
    let is_name = |text: &str| text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let parts = (first..end).map(|at| tokens.at(at));
    let is_path = parts
        .clone()
        .all(|part| part == ":" || part == "$" || is_name(part));
    if is_path && first < end && is_name(tokens.at(end - 1)) {
        return Operand::Symbol(first, end);
    }
    let has = |wanted: &str| parts.clone().any(|part| part == wanted);
    Operand::Other(if has(".") || has("[") {
        "it is an address within a static, and `sym` has no place for an offset"
    } else if has("<") {
        "what depends on a type has no symbol of its own"
    } else {
        "it is not the address of a static that a path names"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scratch, error, lowered, refused};

    /// Of a crate that names the feature; its first line is left out.
    fn on(text: &str) -> String {
        let text = lowered(&format!("#![feature(asm_const_ptr)]\n{text}"));
        text.split_once('\n').unwrap().1.to_owned()
    }

    #[test]
    fn addresses_of_statics_and_functions_become_symbols() {
        for (operand, lowered) in [
            ("const &raw const X", "sym X"),
            ("const &raw mut crate::m::X", "sym crate::m::X"),
            ("x = const core::ptr::addr_of!(X)", "x = sym X"),
            ("const f as extern \"C\" fn(u8, u8)", "sym f"),
            ("const &raw const $x", "sym $x"),
        ] {
            for asm in ["asm", "core::arch::global_asm", "naked_asm"] {
                let text =
                    format!("fn g() {{ {asm}!(\"{{}}\", {operand}, options(att_syntax)) }}\n");
                assert_eq!(on(&text), text.replace(operand, lowered), "{operand}");
            }
        }
    }

    #[test]
    fn lines_stay_where_an_operand_has_several() {
        assert_eq!(
            on("fn g() { asm!(\"{}\",\n const &raw const\n  X,\n) }\n"),
            "fn g() { asm!(\"{}\",\n sym X\n,\n) }\n"
        );
    }

    #[test]
    fn numbers_and_other_operands_stay() {
        for operand in [
            "const 4",
            "const N * 2",
            "const size_of::<T>()",
            "const u8::MAX as usize",
            "const { 1 + 2 }",
            "in(\"eax\") &raw const X",
            "sym X",
        ] {
            let text = format!("fn g<T, const N: usize>() {{ asm!(\"{{}}\", {operand}) }}\n");
            assert_eq!(on(&text), text);
        }
    }

    #[test]
    fn without_the_feature_the_compiler_sees_the_operand() {
        let text = "fn g() { asm!(\"{}\", const &raw const X) }\n";
        assert_eq!(lowered(text), text);
    }

    /// Lowered after the compiler has said what the operand's type is.
    fn heard(operand: &str, ty: &str) -> String {
        let text = format!(
            "#![feature(asm_const_ptr)]\nfn g<T>() {{ asm!(\"{{x}} {{}}\", const 1, x = const {operand}) }}\n"
        );
        Scratch::new(&[("lib.rs", &text)]).lower("lib.rs", &[], |lowered| {
            let mut lowered = lowered.unwrap();
            let compiled = lowered.changes().next().unwrap().1.to_owned();
            let said = error(
                "",
                "invalid type for `const` operand",
                &compiled,
                &format!("x = const {operand}"),
                &format!("is a `{ty}`"),
            );
            let _ = lowered.refine(&[said]);
            let new = lowered.changes().next().unwrap().1.to_owned();
            assert_eq!(new.lines().count(), text.lines().count(), "a line moved");
            new.replace(crate::lints::QUIET, "#[quiet]")
        })
    }

    #[test]
    fn pointers_without_a_symbol_are_left_to_code_generation_as_the_compiler_says() {
        for (operand, ty) in [
            ("&raw const X.field", "*const u8"),
            ("(&raw const X).byte_add(4)", "*const [u8; 8]"),
            ("T::POINTER", "*mut u8"),
            ("&<T as Has>::N", "&usize"),
            ("c\"text\".as_ptr()", "*const i8"),
        ] {
            let text = heard(operand, ty);
            assert!(
                text.contains("asm!(\"{x} {}\", const 1, x = in(reg) const {"),
                "{text}"
            );
            let pair = format!(
                "&raw const *&[&raw const {CONST_OPERAND} as *const (), __gateless_thin( {operand})] }}) }}"
            );
            assert!(text.contains(&pair), "{text}");
        }
        let text = heard("f::<T> as fn()", "fn()");
        assert!(
            text.contains("__gateless_thin( f::<T> as fn())] }"),
            "{text}"
        );
    }

    #[test]
    fn operands_of_other_types_are_left_to_the_compiler() {
        for ty in ["f32", "bool", "fn() {f}", "[u8; 4]"] {
            let text = heard("F", ty);
            assert!(text.contains("x = const F)"), "{text}");
        }
    }

    #[test]
    fn outside_of_asm_addresses_without_a_symbol_are_refused_with_place_and_reason() {
        for (operand, why) in [
            ("&raw const X.field", "an offset"),
            ("&raw const X[2]", "an offset"),
            ("(&raw const X).byte_add(4)", "an offset"),
            ("c\"text\".as_ptr()", "computed"),
            ("&42", "promoted"),
            ("&raw const <T as Has>::X", "depends on a type"),
            ("X as *const u8", "a cast"),
            ("&raw const *P", "a path names"),
        ] {
            for asm in ["global_asm", "naked_asm"] {
                let refused = refused(&format!(
                    "#![feature(asm_const_ptr)]\nfn g() {{ {asm}!(\"{{}}\", const {operand}) }}\n"
                ));
                assert!(refused.starts_with("lib.rs:2: "), "{refused}");
                assert!(refused.contains(why), "{operand}: {refused}");
            }
        }
    }
}
