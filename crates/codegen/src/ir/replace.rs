//! Functions put in the place of others.

use gateless_llvm::{Builder, Function, Module};
use gateless_model::Result;

/// Puts a function that returns the address of `target`, and does nothing else, in the place of `old`; it comes last in the module.
pub(super) fn replace_by_address(module: &mut Module, old: &str, target: &str) -> Result<()> {
    if module.function(target)?.is_none() {
        return Ok(());
    }
    module.replace_function(old, |module, old| {
        let new = module.add_function("", old.value_type()?)?;
        copy_properties(old, new)?;
        let builder = Builder::at_end(new.append_block("start")?)?;
        if let Some(target) = module.function(target)? {
            builder.ret(target.into())?;
        }
        Ok(new)
    })
}

/// Puts `new` in the place of `old`, a function that nothing calls, and takes that away.
pub(super) fn replace_in_tables(module: &mut Module, old: &str, new: &str) -> Result<()> {
    if module.function(new)?.is_none() {
        return Ok(());
    }
    module.replace_function(old, |module, old| Ok(module.function(new)?.unwrap_or(old)))
}

/// Has a function that was not written by rustc generated like one that was: by the attributes that say how, and none that says what it does.
pub fn generate_like(new: Function<'_>, other: Function<'_>) -> Result<()> {
    new.copy_own_attributes(other, |name| {
        name == "noredzone" || name == "uwtable" || name.contains('-') && name != "alloc-family"
    })
}

/// Gives a function all that says how another one is called, linked and generated.
fn copy_properties<'m>(from: Function<'m>, to: Function<'m>) -> Result<()> {
    to.set_linkage(from.linkage()?)?;
    to.set_visibility(from.visibility()?)?;
    to.set_address_matters(from.address_matters()?)?;
    to.set_convention(from.convention()?)?;
    to.set_alignment(from.alignment()?)?;
    to.copy_attributes(from)?;
    if let Some(section) = from.section()? {
        to.set_section(&section)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    #[test]
    fn the_table_has_the_other_function_afterwards() {
        let text = "@table = constant <{ [24 x i8], ptr, ptr }> <{ [24 x i8] zeroinitializer, ptr @get, ptr @other }>\n\
            define ptr @get(ptr %x) { ret ptr @method }\ndefine ptr @other(ptr %x) { ret ptr %x }\ndefine void @method(ptr %x) { ret void }";
        let mut module = Fixture::x86(text).module();
        super::replace_in_tables(&mut module, "get", "method").unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        assert!(text.contains("ptr @method, ptr @other"), "{text}");
        assert!(!text.contains("@get"), "{text}");
    }

    #[test]
    fn what_returns_the_address_is_linked_and_generated_like_what_it_replaces() {
        let text = "@table = constant ptr @get\n\
            define internal noundef ptr @get(ptr noalias %x) unnamed_addr noredzone section \".x\" align 32 { ret ptr %x }\n\
            define void @method(ptr %x) { ret void }";
        let mut module = Fixture::x86(text).module();
        super::replace_by_address(&mut module, "get", "method").unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        let new = "define internal noundef ptr @get(ptr noalias %0) unnamed_addr #0 section \".x\" align 32 {\nstart:\n  ret ptr @method";
        assert!(text.contains(new), "{text}");
        assert!(text.contains("attributes #0 = { noredzone }"), "{text}");
        assert!(text.contains("@table = constant ptr @get"), "{text}");
    }
}
