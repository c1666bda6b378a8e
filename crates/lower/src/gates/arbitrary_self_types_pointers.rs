//! `arbitrary_self_types_pointers`: methods whose receiver is a raw pointer (`self: *const Self`). The feature includes
//! `arbitrary_self_types`.
//!
//! The lowering is that gate's: the method becomes an associated function, and the raw pointer's type gets an extension trait (`impl E for *const S`).
//! Calling a method of a trait object through a raw pointer makes a reference for the look into its vtable, so there the pointer must
//! point to something, which the gate itself doesn't ask for.

use gateless_model::Result;

use crate::gate::{Gate, Page, Places, Rendered, Source, View};

/// The gate.
pub struct ArbitrarySelfTypesPointers;

impl Gate for ArbitrarySelfTypesPointers {
    const NAME: &'static str = "arbitrary_self_types_pointers";
    /// The other gate has them.
    type Facts = ();
    type Notes = ();

    fn parse(_source: &Source<'_>, _files: &[View<'_>]) -> Result<()> {
        Ok(())
    }

    fn render(_facts: &(), _page: &Page<'_>) -> Result<Rendered> {
        Ok(Rendered::default())
    }

    fn count(_facts: &(), _places: &mut Places) {}
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::refined;

    #[test]
    fn a_raw_pointer_gets_an_extension_trait() {
        let text = "#![feature(arbitrary_self_types_pointers)]\nimpl S { fn m(self: *const Self) -> u8 { 1 } }\nstruct S;\n";
        let message = "`*const Self` cannot be used as the type of `self` without the `arbitrary_self_types_pointers` feature";
        let lowered = refined(text, "E0658", message, "*const Self", "");
        expect![[r#"

            impl S { fn m(_this: *const Self) -> u8 { 1 } } #[doc(hidden)] #[quiet] trait __gateless_m_x_0_52 { fn m(self) -> u8; } #[quiet] const __gateless_m_x_0_52: () = { impl __gateless_m_x_0_52 for *const S { fn m(self) -> u8 { <S>::m(self) } } };
            struct S;"#]].assert_eq(&lowered);
    }
}
