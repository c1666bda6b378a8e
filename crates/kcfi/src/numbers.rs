//! The numbers of a module: of its functions and of its indirect calls.

use std::collections::BTreeMap;

use gateless_llvm::{CallPlace, ConstantKind, Function, Linkage, Module, Value};
use gateless_model::{Failure, Result, added};

use crate::bodies::Bodies;
use crate::encode;
use crate::functions::{self, Role};
use crate::sites::sites;
use crate::world::World;

/// What kCFI wants to know of a module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Functions by name. Whatever calls one that is missing through its address traps.
    pub functions: BTreeMap<String, u32>,
    /// Indirect calls.
    pub calls: Vec<(CallPlace, u32)>,
    /// Functions that rustc names otherwise with kCFI, with that name.
    pub names: BTreeMap<String, String>,
    /// Functions that other crates can name but whose type is not known, with the reason: nothing here has their address.
    pub without: BTreeMap<String, String>,
    /// Whether integers are C's, `-Zsanitizer-cfi-normalize-integers`.
    pub normalized: bool,
}

/// Finds all numbers of a module. `without` are the functions of other crates that have none.
///
/// # Errors
/// Where the type of a call, or of a function that can be called through its address, cannot be told.
pub fn numbers(
    world: &mut World,
    bodies: &Bodies,
    module: &Module,
    normalized: bool,
    without: &BTreeMap<String, String>,
) -> Result<Numbers> {
    functions::hear(world, module)?;
    let mut found = Numbers {
        normalized,
        ..Numbers::default()
    };
    for function in module.functions()? {
        let name = function.name()?;
        if function.is_declaration()? {
            if let Some(reason) = without.get(&name)
                && Uses::of(function)?.is_taken()
            {
                return Err(unknown(&name, reason));
            }
            continue;
        }
        let uses = Uses::of(function)?;
        let number =
            functions::signature(world, bodies, function, uses.is_pointer).and_then(|signature| {
                check_parameters(function, signature.inputs.len())?;
                encode::id(world, &signature, normalized)
            });
        match number {
            Ok(number) => {
                found.functions.insert(name.clone(), number);
            }
            Err(failure) if uses.is_taken() => return Err(unknown(&name, &failure.what)),
            Err(failure) if is_visible(function)? && !is_added(&name) => {
                // C can name it, and have its address without saying so.
                if !is_mangled(&name) {
                    return Err(unknown(&name, &failure.what));
                }
                found.without.insert(name.clone(), failure.what);
            }
            // Nothing can call it but by its name.
            Err(_) => {}
        }
        rename(&mut found, &name, &uses)?;
        for site in sites(world, bodies, function)? {
            let place = CallPlace {
                function: name.clone(),
                instruction: site.instruction,
            };
            let number = encode::id(world, &site.signature, normalized)?;
            found.calls.push((place, number));
        }
    }
    Ok(found)
}

fn unknown(name: &str, reason: &str) -> Failure {
    let name = rustc_demangle::demangle(name);
    Failure::no(format!("kCFI: the type of {name:#} is not known: {reason}"))
}

/// Functions that rustc makes for an address have the reason in their names with kCFI.
fn rename(found: &mut Numbers, name: &str, uses: &Uses) -> Result<()> {
    const SHIM: &str = "5reify";
    let is_shim = format!("{:#}", rustc_demangle::demangle(name)).contains("::{shim:reify#0}");
    let Some((before, after)) = name.rsplit_once(SHIM).filter(|_| is_shim) else {
        return Ok(());
    };
    let reason = match (uses.is_pointer, uses.is_in_table) {
        (true, true) => {
            let name = rustc_demangle::demangle(name);
            return Err(Failure::no(format!(
                "kCFI: {name:#} is in a vtable and a function pointer at once: not implemented"
            )));
        }
        (true, false) => "11reify_fnptr",
        (false, _) => "12reify_vtable",
    };
    let new = format!("{before}{reason}{after}");
    found.names.insert(name.to_owned(), new);
    Ok(())
}

