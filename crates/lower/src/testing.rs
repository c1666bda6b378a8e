//! Lowering of sources given in a test.

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::diagnostic::Diagnostic;
use gateless_model::Result;

use crate::{Exports, GateStatus, Lowered, Progress, Request, lower_syntax};

/// A directory with the given files, removed at the end.
pub struct Scratch {
    dir: tempfile::TempDir,
    known: Exports,
    /// As in [`Request`].
    pub mark_used: bool,
}

impl Scratch {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join("src").join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        Self {
            dir,
            known: Exports::default(),
            mark_used: false,
        }
    }

    pub fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).unwrap().join(name)
    }

    /// Lowers the crate with the root `root`, calls `check`.
    pub fn lower<T>(
        &self,
        root: &str,
        attrs: &[&str],
        check: impl FnOnce(Result<Lowered<'_>>) -> T,
    ) -> T {
        let attrs: Vec<String> = attrs.iter().map(|attr| (*attr).to_owned()).collect();
        let env = |name: &str| (name == "OBJTREE").then(|| self.path("src/out").to_string());
        check(lower_syntax(Request {
            root: Utf8Path::new(root),
            cwd: &self.path("src"),
            mirror: &self.path("mirror"),
            root_text: None,
            crate_name: "x",
            edition: "2021",
            env: &env,
            cfg: vec!["ON".into()],
            crate_attrs: &attrs,
            gate_status: &status,
            mark_used: self.mark_used,
            shown: &|path| path.to_string(),
            known: &self.known,
        }))
    }
}

fn status(name: &str) -> GateStatus {
    match name {
        "asm_goto" | "extract_if" => GateStatus::Stable,
        name if crate::lowered_features().any(|feature| feature == name) => GateStatus::Lowered,
        "compiler_builtins" => GateStatus::Internal,
        _ => GateStatus::Unknown,
    }
}

/// The lowered text of a crate of one file.
pub fn lowered(text: &str) -> String {
    lowered_with(text, &[])
}

/// The same with marked statics.
pub fn lowered_marking(text: &str) -> String {
    let mut scratch = Scratch::new(&[("lib.rs", text)]);
    scratch.mark_used = true;
    of(&scratch, text, &[])
}

/// The same with injected attributes.
pub fn lowered_with(text: &str, attrs: &[&str]) -> String {
    of(&Scratch::new(&[("lib.rs", text)]), text, attrs)
}

fn of(scratch: &Scratch, text: &str, attrs: &[&str]) -> String {
    scratch.lower("lib.rs", attrs, |lowered| {
        let lowered = lowered.unwrap();
        let new = lowered
            .changes()
            .next()
            .map_or_else(|| text.to_owned(), |(_, new)| new.to_owned());
        assert_eq!(new.lines().count(), text.lines().count(), "a line moved");
        new
    })
}

/// An error of the compiler about the only place where `at` is in `text`, with `label` there.
pub fn error(code: &str, message: &str, text: &str, at: &str, label: &str) -> Diagnostic {
    let start = text.find(at).expect("the place is not in the text");
    let span = serde_json::json!({
        "file_name": "lib.rs", "byte_start": start, "byte_end": start + at.len(), "line_start": 1, "line_end": 1, "column_start": 1,
        "column_end": 1, "is_primary": true, "text": [], "label": label, "suggested_replacement": null,
        "suggestion_applicability": null, "expansion": null,
    });
    let diagnostic = serde_json::json!({
        "message": message, "code": { "code": code, "explanation": null }, "level": "error", "spans": [span], "children": [], "rendered": null,
    });
    serde_json::from_value(diagnostic).unwrap()
}

/// The lowered text of a crate of one file after one [`error`] of the compiler, without the support module.
pub fn refined(text: &str, code: &str, message: &str, at: &str, label: &str) -> String {
    Scratch::new(&[("lib.rs", text)]).lower("lib.rs", &[], |lowered| {
        let mut lowered = lowered.unwrap();
        let compiled = lowered.changes().next().unwrap().1.to_owned();
        assert_eq!(lowered.refine(&[error(code, message, &compiled, at, label)]).unwrap(), Progress::Changed);
        let new = lowered.changes().next().unwrap().1.to_owned();
        assert_eq!(new.lines().count(), text.lines().count(), "a line moved");
        let mut own = new.split(" #[doc(hidden)] #[allow(warnings, unsafe_code, unused, nonstandard_style, rust_2018_idioms, unreachable_pub, clippy::all)] pub mod");
        own.next().unwrap_or_default().replace(crate::lints::QUIET, "#[quiet]")
    })
}

/// Why a crate of one file is refused, without the directory it lies in.
pub fn refused(text: &str) -> String {
    let scratch = Scratch::new(&[("lib.rs", text)]);
    let error = scratch.lower("lib.rs", &[], |lowered| {
        lowered.err().expect("it was lowered")
    });
    error.what.replace(scratch.path("src/").as_str(), "")
}
