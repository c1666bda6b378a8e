//! The overlay: what is added beside an unmodified kernel tree, so that Kbuild turns Rust on where upstream has not.
//!
//! It is three files outside of the tree: a top `Kconfig` (the tree's own, and the symbols of `kconfig.rs`), a C header that is put before the C
//! helpers of Rust (`header.rs`), and a makefile that makes make read both and sets what the architecture's own makefile does not
//! (`makefile.rs`). make reads that makefile first, by its variable `MAKEFILES`.
//!
//! What can be read in the tree is read there: which functions the architecture defines inline, how `core` is kept from dividing, whether
//! the architecture has atomic operations that plain stores don't tear. What only a person can know stands in `machines/*.toml`, under `[overlay]`.

mod atomics;
pub mod bindgen;
mod division;
mod header;
mod inline;
mod kconfig;
mod makefile;
pub mod state;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;

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
    /// The target specifications, as JSON, with the names of their files.
    specifications: Vec<(&'static str, String)>,
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
            specifications: specifications(facts)?,
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
        let specifications = self.specifications.iter().map(|(name, _)| *name);
        let specifications: Vec<&str> = specifications.collect();
        let makefile = makefile::text(directory, &specifications, &self.settings);
        let mut files = vec![
            (state::KCONFIG, self.kconfig.clone()),
            (state::HEADER, self.header.clone()),
            (state::MAKEFILE, makefile),
        ];
        files.extend(self.specifications.iter().cloned());
        files
            .into_iter()
            .map(|(name, text)| (directory.join(name), text))
            .collect()
    }
}

/// The target specifications of a machine that has one, as rustc reads them: for all code, and for modules where they differ.
fn specifications(facts: &Facts) -> Result<Vec<(&'static str, String)>> {
    let bad = || Failure::failed("a target specification of machines/ can't be written");
    let Some(fields) = &facts.specification else {
        return match &facts.module_features {
            None => Ok(Vec::new()),
            Some(_) => Err(bad().help("`module_features` are added to those of a specification")),
        };
    };
    let as_json = |fields: &BTreeMap<String, toml::Value>| {
        serde_json::to_string_pretty(fields).map_err(|error| bad().because(error))
    };
    let mut written = vec![(state::SPECIFICATION, as_json(fields)?)];
    if let Some(more) = &facts.module_features {
        let mut fields = fields.clone();
        let all = match fields.get("features").and_then(toml::Value::as_str) {
            Some(own) => format!("{own},{more}"),
            None => more.clone(),
        };
        fields.insert("features".to_owned(), all.into());
        written.push((state::MODULE_SPECIFICATION, as_json(&fields)?));
    }
    Ok(written)
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
    fn modules_have_their_features_besides() {
        let facts = Facts {
            specification: Some([("features".to_owned(), "+a".into())].into()),
            module_features: Some("+long-calls".to_owned()),
            ..Facts::default()
        };
        let written = specifications(&facts).unwrap();
        assert_eq!(written.len(), 2);
        assert!(written[0].1.contains("\"+a\"") && written[1].1.contains("\"+a,+long-calls\""));
        let facts = Facts {
            specification: None,
            ..facts
        };
        assert!(specifications(&facts).is_err());
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
