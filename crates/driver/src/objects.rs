//! Objects that rustc wrote, alone or in a library, changed in place.

use camino::Utf8Path;
use gateless_base::files;
use gateless_model::{Failure, Result};
use object::FileKind;
use object::read::archive::ArchiveFile;

/// Bytes to be replaced.
pub struct Change {
    /// Where they are in the file.
    pub at: usize,
    /// What takes their place.
    pub new: Vec<u8>,
}

/// Changes an object, or all objects of a library, as `changes` says for each.
pub fn change(
    path: &Utf8Path,
    changes: &dyn Fn(&[u8]) -> object::Result<Vec<Change>>,
) -> Result<()> {
    let mut bytes = fs_err::read(path)?;
    let broken = |error: object::Error| {
        Failure::failed(format!("{path}: sections can't be read")).because(error)
    };
    let mut all = Vec::new();
    if matches!(FileKind::parse(&*bytes), Ok(FileKind::Archive)) {
        let archive = ArchiveFile::parse(&*bytes).map_err(broken)?;
        for member in archive.members() {
            let member = member.map_err(broken)?;
            let start = member.file_range().0 as usize;
            let data = member.data(&*bytes).map_err(broken)?;
            let its = changes(data).map_err(broken)?.into_iter();
            all.extend(its.map(|change| Change {
                at: change.at + start,
                ..change
            }));
        }
    } else {
        all = changes(&bytes).map_err(broken)?;
    }
    if all.is_empty() {
        return Ok(());
    }
    for Change { at, new } in all {
        bytes[at..at + new.len()].copy_from_slice(&new);
    }
    files::write_with_parents(path, &bytes)
}
