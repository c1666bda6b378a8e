//! What a build needs: each prerequisite with the version found, the version wanted, and what it is for.

use std::process::Command;

use camino::Utf8Path;
use gateless_model::{Failure, Result};

use crate::compiler::{self, Compiler};
use crate::libclang;
use crate::tree::{Tool, Tree};
use crate::{Version, cache, command, rust_src, tools};

/// One thing that a build needs or can use.
#[derive(Debug)]
pub struct Prerequisite {
    /// Name as people know it.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
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

/// How a prerequisite is brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// A Debian package of this name.
    Package(&'static str),
    /// The newest libclang that Debian has.
    Libclang,
    /// `cargo install bindgen-cli` into the cache.
    Bindgen,
    /// Debian's rust-src of the compiler's version, unpacked into the cache.
    RustSrc,
    /// The user has to do it.
    ByHand,
}

/// A program known by its name on PATH: name, oldest version, Debian package, purpose, where it is needed.
type Program = (
    &'static str,
    Option<Version>,
    &'static str,
    &'static str,
    Need,
);

/// Where something is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// For every build.
    Always,
    /// For builds of real machines, not for UML.
    Machines,
    /// For extras.
    Optional,
}

/// Oldest versions: Documentation/process/changes.rst of Linux 7.3; those the tree's own script knows are asked there.
const PROGRAMS: &[Program] = &[
    (
        "make",
        Some(Version::new(4, 0, 0)),
        "make",
        "runs Kbuild",
        Need::Always,
    ),
    (
        "flex",
        Some(Version::new(2, 5, 35)),
        "flex",
        "Kconfig's lexer",
        Need::Always,
    ),
    (
        "bison",
        Some(Version::new(2, 0, 0)),
        "bison",
        "Kconfig's parser",
        Need::Always,
    ),
    (
        "bc",
        Some(Version::new(1, 6, 95)),
        "bc",
        "computes the kernel's time constants",
        Need::Always,
    ),
    (
        "gzip",
        None,
        "gzip",
        "packs the .config into the kernel",
        Need::Always,
    ),
    (
        "xz",
        None,
        "xz-utils",
        "unpacks kernel sources (gateless fetch)",
        Need::Always,
    ),
    (
        "cpio",
        None,
        "cpio",
        "packs an initial file system",
        Need::Machines,
    ),
    (
        "depmod",
        None,
        "kmod",
        "make modules_install",
        Need::Optional,
    ),
    (
        "pahole",
        Some(Version::new(1, 22, 0)),
        "pahole",
        "BTF type information (CONFIG_DEBUG_INFO_BTF)",
        Need::Optional,
    ),
    (
        "rsync",
        None,
        "rsync",
        "make headers_install",
        Need::Optional,
    ),
    (
        "python3",
        None,
        "python3",
        "the kernel's kunit.py",
        Need::Optional,
    ),
];

/// Headers: file that gcc must find, Debian package, name, purpose, where needed.
const HEADERS: &[(&str, &str, &str, &str, Need)] = &[
    (
        "stdio.h",
        "libc6-dev",
        "C library headers",
        "host programs, and UML itself",
        Need::Always,
    ),
    (
        "gelf.h",
        "libelf-dev",
        "libelf headers",
        "objtool",
        Need::Machines,
    ),
    (
        "openssl/ssl.h",
        "libssl-dev",
        "OpenSSL headers",
        "certificates and module signing",
        Need::Machines,
    ),
];

