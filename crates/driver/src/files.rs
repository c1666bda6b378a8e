//! Small file habits: temporary name then rename, hashes, and where things are kept.

use std::io::{Read, Write};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};
use sha2::{Digest, Sha256};

/// Directory inside an output tree in which gateless keeps its own files.
pub const STATE: &str = ".gateless";

/// Writes a file through a temporary name in the same directory, which is made if missing; a device or a pipe directly.
pub fn write(path: &Utf8Path, content: &[u8]) -> Result<()> {
    if gateless_codegen::is_special(path) {
        return Ok(fs_err::write(path, content)?);
    }
    let directory = path
        .parent()
        .filter(|directory| !directory.as_str().is_empty())
        .unwrap_or(Utf8Path::new("."));
    fs_err::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new()
        .prefix(".gateless-")
        .tempfile_in(directory)
        .map_err(|error| {
            Failure::failed(format!("cannot write in `{directory}`")).because(error)
        })?;
    file.write_all(content)
        .map_err(|error| Failure::failed(format!("cannot write `{path}`")).because(error))?;
    // Temporary files are private; what a build leaves behind has the usual mode.
    use std::os::unix::fs::PermissionsExt;
    fs_err::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644))?;
    file.persist(path)
        .map_err(|error| Failure::failed(format!("cannot write `{path}`")).because(error.error))?;
    Ok(())
}

/// Writes a file only when its content differs, so that an unchanged file keeps its time stamp.
pub fn write_if_changed(path: &Utf8Path, content: &[u8]) -> Result<()> {
    match fs_err::read(path) {
        Ok(old) if old == content => Ok(()),
        _ => write(path, content),
    }
}

/// SHA-256 of a file, in hex.
pub fn sha256_file(path: &Utf8Path) -> Result<String> {
    let mut file = fs_err::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// SHA-256 of a text, in hex.
pub fn sha256_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `$GATELESS_CACHE`, else `$XDG_CACHE_HOME/gateless`, else `~/.cache/gateless`.
pub fn cache_dir() -> Result<Utf8PathBuf> {
    let variable = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.is_empty())
            .map(Utf8PathBuf::from)
    };
    variable("GATELESS_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|directory| directory.join("gateless")))
        .or_else(|| variable("HOME").map(|directory| directory.join(".cache/gateless")))
        .ok_or_else(|| {
            Failure::failed(
                "no cache directory: none of GATELESS_CACHE, XDG_CACHE_HOME and HOME is set",
            )
        })
}

/// The current directory.
pub fn cwd() -> Result<Utf8PathBuf> {
    let cwd = std::env::current_dir()
        .map_err(|error| Failure::failed("no current directory").because(error))?;
    Utf8PathBuf::from_path_buf(cwd).map_err(|path| {
        Failure::failed(format!(
            "the current directory is not UTF-8: {}",
            path.display()
        ))
    })
}

/// An absolute path with `.` and `..` taken out textually, relative to `cwd`.
pub fn absolute(cwd: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    let mut result = Utf8PathBuf::new();
    for part in cwd.join(path).components() {
        match part {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir => {
                result.pop();
            }
            part => result.push(part),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_or_repeated_write_leaves_one_whole_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path())
            .unwrap()
            .join("a/b.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs_err::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn relative_paths_become_absolute_without_dots() {
        assert_eq!(absolute("/a/b".into(), "../c/./d.rs".into()), "/a/c/d.rs");
        assert_eq!(absolute("/a/b".into(), "/x/../y".into()), "/y");
    }
}
