//! Programs by their names.

use camino::{Utf8Path, Utf8PathBuf};

/// The absolute path of the first program `name` in the directories of PATH, symbolic links not resolved.
///
/// A name with a slash is a path from the current directory, as for a shell.
pub fn find(name: &str) -> Option<Utf8PathBuf> {
    let found = which::which(name).ok()?;
    Utf8PathBuf::from_path_buf(found).ok()
}

/// Whether `path` is a file that this user may execute.
pub fn is_executable(path: &Utf8Path) -> bool {
    camino::absolute_utf8(path).is_ok_and(|path| which::which(path).is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::files::tests::directory;

    #[test]
    fn a_program_of_the_machine_is_found_by_name() {
        let sh = find("sh").unwrap();
        assert!(sh.is_absolute() && is_executable(&sh), "{sh}");
        assert_eq!(find(sh.as_str()), Some(sh));
        assert_eq!(find("no-such-program-anywhere"), None);
    }

    #[test]
    fn what_cannot_be_executed_is_no_program() {
        let (_keep, directory) = directory();
        let path = directory.join("program");
        fs_err::write(&path, "#!/bin/sh\n").unwrap();
        assert!(!is_executable(&path), "without the x bit");
        assert!(!is_executable(&directory), "a directory");
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(is_executable(&path));
        assert_eq!(find(path.as_str()), Some(path));
    }
}
