//! The ledger: everything unstable that the kernel relies on, one TOML file per thing under `ledger/`.
//!
//! A file's name (without `.toml`) is the entry's id. The files are embedded in the binary.

mod entry;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

pub use entry::{Delivered, Ends, Entry, Flag, FlagAction, Kind, Observed, Outside, Probe, Status};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../ledger");

static LEDGER: LazyLock<Ledger> = LazyLock::new(|| {
    let files = FILES.files().map(|file| {
        (
            file.path().to_string_lossy().into_owned(),
            file.contents_utf8().unwrap_or_default(),
        )
    });
    Ledger::load(files).expect("the embedded ledger is checked by a test of this crate")
});

/// All entries, by id.
#[derive(Debug)]
pub struct Ledger {
    entries: BTreeMap<String, Entry>,
    /// Signs of the audit to ids.
    signs: BTreeMap<String, String>,
}

/// What the ledger says about a feature name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature<'a> {
    /// Stable for the given compiler: the attribute is all there is to remove.
    Stable(&'a Entry),
    /// Closed, and a lowering replaces it.
    Lowered(&'a Entry),
    /// Closed, and nothing replaces it.
    Closed(&'a Entry),
    /// Not in the ledger.
    Unknown,
}

impl Ledger {
    /// The ledger embedded in this binary.
    pub fn embedded() -> &'static Ledger {
        &LEDGER
    }

    /// Reads entries from (file name, text) pairs. Errors name the file.
    pub fn load<'t>(files: impl Iterator<Item = (String, &'t str)>) -> Result<Self, String> {
        let mut entries = BTreeMap::new();
        for (name, text) in files {
            let Some(id) = name.strip_suffix(".toml") else {
                return Err(format!("`{name}` is not a .toml file"));
            };
            let entry: Entry =
                toml::from_str(text).map_err(|error| format!("`{name}`: {error}"))?;
            entries.insert(id.to_owned(), entry);
        }
        let mut signs = BTreeMap::new();
        for (id, entry) in &entries {
            for sign in entry.all_signs() {
                // The entry whose id is the sign's own name goes first where two have it.
                let own = sign.ends_with(id.as_str()) || sign == format!("feature:{id}");
                if own || !signs.contains_key(&sign) {
                    signs.insert(sign, id.clone());
                }
            }
        }
        Ok(Self { entries, signs })
    }

    /// A ledger of somebody's own: the `.toml` files of a directory. An empty directory is an empty ledger.
    pub fn from_directory(directory: &Path) -> Result<Self, String> {
        let error = |error: std::io::Error| format!("{}: {error}", directory.display());
        let mut files = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(error)? {
            let path = entry.map_err(error)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                files.push((name, std::fs::read_to_string(&path).map_err(error)?));
            }
        }
        Self::load(
            files
                .iter()
                .map(|(name, text)| (name.clone(), text.as_str())),
        )
    }

    /// The id of the entry that the audit finds under this sign.
    pub fn by_sign(&self, sign: &str) -> Option<&str> {
        self.signs.get(sign).map(String::as_str)
    }

    /// One entry.
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The ids of the entries that `name` may mean, whatever the case and with `-` or `_`: an id, a feature, an option with or without `-Z`
    /// and its value, an environment variable, or an alias. The most exact meaning wins: `-Zsanitizer=kcfi` is that one value's entry, if it has one.
    pub fn find(&self, name: &str) -> Vec<&str> {
        let wanted = spelling(name);
        let ids = |is_meant: &dyn Fn(&str, &Entry) -> bool| -> Vec<&str> {
            self.iter()
                .filter(|(id, entry)| is_meant(id, entry))
                .map(|(id, _)| id)
                .collect()
        };
        let exact = ids(&|id, _| spelling(id) == wanted);
        if !exact.is_empty() {
            return exact;
        }
        let named = ids(&|_, entry| entry.names().iter().any(|one| spelling(one) == wanted));
        if !named.is_empty() {
            return named;
        }
        let Some((option, _)) = wanted.split_once('=') else {
            // An option without a value is all that its values are.
            return ids(&|_, entry| {
                let mut names = entry.names().into_iter().map(|one| spelling(&one));
                names.any(|one| {
                    one.split_once('=')
                        .is_some_and(|(option, _)| option == wanted)
                })
            });
        };
        self.find(option)
    }

    /// The names nearest to `name`, best first, each with the entry's id: for "did you mean".
    pub fn nearest(&self, name: &str) -> Vec<(String, &str)> {
        let wanted = spelling(name);
        let mut near: Vec<(f64, String, &str)> = Vec::new();
        for (id, entry) in self.iter() {
            let names = entry.names().into_iter().chain([id.to_owned()]);
            let best = names
                .map(|one| (closeness(&wanted, &spelling(&one)), one))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((closeness, one)) = best.filter(|(closeness, _)| *closeness >= NEAR) {
                near.push((closeness, one, id));
            }
        }
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(b.2)));
        near.into_iter()
            .take(5)
            .map(|(_, one, id)| (one, id))
            .collect()
    }

    /// The ids of the entries that wait for `id`.
    pub fn waiting_for(&self, id: &str) -> Vec<&str> {
        self.iter()
            .filter(|(_, entry)| entry.depends_on.iter().any(|other| other == id))
            .map(|(id, _)| id)
            .collect()
    }

    /// All entries with their ids, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(id, entry)| (id.as_str(), entry))
    }

    /// What is known about `#![feature(NAME)]` for a compiler `(major, minor)`.
    ///
    /// Entries without a `stable_since` that are called stable were accepted by 1.95.
    pub fn feature(&self, name: &str, compiler: (u32, u32)) -> Feature<'_> {
        let Some(entry) = self
            .entries
            .values()
            .find(|entry| entry.features.iter().any(|f| f == name))
        else {
            return Feature::Unknown;
        };
        let since = entry
            .stable_since
            .as_deref()
            .and_then(parse_version)
            .unwrap_or((1, 95));
        if entry.status == Status::Stable && since <= compiler {
            Feature::Stable(entry)
        } else if entry.lowered {
            Feature::Lowered(entry)
        } else {
            Feature::Closed(entry)
        }
    }

    /// The values of the flag `-ZNAME` that some entry names, sorted.
    pub fn values_of_flag<'l>(&'l self, name: &str) -> impl Iterator<Item = &'l str> {
        let rows = self.entries.values().flat_map(|entry| &entry.flag);
        let mut values: Vec<_> = rows
            .filter(|row| row.name == name)
            .flat_map(|row| row.values.iter().map(String::as_str))
            .collect();
        values.sort_unstable();
        values.into_iter()
    }

    /// What to do with `-ZNAME=VALUE` (`value` empty for a bare flag). `_` and `-` in names are the same, as for rustc.
    ///
    /// `Err` carries the entry when the flag is known but this value is not.
    pub fn flag(&self, name: &str, value: &str) -> Result<&Flag, Option<&str>> {
        let same = |a: &str, b: &str| a.replace('_', "-") == b.replace('_', "-");
        let mut with_row = None;
        for (id, entry) in &self.entries {
            for flag in entry.flag.iter().filter(|flag| same(&flag.name, name)) {
                if flag.values.is_empty() || flag.values.iter().any(|v| v == value) {
                    return Ok(flag);
                }
                with_row = Some(id.as_str());
            }
        }
        // Entries say in their names which flags they are about, some with the value.
        let about = |with_value: bool| {
            let is_meant = |word: &str| match (word.split_once('='), with_value) {
                (Some((flag, its)), true) => same(flag, name) && its == value,
                (Some((flag, _)), false) => same(flag, name),
                (None, _) => !with_value && same(word, name),
            };
            self.entries
                .iter()
                .find(|(_, entry)| {
                    let mut words = entry.name.split_whitespace();
                    words.any(|word| word.strip_prefix("-Z").is_some_and(is_meant))
                })
                .map(|(id, _)| id.as_str())
        };
        Err(about(true).or(with_row).or_else(|| about(false)))
    }
}

