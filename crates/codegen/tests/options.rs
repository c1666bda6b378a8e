//! In a process of its own, since LLVM takes its options once: what if one of them had no effect?

use camino::Utf8Path;
use gateless_codegen::{CodeModel, Job, OptLevel, Output, Reloc, Stage, Target, UsedFix};
use gateless_llvm::{Context, Llvm, Module};

#[test]
fn an_option_without_effect_is_noticed_before_anything_is_written() {
    let output = std::process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .expect("rustc");
    let sysroot = String::from_utf8(output.stdout).expect("a UTF-8 sysroot");
    let path = gateless_codegen::llvm_of_compiler(Utf8Path::new(sysroot.trim()), "", &[])
        .unwrap()
        .path;
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    let context = Context::new(Llvm::load(&path).unwrap()).unwrap();
    let text = "target datalayout = \"e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128\"\n\
        define void @f() { ret void }";
    let bitcode = Module::from_text(&context, text)
        .unwrap()
        .to_bitcode()
        .unwrap();
    std::fs::write(folder.join("in.bc"), bitcode.bytes().unwrap()).unwrap();
    let job = Job {
        bitcode: folder.join("in.bc"),
        stage: Stage::Optimised,
        llvm: path,
        // Takes back one of rustc's own options.
        llvm_args: vec!["-trap-unreachable=false".into()],
        outputs: vec![(Output::Object, folder.join("out.o"))],
        target: Target {
            triple: "x86_64-linux-gnu".into(),
            cpu: "generic".into(),
            features: String::new(),
            abi: String::new(),
            reloc: Reloc::Static,
            pie: false,
            code_model: CodeModel::Default,
            opt: OptLevel::O2,
            function_sections: false,
            relax_elf_relocations: false,
        },
        flags: Vec::new(),
        debug_paths: Vec::new(),
        used: UsedFix::Keep,
        private_mark: None,
    };
    let failure = gateless_codegen::run(&job, &|| panic!("a sample was asked for")).unwrap_err();
    assert!(failure.what.contains("-trap-unreachable"), "{failure}");
    assert!(!folder.join("out.o").exists());
}
