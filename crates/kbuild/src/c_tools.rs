//! The C compiler and its tools, as make's variables choose them.

use gateless_base::program;
use gateless_linux::tree::Tool;
use gateless_machines::Machine;
use gateless_model::{Failure, Result};

/// Variables of make that choose tools. Kconfig asks the tools what they can do, so these are given to every make call.
const VARIABLES: &[&str] = &[
    "LLVM",
    "LLVM_IAS",
    "CROSS_COMPILE",
    "CC",
    "CPP",
    "LD",
    "AR",
    "NM",
    "OBJCOPY",
    "OBJDUMP",
    "READELF",
    "STRIP",
    "HOSTCC",
    "HOSTCXX",
    "PAHOLE",
    "SUBARCH",
];

/// Variables that say what gateless itself says to make, with what to use instead.
const OWN: &[(&str, &str)] = &[
    ("RUSTC", "--toolchain"),
    ("HOSTRUSTC", "--toolchain"),
    ("RUSTDOC", "--toolchain"),
    ("CLIPPY_DRIVER", "--toolchain"),
    ("BINDGEN", "the bindgen on PATH"),
    ("RUST_LIB_SRC", "the environment variable RUST_LIB_SRC"),
    ("LIBCLANG_PATH", "the environment variable LIBCLANG_PATH"),
    ("O", "--out"),
    ("KBUILD_OUTPUT", "--out"),
    ("ARCH", "--arch"),
];

/// What the user gives make: variables that choose tools, and the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MakeArgs {
    /// Variables that choose tools, by name.
    pub tools: Vec<(String, String)>,
    /// Goals, options, and variables of other kinds.
    pub others: Vec<String>,
}

impl MakeArgs {
    /// Refuses variables by which make would do something else than gateless was asked for.
    ///
    /// # Errors
    /// Ends in [`Exit::Usage`](gateless_model::Exit::Usage).
    pub fn check(arguments: &[String]) -> Result<()> {
        for argument in arguments {
            let Some((name, _)) = argument.split_once('=') else {
                continue;
            };
            let name = name.trim_end_matches([':', '+', '?']);
            if let Some((_, instead)) = OWN.iter().find(|(own, _)| *own == name) {
                return Err(Failure::usage(format!(
                    "`{argument}` can't be given to make: gateless sets {name} itself"
                ))
                .help(format!("use {instead}")));
            }
        }
        Ok(())
    }

    /// Sorts arguments as they would be given to make.
    pub fn of(arguments: &[String]) -> Self {
        let mut sorted = Self::default();
        for argument in arguments {
            match argument.split_once('=') {
                Some((name, value)) if VARIABLES.contains(&name.trim_end_matches(':')) => {
                    let name = name.trim_end_matches(':').to_owned();
                    sorted.tools.retain(|(known, _)| *known != name);
                    sorted.tools.push((name, value.to_owned()));
                }
                _ => sorted.others.push(argument.clone()),
            }
        }
        sorted
    }
}

/// The variables that choose tools for `arch` (Kbuild's ARCH): those of its machine, then `own`, which win.
pub fn variables(arch: &str, own: &[(String, String)]) -> Vec<(String, String)> {
    variables_where(arch, own, &|name| program::find(name).is_some())
}

fn variables_where(
    arch: &str,
    own: &[(String, String)],
    has: &dyn Fn(&str) -> bool,
) -> Vec<(String, String)> {
    let defaults = Machine::find(arch)
        .into_iter()
        .flat_map(|machine| &machine.make);
    let mut variables: Vec<(String, String)> = defaults
        .filter(|(name, _)| !own.iter().any(|(given, _)| given == *name))
        .map(|(name, value)| {
            let value = match name.as_str() {
                "LLVM" if is_unversioned(value, has) => "1",
                _ => value,
            };
            (name.clone(), value.to_owned())
        })
        .collect();
    variables.extend_from_slice(own);
    variables
}

/// Whether this machine has LLVM under no version. Debian and what derives from it name each version's tools after it (`clang-22`), and other
/// systems have one version, as `clang`.
fn is_unversioned(llvm: &str, has: &dyn Fn(&str) -> bool) -> bool {
    llvm.starts_with('-') && !has(&format!("clang{llvm}")) && !has("apt-get")
}

