//! Where a compiler's libLLVM is.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

use crate::verbose::{self, Verbose};

/// The libLLVM that generates code for a rustc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generator {
    /// Where it is.
    pub path: Utf8PathBuf,
    /// Whether rustc itself uses it; else it is an installed one of the same major version.
    pub own: bool,
}

/// The libLLVM for the rustc of `sysroot` (what `rustc --print sysroot` says), whose LLVM has this `version` (`LLVM version` of `rustc -vV`, such
/// as `22.1.2`).
///
/// It is what this compiler's `librustc_driver` names. Upstream's toolchains have both in `lib/`, the latter as
/// `libLLVM.so.MAJOR.MINOR-rust-VERSION-CHANNEL`; Debian's have both in `lib/MULTIARCH/`. Where it is not beside it, as with a compiler of Debian's that
/// was unpacked elsewhere, it is the installed one of exactly that name, as for the dynamic linker. For a rustc with LLVM linked in statically it is
/// an installed one of the same major version, in the directories where distributions put it, under one of `roots` (`/` if there are none).
pub fn of_compiler(sysroot: &Utf8Path, version: &str, roots: &[&Utf8Path]) -> Result<Generator> {
    let lib = sysroot.join("lib");
    let Some(driver) = driver_library(sysroot)? else {
        return installed(&lib, version, roots);
    };
    let Some(wanted) = needed_llvm(&driver)? else {
        return installed(&driver, version, roots);
    };
    let beside = driver.parent().into_iter().chain([lib.as_path()]);
    let beside: Vec<Utf8PathBuf> = beside.map(Utf8Path::to_owned).collect();
    let system = system_directories(roots).into_iter().flat_map(|lib| {
        let of_architectures = of_architectures(&lib).unwrap_or_default();
        of_architectures.into_iter().chain([lib])
    });
    let directories = beside.into_iter().chain(system);
    directories
        .map(|directory| directory.join(&wanted))
        .find(|path| path.is_file())
        .map(|path| Generator { path, own: true })
        .ok_or_else(|| {
            Failure::failed(format!(
                "{driver} needs {wanted}, which is neither beside it nor installed"
            ))
            .help("install it (Debian: the libllvm package of that version)")
        })
}

/// The libLLVM for the compiler that this command starts, which is asked for its sysroot and version.
///
/// # Errors
/// When it can't be run, and as [`of_compiler`].
pub fn of_command(rustc: &Utf8Path) -> Result<Generator> {
    let version = Verbose::ask(rustc)?.llvm.unwrap_or_default();
    of_compiler(&verbose::sysroot(rustc)?, &version, &[])
}

/// Where the dynamic linker finds libraries that are installed, without asking its cache.
fn system_directories(roots: &[&Utf8Path]) -> Vec<Utf8PathBuf> {
    let roots = if roots.is_empty() {
        &[Utf8Path::new("/")]
    } else {
        roots
    };
    let of_root = |root: &&Utf8Path| {
        let root = root.to_path_buf();
        ["usr/lib", "usr/lib64", "usr/local/lib", "usr/local/lib64"].map(|lib| root.join(lib))
    };
    roots.iter().flat_map(of_root).collect()
}

/// An installed libLLVM of the major version of `version`, for the compiler in `compiler`, which has none of its own.
fn installed(compiler: &Utf8Path, version: &str, roots: &[&Utf8Path]) -> Result<Generator> {
    let major = version.split('.').next().unwrap_or_default();
    for lib in system_directories(roots) {
        let mut directories = vec![
            lib.join(format!("llvm-{major}/lib")),
            lib.join(format!("llvm{major}/lib")),
            lib.join(format!("llvm{major}/lib64")),
            lib.join(format!("llvm/{major}/lib")),
            lib.join(format!("llvm/{major}/lib64")),
            lib.clone(),
        ];
        directories.extend(of_architectures(&lib).unwrap_or_default());
        if let Some(path) = directories
            .iter()
            .find_map(|directory| of_major(directory, major))
        {
            return Ok(Generator { path, own: false });
        }
    }
    Err(Failure::failed(format!(
        "{compiler}: rustc has LLVM {version} linked in statically, so its code generator cannot be loaded from outside, and no libLLVM {major} is installed"
    ))
    .help(format!("install libLLVM {major} (Debian: libllvm{major}), or use a toolchain from rustup, which has its own")))
}

