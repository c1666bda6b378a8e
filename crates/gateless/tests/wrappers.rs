//! The wrappers as Kbuild and people call them, with the real stable rustc; upstream's way (`RUSTC_BOOTSTRAP=1`) is the oracle.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What `scripts/Makefile.compiler` pipes into the compiler.
const PROBE: &str = "#![allow(missing_docs)]#![feature(no_core)]#![no_core]\n";

/// A directory with the wrappers in it.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in [
            "gateless-rustc",
            "gateless-rustdoc",
            "gateless-clippy-driver",
        ] {
            symlink(env!("CARGO_BIN_EXE_gateless"), directory.path().join(name)).unwrap();
        }
        Self(directory)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.path().join(name));
        command
            .current_dir(self.path())
            .env_remove("srctree")
            .env_remove("objtree")
            .env("GATELESS_CACHE", self.path().join("cache"));
        command
    }

    fn rustc(&self, args: &[&str]) -> Output {
        self.command("gateless-rustc").args(args).output().unwrap()
    }
}

fn real(args: &[&str]) -> Command {
    let mut command = Command::new("rustc");
    command.args(args).env_remove("RUSTC_BOOTSTRAP");
    command
}

fn piped(mut command: Command, text: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A compiler that refuses its arguments ends without reading.
    match child.stdin.take().unwrap().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written.unwrap(),
    }
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn queries_get_the_compilers_own_answers() {
    let directory = Directory::new();
    for args in [
        &["--version"][..],
        &["-vV"],
        &["--print", "sysroot"],
        &[
            "--print",
            "file-names",
            "--crate-name",
            "m",
            "--crate-type",
            "proc-macro",
            "-",
        ],
    ] {
        let ours = directory
            .command("gateless-rustc")
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let theirs = real(args).stdin(Stdio::null()).output().unwrap();
        assert!(ours.status.success(), "{args:?}: {}", stderr(&ours));
        assert_eq!(ours.stdout, theirs.stdout, "{args:?}");
    }
}

#[test]
fn flag_probes_answer_as_the_gated_compiler_does() {
    let directory = Directory::new();
    let out = directory.path().join("probe");
    fs::create_dir(&out).unwrap();
    let fixed = [
        "--sysroot=/dev/null",
        "--crate-type=rlib",
        "--emit=obj=-",
        "-",
    ];
    for flag in [
        "--remap-path-scope=macro",
        "--remap-path-scope=no-such-scope",
        "-Copt-level=2",
        "-Copt-level=17",
        "-Cno-such-option=1",
        "-Cllvm-args=-no-such-llvm-option",
        "-Zfunction-sections=n",
        "--no-such-option",
        "-Crelocation-model=pie",
    ] {
        let out_dir = format!("--out-dir={}", out.display());
        let mut ours = directory.command("gateless-rustc");
        ours.args([flag, &out_dir])
            .args(fixed)
            .env("RUSTC_BOOTSTRAP", "1");
        let mut theirs = real(&[flag, &out_dir]);
        theirs.args(fixed).env("RUSTC_BOOTSTRAP", "1");
        let (ours, theirs) = (piped(ours, PROBE), piped(theirs, PROBE));
        assert_eq!(
            ours.status.success(),
            theirs.status.success(),
            "{flag}: {}{}",
            stderr(&ours),
            stderr(&theirs)
        );
    }
}

#[test]
fn a_gate_stays_closed_whatever_the_environment_says() {
    let directory = Directory::new();
    directory.write(
        "a.rs",
        "fn f() -> ! { loop {} }\nfn main() {\n    let _x: ! = f();\n}\n",
    );
    directory.write("b.rs", "#![feature(never_type)]\nfn main() {}\n");
    directory.write("c.rs", "fn main() {}\n");
    for (args, named) in [
        (&["a.rs"][..], "a.rs:3"),
        (&["b.rs"], "b.rs:1: the feature `never_type`"),
        (&["-Zverbose-internals", "c.rs"], "-Zverbose-internals"),
        (&["-Zcrate-attr=feature(never_type)", "c.rs"], "never_type"),
    ] {
        let output = directory
            .command("gateless-rustc")
            .args(args)
            .env("RUSTC_BOOTSTRAP", "1")
            .output()
            .unwrap();
        assert!(!output.status.success(), "{args:?} compiled");
        assert!(
            stderr(&output).contains(named),
            "{args:?}: {}",
            stderr(&output)
        );
        assert!(
            !directory.path().join("a").exists()
                && !directory.path().join("b").exists()
                && !directory.path().join("c").exists()
        );
    }
}

