//! Copies of a kernel tree, made of hard links where the file system allows, for a tree is large. Nothing in a copy is ever written in place.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use camino::Utf8Path;

use crate::workshop::{Tested, run};

/// Makes `copy` what `source` is. Of a copy that is there only what differs is replaced: making it anew takes longer than many a test.
pub fn renew(source: &Utf8Path, copy: &Utf8Path) -> Tested {
    if !copy.exists() {
        return put(source, copy);
    }
    let mut there = entries(copy)?;
    for (name, wanted) in entries(source)? {
        let (from, to) = (source.join(&name), copy.join(&name));
        match there.remove(&name) {
            None => put(&from, &to)?,
            Some(found) if wanted.is_dir() && found.is_dir() => renew(&from, &to)?,
            Some(found) if same(&wanted, &found) => {}
            Some(found) => {
                remove(&to, &found)?;
                put(&from, &to)?;
            }
        }
    }
    let mut left = there.iter();
    left.try_for_each(|(name, found)| remove(&copy.join(name), found))
}

/// One and the same file, or else a copy that was not touched.
fn same(a: &Metadata, b: &Metadata) -> bool {
    let inode = |file: &Metadata| (file.dev(), file.ino());
    let content = |file: &Metadata| (file.mode(), file.len(), file.mtime(), file.mtime_nsec());
    inode(a) == inode(b) || (!a.is_dir() && content(a) == content(b))
}

fn entries(directory: &Utf8Path) -> Tested<BTreeMap<String, Metadata>> {
    let mut entries = BTreeMap::new();
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        // Of a symbolic link itself.
        entries.insert(entry.file_name().to_owned(), entry.metadata()?);
    }
    Ok(entries)
}

fn remove(path: &Utf8Path, found: &Metadata) -> Tested {
    if found.is_dir() {
        fs_err::remove_dir_all(path)?;
    } else {
        fs_err::remove_file(path)?;
    }
    Ok(())
}

/// A file, a link or a whole directory, where nothing is.
fn put(from: &Utf8Path, to: &Utf8Path) -> Tested {
    let copy = |how: &str| run(Command::new("cp").args(["-aT", how, from.as_str(), to.as_str()]));
    if copy("--link").is_ok() {
        return Ok(());
    }
    // What of a directory could be linked.
    if to.is_dir() {
        fs_err::remove_dir_all(to)?;
    }
    copy("--reflink=auto")
}
