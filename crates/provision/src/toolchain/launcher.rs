//! Making an unpacked compiler run where the machine's C library is older than it was built for: launchers in place of its programs.

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::files;
use gateless_model::{Failure, Result};
use gateless_rustc::launcher;

/// What the programs themselves are called, behind their launchers.
const SUFFIX: &str = "unpacked";

/// Puts launchers in place of the programs in `root`/usr/bin, if a loader was unpacked below `root`; otherwise the machine's own will do.
///
/// # Errors
/// If the directory can't be read or written.
pub(super) fn install(root: &Utf8Path) -> Result<()> {
    let directories = library_directories(root)?;
    let Some(loader) = directories.iter().find_map(|directory| loader(directory)) else {
        return Ok(());
    };
    let bin = root.join("usr/bin");
    let programs: Vec<Utf8PathBuf> = bin
        .read_dir_utf8()?
        .map(|entry| Ok(entry?.into_path()))
        .collect::<Result<_>>()?;
    for program in programs {
        if !is_elf(&program)? {
            continue;
        }
        let name = program.file_name().unwrap_or_default();
        let behind = format!("{name}.{SUFFIX}");
        fs_err::rename(&program, bin.join(&behind))?;
        files::write(&program, &script(root, &loader, &directories, &behind)?)?;
        fs_err::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Everything in it is relative to the script, so that the directory can be moved.
fn script(
    root: &Utf8Path,
    loader: &Utf8Path,
    directories: &[Utf8PathBuf],
    behind: &str,
) -> Result<String> {
    let from_bin = |path: &Utf8Path| {
        let path = path
            .strip_prefix(root)
            .map_err(|_| Failure::failed(format!("{path} is not below {root}")))?;
        Ok(format!("../../{path}"))
    };
    let directories: Vec<String> = directories
        .iter()
        .map(|path| from_bin(path))
        .collect::<Result<_>>()?;
    Ok(launcher::script(&from_bin(loader)?, &directories, behind))
}

/// Directories with libraries, as Debian's packages lay them out: `usr/lib/MULTIARCH`, and `lib/MULTIARCH` before the two were merged.
fn library_directories(root: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let mut found = Vec::new();
    for lib in ["usr/lib", "lib"] {
        let Ok(entries) = root.join(lib).read_dir_utf8() else {
            continue;
        };
        for entry in entries {
            let path = entry?.into_path();
            let is_multiarch = path
                .file_name()
                .is_some_and(|name| name.contains("-linux-"));
            if is_multiarch && path.is_dir() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// glibc's dynamic loader: `ld-linux-x86-64.so.2`, `ld-linux-aarch64.so.1`, `ld64.so.2`.
fn loader(directory: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut found: Vec<Utf8PathBuf> = directory
        .read_dir_utf8()
        .ok()?
        .flatten()
        .filter(|entry| entry.file_name().starts_with("ld") && entry.file_name().contains(".so."))
        .map(|entry| entry.into_path())
        .collect();
    found.sort();
    found.into_iter().next()
}

fn is_elf(path: &Utf8Path) -> Result<bool> {
    use std::io::Read;
    if path.is_symlink() || !path.is_file() {
        return Ok(false);
    }
    let mut first = Vec::new();
    fs_err::File::open(path)?.take(4).read_to_end(&mut first)?;
    Ok(first == b"\x7fELF")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A root with a program, and, if wanted, a "loader" that prints its arguments.
    fn root(with_loader: bool) -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().join("root")).unwrap();
        let lib = root.join("usr/lib/vax-linux-gnu");
        fs_err::create_dir_all(&lib).unwrap();
        fs_err::create_dir_all(root.join("usr/bin")).unwrap();
        fs_err::write(root.join("usr/bin/rustc"), b"\x7fELF...").unwrap();
        fs_err::write(root.join("usr/bin/script"), "#!/bin/sh\n").unwrap();
        if with_loader {
            let loader = lib.join("ld-linux-vax.so.1");
            fs_err::write(&loader, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n").unwrap();
            fs_err::set_permissions(&loader, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        (directory, root)
    }

    #[test]
    fn the_unpacked_loader_starts_the_program_wherever_the_directory_lies() {
        let (_directory, root) = root(true);
        install(&root).unwrap();
        let moved = root.with_file_name("moved");
        fs_err::rename(&root, &moved).unwrap();
        let link = moved.with_file_name("link");
        fs_err::os::unix::fs::symlink(moved.join("usr/bin/rustc"), &link).unwrap();
        for program in [&moved.join("usr/bin/rustc"), &link] {
            let output = Command::new(program).args(["-vV", "a b"]).output().unwrap();
            let words = String::from_utf8(output.stdout).unwrap();
            let words: Vec<&str> = words.lines().collect();
            assert_eq!(words[0], "--library-path");
            assert!(words[1].ends_with("usr/lib/vax-linux-gnu"), "{words:?}");
            assert!(Utf8Path::new(words[2]).is_file(), "{words:?}");
            assert!(words[2].ends_with("rustc.unpacked") && words[3..] == ["-vV", "a b"]);
        }
    }

    #[test]
    fn without_a_loader_of_its_own_the_program_stays_as_it_is() {
        let (_directory, root) = root(false);
        install(&root).unwrap();
        assert!(is_elf(&root.join("usr/bin/rustc")).unwrap());
    }

    #[test]
    fn scripts_stay_as_they_are() {
        let (_directory, root) = root(true);
        install(&root).unwrap();
        let script = fs_err::read_to_string(root.join("usr/bin/script")).unwrap();
        assert_eq!(script, "#!/bin/sh\n");
    }
}
