//! `gateless attest` on a small output directory with real objects: what is as recorded is proven, and whatever was changed since is caught.

use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::record;
use gateless_model::record::Record;

/// An output directory as Kbuild leaves it: two objects in `vmlinux.a`, each with its record and `.cmd` file.
struct Out {
    _directory: tempfile::TempDir,
    path: Utf8PathBuf,
}

const SOURCE: &str =
    "#![no_std]\n#[unsafe(no_mangle)]\npub extern \"C\" fn answer() -> u32 { 42 }\n";

impl Out {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path())
            .unwrap()
            .canonicalize_utf8()
            .unwrap();
        symlink(env!("CARGO_BIN_EXE_gateless"), path.join("gateless-rustc")).unwrap();
        let out = Self {
            _directory: directory,
            path,
        };
        for name in ["one", "two"] {
            out.write(&format!("{name}.rs"), SOURCE);
            let args = out.arguments(name);
            let made = Command::new(out.path.join("gateless-rustc"))
                .args(&args)
                .current_dir(&out.path)
                .env("srctree", &out.path)
                .env("objtree", ".")
                .env("RUSTC_BOOTSTRAP", "1")
                .output()
                .unwrap();
            assert!(
                made.status.success(),
                "{}",
                String::from_utf8_lossy(&made.stderr)
            );
            out.cmd(name, &args, "");
        }
        out.run("ar", &["rcsTD", "vmlinux.a", "one.o", "two.o"]);
        out
    }

    fn arguments(&self, name: &str) -> Vec<String> {
        let emit = [
            format!("--emit=dep-info=.{name}.o.d"),
            format!("--emit=obj={name}.o"),
        ];
        let fixed = ["--edition=2021", "--crate-type=rlib", "-Copt-level=2"].map(str::to_owned);
        fixed
            .into_iter()
            .chain(emit)
            .chain([format!("{name}.rs")])
            .collect()
    }

    /// Writes the `.cmd` file that Kbuild would have left.
    fn cmd(&self, name: &str, args: &[String], then: &str) {
        let text = format!(
            "savedcmd_{name}.o := {}/gateless-rustc {} {then}\n",
            self.path,
            args.join(" ")
        );
        self.write(&format!(".{name}.o.cmd"), &text);
    }

    fn write(&self, name: &str, text: &str) {
        fs_err::write(self.path.join(name), text).unwrap();
    }

    fn run(&self, program: &str, args: &[&str]) {
        assert!(
            Command::new(program)
                .args(args)
                .current_dir(&self.path)
                .status()
                .unwrap()
                .success(),
            "{program}"
        );
    }

    fn record(&self, name: &str) -> Utf8PathBuf {
        self.path.join(format!(".gateless/records/{name}.o.json"))
    }

    /// Changes a record, and seals it again as if it had been written so.
    fn forge(&self, name: &str, change: impl FnOnce(&mut Record)) {
        let mut forged: Record =
            serde_json::from_str(&fs_err::read_to_string(self.record(name)).unwrap()).unwrap();
        change(&mut forged);
        forged.seal = record::seal(&forged).unwrap();
        fs_err::write(self.record(name), serde_json::to_string(&forged).unwrap()).unwrap();
    }

    fn attest(&self) -> (i32, String) {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_gateless"))
            .args(["attest", self.path.as_str()])
            .output()
            .unwrap();
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        (output.status.code().unwrap(), text)
    }

    #[track_caller]
    fn refused(&self, said: &str) {
        let (code, text) = self.attest();
        assert_eq!(code, 1, "{text}");
        assert!(
            text.lines()
                .any(|line| line.starts_with("PROBLEM: ") && line.contains(said)),
            "no `{said}` in:\n{text}"
        );
    }
}

#[test]
fn an_untouched_build_is_proven() {
    let (code, text) = Out::new().attest();
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("2 objects made by rustc") && text.contains("weaker than gated: nothing"),
        "{text}"
    );
}

#[test]
fn the_removal_of_rustc_bootstrap_is_recorded() {
    let out = Out::new();
    let record: Record =
        serde_json::from_str(&fs_err::read_to_string(out.record("one")).unwrap()).unwrap();
    assert_eq!(record.runs[0].env.get("RUSTC_BOOTSTRAP"), Some(&None));
}

#[test]
fn a_swapped_object_is_caught() {
    let out = Out::new();
    fs_err::write(out.path.join("other.rs"), SOURCE.replace("42", "43")).unwrap();
    out.run(
        "rustc",
        &[
            "--edition=2021",
            "--crate-type=rlib",
            "-Copt-level=2",
            "--emit=obj=one.o",
            "other.rs",
        ],
    );
    out.refused("one.o: is not what the compiler wrote");
}

