//! The compiler's own UI tests of self types, coercions, methods and trait objects, as programs, in three forms.
//!
//! On request: `GATELESS_UI_TESTS` names the directory `tests/ui` of the sources of the compiler that is on PATH (`apt-get source` of
//! Debian's package has it). They are not part of this project.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::program::{Bench, Program};
use crate::verdict::Verdict;

/// Directories of `tests/ui` that are about these things.
const KINDS: &[&str] = &[
    "autoref-autoderef",
    "coercion",
    "deriving",
    "dyn-compatibility",
    "dyn-drop",
    "dyn-keyword",
    "dynamically-sized-types",
    "methods",
    "self",
    "traits/object",
    "unsized",
];

/// Directives of tests that need more than a compiler call.
const BEYOND: &[&str] = &[
    "aux-build",
    "aux-crate",
    "revisions",
    "ignore",
    "needs-",
    "only-",
    "proc-macro",
    "incremental",
    "rustc-env",
    "exec-env",
    "-Z",
];

/// How many of the valid programs may be refused, in percent.
const REFUSED: usize = 5;

/// The forms in which a test is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// As it is.
    Original,
    /// With pointers of its own in place of `Box`, `Rc` and `Arc`.
    Pointers,
    /// With all gates named.
    Gates,
}

const FORMS: [Form; 3] = [Form::Original, Form::Pointers, Form::Gates];

const FEATURES: &str = "#![allow(unused_features, stable_features)] #![feature(arbitrary_self_types, arbitrary_self_types_pointers, derive_coerce_pointee, used_with_arg)] ";

/// The text of a test in a form, unless that is no other one.
fn text(original: &str, form: Form) -> Option<String> {
    match form {
        Form::Original => Some(original.to_owned()),
        Form::Gates => Some(format!("{FEATURES}{original}")),
        Form::Pointers => {
            let mut text = words(original);
            if text == original {
                return None;
            }
            text.insert_str(0, FEATURES);
            for (own, std) in [
                ("OwnBox", "std::boxed::Box"),
                ("OwnRc", "std::rc::Rc"),
                ("OwnArc", "std::sync::Arc"),
            ] {
                let _ = writeln!(
                    text,
                    "#[derive(std::marker::CoercePointee)] #[repr(transparent)] pub struct {own}<T: ?Sized>({std}<T>); \
                     impl<T: ?Sized> std::ops::Deref for {own}<T> {{ type Target = T; fn deref(&self) -> &T {{ &self.0 }} }} \
                     impl<T> {own}<T> {{ pub fn new(value: T) -> Self {{ {own}({std}::new(value)) }} }}"
                );
            }
            Some(text)
        }
    }
}

/// The text with other names for the pointers, and without their imports.
fn words(text: &str) -> String {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut new = String::new();
    for line in text.lines() {
        let is_import = line.trim_start().starts_with("use ")
            && ["Box", "Rc", "Arc"].iter().any(|name| line.contains(name));
        let mut rest = if is_import { "" } else { line };
        while !rest.is_empty() {
            let len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(len);
            match word {
                "Box" | "Rc" | "Arc" => {
                    new.push_str("Own");
                    new.push_str(word);
                }
                _ => new.push_str(word),
            }
            let len = after.find(is_name).unwrap_or(after.len());
            new.push_str(&after[..len]);
            rest = &after[len..];
        }
        new.push('\n');
    }
    new
}

/// All test files below a directory.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("auxiliary") {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether a compiler call is all that a test needs.
fn is_simple(text: &str) -> bool {
    let mut directives = text.lines().filter(|line| line.starts_with("//@"));
    !directives.any(|line| BEYOND.iter().any(|word| line.contains(word)))
}

/// Runs the tests in `directory`, prints counts, and panics where gateless accepts what the gated compiler refuses, a program does something
/// else, or more valid ones than [`REFUSED`] percent are refused.
pub fn run(directory: &Path) {
    let mut tests = Vec::new();
    let mut beyond = 0;
    for kind in KINDS {
        let mut found = Vec::new();
        files(&directory.join(kind), &mut found);
        found.sort();
        for path in found {
            match std::fs::read_to_string(&path) {
                Ok(text) if is_simple(&text) => tests.push((*kind, path, text)),
                _ => beyond += 1,
            }
        }
    }
    assert!(
        tests.len() > 100,
        "{} has no UI tests of the compiler",
        directory.display()
    );
    println!(
        "{} tests, {beyond} more that need other things than a compiler call",
        tests.len()
    );
    let queue = Mutex::new(tests.iter());
    let counts: Mutex<BTreeMap<(Form, &str), BTreeMap<String, usize>>> = Mutex::default();
    let worst = Mutex::new((0, 0, 0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((kind, path, original)) = next else {
                        break;
                    };
                    for form in FORMS {
                        let Some(text) = text(original, form) else {
                            continue;
                        };
                        let bench = Bench::new().unwrap();
                        let copy = bench.path().join(path.file_name().unwrap());
                        std::fs::write(&copy, text).unwrap();
                        let (verdict, why) = bench.compare(&Program::of_file(&copy));
                        *counts
                            .lock()
                            .unwrap()
                            .entry((form, kind))
                            .or_default()
                            .entry(verdict.to_string())
                            .or_default() += 1;
                        let is_valid = why.contains("== gated compiler\naccepted: true");
                        let mut worst = worst.lock().unwrap();
                        worst.0 += usize::from(verdict <= Verdict::FalseAccept);
                        worst.1 += usize::from(verdict == Verdict::RefusesValid);
                        worst.2 += usize::from(is_valid);
                        if verdict <= Verdict::RefusesValid {
                            println!("{verdict} {form:?} {}", path.display());
                        }
                    }
                }
            });
        }
    });
    for ((form, kind), counts) in counts.into_inner().unwrap() {
        println!("{form:?} {kind}: {counts:?}");
    }
    let (wrong, refused, valid) = worst.into_inner().unwrap();
    println!("{wrong} wrong; {refused} of {valid} valid ones refused");
    assert!(wrong == 0 && refused * 100 <= valid * REFUSED);
}
