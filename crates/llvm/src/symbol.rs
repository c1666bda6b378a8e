//! What functions, variables and other names for them have in common: linkage, visibility, section.

use gateless_model::{Failure, Result};

use crate::memory::{borrowed_c_string, c_string};
use crate::node::Node;
use crate::numbered::numbered;
use crate::{Symbol, Type, text};

numbered! {
    /// Who sees a symbol, and what happens if several have its name (llvm-c/Core.h, LLVMLinkage).
    Linkage("a symbol with linkage") {
        /// All others see it.
        External = 0,
        /// There is a copy elsewhere, and this one is only for inlining.
        AvailableExternally = 1,
        /// Any of several may be taken, and it may be left out if nothing here refers to it.
        LinkOnceAny = 2,
        /// As before, and all of them are the same.
        LinkOnceOdr = 3,
        /// Any of several may be taken.
        WeakAny = 5,
        /// As before, and all of them are the same.
        WeakOdr = 6,
        /// Arrays of this name are joined.
        Appending = 7,
        /// Others don't see it.
        Internal = 8,
        /// No symbol stands for it.
        Private = 9,
        /// It may be absent.
        ExternalWeak = 12,
        /// C's tentative definition.
        Common = 14,
    }
}

numbered! {
    /// Who sees a symbol of a finished program or library (llvm-c/Core.h, LLVMVisibility).
    Visibility("a symbol with visibility") {
        /// All others, and they may have one of their own instead.
        Default = 0,
        /// Nobody else.
        Hidden = 1,
        /// All others, but the program itself always has this one.
        Protected = 2,
    }
}

numbered! {
    /// To whom a symbol's address matters (llvm-c/Core.h, LLVMUnnamedAddr).
    AddressMatters("a symbol with unnamed_addr") {
        /// To everybody.
        Everywhere = 0,
        /// `local_unnamed_addr`: not within the module.
        Elsewhere = 1,
        /// `unnamed_addr`: to nobody, so that another one with the same content can take its place.
        Nowhere = 2,
    }
}

numbered! {
    /// How variables that each thread has for itself are found (llvm-c/Core.h, LLVMThreadLocalMode).
    ThreadLocal("a thread-local model") {
        /// There is one for all threads.
        No = 0,
        /// By asking the dynamic linker.
        GeneralDynamic = 1,
        /// By asking the dynamic linker once for all of the library.
        LocalDynamic = 2,
        /// At a distance that is known when the program is loaded.
        InitialExec = 3,
        /// At a distance that is known when the program is linked.
        LocalExec = 4,
    }
}

numbered! {
    /// What the linker does with several COMDATs of one name (llvm-c/Comdat.h, LLVMComdatSelectionKind).
    ComdatKind("a COMDAT of kind") {
        /// It takes any.
        Any = 0,
        /// All must be the same.
        ExactMatch = 1,
        /// It takes the largest.
        Largest = 2,
        /// It drops none.
        NoDeduplicate = 3,
        /// All must be of one size.
        SameSize = 4,
    }
}

/// A group of sections that the linker takes or drops together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Comdat {
    /// Its name.
    pub name: String,
    /// What happens if there are several.
    pub kind: ComdatKind,
}

impl<'m> Symbol<'m> {
    /// Whether there is no body or content here.
    pub fn is_declaration(self) -> Result<bool> {
        // SAFETY: a global value of a live module.
        Ok(unsafe { (self.table().LLVMIsDeclaration()?)(self.raw) } != 0)
    }