#[test]
fn a_flag_changed_in_a_record_is_caught_by_its_seal_and_by_kbuilds_own_record() {
    let out = Out::new();
    let text = fs_err::read_to_string(out.record("one")).unwrap();
    fs_err::write(
        out.record("one"),
        text.replace("-Copt-level=2", "-Copt-level=3"),
    )
    .unwrap();
    out.refused("the seal does not fit");
    let out = Out::new();
    out.forge("one", |record| {
        record
            .asked
            .iter_mut()
            .for_each(|arg| *arg = arg.replace("level=2", "level=3"))
    });
    out.refused("Kbuild passed `-Copt-level=2` where the record has `-Copt-level=3`");
}

#[test]
fn an_object_of_the_image_without_a_record_is_caught() {
    let out = Out::new();
    fs_err::remove_file(out.record("two")).unwrap();
    out.refused("two.o: was made by a Rust compiler, belongs to the image, and has no record");
}

#[test]
fn an_object_that_kbuild_made_from_recorded_bitcode_is_proven_and_one_from_other_bitcode_is_not() {
    let out = Out::new();
    out.write("three.rs", SOURCE);
    let bitcode = [
        "--crate-type=rlib",
        "-Copt-level=2",
        "--emit=llvm-bc=three.bc",
        "three.rs",
    ];
    let made = Command::new(out.path.join("gateless-rustc"))
        .args(bitcode)
        .current_dir(&out.path)
        .env("srctree", &out.path)
        .env("objtree", ".")
        .status();
    assert!(made.unwrap().success());
    // What clang would make of it.
    out.run("cp", &["two.o", "three.o"]);
    out.run("ar", &["rcsTD", "vmlinux.a", "three.o"]);
    let steps = |from: &str| {
        let steps =
            format!(";llvm-link {from} helpers.bc -o three.m.bc; clang -c three.m.bc -o three.o");
        out.cmd("three", &bitcode.map(str::to_owned), &steps);
    };
    steps("three.bc");
    let (code, text) = out.attest();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("3 objects made by rustc"), "{text}");
    steps("other.bc");
    out.refused("three.o: was made by a Rust compiler, belongs to the image, and has no record");
}

#[test]
fn a_gate_that_was_open_for_another_crate_is_caught() {
    let out = Out::new();
    out.forge("one", |record| record.runs[0].exempt.push("one".to_owned()));
    out.refused("a gate was open for `one`");
    let out = Out::new();
    out.forge("one", |record| {
        record.runs[0].args.push("-Zmir-opt-level=4".to_owned())
    });
    out.refused("unstable argument `-Zmir-opt-level=4`");
    let out = Out::new();
    out.forge("one", |record| {
        drop(
            record.runs[0]
                .env
                .insert("RUSTC_BOOTSTRAP".to_owned(), Some("1".to_owned())),
        )
    });
    out.refused("RUSTC_BOOTSTRAP was set");
}

#[test]
fn what_kbuild_does_to_an_object_is_accounted_for_and_nothing_else() {
    let out = Out::new();
    out.run("objcopy", &["--redefine-sym", "answer=question", "one.o"]);
    out.refused("one.o: is not what the compiler wrote");
    out.cmd(
        "one",
        &out.arguments("one"),
        ";objcopy --redefine-sym answer=question one.o",
    );
    let (code, text) = out.attest();
    assert_eq!(code, 0, "{text}");
    out.write("new", "other text");
    out.run("objcopy", &["--update-section", ".comment=new", "one.o"]);
    out.refused("does not explain its section `.comment`");
}

#[test]
fn objtool_may_add_tables_to_a_module_but_neither_code_nor_change_anything() {
    let out = Out::new();
    out.write("table", "table");
    out.cmd(
        "one",
        &out.arguments("one"),
        "; ./tools/objtool/objtool --orc --link --module one.o",
    );
    let add = |section: &str, flags: &str| {
        let added = format!("{section}=table");
        let flags = format!("{section}={flags}");
        out.run(
            "objcopy",
            &[
                "--add-section",
                &added,
                "--set-section-flags",
                &flags,
                "one.o",
            ],
        );
    };
    add(".orc_unwind", "alloc,readonly,data");
    let (code, text) = out.attest();
    assert_eq!(code, 0, "{text}");
    add(".text.more", "alloc,readonly,code");
    out.refused("was rewritten by objtool as Kbuild records, which does not explain its section `.text.more`");
    let out = Out::new();
    out.write("table", "table");
    out.cmd("one", &out.arguments("one"), "; objtool one.o");
    out.run("objcopy", &["--update-section", ".comment=table", "one.o"]);
    out.refused("does not explain its section `.comment`");
}

#[test]
fn a_directory_that_gateless_did_not_build_is_no_proof() {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gateless"))
        .arg("attest")
        .arg(directory.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("has no records"));
}
