//! The lowered crate: what the driver works with.

mod mirror;
mod proof;
mod refine;
mod render;
mod twin;

use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use gateless_model::Result;
use gateless_model::columns::Columns;
use gateless_rust_text::tokens::{self, Tokens};
use gateless_rustc::diagnostic::Place;
use ra_ap_syntax::Edition;

pub use self::refine::Progress;
use crate::crate_files::{self, CrateFiles};
use crate::gate::{Facts, Notes, Places, Purpose, Source, View};
use crate::gates::arbitrary_self_types::{self, ArbitrarySelfTypes};
use crate::gates::{ALL, features};
use crate::original::{self, OriginalSpan};
use crate::pieces::Pieces;
use crate::{CrateExports, Exports, Request, columns};

/// A crate after lowering, in memory.
pub struct Lowered<'a> {
    request: Request<'a>,
    edition: Edition,
    files: CrateFiles,
    /// Features that are on, or may be.
    features: Vec<String>,
    /// What is known about the crate.
    facts: Facts,
    /// What the last rendering noted.
    notes: Notes,
    /// What the crate exports by an earlier lowering, whose patch it has.
    carried: CrateExports,
}

/// Lowers everything that can be told from the syntax alone. Reads the crate's files, runs nothing.
///
/// Fails when the crate asks for a feature that can't be lowered, or when a file can't be read.
pub fn lower_syntax(request: Request<'_>) -> Result<Lowered<'_>> {
    let mut files = crate_files::read(&request)?;
    let edition = tokens::edition(request.edition);
    let root = &files.list[0];
    let tokens = Tokens::new(root.text.original(), edition);
    let features = features::declared(&tokens, request.crate_attrs, &request.cfg);
    let carried = CrateExports::of_root(root.text.original(), root.path.as_str())?;
    let source = Source {
        request: &request,
        files: &files,
        edition,
        features: &features,
    };
    let facts = Facts::parse(ALL, &source, &views(source))?;
    let (texts, notes) = render::texts(source, &facts, Purpose::Compile, None)?;
    files.set(texts);
    Ok(Lowered {
        request,
        edition,
        files,
        features,
        facts,
        notes,
        carried,
    })
}

/// The files of a crate with their tokens.
fn views(source: Source<'_>) -> Vec<View<'_>> {
    let files = 0..source.files.list.len();
    let view = |file| View {
        source,
        file,
        tokens: Tokens::new(source.original(file), source.edition),
    };
    files.map(view).collect()
}

impl Lowered<'_> {
    fn source(&self) -> Source<'_> {
        Source {
            request: &self.request,
            files: &self.files,
            edition: self.edition,
            features: &self.features,
        }
    }

    /// Whether anything differs from the original. If not, the crate compiles in place.
    pub fn changed(&self) -> bool {
        self.files.list.iter().any(|file| file.text.changed())
    }

    /// The lowered root file, to be given to rustc in place of the original.
    pub fn root(&self) -> &Utf8Path {
        &self.files.list[0].mirror
    }

    /// Original files and their lowered text, changed ones only.
    pub fn changes(&self) -> impl Iterator<Item = (&Utf8Path, &str)> {
        self.files
            .list
            .iter()
            .filter(|file| file.text.changed())
            .map(|file| (file.path.as_path(), file.text.current()))
    }

    /// The lowered text of the files that differ, as a patch of the sources has it: without what only serves one compiler call (the mirror's
    /// paths, attributes from the command line, marks of statics).
    pub fn patched(&self) -> Result<Vec<(Utf8PathBuf, String)>> {
        let carried = if self.carried == CrateExports::default() {
            self.own_exports().carried()
        } else {
            None
        };
        let (texts, _) = render::texts(self.source(), &self.facts, Purpose::Patch, carried)?;
        let files = self.files.list.iter().zip(texts);
        Ok(files
            .filter(|(_, text)| text.changed())
            .map(|(file, text)| (file.path.clone(), text.current().to_owned()))
            .collect())
    }

    /// What dependants need to know about this crate.
    pub fn exports(&self) -> Exports {
        Exports {
            crates: [(self.request.crate_name.to_owned(), self.own_exports())].into(),
        }
    }

    fn own_exports(&self) -> CrateExports {
        let mut own = self.facts.exports(&self.notes, &self.source());
        own.telling = columns::exported(&self.source());
        own.add(&self.carried);
        own
    }

    /// Gates lowered, with the number of places: attributes, derives, and what the compiler found to rely on them.
    pub fn gates(&self) -> Places {
        self.facts.count()
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

    /// The span of the original for bytes of a file as rustc names it, lowered or not. Nothing for files that are not of this crate.
    pub fn original_span(&self, file_name: &str, bytes: Range<usize>) -> Option<OriginalSpan> {
        original::span(&self.source(), &self.facts, file_name, bytes)
    }

    /// Where the characters of the lines that lowering rewrote stand in the originals.
    pub fn columns(&self) -> Columns {
        let texts: Vec<&Pieces> = self.files.list.iter().map(|file| &file.text).collect();
        render::columns(&self.source(), &self.facts, &texts)
    }

    /// A text of the compiler's with the original's names in the place of added ones.
    pub fn original_names(&self, text: &str) -> String {
        let facts = self.facts.of::<ArbitrarySelfTypes>();
        arbitrary_self_types::restored(text, facts, &self.source())
    }

    /// Whether a warning is only there because of how the crate was lowered: that a receiver, which the compiler says nothing of, is not read; that the
    /// value of a call, which became an argument, stands in parentheses; that nothing uses an import whose trait a dependency has lowered.
    pub fn is_of_lowering(&self, diagnostic: &Diagnostic) -> bool {
        let code = diagnostic.code.as_ref().map_or("", |code| &code.code);
        let spans = diagnostic.spans.iter().filter(|span| span.is_primary);
        let mut spots = spans.filter_map(|span| self.source().spot(Place(span)));
        diagnostic.level == DiagnosticLevel::Warning
            && match code {
                "unused_assignments" | "unused_variables" => {
                    let facts = self.facts.of::<ArbitrarySelfTypes>();
                    spots
                        .any(|spot| arbitrary_self_types::is_receiver(facts, &self.source(), &spot))
                }
                "unused_imports" => spots.any(|spot| {
                    let import = &self.source().original(spot.file)[spot.range.clone()];
                    spot.added || arbitrary_self_types::imports_lowered(&self.source(), import)
                }),
                "unused_parens" => {
                    let facts = self.facts.of::<ArbitrarySelfTypes>();
                    spots.any(|spot| {
                        let mut parts = facts.rewritten.keys();
                        parts.any(|part| part.file == spot.file && part.start == spot.range.start)
                    })
                }
                _ => false,
            }
    }

    /// The original text of a file as rustc names it, if it is of this crate.
    pub fn original_text(&self, file_name: &str) -> Option<&str> {
        let index = self.files.named(self.request.cwd, file_name)?;
        Some(self.files.list[index].text.original())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Scratch;

    #[test]
    fn all_files_of_a_crate_reach_the_mirror_with_their_links() {
        let scratch = Scratch::new(&[
            (
                "lib.rs",
                "#![feature(asm_goto, used_with_arg)] mod a;\nmod inline { mod b; }\n#[path = \"odd/name.rs\"] mod c;\ninclude!(concat!(\n  env!(\"OBJTREE\"),\n  \"/gen.rs\"));\nmod missing;\nm! { mod d; }\n",
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
            let lowered = lowered.unwrap();
            first = Some((lowered.patched().unwrap(), lowered.exports()));
        });
        let (patched, exports) = first.unwrap();
        assert!(exports.crates.values().all(|own| own.pointers));
        let scratch = Scratch::new(&[("lib.rs", &patched[0].1)]);
        scratch.lower("lib.rs", &[], |lowered| {
            let lowered = lowered.unwrap();
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
}