/// Fails where LLVM's function has fewer parameters than the type, or more than any type of as many can have.
fn check_parameters(function: Function<'_>, count: usize) -> Result<()> {
    let parameters = function.signature()?.parameters.len();
    if (count..=2 * count + 1).contains(&parameters) {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "LLVM's function has {parameters} parameters, the type {count}"
    )))
}

/// Whether lowering added it: other crates call it by its name alone, if at all.
fn is_added(name: &str) -> bool {
    name.contains(added::PREFIX)
}

/// Whether a symbol is Rust's own (v0): nothing but Rust's compiler names it.
fn is_mangled(name: &str) -> bool {
    name.starts_with("_R")
}

/// Whether other objects can take its address.
fn is_visible(function: Function<'_>) -> Result<bool> {
    Ok(!matches!(
        function.linkage()?,
        Linkage::Internal | Linkage::Private
    ))
}

/// How a function's address is used.
struct Uses {
    /// In a vtable.
    is_in_table: bool,
    /// Anywhere else.
    is_pointer: bool,
}

impl Uses {
    fn of(function: Function<'_>) -> Result<Self> {
        let own: Value<'_> = function.into();
        let mut uses = Self {
            is_in_table: false,
            is_pointer: false,
        };
        for user in own.users()? {
            if let Some(instruction) = user.as_instruction()? {
                let as_operand = instruction
                    .operands()?
                    .into_iter()
                    .filter(|operand| *operand == own)
                    .count();
                let called = usize::from(instruction.called()? == Some(own));
                uses.is_pointer |= as_operand > called;
            } else if in_table(user)? {
                uses.is_in_table = true;
            } else {
                uses.is_pointer = true;
            }
        }
        Ok(uses)
    }

    fn is_taken(&self) -> bool {
        self.is_in_table || self.is_pointer
    }
}

/// The bytes of an address. Kernels have kCFI on 64-bit machines only.
const WORD: usize = 8;

/// Whether a constant has the shape of a vtable: drop glue or none, size, alignment, and addresses.
///
/// What looks like one and is none gives a function the number that callers of its trait expect, so that others trap.
fn in_table(user: Value<'_>) -> Result<bool> {
    let Some(table) = user.as_constant()? else {
        return Ok(false);
    };
    let ConstantKind::Struct(parts) = table.kind()? else {
        return Ok(false);
    };
    let Some((head, addresses)) = parts.split_first() else {
        return Ok(false);
    };
    let (size, addresses) = match head.kind()? {
        ConstantKind::DataArray(data) => {
            let bytes = data.bytes().unwrap_or_default();
            match bytes.split_at_checked(WORD) {
                Some((drop, size)) if drop.iter().all(|byte| *byte == 0) => {
                    (size.to_vec(), addresses)
                }
                _ => return Ok(false),
            }
        }
        ConstantKind::Function(drop) if Role::of(&drop.name()?) == Role::DropGlue => {
            match addresses.split_first() {
                Some((size, addresses)) => match size.kind()? {
                    ConstantKind::DataArray(data) => {
                        (data.bytes().unwrap_or_default().to_vec(), addresses)
                    }
                    _ => return Ok(false),
                },
                None => return Ok(false),
            }
        }
        _ => return Ok(false),
    };
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0u64, |all, byte| all << 8 | u64::from(*byte))
    };
    let is_layout = size.len() == 2 * WORD && {
        let (size, alignment) = (number(&size[..WORD]), number(&size[WORD..]));
        alignment.is_power_of_two() && size % alignment == 0
    };
    if !is_layout {
        return Ok(false);
    }
    for address in addresses {
        if !matches!(
            address.kind()?,
            ConstantKind::Function(_) | ConstantKind::Global(_)
        ) {
            return Ok(false);
        }
    }
    Ok(true)
}