    /// The type of what it is the address of.
    pub fn value_type(self) -> Result<Type<'m>> {
        // SAFETY: a global value of a live module.
        let raw = unsafe { (self.table().LLVMGlobalGetValueType()?)(self.raw) };
        Ok(Type::at(self.module(), raw))
    }

    /// Who sees it.
    pub fn linkage(self) -> Result<Linkage> {
        // SAFETY: a global value of a live module.
        Linkage::from_raw(unsafe { (self.table().LLVMGetLinkage()?)(self.raw) })
    }

    /// Gives it another linkage.
    pub fn set_linkage(self, linkage: Linkage) -> Result<()> {
        // SAFETY: a global value of a live module.
        unsafe { (self.table().LLVMSetLinkage()?)(self.raw, linkage as i32) };
        Ok(())
    }

    /// Who sees it from outside of the program.
    pub fn visibility(self) -> Result<Visibility> {
        // SAFETY: a global value of a live module.
        Visibility::from_raw(unsafe { (self.table().LLVMGetVisibility()?)(self.raw) })
    }

    /// Gives it another visibility.
    pub fn set_visibility(self, visibility: Visibility) -> Result<()> {
        // SAFETY: a global value of a live module.
        unsafe { (self.table().LLVMSetVisibility()?)(self.raw, visibility as i32) };
        Ok(())
    }

    /// To whom its address matters.
    pub fn address_matters(self) -> Result<AddressMatters> {
        // SAFETY: a global value of a live module.
        AddressMatters::from_raw(unsafe { (self.table().LLVMGetUnnamedAddress()?)(self.raw) })
    }

    /// Says to whom its address matters.
    pub fn set_address_matters(self, matters: AddressMatters) -> Result<()> {
        // SAFETY: a global value of a live module.
        unsafe { (self.table().LLVMSetUnnamedAddress()?)(self.raw, matters as i32) };
        Ok(())
    }

    /// Whether it is imported from (1) or exported by (2) a library of Windows, else 0 (llvm-c/Core.h, LLVMDLLStorageClass).
    pub fn dll_storage(self) -> Result<i32> {
        // SAFETY: a global value of a live module.
        Ok(unsafe { (self.table().LLVMGetDLLStorageClass()?)(self.raw) })
    }

    /// Whether it has private linkage: no symbol of the object file stands for it.
    pub fn is_private(self) -> Result<bool> {
        Ok(self.linkage()? == Linkage::Private)
    }

    /// Whether the object file gets a copy of it: it is neither declared only nor available elsewhere.
    pub fn is_emitted(self) -> Result<bool> {
        Ok(!self.is_declaration()? && self.linkage()? != Linkage::AvailableExternally)
    }

    /// Makes it external and hidden, if it is emitted, so that a symbol stands for it, also in relocations.
    pub fn make_external(self) -> Result<()> {
        if !self.is_emitted()? {
            return Ok(());
        }
        if matches!(self.linkage()?, Linkage::Private | Linkage::Internal) {
            self.set_linkage(Linkage::External)?;
        }
        // The code of the module itself would refer to default ones by a local alias.
        self.set_visibility(Visibility::Hidden)
    }

    /// Marks it as linked into the same image, so that it needs no global offset table (`dso_local`).
    ///
    /// LLVM's C API has no setter: a value becomes so when its linkage becomes internal, and stays so when it gets its own linkage back
    /// (`GlobalValue::setLinkage`, llvm/IR/GlobalValue.h).
    pub fn assume_local(self) -> Result<()> {
        let (linkage, visibility) = (self.linkage()?, self.visibility()?);
        self.set_linkage(Linkage::Internal)?;
        self.set_linkage(linkage)?;
        self.set_visibility(visibility)
    }

    /// The section that it was put into, if it was.
    pub fn section(self) -> Result<Option<String>> {
        // SAFETY: a global value of a live module; LLVM keeps section names as C strings in the context.
        let text = unsafe { borrowed_c_string((self.table().LLVMGetSection()?)(self.raw)) };
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// The alignment that it was given, in bytes; 0 if it has that of its type.
    pub(crate) fn given_alignment(self) -> Result<u32> {
        // SAFETY: a function or a variable, which are the only symbols that call this.
        Ok(unsafe { (self.table().LLVMGetAlignment()?)(self.raw) })
    }

    /// What is attached to it, of functions and variables: LLVM's number of each kind (see [`crate::Module::metadata_kind`]) and the node.
    pub fn metadata(self) -> Result<Vec<(u32, Node)>> {
        let copy = self.table().LLVMGlobalCopyAllMetadata()?;
        if !self.is_object()? {
            return Ok(Vec::new());
        }
        let mut count = 0;
        // SAFETY: a function or variable of a live module, and a valid place for the count.
        let entries = unsafe { copy(self.raw, &mut count) };
        // SAFETY: what LLVM has just returned, with its length.
        unsafe { Node::of_entries(self.module(), entries, count) }
    }

    /// Attaches a node to a function or variable under LLVM's number of this kind, in the place of what is there.
    pub fn set_metadata(self, kind: u32, node: &Node) -> Result<()> {
        if !self.is_object()? {
            return Err(no_object(self, "metadata"));
        }
        // SAFETY: a function or variable of a live module, and a node of its context.
        unsafe { (self.table().LLVMGlobalSetMetadata()?)(self.raw, kind, node.raw()) };
        Ok(())
    }

    /// Takes away what is attached to it under LLVM's number of this kind.
    pub fn remove_metadata(self, kind: u32) -> Result<()> {
        if self.is_object()? {
            // SAFETY: a function or variable of a live module.
            unsafe { (self.table().LLVMGlobalEraseMetadata()?)(self.raw, kind) };
        }
        Ok(())
    }

    /// Whether it has a body or content of its own, as functions and variables have.
    fn is_object(self) -> Result<bool> {
        // Numbers of llvm-c/Core.h, LLVMValueKind.
        Ok(matches!(self.kind_number()?, 5 | 8))
    }

    /// Puts it into a section of this name.
    pub fn set_section(self, section: &str) -> Result<()> {
        if !self.is_object()? {
            return Err(no_object(self, "a section"));
        }
        let section = c_string(section, "a section's name")?;
        // SAFETY: a function or variable of a live module, and a C string that LLVM copies.
        unsafe { (self.table().LLVMSetSection()?)(self.raw, section.as_ptr()) };
        Ok(())
    }

    /// Whether it is in a COMDAT.
    pub fn has_comdat(self) -> Result<bool> {
        if !self.is_object()? {
            return Ok(false);
        }
        // SAFETY: a function or variable of a live module.
        Ok(!unsafe { (self.table().LLVMGetComdat()?)(self.raw) }.is_null())
    }

    /// The COMDAT that it is in, as functions and variables can be.
    pub fn comdat(self) -> Result<Option<Comdat>> {
        if !self.is_object()? {
            return Ok(None);
        }
        let (get, kind) = (
            self.table().LLVMGetComdat()?,
            self.table().LLVMGetComdatSelectionKind()?,
        );
        // SAFETY: a function or variable of a live module, and its COMDAT.
        let kind = unsafe {
            let raw = get(self.raw);
            match raw.is_null() {
                true => return Ok(None),
                false => kind(raw),
            }
        };
        Ok(Some(Comdat {
            name: text::comdat(self)?,
            kind: ComdatKind::from_raw(kind)?,
        }))
    }

    /// Puts it into the COMDAT of this name, which is made if it is not there, and of which no linker drops anything.
    pub fn set_comdat(self, name: &str) -> Result<()> {
        let table = self.table();
        let (insert, select, set) = (
            table.LLVMGetOrInsertComdat()?,
            table.LLVMSetComdatSelectionKind()?,
            table.LLVMSetComdat()?,
        );
        if !self.is_object()? {
            return Err(no_object(self, "a COMDAT"));
        }
        let name = c_string(name, "a COMDAT's name")?;
        // SAFETY: a function or variable of a live module, which owns the COMDAT; the name is a C string that LLVM copies.
        unsafe {
            let comdat = insert(self.module().raw, name.as_ptr());
            select(comdat, ComdatKind::NoDeduplicate as i32);
            set(self.raw, comdat);
        }
        Ok(())
    }

    /// How each thread has its own, if each has.
    pub(crate) fn thread_local_mode(self) -> Result<ThreadLocal> {
        // SAFETY: a variable, which is the only symbol that calls this.
        ThreadLocal::from_raw(unsafe { (self.table().LLVMGetThreadLocalMode()?)(self.raw) })
    }
}

