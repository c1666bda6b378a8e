//! What sort of call it is; everything after this step branches on the answer.

use std::fmt;

use crate::invocation::Invocation;

/// What a compiler call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Asks the compiler about itself (`--version`, `--print`, `--help`).
    Query,
    /// Asks whether flags are accepted (Kbuild's and Kconfig's `rustc-option`): the answer must be the gated build's.
    FlagProbe,
    /// The toolchain's own `core`.
    RuntimeCore,
    /// The crate named `compiler_builtins`.
    RuntimeBuiltins,
    /// A library of the kernel: other crates depend on its metadata.
    KernelCrate,
    /// Built-in Rust object of the kernel.
    BuiltIn,
    /// Rust object of a loadable module.
    Module,
    /// A procedural macro, for the host.
    ProcMacro,
    /// A library for the host.
    HostLibrary,
    /// A program (or test program) for the host.
    HostProgram,
}

impl Class {
    /// Classifies a call.
    pub fn of(call: &Invocation) -> Self {
        if ["version", "help"].iter().any(|name| call.has(name))
            || call.value("print").is_some()
            || call.value("explain").is_some()
            || call.input().is_none()
        {
            return Class::Query;
        }
        // Kbuild pipes a one-line program and asks for `--emit=obj=-`; Kconfig compiles /dev/null.
        let discards = call.emits().any(|(_, path)| path == Some("-"));
        if (call.input() == Some("-") && discards) || call.input() == Some("/dev/null") {
            return Class::FlagProbe;
        }
        let types: Vec<_> = call.values("crate-type").collect();
        let kernel = call.value("target").is_some() || call.value("sysroot") == Some("/dev/null");
        if kernel {
            match call.value("crate-name") {
                Some("core") => return Class::RuntimeCore,
                Some("compiler_builtins") => return Class::RuntimeBuiltins,
                _ => {}
            }
            if call.emits().any(|(kind, _)| kind == "metadata") {
                return Class::KernelCrate;
            }
            return if call.values("cfg").any(|cfg| cfg == "MODULE") {
                Class::Module
            } else {
                Class::BuiltIn
            };
        }
        match types.as_slice() {
            types if types.contains(&"proc-macro") => Class::ProcMacro,
            types if types.iter().any(|kind| kind.ends_with("lib")) => Class::HostLibrary,
            _ => Class::HostProgram,
        }
    }

    /// Whether the result becomes part of the kernel image or a module.
    pub fn is_kernel(self) -> bool {
        matches!(
            self,
            Class::RuntimeCore
                | Class::RuntimeBuiltins
                | Class::KernelCrate
                | Class::BuiltIn
                | Class::Module
        )
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::Query => "query",
            Class::FlagProbe => "flag probe",
            Class::RuntimeCore | Class::RuntimeBuiltins => "runtime crate",
            Class::KernelCrate => "kernel crate",
            Class::BuiltIn => "built-in object",
            Class::Module => "module",
            Class::ProcMacro => "proc macro",
            Class::HostLibrary => "host library",
            Class::HostProgram => "host program",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::Tool;

    fn class(args: &str) -> Class {
        let args = args.split_whitespace().map(str::to_owned).collect();
        Class::of(&Invocation::parse(Tool::Rustc, args, &|_| unreachable!()).unwrap())
    }

    #[test]
    fn the_calls_kbuild_makes_fall_into_the_right_class() {
        use Class::*;
        for (args, expected) in [
            ("--version", Query),
            ("-vV", Query),
            (
                "--print file-names --crate-name x --crate-type proc-macro -",
                Query,
            ),
            (
                "--sysroot=/dev/null --remap-path-scope=macro --crate-type=rlib --out-dir=t --emit=obj=- -",
                FlagProbe,
            ),
            (
                "-Cllvm-args=-x --crate-type=rlib /dev/null --out-dir=t -o t/tmp.rlib",
                FlagProbe,
            ),
            (
                "--target=t.json --sysroot=/dev/null --emit=obj=core.o --emit=metadata=x --crate-type rlib --crate-name core l.rs",
                RuntimeCore,
            ),
            (
                "--target=t.json --emit=obj=c.o --crate-name compiler_builtins c.rs",
                RuntimeBuiltins,
            ),
            (
                "--target=t.json --emit=obj=k.o --emit=metadata=k.rmeta --crate-name kernel lib.rs",
                KernelCrate,
            ),
            ("--target=t.json --emit=obj=k.o drv.rs", BuiltIn),
            ("--target=t.json --cfg MODULE --emit=obj=k.o drv.rs", Module),
            ("--crate-type proc-macro --emit=link=m.so m.rs", ProcMacro),
            (
                "--crate-type rlib --emit=link=libsyn.rlib lib.rs",
                HostLibrary,
            ),
            ("--emit=link=scripts/x x.rs", HostProgram),
            ("--crate-name core core.rs", HostProgram),
        ] {
            assert_eq!(class(args), expected, "{args}");
        }
    }
}
