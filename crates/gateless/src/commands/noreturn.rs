//! `gateless noreturn`.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::objtool::{CHECK, LIST, Objtool, Test, is_rust};
use gateless_linux::out::tree_of;
use gateless_model::noreturn::{LISTS, Noreturn};
use gateless_model::record::STATE;
use gateless_model::{Exit, Failure, Result, wish};
use serde::Serialize;

use crate::output;

/// Compare the functions that don't return with what the tree's objtool knows; exit with 1 if it lacks one that is called
///
/// For a build made with --wish noreturn-list, which leaves a list beside each object. Objtool sees one object at a time: what an object calls
/// in another one has to be in is_rust_noreturn() (tools/objtool/check.c) or in noreturns.h.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output directory of the build
    out: Utf8PathBuf,
    /// Kernel tree whose objtool is asked [default: that of the build]
    #[arg(long, value_name = "DIR")]
    tree: Option<Utf8PathBuf>,
    /// Print a patch that adds what is missing
    #[arg(long, conflicts_with = "json")]
    patch: bool,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    version: u32,
    /// Objects that have a list.
    objects: usize,
    /// Functions of other objects that are called and don't return, and which objects call each; objtool knows none of them.
    missing: BTreeMap<String, Vec<String>>,
    /// What objtool knows by name and no object defines or calls: `FILE:LINE` and the test.
    stale: BTreeMap<String, String>,
    /// How many functions that don't return are called across objects.
    called: usize,
    /// How many are defined for others.
    defined: usize,
}

/// Prints what is missing and what is stale.
pub fn run(args: Args) -> Result<Exit> {
    let lists = lists(&args.out)?;
    let tree = args.tree.unwrap_or_else(|| tree_of(&args.out));
    let objtool = Objtool::read(&tree)?;
    let answer = compare(&lists, &objtool);
    if args.json {
        output::json(&answer)?;
    } else if args.patch {
        let patch = patch(&tree, &objtool, &answer)?;
        if !patch.is_empty() {
            output::line(patch.trim_end_matches('\n'))?;
        }
    } else {
        tell(&answer)?;
    }
    Ok(match answer.missing.is_empty() {
        true => Exit::Yes,
        false => Exit::No,
    })
}

/// The lists of a build, by object.
fn lists(out: &Utf8Path) -> Result<BTreeMap<String, Noreturn>> {
    let directory = out.join(STATE).join(LISTS);
    if !directory.is_dir() {
        return Err(
            Failure::failed(format!("{out} has no lists of functions that don't return")).help(
                format!(
                    "build it with `gateless build --wish noreturn-list`, or with {}={}",
                    wish::VARIABLE,
                    wish::flags(&["noreturn-list".to_owned()])
                ),
            ),
        );
    }
    let mut lists = BTreeMap::new();
    for entry in directory.read_dir_utf8()? {
        let path = entry?.into_path();
        let name = path.file_stem().unwrap_or_default().replace('%', "/");
        // That of an object which is gone: the build has it no more.
        if !out.join(&name).exists() {
            continue;
        }
        let text = fs_err::read_to_string(&path)?;
        let list = serde_json::from_str(&text)
            .map_err(|error| Failure::failed(format!("{path} is damaged")).because(error))?;
        lists.insert(name, list);
    }
    Ok(lists)
}

fn compare(lists: &BTreeMap<String, Noreturn>, objtool: &Objtool) -> Answer {
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut called, mut defined) = (BTreeSet::new(), BTreeSet::new());
    for (object, list) in lists {
        defined.extend(&list.defined);
        for symbol in &list.called {
            called.insert(symbol);
            if !objtool.knows(symbol) {
                let callers = missing.entry(symbol.clone()).or_default();
                callers.push(object.clone());
            }
        }
    }
    let is_there =
        |holds: &dyn Fn(&str) -> bool| called.iter().chain(&defined).any(|symbol| holds(symbol));
    let stale = objtool.rust.iter();
    let stale = stale.filter(|way| !is_there(&|symbol| is_rust(symbol) && way.holds(symbol)));
    Answer {
        version: 1,
        objects: lists.len(),
        missing,
        stale: stale
            .map(|way| (format!("{CHECK}:{}", way.line), way.text()))
            .collect(),
        called: called.len(),
        defined: defined.len(),
    }
}

fn tell(answer: &Answer) -> Result<()> {
    for (symbol, objects) in &answer.missing {
        let objects = objects.join(", ");
        output::line(format_args!("missing: {symbol} (called in {objects})"))?;
    }
    for (place, test) in &answer.stale {
        output::line(format_args!("stale: {place}: {test}"))?;
    }
    output::line(format_args!(
        "{} objects; functions that don't return: {} called across objects, {} defined; missing in objtool: {}, stale: {}",
        answer.objects,
        answer.called,
        answer.defined,
        answer.missing.len(),
        answer.stale.len()
    ))
}