fn no_object(symbol: Symbol<'_>, what: &str) -> Failure {
    match symbol.name() {
        Ok(name) => Failure::failed(format!(
            "{name} is another name, which has no {what} of its own"
        )),
        Err(failure) => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn every_linkage_is_told_apart() {
        for (text, expected) in [
            ("@v = global i8 0", Linkage::External),
            ("@v = external global i8", Linkage::External),
            ("@v = extern_weak global i8", Linkage::ExternalWeak),
            (
                "@v = available_externally global i8 0",
                Linkage::AvailableExternally,
            ),
            ("@v = linkonce global i8 0", Linkage::LinkOnceAny),
            ("@v = linkonce_odr global i8 0", Linkage::LinkOnceOdr),
            ("@v = weak global i8 0", Linkage::WeakAny),
            ("@v = weak_odr global i8 0", Linkage::WeakOdr),
            (
                "@v = appending global [1 x i8] zeroinitializer",
                Linkage::Appending,
            ),
            ("@v = internal global i8 0", Linkage::Internal),
            ("@v = private global i8 0", Linkage::Private),
            ("@v = common global i8 0", Linkage::Common),
        ] {
            let module = module(text);
            let global = module.global("v").unwrap().unwrap();
            assert_eq!(global.linkage().unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn visibility_address_section_and_comdat_are_read() {
        let module = module(
            "$c = comdat nodeduplicate\n@v = hidden unnamed_addr constant i8 0, section \".x\", comdat($c), align 16\n\
             define protected void @f() local_unnamed_addr { ret void }",
        );
        let v = module.global("v").unwrap().unwrap();
        assert_eq!(v.visibility().unwrap(), Visibility::Hidden);
        assert_eq!(v.address_matters().unwrap(), AddressMatters::Nowhere);
        assert_eq!(v.section().unwrap().as_deref(), Some(".x"));
        let comdat = v.comdat().unwrap().unwrap();
        assert_eq!(
            (comdat.name.as_str(), comdat.kind),
            ("c", ComdatKind::NoDeduplicate)
        );
        let f = module.function("f").unwrap().unwrap();
        assert_eq!(f.visibility().unwrap(), Visibility::Protected);
        assert_eq!(f.address_matters().unwrap(), AddressMatters::Elsewhere);
        assert_eq!((f.section().unwrap(), f.comdat().unwrap()), (None, None));
    }

    #[test]
    fn another_name_gets_no_section_and_no_comdat() {
        let module = module("@a = alias i8, ptr @v\n@v = global i8 0");
        let alias = module.aliases().unwrap()[0];
        let failure = alias.set_section(".x").unwrap_err();
        assert!(failure.what.starts_with("a is"), "{failure}");
        assert!(alias.set_comdat("c").is_err());
        assert!(!alias.has_comdat().unwrap() && alias.comdat().unwrap().is_none());
        assert!(alias.metadata().unwrap().is_empty());
    }

    #[test]
    fn attached_metadata_is_found_and_taken_away() {
        let module = module("@v = global i8 0, !kcfi_type !0\n!0 = !{i32 7}");
        let v = module.global("v").unwrap().unwrap();
        let kind = module.metadata_kind("kcfi_type").unwrap();
        let attached = v.metadata().unwrap();
        assert!(
            matches!(&attached[..], [(of, _)] if *of == kind),
            "{attached:?}"
        );
        v.remove_metadata(kind).unwrap();
        assert!(v.metadata().unwrap().is_empty());
    }
}
