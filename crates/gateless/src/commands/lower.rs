//! `gateless lower`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_audit::audit;
use gateless_audit::forecast::forecast;
use gateless_base::{cache, files, process};
use gateless_ledger::Ledger;
use gateless_linux::tree::Tree;
use gateless_machines::kbuild_arch;
use gateless_model::{Exit, Failure, Result};
use gateless_provision::toolchain::{self, Choice, Chosen, Wanted};
use gateless_rustc::compiler;

use super::build::{Purpose, build};
use super::build_options::{BackEnd, BuildOptions, Runtime, architecture, toolchain};
use crate::output;
use crate::terminal::Terminal;

/// Lower sources to stable Rust, as a patch or as files
///
/// PATH is the root file of a crate, or a kernel tree. A tree is built first, as by `gateless build --tree PATH`, because the
/// configuration decides what is compiled and some sources are generated; what is built already isn't built again. The patch
/// suits `git apply` and leaves out generated files. Lines keep their numbers. With --check nothing is built or written: the
/// gates of a tree are listed, with what becomes of each; the exit code is 1 if one is refused or lacking in the compiler.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Root file of a crate, or a kernel tree
    path: Utf8PathBuf,
    /// Write a patch to this file [default, without --out: stdout]
    #[arg(long, value_name = "FILE")]
    patch: Option<Utf8PathBuf>,
    /// Write the lowered files to this directory, by their paths in the tree or relative to the root file
    #[arg(long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    /// For a tree: use this output directory of a gateless build, and build nothing
    #[arg(long, value_name = "OUT", conflicts_with_all = ["arch", "configs"])]
    build: Option<Utf8PathBuf>,
    /// For a tree: architecture, as for `gateless build`
    #[arg(long, default_value = "um", value_parser = architecture)]
    arch: String,
    /// For a tree: preset or file of CONFIG_X=y lines; repeatable [default: ARCH-small]
    #[arg(long = "config", value_name = "PRESET|FILE")]
    configs: Vec<String>,
    /// For a tree: say what lowering will make of it, from its files alone, and build nothing
    #[arg(long, conflicts_with_all = ["patch", "out", "build", "configs", "rustc_args"])]
    check: bool,
    /// With --check: compiler, as for `gateless build`
    #[arg(long, value_name = "auto|RELEASE|PATH", default_value = "auto", value_parser = toolchain, requires = "check")]
    toolchain: Choice,
    /// With --check: print the answer as JSON (crates/audit/schema/forecast.json)
    #[arg(long, requires = "check")]
    json: bool,
    /// For a crate: arguments for rustc, such as --edition=2021, --cfg, --extern
    #[arg(last = true, value_name = "RUSTC ARGS")]
    rustc_args: Vec<OsString>,
}

/// One lowered file.
struct File {
    /// Absolute path.
    path: Utf8PathBuf,
    lowered: String,
}

/// Prints or writes the lowered sources.
pub fn run(args: Args) -> Result<Exit> {
    let path = real(&args.path)?;
    if args.check {
        return check(&args, &path);
    }
    let (base, found) = if path.is_dir() {
        let out = match &args.build {
            Some(out) => real(out)?,
            None => built(&args, &path)?,
        };
        (path, kept(&gateless_driver::kept(&out), &out)?)
    } else {
        let directory = tempfile::Builder::new()
            .prefix("gateless-")
            .tempdir()
            .map_err(|error| Failure::failed("cannot make a temporary directory").because(error))?;
        let Some(out) = Utf8Path::from_path(directory.path()) else {
            return Err(Failure::failed(
                "the temporary directory's name is not UTF-8",
            ));
        };
        let mut call: Vec<OsString> = vec![path.as_str().into(), "--emit=metadata".into()];
        call.extend(["-o".into(), out.join("out.rmeta").as_str().into()]);
        call.extend(args.rustc_args.iter().cloned());
        if gateless_driver::lower(call, out)? != 0 {
            return Ok(Exit::No);
        }
        let base = path.parent().unwrap_or(&path).to_owned();
        (base, kept(&gateless_driver::kept(out), out)?)
    };
    let (own, generated): (Vec<File>, Vec<File>) = found
        .into_iter()
        .partition(|file| file.path.starts_with(&base));
    for file in generated {
        output::note(format_args!("not below {base}, left out: {}", file.path));
    }
    if let Some(out) = &args.out {
        for file in &own {
            let target = out.join(name(&file.path, &base));
            fs_err::create_dir_all(target.parent().unwrap_or(out))?;
            files::write_with_parents(&target, file.lowered.as_bytes())?;
        }
    }
    if args.patch.is_some() || args.out.is_none() {
        let mut patch = String::new();
        for file in &own {
            patch.push_str(&diff(file, &base)?);
        }
        match &args.patch {
            Some(file) => files::write_with_parents(file, patch.as_bytes())?,
            None if patch.is_empty() => {}
            None => output::line(patch.trim_end_matches('\n'))?,
        }
    }
    output::note(match own.len() {
        0 => "nothing to lower".to_owned(),
        1 => "1 file lowered".to_owned(),
        count => format!("{count} files lowered"),
    });
    Ok(Exit::Yes)
}

