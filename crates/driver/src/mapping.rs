//! Names of lowered files, and back.
//!
//! The file with the absolute path `A` is mirrored at `MIRROR` + `A`, so taking one prefix off restores every name. Where
//! the call named its root relative to the current directory, rustc would have named the crate's files so as well.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

/// How the names of one call's lowered files map to the kernel's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Directory of the lowered files, absolute.
    pub mirror: Utf8PathBuf,
    /// Directory of the call, absolute.
    pub cwd: Utf8PathBuf,
    /// For a root that was named relatively: the absolute directory its leading dots lead to, and these dots as spelled
    /// (`""` or `"../"`).
    base: Option<(Utf8PathBuf, String)>,
}

impl Mapping {
    /// `root` is the crate's root file as the call named it.
    pub fn new(mirror: &Utf8Path, cwd: &Utf8Path, root: &str) -> Self {
        let root = Utf8Path::new(root);
        let base = (!root.is_absolute()).then(|| {
            let dots = root
                .components()
                .take_while(|part| part.as_str().starts_with('.') && part.as_str().len() < 3);
            let spelled: String = dots.map(|part| format!("{part}/")).collect();
            (
                gateless_base::paths::absolute(cwd, Utf8Path::new(&spelled)),
                spelled,
            )
        });
        Self {
            mirror: mirror.to_owned(),
            cwd: cwd.to_owned(),
            base,
        }
    }

    /// (prefix as the compiler prints it, what to put in its place), most specific first.
    pub fn prefixes(&self) -> Vec<(String, String)> {
        let mut forms = vec![self.mirror.as_str()];
        forms.extend(
            self.mirror
                .strip_prefix(&self.cwd)
                .ok()
                .map(Utf8Path::as_str),
        );
        let mut prefixes = Vec::new();
        if let Some((base, spelled)) = &self.base {
            prefixes.extend(forms.iter().map(|form| {
                (
                    format!("{form}{}/", base.as_str().trim_end_matches('/')),
                    spelled.clone(),
                )
            }));
        }
        prefixes.extend(
            forms
                .iter()
                .map(|form| (format!("{form}/"), "/".to_owned())),
        );
        prefixes
    }

    /// The same for debug information, which also names files of the crates that this one loads; their mirrors lie beside this one's.
    ///
    /// rustc names them absolutely, or relative to the call's directory.
    pub fn debug_prefixes(&self) -> Result<Vec<(String, String)>> {
        let mut prefixes = self.prefixes();
        let Some(mirrors) = self.mirror.parent().filter(|directory| directory.is_dir()) else {
            return Ok(prefixes);
        };
        let cannot = |error: std::io::Error| {
            Failure::failed(format!("cannot list the lowered crates in {mirrors}")).because(error)
        };
        let mut others = Vec::new();
        for entry in mirrors.read_dir_utf8().map_err(cannot)? {
            others.push(entry.map_err(cannot)?.into_path());
        }
        others.sort();
        for other in others.iter().filter(|other| **other != self.mirror) {
            let relative = other.strip_prefix(&self.cwd).ok();
            for form in [Some(other.as_path()), relative].into_iter().flatten() {
                prefixes.push((format!("{form}/"), "/".to_owned()));
            }
        }
        Ok(prefixes)
    }

    /// A text with all lowered names in it restored.
    pub fn restore(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (prefix, instead) in self.prefixes() {
            if text.contains(&prefix) {
                text = text.replace(&prefix, &instead);
            }
        }
        text
    }

    /// The lowered file's own path.
    pub fn mirrored(&self, path: &Utf8Path) -> Utf8PathBuf {
        let absolute = gateless_base::paths::absolute(&self.cwd, path);
        Utf8PathBuf::from(format!("{}{absolute}", self.mirror))
    }

    /// `--remap-path-prefix` arguments that give `file!()` and panic locations the names they have in the gated build,
    /// where `remaps` are the call's own mappings.
    pub fn remaps(&self, remaps: &[(String, String)]) -> Vec<String> {
        let pairs = self.remapped(remaps).into_iter();
        pairs
            .map(|(from, to)| format!("--remap-path-prefix={from}={to}"))
            .collect()
    }

    /// The name that the compiler gives to the original file with the absolute path `path`, as these arguments ask for.
    pub fn shown(&self, path: &Utf8Path, remaps: &[(String, String)]) -> String {
        let lowered = format!("{}{path}", self.mirror);
        let mut pairs = self.remapped(remaps).into_iter().rev();
        let name =
            pairs.find_map(|(from, to)| Some(format!("{to}{}", lowered.strip_prefix(&from)?)));
        name.unwrap_or(lowered)
    }

