//! Assembly, as GNU C has it.
//!
//! Constraints are in one table ([`letter`]), fixed registers in another ([`REGISTERS`]). The text's operands and modifiers are rewritten; its dialect
//! is kept by switching the assembler to Intel's and back, in which only registers can be operands, since the C compiler prints others as AT&T has it.

use gateless_llvm::{After, Call, Dialect};
use gateless_model::Result;

use crate::body::Body;
use crate::refusal::not_known;

/// Registers of x86-64 that have a letter of their own as a constraint.
const REGISTERS: [(&str, &str); 6] = [
    ("ax", "a"),
    ("bx", "b"),
    ("cx", "c"),
    ("dx", "d"),
    ("si", "S"),
    ("di", "D"),
];

/// What LLVM says of every piece of assembly for x86, and GNU C takes for granted of it.
const ALWAYS: [&str; 3] = ["dirflag", "fpsr", "flags"];

/// What GNU C calls a constraint of LLVM's.
fn letter(constraint: &str) -> Option<&str> {
    match constraint {
        "r" | "q" | "Q" | "i" | "n" | "s" | "m" | "g" | "X" | "I" | "J" | "K" | "L" | "M" | "N"
        | "O" | "e" | "Z" | "a" | "b" | "c" | "d" | "S" | "D" | "A" => Some(constraint),
        _ => {
            let register = constraint.strip_prefix('{')?.strip_suffix('}')?;
            let of_letter = |(name, letter): &(&str, &'static str)| {
                [name.to_string(), format!("r{name}"), format!("e{name}")]
                    .iter()
                    .any(|it| it == register)
                    .then_some(*letter)
            };
            REGISTERS.iter().find_map(of_letter)
        }
    }
}

/// An item of a constraint string.
#[derive(Debug, PartialEq, Eq)]
enum Item {
    /// `=`, with `&` if it is written early; the constraint, and whether the operand is the place to store to.
    Output(bool, String, bool),
    /// The constraint, and whether the operand is the address of what is used.
    Input(String, bool),
    /// `!i`
    Label,
    Clobber(String),
}

impl Item {
    fn of(text: &str) -> Result<Self> {
        let unknown = || not_known(format!("the constraint {text} of assembly"));
        if text == "!i" {
            return Ok(Self::Label);
        }
        if let Some(clobber) = text.strip_prefix("~{").and_then(|it| it.strip_suffix('}')) {
            return Ok(Self::Clobber(clobber.to_owned()));
        }
        if let Some(output) = text.strip_prefix('=') {
            let (is_early, output) = match output.strip_prefix('&') {
                Some(output) => (true, output),
                None => (false, output),
            };
            let (is_place, output) = match output.strip_prefix('*') {
                Some(output) => (true, output),
                None => (false, output),
            };
            // The state of a flag, which GNU C spells without braces.
            if let Some(flag) = output
                .strip_prefix("{@cc")
                .and_then(|it| it.strip_suffix('}'))
            {
                return Ok(Self::Output(is_early, format!("@cc{flag}"), is_place));
            }
            let letter = letter(output).ok_or_else(unknown)?;
            return Ok(Self::Output(is_early, letter.to_owned(), is_place));
        }
        let (is_place, input) = match text.strip_prefix('*') {
            Some(input) => (true, input),
            None => (false, text),
        };
        if !input.is_empty() && input.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Input(input.to_owned(), is_place));
        }
        let letter = letter(input).ok_or_else(unknown)?;
        Ok(Self::Input(letter.to_owned(), is_place))
    }
}

/// The text as GNU C has it, with this many operands before the labels.
fn rewritten(text: &str, operands: usize, labels: usize) -> Result<String> {
    let mut rewritten = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '%' | '{' | '|' | '}' => rewritten.extend(['%', c]),
            '$' => {
                if let Some(after) = rest.strip_prefix('$') {
                    rewritten.push('$');
                    rest = after;
                    continue;
                }
                let (operand, after) =
                    operand(rest).ok_or_else(|| not_known(format!("${rest} in assembly")))?;
                rest = after;
                let (number, modifier) = operand;
                let is_label = modifier == "l" && number >= operands && number < operands + labels;
                if number >= operands && !is_label {
                    return Err(not_known(format!("operand {number} of assembly")));
                }
                rewritten.push_str(&format!("%{modifier}{number}"));
            }
            _ => rewritten.push(c),
        }
    }
    Ok(rewritten)
}

