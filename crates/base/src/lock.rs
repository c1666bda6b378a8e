//! One gateless at a time in a directory or at a file.

use std::fs::{File, TryLockError};

use camino::Utf8Path;
use gateless_model::{Failure, Result};

/// Holds a lock file until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock file `file`; that another process holds it is an error, a file left behind is not.
pub fn take(file: &Utf8Path, what: &str) -> Result<Lock> {
    let opened = open(file)?;
    match opened.try_lock() {
        Ok(()) => Ok(Lock { _file: opened }),
        Err(TryLockError::WouldBlock) => Err(Failure::failed(format!(
            "another gateless is at work in {what}"
        ))
        .help("wait for it, or use another directory (--out)")),
        Err(TryLockError::Error(error)) => Err(unlockable(file, error)),
    }
}

/// Takes the lock file `file`, waiting for another process that holds it.
pub fn wait(file: &Utf8Path) -> Result<Lock> {
    let opened = open(file)?;
    hold(&opened, file)?;
    Ok(Lock { _file: opened })
}

/// Locks the open file `file`, whose name is `path`, until it is closed, waiting for another process that holds it.
pub fn hold(file: &File, path: &Utf8Path) -> Result<()> {
    file.lock().map_err(|error| unlockable(path, error))
}

fn open(file: &Utf8Path) -> Result<File> {
    let opened = fs_err::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(file)?;
    Ok(opened.into())
}

fn unlockable(path: &Utf8Path, error: std::io::Error) -> Failure {
    Failure::failed(format!("{path} can't be locked")).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::tests::directory;

    #[test]
    fn a_second_build_in_a_directory_is_refused_and_a_stale_lock_is_not() {
        let (_keep, root) = directory();
        let file = root.join("lock");
        fs_err::write(&file, "left behind").unwrap();
        let held = take(&file, "OUT").unwrap();
        let refused = take(&file, "OUT").unwrap_err();
        assert!(refused.what.contains("another gateless"), "{refused}");
        drop(held);
        take(&file, "OUT").unwrap();
    }

    #[test]
    fn who_waits_goes_on_only_when_the_holder_is_done() {
        let (_keep, root) = directory();
        let (lock, done) = (root.join("lock"), root.join("done"));
        let held = wait(&lock).unwrap();
        let waiting = std::thread::spawn({
            let (lock, done) = (lock.clone(), done.clone());
            move || {
                wait(&lock).unwrap();
                done.exists()
            }
        });
        std::thread::sleep(std::time::Duration::from_millis(100));
        fs_err::write(&done, "").unwrap();
        drop(held);
        assert!(waiting.join().unwrap(), "it did not wait");
    }
}
