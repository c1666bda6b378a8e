//! Recorded commands run again, with something taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};
use gateless_rust_text::cfg::split_commas;
use gateless_rust_text::tokens::{self, Tokens};
use gateless_rustc::diagnostic::{self, Event};

use super::none;
use super::recorded::Recorded;

/// Whether a nightly compiler's gates can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gates {
    /// As the kernel's build has it: `RUSTC_BOOTSTRAP=1`.
    Open,
    /// As a stable compiler has it. `-1` says so to a nightly one, too.
    Shut,
}

impl Gates {
    fn value(self) -> &'static str {
        match self {
            Gates::Open => "1",
            Gates::Shut => "-1",
        }
    }
}

/// The compiler that the audit is about, in a build directory.
pub struct Compiler<'c> {
    rustc: &'c Utf8Path,
    out: &'c Utf8Path,
    /// What recorded commands say with nothing but these arguments taken out.
    controls: Mutex<BTreeMap<Without, Control>>,
}

/// A recorded command by its name, its gates, and the arguments taken out.
type Without = (String, Gates, BTreeSet<usize>);

/// The compiler's first words if it fails, once it was asked; whoever asks first keeps the others waiting.
type Control = Arc<Mutex<Option<Option<String>>>>;

impl<'c> Compiler<'c> {
    /// Runs `rustc` in the build directory `out`.
    pub fn new(rustc: &'c Utf8Path, out: &'c Utf8Path) -> Self {
        Self {
            rustc,
            out,
            controls: Mutex::default(),
        }
    }

    /// The build directory.
    pub fn out(&self) -> &Utf8Path {
        self.out
    }

    /// Compiles a command without some arguments, once; the compiler's first words if it fails.
    pub fn control(
        &self,
        one: &Recorded,
        gates: Gates,
        left_out: &BTreeSet<usize>,
    ) -> Result<Option<String>> {
        let key = (one.name.clone(), gates, left_out.clone());
        let control = {
            let mut controls = self.controls.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(controls.entry(key).or_default())
        };
        let mut known = control.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &*known {
            return Ok(error.clone());
        }
        let error = self.compile(one, gates, left_out, &none())?;
        *known = Some(error.clone());
        Ok(error)
    }

    /// Fails unless a command compiles as it was recorded.
    pub fn sound(&self, one: &Recorded) -> Result<()> {
        let Some(error) = self.control(one, Gates::Open, &none())? else {
            return Ok(());
        };
        Err(Failure::failed(format!(
            "{} does not compile even with all gates open: {error}",
            one.name
        ))
        .help("build the directory anew; its sources or its compiler may have changed"))
    }

    /// Compiles a crate without some arguments (by index) and features; the compiler's first words if it fails.
    pub fn compile(
        &self,
        one: &Recorded,
        gates: Gates,
        left_out: &BTreeSet<usize>,
        features: &BTreeSet<String>,
    ) -> Result<Option<String>> {
        let directory = tempfile::tempdir()?;
        let scratch = scratch(&directory)?;
        let root = overlay(self.out, one.root(), features, scratch)?;
        let mut command = self.command(one, gates);
        let mut skip = false;
        for (i, arg) in one.args.iter().enumerate() {
            if std::mem::take(&mut skip)
                || left_out.contains(&i)
                || arg.starts_with("--emit=")
                || arg.starts_with("--out-dir=")
                || is_format(arg)
            {
                continue;
            }
            match arg.as_str() {
                "--out-dir" | "-o" | "--emit" => skip = true,
                _ if i == one.root => {
                    command.arg(&root);
                }
                arg if arg.starts_with("-Zcrate-attr=") => {
                    command.arg(without_features(arg, features));
                }
                arg => {
                    command.arg(arg);
                }
            }
        }
        command.arg(format!("--emit=metadata={scratch}/out.rmeta"));
        // Whether lints still like the crate is not the question.
        command.arg("--cap-lints=allow");
        run(command)
    }

    /// Gives a command's options to the program, with nothing to compile; its first words if it refuses them.
    pub fn options(&self, one: &Recorded, left_out: &BTreeSet<usize>) -> Result<Option<String>> {
        let directory = tempfile::tempdir()?;
        let scratch = scratch(&directory)?;
        let mut command = self.command(one, Gates::Shut);
        let mut skip = false;
        for (i, arg) in one.args.iter().enumerate() {
            let makes = arg.starts_with("--emit") || arg.starts_with("--out-dir") || arg == "-o";
            let apart = matches!(arg.as_str(), "--emit" | "--out-dir" | "-o");
            if std::mem::take(&mut skip)
                || left_out.contains(&i)
                || i == one.root
                || makes
                || is_format(arg)
            {
                skip = apart;
                continue;
            }
            command.arg(arg);
        }
        if one.rustdoc {
            // A page of text: rustdoc takes all of its options with one, and compiles no crate.
            let page = scratch.join("empty.md");
            fs_err::write(&page, "")?;
            command.arg(page);
            if !one.args.iter().any(|arg| arg == "--test") {
                command.arg("-o").arg(scratch.join("doc"));
            }
        } else {
            command.arg("--print=cfg");
        }
        run(command)
    }