/// The libLLVM of a major version in a directory, by its name: `libLLVM.so.22.1`, `libLLVM-22.so`.
fn of_major(directory: &Utf8Path, major: &str) -> Option<Utf8PathBuf> {
    let exact = format!("libLLVM.so.{major}");
    let (with_minor, old) = (format!("{exact}."), format!("libLLVM-{major}."));
    let mut found: Vec<_> = directory
        .read_dir_utf8()
        .ok()?
        .flatten()
        .map(|entry| entry.into_path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default();
            name == exact
                || name.starts_with(&with_minor)
                || (name.starts_with(&old) && name.contains(".so"))
        })
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found.into_iter().next()
}

/// The directories of architectures in `lib`, as Debian has them.
fn of_architectures(lib: &Utf8Path) -> std::io::Result<Vec<Utf8PathBuf>> {
    let mut directories = Vec::new();
    for entry in lib.read_dir_utf8()? {
        let path = entry?.into_path();
        if path
            .file_name()
            .is_some_and(|name| name.contains("-linux-"))
            && path.is_dir()
        {
            directories.push(path);
        }
    }
    directories.sort();
    Ok(directories)
}

/// The library that is the compiler (`librustc_driver`), in the sysroot's `lib` or, as Debian has it, in a directory for the architecture below;
/// none if the compiler is one static program.
///
/// # Errors
/// When there is no `lib` to look in.
pub fn driver_library(sysroot: &Utf8Path) -> Result<Option<Utf8PathBuf>> {
    let lib = &sysroot.join("lib");
    let cannot = |error: std::io::Error| {
        Failure::failed(format!("cannot look for librustc_driver in {lib}"))
            .help("the sysroot should be what `rustc --print sysroot` says")
            .because(error)
    };
    let mut directories = vec![lib.to_owned()];
    directories.extend(of_architectures(lib).map_err(cannot)?);
    for directory in directories {
        for entry in directory.read_dir_utf8().map_err(cannot)? {
            let path = entry.map_err(cannot)?.into_path();
            let name = path.file_name().unwrap_or_default();
            if name.starts_with("librustc_driver-") && name.ends_with(".so") {
                return Ok(Some(path));
            }
        }
    }
    Ok(None)
}

