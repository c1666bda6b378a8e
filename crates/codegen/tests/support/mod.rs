//! What the tests in this folder share: a crate, compiled by rustc with unstable flags and by stable rustc with this crate's help.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_codegen::{CodeModel, Flag, Job, OptLevel, Output, Reloc, Stage, Target, UsedFix};

/// A crate with loops, comparisons of slices, switches, indirect calls, equal functions, formatting and statics.
const SAMPLE: &str = include_str!("sample.rs");

/// The prebuilt core has none of these flags; nothing is linked with it here.
const ABI: &str =
    "-Cunsafe-allow-abi-mismatch=retpoline,retpoline-external-thunk,indirect-branch-cs-prefix";

/// The libLLVM of the rustc on PATH.
pub fn llvm_path() -> Utf8PathBuf {
    let output = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .expect("rustc");
    let sysroot = String::from_utf8(output.stdout).expect("a UTF-8 sysroot");
    gateless_codegen::llvm_of_compiler(Utf8Path::new(sysroot.trim()), &[]).unwrap()
}

/// Fails unless the object that stable rustc and this crate make is byte for byte the one that rustc makes with `options`,
/// each a `-Z` option without the `-Z`, at `-Copt-level=level`.
pub fn compare(level: &str, options: &[&str]) {
    compare_with(level, options, false)
}

/// The same, with each function and variable in a section of its own if `sections`, and then without jump tables.
pub fn compare_with(level: &str, options: &[&str], sections: bool) {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    std::fs::write(folder.join("sample.rs"), SAMPLE).unwrap();
    let common = |command: &mut Command| {
        command.current_dir(folder).args([
            "sample.rs",
            "--crate-type=rlib",
            "--edition=2021",
            "--target=x86_64-unknown-linux-gnu",
        ]);
        command.args([
            "-Cpanic=abort",
            "-Ccodegen-units=1",
            "-Cembed-bitcode=n",
            "-Csymbol-mangling-version=v0",
            "-Cdebuginfo=2",
        ]);
        command.arg(format!("-Copt-level={level}"));
        if sections {
            command.arg("-Cjump-tables=n");
        }
    };
    let run = |command: &mut Command| {
        let output = command.output().expect("rustc");
        assert!(
            output.status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };

    let mut gated = Command::new("rustc");
    common(&mut gated);
    gated
        .env("RUSTC_BOOTSTRAP", "1")
        .arg(if sections {
            "-Zfunction-sections=y"
        } else {
            "-Zfunction-sections=n"
        })
        .arg("--emit=obj=gated.o")
        .arg(ABI);
    gated.args(options.iter().map(|option| format!("-Z{option}")));
    run(&mut gated);

    let mut stable = Command::new("rustc");
    common(&mut stable);
    stable.env_remove("RUSTC_BOOTSTRAP").args([
        "-Cno-prepopulate-passes",
        "-Cllvm-args=-preserve-bc-uselistorder",
        "--emit=llvm-bc=stable.bc",
    ]);
    run(&mut stable);
    let job = Job {
        bitcode: folder.join("stable.bc"),
        stage: Stage::Unoptimised,
        llvm: llvm_path(),
        llvm_args: Vec::new(),
        outputs: vec![(Output::Object, folder.join("stable.o"))],
        target: Target {
            triple: "x86_64-unknown-linux-gnu".into(),
            cpu: "x86-64".into(),
            features: String::new(),
            abi: String::new(),
            reloc: Reloc::Pic,
            pie: false,
            code_model: CodeModel::Default,
            opt: level.parse::<OptLevel>().unwrap(),
            function_sections: sections,
            relax_elf_relocations: false,
        },
        flags: options
            .iter()
            .filter_map(|option| Flag::parse(option).unwrap())
            .collect(),
        debug_paths: Vec::new(),
        used: UsedFix::Keep,
        private_mark: None,
    };
    gateless_codegen::run(&job).unwrap();
    let (gated, stable) = (
        std::fs::read(folder.join("gated.o")).unwrap(),
        std::fs::read(folder.join("stable.o")).unwrap(),
    );
    assert!(gated.len() > 10_000, "the sample has little in it");
    assert!(
        gated == stable,
        "-Copt-level={level} {options:?}: the objects differ ({} and {} bytes)",
        gated.len(),
        stable.len()
    );
}
