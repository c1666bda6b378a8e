//! The oracle for the kernel's built-in targets: with the arguments that Kbuild passes, objects are byte for byte those that rustc
//! itself makes with the unstable flags. No target but the host's has a prebuilt core, so the crate does without, which takes a gate in both runs.

#![cfg(target_arch = "x86_64")]

mod support;

use std::process::Command;

use camino::Utf8Path;
use gateless_codegen::{CodeModel, Job, Merging, Output, Reloc, Stage, Target, UsedFix};

/// Calls, aggregates in and out, 64-bit numbers, a switch, indirect calls, equal functions, tables of pointers.
const SAMPLE: &str = r#"#![feature(no_core, lang_items, rustc_attrs)]
#![no_core]
#![allow(internal_features)]
#[lang = "pointee_sized"] pub trait PointeeSized {}
#[lang = "meta_sized"] pub trait MetaSized: PointeeSized {}
#[lang = "sized"] pub trait Sized: MetaSized {}
#[lang = "copy"] pub trait Copy {}
#[lang = "sync"] pub trait Sync {}
#[lang = "drop_in_place"] fn drop_in_place<T: PointeeSized>(_: *mut T) {}
impl Copy for u8 {} impl Copy for u32 {} impl Copy for u64 {} impl Copy for Pair {} impl Copy for Big {}
impl Sync for u32 {} impl Sync for [extern "C" fn(u32) -> u32; 2] {}
pub struct Pair { pub a: u64, pub b: u32 }
pub struct Big { pub a: u64, pub b: u64, pub c: u64, pub d: u64, pub e: u64 }
extern "C" { fn elsewhere(x: u32) -> u32; fn wide(x: u64, y: u8) -> u64; fn pair(p: Pair) -> Pair; static OUTSIDE: u32; }
#[no_mangle] pub extern "C" fn one(x: u32) -> u32 { unsafe { elsewhere(x) } }
#[no_mangle] pub extern "C" fn two(x: u32) -> u32 { unsafe { elsewhere(elsewhere(x)) } }
#[inline(never)] pub fn same_as_one(x: u32) -> u32 { unsafe { elsewhere(x) } }
#[inline(never)] pub fn same_again(x: u32) -> u32 { unsafe { elsewhere(x) } }
pub fn widened(x: u64) -> u64 { unsafe { wide(wide(x, 3), 7) } }
pub fn paired(p: Pair) -> Pair { unsafe { pair(pair(p)) } }
pub fn big(b: Big) -> Big { unsafe { elsewhere(1); } b }
pub fn outside() -> u32 { unsafe { OUTSIDE } }
pub fn switch(x: u32, f: &[fn(u32) -> u32; 3]) -> u32 {
    unsafe { match x { 0 => elsewhere(10), 1 => elsewhere(7), 2 => same_as_one(20), 3 => same_again(30), 4 => elsewhere(44),
        5 => elsewhere(90), 6 => { let [g, _, _] = f; g(1) } 7 => { let [_, g, _] = f; g(2) } _ => { let [_, _, g] = f; g(x) } } }
}
pub static NUMBER: u32 = 7;
#[no_mangle] pub static TABLE: [extern "C" fn(u32) -> u32; 2] = [one, two];
"#;

/// A crate of which LLVM is told nothing by functions.
const NO_FUNCTIONS: &str = "#![feature(no_core)]\n#![no_core]\n#![allow(internal_features)]\n";

/// Fails unless the two objects are the same, with functions and without, and with a section for each function and variable as well. `args` are stable; `unstable` are `-Z` options without the `-Z`.
fn compare(target: &str, args: &[&str], unstable: &[&str]) {
    for source in [SAMPLE, NO_FUNCTIONS] {
        for sections in [false, true] {
            compare_of(source, target, args, unstable, sections);
        }
    }
}

