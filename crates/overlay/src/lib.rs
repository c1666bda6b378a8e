//! The overlay: what is added beside an unmodified kernel tree, so that Kbuild turns Rust on where upstream has not.
//!
//! It is three files outside of the tree: a top `Kconfig` (the tree's own, and the symbols of `kconfig.rs`), a C header that is put before the C
//! helpers of Rust (`header.rs`), and a makefile that makes make read both and sets what the architecture's own makefile does not
//! (`makefile.rs`). make reads that makefile first, by its variable `MAKEFILES`.
//!
//! What can be read in the tree is read there: which functions the architecture defines inline, how `core` is kept from dividing, whether
//! the architecture has atomic operations that plain stores don't tear. What only a person can know stands in `machines/*.toml`, under `[overlay]`.

pub mod bindgen;
mod division;
mod header;
mod inline;
mod kconfig;
mod makefile;
pub mod state;
#[cfg(test)]
mod testing;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::files;
use gateless_linux::tree::{self, Tree};
use gateless_machines::{Machine, Overlay as Facts};
use gateless_model::{Failure, Result};

/// The overlay of one tree and machine, not written yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    kconfig: String,
    header: String,
    /// The target specification, as JSON.
    specification: Option<String>,
    /// The variables of make that depend on no path.
    settings: Vec<makefile::Setting>,
}

/// An overlay in its directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The top Kconfig file.
    pub kconfig: Utf8PathBuf,
    /// The makefile for make's variable `MAKEFILES`.
    pub makefile: Utf8PathBuf,
}

/// The variable of make that names the makefile.
pub const VARIABLE: &str = "MAKEFILES";

impl Overlay {
    /// The overlay that a machine needs in a tree; none where upstream's own Rust is what is built.
    ///
    /// # Errors
    /// If the tree has not what the overlay is made from: the error names what was looked for.
    pub fn of(tree: &Tree, machine: Option<&Machine>) -> Result<Option<Self>> {
        let Some((machine, facts)) =
            machine.and_then(|machine| Some((machine, machine.overlay.as_ref()?)))
        else {
            return Ok(None);
        };
        let source_arch = tree::source_arch(&machine.arch);
        Ok(Some(Self {
            kconfig: kconfig::text(tree, source_arch, facts)?,
            header: header::text(tree, source_arch)?,
            specification: specification(facts)?,
            settings: makefile::settings(tree, source_arch, facts)?,
        }))
    }

    /// Everything in it, to be hashed.
    pub fn text(&self) -> String {
        let files = self.files(Utf8Path::new("")).into_iter();
        files.map(|(_, text)| text).collect()
    }

    /// Writes it to `directory`, which Kbuild takes as it is. Files that are right already keep their time stamps.
    pub fn write(&self, directory: &Utf8Path) -> Result<Written> {
        for (path, text) in self.files(directory) {
            fs_err::create_dir_all(directory)?;
            files::write_if_changed(&path, text)?;
        }
        Ok(Written {
            kconfig: directory.join(state::KCONFIG),
            makefile: directory.join(state::MAKEFILE),
        })
    }

    fn files(&self, directory: &Utf8Path) -> Vec<(Utf8PathBuf, String)> {
        let makefile = makefile::text(directory, self.specification.is_some(), &self.settings);
        let mut files = vec![
            (state::KCONFIG, self.kconfig.clone()),
            (state::HEADER, self.header.clone()),
            (state::MAKEFILE, makefile),
        ];
        let specification = self.specification.iter();
        files.extend(specification.map(|text| (state::SPECIFICATION, text.clone())));
        files
            .into_iter()
            .map(|(name, text)| (directory.join(name), text))
            .collect()
    }
}

/// The target specification of a machine that has one, as rustc reads it.
fn specification(facts: &Facts) -> Result<Option<String>> {
    let as_json = |fields| {
        serde_json::to_string_pretty(fields).map_err(|error| {
            Failure::failed("a target specification of machines/ can't be written").because(error)
        })
    };
    facts.specification.as_ref().map(as_json).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_upstream_has_rust_for_needs_none() {
        let (_directory, tree) = testing::tree(&[]);
        assert_eq!(Overlay::of(&tree, Machine::find("x86_64")).unwrap(), None);
        assert_eq!(Overlay::of(&tree, None).unwrap(), None);
    }

    #[test]
    fn the_files_name_one_another_where_they_are_written() {
        let (directory, tree) = testing::tree(&[]);
        let machine = Machine::all().find(|machine| machine.overlay.is_some());
        let mut machine = machine.unwrap().clone();
        machine.arch = testing::ARCH.to_owned();
        let overlay = Overlay::of(&tree, Some(&machine)).unwrap().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap().join("out");
        let written = overlay.write(&out).unwrap();
        let makefile = fs_err::read_to_string(&written.makefile).unwrap();
        assert!(
            makefile.contains(&format!("KBUILD_KCONFIG := {}\n", written.kconfig)),
            "{makefile}"
        );
        assert!(makefile.contains(out.join(state::HEADER).as_str()));
        assert!(!overlay.text().contains(out.as_str()));
    }
}
