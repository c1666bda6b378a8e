//! The places that records name paths by, so that a build can be moved, archived and unpacked elsewhere.
//!
//! A record has `<tree>/rust/kernel/lib.rs` where the call had `/home/me/linux/rust/kernel/lib.rs`. Kbuild's own files keep the paths of the machine that
//! built; [`Agreement`] tells whether such a text and a record's say the same.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::record::{OUT, Record};
use gateless_model::{Failure, Result};
use serde_json::Value;

/// The kernel tree.
pub const TREE: &str = "<tree>";
/// The output directory of the kernel, where that is not the call's own (external modules).
pub const KERNEL: &str = "<kernel>";
/// The compiler's sysroot.
pub const TOOLCHAIN: &str = "<toolchain>";
/// The sources of the standard library, where they are not the compiler's own.
pub const LIBRARY: &str = "<library>";

const ALL: [&str; 5] = [OUT, TREE, KERNEL, TOOLCHAIN, LIBRARY];

/// Before the absolute path of a lowered file stands its crate's directory, which ends here and with one more name.
const MIRRORS: &str = ".gateless/lowered/";

/// Which directories a call's paths are relative to.
#[derive(Debug, Clone)]
pub struct Places(Vec<(&'static str, Utf8PathBuf)>);

impl Places {
    /// These directories, each under its name. Where two are the same, the first name counts; inside of one another, the inner one does.
    pub fn new(places: impl IntoIterator<Item = (&'static str, Utf8PathBuf)>) -> Self {
        let mut known: Vec<(&'static str, Utf8PathBuf)> = Vec::new();
        for (name, path) in places {
            let is_known = known.iter().any(|(_, other)| *other == path);
            if path.is_absolute() && path.parent().is_some() && !is_known {
                known.push((name, path));
            }
        }
        known.sort_by_key(|(_, path)| std::cmp::Reverse(path.as_str().len()));
        Self(known)
    }

    /// A record with all paths in it relative to the places.
    ///
    /// # Errors
    /// When a text in it already looks like one that is.
    pub fn shorten(&self, record: &Record) -> Result<Record> {
        let bad = |error: serde_json::Error| Failure::failed(error.to_string());
        let value = serde_json::to_value(record).map_err(bad)?;
        serde_json::from_value(self.value(value)?).map_err(bad)
    }

    fn value(&self, value: Value) -> Result<Value> {
        Ok(match value {
            Value::String(text) => Value::String(self.text(&text)?),
            Value::Array(values) => {
                let values = values.into_iter().map(|value| self.value(value));
                Value::Array(values.collect::<Result<_>>()?)
            }
            Value::Object(fields) => {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| Ok((self.text(&name)?, self.value(value)?)));
                Value::Object(fields.collect::<Result<_>>()?)
            }
            other => other,
        })
    }

    /// A text with the directories in it replaced by their names.
    fn text(&self, text: &str) -> Result<String> {
        if let Some(name) = ALL.iter().find(|name| text.contains(*name)) {
            return Err(Failure::failed(format!(
                "`{text}` can't be recorded: records use `{name}` for a directory"
            )));
        }
        let mut short = String::with_capacity(text.len());
        let mut rest = text;
        let mut done = 0;
        while let Some(at) = rest.find('/') {
            let place = starts_path(&text[..done + at])
                .then(|| self.0.iter().find(|(_, path)| is_below(&rest[at..], path)))
                .flatten();
            let length = match place {
                Some((name, path)) => {
                    short.push_str(&rest[..at]);
                    short.push_str(name);
                    at + path.as_str().len()
                }
                None => {
                    short.push_str(&rest[..=at]);
                    at + 1
                }
            };
            done += length;
            rest = &rest[length..];
        }
        short.push_str(rest);
        Ok(short)
    }
}

/// Whether the text starts with the directory, and not with one whose name is longer.
fn is_below(text: &str, directory: &Utf8Path) -> bool {
    text.strip_prefix(directory.as_str())
        .is_some_and(|rest| !rest.starts_with(is_of_name))
}

/// Whether an absolute path can start behind this text.
fn starts_path(before: &str) -> bool {
    let of_path = |c: char| is_of_name(c) || c == '/';
    if !before.ends_with(of_path) {
        return true;
    }
    let crate_directory = before.rsplit_once(MIRRORS).map(|(_, name)| name);
    crate_directory.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '%' | '~' | '@')
}

/// Whether texts of one build and its records say the same: each name of a place stands for one directory throughout.
#[derive(Debug, Default)]
pub struct Agreement(BTreeMap<&'static str, String>);

impl Agreement {
    /// Whether `recorded` says what `made` says.
    pub fn holds(&mut self, recorded: &str, made: &str) -> bool {
        let Some((at, name)) = first_place(recorded) else {
            return recorded == made;
        };
        let Some(rest) = made.strip_prefix(&recorded[..at]) else {
            return false;
        };
        let behind = &recorded[at + name.len()..];
        if let Some(directory) = self.0.get(name).cloned() {
            return rest
                .strip_prefix(&directory)
                .is_some_and(|rest| self.holds(behind, rest));
        }
        // What follows says where the directory ends.
        let literal = first_place(behind).map_or(behind, |(at, _)| &behind[..at]);
        let ends: Vec<usize> = if literal.is_empty() {
            vec![rest.len()]
        } else {
            rest.match_indices(literal).map(|(end, _)| end).collect()
        };
        for end in ends {
            let directory = &rest[..end];
            if !directory.starts_with('/') {
                continue;
            }
            let before = self.0.clone();
            self.0.insert(name, directory.to_owned());
            if self.holds(behind, &rest[end..]) {
                return true;
            }
            self.0 = before;
        }
        false
    }
}

fn first_place(text: &str) -> Option<(usize, &'static str)> {
    let places = ALL
        .iter()
        .filter_map(|name| Some((text.find(name)?, *name)));
    places.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places::new([
            (OUT, "/t/linux/out".into()),
            (TREE, "/t/linux".into()),
            (KERNEL, "/t/linux/out".into()),
            (TOOLCHAIN, "/usr".into()),
        ])
    }

    #[test]
    fn paths_become_relative_to_the_innermost_place() {
        let text = |text: &str| places().text(text).unwrap();
        assert_eq!(text("/t/linux/out/rust/a.o"), "<out>/rust/a.o");
        assert_eq!(text("/t/linux/out"), "<out>");
        assert_eq!(
            text("--remap-path-prefix=/t/linux/=/usr/src"),
            "--remap-path-prefix=<tree>/=<toolchain>/src"
        );
        assert_eq!(
            text("/t/linux/out/.gateless/lowered/a.o/t/linux/b.rs"),
            "<out>/.gateless/lowered/a.o<tree>/b.rs"
        );
        for same in [
            "/t/linux-7/a",
            "/home/usr/a",
            "rust/usr/a",
            "/t/linux.old",
            "../a",
        ] {
            assert_eq!(text(same), same);
        }
        assert!(places().text("<tree>/a").is_err());
    }

    #[test]
    fn a_name_stands_for_one_directory_throughout() {
        let mut agreement = Agreement::default();
        assert!(agreement.holds("-O2", "-O2"));
        assert!(!agreement.holds("-O2", "-O3"));
        assert!(agreement.holds("--remap=<tree>/=", "--remap=/a/b/="));
        assert!(agreement.holds("<tree>/rust/lib.rs", "/a/b/rust/lib.rs"));
        assert!(!agreement.holds("<tree>/rust/lib.rs", "/c/rust/lib.rs"));
        assert!(agreement.holds("<out>/m<tree>/x", "/o/m/a/b/x"));
        assert!(!agreement.holds("<kernel>/x", "relative/x"));
    }
}
