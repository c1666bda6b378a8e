//! Where a compiler's libLLVM is.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

/// The libLLVM that the rustc of `sysroot` (what `rustc --print sysroot` says) is linked to.
///
/// Upstream's toolchains have it in `lib/` as `libLLVM.so.MAJOR.MINOR-rust-VERSION-CHANNEL`; distributions link their own,
/// which is then found as what this `librustc_driver` names, in the folders given as `system`.
/// A rustc with LLVM linked in statically has none: an error.
pub fn of_compiler(sysroot: &Utf8Path, system: &[&Utf8Path]) -> Result<Utf8PathBuf> {
    let lib = sysroot.join("lib");
    let mut driver = None;
    let mut shipped = Vec::new();
    let entries = lib.read_dir_utf8().map_err(|error| {
        Failure::failed(format!("cannot look for libLLVM in {lib}"))
            .help("the sysroot should be what `rustc --print sysroot` says")
            .because(error)
    })?;
    for entry in entries {
        let path = entry?.into_path();
        let name = path.file_name().unwrap_or_default();
        if name.starts_with("librustc_driver-") && name.ends_with(".so") {
            driver = Some(path);
        } else if name.starts_with("libLLVM") && name.contains(".so") && is_elf(&path)? {
            shipped.push(path);
        }
    }
    shipped.sort();
    if let Some(path) = shipped.pop() {
        return Ok(path);
    }
    let Some(driver) = driver else {
        return Err(Failure::failed(format!("no librustc_driver in {lib}"))
            .help("the sysroot should be what `rustc --print sysroot` says"));
    };
    let wanted = needed_llvm(&driver)?.ok_or_else(|| {
        Failure::failed(format!("{driver} has LLVM linked in statically, so its code generator cannot be loaded from outside"))
            .help("use a toolchain from rustup, or a distribution's rustc that links libLLVM")
    })?;
    system
        .iter()
        .map(|folder| folder.join(&wanted))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Failure::failed(format!(
                "{driver} needs {wanted}, which is in none of the system's library folders"
            ))
        })
}

/// rustup's `libLLVM-22-rust-1.95.0-stable.so` is a linker script next to the library.
fn is_elf(path: &Utf8Path) -> Result<bool> {
    use std::io::Read;
    let mut magic = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(4).read_to_end(&mut magic))
        .map_err(|error| Failure::failed(format!("cannot read {path}")).because(error))?;
    Ok(magic == b"\x7fELF")
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
    fn the_linker_script_beside_the_library_is_not_taken_for_it() {
        assert!(is_elf(&of_this_toolchain()).unwrap());
    }
}
