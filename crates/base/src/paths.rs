//! Paths made absolute.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

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

/// `path` without `.` and `..`, made absolute from `base`. Symbolic links are not looked at.
pub fn absolute(base: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    let mut clean = Utf8PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_become_absolute_without_dots() {
        assert_eq!(absolute("/a/b".into(), "../c/./d.rs".into()), "/a/c/d.rs");
        assert_eq!(absolute("/a/b".into(), "/x/../y".into()), "/y");
        assert_eq!(absolute("/a".into(), "../../b".into()), "/b");
    }
}
