//! The output directory of a build.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::tree::Tree;
use gateless_model::record::STATE;
use gateless_model::{Failure, Result};

use crate::wrappers;
use gateless_base::lock::{self, Lock};

/// Bytes written to see whether the directory takes any.
const TRIAL_SIZE: usize = 64 * 1024;

/// An output directory that this process alone uses.
#[derive(Debug)]
pub struct Out {
    /// Absolute path.
    pub path: Utf8PathBuf,
    _lock: Lock,
}

impl Out {
    /// Makes the directory `path` if need be, tries to write there, and locks it.
    ///
    /// A directory made here is removed again if it can't be used.
    pub fn open(path: &Utf8Path) -> Result<Self> {
        let path = camino::absolute_utf8(path)?;
        wrappers::check_word(&path)
            .map_err(|failure| Failure::failed(format!("Kbuild can't build here: {}", failure.what)).help("choose another output directory with --out, or another cache directory with GATELESS_CACHE"))?;
        if path.exists() && !path.is_dir() {
            return Err(
                Failure::failed(format!("the output directory {path} is a file"))
                    .help("choose another one with --out"),
            );
        }
        let existed = path.exists();
        if existed {
            check_free(&path)?;
        }
        match Self::try_open(&path) {
            Ok(lock) => Ok(Self { path, _lock: lock }),
            Err(failure) => {
                if !existed {
                    // Leaves what somebody else put there meanwhile: only empty directories go.
                    let _ = fs_err::remove_dir(path.join(".gateless"));
                    let _ = fs_err::remove_dir(&path);
                }
                Err(failure)
            }
        }
    }

    /// The output directory of a build that is there, to read or boot what is in it.
    pub fn reopen(path: &Utf8Path) -> Result<Self> {
        let path = camino::absolute_utf8(path)?;
        let lock = Self::try_open(&path)?;
        Ok(Self { path, _lock: lock })
    }

    fn try_open(path: &Utf8Path) -> Result<Lock> {
        let unusable = |error: std::io::Error| {
            Failure::failed(format!("the output directory {path} can't be written to"))
                .because(error)
                .help("choose another one with --out, or make room")
        };
        let own = path.join(".gateless");
        fs_err::create_dir_all(&own).map_err(unusable)?;
        let mut trial = tempfile::NamedTempFile::new_in(&own).map_err(unusable)?;
        std::io::Write::write_all(&mut trial, &[0; TRIAL_SIZE]).map_err(unusable)?;
        trial.close().map_err(unusable)?;
        lock::take(&own.join("lock"), path.as_str())
    }

    /// The file `name` among gateless's own files in the directory.
    pub fn own(&self, name: &str) -> Utf8PathBuf {
        self.path.join(".gateless").join(name)
    }
}

/// What shows that a directory is an output directory: gateless's own files, a configuration, or the link that Kbuild leaves to the tree.
const SIGNS: [&str; 3] = [STATE, ".config", "source"];

/// Refuses a directory that holds something else: a kernel tree, or files of the user's.
fn check_free(path: &Utf8Path) -> Result<()> {
    if Tree::open(path).is_ok() {
        return Err(Failure::failed(format!(
            "the output directory {path} is a kernel tree, where a build would leave files that stop every other build of it"
        ))
        .help("give a directory of its own with --out"));
    }
    if SIGNS.iter().any(|sign| path.join(sign).exists()) {
        return Ok(());
    }
    let unreadable = |error: std::io::Error| {
        Failure::failed(format!("the output directory {path} can't be read")).because(error)
    };
    match path.read_dir_utf8().map_err(unreadable)?.next() {
        None => Ok(()),
        Some(entry) => {
            let entry = entry.map_err(unreadable)?;
            Err(Failure::failed(format!(
                "the output directory {path} holds something else: {}",
                entry.file_name()
            ))
            .help("give an empty directory, or a new one, with --out"))
        }
    }
}
