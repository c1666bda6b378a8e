//! Intrinsics on floating point numbers.

use gateless_llvm::Call;
use gateless_model::Result;

use crate::body::Body;
use crate::floats::{self, library};
use crate::integer::number_literal;
use crate::types::Format;

/// What the mathematical library calls it.
fn function(base: &str) -> Option<&'static str> {
    Some(match base {
        "llvm.ceil" => "ceil",
        "llvm.cos" => "cos",
        "llvm.exp" => "exp",
        "llvm.exp2" => "exp2",
        "llvm.floor" => "floor",
        "llvm.fma" => "fma",
        "llvm.log" => "log",
        "llvm.log10" => "log10",
        "llvm.log2" => "log2",
        "llvm.maxnum" => "fmax",
        "llvm.minnum" => "fmin",
        "llvm.nearbyint" => "nearbyint",
        "llvm.pow" => "pow",
        "llvm.rint" => "rint",
        "llvm.round" => "round",
        "llvm.roundeven" => "roundeven",
        "llvm.sin" => "sin",
        "llvm.sqrt" => "sqrt",
        "llvm.trunc" => "trunc",
        _ => return None,
    })
}

impl<'m> Body<'_, 'm> {
    /// Whether the intrinsic is known, and written.
    pub(super) fn float_intrinsic(&mut self, call: &Call<'m>, base: &str) -> Result<bool> {
        let format = self.ty(call.arguments[0])?.format()?;
        let mut values = Vec::new();
        for argument in &call.arguments {
            values.push(self.value(*argument)?);
        }
        let bits = format.bits();
        let sign = number_literal(bits, 1 << (bits - 1))?;
        let expression = match (base, &values[..]) {
            ("llvm.fabs", [x]) => format!("(u{bits})({x} & (u{bits})~{sign})"),
            ("llvm.copysign", [x, y]) => {
                format!("(u{bits})(({x} & (u{bits})~{sign}) | ({y} & {sign}))")
            }
            ("llvm.fptosi.sat" | "llvm.fptoui.sat", [x]) => {
                let width = self.ty(call.instruction.into())?.width()?;
                floats::to_integer(self.unit, base == "llvm.fptosi.sat", format, width, x)?
            }
            _ => {
                let Some(function) = function(base) else {
                    return Ok(false);
                };
                self.library_call(function, format, &values)
            }
        };
        self.assign(call.instruction, &expression)?;
        Ok(true)
    }

    fn library_call(&self, function: &str, format: Format, values: &[String]) -> String {
        let name = format!("{function}{}", library(format));
        if !self.unit.is_soft() && matches!(format, Format::Single | Format::Double) {
            let bits = format.bits();
            let numbers: Vec<_> = values
                .iter()
                .map(|it| format!("gl_f{bits}({it})"))
                .collect();
            return format!("gl_bits_f{bits}(__builtin_{name}({}))", numbers.join(", "));
        }
        let ty = format!("u{}", format.bits());
        let values: Vec<_> = values.iter().map(|it| (ty.as_str(), it.as_str())).collect();
        self.unit.runtime_call(&name, &ty, &values)
    }
}