/// Says what lowering will make of a tree.
fn check(args: &Args, path: &Utf8Path) -> Result<Exit> {
    if !path.is_dir() {
        return Err(Failure::usage(format!("{path} is no kernel tree"))
            .help("--check is about trees; a crate is lowered at once without it"));
    }
    let cache = cache::root()?;
    // Any directory of Rust sources has gates; only a kernel tree says which compilers it takes.
    let minimum = match Tree::open(path) {
        Ok(tree) => Some(tree.minimum_rustc(kbuild_arch(&args.arch), &process::stdout_of)?),
        Err(_) => None,
    };
    let compiler = match toolchain::choose(&args.toolchain, &cache, minimum)? {
        Chosen::Here(compiler) => compiler,
        // Nothing is brought in to answer a question: the compiler that is here is asked, and said to be too old.
        Chosen::Missing(Wanted::AtLeast(_), _) => compiler::find()?,
        missing => missing.compiler()?,
    };
    let audit = audit::run(path, None, &compiler.rustc)?.audit(Ledger::embedded());
    let answer = forecast(&audit, minimum);
    for problem in &answer.problems {
        output::note(format_args!(
            "{}:{}: {}",
            problem.file, problem.line, problem.what
        ));
    }
    match args.json {
        true => output::json(&answer)?,
        false => output::line(answer.text())?,
    }
    Ok(match (answer.ok, answer.problems.is_empty()) {
        (false, _) => Exit::No,
        (true, false) => Exit::Failed,
        (true, true) => Exit::Yes,
    })
}

/// Builds the tree; returns the output directory.
fn built(args: &Args, tree: &Utf8Path) -> Result<Utf8PathBuf> {
    let options = BuildOptions {
        tree: Some(tree.to_owned()),
        release: String::new(),
        arch: args.arch.clone(),
        configs: args.configs.clone(),
        out: None,
        runtime: Runtime::Source,
        toolchain: Choice::Automatic,
        gated: false,
        wishes: Vec::new(),
        backend: BackEnd::Llvm,
        yes: false,
        jobs: None,
        make_args: Vec::new(),
    };
    let built = build(&options, Purpose::Build, &mut Terminal::new())?;
    Ok(built.build.out.path.clone())
}

/// What the wrappers left. A file that several crates have must be lowered the same way in all of them.
fn kept(directory: &Utf8Path, out: &Utf8Path) -> Result<Vec<File>> {
    if !gateless_driver::records(out).is_dir() {
        return Err(Failure::failed(format!(
            "{out} is not an output directory of a gateless build"
        ))
        .help("build it first: gateless build --out"));
    }
    let mut found: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    for crate_directory in directory.read_dir_utf8()? {
        let crate_directory = crate_directory?.into_path();
        let mut todo = vec![crate_directory.clone()];
        while let Some(inner) = todo.pop() {
            for entry in inner.read_dir_utf8()? {
                let path = entry?.into_path();
                if path.is_dir() {
                    todo.push(path);
                    continue;
                }
                let original = path.as_str()[crate_directory.as_str().len()..].into();
                let text = fs_err::read_to_string(&path)?;
                match found.get(&original) {
                    Some(other) if *other != text => {
                        return Err(Failure::no(format!(
                            "{original} is part of several crates, which lower it differently"
                        )));
                    }
                    _ => {
                        found.insert(original, text);
                    }
                }
            }
        }
    }
    let files = found.into_iter();
    Ok(files
        .map(|(path, lowered)| File { path, lowered })
        .collect())
}

fn name<'a>(path: &'a Utf8Path, base: &Utf8Path) -> &'a Utf8Path {
    path.strip_prefix(base).unwrap_or(path)
}