/// Adds what is missing: names of Rust to the function, others to the list.
fn patch(tree: &Utf8Path, objtool: &Objtool, answer: &Answer) -> Result<String> {
    let (rust, others): (Vec<_>, Vec<_>) = answer.missing.keys().partition(|name| is_rust(name));
    let tests: BTreeSet<_> = rust.into_iter().map(|symbol| test(symbol)).collect();
    let tests = tests
        .into_iter()
        .map(|test| format!("\t       {test}\t||"))
        .collect::<Vec<_>>();
    let names: Vec<_> = others
        .into_iter()
        .map(|name| format!("NORETURN({name})"))
        .collect();
    // Behind the tests of ends, which the first one stands among: on the line of `return`.
    let mut ways = objtool.rust.iter().skip(1);
    let place = ways
        .find(|way| matches!(way.all[..], [Test::Contains(_), ..]))
        .or(objtool.rust.last())
        .map_or(1, |way| way.line);
    let check = insertion(tree, CHECK, &tests, |number, _| number == place)?;
    // The list is sorted.
    let list = insertion(tree, LIST, &names, |_, line| {
        line.starts_with("NORETURN(") && names.first().is_some_and(|first| line > first.as_str())
    })?;
    Ok(check + &list)
}

/// The test of a symbol's name that says nothing of the crate's hash, nor of what the function was instantiated for.
fn test(symbol: &str) -> String {
    let bytes = symbol.as_bytes();
    let begin = (1..bytes.len())
        .find(|at| bytes[at - 1] == b'_' && bytes[*at].is_ascii_digit())
        .unwrap_or(0);
    let mut end = begin;
    while end < bytes.len() {
        let digits = symbol[end..].bytes().take_while(u8::is_ascii_digit).count();
        let Some(length) = symbol[end..end + digits].parse::<usize>().ok() else {
            break;
        };
        if end + digits + length > bytes.len() {
            break;
        }
        end += digits + length;
    }
    let part = &symbol[begin.saturating_sub(1)..end];
    match end == bytes.len() {
        true => format!("str_ends_with(func->name, \"{part}\")"),
        false => format!("strstr(func->name, \"{part}\")"),
    }
}

/// Unchanged lines around the new ones.
const CONTEXT: usize = 3;

/// The part of a patch that puts lines before the first one of `file` that is picked; nothing if there are none to put.
fn insertion(
    tree: &Utf8Path,
    file: &str,
    new: &[String],
    is_picked: impl Fn(usize, &str) -> bool,
) -> Result<String> {
    if new.is_empty() {
        return Ok(String::new());
    }
    let text = fs_err::read_to_string(tree.join(file))?;
    let lines: Vec<_> = text.lines().collect();
    let mut numbered = (1..).zip(&lines);
    let place = numbered
        .position(|(number, line)| is_picked(number, line))
        .ok_or_else(|| Failure::failed(format!("{file} has no place for what is missing")))?;
    let start = place.saturating_sub(CONTEXT);
    let end = lines.len().min(place + CONTEXT);
    let (first, old) = (start + 1, end - start);
    let mut patch = format!(
        "diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n@@ -{first},{old} +{first},{} @@\n",
        old + new.len()
    );
    let kept = |line: &&str| format!(" {line}\n");
    patch.extend(lines[start..place].iter().map(kept));
    patch.extend(new.iter().map(|line| format!("+{line}\n")));
    patch.extend(lines[place..end].iter().map(kept));
    Ok(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK_C: &str = "/*\n * a\n */\nstatic bool is_rust_noreturn(const struct symbol *func)\n{\n\treturn str_ends_with(func->name, \"_4core9panicking5panic\") ||\n\t       strstr(func->name, \"_4core6gone\");\n}\n";

    fn tree() -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(directory.path()).unwrap().to_owned();
        fs_err::create_dir_all(tree.join("tools/objtool")).unwrap();
        fs_err::write(tree.join(CHECK), CHECK_C).unwrap();
        fs_err::write(tree.join(LIST), "NORETURN(panic)\nNORETURN(vpanic)\n").unwrap();
        (directory, tree)
    }

    fn answer(tree: &Utf8Path) -> Answer {
        let called = [
            "_RNvNtCs1_4core9panicking5panic",
            "_RNvNtCs1_4core4cell16panic_no_new_way",
            "_RINvNtCs1_4core4cell5otherhECs2_6kernel",
            "rust_helper_stop",
            "panic",
        ];
        let list = Noreturn {
            defined: Vec::new(),
            called: called.map(str::to_owned).to_vec(),
        };
        let lists = BTreeMap::from([("rust/kernel.o".to_owned(), list)]);
        compare(&lists, &Objtool::read(tree).unwrap())
    }

    #[test]
    fn what_is_called_and_not_known_is_missing_and_what_is_known_and_not_there_is_stale() {
        let (_directory, tree) = tree();
        let answer = answer(&tree);
        let missing: Vec<_> = answer.missing.keys().collect();
        assert_eq!(
            missing,
            [
                "_RINvNtCs1_4core4cell5otherhECs2_6kernel",
                "_RNvNtCs1_4core4cell16panic_no_new_way",
                "rust_helper_stop"
            ]
        );
        let stale: Vec<_> = answer.stale.into_iter().collect();
        let expected = (format!("{CHECK}:7"), "contains _4core6gone".to_owned());
        assert_eq!(stale, [expected]);
    }

    #[test]
    fn with_the_patch_applied_nothing_is_missing() {
        let (_directory, tree) = tree();
        let objtool = Objtool::read(&tree).unwrap();
        let patch = patch(&tree, &objtool, &answer(&tree)).unwrap();
        let file = tree.join("patch");
        fs_err::write(&file, &patch).unwrap();
        let applied = std::process::Command::new("git")
            .args(["apply", "patch"])
            .current_dir(&tree)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&applied.stderr);
        assert!(applied.status.success(), "{said}\n{patch}");
        assert!(answer(&tree).missing.is_empty(), "{patch}");
    }
}
