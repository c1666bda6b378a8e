//! One gateless at a time in an output directory.

use std::fs::{File, TryLockError};

use camino::Utf8Path;
use gateless_model::{Failure, Result};

/// Holds a directory until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock file `file`; that another process holds it is an error, a file left behind is not.
pub fn take(file: &Utf8Path, what: &str) -> Result<Lock> {
    let opened: File = fs_err::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(file)?
        .into();
    match opened.try_lock() {
        Ok(()) => Ok(Lock { _file: opened }),
        Err(TryLockError::WouldBlock) => Err(Failure::failed(format!(
            "another gateless is at work in {what}"
        ))
        .help("wait for it, or use another directory (--out)")),
        Err(TryLockError::Error(error)) => {
            Err(Failure::failed(format!("{file} can't be locked")).because(error))
        }
    }
}

/// Takes the lock file `file`, waiting for another process that holds it.
pub fn wait(file: &Utf8Path) -> Result<Lock> {
    let opened: File = fs_err::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(file)?
        .into();
    opened
        .lock()
        .map_err(|error| Failure::failed(format!("{file} can't be locked")).because(error))?;
    Ok(Lock { _file: opened })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_build_in_a_directory_is_refused_and_a_stale_lock_is_not() {
        let root = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(root.path()).unwrap().join("lock");
        fs_err::write(&file, "left behind").unwrap();
        let held = take(&file, "OUT").unwrap();
        assert!(
            take(&file, "OUT")
                .unwrap_err()
                .what
                .contains("another gateless")
        );
        drop(held);
        take(&file, "OUT").unwrap();
    }
}
