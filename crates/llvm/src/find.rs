//! Where a compiler's libLLVM is.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

/// The libLLVM that the rustc of `sysroot` (what `rustc --print sysroot` says) is linked to.
///
/// It is what this compiler's `librustc_driver` names. Upstream's toolchains have both in `lib/`, the latter as
/// `libLLVM.so.MAJOR.MINOR-rust-VERSION-CHANNEL`; Debian's have both in `lib/MULTIARCH/`. `more` are folders to look for it in after these.
/// A rustc with LLVM linked in statically has none: an error.
pub fn of_compiler(sysroot: &Utf8Path, more: &[&Utf8Path]) -> Result<Utf8PathBuf> {
    let lib = sysroot.join("lib");
    let driver = driver(&lib)?;
    let wanted = needed_llvm(&driver)?.ok_or_else(|| {
        Failure::failed(format!("{driver} has LLVM linked in statically, so its code generator cannot be loaded from outside"))
            .help("use a toolchain from rustup, or a distribution's rustc that links libLLVM")
    })?;
    let folders = driver
        .parent()
        .into_iter()
        .chain([lib.as_path()])
        .chain(more.iter().copied());
    folders
        .map(|folder| folder.join(&wanted))
        .find(|path| path.is_file())
        .ok_or_else(|| Failure::failed(format!("{driver} needs {wanted}, which is not beside it")))
}

/// The compiler's library, in `lib` or in one of the folders of architectures in it.
fn driver(lib: &Utf8Path) -> Result<Utf8PathBuf> {
    let cannot = |error: std::io::Error| {
        Failure::failed(format!("cannot look for librustc_driver in {lib}"))
            .help("the sysroot should be what `rustc --print sysroot` says")
            .because(error)
    };
    let mut folders = vec![lib.to_owned()];
    for entry in lib.read_dir_utf8().map_err(cannot)? {
        let path = entry.map_err(cannot)?.into_path();
        if path
            .file_name()
            .is_some_and(|name| name.contains("-linux-"))
            && path.is_dir()
        {
            folders.push(path);
        }
    }
    for folder in folders {
        for entry in folder.read_dir_utf8().map_err(cannot)? {
            let path = entry.map_err(cannot)?.into_path();
            let name = path.file_name().unwrap_or_default();
            if name.starts_with("librustc_driver-") && name.ends_with(".so") {
                return Ok(path);
            }
        }
    }
    Err(Failure::failed(format!("no librustc_driver in {lib}"))
        .help("the sysroot should be what `rustc --print sysroot` says"))
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

/// The libLLVM of the rustc on PATH, for tests.
#[cfg(test)]
pub(crate) fn of_this_toolchain() -> Utf8PathBuf {
    let output = std::process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .expect("rustc");
    let sysroot = String::from_utf8(output.stdout).expect("a UTF-8 sysroot");
    of_compiler(Utf8Path::new(sysroot.trim()), &[]).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_compiler_is_named() {
        let failure = of_compiler(Utf8Path::new(env!("CARGO_MANIFEST_DIR")), &[]).unwrap_err();
        assert!(failure.what.contains("llvm/lib"), "{failure}");
    }

    #[test]
    fn the_library_is_the_one_that_the_compiler_names() {
        let path = of_this_toolchain();
        assert!(
            path.is_file() && path.file_name().unwrap().starts_with("libLLVM"),
            "{path}"
        );
    }

    /// A toolchain whose compiler library is a copy of `from`.
    fn toolchain(from: &str) -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        std::fs::create_dir_all(root.join("lib/x86_64-linux-gnu")).unwrap();
        std::fs::copy(from, root.join("lib/x86_64-linux-gnu/librustc_driver-0.so")).unwrap();
        (folder, root)
    }

    #[test]
    fn a_compiler_without_a_libllvm_of_its_own_says_so() {
        let (_folder, root) = toolchain(&std::env::current_exe().unwrap().to_string_lossy());
        let failure = of_compiler(&root, &[]).unwrap_err();
        assert!(failure.what.contains("statically"), "{failure}");
    }

    #[test]
    fn a_compiler_library_that_is_no_library_is_named() {
        let (_folder, root) = toolchain(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let failure = of_compiler(&root, &[]).unwrap_err();
        assert!(
            failure.what.contains("librustc_driver-0.so is not"),
            "{failure}"
        );
    }
}
