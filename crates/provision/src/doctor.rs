//! What a build needs: each prerequisite with the version found, the version wanted, and what it is for.

mod machine;

use camino::Utf8Path;
use gateless_base::{process, variable};
use gateless_linux::tree::{Tool, Tree};
use gateless_machines::{Machine, NeededBy, kbuild_arch};
use gateless_model::{Failure, Result};

use crate::libclang;
use crate::toolchain::{self, Choice, Chosen, Wanted};
use crate::{others, rust_src, tools};
use gateless_kbuild::c_tools::CTools;
use gateless_model::Version;
use gateless_rustc::compiler::Compiler;
use machine::{find_header, find_program};

/// One thing that a build needs or can use.
#[derive(Debug)]
pub struct Prerequisite {
    /// Name as people know it.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// What is wanted, for people.
    pub wanted: String,
    /// What was found, for people; or why it does not do.
    pub found: Result<String>,
    /// Whether a build can do without.
    pub required: bool,
    /// How it is brought in.
    pub fix: Fix,
}

impl Prerequisite {
    /// Whether a build fails for lack of it.
    pub fn is_missing(&self) -> bool {
        self.required && self.found.is_err()
    }
}

/// What the prerequisites are for.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// Name of a machine (`machines/`), or Kbuild's ARCH.
    pub arch: &'a str,
    /// The variables of make that choose the C tools (see [`gateless_kbuild::c_tools::variables`]).
    pub c_tools: &'a [(String, String)],
    /// Whether the kernel is to be booted.
    pub boots: bool,
    /// Whether `core` is built from the toolchain's sources.
    pub builds_core: bool,
    /// Which compiler.
    pub toolchain: &'a Choice,
}

/// How a prerequisite is brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// A Debian package of this name.
    Package(String),
    /// The newest libclang that Debian has.
    Libclang,
    /// `cargo install bindgen-cli` into the cache.
    Bindgen,
    /// Debian's rust-src of the compiler's version, unpacked into the cache.
    RustSrc(Version),
    /// Debian's rustc and rust-src, unpacked into the cache; and why, for people.
    Toolchain(Wanted, String),
    /// The user has to do it.
    ByHand,
}

/// A program known by its name on PATH: name, oldest version, Debian package, purpose, whether it is required.
type Program = (
    &'static str,
    Option<Version>,
    &'static str,
    &'static str,
    bool,
);

/// What every build needs or can use; what only one architecture needs is in `machines/`.
///
/// Oldest versions: Documentation/process/changes.rst of Linux 7.3; those the tree's own script knows are asked there.
const PROGRAMS: &[Program] = &[
    (
        "make",
        Some(Version::new(4, 0, 0)),
        "make",
        "runs Kbuild",
        true,
    ),
    (
        "flex",
        Some(Version::new(2, 5, 35)),
        "flex",
        "Kconfig's lexer",
        true,
    ),
    (
        "bison",
        Some(Version::new(2, 0, 0)),
        "bison",
        "Kconfig's parser",
        true,
    ),
    (
        "bc",
        Some(Version::new(1, 6, 95)),
        "bc",
        "computes the kernel's time constants",
        true,
    ),
    (
        "gzip",
        None,
        "gzip",
        "packs the .config into the kernel",
        true,
    ),
    (
        "xz",
        None,
        "xz-utils",
        "unpacks kernel sources (gateless fetch)",
        true,
    ),
    ("cpio", None, "cpio", "packs an initial file system", false),
    ("depmod", None, "kmod", "make modules_install", false),
    (
        "pahole",
        Some(Version::new(1, 22, 0)),
        "pahole",
        "BTF type information (CONFIG_DEBUG_INFO_BTF)",
        false,
    ),
    ("rsync", None, "rsync", "make headers_install", false),
    ("python3", None, "python3", "the kernel's kunit.py", false),
];

