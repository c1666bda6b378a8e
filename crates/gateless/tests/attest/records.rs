//! Records, Kbuild's own files and objects: what is as recorded is proven, and whatever was changed since is caught.

use std::process::Command;

use gateless_model::record::Record;

use crate::out::{Out, SOURCE};

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