/// One of the tools that compile and link C.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CTool {
    /// The program, as found on PATH or as a path.
    pub program: String,
    /// The Debian package that has it, where that can be told.
    pub package: Option<String>,
    /// Whose version counts.
    pub tool: Tool,
    /// What it is for.
    pub purpose: &'static str,
}

/// Compilers and linkers of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CTools {
    /// Compiler, linker and, for LLVM, the tools for object files; each program once.
    pub tools: Vec<CTool>,
    /// The compiler of host programs.
    pub host: String,
}

impl CTools {
    /// The tools that Kbuild takes for these variables (see the tree's `Makefile` and `Documentation/kbuild/llvm.rst`).
    ///
    /// # Errors
    /// If LLVM has a value that Kbuild refuses.
    pub fn of(variables: &[(String, String)]) -> Result<Self> {
        let given = |name: &str| {
            variables
                .iter()
                .find_map(|(known, value)| (known == name).then_some(value.as_str()))
                .filter(|value| !value.is_empty())
        };
        let llvm = given("LLVM").map(Llvm::of).transpose()?;
        let mut host = match &llvm {
            Some(llvm) => llvm.tool("clang", "clang", Tool::Llvm, "").program,
            None => "gcc".to_owned(),
        };
        if let Some(own) = given("HOSTCC") {
            host = own.to_owned();
        }
        let (compiles, links) = ("compiles the kernel's C code", "links the kernel");
        let mut tools = match &llvm {
            Some(llvm) => vec![
                llvm.tool("clang", "clang", Tool::Llvm, compiles),
                llvm.tool("ld.lld", "lld", Tool::Llvm, links),
                llvm.tool("llvm-objcopy", "llvm", Tool::Llvm, "changes object files"),
            ],
            None => {
                let cross = given("CROSS_COMPILE").unwrap_or_default();
                vec![
                    gnu(cross, "gcc", "gcc", Tool::Gcc, compiles),
                    gnu(cross, "ld", "binutils", Tool::Binutils, links),
                ]
            }
        };
        for (variable, at) in [("CC", 0), ("LD", 1)] {
            if let Some(program) = given(variable) {
                tools[at] = named(program, tools[at].purpose);
            }
        }
        Ok(Self { tools, host })
    }
}

/// How the names of LLVM's tools are made.
struct Llvm<'a> {
    prefix: &'a str,
    suffix: &'a str,
}

impl<'a> Llvm<'a> {
    fn of(value: &'a str) -> Result<Self> {
        let (prefix, suffix) = match value {
            "1" => ("", ""),
            directory if directory.ends_with('/') => (directory, ""),
            version if version.starts_with('-') => ("", version),
            other => {
                return Err(
                    Failure::usage(format!("LLVM={other} is no value that Kbuild takes")).help(
                        "LLVM=1, a version such as LLVM=-22, a directory that ends in a slash, or LLVM= for gcc",
                    ),
                );
            }
        };
        Ok(Self { prefix, suffix })
    }

    fn tool(&self, name: &str, package: &str, tool: Tool, purpose: &'static str) -> CTool {
        let Self { prefix, suffix } = self;
        CTool {
            program: format!("{prefix}{name}{suffix}"),
            package: prefix.is_empty().then(|| format!("{package}{suffix}")),
            tool,
            purpose,
        }
    }
}

/// A GNU tool; Debian's packages of cross compilers are named after what stands before the tool's name.
fn gnu(cross: &str, name: &str, package: &str, tool: Tool, purpose: &'static str) -> CTool {
    CTool {
        program: format!("{cross}{name}"),
        package: match cross.strip_suffix('-') {
            None if cross.is_empty() => Some(package.to_owned()),
            Some(target) if !target.contains('/') => Some(format!("{package}-{target}")),
            _ => None,
        },
        tool,
        purpose,
    }
}