/// Looks for everything that `job` needs; `tree`, if there is one yet, says the oldest versions it takes.
///
/// # Errors
/// If the tree or a tool can't be asked, or the C tools are chosen in a way that Kbuild refuses.
pub fn check(cache: &Utf8Path, job: Job<'_>, tree: Option<&Tree>) -> Result<Vec<Prerequisite>> {
    let minimum = |tool| minimum(tool, job.arch, tree);
    let mut all = rust(cache, job, minimum(Tool::Rustc)?);
    let libclang_minimum = minimum(Tool::Llvm)?;
    let libclang = find_libclang(libclang_minimum);
    all.push(Prerequisite {
        name: "libclang".to_owned(),
        purpose: "reads the kernel's C headers for bindgen".to_owned(),
        wanted: format!(">= {libclang_minimum}"),
        fix: if variable::path("LIBCLANG_PATH")?.is_some() {
            Fix::ByHand
        } else {
            Fix::Libclang
        },
        found: libclang,
        required: true,
    });
    let newest_libclang = libclang::find().ok().and_then(|libclang| libclang.major);
    let bindgen_minimum = minimum(Tool::Bindgen)?.max(tools::minimum_for_libclang(newest_libclang));
    all.push(Prerequisite {
        name: "bindgen".to_owned(),
        purpose: "makes Rust declarations of the kernel's C interfaces".to_owned(),
        wanted: format!(">= {bindgen_minimum}"),
        fix: match tools::find_bindgen(cache, bindgen_minimum) {
            // It is there, and something else is wrong.
            Ok(_) => Fix::ByHand,
            Err(_) => Fix::Bindgen,
        },
        found: find_bindgen(cache, bindgen_minimum, libclang_minimum),
        required: true,
    });
    let CTools { tools, host } = CTools::of(job.c_tools)?;
    for tool in tools {
        let minimum = minimum(tool.tool)?;
        all.push(Prerequisite {
            found: find_program(&tool.program, Some(minimum)),
            name: tool.program,
            purpose: tool.purpose.to_owned(),
            wanted: format!(">= {minimum}"),
            required: true,
            fix: tool.package.map_or(Fix::ByHand, Fix::Package),
        });
    }
    all.extend(PROGRAMS.iter().map(
        |&(name, minimum, package, purpose, required)| Prerequisite {
            name: name.to_owned(),
            purpose: purpose.to_owned(),
            wanted: minimum.map_or_else(|| "any".to_owned(), |minimum| format!(">= {minimum}")),
            found: find_program(name, minimum),
            required,
            fix: Fix::Package(package.to_owned()),
        },
    ));
    all.push(Prerequisite {
        name: "C library headers".to_owned(),
        purpose: "host programs, and UML itself".to_owned(),
        wanted: "any".to_owned(),
        found: find_header("stdio.h", &host),
        required: true,
        fix: Fix::Package("libc6-dev".to_owned()),
    });
    all.push(Prerequisite {
        name: "libdw headers".to_owned(),
        purpose: "symbol versions from debug information (CONFIG_GENDWARFKSYMS)".to_owned(),
        wanted: "any".to_owned(),
        found: find_header("dwarf.h", &host),
        required: false,
        fix: Fix::Package("libdw-dev".to_owned()),
    });
    if let Some(machine) = Machine::find(job.arch) {
        all.extend(of_machine(machine, &host, job.boots));
    }
    Ok(all)
}

/// What else is here of what a tree has minimum versions for, each with whether it would do.
///
/// # Errors
/// If the tree can't be asked.
pub fn installed(cache: &Utf8Path, job: Job<'_>, tree: Option<&Tree>) -> Result<Vec<Prerequisite>> {
    let row = |name: &str, minimum: Version, found: Version, where_: String| Prerequisite {
        name: format!("{name} here"),
        purpose: "would do in its place".to_owned(),
        wanted: format!(">= {minimum}"),
        found: match found >= minimum {
            true => Ok(format!("{found}: {where_}")),
            false => Err(Failure::no(format!("{found} is too old: {where_}"))),
        },
        required: false,
        fix: Fix::ByHand,
    };
    let minimum = |tool| minimum(tool, job.arch, tree);
    let rustc = minimum(Tool::Rustc)?;
    let compilers = others::compilers(cache).into_iter();
    let mut rows: Vec<Prerequisite> = compilers
        .map(|other| {
            let how = format!("--toolchain {}", other.toolchain);
            row("rustc", rustc, other.version, how)
        })
        .collect();
    let libclang = minimum(Tool::Llvm)?;
    for other in others::libclangs() {
        let how = format!("LIBCLANG_PATH={}", other.directory);
        let Some(major) = other.major else { continue };
        // The names of files say no more than the major version.
        let minimum = Version::new(libclang.major, 0, 0);
        rows.push(row("libclang", minimum, Version::new(major, 0, 0), how));
    }
    let of_libclang = libclang::find().ok().and_then(|libclang| libclang.major);
    let bindgen = minimum(Tool::Bindgen)?.max(tools::minimum_for_libclang(of_libclang));
    for other in others::bindgens(cache) {
        rows.push(row(
            "bindgen",
            bindgen,
            other.version,
            other.path.to_string(),
        ));
    }
    Ok(rows)
}

