//! `-Zregparm` against clang, which the kernel's C is compiled with: the same arguments are in registers, and what rustc can't pass as C does is refused.
//!
//! Signatures are generated. Without clang the test shows as ignored.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Command;

use gateless_codegen::{CodeModel, Flags, Merging, OptLevel, Reloc, Target};
use gateless_llvm::{Attribute, Context, Llvm, Module, Place};
use gateless_trials::Need;
use libtest_mimic::{Arguments, Failed};

mod support;

/// Functions to be compared.
const FUNCTIONS: usize = 400;

/// `LLVM=-22` of machines/i386.toml.
const CLANG: &str = "clang-22";

fn main() {
    let arguments = Arguments::from_args();
    let clang = Command::new(CLANG).arg("--version").output();
    let clang = clang
        .map(|_| CLANG)
        .map_err(|error| format!("{CLANG} can't be run: {error}"));
    let trial = Need::new(clang).trial("arguments_are_where_clang_has_them", |_| compare());
    libtest_mimic::run(&arguments, vec![trial]).exit();
}

/// The type of an argument or a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Void,
    Integer(u32),
    Pointer,
    /// A structure of so many words.
    Structure(u32),
}

impl Type {
    fn in_c(self) -> String {
        match self {
            Type::Void => "void".to_owned(),
            Type::Integer(8) => "char".to_owned(),
            Type::Integer(16) => "short".to_owned(),
            Type::Integer(32) => "int".to_owned(),
            Type::Integer(_) => "long long".to_owned(),
            Type::Pointer => "void *".to_owned(),
            Type::Structure(words) => format!("struct s{words}"),
        }
    }

    /// As rustc has an argument of it.
    fn argument(self) -> String {
        match self {
            Type::Structure(words) => format!("ptr byval([{} x i8]) align 4", 4 * words),
            Type::Pointer => "ptr".to_owned(),
            Type::Integer(bits) => format!("i{bits}"),
            Type::Void => "void".to_owned(),
        }
    }

    /// As rustc has a result of it, and the hidden argument that points to one.
    fn result(self) -> (String, Option<String>) {
        match self {
            Type::Structure(words @ (1 | 2)) => (format!("i{}", 32 * words), None),
            Type::Structure(words) => (
                "void".to_owned(),
                Some(format!("ptr sret([{} x i8]) align 4", 4 * words)),
            ),
            other => (other.argument(), None),
        }
    }
}

/// A function.
#[derive(Debug)]
struct Signature {
    result: Type,
    arguments: Vec<Type>,
    is_variadic: bool,
}

/// The same ones each time (xorshift).
fn signatures() -> Vec<Signature> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = |below: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % below
    };
    let of = |next: &mut dyn FnMut(u32) -> u32| match next(9) {
        0 => Type::Integer(8),
        1 => Type::Integer(16),
        2 | 3 => Type::Integer(32),
        4 | 5 => Type::Integer(64),
        6 => Type::Structure(1 + next(5)),
        _ => Type::Pointer,
    };
    (0..FUNCTIONS)
        .map(|_| {
            let result = match next(5) {
                0 => Type::Void,
                _ => of(&mut next),
            };
            let count = 1 + next(5);
            Signature {
                result,
                arguments: (0..count).map(|_| of(&mut next)).collect(),
                is_variadic: next(12) == 0,
            }
        })
        .collect()
}

/// Which arguments of each function clang has in registers: their numbers, and none for the hidden one of the result.
fn by_clang(signatures: &[Signature]) -> Result<Vec<BTreeSet<Option<usize>>>, Failed> {
    let mut text = String::new();
    for words in 1..=5 {
        let members: String = (0..words).map(|n| format!(" int m{n};")).collect();
        writeln!(text, "struct s{words} {{{members} }};")?;
    }
    for (number, signature) in signatures.iter().enumerate() {
        let arguments = signature.arguments.iter().enumerate();
        let mut arguments: Vec<String> = arguments
            .map(|(at, ty)| format!("{} p{at}", ty.in_c()))
            .collect();
        if signature.is_variadic {
            arguments.push("...".to_owned());
        }
        let result = signature.result.in_c();
        let body = match signature.result {
            Type::Void => "",
            _ => "static typeof(f()) r; return r;",
        };
        let body = body.replace("typeof(f())", &result);
        writeln!(
            text,
            "{result} f{number}({}) {{ {body} }}",
            arguments.join(", ")
        )?;
    }
    let directory = tempfile::tempdir()?;
    let source = directory.path().join("signatures.c");
    std::fs::write(&source, text)?;
    // As arch/x86/Makefile has it for 32 bits.
    let output = Command::new(CLANG)
        .args([
            "--target=i386-linux-gnu",
            "-msoft-float",
            "-mno-sse",
            "-mregparm=3",
        ])
        .args([
            "-freg-struct-return",
            "-fno-discard-value-names",
            "-S",
            "-emit-llvm",
            "-o",
            "-",
        ])
        .arg(&source)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let ir = String::from_utf8(output.stdout)?;
    let found = signatures.iter().enumerate().map(|(number, signature)| {
        // It marks them in such a function as well, but LLVM's convention has all of them on the stack: see `on_stack`.
        if signature.is_variadic {
            return Ok(BTreeSet::new());
        }
        let head = format!("@f{number}(");
        let line = ir
            .lines()
            .find(|line| line.starts_with("define") && line.contains(&head))
            .ok_or_else(|| format!("clang made no f{number}"))?;
        let arguments = line.split_once(&head).map_or("", |(_, rest)| rest);
        let in_registers = arguments.split(", ").filter(|one| one.contains("inreg"));
        Ok(in_registers
            .filter_map(|one| one.split('%').next_back())
            .map(|name| {
                let digits = name.strip_prefix('p')?.chars();
                let digits: String = digits.take_while(char::is_ascii_digit).collect();
                digits.parse().ok()
            })
            .collect())
    });
    found.collect()
}

