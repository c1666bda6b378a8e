//! Pointers as `const` operands of assembly, which lowering hands over in a register of their own.
//!
//! Stable rustc has no `const` operand that is a pointer. Where a `sym` operand can't say the same (an offset, a constant that depends on a type),
//! lowering writes `in(reg)` with the address of a constant: two addresses, the first of them [`CONST_OPERAND`]'s, the second one the pointer. By now
//! it is known what the pointer is, in each instance of generic code. So here the operand becomes the pointer itself, as rustc has it for `sym`: the
//! constraint `s` and the modifier `c`, which writes the bare symbol. A pointer that is a number (null) can be written as one, and is refused.

use gateless_llvm::{Constant, ConstantKind, Instruction, Module, TypeKind, Value};
use gateless_model::added::CONST_OPERAND;
use gateless_model::{Failure, Result};

use crate::ir::places;

/// What rustc writes for a register without a modifier: on x86 by its width, on arm64 `x`.
const OF_REGISTER: [&str; 4] = ["", "q", "k", "x"];

/// Puts all such pointers in their places.
pub fn apply(module: &mut Module) -> Result<()> {
    if module.global(CONST_OPERAND)?.is_none() {
        return Ok(());
    }
    let mut done = Vec::new();
    for holder in module.globals()? {
        let Some(pointer) = pointer(module, holder.initializer()?)? else {
            continue;
        };
        for user in holder.users()? {
            match user.as_instruction()? {
                Some(call) => put(call, holder.into(), pointer)?,
                None => return Err(odd(&format!("{user:?}"), "it is no operand of assembly")),
            }
        }
        done.push(holder.name()?);
    }
    for holder in done {
        module.delete_global(&holder)?;
    }
    // LLVM keeps constants that nothing has any more, and takes the declaration away with them.
    for left in module.global(CONST_OPERAND)?.into_iter() {
        for user in left.users()? {
            if user.as_constant()?.is_none() || !user.users()?.is_empty() {
                return Err(odd(&format!("{user:?}"), "it is no operand of assembly"));
            }
        }
    }
    Ok(())
}

/// The pointer that a constant of lowering holds; nothing for other constants.
fn pointer<'m>(module: &'m Module, held: Option<Constant<'m>>) -> Result<Option<Constant<'m>>> {
    let Some(held) = held else {
        return Ok(None);
    };
    let (ConstantKind::Struct(parts), Some(mark)) = (held.kind()?, module.global(CONST_OPERAND)?)
    else {
        return Ok(None);
    };
    Ok(match parts[..] {
        [first, pointer] if *first == **mark && pointer.ty()?.kind()? == TypeKind::Pointer(0) => {
            Some(pointer)
        }
        // rustc writes as bytes what is not the address of anything.
        [first, ..] if *first == **mark => {
            return Err(odd(
                "an unknown line",
                "it is a number; write it as one, `const 0`",
            ));
        }
        _ => None,
    })
}

/// Makes the operand `holder` of assembly the pointer.
fn put<'m>(call: Instruction<'m>, holder: Value<'m>, pointer: Constant<'m>) -> Result<()> {
    let place = || places::chain(call);
    let called = call.called()?;
    let assembly = match called {
        Some(called) => called.as_inline_asm()?,
        None => None,
    };
    let (Some(called), Some(assembly)) = (called, assembly) else {
        return Err(odd(&place()?, "it is no operand of assembly"));
    };
    let operands = call.operands()?;
    let given = operands.iter().take_while(|operand| **operand != called);
    let given = given.enumerate().filter(|(_, operand)| **operand == holder);
    let numbers: Vec<_> = given.map(|(number, _)| number).collect();
    let (text, constraints) = (assembly.text()?, assembly.constraints()?);
    let mut constraints: Vec<_> = constraints.split(',').map(str::to_owned).collect();
    let inputs: Vec<_> = (0..constraints.len())
        .filter(|at| !constraints[*at].starts_with(['=', '~', '!']))
        .collect();
    let mut text = text;
    for number in numbers {
        let Some(at) = inputs.get(number).copied() else {
            return Err(odd(&place()?, "its constraint is not found"));
        };
        "s".clone_into(&mut constraints[at]);
        text = bare(&text, at).map_err(|why| odd(&place().unwrap_or_default(), &why))?;
    }
    let assembly = assembly.with(&text, &constraints.join(","))?;
    call.replace_operand(called, assembly.into())?;
    call.replace_operand(holder, pointer.into())
}

