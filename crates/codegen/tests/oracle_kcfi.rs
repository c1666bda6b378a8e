//! The oracle for kCFI: every kind of function and of indirect call, with the numbers computed from what stable rustc prints.

#![cfg(target_arch = "x86_64")]

mod support;

use std::collections::{HashMap, HashSet};

use camino::Utf8Path;
use gateless_kcfi::{Bodies, Mir, Numbers, Sources, World, crates_of, numbers, types};
use gateless_llvm::{Context, Llvm, Module};
use object::{Object, ObjectSymbol};

use support::{HOST, Sample, llvm_path, rustc};

const SAMPLE: &str = include_str!("kcfi/sample.rs");

/// What the sample needs of core's sources.
const CORE: &str = include_str!("kcfi/core.rs");

/// As the kernel has it, but that the prebuilt core has no kCFI; nothing is linked with it here.
const KCFI: &[&str] = &[
    "sanitizer=kcfi",
    "sanitizer-cfi-normalize-integers",
    "merge-functions=disabled",
];

/// The numbers of the module that stable rustc has written to `directory`.
fn found(directory: &Utf8Path, normalized: bool) -> Numbers {
    let context = Context::new(Llvm::load(&llvm_path()).unwrap()).unwrap();
    let bitcode = std::fs::read(directory.join("stable.bc")).unwrap();
    let module = Module::from_bitcode(&context, &bitcode, "stable.bc").unwrap();
    let mut sources = Sources::default();
    sources.add("sample", &[], "sample.rs", SAMPLE, "2021");
    sources.add("core", &[], "core.rs", CORE, "2024");
    let text = std::fs::read_to_string(directory.join("stable.mir")).unwrap();
    let mir = Mir::read(&text, release()).unwrap();
    let functions: HashSet<_> = mir.functions("sample").collect();
    let mut bodies = Bodies::default();
    bodies.add("sample", mir);
    let crates: HashMap<_, _> = crates_of(&module).unwrap();
    let mut world = World::new(types(&module).unwrap(), sources, functions, crates, 64);
    numbers(&mut world, &bodies, &module, normalized).unwrap()
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
fn compare(level: &str, options: &[&str]) -> Vec<u8> {
    let sample = Sample {
        source: SAMPLE,
        ..HOST
    };
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    std::fs::write(directory.join("sample.rs"), SAMPLE).unwrap();
    let abi = "-Cunsafe-allow-abi-mismatch=sanitizer,sanitizer-cfi-normalize-integers";
    sample.gated_with(directory, level, options, &[abi]);
    let ours: Vec<&str> = options
        .iter()
        .filter(|option| !option.starts_with("sanitizer"))
        .copied()
        .collect();
    let normalized = options.iter().any(|option| option.contains("normalize"));
    sample.stable_with(
        directory,
        level,
        &ours,
        &llvm_path(),
        ",mir=stable.mir",
        &|| Some(found(directory, normalized)),
    );
    let read = |name: &str| std::fs::read(directory.join(name)).unwrap();
    let (gated, stable) = (read("gated.o"), read("stable.o"));
    assert!(preambles(&gated) > 40, "the sample has little in it");
    assert!(
        gated == stable,
        "-Copt-level={level} {options:?}: the objects differ"
    );
    gated
}

/// How many functions have a number before them.
fn preambles(object: &[u8]) -> usize {
    let file = object::File::parse(object).unwrap();
    let names = file.symbols().filter_map(|symbol| symbol.name().ok());
    names.filter(|name| name.starts_with("__cfi_")).count()
}

#[test]
fn every_kind_of_call() {
    for level in ["2", "s", "3"] {
        compare(level, KCFI);
    }
}

#[test]
fn integers_as_they_are() {
    compare("2", &["sanitizer=kcfi", "merge-functions=disabled"]);
}

#[test]
fn with_room_for_patches_before_functions() {
    let mut options = KCFI.to_vec();
    options.push("patchable-function-entry=16,16");
    compare("2", &options);
}