    fn command(&self, one: &Recorded, gates: Gates) -> Command {
        let beside = self.rustc.with_file_name("rustdoc");
        let program = match one.rustdoc {
            true if beside.is_file() => beside.as_str(),
            false if one.program.ends_with("rustc") => self.rustc.as_str(),
            _ => &one.program,
        };
        let mut command = Command::new(program);
        command
            .arg("--error-format=json")
            .current_dir(self.out)
            .envs(one.env.iter().cloned())
            .env("RUSTC_BOOTSTRAP", gates.value())
            .stdin(Stdio::null());
        command
    }
}

/// Whether an argument says in which form the compiler is to speak, which is ours to choose.
fn is_format(arg: &str) -> bool {
    arg.starts_with("--error-format=") || arg.starts_with("--json=")
}

fn scratch(directory: &tempfile::TempDir) -> Result<&Utf8Path> {
    Utf8Path::from_path(directory.path())
        .ok_or_else(|| Failure::failed("the temporary directory's name is not UTF-8"))
}

fn run(mut command: Command) -> Result<Option<String>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| Failure::failed(format!("`{program}` can't be run")).because(error))?;
    if output.status.success() {
        return Ok(None);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    // A closed gate has other errors in its train; the one about the gate tells most.
    let told = diagnostic::parse(&words);
    let gate = told
        .iter()
        .find(|diagnostic| Event::hear(diagnostic).is_some_and(|event| event.is_gate()))
        .and_then(|diagnostic| diagnostic.rendered.clone());
    let words = gate.unwrap_or_else(|| diagnostic::rendered(&words));
    let first = words.lines().find(|line| line.starts_with("error"));
    Ok(Some(first.unwrap_or("failed without a word").to_owned()))
}

/// The crate root without some features, in a directory of links to everything that lies beside it; the root itself if none is to go.
fn overlay(
    out: &Utf8Path,
    root: &str,
    without: &BTreeSet<String>,
    scratch: &Utf8Path,
) -> Result<Utf8PathBuf> {
    let root = camino::absolute_utf8(out.join(root))?;
    if without.is_empty() {
        return Ok(root);
    }
    let (Some(directory), Some(name)) = (root.parent(), root.file_name()) else {
        return Err(Failure::failed(format!("{root} is no crate root")));
    };
    let links = scratch.join("root");
    fs_err::create_dir(&links)?;
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_name() != name {
            std::os::unix::fs::symlink(entry.path(), links.join(entry.file_name()))?;
        }
    }
    let text = fs_err::read_to_string(&root)?;
    let made = links.join(name);
    fs_err::write(&made, without_features(&text, without))?;
    Ok(made)
}

/// A text without some names in `feature(...)`.
fn without_features(text: &str, without: &BTreeSet<String>) -> String {
    let tokens = Tokens::new(text, tokens::edition("2021"));
    let mut made = text.to_owned();
    for i in (0..tokens.list.len()).rev() {
        if tokens.at(i) != "feature" || !tokens.opens(i + 1, "(") {
            continue;
        }
        let close = tokens.close(i + 1);
        let parts = split_commas(&tokens, i + 2, close);
        if !parts.iter().any(|&(a, _)| without.contains(tokens.at(a))) {
            continue;
        }
        let kept: Vec<&str> = parts
            .iter()
            .filter(|&&(a, _)| !without.contains(tokens.at(a)))
            .map(|&(a, b)| &text[tokens.bytes(a, b - 1)])
            .collect();
        let inside = tokens.list[i + 1].range.end..tokens.list[close].range.start;
        let lines = "\n".repeat(text[inside.clone()].matches('\n').count());
        made.replace_range(inside, &format!("{}{lines}", kept.join(", ")));
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn just_the_named_feature_goes_and_lines_stay() {
        let without = BTreeSet::from(["b".to_owned()]);
        assert_eq!(
            without_features(
                "#![feature(a, b)]\n#![cfg_attr(X, feature(\n b,\n))]\nfn feature() {}\n#![feature(c)]",
                &without
            ),
            "#![feature(a)]\n#![cfg_attr(X, feature(\n\n))]\nfn feature() {}\n#![feature(c)]"
        );
        assert_eq!(
            without_features("-Zcrate-attr=feature(a,b)", &without),
            "-Zcrate-attr=feature(a)"
        );
    }
}
