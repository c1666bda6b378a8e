//! Output files: complete or absent.

use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};
use tempfile::NamedTempFile;

/// Files that are written under temporary names beside their places, and renamed together at the end.
#[derive(Default)]
pub struct Outputs {
    files: Vec<(NamedTempFile, Utf8PathBuf)>,
}

impl Outputs {
    /// Writes `bytes` for `path`, under a temporary name.
    pub fn add(&mut self, path: &Utf8Path, bytes: &[u8]) -> Result<()> {
        let cannot =
            |error: std::io::Error| Failure::failed(format!("cannot write {path}")).because(error);
        if is_special(path) {
            return Ok(fs_err::write(path, bytes)?);
        }
        let directory = match path.parent() {
            Some(directory) if !directory.as_str().is_empty() => directory,
            _ => Utf8Path::new("."),
        };
        let mut file = tempfile::Builder::new()
            .prefix(".gateless-")
            .permissions(world_readable())
            .tempfile_in(directory)
            .map_err(cannot)?;
        file.write_all(bytes).map_err(cannot)?;
        self.files.push((file, path.to_owned()));
        Ok(())
    }

    /// Puts all files into their places; if that fails for one, those before it are taken away again.
    pub fn finish(self) -> Result<()> {
        let mut placed: Vec<Utf8PathBuf> = Vec::new();
        for (file, path) in self.files {
            if let Err(error) = file.persist(&path) {
                for path in placed {
                    fs_err::remove_file(path)?;
                }
                return Err(Failure::failed(format!("cannot write {path}")).because(error.error));
            }
            placed.push(path);
        }
        Ok(())
    }
}

/// Whether `path` is a device or a pipe: it is written to, since a file that is renamed there (onto `/dev/null`, by root) would take its place.
pub fn is_special(path: &Utf8Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// What a compiler's outputs have before the umask; temporary files are private otherwise.
fn world_readable() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_to_a_pipe_goes_through_it_and_leaves_it_there() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = Utf8Path::from_path(directory.path()).unwrap().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe).unwrap()
        });
        let mut outputs = Outputs::default();
        outputs.add(&pipe, b"object").unwrap();
        outputs.finish().unwrap();
        assert!(is_special(&pipe), "it was replaced");
        assert_eq!(reader.join().unwrap(), b"object");
    }
}
