//! Where `#[used(compiler)]` is told from `#[used]`, which lowering makes of it: in the code generation stage, or in what rustc wrote.

use camino::Utf8PathBuf;
use gateless_codegen::UsedFix;
use gateless_lower::{LINKER_MARK, Lowered};
use gateless_model::Result;

use crate::call::{Call, State};
use crate::classify::Class;
use crate::retain;

/// Where the two are told apart for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// In the code generation stage, which makes the object.
    Generated,
    /// In the library for the host that rustc writes.
    Library,
    /// In the objects of a program for the host, before the linker reads them.
    Program,
    /// In crates that use the macros which the call compiles.
    Users,
    /// Nowhere.
    Nowhere,
}

impl Used {
    /// The place for a call, where `generates` says whether the code generation stage makes its object.
    pub fn of(call: &Call<'_>, generates: bool) -> Self {
        match call.class {
            Class::ProcMacro if matches!(call.state, State::Kept(_)) => Used::Users,
            Class::ProcMacro => Used::Nowhere,
            _ => match in_what_rustc_writes(call) {
                Some(used) => used,
                None if generates => Used::Generated,
                None => Used::Nowhere,
            },
        }
    }

    /// Whether lowering marks those for the linker.
    pub fn marks(self) -> bool {
        self != Used::Nowhere
    }

    /// What the code generation stage does about it.
    pub fn fix(lowered: Option<&Lowered<'_>>) -> UsedFix {
        match lowered {
            Some(_) => UsedFix::AllBut(LINKER_MARK.to_owned()),
            None => UsedFix::Keep,
        }
    }

    /// Puts right what rustc wrote for lowered sources.
    pub fn put_right(self, call: &Call<'_>) -> Result<()> {
        if self == Used::Library {
            // A call for metadata only writes none.
            let library = library(call);
            if library.is_file() {
                retain::release(&library)?;
            }
        }
        Ok(())
    }
}

/// The place where rustc makes the object, if it does so in a form in which the uses of `#[used]` can be fixed up: a library of objects, or
/// a program that is linked as rustc chooses to.
fn in_what_rustc_writes(call: &Call<'_>) -> Option<Used> {
    let invocation = call.invocation;
    let is_text = invocation
        .emits()
        .any(|(kind, _)| matches!(kind, "asm" | "llvm-ir" | "llvm-bc" | "obj"));
    let mut types = invocation.values("crate-type");
    match call.class {
        _ if is_text => None,
        Class::HostLibrary => types
            .all(|kind| matches!(kind, "lib" | "rlib"))
            .then_some(Used::Library),
        Class::HostProgram => {
            let own = ["linker", "linker-flavor"].map(|name| invocation.codegen(name));
            (own == [None, None]).then_some(Used::Program)
        }
        _ => None,
    }
}

/// The library that a call for the host writes.
pub fn library(call: &Call<'_>) -> Utf8PathBuf {
    let invocation = call.invocation;
    let named = invocation.emits().find(|(kind, _)| *kind == "link");
    let own = retain::library(
        invocation.value("out-dir").unwrap_or_default(),
        call.crate_name,
        invocation.codegen("extra-filename").unwrap_or_default(),
    );
    let path = named
        .and_then(|(_, path)| path)
        .or(invocation.value("output"))
        .map_or(own, Utf8PathBuf::from);
    call.cwd.join(path)
}
