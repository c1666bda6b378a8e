//! Global variables, and other names for functions and variables.

use gateless_model::{Failure, Result};

use crate::handle::is_a;
use crate::symbol::ThreadLocal;
use crate::{Constant, Module, Symbol, Value};

is_a! {
    /// A global variable of a module.
    Global: Symbol
}

is_a! {
    /// Another name for a function or variable, or for a place in one.
    Alias: Symbol
}

is_a! {
    /// A name for a function that another function finds when the program is loaded (`ifunc`).
    IndirectFunction: Symbol
}

impl<'m> Global<'m> {
    /// What it holds when the program starts; nothing for what is declared only.
    pub fn initializer(self) -> Result<Option<Constant<'m>>> {
        // SAFETY: a global variable of a live module.
        let raw = unsafe { (self.table().LLVMGetInitializer()?)(self.raw) };
        Ok(Value::maybe(self.module(), raw).map(Constant::of))
    }

    /// Gives it what it holds when the program starts.
    pub fn set_initializer(self, initializer: Constant<'m>) -> Result<()> {
        if initializer.ty()? != self.value_type()? {
            return Err(Failure::failed(format!(
                "{initializer:?} is of another type than {self:?}"
            )));
        }
        // SAFETY: a global variable of a live module, and a constant of its context and of the variable's type.
        unsafe { (self.table().LLVMSetInitializer()?)(self.raw, initializer.raw) };
        Ok(())
    }

    /// Whether nothing writes to it.
    pub fn is_constant(self) -> Result<bool> {
        // SAFETY: a global variable of a live module.
        Ok(unsafe { (self.table().LLVMIsGlobalConstant()?)(self.raw) } != 0)
    }

    /// Whether something else than its initialiser may give it its first value.
    pub fn is_externally_initialized(self) -> Result<bool> {
        // SAFETY: a global variable of a live module.
        Ok(unsafe { (self.table().LLVMIsExternallyInitialized()?)(self.raw) } != 0)
    }

    /// Whether each thread has its own.
    pub fn is_thread_local(self) -> Result<bool> {
        Ok(self.thread_local()? != ThreadLocal::No)
    }

    /// How each thread has its own, if each has.
    pub fn thread_local(self) -> Result<ThreadLocal> {
        self.thread_local_mode()
    }

    /// The alignment that it was given, in bytes; 0 if it has that of its type.
    pub fn alignment(self) -> Result<u32> {
        self.given_alignment()
    }

    /// Takes the variable's name away.
    pub fn remove_name(self) -> Result<()> {
        self.set_name("")
    }
}

impl<'m> Alias<'m> {
    /// What it is another name for.
    pub fn aliasee(self) -> Result<Constant<'m>> {
        // SAFETY: an alias of a live module.
        let raw = unsafe { (self.table().LLVMAliasGetAliasee()?)(self.raw) };
        Ok(Constant::at(self.module(), raw))
    }
}

impl<'m> IndirectFunction<'m> {
    /// The function that finds it.
    pub fn resolver(self) -> Result<Constant<'m>> {
        // SAFETY: an ifunc of a live module.
        let raw = unsafe { (self.table().LLVMGetGlobalIFuncResolver()?)(self.raw) };
        Ok(Constant::at(self.module(), raw))
    }
}

impl Module {
    /// All global variables, declarations included.
    pub fn globals(&self) -> Result<Vec<Global<'_>>> {
        let table = self.table();
        let raws = self.list(table.LLVMGetFirstGlobal()?, table.LLVMGetNextGlobal()?);
        Ok(raws.into_iter().map(|raw| Global::at(self, raw)).collect())
    }

    /// All other names for functions and variables.
    pub fn aliases(&self) -> Result<Vec<Alias<'_>>> {
        let table = self.table();
        let raws = self.list(
            table.LLVMGetFirstGlobalAlias()?,
            table.LLVMGetNextGlobalAlias()?,
        );
        Ok(raws.into_iter().map(|raw| Alias::at(self, raw)).collect())
    }

    /// All names for functions that are found when the program is loaded.
    pub fn indirect_functions(&self) -> Result<Vec<IndirectFunction<'_>>> {
        let table = self.table();
        let raws = self.list(
            table.LLVMGetFirstGlobalIFunc()?,
            table.LLVMGetNextGlobalIFunc()?,
        );
        let functions = raws.into_iter();
        Ok(functions
            .map(|raw| IndirectFunction::at(self, raw))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn variables_have_content_alignment_and_thread_model() {
        let module = module(
            "@c = constant i8 1, align 8\n@d = external externally_initialized global i8\n@t = thread_local(initialexec) global i8 0\n@u = thread_local global i8 0",
        );
        let global = |name| module.global(name).unwrap().unwrap();
        let c = global("c");
        assert!(c.is_constant().unwrap() && !c.is_externally_initialized().unwrap());
        assert_eq!(c.alignment().unwrap(), 8);
        let number = c.initializer().unwrap().unwrap().as_integer().unwrap();
        assert_eq!(number.unwrap().as_u64(), Some(1));
        assert_eq!(c.thread_local().unwrap(), ThreadLocal::No);
        let d = global("d");
        assert!(d.is_declaration().unwrap() && !d.is_constant().unwrap());
        assert!(d.is_externally_initialized().unwrap());
        assert_eq!(
            (d.initializer().unwrap(), d.alignment().unwrap()),
            (None, 0)
        );
        assert_eq!(
            global("t").thread_local().unwrap(),
            ThreadLocal::InitialExec
        );
        assert_eq!(
            global("u").thread_local().unwrap(),
            ThreadLocal::GeneralDynamic
        );
        assert!(
            c.set_initializer(global("u").initializer().unwrap().unwrap())
                .is_ok()
        );
        assert_eq!(module.globals().unwrap().len(), 4);
    }

    #[test]
    fn other_names_lead_to_what_they_stand_for() {
        let module = module(
            "@v = global { i8, i8 } zeroinitializer\n@a = internal alias i8, getelementptr (i8, ptr @v, i64 1)\n@i = ifunc void (), ptr @r\ndefine ptr @r() { ret ptr null }",
        );
        let alias = module.aliases().unwrap()[0];
        assert_eq!(alias.name().unwrap(), "a");
        assert_eq!(alias.linkage().unwrap(), crate::Linkage::Internal);
        let to = alias.aliasee().unwrap().kind().unwrap();
        assert!(matches!(&to, crate::ConstantKind::Expression(_)), "{to:?}");
        let found = module.indirect_functions().unwrap()[0];
        assert_eq!(found.resolver().unwrap().name().unwrap(), "r");
    }

    #[test]
    fn an_initialiser_of_another_type_is_refused() {
        let module = module("@a = global i8 1\n@b = global i16 1");
        let global = |name| module.global(name).unwrap().unwrap();
        let wide = global("b").initializer().unwrap().unwrap();
        assert!(global("a").set_initializer(wide).is_err());
    }
}
