//! An output directory: which of its files are objects that a Rust compiler made, and what the records and lowered files in it say.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::{SavedCommand, record};
use gateless_model::record::{Record, STATE};
use gateless_model::{Failure, Result};

/// The output directory of a kernel build.
#[derive(Debug)]
pub struct Directory {
    /// As given.
    pub path: Utf8PathBuf,
    /// Its names in debug information: absolute, as given and with symbolic links resolved.
    pub roots: Vec<String>,
    /// The objects that a Rust compiler made, relative to the directory.
    pub objects: BTreeSet<Utf8PathBuf>,
    /// Attestation records by the object that they are about.
    pub records: BTreeMap<Utf8PathBuf, Record>,
    /// The mirror directories of lowered crates.
    mirrors: Vec<Utf8PathBuf>,
}

impl Directory {
    /// Looks through a directory.
    ///
    /// # Errors
    /// When it is not a directory, can't be read, or Kbuild has recorded no Rust object in it.
    pub fn open(path: &Utf8Path) -> Result<Self> {
        let help = "give the output directory (make's O=) of a kernel build with CONFIG_RUST";
        if !path.is_dir() {
            return Err(Failure::failed(format!("`{path}` is not a directory")).help(help));
        }
        let absolute = camino::absolute_utf8(path)?;
        let objects = find_objects(path)?;
        if objects.is_empty() {
            return Err(Failure::failed(format!(
                "`{path}` holds no object that Kbuild has recorded as made by rustc"
            ))
            .help(help));
        }
        let mut roots = vec![
            path.canonicalize_utf8()?.into_string(),
            absolute.into_string(),
        ];
        roots.dedup();
        let mirrors = match path.join(STATE).join("lowered").read_dir_utf8() {
            Ok(entries) => entries
                .map(|entry| Ok(entry?.into_path()))
                .collect::<io::Result<_>>()?,
            Err(_) => Vec::new(),
        };
        Ok(Self {
            path: path.to_owned(),
            roots,
            objects,
            records: records(path)?,
            mirrors,
        })
    }

    /// Whether some lowered file declares a trait of this name on a line that has `mark` in it.
    pub fn declares_trait(&self, name: &str, mark: &str) -> bool {
        let declares = |line: &str| {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            line.contains(mark)
                && words.any(|word| word == "trait")
                && words.find(|word| !word.is_empty()) == Some(name)
        };
        let has = |text: &str| text.lines().any(declares);
        self.mirrors.iter().any(|mirror| any_text(mirror, &has))
    }

    /// Whether lowering changed this line of a source file, which is named as debug information names it (`OUT` for this directory).
    ///
    /// The line must exist, with another text, in a lowered copy of the file.
    pub fn is_lowered_line(&self, file: &str, line: u64) -> bool {
        let Some(index) = line
            .checked_sub(1)
            .and_then(|index| usize::try_from(index).ok())
        else {
            return false;
        };
        let original = match file.strip_prefix("OUT/") {
            Some(rest) => Utf8PathBuf::from(format!("{}/{rest}", self.roots[0])),
            None => Utf8PathBuf::from(file),
        };
        if !original.is_absolute() {
            return false;
        }
        let Ok(text) = fs_err::read_to_string(&original) else {
            return false;
        };
        let line = text.lines().nth(index);
        self.mirrors.iter().any(|mirror| {
            let lowered = Utf8PathBuf::from(format!("{mirror}{original}"));
            fs_err::read_to_string(lowered).is_ok_and(|text| {
                line.is_some()
                    && text
                        .lines()
                        .nth(index)
                        .is_some_and(|lowered| Some(lowered) != line)
            })
        })
    }
}

