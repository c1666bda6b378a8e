//! What a code generation flag is: how it is asked for, and at which places of the pipeline it may have an effect.
//!
//! The flags themselves are in `flags/`, one file each.

use std::any::Any;
use std::fmt;

use gateless_llvm::{Function, Module};
use gateless_model::{Failure, Result};

use crate::target::Target;

/// One effect on the code of a crate, with its value. Every method but the first two has a default that does nothing.
pub trait Flag: Any + fmt::Debug + Same + Send + Sync {
    /// How the flag is asked for. The first is what messages call it.
    fn spellings() -> &'static [Spelling]
    where
        Self: Sized;

    /// Reads one use of the flag; `before` is what earlier uses of it have come to.
    ///
    /// `None` for a value that asks for nothing (`-Zfunction-return=keep`), which takes back earlier uses.
    ///
    /// # Errors
    /// For a value that rustc would refuse, and for one that is not reproduced here.
    fn parse(given: &Given<'_>, before: Option<&Self>) -> Result<Option<Self>>
    where
        Self: Sized;

    /// Changes what code is generated for.
    fn adjust(&self, _target: &mut Target) {}

    /// Whether the flag can be had only of a module that no optimiser has run on.
    fn needs_unoptimised(&self) -> bool {
        false
    }

    /// The switch `-CNAME=y` of rustc without which the flag has nothing to do.
    fn needs_switch(&self) -> Option<&'static str> {
        None
    }

    /// The `--cfg` of a kernel that has what the flag's code calls; without it the object could not be linked.
    fn needs_cfg(&self) -> Option<&'static str> {
        None
    }

    /// Whether the flag says where in the source something is, and so needs the lines of debug information, even where none is generated.
    fn needs_lines(&self) -> bool {
        false
    }

    /// Whether the flag needs the numbers of Rust's types, and if it does, whether integers count as C's in them.
    fn needs_types(&self) -> Option<bool> {
        None
    }

    /// Each `--cfg` with which what the flag refuses is only a warning.
    fn tolerated_with(&self) -> &'static [&'static str] {
        &[]
    }

    /// Looks at the module that the optimiser has left.
    fn inspect(&self, _module: &Module) -> Result<Inspected> {
        Ok(Inspected::default())
    }

    /// Takes code out of a library that the toolchain has compiled, which rustc would have left out, before anything else is done.
    fn rewrite_prebuilt(&self, _module: &mut Module) -> Result<()> {
        Ok(())
    }

    /// Changes what the module's code does, before any flag has said how it is generated.
    fn rewrite(&self, _module: &mut Module, _target: &Target) -> Result<()> {
        Ok(())
    }

    /// Changes the module before the optimiser runs; fails if the flag does not fit the target.
    fn apply(&self, _module: &Module, _target: &Target) -> Result<()> {
        Ok(())
    }

    /// The target features that the flag stands for.
    fn features(&self) -> &str {
        ""
    }

    /// The passes that the flag adds to the optimiser at `place`, in the notation of `opt -passes=`.
    fn passes(&self, _place: Place) -> Option<&str> {
        None
    }

    /// The options of LLVM's passes that the flag stands for.
    fn llvm_options(&self) -> Vec<String> {
        Vec::new()
    }

    /// Changes the finished object.
    fn finish(&self, object: Vec<u8>) -> Result<Vec<u8>> {
        Ok(object)
    }

    /// How the flag is had where a C compiler generates the code. What doesn't say so can't be had of one.
    fn in_c(&self) -> InC {
        InC::Unknown
    }

    /// An argument that rustc needs for bitcode from which the flag can be had.
    fn for_rustc(&self, _target: &Target) -> Option<&'static str> {
        None
    }
}

/// How a flag is had where a C compiler generates the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InC {
    /// It can't be, as far as anyone knows.
    Unknown,
    /// It stands in the module, or has no meaning for a C compiler.
    InModule,
    /// The C compiler has arguments for it, which gcc and clang both know.
    Arguments(Vec<String>),
}

/// What a flag says of an optimised module.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    /// What must not be in it, a line each.
    pub refused: Vec<String>,
    /// Files about its object: the kind of each, and what it holds.
    pub lists: Vec<(&'static str, String)>,
}