    /// Prefixes of lowered files, and what stands in their place. rustc lets the last one that matches win.
    fn remapped(&self, remaps: &[(String, String)]) -> Vec<(String, String)> {
        let mut pairs = vec![(format!("{}/", self.mirror), "/".to_owned())];
        pairs.extend(
            remaps
                .iter()
                .filter(|(from, _)| from.starts_with('/'))
                .map(|(from, to)| (format!("{}{from}", self.mirror), to.clone())),
        );
        if let Some((base, spelled)) = &self.base {
            // Named relatively, a file is only touched by a mapping of that relative name.
            let name = remaps
                .iter()
                .rev()
                .find_map(|(from, to)| {
                    Some(format!(
                        "{to}{}",
                        spelled
                            .strip_prefix(from.as_str())
                            .filter(|_| !from.is_empty())?
                    ))
                })
                .unwrap_or_else(|| spelled.clone());
            pairs.push((
                format!("{}{}/", self.mirror, base.as_str().trim_end_matches('/')),
                name,
            ));
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_information_gets_the_names_of_loaded_crates_back() {
        let directory = tempfile::tempdir().unwrap();
        let mirrors = Utf8Path::from_path(directory.path()).unwrap();
        for name in ["rust%bindings.o", "rust%kernel.o"] {
            std::fs::create_dir(mirrors.join(name)).unwrap();
        }
        let own = mirrors.join("rust%kernel.o");
        let mapping = Mapping::new(&own, mirrors, "/src/rust/a.rs");
        let pair = |form: &str| (format!("{form}/"), "/".to_owned());
        let both = |name: &str| [pair(mirrors.join(name).as_str()), pair(name)];
        assert_eq!(
            mapping.debug_prefixes().unwrap(),
            [both("rust%kernel.o"), both("rust%bindings.o")].concat()
        );
        assert_eq!(mapping.prefixes(), both("rust%kernel.o"));
    }

    #[test]
    fn every_form_the_compiler_prints_is_restored() {
        let absolute = Mapping::new("/out/.gateless/l/k".into(), "/out".into(), "/src/rust/a.rs");
        assert_eq!(
            absolute.restore("--> /out/.gateless/l/k/src/rust/a.rs:1:2"),
            "--> /src/rust/a.rs:1:2"
        );
        assert_eq!(absolute.restore(".gateless/l/k/src/a.rs"), "/src/a.rs");
        let relative = Mapping::new("/out/.gateless/l/k".into(), "/out".into(), "rust/a.rs");
        assert_eq!(
            relative.restore("--> /out/.gateless/l/k/out/rust/a.rs:1:2"),
            "--> rust/a.rs:1:2"
        );
        assert_eq!(relative.restore("/out/.gateless/l/k/src/b.rs"), "/src/b.rs");
        let above = Mapping::new(
            "/src/out/.gateless/l/k".into(),
            "/src/out".into(),
            "../rust/a.rs",
        );
        assert_eq!(
            above.restore("/src/out/.gateless/l/k/src/rust/a.rs"),
            "../rust/a.rs"
        );
    }

    #[test]
    fn panic_locations_get_the_names_kbuild_asked_for() {
        let names = |cwd: &str, root, from: &str| {
            Mapping::new("/m".into(), cwd.into(), root).remaps(&[(from.to_owned(), String::new())])
        };
        assert_eq!(
            names("/out", "/src/a.rs", "/src/"),
            ["--remap-path-prefix=/m/=/", "--remap-path-prefix=/m/src/="]
        );
        let shown = |root, path: &str| {
            let mapping = Mapping::new("/m".into(), "/src".into(), root);
            mapping.shown(path.into(), &[("/lib/".to_owned(), "L/".to_owned())])
        };
        assert_eq!(shown("a/b.rs", "/src/a/b.rs"), "a/b.rs");
        assert_eq!(shown("a/b.rs", "/lib/c.rs"), "L/c.rs");
        assert_eq!(shown("/src/a/b.rs", "/src/a/b.rs"), "/src/a/b.rs");
        assert_eq!(
            names("/src/out", "../a.rs", "../"),
            ["--remap-path-prefix=/m/=/", "--remap-path-prefix=/m/src/="]
        );
        assert_eq!(
            names("/out", "rust/a.rs", "/src/"),
            [
                "--remap-path-prefix=/m/=/",
                "--remap-path-prefix=/m/src/=",
                "--remap-path-prefix=/m/out/="
            ]
        );
    }
}
