//! Instructions, each by what it does.

use gateless_llvm::{CastOperation, Instruction, IntegerPredicate, Operation, Value};
use gateless_model::Result;

use crate::body::Body;
use crate::refusal::not_known;
use crate::types::{CType, Kind};
use crate::{floats, integer};

impl<'m> Body<'_, 'm> {
    /// Writes the statements for an instruction.
    pub fn instruction(&mut self, it: Instruction<'m>) -> Result<()> {
        let block = it.block()?;
        match it.operation()? {
            Operation::Return(value) => {
                let value = value.map(|value| self.value(value)).transpose()?;
                self.give_back(value)
            }
            Operation::Branch(to) => self.go(block, to),
            Operation::ConditionalBranch {
                condition,
                then,
                otherwise,
            } => self.branch(block, condition, then, otherwise),
            Operation::Switch {
                value,
                default,
                cases,
            } => self.switch(block, value, default, &cases),
            Operation::Unreachable => {
                self.say("__builtin_unreachable();");
                Ok(())
            }
            Operation::Call(call) => self.call(&call),
            Operation::Phi { .. } => Ok(()),
            Operation::Binary {
                operation,
                left,
                right,
                ..
            } => {
                let ty = self.ty(left)?;
                let (left, right) = (self.value(left)?, self.value(right)?);
                let expression = match ty.kind {
                    Kind::Float(format) => {
                        floats::binary(self.unit, operation, format, &left, &right)?
                    }
                    _ => integer::binary(operation, ty.width()?, &left, &right)?,
                };
                self.assign(it, &expression)
            }
            Operation::FloatNegate { value, .. } => {
                let format = self.ty(value)?.format()?;
                let value = self.value(value)?;
                self.assign(it, &floats::negate(format, &value)?)
            }
            Operation::Cast {
                operation, value, ..
            } => {
                let (from, to) = (self.ty(value)?, self.ty(it.into())?);
                let value = self.value(value)?;
                let expression = self.cast(operation, &from, &to, &value)?;
                self.assign(it, &expression)
            }
            Operation::IntegerCompare {
                predicate,
                left,
                right,
                ..
            } => {
                let expression = self.compare(predicate, left, right)?;
                self.assign(it, &expression)
            }
            Operation::FloatCompare {
                predicate,
                left,
                right,
                ..
            } => {
                let format = self.ty(left)?.format()?;
                let (left, right) = (self.value(left)?, self.value(right)?);
                let compared = floats::compare(self.unit, predicate, format, &left, &right)?;
                self.assign(it, &compared)
            }
            Operation::Select {
                condition,
                then,
                otherwise,
                ..
            } => {
                let condition = self.value(condition)?;
                let (then, otherwise) = (self.value(then)?, self.value(otherwise)?);
                self.assign(it, &format!("{condition} ? {then} : {otherwise}"))
            }
            Operation::Freeze(value) => self.freeze(it, value),
            Operation::Alloca {
                ty,
                count,
                alignment,
            } => self.alloca(it, ty, count, alignment),
            Operation::Load { address, access } => self.load(it, address, access),
            Operation::Store {
                value,
                address,
                access,
            } => self.store(value, address, access),
            Operation::GetElementPtr {
                source,
                base,
                indices,
                assumed,
            } => self.address(it, source, base, &indices, assumed),
            Operation::Fence(ordering, scope) => self.fence(ordering, scope),
            Operation::CompareExchange {
                address,
                expected,
                new,
                access,
                failure,
                is_weak,
            } => self.compare_exchange(it, address, [expected, new], access, failure, is_weak),
            Operation::AtomicUpdate {
                operation,
                address,
                value,
                access,
            } => self.update(it, operation, address, value, access),
            Operation::ExtractValue { aggregate, indices } => self.extract(it, aggregate, &indices),
            Operation::InsertValue {
                aggregate,
                value,
                indices,
            } => self.insert(it, aggregate, value, &indices),
            _ => Err(not_known(format!("the instruction {:?}", it.opcode()?))),
        }
    }

    fn cast(
        &self,
        operation: CastOperation,
        from: &CType,
        to: &CType,
        value: &str,
    ) -> Result<String> {
        use CastOperation as C;
        match operation {
            C::Truncate | C::ZeroExtend | C::SignExtend => {
                integer::convert(operation, from.width()?, to.width()?, value)
            }
            C::PointerToInteger | C::PointerToAddress => {
                integer::masked(to.width()?, &format!("(uptr){value}"))
            }
            C::IntegerToPointer => Ok(format!("(P)(uptr){value}")),
            C::BitCast if from.name == to.name && from.size == to.size => Ok(value.to_owned()),
            C::BitCast | C::AddressSpaceCast => Err(not_known(format!(
                "{operation:?} of {} to {}",
                from.name, to.name
            ))),
            _ => floats::convert(self.unit, operation, from, to, value),
        }
    }

    /// The truth of a comparison. Addresses are compared as numbers: C compares them within an object only.
    pub fn compare(
        &mut self,
        predicate: IntegerPredicate,
        left: Value<'m>,
        right: Value<'m>,
    ) -> Result<String> {
        let ty = self.ty(left)?;
        let (left, right) = (self.value(left)?, self.value(right)?);
        match ty.kind {
            Kind::Pointer => {
                let (sign, is_signed) = integer::comparison(predicate);
                let number = if is_signed { "iptr" } else { "uptr" };
                Ok(format!("(u8)(({number}){left} {sign} ({number}){right})"))
            }
            _ => integer::compare(predicate, ty.width()?, &left, &right),
        }
    }

    /// A value that is the same each time it is looked at, which the compiler doesn't take for granted of what was never stored.
    fn freeze(&mut self, it: Instruction<'m>, value: Value<'m>) -> Result<()> {
        let ty = self.ty(value)?;
        let value = self.value(value)?;
        self.assign(it, &value)?;
        let name = self.variable_of(it.into())?;
        let is_in_register = !ty.is_aggregate() && ty.size <= self.unit.pointer_size()?;
        let place = if is_in_register { "+r" } else { "+m" };
        self.say(&format!("__asm__(\"\" : \"{place}\"({name}));"));
        Ok(())
    }
}
