//! The compiler's own UI tests of self types, coercions, methods and trait objects, as programs, in three forms.
//!
//! On request: `GATELESS_UI_TESTS` names the directory `tests/ui` of the sources of the compiler that is on PATH, or is `fetch` (`source.rs`). They
//! are not part of this project. A list of words on the command line, with commas, picks the tests whose path in it has one of them; without it those of
//! [`KINDS`] are tried. `GATELESS_UI_FIGURES` names a file for the counts, as a record has them (docs/records.md).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::program::{Bench, Compared, Program};
use crate::verdict::Verdict;

/// Directories of `tests/ui` that are about these things: what is tried if nothing else is asked for.
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

impl Form {
    fn name(self) -> &'static str {
        match self {
            Form::Original => "as they are",
            Form::Pointers => "with pointers of their own",
            Form::Gates => "with all gates named",
        }
    }
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

/// One test in one form, and what came of it.
struct Tried {
    /// Its directory in `tests/ui`.
    kind: String,
    form: Form,
    path: PathBuf,
    compared: Compared,
}

impl Tried {
    /// Whether it is a valid program with no other features than those of the gates.
    fn is_valid(&self) -> bool {
        self.compared.is_valid && !self.compared.is_beyond
    }

    fn is_refused(&self) -> bool {
        self.is_valid() && self.compared.verdict == Verdict::RefusesValid
    }
}

/// Runs the tests in `directory` whose path in it has one of `words`, prints counts, and panics where gateless accepts what the gated compiler refuses, a
/// program does something else, or more valid ones than [`REFUSED`] percent are refused.
pub fn run(directory: &Path, words: &[String]) {
    let mut found = Vec::new();
    files(directory, &mut found);
    found.retain(|path| is_asked(path.strip_prefix(directory).unwrap_or(path), words));
    found.sort();
    let mut tests = Vec::new();
    let mut beyond = 0;
    for path in found {
        match std::fs::read_to_string(&path) {
            Ok(text) if is_simple(&text) => tests.push((path, text)),
            _ => beyond += 1,
        }
    }
    assert!(
        !tests.is_empty(),
        "{} has no such UI tests of the compiler",
        directory.display()
    );
    println!(
        "{} tests, {beyond} more that need other things than a compiler call",
        tests.len()
    );
    let queue = Mutex::new(tests.iter());
    let tried: Mutex<Vec<Tried>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((path, original)) = next else {
                        break;
                    };
                    for form in FORMS {
                        if let Some(text) = text(original, form) {
                            let one = try_one(directory, form, path, &text);
                            tell(directory, &one);
                            tried.lock().unwrap().push(one);
                        }
                    }
                }
            });
        }
    });
    judge(&tried.into_inner().unwrap());
}

/// Whether a path in `tests/ui` is one of those asked for.
fn is_asked(path: &Path, words: &[String]) -> bool {
    let text = path.to_string_lossy();
    let has = |word: &str| text.contains(word);
    match words {
        [] => KINDS.iter().any(|kind| path.starts_with(kind)),
        words => words.iter().any(|word| has(word)),
    }
}

fn try_one(directory: &Path, form: Form, path: &Path, text: &str) -> Tried {
    let bench = Bench::new().unwrap();
    let copy = bench.path().join(path.file_name().unwrap());
    std::fs::write(&copy, text).unwrap();
    let mut program = Program::of_file(&copy);
    program.is_only_checked = !["run-pass", "build-pass", "build-fail", "run-fail"]
        .iter()
        .any(|directive| text.contains(directive));
    let kind = path.strip_prefix(directory).unwrap_or(path).iter().next();
    Tried {
        kind: kind.unwrap_or_default().to_string_lossy().into_owned(),
        form,
        path: path.to_owned(),
        compared: bench.compare(&program),
    }
}

/// Prints a test that does not agree, unless for a feature that no gate is.
fn tell(directory: &Path, tried: &Tried) {
    let path = tried.path.strip_prefix(directory).unwrap_or(&tried.path);
    let Compared {
        verdict, reason, ..
    } = &tried.compared;
    if *verdict <= Verdict::DifferentMessage && !tried.compared.is_beyond {
        println!("{verdict} {:?} {}: {reason}", tried.form, path.display());
    }
}

/// Prints the counts, and panics where one of them is not as it has to be.
fn judge(tried: &[Tried]) {
    let mut figures = String::new();
    let mut figure = |name: &str, count: usize| {
        let _ = writeln!(
            figures,
            "\n[[figure]]\nname = {name:?}\nunit = \"programs\"\nvalue = {count}"
        );
    };
    let count = |which: &dyn Fn(&Tried) -> bool| tried.iter().filter(|one| which(one)).count();
    for form in FORMS {
        let mut counts: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
        for one in tried.iter().filter(|one| one.form == form) {
            let verdict = one.compared.verdict.to_string();
            *counts
                .entry(&one.kind)
                .or_default()
                .entry(verdict)
                .or_default() += 1;
        }
        for (kind, counts) in counts {
            println!("{form:?} {kind}: {counts:?}");
        }
        let of_form = |one: &Tried| one.form == form;
        figure(&format!("{}: tried", form.name()), count(&of_form));
        let beyond = |one: &Tried| of_form(one) && one.compared.is_beyond;
        figure(&format!("{}: other features", form.name()), count(&beyond));
        let valid = |one: &Tried| of_form(one) && one.is_valid();
        figure(&format!("{}: valid", form.name()), count(&valid));
        for verdict in Verdict::ALL {
            let is_it = |one: &Tried| !one.compared.is_beyond && one.compared.verdict == verdict;
            let here = |one: &Tried| of_form(one) && is_it(one);
            figure(&format!("{}: {verdict}", form.name()), count(&here));
        }
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for one in tried {
        if one.is_refused() {
            *reasons.entry(&one.compared.reason).or_default() += 1;
        }
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (reason, count) in reasons {
        println!("{count} valid ones refused: {reason}");
    }
    if let Some(path) = std::env::var_os("GATELESS_UI_FIGURES") {
        std::fs::write(path, figures).expect("the figures can be written");
    }
    let wrong = count(&|one| one.compared.verdict <= Verdict::FalseAccept);
    let refused = count(&Tried::is_refused);
    let valid = count(&Tried::is_valid);
    let beyond = count(&|one| one.compared.is_beyond);
    println!(
        "{} programs: {wrong} wrong; {beyond} name a feature that none of the gates is; of the others {refused} of {valid} valid ones refused",
        tried.len()
    );
    assert!(wrong == 0 && refused * 100 <= valid * REFUSED);
}