/// The libLLVM among the libraries that the ELF file at `path` needs.
fn needed_llvm(path: &Utf8Path) -> Result<Option<String>> {
    use object::read::elf::{Dyn, FileHeader};
    let bytes = object::read::ReadCache::new(
        std::fs::File::open(path)
            .map_err(|error| Failure::failed(format!("cannot read {path}")).because(error))?,
    );
    let broken = |error: object::Error| {
        Failure::failed(format!("{path} is not an ELF library")).because(error)
    };
    let header = object::elf::FileHeader64::<object::Endianness>::parse(&bytes).map_err(broken)?;
    let endian = header.endian().map_err(broken)?;
    let sections = header.sections(endian, &bytes).map_err(broken)?;
    let Some((entries, strings)) = sections.dynamic(endian, &bytes).map_err(broken)? else {
        return Ok(None);
    };
    let strings = sections.strings(endian, &bytes, strings).map_err(broken)?;
    for entry in entries {
        if entry.tag32(endian) == Some(object::elf::DT_NEEDED) {
            let at = u32::try_from(entry.d_val(endian)).map_err(|error| {
                Failure::failed(format!("{path} is not an ELF library")).because(error)
            })?;
            let Ok(name) = strings.get(at) else {
                return Err(Failure::failed(format!("{path} is not an ELF library")));
            };
            let name = String::from_utf8_lossy(name);
            if name.starts_with("libLLVM") {
                return Ok(Some(name.into_owned()));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_this_toolchain() -> Utf8PathBuf {
        of_command(Utf8Path::new("rustc")).unwrap().path
    }

    #[test]
    fn a_directory_without_a_compiler_is_named() {
        let failure =
            of_compiler(Utf8Path::new(env!("CARGO_MANIFEST_DIR")), "22.1.2", &[]).unwrap_err();
        assert!(failure.what.contains("rustc/lib"), "{failure}");
    }

    #[test]
    fn the_library_is_the_one_that_the_compiler_names() {
        let path = of_this_toolchain();
        assert!(
            path.is_file() && path.file_name().unwrap().starts_with("libLLVM"),
            "{path}"
        );
    }

    /// A toolchain whose compiler library is a copy of `from`, and a system in which these files are.
    fn toolchain(from: &str, installed: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        std::fs::create_dir_all(root.join("lib/x86_64-linux-gnu")).unwrap();
        std::fs::copy(from, root.join("lib/x86_64-linux-gnu/librustc_driver-0.so")).unwrap();
        for file in installed {
            let file = root.join("system").join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        (directory, root)
    }

    /// A compiler's library that needs no libLLVM.
    fn without_llvm() -> String {
        std::env::current_exe()
            .unwrap()
            .to_string_lossy()
            .into_owned()
    }

    #[test]
    fn a_compiler_with_llvm_linked_in_takes_an_installed_one_of_its_major_version() {
        for (file, others) in [
            (
                "usr/lib/x86_64-linux-gnu/libLLVM.so.22.1",
                &["usr/lib/x86_64-linux-gnu/libLLVM.so.21.1"][..],
            ),
            (
                "usr/lib/llvm-22/lib/libLLVM-22.so.1",
                &["usr/lib/libLLVM-14.so.1", "usr/lib/libLLVM.so.220.1"],
            ),
            ("usr/lib64/libLLVM.so.22", &["usr/lib64/libLLVM-22.a"]),
        ] {
            let files = [&[file][..], others].concat();
            let (_directory, root) = toolchain(&without_llvm(), &files);
            let system = root.join("system");
            assert_eq!(
                of_compiler(&root, "22.1.2", &[&system]).unwrap(),
                Generator {
                    path: system.join(file),
                    own: false
                }
            );
        }
    }

    #[test]
    fn a_compiler_unpacked_elsewhere_takes_the_installed_one_of_the_name_that_it_needs() {
        let own = of_this_toolchain();
        let wanted = own.file_name().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let [lib, system] = ["lib/x86_64-linux-gnu", "system/usr/lib/x86_64-linux-gnu"];
        for part in [lib, system] {
            std::fs::create_dir_all(root.join(part)).unwrap();
        }
        let driver = {
            let sysroot = verbose::sysroot(Utf8Path::new("rustc")).unwrap();
            driver_library(&sysroot).unwrap().unwrap()
        };
        let link = root.join(lib).join(driver.file_name().unwrap());
        std::os::unix::fs::symlink(&driver, link).unwrap();
        std::fs::write(root.join(system).join("libLLVM.so.1.2"), "").unwrap();
        let find = || of_compiler(root, "22.1.2", &[&root.join("system")]);
        let failure = find().unwrap_err();
        assert!(failure.what.contains(wanted), "{failure}");
        std::fs::write(root.join(system).join(wanted), "").unwrap();
        let path = root.join(system).join(wanted);
        assert_eq!(find().unwrap(), Generator { path, own: true });
    }

    #[test]
    fn without_one_both_versions_and_a_remedy_are_named() {
        let (_directory, root) = toolchain(&without_llvm(), &["usr/lib/libLLVM.so.21.1"]);
        let failure = of_compiler(&root, "22.1.2", &[&root.join("system")]).unwrap_err();
        assert!(
            failure.what.contains("statically") && failure.what.contains("22.1.2"),
            "{failure}"
        );
        assert!(failure.help.unwrap().contains("libllvm22"));
    }

    #[test]
    fn a_compiler_library_that_is_no_library_is_named() {
        let (_directory, root) = toolchain(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), &[]);
        let failure = of_compiler(&root, "22.1.2", &[]).unwrap_err();
        assert!(
            failure.what.contains("librustc_driver-0.so is not"),
            "{failure}"
        );
    }
}
