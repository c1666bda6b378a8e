//! Code generation with an installed libLLVM, as for a rustc that has LLVM linked in statically.
//!
//! Without a libLLVM of rustc's major version on the system the test shows as ignored.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_trials::Need;
use libtest_mimic::{Arguments, Failed};

mod support;

fn main() {
    let arguments = Arguments::from_args();
    let version = support::llvm_version();
    let llvm =
        installed().ok_or_else(|| format!("no libLLVM like rustc's ({version}) is installed"));
    let trial = Need::new(llvm).trial("an_installed_llvm_generates_the_same_functions", |llvm| {
        same_functions(&llvm)
    });
    libtest_mimic::run(&arguments, vec![trial]).exit();
}

/// What is found for a toolchain without a libLLVM of its own.
fn installed() -> Option<Utf8PathBuf> {
    let toolchain = tempfile::tempdir().ok()?;
    let toolchain = Utf8Path::from_path(toolchain.path())?;
    std::fs::create_dir(toolchain.join("lib")).ok()?;
    let found =
        gateless_trials::libllvm::of_compiler(toolchain, &support::llvm_version(), &[]).ok()?;
    assert!(!found.own);
    Some(found.path)
}

/// Patch releases may choose other instructions; what there is of functions and data is the same.
fn same_functions(llvm: &Utf8Path) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let directory = Utf8Path::from_path(directory.path()).ok_or("a directory that is not UTF-8")?;
    std::fs::write(directory.join("sample.rs"), support::HOST.source)?;
    support::HOST.gated(directory, "2", &[]);
    support::HOST.stable(directory, "2", &[], llvm);
    let symbols = |name: &str| -> Result<Vec<String>, Failed> {
        use object::{Object, ObjectSymbol};
        let bytes = std::fs::read(directory.join(name))?;
        let file = object::File::parse(&bytes[..])?;
        let mut names = Vec::new();
        for symbol in file.symbols().filter(|symbol| symbol.is_definition()) {
            names.push(symbol.name()?.to_owned());
        }
        names.sort();
        Ok(names)
    };
    let (gated, stable) = (symbols("gated.o")?, symbols("stable.o")?);
    if gated != stable || gated.len() < 10 {
        return Err(format!("{gated:?}\n{stable:?}").into());
    }
    Ok(())
}