fn compare_of(source: &str, target: &str, args: &[&str], unstable: &[&str], sections: bool) {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    std::fs::write(directory.join("source.rs"), source).unwrap();
    std::fs::write(directory.join("sample.rs"), SAMPLE).unwrap();
    let rustc = |root: &str, more: &[String]| {
        let output = support::rustc()
            .current_dir(directory)
            .env("RUSTC_BOOTSTRAP", "1")
            .args([
                root,
                "--crate-name=sample",
                "--crate-type=rlib",
                "--edition=2021",
                "-Cpanic=abort",
            ])
            .args([
                "-Ccodegen-units=1",
                "-Cembed-bitcode=n",
                "-Csymbol-mangling-version=v0",
            ])
            .args([
                "-Cdebuginfo=2",
                "-Copt-level=2",
                &format!("--target={target}"),
            ])
            .args(args)
            .args(more)
            .output()
            .expect("rustc");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{target} {more:?}: {said}");
    };
    let mut gated: Vec<String> = unstable
        .iter()
        .map(|option| format!("-Z{option}"))
        .collect();
    gated.extend([
        format!("-Zfunction-sections={}", if sections { "y" } else { "n" }),
        "--emit=obj=gated.o".to_owned(),
    ]);
    rustc("source.rs", &gated);
    let bitcode = |root: &str, made: &Utf8Path| {
        rustc(
            root,
            &[
                "-Cno-prepopulate-passes".to_owned(),
                "-Cllvm-args=-preserve-bc-uselistorder".to_owned(),
                format!("--emit=llvm-bc={made}"),
            ],
        )
    };
    bitcode("source.rs", &directory.join("stable.bc"));
    let is_pie = args.contains(&"-Crelocation-model=pie");
    let job = Job {
        bitcode: directory.join("stable.bc"),
        stage: Stage::Unoptimised,
        llvm: support::llvm_path(),
        llvm_args: Vec::new(),
        outputs: vec![(Output::Object, directory.join("stable.o"))],
        target: Target {
            triple: String::new(),
            cpu: String::new(),
            features: String::new(),
            abi: String::new(),
            reloc: if is_pie { Reloc::Pic } else { Reloc::Static },
            pie: is_pie,
            code_model: CodeModel::Default,
            opt: gateless_codegen::OptLevel::O2,
            function_sections: sections,
            merging: Merging::Aliases,
            relax_elf_relocations: false,
        },
        flags: support::flags(unstable),
        debug_paths: Vec::new(),
        columns: Default::default(),
        used: UsedFix::Keep,
        added: gateless_codegen::Added::None,
        without_debug_info: false,
        kcfi: None,
    };
    let made = directory.join("sample.bc");
    gateless_codegen::run(&job, &|| {
        bitcode("sample.rs", &made);
        Ok(made.clone())
    })
    .unwrap();
    let read = |name| std::fs::read(directory.join(name)).unwrap();
    let (gated, stable) = (read("gated.o"), read("stable.o"));
    assert!(
        source == NO_FUNCTIONS || gated.len() > 2000,
        "the sample has little in it"
    );
    if gated != stable {
        let kept = std::env::temp_dir().join(format!("oracle-{target}"));
        let _ = std::fs::create_dir_all(&kept);
        let _ = std::fs::copy(directory.join("gated.o"), kept.join("gated.o"));
        let _ = std::fs::copy(directory.join("stable.o"), kept.join("stable.o"));
        panic!(
            "{target} {args:?} {unstable:?}, sections {sections}: the objects of {source:?} differ; they are in {}",
            kept.display()
        );
    }
}

/// Runs a test of this file in a process of its own: some back ends change LLVM's global settings when they are first used (PowerPC: from how many
/// cases on a switch becomes a table).
fn alone(name: &str, test: impl FnOnce()) {
    const CHILD: &str = "GATELESS_ORACLE_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return test();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

const STATIC: &str = "-Crelocation-model=static";

#[test]
fn arm64_with_every_protection() {
    alone("arm64_with_every_protection", || {
        let target = "aarch64-unknown-none-softfloat";
        let plain = [STATIC, "-Cforce-unwind-tables=n"];
        compare(target, &plain, &[]);
        compare(target, &plain, &["branch-protection=pac-ret"]);
        compare(target, &plain, &["branch-protection=bti,pac-ret"]);
        let shadow = [
            "branch-protection=bti,pac-ret",
            "fixed-x18",
            "sanitizer=shadow-call-stack",
        ];
        compare(target, &plain, &shadow);
    })
}

#[test]
fn arm64_with_unwind_tables() {
    alone("arm64_with_unwind_tables", || {
        let unwind = [
            "use-sync-unwind=n",
            "llvm_module_flag=uwtable:u32:2:max",
            "branch-protection=pac-ret",
            "fixed-x18",
        ];
        compare(
            "aarch64-unknown-none-softfloat",
            &[STATIC, "-Cforce-unwind-tables=y"],
            &unwind,
        );
    })
}

#[test]
fn arm() {
    alone("arm", || {
        compare("arm-unknown-linux-gnueabi", &[STATIC], &[]);
    })
}

#[test]
fn riscv64() {
    alone("riscv64", || {
        let args = [STATIC, "-Ctarget-cpu=generic-rv64", "-Cno-redzone=y"];
        compare("riscv64imac-unknown-none-elf", &args, &[]);
        let args = [STATIC, "-Ctarget-cpu=generic-rv64", "-Ctarget-feature=-c"];
        compare("riscv64imac-unknown-none-elf", &args, &[]);
    })
}

#[test]
fn loongarch64() {
    alone("loongarch64", || {
        let target = "loongarch64-unknown-none-softfloat";
        compare(target, &[STATIC, "-Ccode-model=small"], &[]);
        compare(
            target,
            &[
                "-Crelocation-model=pie",
                "-Ccode-model=small",
                "-Cjump-tables=n",
            ],
            &[],
        );
    })
}

#[test]
fn powerpc_both_widths() {
    alone("powerpc_both_widths", || {
        let features = "-Ctarget-feature=-mma,-vsx,-hard-float,-altivec";
        compare("powerpc64le-unknown-linux-gnu", &[STATIC, features], &[]);
        compare("powerpc-unknown-linux-gnu", &[STATIC], &[]);
    })
}

/// Run it with GATELESS_ORACLE_RUSTC naming a rustc of 1.96 or later.
#[test]
#[ignore = "rustc has -Zpacked-stack from 1.96 on"]
fn s390x_with_packed_stack() {
    let args = [STATIC, "-Ctarget-feature=+backchain", "-Ctarget-cpu=z10"];
    compare("s390x-unknown-none-softfloat", &args, &["packed-stack"]);
}

#[test]
fn s390x() {
    alone("s390x", || {
        let args = [STATIC, "-Ctarget-feature=+backchain", "-Ctarget-cpu=z10"];
        compare("s390x-unknown-none-softfloat", &args, &[]);
    })
}