/// The file's part of the patch.
fn diff(file: &File, base: &Utf8Path) -> Result<String> {
    let name = name(&file.path, base);
    let original = fs_err::read_to_string(&file.path)?;
    if original.lines().count() != file.lowered.lines().count() {
        return Err(
            Failure::failed(format!("{} was changed after it was lowered", file.path))
                .help("build again"),
        );
    }
    Ok(format!(
        "diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n{}",
        hunks(&original, &file.lowered)
    ))
}

/// Unchanged lines around changed ones in a patch.
const CONTEXT: usize = 3;

/// The hunks of a unified diff. Lowering moves no line, so each line is compared with the one in its place.
fn hunks(original: &str, lowered: &str) -> String {
    let lines: Vec<(&str, &str)> = original
        .split_inclusive('\n')
        .zip(lowered.split_inclusive('\n'))
        .collect();
    let changed = |line: &usize| lines[*line].0 != lines[*line].1;
    let mut text = String::new();
    let mut next = 0;
    while let Some(first) = (next..lines.len()).find(changed) {
        let mut last = first;
        // Two hunks whose context would touch are one.
        while let Some(more) = (last + 1..lines.len().min(last + 2 * CONTEXT + 2)).find(changed) {
            last = more;
        }
        let (start, end) = (
            first.saturating_sub(CONTEXT),
            lines.len().min(last + CONTEXT + 1),
        );
        let range = format!("{},{}", start + 1, end - start);
        text.push_str(&format!("@@ -{range} +{range} @@\n"));
        let mut at = start;
        while at < end {
            let run = (at..end).take_while(changed).count();
            match run {
                0 => push_line(&mut text, ' ', lines[at].0),
                _ => {
                    let lines = &lines[at..at + run];
                    lines
                        .iter()
                        .for_each(|(old, _)| push_line(&mut text, '-', old));
                    lines
                        .iter()
                        .for_each(|(_, new)| push_line(&mut text, '+', new));
                }
            }
            at += run.max(1);
        }
        next = end;
    }
    text
}

/// One line of a hunk, with diff's note when it is the last one of a file without a line end.
fn push_line(text: &mut String, sign: char, line: &str) {
    text.push(sign);
    text.push_str(line);
    if !line.ends_with('\n') {
        text.push_str("\n\\ No newline at end of file\n");
    }
}

/// The path of what is there, links resolved.
fn real(path: &Utf8Path) -> Result<Utf8PathBuf> {
    path.canonicalize_utf8()
        .map_err(|error| Failure::usage(format!("{path}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_far_apart_are_hunks_of_their_own_and_near_ones_share_one() {
        let lines = |changed: &[usize]| {
            let line = |line: usize| match changed.contains(&line) {
                true => format!("new {line}\n"),
                false => format!("{line}\n"),
            };
            (1..=20).map(line).collect::<String>()
        };
        let heads = |changed: &[usize]| {
            let text = hunks(&lines(&[]), &lines(changed));
            let heads = text.lines().filter(|line| line.starts_with("@@"));
            heads.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(heads(&[]), [""; 0]);
        assert_eq!(heads(&[1, 20]), ["@@ -1,4 +1,4 @@", "@@ -17,4 +17,4 @@"]);
        assert_eq!(heads(&[5, 12]), ["@@ -2,14 +2,14 @@"]);
        assert_eq!(heads(&[5, 13]), ["@@ -2,7 +2,7 @@", "@@ -10,7 +10,7 @@"]);
        assert_eq!(
            hunks("a\nb\nc\n", "x\ny\nc\n"),
            "@@ -1,3 +1,3 @@\n-a\n-b\n+x\n+y\n c\n"
        );
    }

    #[test]
    fn a_patch_names_files_as_git_does_and_keeps_a_missing_line_end() {
        let directory = tempfile::tempdir().unwrap();
        let base = Utf8Path::from_path(directory.path()).unwrap();
        let path = base.join("rust/a.rs");
        fs_err::create_dir(base.join("rust")).unwrap();
        fs_err::write(&path, "#[used(compiler)]\nstatic A: u8 = 1;").unwrap();
        let lowered = "#[used]\nstatic A: u8 = 1;".to_owned();
        let file = File { path, lowered };
        assert_eq!(
            diff(&file, base).unwrap(),
            "diff --git a/rust/a.rs b/rust/a.rs\n--- a/rust/a.rs\n+++ b/rust/a.rs\n@@ -1,2 +1,2 @@\n-#[used(compiler)]\n+#[used]\n static A: u8 = 1;\n\\ No newline at end of file\n"
        );
    }
}