/// The oldest version of `tool` that `tree` takes for this architecture; without a tree, what Linux 7.3 takes.
fn minimum(tool: Tool, arch: &str, tree: Option<&Tree>) -> Result<Version> {
    match tree {
        Some(tree) if tool == Tool::Rustc => {
            tree.minimum_rustc(kbuild_arch(arch), &process::stdout_of)
        }
        Some(tree) => tree.minimum(tool, kbuild_arch(arch), &process::stdout_of),
        None => Ok(usual_minimum(tool, kbuild_arch(arch))),
    }
}

/// The oldest version that Linux 7.3 takes (its scripts/min-tool-version.sh), where there is no tree to ask.
fn usual_minimum(tool: Tool, arch: &str) -> Version {
    match (tool, arch) {
        (Tool::Rustc, "s390") => Version::new(1, 96, 0),
        (Tool::Rustc, "powerpc") => Version::new(1, 95, 0),
        (Tool::Rustc, _) => Version::new(1, 85, 0),
        (Tool::Bindgen, _) => Version::new(0, 71, 1),
        (Tool::Llvm, "loongarch") => Version::new(18, 0, 0),
        (Tool::Llvm, _) => Version::new(17, 0, 1),
        (Tool::Gcc, "parisc64") => Version::new(12, 0, 0),
        (Tool::Gcc, _) => Version::new(8, 1, 0),
        (Tool::Binutils, _) => Version::new(2, 30, 0),
    }
}

/// bindgen, with the libclang that it loads: a program of the right version may still be unable to load one, or load another.
fn find_bindgen(cache: &Utf8Path, minimum: Version, libclang_minimum: Version) -> Result<String> {
    let bindgen = tools::find_bindgen(cache, minimum)?;
    let found = format!("{} ({})", bindgen.version, bindgen.path);
    // Without a libclang there is nothing to load, which has a line of its own.
    let Ok(libclang) = libclang::find() else {
        return Ok(found);
    };
    let loaded = tools::libclang_of(&bindgen, &libclang.directory)?;
    if loaded < libclang_minimum {
        return Err(Failure::no(format!(
            "{} loads libclang {loaded}, which is too old: {libclang_minimum} is the minimum",
            bindgen.path
        ))
        .help(libclang::help(libclang_minimum)));
    }
    Ok(match libclang.major {
        Some(major) if major != loaded.major => format!(
            "{found}, which loads libclang {loaded} and not the one in {}",
            libclang.directory
        ),
        _ => found,
    })
}

/// What the machine's file adds.
fn of_machine(machine: &Machine, host: &str, boots: bool) -> Vec<Prerequisite> {
    let headers = machine.headers.iter().map(|header| Prerequisite {
        name: header.name.clone(),
        purpose: header.purpose.clone(),
        wanted: "any".to_owned(),
        found: find_header(&header.file, host),
        required: true,
        fix: Fix::Package(header.package.clone()),
    });
    let programs = machine
        .programs
        .iter()
        .filter(|program| boots || program.needed_by == NeededBy::Build);
    let programs = programs.map(|program| Prerequisite {
        name: program.name.clone(),
        purpose: program.purpose.clone(),
        wanted: "any".to_owned(),
        found: find_program(&program.name, None),
        required: true,
        fix: Fix::Package(program.package.clone()),
    });
    headers.chain(programs).collect()
}

