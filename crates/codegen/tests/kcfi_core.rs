//! kCFI of all of `core`: every number of a call and of a function, against rustc's. Takes minutes, so it runs on request (`--ignored`).
//!
//! `$RUST_LIB_SRC` names the library's sources, as it does for Kbuild.

mod support;

use std::collections::{HashMap, HashSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_kcfi::{Bodies, Mir, Numbers, RELEASES, Sources, World, crates_of, numbers, types};
use gateless_llvm::{Context, Llvm, Module};
use libtest_mimic::{Arguments, Failed, Trial};

/// What both compilers are called with, as Kbuild does, but for the processor.
const ALWAYS: &[&str] = &[
    "--edition=2024",
    "--crate-type=rlib",
    "--crate-name=core",
    "--target=x86_64-unknown-none",
    "--cfg=no_fp_fmt_parse",
    "--cap-lints=allow",
    "--sysroot=/dev/null",
    "-Copt-level=2",
    "-Cpanic=abort",
    "-Cdebug-assertions=n",
    "-Coverflow-checks=y",
    "-Ccodegen-units=1",
    "-Csymbol-mangling-version=v0",
    "-Cno-prepopulate-passes",
    "-Cdebuginfo=2",
];

fn main() {
    let arguments = Arguments::from_args();
    let name = "every_number_of_core_is_rustcs";
    let trial = match std::env::var("RUST_LIB_SRC") {
        Ok(library) => Trial::test(name, move || every_number(&library)).with_ignored_flag(true),
        Err(_) => gateless_trials::cannot_run(name, "RUST_LIB_SRC names no sources of core"),
    };
    libtest_mimic::run(&arguments, vec![trial]).exit();
}

fn every_number(library: &str) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let directory = Utf8Path::from_path(directory.path()).ok_or("a path that is not UTF-8")?;
    let root = Utf8PathBuf::from(library).join("core/src");
    compile(
        &root,
        directory,
        &[
            "-Zsanitizer=kcfi",
            "-Zsanitizer-cfi-normalize-integers",
            "--emit=llvm-ir=gated.ll",
        ],
    )?;
    compile(
        &root,
        directory,
        &[
            "--cfg=sanitize=\"kcfi\"",
            "-Aexplicit_builtin_cfgs_in_flags",
            "--emit=llvm-bc=stable.bc,mir=stable.mir",
        ],
    )?;
    let ours = ours(&root, directory)?;
    let theirs = Theirs::read(&std::fs::read_to_string(directory.join("gated.ll"))?);
    let mut calls: HashMap<String, Vec<u32>> = HashMap::new();
    for (place, number) in &ours.calls {
        calls
            .entry(place.function.clone())
            .or_default()
            .push(*number);
    }
    if calls != theirs.calls || calls.is_empty() {
        return Err(format!("calls: {calls:?}, rustc has {:?}", theirs.calls).into());
    }
    let wrong: Vec<_> = ours
        .functions
        .iter()
        .filter(|(name, number)| theirs.functions.get(*name) != Some(number))
        .collect();
    // What has a number in rustc's and none here has a closure in its type, and no address.
    let missing = theirs.functions.len().saturating_sub(ours.functions.len());
    println!(
        "{} functions, {} with other numbers, {missing} without, {} calls",
        ours.functions.len(),
        wrong.len(),
        ours.calls.len()
    );
    // One function has a function's own type in its type, which debug information has as a pointer; nothing calls it but by its name.
    match wrong.len() <= 1 && missing * 10 < ours.functions.len() {
        true => Ok(()),
        false => Err(format!("{wrong:?}, and {missing} have none").into()),
    }
}

fn compile(root: &Utf8Path, directory: &Utf8Path, more: &[&str]) -> Result<(), Failed> {
    let mut command = support::rustc();
    command
        .current_dir(directory)
        .env("RUSTC_BOOTSTRAP", "1")
        .args(ALWAYS)
        .arg(root.join("lib.rs"))
        .args(more);
    let output = command.output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}

/// The numbers from what is in the directory.
fn ours(root: &Utf8Path, directory: &Utf8Path) -> Result<Numbers, Failed> {
    let context = Context::new(Llvm::load(&support::llvm_path())?)?;
    let bitcode = std::fs::read(directory.join("stable.bc"))?;
    let module = Module::from_bitcode(&context, &bitcode, "stable.bc")?;
    let mut sources = Sources::default();
    add(root, root, &mut sources)?;
    let text = std::fs::read_to_string(directory.join("stable.mir"))?;
    let mir = Mir::read(&text, RELEASES[0])?;
    let functions: HashSet<_> = mir.functions("core").collect();
    let mut bodies = Bodies::default();
    bodies.add("core", mir);
    let crates = crates_of(&module)?;
    let mut world = World::new(types(&module)?, sources, functions, crates, 64);
    Ok(numbers(
        &mut world,
        &bodies,
        &module,
        true,
        &Default::default(),
    )?)
}

/// Adds all files of a directory, by the modules that their paths stand for.
fn add(root: &Utf8Path, directory: &Utf8Path, sources: &mut Sources) -> Result<(), Failed> {
    for entry in directory.read_dir_utf8()? {
        let path = entry?.into_path();
        if path.is_dir() {
            add(root, &path, sources)?;
        } else if path.extension() == Some("rs") {
            let place = path.strip_prefix(root)?.with_extension("");
            let mut modules: Vec<String> = place.iter().map(str::to_owned).collect();
            if matches!(modules.last().map(String::as_str), Some("mod" | "lib")) {
                modules.pop();
            }
            let text = std::fs::read_to_string(&path)?;
            sources.add("core", &modules, path.as_str(), &text, "2024");
        }
    }
    Ok(())
}

/// What rustc has in LLVM's text.
struct Theirs {
    functions: HashMap<String, u32>,
    /// By function, in order.
    calls: HashMap<String, Vec<u32>>,
}

impl Theirs {
    fn read(ir: &str) -> Self {
        let number = |text: &str| text.parse::<i64>().ok().map(|number| number as u32);
        let nodes: HashMap<&str, u32> = ir
            .lines()
            .filter_map(|line| {
                let (node, value) = line.split_once(" = !{i32 ")?;
                Some((node, number(value.strip_suffix('}')?)?))
            })
            .collect();
        let mut theirs = Self {
            functions: HashMap::new(),
            calls: HashMap::new(),
        };
        let mut own = String::new();
        for line in ir.lines() {
            if line.starts_with("define ") {
                let name = line.split_once('@').map_or("", |(_, rest)| rest);
                own = name.split('(').next().unwrap_or_default().to_owned();
                if let Some((_, node)) = line.split_once("!kcfi_type ")
                    && let Some(number) =
                        nodes.get(node.split([' ', ',']).next().unwrap_or_default())
                {
                    theirs.functions.insert(own.clone(), *number);
                }
            } else if let Some((_, rest)) = line.split_once("[ \"kcfi\"(i32 ")
                && let Some(number) = number(rest.split(')').next().unwrap_or_default())
            {
                theirs.calls.entry(own.clone()).or_default().push(number);
            }
        }
        theirs
    }
}
