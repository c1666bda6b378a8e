//! An output directory: which tree it belongs to, and where Kbuild's records in it are.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::record::STATE;

/// The tree that the output directory `out` was built from: Kbuild leaves a link to it, `source`, in any directory but the tree itself.
///
/// The path is as Kbuild has it, not resolved any further.
pub fn tree_of(out: &Utf8Path) -> Utf8PathBuf {
    match out.join("source").read_link_utf8() {
        Ok(tree) => out.join(tree),
        Err(_) => out.to_owned(),
    }
}

/// The `.cmd` files below a directory, in order; gateless's own directory and links are left out.
pub fn command_files(directory: &Utf8Path) -> std::io::Result<Vec<Utf8PathBuf>> {
    let mut found = Vec::new();
    let mut todo = vec![directory.to_owned()];
    while let Some(directory) = todo.pop() {
        for entry in directory.read_dir_utf8()? {
            let entry = entry?;
            let (kind, name) = (entry.file_type()?, entry.file_name());
            if kind.is_dir() {
                if name != STATE {
                    todo.push(entry.path().to_owned());
                }
            } else if kind.is_file() && name.starts_with('.') && name.ends_with(".cmd") {
                found.push(entry.into_path());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_the_link_is_a_tree_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(root.path()).unwrap();
        let (tree, out) = (root.join("tree"), root.join("out"));
        fs_err::create_dir_all(tree.join("source")).unwrap();
        fs_err::create_dir_all(&out).unwrap();
        assert_eq!(tree_of(&tree), tree, "`source` is a directory of that tree");
        assert_eq!(tree_of(&out), out);
        std::os::unix::fs::symlink(&tree, out.join("source")).unwrap();
        assert_eq!(tree_of(&out), tree);
        fs_err::remove_file(out.join("source")).unwrap();
        std::os::unix::fs::symlink("../tree", out.join("source")).unwrap();
        assert!(tree_of(&out).join("source").is_dir());
        fs_err::remove_file(out.join("source")).unwrap();
        std::os::unix::fs::symlink("/gone", out.join("source")).unwrap();
        assert_eq!(tree_of(&out), "/gone", "a tree that is gone is no other");
    }

    #[test]
    fn every_command_is_found_once() {
        let root = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(root.path()).unwrap();
        for file in ["a/.b.o.cmd", ".c.o.cmd", ".gateless/.x.cmd", "a/b.cmd"] {
            let path = out.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(out, out.join("source")).unwrap();
        let found = command_files(out).unwrap();
        assert_eq!(found, [out.join(".c.o.cmd"), out.join("a/.b.o.cmd")]);
    }
}