/// An operand's number and modifier, and what comes behind.
fn operand(text: &str) -> Option<((usize, &str), &str)> {
    if let Some(inside) = text.strip_prefix('{') {
        let (inside, after) = inside.split_once('}')?;
        let (number, modifier) = inside.split_once(':').unwrap_or((inside, ""));
        return Some(((number.parse().ok()?, modifier), after));
    }
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    Some(((text[..end].parse().ok()?, ""), &text[end..]))
}

/// The operands of a piece of assembly, as they are written.
#[derive(Default)]
struct Written {
    outputs: Vec<String>,
    inputs: Vec<String>,
    clobbers: Vec<String>,
    /// Where a result goes, and the variable in which it is.
    results: Vec<String>,
    labels: usize,
}

impl<'m> Body<'_, 'm> {
    pub fn assembly(&mut self, call: &Call<'m>) -> Result<()> {
        let Some(assembly) = call.callee.as_inline_asm()? else {
            return Err(not_known("assembly"));
        };
        if assembly.may_unwind()? {
            return Err(not_known("assembly that unwinds"));
        }
        // Without a red zone nothing of the compiler's lies below the stack pointer.
        if assembly.needs_aligned_stack()? && self.function.attribute("noredzone")?.is_none() {
            return Err(not_known(
                "assembly that uses the stack, in a function with a red zone",
            ));
        }
        let mut written = Written::default();
        let constraints = assembly.constraints()?;
        let mut arguments = call.arguments.iter();
        let items = constraints.split(',').filter(|item| !item.is_empty());
        for item in items {
            match Item::of(item)? {
                Item::Output(is_early, constraint, is_place) => {
                    let early = if is_early { "&" } else { "" };
                    let operand = match is_place {
                        true => self.pointed_at(call, &mut arguments)?,
                        false => {
                            let result = self.result_part(call, written.results.len())?;
                            written.results.push(result.clone());
                            result
                        }
                    };
                    written
                        .outputs
                        .push(format!("\"={early}{constraint}\"({operand})"));
                }
                Item::Input(constraint, is_place) => {
                    let operand = match (is_place, arguments.clone().next()) {
                        (true, _) => self.pointed_at(call, &mut arguments)?,
                        (false, Some(argument)) => {
                            arguments.next();
                            self.value(*argument)?
                        }
                        (false, None) => return Err(not_known("assembly with few arguments")),
                    };
                    written.inputs.push(format!("\"{constraint}\"({operand})"));
                }
                Item::Label => written.labels += 1,
                Item::Clobber(name) if ALWAYS.contains(&name.as_str()) => {}
                Item::Clobber(name) => written.clobbers.push(format!("\"{name}\"")),
            }
        }
        let operands = written.outputs.len() + written.inputs.len();
        let mut text = rewritten(&assembly.text()?, operands, written.labels)?;
        if assembly.dialect()? == Dialect::Intel && !text.trim().is_empty() {
            let is_register = |it: &String| {
                let constraint = it.split('"').nth(1).unwrap_or_default();
                let letters = constraint.trim_start_matches(['=', '&']);
                letters
                    .bytes()
                    .all(|it| b"rqQabcdSD0123456789".contains(&it))
                    || letters.starts_with("@cc")
            };
            if !written
                .outputs
                .iter()
                .chain(&written.inputs)
                .all(is_register)
            {
                return Err(not_known(
                    "assembly in Intel's syntax with an operand that is no register",
                ));
            }
            text = format!(".intel_syntax noprefix\n{text}\n.att_syntax prefix");
        }
        self.write_assembly(call, &text, &written, assembly.has_side_effects()?)
    }

    /// The variable for a result of this number.
    fn result_part(&mut self, call: &Call<'m>, number: usize) -> Result<String> {
        let ty = self.ty(call.instruction.into())?;
        let name = self.variable_of(call.instruction.into())?;
        match ty.element(number as u64) {
            Some((_, _, path)) => Ok(format!("{name}{path}")),
            None if number == 0 => Ok(name),
            None => Err(not_known("assembly with more results than it has")),
        }
    }

    /// What the next argument points at.
    fn pointed_at(
        &mut self,
        call: &Call<'m>,
        arguments: &mut std::slice::Iter<'_, gateless_llvm::Value<'m>>,
    ) -> Result<String> {
        let at = call.arguments.len() - arguments.len();
        let Some(argument) = arguments.next() else {
            return Err(not_known("assembly with few arguments"));
        };
        let place = gateless_llvm::Place::Parameter(at as u32);
        for attribute in call.instruction.attributes(place)? {
            if let gateless_llvm::Attribute::Type(name, ty) = attribute
                && name == "elementtype"
            {
                let ty = self.unit.ty(ty)?;
                if ty.is_aggregate() {
                    return Err(not_known("assembly on a structure in memory"));
                }
                return Ok(format!("*({}_a1 *){}", ty.name, self.value(*argument)?));
            }
        }
        Err(not_known("assembly on memory of an unknown type"))
    }

    fn write_assembly(
        &mut self,
        call: &Call<'m>,
        text: &str,
        written: &Written,
        has_effects: bool,
    ) -> Result<()> {
        let text = crate::names::literal(text.as_bytes());
        let volatile = if has_effects { " volatile" } else { "" };
        let operands = [
            written.outputs.join(", "),
            written.inputs.join(", "),
            written.clobbers.join(", "),
        ];
        let operands = operands.join(" : ");
        match &call.after {
            After::Next => {
                self.say(&format!("__asm__{volatile}({text} : {operands});"));
                Ok(())
            }
            After::Branch { default, others } => {
                if !written.outputs.is_empty() {
                    return Err(not_known("assembly with both results and labels"));
                }
                self.assembly_with_labels(call, &format!("{text} : {operands}"), *default, others)
            }
            After::Invoke { .. } => Err(not_known("assembly that unwinds")),
        }
    }

    /// `asm goto`: each label leads to a block by way of a place at which its phis get their values.
    fn assembly_with_labels(
        &mut self,
        call: &Call<'m>,
        written: &str,
        default: gateless_llvm::Block<'m>,
        others: &[gateless_llvm::Block<'m>],
    ) -> Result<()> {
        let from = call.instruction.block()?;
        let labels: Vec<_> = others.iter().map(|_| self.new_label()).collect();
        self.say(&format!("__asm__ goto({written} : {});", labels.join(", ")));
        self.go(from, default)?;
        for (label, other) in labels.iter().zip(others) {
            self.raw(&format!("{label}:;"));
            self.go(from, *other)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constraint_is_known_or_an_error() {
        let output = |constraint: &str| Item::Output(false, constraint.into(), false);
        assert_eq!(Item::of("=r").unwrap(), output("r"));
        assert_eq!(Item::of("={ax}").unwrap(), output("a"));
        assert_eq!(Item::of("={@ccz}").unwrap(), output("@ccz"));
        assert_eq!(
            Item::of("=&r").unwrap(),
            Item::Output(true, "r".into(), false)
        );
        assert_eq!(
            Item::of("=*m").unwrap(),
            Item::Output(false, "m".into(), true)
        );
        assert_eq!(Item::of("0").unwrap(), Item::Input("0".into(), false));
        assert_eq!(Item::of("{edi}").unwrap(), Item::Input("D".into(), false));
        assert_eq!(Item::of("!i").unwrap(), Item::Label);
        assert_eq!(
            Item::of("~{memory}").unwrap(),
            Item::Clobber("memory".into())
        );
        for unknown in ["=x", "{r8}", "^Yz", "=*r,m", "rm"] {
            let failure = Item::of(unknown).unwrap_err();
            assert!(failure.what.contains(unknown), "{failure}");
        }
    }

    #[test]
    fn operands_are_rewritten_and_nothing_else_is_taken_for_one() {
        let text = |text| rewritten(text, 2, 1).unwrap();
        assert_eq!(text("mov $0, ${1:q} # 5%"), "mov %0, %q1 # 5%%");
        assert_eq!(text("mov $$4, %eax{1}"), "mov $4, %%eax%{1%}");
        assert_eq!(text("jmp ${2:l}"), "jmp %l2");
        for bad in ["$3", "$x", "${0", "${2:q}"] {
            assert!(rewritten(bad, 2, 1).is_err(), "{bad}");
        }
    }
}
