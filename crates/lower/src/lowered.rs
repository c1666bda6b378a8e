//! The lowered crate: what the driver works with.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel, DiagnosticSpan};
use gateless_base::files;
use gateless_model::{Failure, Result};
use ra_ap_syntax::Edition;

use crate::crate_files::{self, CrateFiles, SourceFile};
use crate::facts::{Facts, Receiver};
use crate::gates::arbitrary_self_types::ambiguous;
use crate::gates::arbitrary_self_types::scope::{self, Foreign};
use crate::gates::{self, View, Work, arbitrary_self_types, derive_coerce_pointee};
use crate::original::{self, OriginalSpan};
use crate::pieces::Pieces;
use crate::{
    CrateExports, Exports, Request, closures, coercions, diagnose, links, lints, support, unlowered,
};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::{self, Tokens};

/// A crate after lowering, in memory.
pub struct Lowered<'a> {
    request: Request<'a>,
    edition: Edition,
    files: CrateFiles,
    /// Edits of each file that the syntax alone asks for.
    syntactic: Vec<Vec<Edit>>,
    facts: Facts,
    features: Vec<String>,
    gates: BTreeMap<String, usize>,
    marks_used: bool,
    exports: CrateExports,
    /// What the crate exports by an earlier lowering, whose patch it has.
    carried: CrateExports,
}

/// Whether a round of [`Lowered::refine`] did anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Sources changed: write them and compile again.
    Changed,
    /// None of the diagnostics asks for anything that can be lowered; they are the user's.
    Nothing,
}

/// A place in an original file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Absolute path of the original file.
    pub file: Utf8PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Lowers everything that can be told from the syntax alone. Reads the crate's files, runs nothing.
///
/// Fails when the crate asks for a feature that can't be lowered, or when a file can't be read.
pub fn lower_syntax(request: Request<'_>) -> Result<Lowered<'_>> {
    let files = crate_files::read(&request)?;
    let edition = tokens::edition(request.edition);
    let mut work = Work::default();
    let root = Tokens::new(files.list[0].text.original(), edition);
    let features = gates::features::declared(&root, request.crate_attrs, &request.cfg);
    let syntactic = syntactic(&request, &files, &features, edition, &mut work)?;
    let carried =
        CrateExports::of_root(files.list[0].text.original(), files.list[0].path.as_str())?;
    let exports = CrateExports {
        pointers: work.pointers,
        ..CrateExports::default()
    };
    let mut facts = Facts::default();
    if arbitrary_self_types::is_on(&features) {
        for (index, file) in files
            .list
            .iter()
            .enumerate()
            .filter(|(_, file)| file.text.original().contains("macro_export"))
        {
            let tokens = Tokens::new(file.text.original(), edition);
            for offset in arbitrary_self_types::exported::receivers(&tokens) {
                facts.receivers.insert((index, offset), Receiver::default());
            }
        }
    }
    let mut lowered = Lowered {
        request,
        edition,
        files,
        syntactic,
        facts,
        features,
        gates: work.gates,
        marks_used: work.marks_used,
        exports,
        carried,
    };
    lowered.render()?;
    Ok(lowered)
}

/// The edits of each file that the syntax alone asks for.
fn syntactic(
    request: &Request<'_>,
    files: &CrateFiles,
    features: &[String],
    edition: Edition,
    work: &mut Work,
) -> Result<Vec<Vec<Edit>>> {
    let pointee_derives = pointee_derives(files, features, edition);
    let mut edits = Vec::new();
    for (index, file) in files.list.iter().enumerate() {
        let tokens = Tokens::new(file.text.original(), edition);
        let view = View {
            request,
            file,
            tokens: &tokens,
            is_root: index == 0,
            edition,
            features,
            pointee_derives: &pointee_derives,
        };
        gates::crate_attr::apply(&view, work)?;
        gates::features::apply(&view, work)?;
        gates::used_with_arg::apply(&view, work);
        gates::cfi_encoding::apply(&view, work);
        gates::compiler_builtins::apply(&view, work);
        gates::derive_coerce_pointee::apply(&view, work)?;
        arbitrary_self_types::receiver_trait::apply(&view, work);
        edits.push(std::mem::take(&mut work.edits));
    }
    Ok(edits)
}

/// What `derive(CoercePointee)` is called in a crate that turned the feature on.
fn pointee_derives(files: &CrateFiles, features: &[String], edition: Edition) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if !features
        .iter()
        .any(|name| name == derive_coerce_pointee::ID)
    {
        return names;
    }
    let importing = || {
        files
            .list
            .iter()
            .map(|file| file.text.original())
            .filter(|text| text.contains("CoercePointee"))
    };
    while importing()
        .any(|text| derive_coerce_pointee::collect_names(&Tokens::new(text, edition), &mut names))
    {
    }
    names
}

