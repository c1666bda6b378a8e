//! Global variables, and other names for functions and variables.

use gateless_model::{Failure, Result};

use crate::function::put_in_place;
use crate::memory::c_string;
use crate::symbol::ThreadLocal;
use crate::{Alias, Constant, Global, IndirectFunction, Module, Value};

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
    /// The global variable called `name`.
    pub fn global(&self, name: &str) -> Result<Option<Global<'_>>> {
        let get = self.table().LLVMGetNamedGlobal()?;
        let name = c_string(name, "a variable's name")?;
        // SAFETY: the module is alive and the name is a C string.
        let raw = unsafe { get(self.raw, name.as_ptr()) };
        Ok((!raw.is_null()).then(|| Global::at(self, raw)))
    }

    /// All global variables, declarations included.
    pub fn globals(&self) -> Result<Vec<Global<'_>>> {
        let table = self.table();
        let raws = self.list(table.LLVMGetFirstGlobal()?, table.LLVMGetNextGlobal()?);
        Ok(raws.into_iter().map(|raw| Global::at(self, raw)).collect())
    }

    /// Adds a variable that holds `initializer`, external for now; the name gets a number behind it if it is taken.
    pub fn add_global<'m>(&'m self, name: &str, initializer: Constant<'m>) -> Result<Global<'m>> {
        let add = self.table().LLVMAddGlobal()?;
        let (ty, name) = (initializer.ty()?, c_string(name, "a variable's name")?);
        // SAFETY: the module is alive; a type of its context, and a C string that LLVM copies.
        let raw = unsafe { add(self.raw, ty.raw, name.as_ptr()) };
        let global = Global::at(self, raw);
        global.set_initializer(initializer)?;
        Ok(global)
    }

    /// Puts another variable into the place of `old` everywhere, and deletes that. Does nothing if there is no such variable.
    ///
    /// `by` is given the module and the variable, and returns the other one, which takes over the name if it has none.
    pub fn replace_global(
        &mut self,
        old: &str,
        by: impl for<'m> FnOnce(&'m Module, Global<'m>) -> Result<Global<'m>>,
    ) -> Result<()> {
        let Some(old) = self.global(old)? else {
            return Ok(());
        };
        let delete = self.table().LLVMDeleteGlobal()?;
        put_in_place(*old, *by(self, old)?)?;
        let old = old.raw;
        // SAFETY: a variable of this live module to which nothing refers any more; no handle to it is left (self is borrowed mutably).
        unsafe { delete(old) };
        Ok(())
    }

    /// Deletes a variable to which nothing refers; does nothing if there is none of this name.
    pub fn delete_global(&mut self, name: &str) -> Result<()> {
        let Some(global) = self.global(name)? else {
            return Ok(());
        };
        if !global.users()?.is_empty() {
            return Err(Failure::failed(format!("{name} is still referred to")));
        }
        let delete = self.table().LLVMDeleteGlobal()?;
        let raw = global.raw;
        // SAFETY: a variable of this live module to which nothing refers; no handle to it is left (self is borrowed mutably).
        unsafe { delete(raw) };
        Ok(())
    }

    /// The array of these constants, all of one type; there must be one at least.
    pub fn array<'m>(&'m self, elements: &[Constant<'m>]) -> Result<Constant<'m>> {
        let Some(first) = elements.first() else {
            return Err(Failure::failed("an array of nothing has no type"));
        };
        let ty = first.ty()?;
        for element in elements {
            if element.ty()? != ty {
                return Err(Failure::failed(format!(
                    "{element:?} is not of type {ty:?}"
                )));
            }
        }
        let array = self.table().LLVMConstArray2()?;
        let raws: Vec<_> = elements.iter().map(|element| element.raw).collect();
        // SAFETY: constants of this module and their type; pointer and length are those of a Vec.
        let raw = unsafe { array(ty.raw, raws.as_ptr(), raws.len() as u64) };
        Ok(Constant::at(self, raw))
    }

    /// An array of these bytes.
    pub fn bytes<'m>(&'m self, bytes: &[u8]) -> Result<Constant<'m>> {
        /// Nothing is added behind them.
        const AS_THEY_ARE: i32 = 1;
        let string = self.table().LLVMConstStringInContext2()?;
        let context = self.context.inner.raw;
        // SAFETY: the context is alive, and LLVM copies the bytes.
        let raw = unsafe { string(context, bytes.as_ptr().cast(), bytes.len(), AS_THEY_ARE) };
        Ok(Constant::at(self, raw))
    }

    /// A structure of these constants without gaps between them.
    pub fn packed<'m>(&'m self, elements: &[Constant<'m>]) -> Result<Constant<'m>> {
        const PACKED: i32 = 1;
        let structure = self.table().LLVMConstStructInContext()?;
        let raws: Vec<_> = elements.iter().map(|element| element.raw).collect();
        let context = self.context.inner.raw;
        // SAFETY: the context is alive, the constants are of it, and pointer and length are those of a Vec.
        let raw = unsafe { structure(context, raws.as_ptr(), raws.len() as u32, PACKED) };
        Ok(Constant::at(self, raw))
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
    fn a_variable_is_replaced_by_one_of_another_type_and_takes_its_name() {
        let mut module =
            module("@list = global [1 x ptr] [ptr @v]\n@v = global i8 0\n@w = global ptr @list");
        assert!(module.delete_global("list").is_err());
        module
            .replace_global("list", |module, old| {
                let v = old.initializer()?.unwrap().operands()?[0];
                let new = module.add_global("", module.array(&[v, v])?)?;
                new.set_linkage(crate::Linkage::Internal)?;
                Ok(new)
            })
            .unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        let new = "@list = internal global [2 x ptr] [ptr @v, ptr @v]";
        assert!(
            text.contains(new) && text.contains("@w = global ptr @list"),
            "{text}"
        );
        module.delete_global("w").unwrap();
        module.delete_global("no such").unwrap();
        assert!(!module.to_text().unwrap().contains("@w"));
        let globals = module.globals().unwrap();
        let numbers = globals
            .iter()
            .map(|global| global.initializer().unwrap().unwrap());
        assert!(module.array(&numbers.collect::<Vec<_>>()).is_err());
        assert!(module.array(&[]).is_err());
    }

    #[test]
    fn an_initialiser_of_another_type_is_refused() {
        let module = module("@a = global i8 1\n@b = global i16 1");
        let global = |name| module.global(name).unwrap().unwrap();
        let wide = global("b").initializer().unwrap().unwrap();
        assert!(global("a").set_initializer(wide).is_err());
    }
}
