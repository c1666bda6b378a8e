//! What `--cfg no_fp_fmt_parse` comes to for a prebuilt `core` (the runtime sources `host` and `sysroot`). Its code is taken out of the object with
//! `--wish no-floats`; what a crate may call is decided by the metadata, and that offers all of it, whatever the crate is compiled with.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use gateless_trials::{Need, cannot_run};
use libtest_mimic::{Arguments, Failed, Trial};
use object::{Object, ObjectSymbol};

/// The target whose library the runtime source `sysroot` takes (`rustup target add`).
const KERNEL: &str = "x86_64-unknown-none";

fn main() {
    let offered = "the_metadata_of_a_prebuilt_core_offers_floats_whatever_a_crate_is_compiled_with";
    let host = "the_code_of_the_hosts_core_has_no_floats_with_the_wish_and_is_as_before_without";
    let sysroot =
        "the_code_of_the_targets_core_has_no_floats_with_the_wish_and_is_as_before_without";
    let trials = match cfg!(target_arch = "x86_64") {
        true => vec![
            Trial::test(offered, metadata_offers_floats),
            Trial::test(host, || leaves_floats_out("host")),
            prebuilt_for_kernels().trial(sysroot, |()| leaves_floats_out("sysroot")),
        ],
        false => [offered, host, sysroot]
            .map(|name| cannot_run(name, "the host's core is not for x86_64"))
            .into(),
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// The toolchain's library for kernels.
fn prebuilt_for_kernels() -> Need<()> {
    let output = run(
        Path::new("."),
        Path::new("rustc"),
        &[],
        &["--print=sysroot"],
    );
    let sysroot = String::from_utf8_lossy(&output.stdout).into_owned();
    let libraries = Path::new(sysroot.trim()).join("lib/rustlib").join(KERNEL);
    Need::new(match libraries.is_dir() {
        true => Ok(()),
        false => Err(format!(
            "rustc has no library for {KERNEL}; `rustup target add {KERNEL}` gets it"
        )),
    })
}

/// Parses and formats a floating point number.
const USER: &str = "#![no_std]\n#[no_mangle]\npub fn parse(text: &str) -> bool { text.parse::<f32>().is_ok() }\n\
    #[no_mangle]\npub fn write(to: &mut dyn core::fmt::Write, number: &f64) -> bool { write!(to, \"{number}\").is_ok() }\n";

fn run(directory: &Path, program: &Path, environment: &[(&str, &str)], args: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(args).current_dir(directory);
    command
        .env_remove("RUSTC_BOOTSTRAP")
        .env("srctree", ".")
        .env("objtree", ".")
        .envs(environment.iter().copied());
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A directory with the wrapper in it.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let wrapper = directory.path().join("gateless-rustc");
    symlink(env!("CARGO_BIN_EXE_gateless"), wrapper).unwrap();
    std::fs::write(directory.path().join("user.rs"), USER).unwrap();
    directory
}

fn metadata_offers_floats() -> Result<(), Failed> {
    let directory = directory();
    let path = directory.path();
    let args = [
        "--crate-type=lib",
        "--emit=metadata",
        "--cfg",
        "no_fp_fmt_parse",
        "user.rs",
    ];
    let output = run(path, Path::new("rustc"), &[], &args);
    assert!(output.status.success(), "{}", said(&output));
    Ok(())
}

fn leaves_floats_out(runtime: &str) -> Result<(), Failed> {
    let directory = directory();
    let path = directory.path();
    std::fs::write(path.join("target.json"), SPECIFICATION).unwrap();
    std::fs::create_dir(path.join("rust")).unwrap();
    let source = library_source() + "/core/src/lib.rs";
    let mut args = CORE.to_vec();
    args.push(&source);
    let wrapper = path.join("gateless-rustc");
    let runtime = [("GATELESS_RUNTIME", runtime)];
    let helpers = |args: &[&str]| -> Vec<String> {
        let output = run(path, &wrapper, &runtime, args);
        assert!(output.status.success(), "{}", said(&output));
        let object = std::fs::read(path.join("rust/core.o")).unwrap();
        let object = object::File::parse(&object[..]).unwrap();
        let undefined = object.symbols().filter(|symbol| symbol.is_undefined());
        let names = undefined.map(|symbol| symbol.name().unwrap().to_owned());
        // Of the compiler's runtime library: for float, double and half.
        let is_float = |name: &String| {
            name.starts_with("__") && ["sf", "df", "hf"].iter().any(|ty| name.contains(ty))
        };
        names.filter(is_float).collect()
    };
    let before = helpers(&args);
    assert!(before.contains(&"__divdf3".to_owned()), "{before:?}");
    args.push("-Zgateless-wish=no-floats");
    assert_eq!(helpers(&args), [""; 0]);
    Ok(())
}

/// rust/Makefile of Linux 7.3 for `rust/core.o`, and the relocation model of arch/um.
const CORE: &[&str] = &[
    "--edition=2024",
    "-Cpanic=abort",
    "-Cembed-bitcode=n",
    "-Ccodegen-units=1",
    "-Csymbol-mangling-version=v0",
    "-Crelocation-model=pie",
    "-Zfunction-sections=n",
    "-Copt-level=2",
    "-Cno-redzone=y",
    "--cfg",
    "no_fp_fmt_parse",
    "--cap-lints=allow",
    "--crate-type=rlib",
    "--crate-name=core",
    "--sysroot=/dev/null",
    "-Zunstable-options",
    "--target=./target.json",
    "--emit=obj=rust/core.o",
    "--emit=metadata=rust/libcore.rmeta",
];

/// What scripts/generate_rust_target.rs writes for x86_64.
const SPECIFICATION: &str = r#"{
    "arch": "x86_64",
    "rustc-abi": "x86-softfloat",
    "data-layout": "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
    "features": "-mmx,+soft-float",
    "llvm-target": "x86_64-linux-gnu",
    "supported-sanitizers": ["kcfi", "kernel-address"],
    "target-pointer-width": 64,
    "emit-debug-gdb-scripts": false,
    "frame-pointer": "may-omit",
    "stack-probes": {"kind": "none"}
}"#;

/// Where the toolchain's library source is: the call names it, though nothing of it is compiled.
fn library_source() -> String {
    let gateless = Path::new(env!("CARGO_BIN_EXE_gateless"));
    let output = run(Path::new("."), gateless, &[], &["make-vars"]);
    let variables = String::from_utf8_lossy(&output.stdout).into_owned();
    let source = variables
        .split_whitespace()
        .find_map(|word| word.strip_prefix("RUST_LIB_SRC="));
    let source = source.unwrap_or_else(|| {
        panic!(
            "`gateless doctor --install` gets core's source: {}",
            said(&output)
        )
    });
    source.to_owned()
}