/// Whether some text file below a directory has what is asked for; what cannot be read has it not.
fn any_text(directory: &Utf8Path, has: &dyn Fn(&str) -> bool) -> bool {
    let Ok(mut entries) = directory.read_dir_utf8() else {
        return false;
    };
    entries.any(|entry| {
        entry.is_ok_and(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => any_text(entry.path(), has),
            _ => fs_err::read_to_string(entry.path()).is_ok_and(|text| has(&text)),
        })
    })
}

fn find_objects(directory: &Utf8Path) -> Result<BTreeSet<Utf8PathBuf>> {
    let commands = SavedCommand::below(directory)
        .map_err(|error| Failure::failed(format!("`{directory}` can't be read")).because(error))?;
    let objects = commands
        .iter()
        .filter_map(|(_, command)| command.rust_object());
    let plain = |object: Utf8PathBuf| match object.strip_prefix("./") {
        Ok(rest) => rest.to_owned(),
        Err(_) => object,
    };
    Ok(objects.map(plain).collect())
}

fn records(path: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, Record>> {
    let mut records = BTreeMap::new();
    // A record that can't be read proves nothing: what it might explain stays unexplained. `gateless attest` reports it.
    for record in record::all(path)?.into_values().flatten() {
        for output in record
            .outputs
            .keys()
            .filter(|output| output.ends_with(".o"))
        {
            records.insert(Utf8PathBuf::from(output), record.clone());
        }
    }
    Ok(records)
}

/// A directory with the object `rust/a.o`, the source `rust/a.rs`, and a lowered copy of it whose second line is another.
#[cfg(test)]
pub(crate) fn tests_directory() -> (tempfile::TempDir, Directory) {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
    fs_err::create_dir_all(path.join("rust")).unwrap();
    fs_err::write(
        path.join("rust/.a.o.cmd"),
        "savedcmd_rust/a.o := rustc --emit=obj=rust/a.o a.rs\n",
    )
    .unwrap();
    fs_err::write(path.join("rust/a.rs"), "one\ntwo\nthree\n").unwrap();
    let mirror = Utf8PathBuf::from(format!("{path}/.gateless/lowered/a{path}/rust"));
    fs_err::create_dir_all(&mirror).unwrap();
    fs_err::write(mirror.join("a.rs"), "one\n2\nthree\n").unwrap();
    let opened = Directory::open(&path).unwrap();
    (directory, opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
        (directory, path)
    }

    #[test]
    fn a_directory_that_is_no_output_directory_is_named_with_help() {
        let (_keep, path) = directory();
        for path in [path.join("none"), path] {
            let failure = Directory::open(&path).unwrap_err();
            assert!(
                failure.what.contains(path.as_str()) && failure.help.is_some(),
                "{failure}"
            );
            assert_eq!(failure.exit, gateless_model::Exit::Failed);
        }
    }

    #[test]
    fn only_a_trait_that_lowering_extended_is_declared_so() {
        let (_keep, directory) = tests_directory();
        let file = directory.mirrors[0].join("t.rs");
        fs_err::write(
            &file,
            "pub trait A: mark_1 {} fn b(trait_B: u8) {}\ntrait B {}\n",
        )
        .unwrap();
        assert!(directory.declares_trait("A", "mark_"));
        assert!(!directory.declares_trait("B", "mark_"), "not extended");
        assert!(!directory.declares_trait("A", "other_"), "another mark");
    }

    #[test]
    fn only_lines_that_lowering_changed_are_lowered_lines() {
        let (_keep, directory) = tests_directory();
        assert_eq!(
            directory
                .objects
                .iter()
                .map(|path| path.as_str())
                .collect::<Vec<_>>(),
            ["rust/a.o"]
        );
        let lowered = |file: &str, line| directory.is_lowered_line(file, line);
        assert!(lowered("OUT/rust/a.rs", 2));
        assert!(
            !lowered("OUT/rust/a.rs", 1)
                && !lowered("OUT/rust/a.rs", 4)
                && !lowered("OUT/rust/a.rs", 0)
                && !lowered("OUT/rust/b.rs", 2)
        );
    }
}
