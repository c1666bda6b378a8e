//! Calls of functions.

use gateless_llvm::{After, Call, TailCall, Value};
use gateless_model::Result;

use crate::abi::{Passed, Returned, Signature};
use crate::attributes;
use crate::body::Body;
use crate::refusal::not_known;
use crate::types::{CType, Format, Kind};

impl<'m> Body<'_, 'm> {
    pub fn call(&mut self, call: &Call<'m>) -> Result<()> {
        if let Some(bundle) = call.bundles.first() {
            return Err(not_known(format!("the operand bundle {}", bundle.tag)));
        }
        if call.callee.as_inline_asm()?.is_some() {
            return self.assembly(call);
        }
        if call.tail == TailCall::Required {
            return Err(not_known("musttail"));
        }
        if call.after != After::Next {
            return Err(not_known("a call that unwinds (invoke)"));
        }
        if call.convention != 0 {
            return Err(not_known(format!(
                "the calling convention {}",
                call.convention
            )));
        }
        let function = call.callee.as_function()?;
        if let Some(function) = function
            && function.is_intrinsic()?
        {
            return self.intrinsic(call, &function.name()?);
        }
        let never_returns = attributes::of_call(call.instruction)?;
        let own = Signature::new(self.unit, &call.signature, &|place| {
            call.instruction.attributes(place)
        })?;
        match function {
            Some(function) if function.signature()? == call.signature => {
                let signature = self.unit.signature(function)?;
                // For the declaration.
                self.unit.address(*function)?;
                let name = self.unit.symbol(*function)?;
                self.call_with(call, &signature, &name)?;
            }
            // A function of another type: C doesn't know which it is, or it would not call it.
            Some(function) => {
                let address = format!("gl_opaque({})", self.unit.address(*function)?);
                self.call_address(call, &own, &address)?;
            }
            None => {
                let address = self.value(call.callee)?;
                self.call_address(call, &own, &address)?;
            }
        }
        if never_returns {
            self.say("__builtin_unreachable();");
        }
        Ok(())
    }

    fn call_address(
        &mut self,
        call: &Call<'m>,
        signature: &Signature,
        address: &str,
    ) -> Result<()> {
        let (result, parameters) = (signature.result(), signature.parameters(false));
        self.call_with(
            call,
            signature,
            &format!("(({result} (*)({parameters})){address})"),
        )
    }

    fn call_with(&mut self, call: &Call<'m>, signature: &Signature, callee: &str) -> Result<()> {
        let mut given = Vec::new();
        for (at, argument) in call.arguments.iter().enumerate() {
            let value = self.value(*argument)?;
            match signature.parameters.get(at) {
                Some(Passed::Scalar(scalar)) => given.push(scalar.given(&value)),
                Some(Passed::Copy(ty)) => given.push(format!("*({ty} *){value}")),
                Some(Passed::Parts(_, parts)) => given.extend(
                    parts
                        .iter()
                        .map(|(path, scalar)| scalar.given(&format!("{value}{path}"))),
                ),
                None => given.push(self.unnamed(*argument, &value)?),
            }
        }
        let called = format!("{callee}({})", given.join(", "));
        match &signature.result {
            Returned::Nothing | Returned::Place => {
                self.say(&format!("{called};"));
                let ty = self.ty(call.instruction.into())?;
                if ty.is_aggregate() {
                    self.variable_of(call.instruction.into())?;
                }
                Ok(())
            }
            Returned::Scalar(_, path, scalar) => {
                let name = self.variable_of(call.instruction.into())?;
                let taken = scalar.taken(&called)?;
                self.say(&format!("{name}{path} = {taken};"));
                Ok(())
            }
            Returned::Pair(..) => {
                let pair = self.temporary(&signature.result());
                self.say(&format!("{pair} = {called};"));
                let name = self.variable_of(call.instruction.into())?;
                for (path, part) in signature.parts(&pair)? {
                    self.say(&format!("{name}{path} = {part};"));
                }
                Ok(())
            }
        }
    }

    /// An argument that stands for no parameter of a variadic function.
    fn unnamed(&mut self, argument: Value<'m>, value: &str) -> Result<String> {
        let ty: &CType = &*self.ty(argument)?;
        match ty.kind {
            Kind::Integer(32 | 64) | Kind::Pointer => Ok(value.to_owned()),
            Kind::Float(Format::Double) if !self.unit.is_soft() => Ok(format!("gl_f64({value})")),
            _ => Err(not_known(format!("{} as an unnamed argument", ty.name))),
        }
    }
}