fn rust(cache: &Utf8Path, job: Job<'_>, minimum: Version) -> Vec<Prerequisite> {
    let mut to_come = None;
    let compiler = match toolchain::choose(job.toolchain, cache, Some(minimum)) {
        Ok(Chosen::Here(compiler)) => Ok(compiler),
        Ok(Chosen::Missing(wanted, instead)) => {
            let failure = toolchain::missing(&wanted, &instead);
            to_come = Some(Fix::Toolchain(wanted, instead));
            Err(failure)
        }
        Err(failure) => Err(failure),
    };
    let known: Option<Compiler> = compiler.as_ref().ok().cloned();
    let comes_with_it = || to_come.clone().unwrap_or(Fix::ByHand);
    let version = known.as_ref().map(|compiler| compiler.version);
    let of_compiler = |path: Option<&camino::Utf8PathBuf>, name: &str| match (path, &known) {
        (Some(path), _) => Ok(path.to_string()),
        (None, Some(compiler)) => Err(Failure::no(format!(
            "the toolchain of {} has no {name}",
            compiler.command
        ))
        .help("add it with rustup, or install the toolchain's package of that name")),
        (None, None) => Err(Failure::no("no usable rustc")),
    };
    let wanted = version.map_or_else(
        || "of rustc's version".to_owned(),
        |version| version.to_string(),
    );
    let rustc = Prerequisite {
        name: "rustc".to_owned(),
        purpose: "compiles the kernel's Rust code".to_owned(),
        wanted: format!("stable, >= {minimum}"),
        found: compiler.and_then(|compiler| {
            if compiler.version < minimum {
                Err(Failure::no(format!(
                    "{} is too old: {minimum} is the minimum",
                    compiler.version_text
                ))
                .help(others::help_for_rustc(cache, minimum)))
            } else {
                Ok(format!("{} ({})", compiler.version, compiler.command))
            }
        }),
        required: true,
        fix: comes_with_it(),
    };
    // What comes with a compiler is not missing by itself.
    if known.is_none() {
        return vec![rustc];
    }
    let by_user = std::env::var_os("RUST_LIB_SRC").is_some_and(|value| !value.is_empty());
    vec![
        rustc,
        Prerequisite {
            name: "rustdoc".to_owned(),
            purpose: "finds the doctests".to_owned(),
            wanted: wanted.clone(),
            found: of_compiler(
                known
                    .as_ref()
                    .and_then(|compiler| compiler.rustdoc.as_ref()),
                "rustdoc",
            ),
            required: true,
            fix: comes_with_it(),
        },
        Prerequisite {
            name: "clippy-driver".to_owned(),
            purpose: "make CLIPPY=1".to_owned(),
            wanted: wanted.clone(),
            found: of_compiler(
                known
                    .as_ref()
                    .and_then(|compiler| compiler.clippy_driver.as_ref()),
                "clippy-driver",
            ),
            required: false,
            fix: Fix::ByHand,
        },
        Prerequisite {
            name: "rust-src".to_owned(),
            purpose: "sources of core, which the kernel compiles for itself".to_owned(),
            wanted,
            found: match &known {
                Some(compiler) => {
                    rust_src::find(compiler, cache).map(|library| library.to_string())
                }
                None => Err(Failure::no("no usable rustc")),
            },
            required: job.builds_core,
            fix: match version {
                Some(version) if !by_user => Fix::RustSrc(version),
                Some(_) => Fix::ByHand,
                None => comes_with_it(),
            },
        },
    ]
}

fn find_libclang(minimum: Version) -> Result<String> {
    let libclang = libclang::find()?;
    libclang::check(&libclang, minimum)?;
    Ok(match libclang.major {
        Some(major) => format!("{major} ({})", libclang.directory),
        None => format!("of unknown version ({})", libclang.directory),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateless_kbuild::c_tools;

    /// Names of what is required.
    fn required(arch: &str, variables: &[(String, String)], boots: bool) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        let job = Job {
            arch,
            c_tools: variables,
            boots,
            builds_core: true,
            toolchain: &Choice::Automatic,
        };
        let all = check(Utf8Path::from_path(root.path()).unwrap(), job, None).unwrap();
        all.into_iter()
            .filter(|prerequisite| prerequisite.required)
            .map(|prerequisite| prerequisite.name)
            .collect()
    }

    #[test]
    fn each_architecture_asks_for_what_it_needs_and_for_nothing_else() {
        let um = required("um", &c_tools::variables("um", &[]), true);
        let x86 = required("x86_64", &c_tools::variables("x86_64", &[]), true);
        let only = |some: &[String], others: &[String]| -> Vec<String> {
            let only = some.iter().filter(|name| !others.contains(name));
            only.cloned().collect()
        };
        assert_eq!(only(&um, &x86), ["gcc", "ld"]);
        assert_eq!(
            only(&x86, &um),
            [
                "clang-22",
                "ld.lld-22",
                "llvm-objcopy-22",
                "libelf headers",
                "OpenSSL headers",
                "qemu-system-x86_64",
                "busybox",
                "zbarimg"
            ]
        );
    }

    #[test]
    fn a_build_does_not_need_the_emulator() {
        let variables = c_tools::variables("x86_64", &[]);
        let emulator = "qemu-system-x86_64".to_owned();
        assert!(required("x86_64", &variables, true).contains(&emulator));
        assert!(!required("x86_64", &variables, false).contains(&emulator));
    }

    #[test]
    fn another_compiler_is_looked_for_when_the_user_names_one() {
        let own = [("LLVM".to_owned(), String::new())];
        let names = required("x86_64", &c_tools::variables("x86_64", &own), false);
        assert!(names.contains(&"gcc".to_owned()) && !names.contains(&"clang-22".to_owned()));
    }
}
