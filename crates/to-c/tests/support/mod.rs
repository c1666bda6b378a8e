//! Programs compiled both ways, and what they print.

pub mod random;

use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_llvm::{Context, Llvm, Module};
use gateless_to_c::{FLAGS, Options, Translation, WARNINGS, translate};

/// The libLLVM of the rustc on PATH.
pub fn llvm() -> &'static Llvm {
    let found = gateless_trials::libllvm::of_command(Utf8Path::new("rustc")).unwrap();
    Llvm::load(&found.path).unwrap()
}

/// A directory of a test's own.
pub struct Directory {
    _keep: tempfile::TempDir,
    pub path: Utf8PathBuf,
}

impl Directory {
    pub fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
        Self { _keep: keep, path }
    }

    /// Runs a program here, which has to succeed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let output = Command::new(program)
            .current_dir(&self.path)
            .args(arguments)
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        output
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path.join(name), text).unwrap();
    }

    /// Compiles `NAME.rs`, a library, to `NAME.bc`, unoptimised, and to `NAME.o`, both of the same code.
    pub fn compile(&self, name: &str, options: &[&str]) {
        let (source, emit) = (
            format!("{name}.rs"),
            format!("--emit=llvm-bc={name}.bc,obj={name}.o"),
        );
        let mut arguments = vec![source.as_str(), &emit, "--crate-type=lib", "--edition=2024"];
        arguments.extend([
            "-Ccodegen-units=1",
            "-Cpanic=abort",
            "-Cno-prepopulate-passes",
        ]);
        arguments.extend(options);
        self.run("rustc", &arguments);
    }

    /// Translates bitcode.
    pub fn translate(&self, name: &str, options: Options) -> Translation {
        let bitcode = std::fs::read(self.path.join(format!("{name}.bc"))).unwrap();
        let context = Context::new(llvm()).unwrap();
        let module = Module::from_bitcode(&context, &bitcode, name).unwrap();
        translate(&module, options).unwrap()
    }

    /// Compiles C code to `NAME.o`, without a warning.
    pub fn compile_c(&self, compiler: &str, name: &str, c: &str, options: &[&str]) {
        let source = format!("{name}.c");
        self.write(&source, c);
        let object = format!("{name}.o");
        let mut arguments = vec!["-c", &source, "-o", &object, "-Wall", "-Werror"];
        arguments.extend(FLAGS);
        arguments.extend(WARNINGS);
        arguments.extend(options);
        self.run(compiler, &arguments);
    }

    /// What a program prints when it is run with one argument, and whether it fails.
    pub fn printed(&self, program: &str, argument: &str) -> (String, Option<i32>) {
        let output = Command::new(self.path.join(program))
            .arg(argument)
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "",
            "{program} {argument}"
        );
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        (printed, output.status.code())
    }
}

/// The C compilers that are installed.
pub fn compilers() -> Vec<&'static str> {
    let is_there = |compiler: &&str| Command::new(compiler).arg("--version").output().is_ok();
    ["gcc", "clang"].into_iter().filter(is_there).collect()
}
