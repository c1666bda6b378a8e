//! Programs that use the gates, lowered with the real stable rustc as the oracle and run.
//!
//! Each `fixtures/NAME.rs` must compile without any gate after lowering, keep its lines, run, and print what the gated original prints
//! when it is compiled with the gates open. With a `fixtures/NAME.refused` beside it, lowering or compiling must instead fail with that text.

use std::process::Command;
use std::sync::{LazyLock, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use gateless_lower::{
    Exports, GateStatus, Lowered, Progress, Request, lower_syntax, lowered_features,
};

/// Rounds of compiling and refining that a program may take.
const BUDGET: usize = 40;

fn status(name: &str) -> GateStatus {
    match name {
        name if lowered_features().any(|feature| feature == name) => GateStatus::Lowered,
        "asm_goto" | "generic_arg_infer" => GateStatus::Stable,
        _ => GateStatus::Unknown,
    }
}

/// Edition that a fixture asks for in its first line (`// edition: 2024`), else 2021.
fn edition(text: &str) -> &str {
    text.strip_prefix("// edition: ")
        .and_then(|rest| rest.lines().next())
        .unwrap_or("2021")
        .trim()
}

struct Program {
    name: String,
    text: String,
    path: Utf8PathBuf,
    /// More arguments of the compiler.
    args: Vec<String>,
    /// What its dependencies export.
    known: Exports,
}

impl Program {
    fn new(name: &str, path: Utf8PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap();
        Self {
            name: name.to_owned(),
            text,
            path,
            args: Vec::new(),
            known: Exports::default(),
        }
    }
}

fn fixtures() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn programs() -> Vec<Program> {
    let mut programs = Vec::new();
    for entry in fixtures().read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        if path.extension() == Some("rs") {
            programs.push(Program::new(path.file_stem().unwrap(), path.clone()));
        }
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    programs
}

fn rustc(program: &Program) -> Command {
    let mut command = Command::new("rustc");
    command
        .env_remove("RUSTC_BOOTSTRAP")
        .args([
            "--edition",
            edition(&program.text),
            "--crate-name",
            &program.name,
        ])
        .args(&program.args);
    command
}

/// Compiles and returns the errors.
fn compile(program: &Program, root: &Utf8Path, output: &Utf8Path) -> Vec<Diagnostic> {
    let result = rustc(program)
        .args([root.as_str(), "--error-format=json", "-o", output.as_str()])
        .output()
        .unwrap();
    let text = String::from_utf8(result.stderr).unwrap();
    let found = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Diagnostic>(line).ok());
    let errors: Vec<Diagnostic> = found
        .filter(|diagnostic| diagnostic.level == DiagnosticLevel::Error)
        .collect();
    assert_eq!(result.status.success(), errors.is_empty(), "{text}");
    errors
}

