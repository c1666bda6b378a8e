//! Several files put into their places together.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::Result;
use tempfile::NamedTempFile;

use crate::files;

/// Files that are written under temporary names beside their places, and renamed together at the end.
#[derive(Debug, Default)]
pub struct Outputs {
    files: Vec<(NamedTempFile, Utf8PathBuf)>,
}

impl Outputs {
    /// Writes `content` for `path` under a temporary name; to a device or a pipe at once.
    pub fn add(&mut self, path: &Utf8Path, content: &[u8]) -> Result<()> {
        if files::is_special(path) {
            return Ok(fs_err::write(path, content)?);
        }
        let file = files::temporary_beside(path, content)?;
        self.files.push((file, path.to_owned()));
        Ok(())
    }

    /// Puts all files into their places; if that fails for one, those before it are taken away again.
    pub fn finish(self) -> Result<()> {
        let mut placed: Vec<Utf8PathBuf> = Vec::new();
        for (file, path) in self.files {
            if let Err(failure) = files::put(file, &path) {
                for path in placed {
                    fs_err::remove_file(path)?;
                }
                return Err(failure);
            }
            placed.push(path);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::tests::{directory, through_a_pipe};

    #[test]
    fn what_is_written_to_a_pipe_goes_through_it_and_leaves_it_there() {
        let came = through_a_pipe(|pipe| {
            let mut outputs = Outputs::default();
            outputs.add(pipe, b"object").unwrap();
            outputs.finish().unwrap();
        });
        assert_eq!(came, b"object");
    }

    #[test]
    fn either_all_files_are_there_or_none() {
        let (_keep, directory) = directory();
        let [one, two] = ["one", "two"].map(|name| directory.join(name));
        let both = || {
            let mut outputs = Outputs::default();
            outputs.add(&one, b"1").unwrap();
            outputs.add(&two, b"2").unwrap();
            outputs
        };
        drop(both());
        assert_eq!(fs_err::read_dir(&directory).unwrap().count(), 0);
        both().finish().unwrap();
        assert_eq!(fs_err::read(&two).unwrap(), b"2");

        fs_err::remove_file(&two).unwrap();
        fs_err::create_dir(&two).unwrap();
        both().finish().unwrap_err();
        assert!(!one.exists());
    }
}