/// Equality of flags of any type.
pub trait Same {
    /// Whether `other` is the same flag with the same value.
    fn same(&self, other: &dyn Flag) -> bool;
}

impl<F: Flag + PartialEq> Same for F {
    fn same(&self, other: &dyn Flag) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }
}

/// One way to ask for a flag. `_` and `-` in names of options are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// The unstable option `-ZNAME`, with or without `=VALUE`.
    Unstable(&'static str),
    /// One of the values of the unstable option `-ZNAME=VALUE,...`, which takes several.
    Listed(&'static str, &'static str),
    /// The stable option `-CNAME`, with or without `=VALUE`.
    Stable(&'static str),
    /// The field of a target specification.
    Specification(&'static str),
    /// The attribute `#![NAME]` of the crate.
    Attribute(&'static str),
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spelling::Unstable(name) => write!(f, "-Z{name}"),
            Spelling::Listed(name, value) => write!(f, "-Z{name}={value}"),
            Spelling::Stable(name) => write!(f, "-C{name}"),
            Spelling::Specification(name) => f.write_str(name),
            Spelling::Attribute(name) => write!(f, "#![{name}]"),
        }
    }
}

/// Where in the optimiser a flag adds passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before all others.
    First,
    /// After the first simplification, where LLVM itself puts those of a profile.
    Profile,
    /// At the optimiser's last extension point.
    Last,
    /// After the optimiser.
    After,
}

/// One use of a flag.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// How it was asked for.
    pub spelling: Spelling,
    /// The value, if there is one.
    pub value: Option<&'a str>,
}

impl<'a> Given<'a> {
    /// The value; fails without one. `wanted` is what rustc takes.
    pub fn needed(&self, wanted: &str) -> Result<&'a str> {
        self.value.ok_or_else(|| self.bad(wanted))
    }

    /// A value that says yes or no, or none, which says yes.
    pub fn yes(&self) -> Result<bool> {
        match self.value {
            None | Some("y" | "yes" | "on" | "true") => Ok(true),
            Some("n" | "no" | "off" | "false") => Ok(false),
            Some(_) => Err(self.bad("y, yes, on, true, n, no, off or false")),
        }
    }

    /// That the value is none of those that rustc takes.
    pub fn bad(&self, wanted: &str) -> Failure {
        let why = match self.value {
            Some(_) => "not a value of this option",
            None => "a value is missing",
        };
        self.refused(why).help(format!("rustc takes {wanted}"))
    }

    /// That rustc would refuse the value, and why.
    pub fn refused(&self, why: &str) -> Failure {
        Failure::usage(format!("{self}: {why}"))
    }

    /// That the effect is not to be had here.
    pub fn not_reproduced(&self) -> Failure {
        Failure::no(format!(
            "{self} is not a code generation flag that gateless can reproduce"
        ))
    }
}

impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.spelling, self.value) {
            (Spelling::Listed(..), _) | (_, None) => self.spelling.fmt(f),
            (spelling, Some(value)) => write!(f, "{spelling}={value}"),
        }
    }
}

/// The functions that rustc declared or defined, as opposed to LLVM's own: rustc writes the processor on each of them.
///
/// `llfn_attrs_from_instance` (compiler/rustc_codegen_llvm/src/attributes.rs) adds it together with the attributes of most flags.
pub fn of_rustc(module: &Module) -> Result<Vec<Function<'_>>> {
    let mut found = Vec::new();
    for function in module.functions()? {
        if function.text_attribute("target-cpu")?.is_some() {
            found.push(function);
        }
    }
    Ok(found)
}

/// Fails unless the target is of one of the architectures, given as beginnings of triples.
pub fn only_on(target: &Target, architectures: &[&str]) -> Result<()> {
    if architectures
        .iter()
        .any(|architecture| target.triple.starts_with(architecture))
    {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "not for {}, only for {}",
        target.triple,
        architectures.join(", ")
    ))
    .help("rustc refuses the flag on other architectures, too"))
}

/// x86, both widths.
pub const X86: &[&str] = &["x86_64", "i386", "i586", "i686"];
/// x86 of 32 bits.
pub const X86_32: &[&str] = &["i386", "i586", "i686"];
/// IBM Z.
pub const S390X: &[&str] = &["s390x"];
/// 64-bit ARM.
pub const ARM64: &[&str] = &["aarch64", "arm64"];
