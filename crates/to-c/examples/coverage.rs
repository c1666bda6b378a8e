//! What of a bitcode file can be written in C: `cargo run --release --example coverage LIBLLVM FILE.bc [soft]`.

use std::collections::BTreeMap;
use std::time::Instant;

use camino::Utf8Path;
use gateless_llvm::{Context, Llvm, Module};
use gateless_to_c::{Floats, Options, translate};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let llvm = Llvm::load(Utf8Path::new(&arguments[0])).unwrap();
    let bitcode = std::fs::read(&arguments[1]).unwrap();
    let begin = Instant::now();
    let context = Context::new(llvm).unwrap();
    let module = Module::from_bitcode(&context, &bitcode, &arguments[1]).unwrap();
    let read = begin.elapsed();
    let floats = match arguments.get(2) {
        Some(_) => Floats::Soft,
        None => Floats::Machine,
    };
    let options = Options {
        lines: true,
        floats,
    };
    let translation = translate(&module, options).unwrap();
    println!(
        "{} functions, {} variables, {} refused; read in {read:?}, translated in {:?}",
        translation.functions,
        translation.variables,
        translation.refused.len(),
        begin.elapsed() - read
    );
    let mut reasons = BTreeMap::<String, (usize, String)>::new();
    for refused in &translation.refused {
        let of = reasons.entry(refused.what.clone()).or_default();
        *of = (of.0 + 1, refused.to_string());
    }
    for (reason, (count, last)) in reasons {
        println!("{count}\t{reason}\n\t{last}");
    }
    if let Ok(c) = translation.into_c() {
        std::fs::write(format!("{}.c", arguments[1]), c).unwrap();
    }
}