/// The text of assembly with operand `number` written as a bare symbol or number.
fn bare(text: &str, number: usize) -> Result<String, String> {
    let mut new = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        new += before;
        if let Some(after) = from.strip_prefix("$$") {
            new += "$$";
            rest = after;
            continue;
        }
        let operand = from
            .strip_prefix("${")
            .and_then(|inner| inner.split_once('}'));
        let Some((operand, after)) = operand else {
            return Err(format!("rustc never writes an operand so: {text}"));
        };
        let (name, modifier) = operand.split_once(':').unwrap_or((operand, ""));
        if name == number.to_string() {
            if !OF_REGISTER.contains(&modifier) {
                return Err(format!("a `const` operand has no modifier `{modifier}`"));
            }
            new += &format!("${{{name}:c}}");
        } else {
            new += &format!("${{{operand}}}");
        }
        rest = after;
    }
    Ok(new + rest)
}

fn odd(place: &str, why: &str) -> Failure {
    Failure::no(format!(
        "the pointer that is a `const` operand of assembly at {place} can't be put in its place: {why}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    /// A module whose only function has this assembly, with what lowering writes for these pointers as @a, @b, ...
    fn module(pointers: &[&str], call: &str) -> Module {
        let holders = ["a", "b", "c"].iter().zip(pointers).map(|(name, pointer)| {
            format!(
                "@{name} = private unnamed_addr constant <{{ ptr, ptr }}> <{{ ptr @{CONST_OPERAND}, ptr {pointer} }}>\n"
            )
        });
        let holders: String = holders.collect();
        let text = format!(
            "@x = constant [8 x i8] zeroinitializer\n@{CONST_OPERAND} = external global i8\n{holders}define i64 @f(i64 %n) {{\n{call}\n ret i64 %r\n}}"
        );
        Fixture::x86(&text).module()
    }

    fn applied(pointers: &[&str], call: &str) -> String {
        let mut module = module(pointers, call);
        apply(&mut module).unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        assert_eq!(text.matches(CONST_OPERAND).count(), 1, "{text}");
        let line = text.lines().find(|line| line.contains(" asm "));
        line.unwrap().trim().to_owned()
    }

    #[test]
    fn each_pointer_stands_where_its_register_stood() {
        let inside = "getelementptr inbounds (i8, ptr @x, i64 4)";
        assert_eq!(
            applied(
                &[inside, "@f"],
                "%r = call i64 asm sideeffect inteldialect \"/* $$ ${1:q} ${2} ${0:q} ${3:q} ${1:q} ${11:q} */\", \"=&r,r,r,r,~{memory}\"(ptr @a, i64 %n, ptr @b)"
            ),
            format!(
                "%r = call i64 asm sideeffect inteldialect \"/* $$ ${{1:c}} ${{2}} ${{0:q}} ${{3:c}} ${{1:c}} ${{11:q}} */\", \"=&r,s,r,s,~{{memory}}\"(ptr {inside}, i64 %n, ptr @f)"
            )
        );
    }

    #[test]
    fn one_pointer_in_two_operands_is_put_into_both() {
        assert_eq!(
            applied(
                &["@x"],
                "%r = call i64 asm \"${0} ${1} ${2}\", \"=r,r,r\"(ptr @a, ptr @a)"
            ),
            "%r = call i64 asm \"${0} ${1:c} ${2:c}\", \"=r,s,s\"(ptr @x, ptr @x)"
        );
    }

    #[test]
    fn a_pointer_that_is_a_number_is_refused() {
        let text = format!(
            "@{CONST_OPERAND} = external global i8\n\
             @a = private constant <{{ ptr, [8 x i8] }}> <{{ ptr @{CONST_OPERAND}, [8 x i8] zeroinitializer }}>"
        );
        let failure = apply(&mut Fixture::x86(&text).module()).unwrap_err();
        assert!(failure.what.contains("it is a number"), "{failure}");
    }

    #[test]
    fn what_lowering_does_not_write_is_refused() {
        for (call, why) in [
            ("%r = load i64, ptr @a", "no operand of assembly"),
            (
                "%r = call i64 asm \"${0} ${1:e}\", \"=r,r\"(ptr @a)",
                "no modifier `e`",
            ),
            (
                "%r = call i64 asm \"$0 $1\", \"=r,r\"(ptr @a)",
                "never writes",
            ),
        ] {
            let failure = apply(&mut module(&["@x"], call)).unwrap_err();
            assert!(failure.what.contains(why), "{failure}");
        }
    }

    #[test]
    fn other_modules_are_left_alone() {
        let fixture = Fixture::x86("@a = constant <{ ptr, ptr }> <{ ptr @a, ptr @a }>");
        let (mut module, before) = (fixture.module(), fixture.module().to_text().unwrap());
        apply(&mut module).unwrap();
        assert_eq!(module.to_text().unwrap(), before);
    }
}
