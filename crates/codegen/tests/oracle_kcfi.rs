//! The oracle for kCFI: every kind of function and of indirect call, with the numbers computed from what stable rustc prints.

#![cfg(target_arch = "x86_64")]

mod support;

use std::collections::{BTreeMap, HashMap, HashSet};

use camino::Utf8Path;
use gateless_kcfi::{Bodies, Mir, Numbers, Sources, World, crates_of, numbers, types};
use gateless_llvm::{Context, Llvm, Module};
use object::{Object, ObjectSection};

use support::{HOST, Sample, llvm_path, rustc};

const SAMPLE: &str = include_str!("kcfi/sample.rs");

/// What the sample needs of core's sources.
const CORE: &str = include_str!("kcfi/core.rs");

/// The little that compiles for targets whose core is not at hand.
const NO_CORE: &str = include_str!("kcfi/no_core.rs");

const X86: Sample<'static> = Sample {
    source: SAMPLE,
    ..HOST
};

const ARM64: Sample<'static> = Sample {
    source: NO_CORE,
    target: "aarch64-unknown-none",
    triple: "aarch64-unknown-none",
    cpu: "generic",
    reloc: "static",
    stable_reloc: "static",
    ..HOST
};

/// As the kernel has it, but that the prebuilt core has no kCFI; nothing is linked with it here.
const KCFI: &[&str] = &[
    "sanitizer=kcfi",
    "sanitizer-cfi-normalize-integers",
    "merge-functions=disabled",
];

/// The numbers of the module that stable rustc has written to `directory`.
fn found(directory: &Utf8Path, source: &str, normalized: bool) -> Numbers {
    let context = Context::new(Llvm::load(&llvm_path()).unwrap()).unwrap();
    let bitcode = std::fs::read(directory.join("stable.bc")).unwrap();
    let module = Module::from_bitcode(&context, &bitcode, "stable.bc").unwrap();
    let mut sources = Sources::default();
    let file = |name: &str| directory.join(name).to_string();
    sources.add("sample", &[], &file("sample.rs"), source, "2021");
    sources.add("core", &[], &file("core.rs"), CORE, "2024");
    let text = std::fs::read_to_string(directory.join("stable.mir")).unwrap();
    let mir = Mir::read(&text, release()).unwrap();
    let functions: HashSet<_> = mir.functions("sample").collect();
    let mut bodies = Bodies::default();
    bodies.add("sample", mir);
    let crates: HashMap<_, _> = crates_of(&module).unwrap();
    let mut world = World::new(types(&module).unwrap(), sources, functions, crates, 64);
    numbers(&mut world, &bodies, &module, normalized, &BTreeMap::new()).unwrap()
}

/// The major and minor version of the compiler: one whose MIR is not known makes the tests fail.
fn release() -> (u32, u32) {
    let output = rustc().arg("-vV").output().expect("rustc");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let release = text
        .lines()
        .find_map(|line| line.strip_prefix("release: "))
        .expect("a release");
    let mut parts = release.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap(), parts.next().unwrap())
}

/// Fails unless the object is byte for byte the one that rustc makes.
fn compare(sample: &Sample<'_>, level: &str, options: &[&str], least: usize) {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    std::fs::write(directory.join("sample.rs"), sample.source).unwrap();
    let abi = "-Cunsafe-allow-abi-mismatch=sanitizer,sanitizer-cfi-normalize-integers";
    sample.gated_with(directory, level, options, &[abi]);
    let normalized = options.iter().any(|option| option.contains("normalize"));
    sample.stable_with(
        directory,
        level,
        options,
        &llvm_path(),
        ",mir=stable.mir",
        &|| Some(found(directory, sample.source, normalized)),
    );
    let read = |name: &str| std::fs::read(directory.join(name)).unwrap();
    let (gated, stable) = (read("gated.o"), read("stable.o"));
    let numbers = found(directory, sample.source, normalized);
    assert!(
        used(&gated, &numbers) > least,
        "the sample has little in it"
    );
    assert!(
        gated == stable,
        "-Copt-level={level} {options:?}: the objects differ"
    );
}

/// How many of the numbers of functions are somewhere in the code: before functions, and at calls.
fn used(object: &[u8], numbers: &Numbers) -> usize {
    let file = object::File::parse(object).unwrap();
    let code = file.section_by_name(".text").unwrap().data().unwrap();
    let words: HashSet<&[u8]> = code.windows(4).collect();
    let of_functions = numbers.functions.values();
    of_functions
        .filter(|number| words.contains(&number.to_le_bytes()[..]))
        .count()
}

#[test]
fn every_kind_of_call() {
    for level in ["2", "s", "3"] {
        compare(&X86, level, KCFI, 40);
    }
}

#[test]
fn integers_as_they_are() {
    compare(
        &X86,
        "2",
        &["sanitizer=kcfi", "merge-functions=disabled"],
        40,
    );
}

#[test]
fn with_the_number_of_arguments_before_functions() {
    let mut options = KCFI.to_vec();
    options.push("sanitizer-kcfi-arity");
    compare(&X86, "2", &options, 40);
}

#[test]
fn with_room_for_patches_before_functions() {
    let mut options = KCFI.to_vec();
    options.push("patchable-function-entry=16,16");
    compare(&X86, "2", &options, 40);
}

#[test]
fn function_pointers_on_arm64() {
    for level in ["0", "2", "s"] {
        compare(&ARM64, level, KCFI, 4);
    }
}