/// Looks for everything that a build for `arch` needs; `tree`, if there is one yet, says the oldest versions it takes.
pub fn check(cache: &Utf8Path, arch: &str, tree: Option<&Tree>) -> Result<Vec<Prerequisite>> {
    let minimum = |tool: Tool| -> Result<Version> {
        match tree {
            Some(tree) => tree.minimum(tool, arch),
            // As in scripts/min-tool-version.sh of Linux 7.3, for UML and x86.
            None => Ok(match tool {
                Tool::Rustc => Version::new(1, 85, 0),
                Tool::Bindgen => Version::new(0, 71, 1),
                Tool::Llvm => Version::new(17, 0, 1),
                Tool::Gcc => Version::new(8, 1, 0),
                Tool::Binutils => Version::new(2, 30, 0),
            }),
        }
    };
    let mut all = rust(cache, minimum(Tool::Rustc)?);
    let libclang_minimum = minimum(Tool::Llvm)?;
    let libclang = find_libclang(libclang_minimum);
    all.push(Prerequisite {
        name: "libclang",
        purpose: "reads the kernel's C headers for bindgen",
        wanted: format!(">= {libclang_minimum}"),
        fix: if cache::utf8_variable("LIBCLANG_PATH")?.is_some() {
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
        name: "bindgen",
        purpose: "makes Rust declarations of the kernel's C interfaces",
        wanted: format!(">= {bindgen_minimum}"),
        found: tools::find_bindgen(cache, bindgen_minimum)
            .map(|bindgen| format!("{} ({})", bindgen.version, bindgen.path)),
        required: true,
        fix: Fix::Bindgen,
    });
    all.push(program(
        &(
            "gcc",
            Some(minimum(Tool::Gcc)?),
            "gcc",
            "compiles the kernel's C code",
            Need::Always,
        ),
        arch,
    ));
    all.push(program(
        &(
            "ld",
            Some(minimum(Tool::Binutils)?),
            "binutils",
            "links the kernel",
            Need::Always,
        ),
        arch,
    ));
    let is_wanted = |need: Need| arch != "um" || need != Need::Machines;
    all.extend(
        PROGRAMS
            .iter()
            .filter(|entry| is_wanted(entry.4))
            .map(|entry| program(entry, arch)),
    );
    all.extend(
        HEADERS
            .iter()
            .filter(|entry| is_wanted(entry.4))
            .map(header),
    );
    Ok(all)
}

fn rust(cache: &Utf8Path, minimum: Version) -> Vec<Prerequisite> {
    let compiler = compiler::find();
    let known: Option<Compiler> = compiler.as_ref().ok().cloned();
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
    let by_user = std::env::var_os("RUST_LIB_SRC").is_some_and(|value| !value.is_empty());
    vec![
        Prerequisite {
            name: "rustc",
            purpose: "compiles the kernel's Rust code",
            wanted: format!("stable, >= {minimum}"),
            found: compiler.and_then(|compiler| {
                if compiler.version < minimum {
                    Err(Failure::no(format!("{} is too old", compiler.version_text))
                        .help("rustup update stable"))
                } else {
                    Ok(format!("{} ({})", compiler.version, compiler.command))
                }
            }),
            required: true,
            fix: Fix::ByHand,
        },
        Prerequisite {
            name: "rustdoc",
            purpose: "finds the doctests",
            wanted: wanted.clone(),
            found: of_compiler(
                known
                    .as_ref()
                    .and_then(|compiler| compiler.rustdoc.as_ref()),
                "rustdoc",
            ),
            required: true,
            fix: Fix::ByHand,
        },
        Prerequisite {
            name: "clippy-driver",
            purpose: "make CLIPPY=1",
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
            name: "rust-src",
            purpose: "sources of core, which the kernel compiles for itself",
            wanted,
            found: match &known {
                Some(compiler) => {
                    rust_src::find(compiler, cache).map(|library| library.to_string())
                }
                None => Err(Failure::no("no usable rustc")),
            },
            required: true,
            fix: if by_user { Fix::ByHand } else { Fix::RustSrc },
        },
    ]
}

fn find_libclang(minimum: Version) -> Result<String> {
    let libclang = libclang::find()?;
    libclang::check(&libclang, minimum)?;
    Ok(match libclang.major {
        Some(major) => format!("{major} ({})", libclang.folder),
        None => format!("of unknown version ({})", libclang.folder),
    })
}

fn program(&(name, minimum, package, purpose, need): &Program, arch: &str) -> Prerequisite {
    Prerequisite {
        name,
        purpose,
        wanted: minimum.map_or_else(|| "any".to_owned(), |minimum| format!(">= {minimum}")),
        found: find_program(name, minimum),
        required: need == Need::Always || need == Need::Machines && arch != "um",
        fix: Fix::Package(package),
    }
}

fn find_program(name: &str, minimum: Option<Version>) -> Result<String> {
    let path =
        command::find_on_path(name).ok_or_else(|| Failure::no(format!("no `{name}` on PATH")))?;
    let Some(minimum) = minimum else {
        return Ok(path.to_string());
    };
    let output = command::output_of(Command::new(&path).arg("--version"))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    match text.lines().find_map(last_version) {
        Some(found) if found >= minimum => Ok(format!("{found} ({path})")),
        Some(found) => Err(Failure::no(format!("{path} is {found}, which is too old"))),
        None => Err(Failure::no(format!("`{path} --version` prints no version"))),
    }
}

/// GNU tools print the distribution's package version in parentheses before their own.
fn last_version(line: &str) -> Option<Version> {
    line.split_whitespace().rev().find_map(Version::find)
}

fn header(
    &(file, package, name, purpose, _): &(&str, &'static str, &'static str, &'static str, Need),
) -> Prerequisite {
    let found = command::stdout_of(Command::new("gcc").args([
        "-E",
        "-include",
        file,
        "-x",
        "c",
        "/dev/null",
    ]));
    Prerequisite {
        name,
        purpose,
        wanted: "any".to_owned(),
        found: found
            .map(|_| file.to_owned())
            .map_err(|_| Failure::no(format!("gcc does not find {file}"))),
        required: true,
        fix: Fix::Package(package),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tools_own_version_is_read_and_not_its_packages() {
        assert_eq!(
            last_version("gcc (Debian 12.2.0-14+deb12u1) 12.2.1"),
            Some(Version::new(12, 2, 1))
        );
        assert_eq!(
            last_version("GNU ld (GNU Binutils for Debian) 2.40"),
            Some(Version::new(2, 40, 0))
        );
        assert_eq!(last_version("bc 1.07.1"), Some(Version::new(1, 7, 1)));
        assert_eq!(
            last_version("Copyright 1991-1994, 1997 Free Software Foundation, Inc."),
            None
        );
    }

    #[test]
    fn uml_does_not_ask_for_what_only_real_machines_need() {
        let names = |arch: &str| -> Vec<&'static str> {
            let root = tempfile::tempdir().unwrap();
            let all = check(Utf8Path::from_path(root.path()).unwrap(), arch, None).unwrap();
            all.into_iter()
                .filter(|prerequisite| prerequisite.required)
                .map(|prerequisite| prerequisite.name)
                .collect()
        };
        assert!(
            !names("um").contains(&"libelf headers") && names("x86_64").contains(&"libelf headers")
        );
    }
}
