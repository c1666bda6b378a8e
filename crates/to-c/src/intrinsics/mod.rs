//! LLVM's own functions.

mod floats;
mod integers;

use gateless_llvm::{Call, Constant, Place, Value};
use gateless_model::Result;

use crate::body::Body;
use crate::refusal::not_known;
use crate::types::Kind;

/// What has no effect on what a program does.
const WITHOUT_EFFECT: [&str; 9] = [
    "llvm.assume",
    "llvm.dbg.declare",
    "llvm.dbg.value",
    "llvm.dbg.label",
    "llvm.donothing",
    "llvm.experimental.noalias.scope.decl",
    "llvm.lifetime.start",
    "llvm.lifetime.end",
    "llvm.prefetch",
];

impl<'m> Body<'_, 'm> {
    /// A call of the intrinsic of this name, which ends with the types for which it is meant.
    pub fn intrinsic(&mut self, call: &Call<'m>, name: &str) -> Result<()> {
        let base = base(name);
        if WITHOUT_EFFECT.contains(&base) {
            return Ok(());
        }
        match base {
            "llvm.memcpy" | "llvm.memcpy.inline" | "llvm.memmove" | "llvm.memset" => {
                return self.memory_function(call, base);
            }
            "llvm.trap" | "llvm.debugtrap" | "llvm.ubsantrap" => {
                self.say("__builtin_trap();");
                return Ok(());
            }
            "llvm.threadlocal.address" | "llvm.expect" => {
                let value = self.value(call.arguments[0])?;
                return self.assign(call.instruction, &value);
            }
            "llvm.ptrmask" => {
                let (address, mask) = (
                    self.value(call.arguments[0])?,
                    self.value(call.arguments[1])?,
                );
                let masked = format!("(P)((uptr){address} & (uptr){mask})");
                return self.assign(call.instruction, &masked);
            }
            "llvm.is.constant" => return self.assign(call.instruction, "0"),
            "llvm.returnaddress" | "llvm.frameaddress" => {
                let level = self.value(call.arguments[0])?;
                let name = match base {
                    "llvm.returnaddress" => "return",
                    _ => "frame",
                };
                let address = format!("(P)__builtin_{name}_address({level})");
                return self.assign(call.instruction, &address);
            }
            _ => {}
        }
        let Some(first) = call.arguments.first() else {
            return Err(not_known(format!("the intrinsic {name}")));
        };
        let is_float = match &self.ty(*first)?.kind {
            Kind::Float(_) => true,
            Kind::Integer(_) => false,
            _ => return Err(not_known(format!("the intrinsic {name}"))),
        };
        let known = match is_float {
            true => self.float_intrinsic(call, base)?,
            false => self.integer_intrinsic(call, base)?,
        };
        match known {
            true => Ok(()),
            false => Err(not_known(format!("the intrinsic {name}"))),
        }
    }

    fn memory_function(&mut self, call: &Call<'m>, base: &str) -> Result<()> {
        let &[to, from, size, is_volatile] = &call.arguments[..] else {
            return Err(not_known(format!("{base} with these arguments")));
        };
        let volatile = is_volatile.as_constant()?.map(Constant::is_zero);
        if volatile.transpose()? != Some(true) {
            return Err(not_known(format!("a volatile {base}")));
        }
        let size = self.value(size)?;
        let (to, from) = match base {
            "llvm.memset" => (self.aligned(call, 0, to)?, self.value(from)?),
            _ => (self.aligned(call, 0, to)?, self.aligned(call, 1, from)?),
        };
        let name = match base {
            "llvm.memset" => "gl_memset",
            "llvm.memmove" => "gl_memmove",
            _ => "gl_memcpy",
        };
        self.say(&format!("{name}({to}, {from}, (uptr){size});"));
        Ok(())
    }

    /// An address with what the call says of its alignment.
    fn aligned(&mut self, call: &Call<'m>, at: u32, address: Value<'m>) -> Result<String> {
        let value = self.value(address)?;
        let attributes = call.instruction.attributes(Place::Parameter(at))?;
        let alignment = attributes
            .into_iter()
            .find_map(|attribute| match attribute {
                gateless_llvm::Attribute::Number(name, number) if name == "align" => Some(number),
                _ => None,
            });
        Ok(match alignment {
            Some(alignment) if alignment > 1 => {
                format!("__builtin_assume_aligned({value}, {alignment})")
            }
            _ => value,
        })
    }
}

/// The name without the types at its end.
fn base(name: &str) -> &str {
    let mut base = name;
    while let Some((rest, last)) = base.rsplit_once('.') {
        if !is_type(last) {
            break;
        }
        base = rest;
    }
    base
}

/// Whether a part of an intrinsic's name stands for a type: `i32`, `p0`, `f64`, `sl_i64i1s`.
fn is_type(part: &str) -> bool {
    let digits = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    part.starts_with("sl_")
        || ["i", "p", "f", "bf"]
            .iter()
            .any(|kind| part.strip_prefix(kind).is_some_and(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_at_the_end_are_no_part_of_a_name() {
        assert_eq!(
            base("llvm.uadd.with.overflow.i32"),
            "llvm.uadd.with.overflow"
        );
        assert_eq!(base("llvm.memcpy.p0.p0.i64"), "llvm.memcpy");
        assert_eq!(base("llvm.fptosi.sat.i32.f64"), "llvm.fptosi.sat");
        assert_eq!(base("llvm.trap"), "llvm.trap");
        assert_eq!(base("llvm.exp2.f64"), "llvm.exp2");
    }
}