/// A tool that the user names; may be a command with a wrapper before it, as in `ccache gcc`.
fn named(command: &str, purpose: &'static str) -> CTool {
    let program = command.split_whitespace().last().unwrap_or(command);
    let is = |name: &str| program.rsplit('/').next().unwrap_or(program).contains(name);
    let (package, tool) = if is("clang") {
        (program.to_owned(), Tool::Llvm)
    } else if is("lld") {
        (program.replace("ld.", ""), Tool::Llvm)
    } else if is("gcc") {
        (program.to_owned(), Tool::Gcc)
    } else {
        ("binutils".to_owned(), Tool::Binutils)
    };
    CTool {
        program: program.to_owned(),
        package: (!program.contains('/')).then_some(package),
        tool,
        purpose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(arguments: &[&str]) -> Vec<(String, String)> {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let sorted = MakeArgs::of(&arguments);
        assert!(sorted.others.is_empty());
        sorted.tools
    }

    /// `program (package)` of each tool, and the host's compiler.
    fn table(arguments: &[&str]) -> String {
        let CTools { tools, host } = CTools::of(&pairs(arguments)).unwrap();
        let rows: Vec<String> = tools
            .iter()
            .map(|tool| {
                format!(
                    "{} ({})",
                    tool.program,
                    tool.package.as_deref().unwrap_or("by hand")
                )
            })
            .collect();
        format!("{}; host {host}", rows.join(", "))
    }

    #[test]
    fn the_tools_are_those_that_kbuild_makes_of_the_variables() {
        for (arguments, expected) in [
            ([].as_slice(), "gcc (gcc), ld (binutils); host gcc"),
            (&["LLVM="], "gcc (gcc), ld (binutils); host gcc"),
            (
                &["LLVM=-22"],
                "clang-22 (clang-22), ld.lld-22 (lld-22), llvm-objcopy-22 (llvm-22); host clang-22",
            ),
            (
                &["LLVM=1"],
                "clang (clang), ld.lld (lld), llvm-objcopy (llvm); host clang",
            ),
            (
                &["LLVM=/o/bin/"],
                "/o/bin/clang (by hand), /o/bin/ld.lld (by hand), /o/bin/llvm-objcopy (by hand); host /o/bin/clang",
            ),
            (
                &["CROSS_COMPILE=aarch64-linux-gnu-"],
                "aarch64-linux-gnu-gcc (gcc-aarch64-linux-gnu), aarch64-linux-gnu-ld (binutils-aarch64-linux-gnu); host gcc",
            ),
            (
                &["LLVM=-22", "CC=gcc"],
                "gcc (gcc), ld.lld-22 (lld-22), llvm-objcopy-22 (llvm-22); host clang-22",
            ),
            (
                &["CC=ccache gcc-13", "HOSTCC=clang"],
                "gcc-13 (gcc-13), ld (binutils); host clang",
            ),
            (&["LD=ld.lld-22"], "gcc (gcc), ld.lld-22 (lld-22); host gcc"),
        ] {
            assert_eq!(table(arguments), expected, "{arguments:?}");
        }
    }

    #[test]
    fn a_value_of_llvm_that_kbuild_refuses_is_refused() {
        assert!(CTools::of(&pairs(&["LLVM=22"])).is_err());
    }

    #[test]
    fn variables_that_choose_tools_are_told_from_goals_and_other_variables() {
        let arguments = [
            "CC=gcc", "V=1", "LLVM:=", "M=../x", "modules", "CC=clang", "CCX=1",
        ]
        .map(str::to_owned);
        let MakeArgs { tools, others } = MakeArgs::of(&arguments);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(tools, [pair("LLVM", ""), pair("CC", "clang")]);
        assert_eq!(others, ["V=1", "M=../x", "modules", "CCX=1"]);
    }

    #[test]
    fn what_the_user_chooses_replaces_what_the_machine_does() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let debian = |arch: &str, own: &[(String, String)]| {
            variables_where(arch, own, &|name| name == "apt-get")
        };
        assert_eq!(debian("x86_64", &[]), [pair("LLVM", "-22")]);
        assert_eq!(
            debian("x86_64", &pairs(&["LLVM=", "CC=gcc"])),
            [pair("LLVM", ""), pair("CC", "gcc")]
        );
        assert_eq!(variables("um", &[]), []);
        assert_eq!(variables("vax", &pairs(&["CC=gcc"])), [pair("CC", "gcc")]);
    }

    #[test]
    fn llvm_has_no_version_in_its_name_where_it_has_none_on_the_machine() {
        let llvm = |programs: &[&str]| -> String {
            let variables = variables_where("x86_64", &[], &|name| programs.contains(&name));
            variables[0].1.clone()
        };
        assert_eq!(llvm(&[]), "1");
        assert_eq!(llvm(&["clang"]), "1");
        assert_eq!(llvm(&["clang", "clang-22"]), "-22");
        assert_eq!(llvm(&["clang", "apt-get"]), "-22");
    }
}