/// Lowers until the program compiles. The error says why it does not.
fn lower(
    program: &Program,
    directory: &Utf8Path,
    output: &Utf8Path,
    check: impl FnOnce(&Lowered<'_>),
) -> Result<(), String> {
    let request = Request {
        root: &program.path,
        cwd: directory,
        mirror: &directory.join("mirror"),
        root_text: None,
        crate_name: &program.name,
        edition: edition(&program.text),
        env: &|_| None,
        cfg: Vec::new(),
        crate_attrs: &[],
        gate_status: &status,
        mark_used: false,
        shown: &|path| path.to_string(),
        known: &program.known,
    };
    let mut lowered = lower_syntax(request).map_err(|error| error.what)?;
    for _ in 0..BUDGET {
        lowered.write().map_err(|error| error.what)?;
        let errors = compile(program, lowered.root(), output);
        if errors.is_empty() {
            check(&lowered);
            return Ok(());
        }
        if lowered.refine(&errors).map_err(|error| error.what)? == Progress::Nothing {
            return Err(errors
                .iter()
                .filter_map(|error| error.rendered.clone())
                .collect());
        }
    }
    Err(format!("no end after {BUDGET} rounds"))
}

fn run(program: &Utf8Path) -> (Option<i32>, String) {
    let output = Command::new(program).output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn check(program: &Program) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let refused = std::fs::read_to_string(program.path.with_extension("refused")).ok();
    let output = directory.join("lowered");
    let result = lower(program, directory, &output, |lowered| {
        let text = std::fs::read_to_string(lowered.root()).unwrap();
        assert_eq!(
            text.lines().count(),
            program.text.lines().count(),
            "a line moved"
        );
        // Lowering what is lowered changes nothing.
        let mut again = Program::new(&program.name, lowered.root().to_owned());
        // Its errors are wanted, not another program.
        again.args = vec!["--emit=metadata".to_owned()];
        let inner = directory.join("again");
        std::fs::create_dir(&inner).unwrap();
        lower(&again, &inner, &inner.join("lowered"), |again| {
            assert!(!again.changed(), "lowering twice changes something")
        })
        .unwrap();
    });
    match (result, refused) {
        (Ok(()), None) => {}
        (Ok(()), Some(_)) => return Err("it was lowered, but should be refused".to_owned()),
        (Err(error), None) => return Err(error),
        (Err(error), Some(refused)) if error.contains(refused.trim()) => return Ok(()),
        (Err(error), Some(refused)) => {
            return Err(format!("refused with\n{error}\ninstead of\n{refused}"));
        }
    }
    let (expected, found) = (original(program, directory), run(&output));
    if expected.0 != Some(0) || expected != found {
        return Err(format!("gated: {expected:?}\nlowered: {found:?}"));
    }
    Ok(())
}

/// What the program does when it is compiled with its gates open. It is kept in cargo's directory for the files of tests: of the same text
/// and the same compiler nothing else can come.
fn original(program: &Program, directory: &Utf8Path) -> (Option<i32>, String) {
    static COMPILER: LazyLock<String> = LazyLock::new(|| {
        let output = Command::new("rustc").arg("-vV").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    });
    type Kept = (String, String, (Option<i32>, String));
    let kept = Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures");
    let file = kept.join(&program.name).with_extension("json");
    let known = std::fs::read(&file)
        .ok()
        .and_then(|content| serde_json::from_slice::<Kept>(&content).ok());
    if let Some((compiler, text, done)) = known
        && (&compiler, &text) == (&*COMPILER, &program.text)
    {
        return done;
    }
    let gated = directory.join("gated");
    let mut original = rustc(program);
    original.env("RUSTC_BOOTSTRAP", "1").args([
        program.path.as_str(),
        "--cap-lints=allow",
        "-o",
        gated.as_str(),
    ]);
    assert!(
        original.status().unwrap().success(),
        "the original does not compile with its gates open"
    );
    let done = run(&gated);
    let content = serde_json::to_vec(&(&*COMPILER, &program.text, &done)).unwrap();
    std::fs::create_dir_all(&kept).unwrap();
    let new = file.with_extension("new");
    std::fs::write(&new, content).unwrap();
    std::fs::rename(new, file).unwrap();
    done
}

#[test]
fn lowered_programs_do_what_the_gated_ones_do() {
    let programs = programs();
    assert!(programs.len() >= 25, "fixtures are missing");
    let queue = Mutex::new(programs.iter());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some(program) = next else { break };
                    if let Err(error) = check(program) {
                        failures
                            .lock()
                            .unwrap()
                            .push(format!("{}: {error}", program.name));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_stable_program_is_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let path = directory.join("plain.rs");
    let text = "#[derive(Debug)]\nstruct P(u8);\nimpl P { fn m(self: Box<Self>) -> u8 { self.0 } }\nfn main() { println!(\"{}\", Box::new(P(1)).m()); }\n";
    std::fs::write(&path, text).unwrap();
    lower(
        &Program::new("plain", path),
        directory,
        &directory.join("out"),
        |lowered| assert!(!lowered.changed()),
    )
    .unwrap();
}

#[test]
fn dependants_use_the_pointers_methods_and_macros_of_a_lowered_crate() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let mut dependency = Program::new("dep", fixtures().join("crates/dep.rs"));
    let mut user = Program::new("user", fixtures().join("crates/user.rs"));
    dependency.args = vec!["--crate-type=rlib".to_owned()];
    lower(
        &dependency,
        directory,
        &directory.join("libdep.rlib"),
        |lowered| user.known = lowered.exports(),
    )
    .unwrap();
    user.args = vec![format!("--extern=dep={directory}/libdep.rlib")];
    lower(&user, directory, &directory.join("user"), |_| ()).unwrap();
    let gated = directory.join("gated");
    std::fs::create_dir(&gated).unwrap();
    let original = |program: &Program, output: &Utf8Path| {
        let status = rustc(program)
            .env("RUSTC_BOOTSTRAP", "1")
            .args([
                program.path.as_str(),
                "--cap-lints=allow",
                "-o",
                output.as_str(),
            ])
            .status();
        assert!(status.unwrap().success());
    };
    original(&dependency, &gated.join("libdep.rlib"));
    user.args = vec![format!("--extern=dep={gated}/libdep.rlib")];
    original(&user, &gated.join("user"));
    let expected = run(&gated.join("user"));
    assert_eq!(expected.0, Some(0));
    assert_eq!(run(&directory.join("user")), expected);
}

#[test]
fn a_crate_of_several_files_is_lowered_as_a_whole() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let mut program = Program::new("tree", fixtures().join("crates/tree/main.rs"));
    program.args = vec!["--crate-type=bin".to_owned()];
    lower(&program, directory, &directory.join("lowered"), |lowered| {
        let inputs = lowered.inputs();
        assert!(
            inputs.iter().any(|path| path.ends_with("odd/place.rs")),
            "{inputs:?}"
        );
    })
    .unwrap();
    let gated = directory.join("gated");
    let status = rustc(&program)
        .env("RUSTC_BOOTSTRAP", "1")
        .args([program.path.as_str(), "-o", gated.as_str()])
        .status();
    assert!(status.unwrap().success());
    let expected = run(&gated);
    assert_eq!(expected.0, Some(0));
    assert_eq!(run(&directory.join("lowered")), expected);
}

#[test]
fn a_program_from_standard_input_is_lowered_like_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let text = std::fs::read_to_string(fixtures().join("in_main.rs")).unwrap();
    let known = Exports::default();
    let request = Request {
        root: Utf8Path::new("<anon>"),
        cwd: directory,
        mirror: &directory.join("mirror"),
        root_text: Some(&text),
        crate_name: "rust_out",
        edition: "2021",
        env: &|_| None,
        cfg: Vec::new(),
        crate_attrs: &[],
        gate_status: &status,
        mark_used: false,
        shown: &|path| path.to_string(),
        known: &known,
    };
    let mut lowered = lower_syntax(request).unwrap();
    assert!(lowered.inputs().is_empty());
    let mut program = Program::new("rust_out", fixtures().join("in_main.rs"));
    program.args = vec!["--crate-type=bin".to_owned()];
    for _ in 0..BUDGET {
        lowered.write().unwrap();
        let errors = compile(&program, lowered.root(), &directory.join("out"));
        if errors.is_empty() {
            assert_eq!(run(&directory.join("out")).0, Some(0));
            return;
        }
        assert_eq!(lowered.refine(&errors).unwrap(), Progress::Changed);
    }
    panic!("no end");
}
