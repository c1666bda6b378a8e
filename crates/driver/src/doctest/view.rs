//! A view of the toolchain whose `bin/rustc` is ours: rustdoc gives each doctest to the `bin/rustc` of the directory that its compiler library
//! lies in (`rustc_path`, compiler/rustc_interface/src/util.rs; `current_dll_path`, compiler/rustc_session/src/filesearch.rs).

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{cache, files};
use gateless_model::{Failure, Result};
use gateless_rustc::launcher;

use gateless_rustc::llvm::driver_library;
use gateless_rustc::toolchain::Toolchain;

/// Makes the view, once for each toolchain, in the cache; returns its directory. rustdoc is `bin/rustdoc` in it, and has to find `lib` in it first.
pub fn of(toolchain: &Toolchain) -> Result<Utf8PathBuf> {
    let parent = cache::root()?.join("views");
    let directory = parent.join(&toolchain.sha256[..16]);
    if directory.join("bin/rustc").exists() {
        return Ok(directory);
    }
    fs_err::create_dir_all(&parent)?;
    let temporary = tempfile::Builder::new()
        .prefix(".view-")
        .tempdir_in(&parent)
        .map_err(|error| Failure::failed(format!("cannot write in `{parent}`")).because(error))?;
    let new = Utf8Path::from_path(temporary.path())
        .ok_or_else(|| Failure::failed("the cache directory is not UTF-8"))?;
    for library in libraries(&toolchain.compiler.sysroot)? {
        let name = library.file_name().unwrap_or_default();
        link_tree(&library, &new.join("lib").join(name))?;
    }
    fs_err::create_dir_all(new.join("bin"))?;
    rustdoc(
        &toolchain.compiler.program("rustdoc"),
        &new.join("bin/rustdoc"),
        &directory.join("lib"),
    )?;
    executable(
        &new.join("bin/rustc"),
        "#!/bin/sh\n# Takes a doctest from rustdoc (see gateless, crates/driver/src/doctest).\nexec \"$GATELESS_PROGRAM\" \"$@\"\n",
    )?;
    // Another job may have been faster; one view is as good as the other.
    if fs_err::rename(new, &directory).is_err() && !directory.join("bin/rustc").exists() {
        return Err(Failure::failed(format!(
            "cannot make the view of the toolchain in `{directory}`"
        )));
    }
    Ok(directory)
}

/// What rustdoc loads from the toolchain, and the libraries of targets. Distributions have the former among all other libraries: then it is the
/// compiler's library alone that decides what rustdoc takes for its toolchain.
fn libraries(sysroot: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let lib = sysroot.join("lib");
    let mut libraries = vec![lib.join("rustlib")];
    match driver_library(sysroot)? {
        Some(driver) if driver.parent() != Some(&lib) => libraries.push(driver),
        _ => {
            for entry in lib.read_dir_utf8()? {
                let entry = entry?;
                if !entry.file_type()?.is_dir() {
                    libraries.push(entry.into_path());
                }
            }
        }
    }
    Ok(libraries)
}

/// Puts the program into the view; a launcher goes on starting the program where that is, with the view's libraries before all others.
fn rustdoc(from: &Utf8Path, to: &Utf8Path, libraries: &Utf8Path) -> Result<()> {
    let bytes = fs_err::read(from)?;
    if !bytes.starts_with(b"#!") {
        fs_err::copy(from, to)?;
        return Ok(());
    }
    let text = String::from_utf8_lossy(&bytes);
    let bin = from.parent().unwrap_or(Utf8Path::new("/"));
    match launcher::moved(&text, bin, libraries) {
        Some(text) => executable(to, &text),
        None => Err(Failure::failed(format!(
            "`{from}` is a script, and none of gateless' own, so the program behind it is not known"
        ))
        .help("name the toolchain's own rustc in GATELESS_RUSTC")),
    }
}

fn executable(path: &Utf8Path, text: &str) -> Result<()> {
    files::write_with_parents(path, text.as_bytes())?;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Hard links, or copies where the file system refuses them.
fn link_tree(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    if fs_err::metadata(from)?.is_dir() {
        fs_err::create_dir_all(to)?;
        for entry in from.read_dir_utf8()? {
            let entry = entry?;
            link_tree(entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs_err::create_dir_all(parent)?;
    }
    let from = from.canonicalize_utf8()?;
    if fs_err::hard_link(&from, to).is_err() {
        fs_err::copy(&from, to)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launcher_in_a_view_starts_the_same_program_with_the_views_libraries_first() {
        let libraries = ["../../usr/lib".to_owned()];
        let launcher = launcher::script("../../ld.so", &libraries, "rustdoc.unpacked");
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        fs_err::create_dir_all(directory.join("usr/bin")).unwrap();
        // A loader that says how it was called.
        executable(&directory.join("ld.so"), "#!/bin/sh\necho \"$@\"\n").unwrap();
        let own = directory.join("usr/bin/rustdoc");
        executable(&own, &launcher).unwrap();
        let view = directory.join("view-rustdoc");
        rustdoc(&own, &view, Utf8Path::new("/view/lib")).unwrap();
        let output = std::process::Command::new(&view).arg("x").output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!(
                "--library-path /view/lib:{directory}/usr/bin/../../usr/lib {directory}/usr/bin/rustdoc.unpacked x\n"
            )
        );
        executable(&own, "#!/bin/sh\nexec rustdoc-of-others\n").unwrap();
        assert!(rustdoc(&own, &view, Utf8Path::new("/view/lib")).is_err());
    }
}
