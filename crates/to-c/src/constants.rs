//! Constants as C expressions.

use gateless_llvm::{CastOperation, Constant, ConstantKind, Expression, Opcode};
use gateless_model::Result;

use crate::integer::{convert, literal, number_literal};
use crate::refusal::not_known;
use crate::types::{CType, Kind};
use crate::unit::Unit;

impl<'m> Unit<'m> {
    /// A constant, in a form that can be an operand of any operator.
    pub fn constant(&self, constant: Constant<'m>) -> Result<String> {
        let ty = self.ty(constant.ty()?)?;
        match constant.kind()? {
            ConstantKind::Integer(bits) | ConstantKind::Float(bits) => {
                Ok(format!("({})", literal(&bits)?))
            }
            ConstantKind::Null => Ok("((P)0)".into()),
            ConstantKind::Zero | ConstantKind::Undef | ConstantKind::Poison => zero(&ty),
            ConstantKind::Struct(elements) | ConstantKind::Array(elements) => {
                let elements = elements.into_iter().map(|it| self.constant(it));
                aggregate(&ty, elements.collect::<Result<Vec<_>>>()?)
            }
            ConstantKind::DataArray(data) => {
                let width = self.ty(data.element)?.width()?;
                let elements = data.elements();
                let elements = elements.map(|it| number_literal(width, u128::from(it)));
                aggregate(&ty, elements.collect::<Result<Vec<_>>>()?)
            }
            ConstantKind::Function(function) => self.address(*function),
            ConstantKind::Global(global) => self.address(*global),
            ConstantKind::Alias(alias) => self.address(*alias),
            ConstantKind::Expression(expression) => self.expression(&ty, &expression),
            _ => Err(not_known(format!("the constant {constant:?}"))),
        }
    }

    fn expression(&self, ty: &CType, expression: &Expression<'m>) -> Result<String> {
        let operand = expression.operands[0];
        let from = self.ty(operand.ty()?)?;
        match (expression.opcode, &expression.address) {
            (Opcode::GetElementPtr, Some((source, _))) => {
                let source = self.ty(*source)?;
                let offset = constant_offset(&source, &expression.operands[1..])?;
                Ok(format!("({} + ({offset}))", self.constant(operand)?))
            }
            (Opcode::PointerToInteger | Opcode::PointerToAddress, _) => {
                let width = ty.width()?;
                let address = format!("(uptr){}", self.constant(operand)?);
                let cast = CastOperation::Truncate;
                Ok(format!("({})", convert(cast, 64, width, &address)?))
            }
            (Opcode::IntegerToPointer, _) => Ok(format!("((P)(uptr){})", self.constant(operand)?)),
            (Opcode::BitCast, _) if from.name == ty.name => self.constant(operand),
            _ => Err(not_known(format!("the constant expression {expression:?}"))),
        }
    }
}

/// How far constant indices lead, in bytes.
fn constant_offset(source: &CType, indices: &[Constant<'_>]) -> Result<i128> {
    let number = |index: &Constant<'_>| {
        let number = index.as_integer()?.and_then(|bits| bits.as_i128());
        number.ok_or_else(|| not_known(format!("the index {index:?}")))
    };
    let Some((first, rest)) = indices.split_first() else {
        return Ok(0);
    };
    let mut offset = number(first)? * i128::from(source.size);
    let mut at = source;
    for index in rest {
        let number = number(index)?;
        if let Kind::Array(element, _) = &at.kind {
            offset += number * i128::from(element.size);
            at = element;
            continue;
        }
        let Some((element, there, _)) = at.element(number as u64) else {
            return Err(not_known(format!("an index into {}", at.name)));
        };
        offset += i128::from(there);
        at = element;
    }
    Ok(offset)
}

/// What `undef` and `poison` become, too.
pub(crate) fn zero(ty: &CType) -> Result<String> {
    match ty.kind {
        Kind::Pointer => Ok("((P)0)".into()),
        Kind::Struct(_) | Kind::Array(..) => Ok(format!("(({}){{}})", ty.name)),
        _ => Ok(format!("({})", number_literal(ty.width()?, 0)?)),
    }
}

fn aggregate(ty: &CType, elements: Vec<String>) -> Result<String> {
    let elements = elements.join(", ");
    Ok(match ty.kind {
        Kind::Array(..) => format!("(({}){{ {{ {elements} }} }})", ty.name),
        _ => format!("(({}){{ {elements} }})", ty.name),
    })
}
