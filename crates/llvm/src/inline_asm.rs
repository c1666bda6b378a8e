//! Assembly in LLVM IR, as what a call calls.

use std::ffi::c_char;

use gateless_model::Result;

use crate::memory::borrowed_text;
use crate::numbered::numbered;
use crate::table::RawValue;
use crate::{InlineAsm, Type};

numbered! {
    /// How assembly is written (llvm-c/Core.h, LLVMInlineAsmDialect).
    Dialect("an assembly dialect") {
        /// AT&T's, and that of all machines but x86.
        Att = 0,
        /// Intel's.
        Intel = 1,
    }
}

type Text = unsafe extern "C" fn(*mut RawValue, *mut usize) -> *const c_char;

impl<'m> InlineAsm<'m> {
    /// The text, with `$0` for the first operand, `${1:c}` with a modifier, `$$` for a dollar.
    pub fn text(self) -> Result<String> {
        self.part(self.table().LLVMGetInlineAsmAsmString()?)
    }

    /// The constraints of results, arguments and what is overwritten, with commas between (LangRef, "Inline Asm Constraint String").
    pub fn constraints(self) -> Result<String> {
        self.part(self.table().LLVMGetInlineAsmConstraintString()?)
    }

    /// The same with another text and other constraints, for as many results and arguments.
    pub fn with(self, text: &str, constraints: &str) -> Result<Self> {
        let get = self.table().LLVMGetInlineAsm()?;
        let (has_side_effects, needs_aligned_stack, dialect, may_unwind) = (
            self.has_side_effects()?,
            self.needs_aligned_stack()?,
            self.dialect()?,
            self.may_unwind()?,
        );
        // SAFETY: the type that this assembly has, and texts with their lengths, which LLVM copies.
        let raw = unsafe {
            get(
                self.signature_type()?.raw,
                text.as_ptr().cast(),
                text.len(),
                constraints.as_ptr().cast(),
                constraints.len(),
                i32::from(has_side_effects),
                i32::from(needs_aligned_stack),
                dialect as i32,
                i32::from(may_unwind),
            )
        };
        Ok(Self::at(self.module(), raw))
    }

    fn part(self, get: Text) -> Result<String> {
        let mut length = 0;
        // SAFETY: inline assembly; LLVM returns the text with its length.
        unsafe {
            let start = get(self.raw, &mut length);
            Ok(borrowed_text(start, length).unwrap_or_default())
        }
    }

    /// How the text is written.
    pub fn dialect(self) -> Result<Dialect> {
        // SAFETY: inline assembly.
        Dialect::from_raw(unsafe { (self.table().LLVMGetInlineAsmDialect()?)(self.raw) })
    }

    /// The type of the function that it stands for.
    pub fn signature_type(self) -> Result<Type<'m>> {
        // SAFETY: inline assembly.
        let raw = unsafe { (self.table().LLVMGetInlineAsmFunctionType()?)(self.raw) };
        Ok(Type::at(self.module(), raw))
    }

    /// Whether it does more than compute its results.
    pub fn has_side_effects(self) -> Result<bool> {
        // SAFETY: inline assembly.
        Ok(unsafe { (self.table().LLVMGetInlineAsmHasSideEffects()?)(self.raw) } != 0)
    }

    /// Whether it needs the stack pointer aligned.
    pub fn needs_aligned_stack(self) -> Result<bool> {
        // SAFETY: inline assembly.
        Ok(unsafe { (self.table().LLVMGetInlineAsmNeedsAlignedStack()?)(self.raw) } != 0)
    }

    /// Whether it may unwind.
    pub fn may_unwind(self) -> Result<bool> {
        // SAFETY: inline assembly.
        Ok(unsafe { (self.table().LLVMGetInlineAsmCanUnwind()?)(self.raw) } != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn assembly_has_text_constraints_dialect_and_effects() {
        let module = module(
            "define i32 @f(i32 %x) {\n %r = call i32 asm sideeffect alignstack \"add $1, $0\", \"=r,r,~{memory}\"(i32 %x)\n\
             call void asm inteldialect \"nop\", \"\"()\n ret i32 %r\n}",
        );
        let function = module.function("f").unwrap().unwrap();
        let assembly = |at: usize| {
            let called = function.instructions().unwrap()[at].called().unwrap();
            called.unwrap().as_inline_asm().unwrap().unwrap()
        };
        let (first, second) = (assembly(0), assembly(1));
        assert_eq!(first.text().unwrap(), "add $1, $0");
        assert_eq!(first.constraints().unwrap(), "=r,r,~{memory}");
        assert_eq!(first.dialect().unwrap(), Dialect::Att);
        assert!(first.has_side_effects().unwrap() && first.needs_aligned_stack().unwrap());
        assert_eq!(second.dialect().unwrap(), Dialect::Intel);
        assert!(!second.has_side_effects().unwrap() && !second.needs_aligned_stack().unwrap());
        assert!(!second.may_unwind().unwrap());
        assert_eq!(
            first.signature_type().unwrap().to_text().unwrap(),
            "i32 (i32)"
        );
        let other = first.with("sub $1, $0", "=r,i,~{memory}").unwrap();
        assert_eq!(other.text().unwrap(), "sub $1, $0");
        assert_eq!(other.constraints().unwrap(), "=r,i,~{memory}");
        assert_eq!(other.dialect().unwrap(), Dialect::Att);
        assert!(other.has_side_effects().unwrap() && other.needs_aligned_stack().unwrap());
    }
}
