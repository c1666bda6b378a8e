//! Files replaced in one step: readers see the old content or the new one, never a part.
//!
//! The new content goes under a temporary name beside the file, which is then renamed. A device or a pipe is written in place, since
//! a file renamed onto it (`/dev/null`, by root) would take its place. Modes are what the umask gives.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use camino::Utf8Path;
use gateless_model::{Failure, Result};
use tempfile::NamedTempFile;

/// Replaces the file `path`, whose directory is there.
pub fn write(path: &Utf8Path, content: impl AsRef<[u8]>) -> Result<()> {
    if is_special(path) {
        return Ok(fs_err::write(path, content)?);
    }
    let file = temporary_beside(path, content.as_ref())?;
    put(file, path)
}

/// Replaces the file `path` and makes the directories above it where they are missing.
pub fn write_with_parents(path: &Utf8Path, content: impl AsRef<[u8]>) -> Result<()> {
    fs_err::create_dir_all(directory_of(path))?;
    write(path, content)
}

/// Replaces the file only if its content differs, so that an unchanged one keeps its time stamp. Missing directories are made.
pub fn write_if_changed(path: &Utf8Path, content: impl AsRef<[u8]>) -> Result<()> {
    match fs_err::read(path) {
        Ok(old) if old == content.as_ref() => Ok(()),
        _ => write_with_parents(path, content),
    }
}

/// Makes `link` a symbolic link to `target`, replacing what has the name in one step; a link that leads there already stays.
pub fn link(target: impl AsRef<Path>, link: &Utf8Path) -> std::io::Result<()> {
    let target = target.as_ref();
    if fs_err::read_link(link).is_ok_and(|old| old == target) {
        return Ok(());
    }
    let name = link.file_name().unwrap_or_default();
    let fresh = link.with_file_name(format!(".{name}.{}", std::process::id()));
    fs_err::os::unix::fs::symlink(target, &fresh)?;
    fs_err::rename(&fresh, link).inspect_err(|_| {
        // The error of the rename is the one to report.
        let _ = fs_err::remove_file(&fresh);
    })
}

/// Whether `path` is a device or a pipe.
pub fn is_special(path: &Utf8Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// `content` under a temporary name in the directory of `path`; gone when dropped.
pub(crate) fn temporary_beside(path: &Utf8Path, content: &[u8]) -> Result<NamedTempFile> {
    let unwritable = |error| cannot_write(path, error);
    let mut file = tempfile::Builder::new()
        .prefix(".gateless-")
        // Temporary files are private by default; the umask takes from this what it takes from every file.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory_of(path))
        .map_err(unwritable)?;
    file.write_all(content).map_err(unwritable)?;
    Ok(file)
}

/// Gives a temporary file its name.
pub(crate) fn put(file: NamedTempFile, path: &Utf8Path) -> Result<()> {
    match file.persist(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(cannot_write(path, error.error)),
    }
}

fn cannot_write(path: &Utf8Path, error: std::io::Error) -> Failure {
    Failure::failed(format!("{path} can't be written")).because(error)
}

fn directory_of(path: &Utf8Path) -> &Utf8Path {
    path.parent()
        .filter(|directory| !directory.as_str().is_empty())
        .unwrap_or(Utf8Path::new("."))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::process::Command;

    use camino::Utf8PathBuf;

    use super::*;

    pub(crate) fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        (directory, path)
    }

    /// Runs `write` with a new pipe and returns what came through it.
    pub(crate) fn through_a_pipe(write: impl FnOnce(&Utf8Path)) -> Vec<u8> {
        let (_keep, directory) = directory();
        let pipe = directory.join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe).unwrap()
        });
        write(&pipe);
        assert!(is_special(&pipe), "it was replaced");
        reader.join().unwrap()
    }

    fn mode(path: &Utf8Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_repeated_write_leaves_one_whole_file() {
        let (_keep, directory) = directory();
        let path = directory.join("a/b.txt");
        write_with_parents(&path, "one").unwrap();
        write(&path, "two").unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs_err::read_dir(directory.join("a")).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_names_the_file_and_leaves_nothing() {
        let (_keep, directory) = directory();
        let error = write(&directory.join("none/file"), "text").unwrap_err();
        assert!(error.what.contains("none/file can't be written"), "{error}");
        fs_err::create_dir(directory.join("taken")).unwrap();
        write(&directory.join("taken"), "text").unwrap_err();
        assert_eq!(fs_err::read_dir(&directory).unwrap().count(), 1);
    }

    #[test]
    fn the_mode_is_what_any_new_file_has() {
        let (_keep, directory) = directory();
        fs_err::write(directory.join("usual"), "").unwrap();
        write(&directory.join("ours"), "").unwrap();
        assert_eq!(
            mode(&directory.join("ours")),
            mode(&directory.join("usual"))
        );
    }

    #[test]
    fn what_is_written_to_a_pipe_goes_through_it_and_leaves_it_there() {
        let came = through_a_pipe(|pipe| write(pipe, "object").unwrap());
        assert_eq!(came, b"object");
    }

    #[test]
    fn unchanged_content_keeps_the_time_stamp() {
        let (_keep, directory) = directory();
        let path = directory.join("new/file");
        write_if_changed(&path, "same").unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        let file = fs_err::File::options().write(true).open(&path).unwrap();
        file.file().set_modified(long_ago).unwrap();
        write_if_changed(&path, "same").unwrap();
        assert_eq!(path.metadata().unwrap().modified().unwrap(), long_ago);
        write_if_changed(&path, "other").unwrap();
        assert_ne!(path.metadata().unwrap().modified().unwrap(), long_ago);
    }

    #[test]
    fn a_link_is_replaced_and_nothing_else_is_left() {
        let (_keep, directory) = directory();
        let path = directory.join("link");
        for target in ["one", "two", "two"] {
            link(target, &path).unwrap();
            assert_eq!(path.read_link_utf8().unwrap(), target);
        }
        fs_err::create_dir(directory.join("taken")).unwrap();
        link("one", &directory.join("taken")).unwrap_err();
        assert_eq!(fs_err::read_dir(&directory).unwrap().count(), 2);
    }
}
