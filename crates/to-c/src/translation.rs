//! A whole module.

use gateless_llvm::{Function, Linkage, Module};
use gateless_model::{Failure, Result};

use crate::globals::{self, Used};
use crate::names::literal;
use crate::refusal::Refused;
use crate::unit::Unit;
use crate::{Floats, Options, functions};

const PRELUDE: &str = include_str!("prelude.h");
const WIDE: &str = include_str!("wide.h");
const FLOAT: &str = include_str!("float.h");

/// A module in C, as far as it was understood.
#[derive(Debug)]
pub struct Translation {
    text: String,
    /// How many functions have been translated.
    pub functions: usize,
    /// How many variables have been translated.
    pub variables: usize,
    /// What isn't understood.
    pub refused: Vec<Refused>,
}

impl Translation {
    /// The C file; an error that names all that isn't understood, if there is anything.
    pub fn into_c(self) -> Result<String> {
        if self.refused.is_empty() {
            return Ok(self.text);
        }
        let all: Vec<_> = self.refused.iter().map(Refused::to_string).collect();
        Err(Failure::no(format!(
            "{} of the module cannot be written in C:\n{}",
            all.len(),
            all.join("\n")
        ))
        .help("build this with LLVM's code generator"))
    }
}

/// Translates a module.
///
/// Fails if the module cannot be read, or is for a target whose ABI isn't known; what else isn't understood is in the result.
pub fn translate(module: &Module, options: Options) -> Result<Translation> {
    let triple = module.triple()?;
    if !triple.starts_with("x86_64-") {
        return Err(Failure::no(format!(
            "C functions and LLVM's for {triple} are not known to be called in the same way"
        ))
        .help("only x86_64 can be built by way of C"));
    }
    let unit = Unit::new(module, options)?;
    let mut file = File::default();
    file.all(&unit)?;
    Ok(Translation {
        text: file.text(&unit, &triple)?,
        functions: file.functions,
        variables: file.variables,
        refused: file.refused,
    })
}

/// The parts of the C file.
#[derive(Default)]
struct File {
    /// Types of variables.
    types: Vec<String>,
    declarations: Vec<String>,
    contents: Vec<String>,
    bodies: Vec<String>,
    functions: usize,
    variables: usize,
    refused: Vec<Refused>,
}

impl File {
    fn all<'m>(&mut self, unit: &Unit<'m>) -> Result<()> {
        let used = Used::of(unit)?;
        for function in unit.module.functions()? {
            if is_here(function)? {
                match functions::defined(unit, function) {
                    Ok(body) => {
                        self.bodies.push(body);
                        self.functions += 1;
                    }
                    Err((place, failure)) => self.refuse(function.name()?, place, failure),
                }
            }
        }
        for global in unit.module.globals()? {
            let name = global.name()?;
            if global.is_declaration()? || name == "llvm.used" || name == "llvm.compiler.used" {
                continue;
            }
            match globals::defined(unit, global, &used) {
                Ok(variable) => {
                    self.types.push(variable.ty);
                    self.declarations.push(variable.declaration);
                    self.contents.push(variable.definition);
                    self.variables += 1;
                }
                Err(failure) => self.refuse(name, None, failure),
            }
        }
        for alias in unit.module.aliases()? {
            match globals::alias(unit, alias) {
                Ok(alias) => self.contents.push(alias),
                Err(failure) => self.refuse(alias.name()?, None, failure),
            }
        }
        if let Some(resolved) = unit.module.indirect_functions()?.first() {
            let failure =
                crate::refusal::not_known("a function that is found when the program is loaded");
            self.refuse(resolved.name()?, None, failure);
        }
        self.declare(unit, &used)
    }

    /// Declares functions, and the variables of others.
    fn declare<'m>(&mut self, unit: &Unit<'m>, used: &Used<'m>) -> Result<()> {
        for function in unit.module.functions()? {
            if function.is_intrinsic()? || !(is_here(function)? || unit.is_needed(*function)) {
                continue;
            }
            match functions::declared(unit, function, used) {
                Ok(declaration) => self.declarations.push(declaration),
                Err(failure) => {
                    let name = function.name()?;
                    // The definition may have been refused for the same reason.
                    if !self.refused.iter().any(|refused| refused.symbol == name) {
                        self.refuse(name, None, failure);
                    }
                }
            }
        }
        for global in unit.module.globals()? {
            if global.is_declaration()? && unit.is_needed(*global) {
                match globals::declared(unit, global) {
                    Ok(declaration) => self.declarations.push(declaration),
                    Err(failure) => self.refuse(global.name()?, None, failure),
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, symbol: String, place: Option<String>, failure: Failure) {
        let what = failure.what;
        self.refused.push(Refused {
            symbol,
            place,
            what,
        });
    }

    fn text(&self, unit: &Unit<'_>, triple: &str) -> Result<String> {
        let mut text = format!(
            "/* {} for {triple}, translated from LLVM IR */\n{PRELUDE}",
            unit.module.source_name()?.replace("*/", "")
        );
        if unit.options.floats == Floats::Machine {
            text.push_str(FLOAT);
        }
        if unit.types.has_widest() {
            text.push_str(WIDE);
        }
        // Objects say in `.comment` who made them, and rustc's mark is what Rust code is known by.
        for node in unit.module.named("llvm.ident")? {
            if let Some(mark) = node.text(0)? {
                text.push_str(&format!("#ident {}\n", literal(mark.as_bytes())));
            }
        }
        let order = match unit.is_little_endian {
            true => "LITTLE",
            false => "BIG",
        };
        text.push_str(&format!(
            "\n_Static_assert(sizeof(void *) == {}, \"size of pointers\");\n\
             _Static_assert(__BYTE_ORDER__ == __ORDER_{order}_ENDIAN__, \"order of bytes\");\n",
            unit.pointer_size()?
        ));
        let assembly = unit.module.assembly()?;
        if !assembly.is_empty() {
            text.push_str(&format!("__asm__({});\n", literal(assembly.as_bytes())));
        }
        let types = unit.types.definitions();
        let runtime = unit.runtime();
        let parts = [
            &types,
            &self.types,
            &runtime,
            &self.declarations,
            &self.contents,
            &self.bodies,
        ];
        for part in parts {
            text.push('\n');
            for it in part {
                text.push_str(it);
                text.push('\n');
            }
        }
        Ok(text)
    }
}

/// Whether the function's code belongs into this file.
fn is_here(function: Function<'_>) -> Result<bool> {
    Ok(!function.is_declaration()? && function.linkage()? != Linkage::AvailableExternally)
}
