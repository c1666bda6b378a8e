//! `asm_const_ptr`: `const` operands of assembly that are the address of a static or of a function become `sym` operands.
//!
//! Both write the symbol into the assembly, so for a whole static or function they are the same. An address within a static needs an offset, which
//! `sym` has no place for; one that depends on a type parameter has no symbol; that of a promoted constant has none that can be named. These
//! are refused. Operands that are numbers are stable, and stay.

use crate::gate::{Gate, Page, Places, Rendered, Shown, Source, View};
use gateless_model::{Failure, Result};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// The gate.
pub struct AsmConstPtr;

/// Macros whose operands may be `const`.
const MACROS: [&str; 3] = ["asm", "global_asm", "naked_asm"];

impl Gate for AsmConstPtr {
    const NAME: &'static str = "asm_const_ptr";
    type Facts = Shown;
    type Notes = ();

    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Shown> {
        let mut shown = Shown::default();
        if source.has(Self::NAME) {
            for view in files.iter().filter(|view| view.tokens.text.contains("asm")) {
                lower(view, &mut shown)?;
            }
        }
        Ok(shown)
    }

    fn render(shown: &Shown, _page: &Page<'_>) -> Result<Rendered> {
        Ok(shown.render())
    }

    fn count(shown: &Shown, places: &mut Places) {
        shown.add_to(places);
    }
}

/// Lowers all operands of a file.
fn lower(view: &View<'_>, shown: &mut Shown) -> Result<()> {
    let tokens = &view.tokens;
    for (keyword, end) in operands(tokens) {
        let path = match operand(tokens, keyword + 1, end) {
            Operand::Number => continue,
            Operand::Symbol(first, end) => &tokens.text[tokens.bytes(first, end - 1)],
            Operand::Other(why) => {
                return Err(Failure::no(format!(
                    "{}: a `const` operand that is an address can't be lowered: {why}",
                    view.place(keyword)
                ))
                .help("take the address of a whole static, as in `const &raw const STATIC`"));
            }
        };
        let range = tokens.bytes(keyword, end - 1);
        let edit = Edit::replace(tokens.text, range, format!("sym {path}"));
        shown.edit(view.file, [edit]);
        shown.count(AsmConstPtr::NAME);
    }
    Ok(())
}

/// The `const` operands: the keyword of each, and the token after its expression.
fn operands(tokens: &Tokens<'_>) -> Vec<(usize, usize)> {
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
                found.push((keyword, end));
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
    use crate::testing::{lowered, refused};

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

    #[test]
    fn addresses_without_a_symbol_are_refused_with_place_and_reason() {
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
            let refused = refused(&format!(
                "#![feature(asm_const_ptr)]\nfn g() {{ asm!(\"{{}}\", const {operand}) }}\n"
            ));
            assert!(refused.starts_with("lib.rs:2: "), "{refused}");
            assert!(refused.contains(why), "{operand}: {refused}");
        }
    }
}