/// Least closeness of a name that is worth suggesting.
const NEAR: f64 = 0.8;

/// How near two spellings are, from 0 to 1; a part of a name is near to it.
fn closeness(wanted: &str, name: &str) -> f64 {
    if wanted.len() > 2 && name.contains(wanted) {
        return 0.95;
    }
    strsim::normalized_damerau_levenshtein(wanted, name)
        .max(strsim::jaro_winkler(wanted, name) - 0.08)
}

/// A name as it is compared: lower case, `_` for `-`, without `-Z`.
fn spelling(name: &str) -> String {
    let name = name.trim();
    let name = name.strip_prefix("-Z").unwrap_or(name).trim_start();
    name.to_lowercase().replace('-', "_")
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_reproduced_is_explained_by_its_own_entry() {
        let ledger = Ledger::embedded();
        assert_eq!(
            ledger.flag("unpretty", "expanded").unwrap_err(),
            Some("Z_unpretty_expanded")
        );
        let other = ledger.flag("sanitizer", "made-up").unwrap_err().unwrap();
        assert!(other.starts_with("Z_sanitizer_"), "{other}");
        assert_eq!(ledger.flag("made-up", "y").unwrap_err(), None);
    }

    #[test]
    fn every_embedded_entry_parses_and_depends_on_known_entries() {
        let ledger = Ledger::embedded();
        assert!(ledger.iter().count() > 100);
        for (id, entry) in ledger.iter() {
            for dependency in &entry.depends_on {
                assert!(
                    ledger.get(dependency).is_some(),
                    "{id} depends on unknown `{dependency}`"
                );
            }
        }
    }

    #[test]
    fn every_entry_has_a_link_or_says_why_there_is_none() {
        for (id, entry) in Ledger::embedded().iter() {
            match (&entry.tracking, &entry.untracked) {
                (Some(link), None) => {
                    assert!(link.starts_with("https://"), "{id}: {link} is no link");
                }
                (None, Some(why)) => assert!(!why.is_empty(), "{id}"),
                (Some(_), Some(_)) => panic!("{id} has a link, and says that there is none"),
                (None, None) => panic!("{id} has no `tracking`, and no `untracked`"),
            }
        }
    }

    #[test]
    fn a_feature_that_became_stable_later_is_closed_for_older_compilers() {
        let ledger = Ledger::embedded();
        assert!(matches!(
            ledger.feature("file_with_nul", (1, 95)),
            Feature::Stable(_)
        ));
        assert!(matches!(
            ledger.feature("file_with_nul", (1, 90)),
            Feature::Closed(_)
        ));
        assert!(matches!(
            ledger.feature("arbitrary_self_types", (1, 95)),
            Feature::Lowered(_)
        ));
        assert_eq!(ledger.feature("no_such_feature", (1, 95)), Feature::Unknown);
    }

    #[test]
    fn an_entry_is_found_by_every_name_that_people_use() {
        let ledger = Ledger::embedded();
        for (name, id) in [
            ("arbitrary_self_types", "arbitrary_self_types"),
            ("-Zfunction-return=thunk-extern", "Z_function_return"),
            ("function_return", "Z_function_return"),
            ("core", "core_from_source"),
            ("compiler_builtins", "compiler_builtins"),
            ("RUSTC_BOOTSTRAP", "rustc_bootstrap"),
            ("rustc_bootstrap=1", "rustc_bootstrap"),
            ("target.json", "target_json"),
            ("CoercePointee", "derive_coerce_pointee"),
            ("coercepointee", "derive_coerce_pointee"),
            ("-Zsanitizer=kcfi", "Z_sanitizer_kcfi"),
            ("-Z sanitizer=kernel-address", "Z_sanitizer_kernel_address"),
            ("-Zbuild-std", "build_std"),
        ] {
            assert_eq!(ledger.find(name), [id], "{name}");
        }
        assert_eq!(
            ledger.find("-Zsanitizer").len(),
            4,
            "an option without a value is all of its values"
        );
        assert!(ledger.find("no_such_thing").is_empty());
        for (name, id) in [
            ("arbitary_self_types", "arbitrary_self_types"),
            ("RUST_BOOTSTRAP", "rustc_bootstrap"),
            ("-Zfunction-retrun", "Z_function_return"),
            ("self_types", "arbitrary_self_types"),
        ] {
            let near = ledger.nearest(name);
            assert!(near.iter().any(|(_, one)| *one == id), "{name}: {near:?}");
        }
        assert_eq!(ledger.nearest("xyzzy"), []);
        assert!(
            ledger
                .waiting_for("target_json")
                .contains(&"x86_softfloat_abi")
        );
    }

    #[test]
    fn a_flag_is_found_in_both_spellings_and_an_unknown_value_is_refused() {
        let ledger = Ledger::embedded();
        assert!(ledger.flag("binary_dep_depinfo", "y").is_ok());
        assert!(ledger.flag("binary-dep-depinfo", "y").is_ok());
        assert_eq!(
            ledger.flag("unpretty", "expanded").err(),
            Some(Some("Z_unpretty_expanded"))
        );
        assert_eq!(ledger.flag("made-up", "").err(), Some(None));
    }
}