/// Which arguments this crate puts into registers; an error if it refuses the function.
fn by_us(
    llvm: &'static Llvm,
    signature: &Signature,
) -> gateless_model::Result<BTreeSet<Option<usize>>> {
    let (result, hidden) = signature.result.result();
    let has_hidden = hidden.is_some();
    let mut arguments: Vec<String> = hidden.into_iter().collect();
    arguments.extend(signature.arguments.iter().map(|ty| ty.argument()));
    if signature.is_variadic {
        arguments.push("...".to_owned());
    }
    let text = format!(
        "target datalayout = \"e-m:e-p:32:32-p270:32:32-p271:32:32-p272:64:64-i128:128-f64:32:64-f80:32-n8:16:32-S128\"\n\
         target triple = \"i386-unknown-linux-gnu\"\ndeclare {result} @f({})\n",
        arguments.join(", ")
    );
    let module = Module::from_text(&Context::new(llvm)?, &text)?;
    let mut flags = Flags::default();
    flags.unstable("regparm", Some("3"))?;
    flags.apply(&module, &target())?;
    let function = module.function("f")?.expect("it was declared");
    let mut found = BTreeSet::new();
    for at in 0..signature.arguments.len() + usize::from(has_hidden) {
        let attributes = function.attributes(Place::Parameter(at as u32))?;
        if attributes.contains(&Attribute::Number("inreg".to_owned(), 0)) {
            found.insert(at.checked_sub(usize::from(has_hidden)));
        }
    }
    Ok(found)
}

/// Whether clang's code finds the first argument of a function with a variable number of them on the stack.
fn on_stack() -> Result<bool, Failed> {
    let directory = tempfile::tempdir()?;
    let source = directory.path().join("variadic.c");
    std::fs::write(&source, "int f(int first, ...) { return first; }\n")?;
    let output = Command::new(CLANG)
        .args([
            "--target=i386-linux-gnu",
            "-mregparm=3",
            "-O2",
            "-fomit-frame-pointer",
            "-S",
            "-o",
            "-",
        ])
        .arg(&source)
        .output()?;
    Ok(String::from_utf8(output.stdout)?.contains("4(%esp), %eax"))
}

fn target() -> Target {
    Target {
        triple: "i386-unknown-linux-gnu".into(),
        cpu: "i686".into(),
        features: String::new(),
        abi: String::new(),
        reloc: Reloc::Static,
        pie: false,
        code_model: CodeModel::Default,
        opt: OptLevel::O2,
        function_sections: false,
        merging: Merging::Aliases,
        relax_elf_relocations: false,
    }
}

fn compare() -> Result<(), Failed> {
    let llvm = Llvm::load(&support::llvm_path()).map_err(|failure| failure.to_string())?;
    let signatures = signatures();
    let (mut alike, mut refused) = (0, 0);
    for (signature, wanted) in signatures.iter().zip(by_clang(&signatures)?) {
        let needs_refusal = wanted
            .iter()
            .flatten()
            .any(|&at| matches!(signature.arguments[at], Type::Structure(_)));
        match by_us(llvm, signature) {
            Err(failure) if needs_refusal => {
                assert!(failure.what.contains("by value"), "{failure}");
                refused += 1;
            }
            Err(failure) => return Err(format!("{signature:?}: {failure}").into()),
            Ok(found) if needs_refusal || found != wanted => {
                return Err(format!(
                    "{signature:?}: clang has {wanted:?} in registers, and here are {found:?}"
                )
                .into());
            }
            Ok(_) => alike += 1,
        }
    }
    if !on_stack()? {
        return Err("clang has an argument of a variadic function in a register".into());
    }
    println!("{alike} alike, {refused} refused");
    assert!(
        alike >= 200 && refused >= 20,
        "{alike} alike, {refused} refused"
    );
    Ok(())
}
