//! Random functions compute the same, whether LLVM generates their code or a C compiler; and a translator with a fault would be noticed.

#[allow(dead_code, reason = "shared by several tests")]
mod support;

use gateless_llvm::{
    CodeModel, Context, FileKind, MachineOptions, Module, OptLevel, Reloc, TargetMachine,
};
use gateless_to_c::{Floats, Options, translate};
use support::{Directory, compilers, llvm, random};

/// How many functions are compared; more on request: `GATELESS_TEST_SEEDS=10000`.
fn seeds() -> u64 {
    std::env::var("GATELESS_TEST_SEEDS").map_or(200, |seeds| seeds.parse().unwrap())
}

/// What each function is called with.
const NUMBERS: [&str; 8] = [
    "0",
    "1",
    "0xffffffffffffffff",
    "0x8000000000000000",
    "0x7fffffffffffffff",
    "0x123456789abcdef0",
    "0xfedcba9800000080",
    "77",
];

/// A C program that prints what the functions of these seeds return.
fn driver(seeds: std::ops::Range<u64>) -> String {
    let mut c = String::from("#include <stdio.h>\ntypedef unsigned long long u64;\n");
    for seed in seeds.clone() {
        c.push_str(&format!("u64 f{seed}(u64, u64);\n"));
    }
    c.push_str("static u64 (*const all[])(u64, u64) = {");
    for seed in seeds.clone() {
        c.push_str(&format!(" f{seed},"));
    }
    c.push_str(&format!(
        " }};\nstatic const u64 numbers[] = {{ {} }};\n",
        NUMBERS.join(", ")
    ));
    let (first, count) = (seeds.start, seeds.end - seeds.start);
    c.push_str(&format!(
        "int main(void)\n{{\n\tfor (int at = 0; at < {count}; at++) {{\n\t\tprintf(\"seed %d:\", {first} + at);\n\
         \t\tfor (int a = 0; a < {0}; a++)\n\t\t\tfor (int b = 0; b < {0}; b += 3)\n\
         \t\t\t\tprintf(\" %llx\", all[at](numbers[a], numbers[b]));\n\t\tprintf(\"\\n\");\n\t}}\n}}\n",
        NUMBERS.len()
    ));
    c
}

fn module(seeds: std::ops::Range<u64>) -> Module {
    let functions: String = seeds.map(random::function).collect();
    let text = format!("{}{functions}", random::HEAD);
    let module = Module::from_text(&Context::new(llvm()).unwrap(), &text).unwrap();
    module.verify().unwrap();
    module
}

/// A directory with LLVM's program of these functions, and the C code of all of them.
fn prepared(seeds: std::ops::Range<u64>, options: Options) -> (Directory, String) {
    let directory = Directory::new();
    let module = module(seeds.clone());
    let c = translate(&module, options).unwrap();
    let c = c.into_c().unwrap_or_else(|failure| panic!("{failure}"));
    let options = MachineOptions {
        triple: module.triple().unwrap(),
        cpu: "x86-64".into(),
        features: String::new(),
        abi: String::new(),
        reloc: Reloc::Pic,
        code_model: CodeModel::Default,
        opt: OptLevel::Less,
    };
    let machine = TargetMachine::new(llvm(), &options).unwrap();
    let object = machine.emit(module, FileKind::Object).unwrap();
    std::fs::write(directory.path.join("llvm.o"), object.bytes().unwrap()).unwrap();
    directory.write("driver.c", &driver(seeds));
    directory.run("gcc", &["-c", "driver.c"]);
    directory.run("gcc", &["driver.o", "llvm.o", "-o", "llvm", "-lm"]);
    (directory, c)
}

/// What the program of this C code prints.
fn printed(directory: &Directory, compiler: &str, c: &str, options: &[&str]) -> String {
    directory.compile_c(compiler, "ours", c, options);
    let mut link = vec!["driver.o", "ours.o", "-o", "ours", "-lm"];
    link.extend(options);
    link.extend(directory.path.join("soft.o").exists().then_some("soft.o"));
    directory.run(compiler, &link);
    directory.printed("ours", "").0
}

/// The functions, a few hundred at a time: a C compiler's memory has an end.
#[test]
fn random_functions_compute_the_same() {
    let (mut at, end) = (0, seeds());
    assert!(end > 0);
    while at < end {
        let next = end.min(at + 200);
        let (directory, c) = prepared(at..next, Options::default());
        let expected = directory.printed("llvm", "").0;
        assert_eq!(expected.lines().count() as u64, next - at);
        for compiler in compilers() {
            let ours = printed(&directory, compiler, &c, &["-O1"]);
            for (expected, ours) in expected.lines().zip(ours.lines()) {
                let seed = expected.split([' ', ':']).nth(1).unwrap();
                let function = || random::function(seed.parse().unwrap());
                assert_eq!(expected, ours, "{compiler}:\n{}", function());
            }
            assert_eq!(expected, ours);
        }
        at = next;
    }
}

/// As kernels have it: floats are computed by functions, and passed as integers.
#[test]
fn floats_that_functions_compute_are_the_same() {
    let options = Options {
        floats: Floats::Soft,
        ..Options::default()
    };
    let (directory, c) = prepared(200..260, options);
    assert!(
        c.contains("gl_rt___adddf3(") && !c.contains("double"),
        "{c}"
    );
    directory.write("soft.c", include_str!("programs/soft.c"));
    directory.run("gcc", &["-c", "-O1", "soft.c"]);
    let ours = printed(&directory, "gcc", &c, &["-O1", "-mno-sse"]);
    assert_eq!(directory.printed("llvm", "").0, ours);
}

/// C's undefined behaviour, looked for by the compiler's own checks; they end the program.
#[test]
fn nothing_that_c_leaves_undefined_is_done() {
    let (directory, c) = prepared(0..60, Options::default());
    let checks = ["-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all"];
    let ours = printed(&directory, "gcc", &c, &checks);
    assert_eq!(directory.printed("llvm", "").0, ours);
}

/// Faults that a translator could have, as what they make of its C code: one for each of several modules.
const FAULTS: [(&str, &str, &str); 7] = [
    ("integer.rs: no sign is extended", "(i32)(i8)", "(i32)(u8)"),
    (
        "integer.rs: a shift is by one more",
        ">> ((u32)",
        ">> (1u + (u32)",
    ),
    (
        "control.rs: a phi is assigned to at once",
        "v_x = v_x_in;",
        "v_y_in = v_x = v_x_in;",
    ),
    (
        "memory.rs: a byte is left out",
        "\tgl_store_bytes(",
        "\tif (0) gl_store_bytes(",
    ),
    (
        "atomics.rs: nothing is stored",
        "\twhile (!",
        "\tif (0 && !",
    ),
    (
        "abi.rs: parts are swapped",
        "{ v_q.f0, v_q.f1 }",
        "{ v_q.f1, v_q.f0 }",
    ),
    (
        "intrinsics/integers.rs: a rotation is one off",
        " << 1) << (",
        " << 1) << (1u ^ ",
    ),
];

#[test]
fn faults_of_a_translator_are_noticed() {
    let (directory, c) = prepared(0..40, Options::default());
    let expected = directory.printed("llvm", "").0;
    assert_eq!(printed(&directory, "gcc", &c, &["-O0"]), expected);
    for (fault, right, wrong) in FAULTS {
        let faulty = c.replace(right, wrong);
        assert!(c != faulty, "{fault}: no such code");
        assert_ne!(
            printed(&directory, "gcc", &faulty, &["-O0", "-w"]),
            expected,
            "{fault}"
        );
    }
}