impl Lowered<'_> {
    /// Whether anything differs from the original. If not, the crate compiles in place.
    pub fn changed(&self) -> bool {
        self.files.list.iter().any(|file| file.text.changed())
    }

    /// The lowered root file, to be given to rustc in place of the original.
    pub fn root(&self) -> &Utf8Path {
        &self.files.list[0].mirror
    }

    /// Writes all files of the crate into the mirror. Files that already have the right content are not touched.
    pub fn write(&self) -> Result<()> {
        for directory in &self.files.directories {
            fs_err::create_dir_all(directory)?;
        }
        for file in &self.files.list {
            files::write_if_changed(&file.mirror, file.text.current())?;
        }
        Ok(())
    }

    /// Applies what the compiler's diagnostics for the mirror (or, while nothing is changed, for the original) ask for.
    ///
    /// Fails when something can't be lowered; the error names file, line, gate and reason.
    pub fn refine(&mut self, diagnostics: &[Diagnostic]) -> Result<Progress> {
        let mut facts = self.facts.clone();
        let errors = || {
            diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.level == DiagnosticLevel::Error)
        };
        let spots = |span: &DiagnosticSpan| diagnose::spot(&self.files, self.request.cwd, span);
        let text = |file: usize| self.files.list[file].text.original().to_owned();
        if !self.support_paths().is_empty() {
            for diagnostic in errors() {
                coercions::wanted(diagnostic, &spots, &text, self.edition, &mut facts);
            }
        }
        let dispatched = |method: &str| {
            let mut found = self
                .request
                .known
                .crates
                .values()
                .filter_map(|exports| exports.dispatched.get(method));
            found.next().filter(|_| found.next().is_none()).cloned()
        };
        if arbitrary_self_types::is_on(&self.features) {
            for diagnostic in errors() {
                arbitrary_self_types::wanted(
                    diagnostic,
                    &spots,
                    &self.files,
                    (self.edition, &self.features),
                    &dispatched,
                    &mut facts,
                );
            }
        }
        if facts == self.facts {
            closures::tell(errors(), &spots, &mut facts);
        }
        if facts == self.facts {
            coercions::take_back(errors(), &spots, self.support_paths().len(), &mut facts);
        }
        if facts == self.facts {
            return match unlowered::explain(errors(), &spots, &self.files, &self.features) {
                Some(failure) => Err(failure),
                None => Ok(Progress::Nothing),
            };
        }
        self.facts = facts;
        self.render()?;
        Ok(Progress::Changed)
    }

    /// Paths to the names of the support modules that the crate sees: its own, which builds on the first dependency's, or else those of
    /// its dependencies.
    fn support_paths(&self) -> Vec<String> {
        let own = self.has_support();
        let parents = self
            .parents()
            .skip(usize::from(own))
            .map(|name| format!("::{name}::"));
        own.then(|| "crate::".to_owned())
            .into_iter()
            .chain(parents)
            .collect()
    }

    /// Whether this crate carries the support module.
    fn has_support(&self) -> bool {
        self.exports.pointers
            || self
                .facts
                .receivers
                .values()
                .any(|receiver| receiver.only_receiver || receiver.is_raw)
    }

    /// Dependencies that have a support module.
    fn parents(&self) -> impl Iterator<Item = &str> {
        self.request
            .known
            .crates
            .iter()
            .filter(|(name, exports)| exports.pointers && *name != self.request.crate_name)
            .map(|(name, _)| name.as_str())
    }

    /// Dependencies with extension traits. Only crates that turned the feature on can call such methods without naming the type.
    fn foreign(&self) -> Foreign<'_> {
        let known = self
            .request
            .known
            .crates
            .iter()
            .filter(|(name, exports)| exports.extensions && *name != self.request.crate_name);
        let mut foreign = Foreign::default();
        for (name, exports) in known {
            foreign.crates.push(name);
            foreign
                .traits
                .extend(exports.traits.iter().map(String::as_str));
        }
        foreign
    }

    /// Makes the lowered text of all files from what is known.
    fn render(&mut self) -> Result<()> {
        let mut edits = self.edits(self.syntactic.clone(), self.marks_used)?;
        links::link(&self.files, &mut edits, &self.request, self.edition);
        for (file, edits) in self.files.list.iter_mut().zip(edits) {
            file.text = with(file, edits)?;
        }
        Ok(())
    }

    /// The lowered text of the files that differ, as a patch of the sources has it: without what only serves one compiler call (the mirror's
    /// paths, attributes from the command line, marks of statics).
    pub fn patched(&mut self) -> Result<Vec<(Utf8PathBuf, String)>> {
        let request = Request {
            root_text: None,
            cfg: self.request.cfg.clone(),
            crate_attrs: &[],
            mark_used: false,
            ..self.request
        };
        let features = &self.features;
        let clean = syntactic(
            &request,
            &self.files,
            features,
            self.edition,
            &mut Work::default(),
        )?;
        let mut edits = self.edits(clean, false)?;
        if let Some(end) = self.files.modules[0].end
            && self.carried == CrateExports::default()
            && let Some(item) = self.own_exports().carried()
        {
            edits[0].push(Edit::insert(end, format!(" {item}")));
        }
        let mut changed = Vec::new();
        for (file, edits) in self.files.list.iter().zip(edits) {
            let text = with(file, edits)?;
            if text.changed() {
                changed.push((file.path.clone(), text.current().to_owned()));
            }
        }
        Ok(changed)
    }

    /// All edits, with those that the syntax asks for.
    fn edits(&mut self, syntactic: Vec<Vec<Edit>>, is_marked: bool) -> Result<Vec<Vec<Edit>>> {
        let mut edits = syntactic;
        let paths = self.support_paths();
        for (index, file) in self.files.list.iter().enumerate() {
            edits[index].extend(coercions::edits(
                file,
                index,
                &self.facts,
                &paths,
                self.edition,
            ));
        }
        if self.has_support()
            && let Some(end) = self.files.modules[0].end
        {
            let parent = self
                .parents()
                .next()
                .map(|name| format!("::{name}::{}", support::MODULE));
            edits[0].push(Edit::insert(
                end,
                format!(" {}", support::module(parent.as_deref())),
            ));
        }
        let work = arbitrary_self_types::lower(
            &self.files,
            &self.facts,
            paths.first().map(String::as_str),
            self.request.crate_name,
            self.edition,
        )?;
        for (key, placed) in work.placed {
            if let Some(receiver) = self.facts.receivers.get_mut(&key) {
                receiver.placed = Some(placed);
            }
        }
        let foreign = self.foreign();
        let scope = scope::edits(
            &self.files,
            self.request.crate_name,
            &work.extensions,
            &self.facts.importing,
            &foreign,
        );
        self.exports.extensions = !work.extensions.is_empty();
        self.exports.dispatched = work.dispatched;
        self.exports.traits = work
            .extensions
            .into_iter()
            .filter_map(|extension| extension.of_trait)
            .collect();
        for (file, edit) in work.edits.into_iter().chain(scope) {
            edits[file].push(edit);
        }
        if self.exports.pointers || !self.facts.receivers.is_empty() || is_marked {
            for (file, edits) in self.files.list.iter().zip(&mut edits) {
                edits.extend(lints::soften(file.text.original(), self.edition));
            }
        }
        Ok(edits)
    }

    /// What dependants need to know about this crate.
    pub fn exports(&self) -> Exports {
        Exports {
            crates: [(self.request.crate_name.to_owned(), self.own_exports())].into(),
        }
    }

    fn own_exports(&self) -> CrateExports {
        let mut own = self.exports.clone();
        if own.pointers {
            let files = self.files.list.iter().map(|file| file.text.original());
            own.methods = files
                .filter(|text| text.contains("CoercePointee"))
                .flat_map(|text| ambiguous::methods(text, self.edition, None))
                .collect();
        }
        own.add(&self.carried);
        own
    }

    /// To be asked once the lowered crate compiles: whether it means the same as the original.
    ///
    /// Fails when a call could silently have become another one; the error names file, line, gate and reason.
    pub fn check(&self) -> Result<()> {
        let known = |method: &str| {
            let mut crates = self.request.known.crates.values();
            crates.any(|exports| exports.methods.contains(method))
        };
        match ambiguous::find(&self.files, &self.facts, self.edition, &known) {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// Gates lowered, with the number of places: attributes, derives, and what the compiler found to rely on them.
    pub fn gates(&self) -> BTreeMap<String, usize> {
        let mut gates = self.gates.clone();
        let found = [
            (derive_coerce_pointee::ID, self.facts.coercions.len()),
            (arbitrary_self_types::ID, self.facts.receivers.len()),
        ];
        for (gate, places) in found.into_iter().filter(|(_, places)| *places > 0) {
            *gates.entry(gate.to_owned()).or_default() += places;
        }
        gates
    }

    /// Absolute paths of all source files read.
    pub fn inputs(&self) -> Vec<&Utf8Path> {
        let read = self
            .files
            .list
            .iter()
            .skip(usize::from(self.request.root_text.is_some()));
        read.map(|file| file.path.as_path()).collect()
    }

    /// The place in the original that corresponds to a place in a lowered file. `file` is absolute, `line` and `column` (in
    /// characters) count from 1. Nothing for files that are not of this crate.
    pub fn original_position(
        &self,
        file: &Utf8Path,
        line: usize,
        column: usize,
    ) -> Option<Position> {
        let file = &self.files.list[*self.files.by_path.get(file)?];
        let current = file.text.current();
        let start: usize = current
            .split_inclusive('\n')
            .take(line.checked_sub(1)?)
            .map(str::len)
            .sum();
        let here = current[start..]
            .chars()
            .take(column.saturating_sub(1))
            .map(char::len_utf8)
            .sum::<usize>();
        let original = file.text.original();
        let offset = file.text.original_offset(start + here);
        let first = original[..offset].rfind('\n').map_or(0, |end| end + 1);
        Some(Position {
            file: file.path.clone(),
            line: tokens::line_of(original, offset),
            column: original[first..offset].chars().count() + 1,
        })
    }

    /// The span of the original for bytes of a file as rustc names it, lowered or not. Nothing for files that are not of this crate.
    pub fn original_span(&self, file_name: &str, bytes: Range<usize>) -> Option<OriginalSpan> {
        let known = (&self.facts, self.edition);
        original::span(&self.files, self.request.cwd, file_name, bytes, known)
    }

    /// The original text of a file as rustc names it, if it is of this crate.
    pub fn original_text(&self, file_name: &str) -> Option<&str> {
        let index = diagnose::file_of(&self.files, self.request.cwd, file_name)?;
        Some(self.files.list[index].text.original())
    }

    /// Original files and their lowered text, changed ones only.
    pub fn changes(&self) -> impl Iterator<Item = (&Utf8Path, &str)> {
        self.files
            .list
            .iter()
            .filter(|file| file.text.changed())
            .map(|file| (file.path.as_path(), file.text.current()))
    }

    /// The files' places in the mirror.
    pub fn mirror_files(&self) -> BTreeSet<&Utf8Path> {
        self.files
            .list
            .iter()
            .map(|file| file.mirror.as_path())
            .collect()
    }
}

/// A file's text with edits.
fn with(file: &SourceFile, edits: Vec<Edit>) -> Result<Pieces> {
    let mut text = Pieces::new(file.text.original().to_owned());
    text.apply(edits)
        .map_err(|error| Failure::failed(format!("{}: {}", file.path, error.what)))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use crate::testing::Scratch;

    #[test]
    fn all_files_of_a_crate_reach_the_mirror_with_their_links() {
        let scratch = Scratch::new(&[
            (
                "lib.rs",
                "#![feature(asm_goto)] mod a;\nmod inline { mod b; }\n#[path = \"odd/name.rs\"] mod c;\ninclude!(concat!(\n  env!(\"OBJTREE\"),\n  \"/gen.rs\"));\nmod missing;\nm! { mod d; }\n",
            ),
            (
                "a.rs",
                "mod below; const S: &str = include_str!(\"a.txt\");\n",
            ),
            ("a/below.rs", ""),
            ("a.txt", "text"),
            ("inline/b/mod.rs", "mod e;"),
            ("inline/b/e.rs", ""),
            ("odd/name.rs", "mod f;"),
            ("odd/f.rs", ""),
            ("d.rs", ""),
            ("out/gen.rs", "#[used(compiler)] static X: u8 = 1;\n"),
        ]);
        scratch.lower("lib.rs", &[], |lowered| {
            let lowered = lowered.unwrap();
            lowered.write().unwrap();
            let mirror =
                |name: &str| scratch.path(&format!("mirror{}", scratch.path("src").join(name)));
            for name in [
                "a.rs",
                "a/below.rs",
                "inline/b/mod.rs",
                "inline/b/e.rs",
                "odd/name.rs",
                "odd/f.rs",
                "d.rs",
            ] {
                assert!(mirror(name).is_file(), "{name}");
            }
            assert_eq!(
                fs_err::read_to_string(mirror("out/gen.rs")).unwrap(),
                "#[used] static X: u8 = 1;\n"
            );
            let root = fs_err::read_to_string(mirror("lib.rs")).unwrap();
            assert!(
                root.contains(&format!(
                    "include!({:?}\n\n);",
                    mirror("out/gen.rs").as_str()
                )),
                "{root}"
            );
            let a = fs_err::read_to_string(mirror("a.rs")).unwrap();
            assert!(
                a.contains(&format!(
                    "include_str!({:?})",
                    scratch.path("src/a.txt").as_str()
                )),
                "{a}"
            );
            assert_eq!(lowered.inputs().len(), 9);
        });
    }

    #[test]
    fn a_patched_crate_is_not_lowered_again_and_still_says_what_it_exports() {
        let text = "#![feature(derive_coerce_pointee)]\nuse core::marker::CoercePointee;\n#[derive(CoercePointee)]\n#[repr(transparent)]\npub struct P<T: ?Sized>(std::rc::Rc<T>);\n\
            impl<T: ?Sized> P<T> { pub fn own(&self) {} }\n";
        let scratch = Scratch::new(&[("lib.rs", text)]);
        let mut first = None;
        scratch.lower("lib.rs", &[], |lowered| {
            let mut lowered = lowered.unwrap();
            first = Some((lowered.patched().unwrap(), lowered.exports()));
        });
        let (patched, exports) = first.unwrap();
        assert!(exports.crates.values().all(|own| own.pointers));
        let scratch = Scratch::new(&[("lib.rs", &patched[0].1)]);
        scratch.lower("lib.rs", &[], |lowered| {
            let mut lowered = lowered.unwrap();
            assert!(!lowered.changed() && lowered.patched().unwrap().is_empty());
            assert_eq!(lowered.exports(), exports);
        });
        let damaged = patched[0].1.replace("r#\"{", "r#\"");
        let scratch = Scratch::new(&[("lib.rs", &damaged)]);
        scratch.lower("lib.rs", &[], |lowered| {
            let failure = lowered.map(|_| ()).unwrap_err();
            assert!(failure.what.contains("__GATELESS_EXPORTS"), "{failure}");
        });
    }

    #[test]
    fn writing_again_touches_nothing() {
        let scratch = Scratch::new(&[("lib.rs", "#![feature(asm_goto)]\n")]);
        scratch.lower("lib.rs", &[], |lowered| {
            let lowered = lowered.unwrap();
            lowered.write().unwrap();
            let time = || {
                fs_err::metadata(lowered.root())
                    .unwrap()
                    .modified()
                    .unwrap()
            };
            let before = time();
            lowered.write().unwrap();
            assert_eq!(time(), before);
        });
    }

    #[test]
    fn positions_map_back_to_the_original() {
        let scratch = Scratch::new(&[("lib.rs", "\n#[used(compiler)] static X: u8 = 1;\n")]);
        scratch.lower("lib.rs", &[], |lowered| {
            let lowered = lowered.unwrap();
            let position = lowered.original_position(lowered.root(), 2, 9).unwrap();
            assert_eq!(
                (position.file, position.line, position.column),
                (scratch.path("src/lib.rs"), 2, 19)
            );
            assert!(
                lowered
                    .original_position(Utf8Path::new("/elsewhere.rs"), 1, 1)
                    .is_none()
            );
        });
    }
}