#[test]
fn a_flag_that_the_user_added_is_not_blamed_on_a_makefile() {
    let directory = Directory::new();
    directory.write("c.rs", "fn main() {}\n");
    let said = |flags: &str| {
        let output = directory
            .command("gateless-rustc")
            .args(["-Zverbose-internals", "c.rs"])
            .env("KRUSTFLAGS", flags)
            .output()
            .unwrap();
        assert!(!output.status.success());
        stderr(&output)
    };
    let text = said("-Copt-level=2 -Zverbose-internals");
    assert!(text.contains("the flag comes from KRUSTFLAGS"), "{text}");
    let text = said("-Copt-level=2");
    assert!(text.contains("the flag comes from the Makefile"), "{text}");
}

#[test]
fn diagnostics_of_lowered_sources_name_the_original_file_and_line() {
    let directory = Directory::new();
    directory.write(
        "sub/x.rs",
        "#![feature(arbitrary_self_types)]\nmod m;\nfn main() {\n    let unused = m::f();\n}\n",
    );
    directory.write(
        "sub/m.rs",
        "#[used(compiler)]\nstatic X: u8 = 1;\npub fn f() -> &'static str {\n    file!()\n}\n",
    );
    let text = directory.rustc(&["sub/x.rs", "-o", "x"]);
    assert!(
        stderr(&text).contains("--> sub/x.rs:4:9"),
        "{}",
        stderr(&text)
    );
    let json = directory.rustc(&["--error-format=json", "sub/x.rs", "-o", "x"]);
    assert!(
        stderr(&json).contains("\"file_name\":\"sub/x.rs\""),
        "{}",
        stderr(&json)
    );
    let absolute = directory.path().join("sub/x.rs");
    let text = directory.rustc(&[absolute.to_str().unwrap(), "-o", "x"]);
    assert!(
        stderr(&text).contains(&format!("--> {}:4:9", absolute.display())),
        "{}",
        stderr(&text)
    );
}

