//! The kernel's own C compiler and its flags for C objects, as Kbuild exports them to every command (`export` in the tree's Makefile), and one run of it.

use std::collections::BTreeMap;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{hash, paths, process, program};
use gateless_model::{Failure, Result};

use crate::classify::Class;

/// The variable with the compiler.
const COMPILER: &str = "CC";

/// Variables with flags, in the order of `_c_flags` and `modkern_cflags` (scripts/Makefile.lib).
const COMMON: [&str; 2] = ["KBUILD_CPPFLAGS", "KBUILD_CFLAGS"];
const OF_IMAGE: [&str; 2] = ["KBUILD_CFLAGS_KERNEL", "CFLAGS_KERNEL"];
const OF_MODULES: [&str; 2] = ["KBUILD_CFLAGS_MODULE", "CFLAGS_MODULE"];

/// A C compiler, and what the tree calls it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CCompiler {
    /// The program and what stands behind it in `CC`.
    command: Vec<String>,
    /// The tree's flags, without what is for the preprocessor: the translation includes nothing and has no names of the tree's macros.
    pub flags: Vec<String>,
}

impl CCompiler {
    /// The one of this build, for a crate of this class. `variable` reads the environment.
    ///
    /// # Errors
    /// If the variables are missing, or aren't what a shell would take.
    pub fn of_build(class: Class, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let words = |name: &str| -> Result<Vec<String>> {
            let text = variable(name).unwrap_or_default();
            shlex::split(&text)
                .ok_or_else(|| Failure::failed(format!("{name} is no list of words: {text}")))
        };
        let command = words(COMPILER)?;
        if command.is_empty() || variable("KBUILD_CFLAGS").is_none() {
            return Err(Failure::usage(
                "the back end C needs the compiler and the flags that Kbuild exports to its commands, CC and KBUILD_CFLAGS",
            )
            .help("build through the kernel's make, or set both"));
        }
        let of_class = match class {
            Class::Module => OF_MODULES,
            _ => OF_IMAGE,
        };
        let mut flags = Vec::new();
        for name in COMMON.into_iter().chain(of_class) {
            flags.extend(words(name)?);
        }
        Ok(Self {
            command,
            flags: without_preprocessor(flags),
        })
    }

    /// The first line of what the compiler says about itself.
    pub fn version(&self) -> Result<String> {
        let said = process::stdout_of(self.command().arg("--version"))?;
        Ok(said.lines().next().unwrap_or_default().to_owned())
    }

    /// The program that is called, and the one that it has compile C, each with its hash.
    pub fn programs(&self, cwd: &Utf8Path) -> Result<BTreeMap<String, String>> {
        // `ccache gcc` is asked as a whole, and is two programs.
        let mut programs: Vec<Utf8PathBuf> = Vec::new();
        for word in self.command.iter().filter(|word| !word.starts_with('-')) {
            programs.extend(program::find(word));
        }
        // gcc compiles in a program of its own; clang, which doesn't, gives the name back.
        let compiles = process::stdout_of(self.command().arg("-print-prog-name=cc1"))?;
        let compiles = Utf8PathBuf::from(compiles.trim());
        if compiles.is_absolute() {
            programs.push(compiles);
        }
        if programs.is_empty() {
            return Err(Failure::failed(format!(
                "the C compiler `{}` is not on PATH",
                self.command.join(" ")
            )));
        }
        let mut hashed = BTreeMap::new();
        for program in programs {
            let path = paths::absolute(cwd, &program);
            hashed.insert(path.to_string(), hash::sha256_remembered(&path)?);
        }
        Ok(hashed)
    }

    /// Compiles; what the compiler says is an error if it fails, else its warnings.
    pub fn run(&self, arguments: &[String]) -> Result<String> {
        let output = process::output_of(self.command().args(arguments))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.success() {
            true => Ok(said),
            false => Err(Failure::failed(format!(
                "the C compiler `{}` failed ({}):\n{}",
                self.command.join(" "),
                output.status,
                said.trim_end()
            ))),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]);
        command
    }
}

/// The flags but for those that say what the preprocessor defines, includes and writes.
fn without_preprocessor(flags: Vec<String>) -> Vec<String> {
    const WITH_VALUE: [&str; 8] = [
        "-D",
        "-U",
        "-I",
        "-include",
        "-imacros",
        "-isystem",
        "-idirafter",
        "-iquote",
    ];
    let mut kept = Vec::new();
    let mut flags = flags.into_iter();
    while let Some(flag) = flags.next() {
        if WITH_VALUE.contains(&flag.as_str()) {
            flags.next();
            continue;
        }
        let is_about = |start: &&str| flag.starts_with(*start);
        if !["-D", "-U", "-I", "-Wp,", "-include"].iter().any(is_about) {
            kept.push(flag);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(class: Class, set: &[(&str, &str)]) -> Result<CCompiler> {
        CCompiler::of_build(class, &|name| {
            let found = set.iter().find(|(its, _)| *its == name)?;
            Some(found.1.to_owned())
        })
    }

    const SET: [(&str, &str); 5] = [
        ("CC", "ccache gcc"),
        ("KBUILD_CPPFLAGS", "-D__KERNEL__ --target=x"),
        (
            "KBUILD_CFLAGS",
            "-O2 -include a.h -DA='\"b c\"' -fmacro-prefix-map='/a b/'=",
        ),
        ("KBUILD_CFLAGS_KERNEL", "-fkernel"),
        ("KBUILD_CFLAGS_MODULE", "-DMODULE -fmodule"),
    ];

    #[test]
    fn a_module_has_other_flags_than_the_image_and_none_are_for_the_preprocessor() {
        let flags = |class| of(class, &SET).unwrap().flags;
        let common = ["--target=x", "-O2", "-fmacro-prefix-map=/a b/="];
        assert_eq!(flags(Class::BuiltIn), [&common[..], &["-fkernel"]].concat());
        assert_eq!(flags(Class::Module), [&common[..], &["-fmodule"]].concat());
    }

    #[test]
    fn a_build_that_names_no_compiler_or_no_flags_is_refused() {
        for set in [&SET[1..], &SET[..1]] {
            let failure = of(Class::BuiltIn, set).unwrap_err();
            assert!(failure.what.contains("KBUILD_CFLAGS"), "{failure}");
        }
    }
}
