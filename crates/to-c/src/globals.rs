//! Variables: their contents as bytes and addresses, in packed structures, so that C lays nothing out by itself.

use std::collections::HashSet;

use gateless_llvm::{Alias, Bits, Constant, ConstantKind, Global, Value};
use gateless_model::Result;

use crate::linkage::{self, written};
use crate::names::literal;
use crate::refusal::not_known;
use crate::types::{CType, Kind};
use crate::unit::Unit;

/// A variable in C.
pub(crate) struct Variable {
    /// The type that its content has.
    pub ty: String,
    /// What makes it known to all of the file.
    pub declaration: String,
    /// Its content.
    pub definition: String,
}

/// What `llvm.used` and `llvm.compiler.used` list.
#[derive(Default)]
pub(crate) struct Used<'m> {
    /// By the compiler and by the linker.
    pub by_linker: HashSet<Value<'m>>,
    pub by_compiler: HashSet<Value<'m>>,
}

impl<'m> Used<'m> {
    pub fn of(unit: &Unit<'m>) -> Result<Self> {
        Ok(Self {
            by_linker: listed(unit, "llvm.used")?,
            by_compiler: listed(unit, "llvm.compiler.used")?,
        })
    }

    pub fn attributes(&self, value: Value<'m>) -> Vec<String> {
        match (
            self.by_linker.contains(&value),
            self.by_compiler.contains(&value),
        ) {
            (true, _) => vec!["used".into(), "retain".into()],
            (false, true) => vec!["used".into()],
            (false, false) => Vec::new(),
        }
    }
}

fn listed<'m>(unit: &Unit<'m>, name: &str) -> Result<HashSet<Value<'m>>> {
    let Some(list) = unit.module.global(name)? else {
        return Ok(HashSet::new());
    };
    let elements = match list.initializer()? {
        Some(initializer) => initializer.operands()?,
        None => Vec::new(),
    };
    Ok(elements.into_iter().map(Value::from).collect())
}

/// A variable that is defined in the module.
pub(crate) fn defined<'m>(
    unit: &Unit<'m>,
    global: Global<'m>,
    used: &Used<'m>,
) -> Result<Variable> {
    let ty = unit.ty(global.value_type()?)?;
    let Some(initializer) = global.initializer()? else {
        return Err(not_known("a variable without content"));
    };
    if global.is_externally_initialized()? {
        return Err(not_known("a variable that others initialise"));
    }
    let mut pieces = Vec::new();
    content(unit, initializer, &ty, 0, &mut pieces)?;
    let name = unit.symbol(*global)?;
    let linked = linkage::of(*global)?;
    let (storage, model) = linkage::thread_local(global.thread_local()?);
    let constant = if global.is_constant()? { "const " } else { "" };
    let alignment = match global.alignment()? {
        0 => ty.alignment,
        given => given,
    };
    let (fields, values, is_zero) = laid_out(&pieces, ty.size);
    let mut attributes = linked.attributes;
    attributes.push(format!("aligned({alignment})"));
    attributes.extend(model.map(str::to_owned));
    let packed = match fields.is_empty() {
        true => "",
        false => "__attribute__((packed)) ",
    };
    let class = if linked.is_static { "static " } else { "" };
    let outside = if linked.is_static {
        "static "
    } else {
        "extern "
    };
    let head = format!("{storage}{constant}T_{name} {name}");
    let value = match is_zero {
        true => String::new(),
        false => format!(" = {{ {} }}", values.join(", ")),
    };
    Ok(Variable {
        ty: format!(
            "typedef struct {packed}{{ {} }} T_{name};",
            fields.join(" ")
        ),
        declaration: format!("{outside}{head}{}{};", linked.label, written(&attributes)),
        definition: format!(
            "{class}{head}{}{value};",
            written(&used.attributes(global.into()))
        ),
    })
}

/// A variable that is defined elsewhere.
pub(crate) fn declared<'m>(unit: &Unit<'m>, global: Global<'m>) -> Result<String> {
    let linked = linkage::of(*global)?;
    let (storage, model) = linkage::thread_local(global.thread_local()?);
    let mut attributes = linked.attributes;
    attributes.extend(model.map(str::to_owned));
    let name = unit.symbol(*global)?;
    Ok(format!(
        "extern {storage}u8 {name}[]{}{};",
        linked.label,
        written(&attributes)
    ))
}