#[test]
fn panics_and_dependency_files_name_the_original_file() {
    let directory = Directory::new();
    directory.write(
        "sub/x.rs",
        "#![feature(arbitrary_self_types)]\nmod m;\nfn main() {\n    panic!(\"{}\", m::F);\n}\n",
    );
    directory.write("sub/m.rs", "pub const F: &str = file!();\n");
    let output = directory.rustc(&["sub/x.rs", "-o", "x", "--emit=link,dep-info=x.d"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let run = Command::new(directory.path().join("x")).output().unwrap();
    assert!(
        stderr(&run).contains("sub/x.rs:4:5") && stderr(&run).contains("sub/m.rs\n"),
        "{}",
        stderr(&run)
    );
    let dependencies = fs::read_to_string(directory.path().join("x.d")).unwrap();
    assert!(
        dependencies
            .lines()
            .any(|line| line == "x: sub/x.rs sub/m.rs"),
        "{dependencies}"
    );
}

#[test]
fn an_error_in_a_lowered_program_is_an_error_with_rustcs_exit_code() {
    let directory = Directory::new();
    directory.write(
        "x.rs",
        "#![feature(arbitrary_self_types)]\nfn main() { let x: u8 = \"\"; }\n",
    );
    let output = directory.rustc(&["x.rs"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("E0308") && stderr(&output).contains("--> x.rs:2:25"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_compiler_that_is_no_stable_release_is_refused() {
    let directory = Directory::new();
    directory.write(
        "rustc",
        "#!/bin/sh\ncase \"$*\" in *sysroot*) echo /nonexistent;; *) printf 'rustc 1.97.0-nightly (abc 2026-05-01)\\nhost: x86_64-unknown-linux-gnu\\nrelease: 1.97.0-nightly\\n';; esac\n",
    );
    let compiler = directory.path().join("rustc");
    fs::set_permissions(&compiler, fs::Permissions::from_mode(0o755)).unwrap();
    directory.write("x.rs", "fn main() {}\n");
    let output = directory
        .command("gateless-rustc")
        .arg("x.rs")
        .env("GATELESS_RUSTC", &compiler)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("1.97.0-nightly") && stderr(&output).contains("GATELESS_RUSTC"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn no_compiler_or_one_that_is_no_file_is_named() {
    let directory = Directory::new();
    let output = directory
        .command("gateless-rustc")
        .arg("--version")
        .env("GATELESS_RUSTC", "/no/such/rustc")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("/no/such/rustc"),
        "{}",
        stderr(&output)
    );
    let output = directory
        .command("gateless-rustc")
        .arg("--version")
        .env_remove("GATELESS_RUSTC")
        .env("PATH", "/no/such")
        .output()
        .unwrap();
    assert!(
        stderr(&output).contains("no `rustc` on PATH"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn clippy_lints_lowered_sources() {
    let directory = Directory::new();
    directory.write("x.rs", "#![feature(arbitrary_self_types)]\nfn main() {\n    let v: Vec<u8> = Vec::new();\n    assert!(v.len() == 0);\n}\n");
    let output = directory
        .command("gateless-clippy-driver")
        .args(["-Wclippy::all", "x.rs", "-o", "x"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("--> x.rs:4:13") && stderr(&output).contains("len_zero"),
        "{}",
        stderr(&output)
    );
}

/// A library whose item and whose doctest rely on a gate; the second doctest fails.
const DOCUMENTED: &str = "#![feature(arbitrary_self_types)]
/// A pointer.
pub struct P<T>(pub std::rc::Rc<T>);
impl<T> std::ops::Deref for P<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
pub struct Seven;
impl Seven {
    /// ```
    /// # #![feature(arbitrary_self_types)]
    /// struct Eight; impl Eight { fn number(self: x::P<Self>) -> u8 { 8 } }
    /// assert_eq!(x::P(std::rc::Rc::new(Eight)).number() - 1, x::P(std::rc::Rc::new(x::Seven)).number());
    /// ```
    pub fn number(self: P<Self>) -> u8 { 7 }
    /// ```
    /// panic!(\"planted\");
    /// ```
    pub fn fails() {}
}
";

#[test]
fn doctests_on_the_host_are_lowered_run_and_named_after_the_original() {
    let directory = Directory::new();
    directory.write("x.rs", DOCUMENTED);
    let library = directory.rustc(&["--edition=2021", "--crate-type=rlib", "x.rs"]);
    assert!(library.status.success(), "{}", stderr(&library));
    let mut rustdoc = directory.command("gateless-rustdoc");
    let output = rustdoc
        .args(["--edition=2021", "--test", "-L.", "x.rs"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("x.rs - Seven::number (line 7) ... ok"),
        "{text}{}",
        stderr(&output)
    );
    assert!(
        text.contains("x.rs - Seven::fails (line 13) ... FAILED"),
        "{text}"
    );
    assert!(!output.status.success());
}

#[test]
fn documentation_of_a_lowered_crate_names_its_items_and_no_lowered_file() {
    let directory = Directory::new();
    directory.write("x.rs", DOCUMENTED);
    let mut rustdoc = directory.command("gateless-rustdoc");
    let output = rustdoc
        .args(["--edition=2021", "-o", "doc", "x.rs"])
        .args(["-Zunstable-options", "--generate-link-to-definition"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let page = fs::read_to_string(directory.path().join("doc/x/struct.Seven.html")).unwrap();
    assert!(page.contains("../src/x/x.rs.html"), "{page}");
    for name in ["number", "fails"] {
        assert!(page.contains(&format!("method.{name}")), "{name}: {page}");
    }
    assert!(!page.contains("lowered"), "{page}");
}

/// Enough of `core` for a crate to load it.
const CORE: &str = "#![feature(no_core, lang_items)]\n#![no_core]\n#[lang = \"pointee_sized\"] pub trait PointeeSized {}\n\
    #[lang = \"meta_sized\"] pub trait MetaSized: PointeeSized {}\n#[lang = \"sized\"] pub trait Sized: MetaSized {}\n";

/// The sentence about a mismatch, without what the two programs say around it.
fn mismatch(output: &Output) -> Option<String> {
    let text = stderr(output);
    let from = text.find("mixing `")?;
    let sentence = text[from..].find(" in crate `")?;
    Some(text[from..from + sentence].to_owned())
}

#[test]
fn crates_of_different_target_modifiers_are_refused_as_by_the_gated_compiler() {
    const KASAN: &str = "-Zsanitizer=kernel-address";
    const PREFIX: &str = "-Zindirect-branch-cs-prefix";
    let allow = "-Cunsafe-allow-abi-mismatch=sanitizer";
    let cases: [(&[&str], &[&str]); 8] = [
        (&[], &[]),
        (&[KASAN], &[KASAN]),
        (&[], &[KASAN]),
        (&[KASAN], &[]),
        (&[], &[KASAN, allow]),
        (&[PREFIX], &[]),
        (&[PREFIX], &["-Zindirect-branch-cs-prefix=y"]),
        (&[], &["-Zindirect-branch-cs-prefix=n"]),
    ];
    let directory = Directory::new();
    directory.write("core.rs", CORE);
    directory.write(
        "k.rs",
        "#![feature(no_core)]\n#![no_core]\nextern crate core;\n",
    );
    let target = ["--target=x86_64-unknown-none", "--crate-type=rlib", "-L."];
    for (libraries, own) in cases {
        let call = |mut command: Command, source: &str, flags: &[&str], emit: &str| {
            command.args(target).args(flags).args([emit, source]);
            command.current_dir(directory.path()).output().unwrap()
        };
        let both = |gated: bool| {
            let command = || match gated {
                true => {
                    let mut command = Command::new("rustc");
                    command.env("RUSTC_BOOTSTRAP", "1");
                    command
                }
                // As in a kernel build, where libraries have notes beside them.
                false => {
                    let mut command = directory.command("gateless-rustc");
                    command.env("srctree", ".").env("objtree", ".");
                    command
                }
            };
            let core = call(
                command(),
                "core.rs",
                &[libraries, &["--crate-name=core"]].concat(),
                "--emit=metadata=libcore.rmeta",
            );
            assert!(core.status.success(), "{}", stderr(&core));
            mismatch(&call(command(), "k.rs", own, "--emit=metadata=k.rmeta"))
        };
        let gated = both(true);
        assert_eq!(both(false), gated, "{libraries:?} {own:?}");
        let expected = own != [KASAN, allow] && (libraries.is_empty() != own.is_empty());
        let off = own == ["-Zindirect-branch-cs-prefix=n"];
        assert_eq!(gated.is_some(), expected && !off, "{libraries:?} {own:?}");
    }
}

#[test]
fn the_ledger_knows_which_flags_are_target_modifiers_of_the_compiler() {
    let ledger = gateless_ledger::Ledger::embedded();
    let rows = ledger.iter().flat_map(|(_, entry)| &entry.flag);
    let mut rows: Vec<_> = rows
        .filter(|flag| flag.action == gateless_ledger::FlagAction::Codegen)
        .collect();
    rows.dedup_by_key(|flag| &flag.name);
    assert!(rows.iter().any(|flag| flag.modifier));
    for flag in rows {
        let name = &flag.name;
        let mut command = real(&["--crate-type=rlib", "--emit=metadata=-"]);
        command.arg(format!("-Cunsafe-allow-abi-mismatch={name}"));
        command.arg("-");
        let answer = stderr(&piped(command, ""));
        let unknown = answer.contains("unknown target modifier");
        assert_eq!(flag.modifier, !unknown, "{name}: {answer}");
    }
}