/// Another name for something in the module.
pub(crate) fn alias<'m>(unit: &Unit<'m>, alias: Alias<'m>) -> Result<String> {
    let target = alias.aliasee()?;
    let linked = linkage::of(*alias)?;
    if linked.is_static {
        return Err(not_known("another name that only this module sees"));
    }
    let (of, name) = (target.name()?, unit.symbol(*alias)?);
    let mut attributes = linked.attributes;
    attributes.push(format!("alias({})", literal(of.as_bytes())));
    let attributes = written(&attributes);
    match target.kind()? {
        ConstantKind::Function(function) => {
            let signature = unit.signature(function)?;
            Ok(format!(
                "extern {} {name}({}){}{attributes};",
                signature.result(),
                signature.parameters(false),
                linked.label
            ))
        }
        ConstantKind::Global(global) => Ok(format!(
            "extern {}T_{} {name}{}{attributes};",
            if global.is_constant()? { "const " } else { "" },
            unit.symbol(*global)?,
            linked.label
        )),
        _ => Err(not_known(format!("another name for {target:?}"))),
    }
}

/// A piece of a variable's content.
enum Piece {
    Bytes(u64, Vec<u8>),
    /// An expression of a type of this name and size.
    Expression(u64, String, u64, String),
}

/// The fields of the structure, their values, and whether all is zero.
fn laid_out(pieces: &[Piece], size: u64) -> (Vec<String>, Vec<String>, bool) {
    let (mut fields, mut values) = (Vec::new(), Vec::new());
    let (mut bytes, mut at, mut is_zero) = (Vec::new(), 0, true);
    let mut end = |bytes: &mut Vec<u8>, fields: &mut Vec<String>, values: &mut Vec<String>| {
        if bytes.is_empty() {
            return;
        }
        is_zero &= bytes.iter().all(|byte| *byte == 0);
        fields.push(format!("u8 f{}[{}];", fields.len(), bytes.len()));
        values.push(match bytes.iter().all(|byte| *byte == 0) {
            true => "{ 0 }".into(),
            false => literal(bytes),
        });
        bytes.clear();
    };
    let mut has_addresses = false;
    for piece in pieces {
        let (Piece::Bytes(offset, _) | Piece::Expression(offset, ..)) = piece;
        bytes.resize(bytes.len() + (offset - at) as usize, 0);
        match piece {
            Piece::Bytes(offset, of) => {
                bytes.extend(of);
                at = offset + of.len() as u64;
            }
            Piece::Expression(offset, ty, size, value) => {
                has_addresses = true;
                end(&mut bytes, &mut fields, &mut values);
                fields.push(format!("{ty} f{};", fields.len()));
                values.push(value.clone());
                at = offset + size;
            }
        }
    }
    bytes.resize(bytes.len() + (size - at) as usize, 0);
    end(&mut bytes, &mut fields, &mut values);
    (fields, values, is_zero && !has_addresses)
}

fn content<'m>(
    unit: &Unit<'m>,
    constant: Constant<'m>,
    ty: &CType,
    offset: u64,
    to: &mut Vec<Piece>,
) -> Result<()> {
    match constant.kind()? {
        ConstantKind::Zero | ConstantKind::Undef | ConstantKind::Poison | ConstantKind::Null => {}
        ConstantKind::Integer(bits) | ConstantKind::Float(bits) => {
            to.push(Piece::Bytes(offset, bytes_of(unit, &bits)));
        }
        ConstantKind::DataArray(data) => match data.bytes() {
            Some(bytes) => to.push(Piece::Bytes(offset, bytes.to_vec())),
            None => {
                let size = unit.ty(data.element)?.size as usize;
                let order = |number: u64| match unit.is_little_endian {
                    true => number.to_le_bytes()[..size].to_vec(),
                    false => number.to_be_bytes()[8 - size..].to_vec(),
                };
                to.push(Piece::Bytes(
                    offset,
                    data.elements().flat_map(order).collect(),
                ));
            }
        },
        ConstantKind::Struct(elements) | ConstantKind::Array(elements) => {
            for (at, element) in elements.into_iter().enumerate() {
                let Some((ty, there, _)) = ty.element(at as u64) else {
                    return Err(not_known(format!("the content {constant:?}")));
                };
                content(unit, element, ty, offset + there, to)?;
            }
        }
        ConstantKind::Function(_)
        | ConstantKind::Global(_)
        | ConstantKind::Alias(_)
        | ConstantKind::Expression(_) => {
            if ty.kind != Kind::Pointer && ty.size != unit.pointer_size()? {
                return Err(not_known(format!("a part of an address ({constant:?})")));
            }
            let value = unit.constant(constant)?;
            to.push(Piece::Expression(offset, ty.name.clone(), ty.size, value));
        }
        _ => return Err(not_known(format!("the content {constant:?}"))),
    }
    Ok(())
}

/// A number as it is in memory.
fn bytes_of(unit: &Unit<'_>, bits: &Bits) -> Vec<u8> {
    let words = bits.words().iter();
    let mut bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
    bytes.truncate(bits.width().div_ceil(8) as usize);
    if !unit.is_little_endian {
        bytes.reverse();
    }
    bytes
}
