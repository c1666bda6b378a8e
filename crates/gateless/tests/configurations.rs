//! `core` for x86_64 as Kbuild compiles it in one configuration after the other, gated and through the wrapper: the objects must be the same.
//!
//! No kernel is built: `core` is the crate in the kernel that needs nothing else, and has more functions than most. Each takes up to a minute of
//! one processor, so they run only when asked for:
//!
//! ```text
//! cargo test --release -p gateless --test configurations -- --ignored
//! ```

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use object::{Object, ObjectSection};

/// A configuration: its name, what it adds to the features of the target's specification, and to the flags of [`ALWAYS`].
struct Configuration {
    name: &'static str,
    features: &'static str,
    flags: &'static [&'static [&'static str]],
}

/// rust/Makefile and Makefile of Linux 7.3, for `rust/core.o`.
const ALWAYS: &[&str] = &[
    "--edition=2024",
    "-Cdebug-assertions=n",
    "-Cpanic=abort",
    "-Cembed-bitcode=n",
    "-Clto=n",
    "-Cforce-unwind-tables=n",
    "-Ccodegen-units=1",
    "-Csymbol-mangling-version=v0",
    "-Crelocation-model=static",
    "-Zfunction-sections=n",
    "-Ctarget-feature=-sse,-sse2,-sse3,-ssse3,-sse4.1,-sse4.2,-avx,-avx2",
    "-Cno-redzone=y",
    "-Ccode-model=kernel",
    "--cfg",
    "no_fp_fmt_parse",
    "--cap-lints=allow",
    "--crate-type=rlib",
    "--crate-name=core",
    "--sysroot=/dev/null",
    "-Zunstable-options",
    "--target=./target.json",
];

/// arch/x86/Makefile: landing pads, return thunks, call padding.
const MITIGATIONS: &[&str] = &[
    "-Zcf-protection=branch",
    "-Cjump-tables=n",
    "-Zfunction-return=thunk-extern",
    "-Zpatchable-function-entry=16,16",
];
/// scripts/generate_rust_target.rs: MITIGATION_RETPOLINE.
const RETPOLINE: &str =
    ",+retpoline-external-thunk,+retpoline-indirect-branches,+retpoline-indirect-calls";
/// The same with MITIGATION_SLS.
const SLS: &str = ",+retpoline-external-thunk,+retpoline-indirect-branches,+retpoline-indirect-calls,+harden-sls-ijmp,+harden-sls-ret";
/// The same with X86_NATIVE_CPU.
const NO_APX: &str =
    ",+retpoline-external-thunk,+retpoline-indirect-branches,+retpoline-indirect-calls,-apxf";
/// arch/x86/Makefile: X86_NATIVE_CPU off and on.
const GENERIC: &[&str] = &["-Ctarget-cpu=x86-64", "-Ztune-cpu=generic"];
const NATIVE: &[&str] = &["-Ctarget-cpu=native"];
const SPEED: &[&str] = &["-Copt-level=2"];
const SIZE: &[&str] = &["-Copt-level=s"];
const FRAME_POINTERS: &[&str] = &[
    "-Cforce-frame-pointers=y",
    "-Zllvm_module_flag=frame-pointer:u32:2:max",
];
const DWARF_4: &[&str] = &["-Zdwarf-version=4", "-Cdebuginfo=2"];
const DWARF_5: &[&str] = &["-Zdwarf-version=5", "-Cdebuginfo=2"];
const REDUCED: &[&str] = &["-Zdwarf-version=5", "-Cdebuginfo=1"];
const ZSTD: &str = "-Zdebuginfo-compression=zstd";
/// scripts/Makefile.kasan: KASAN_GENERIC with KASAN_STACK, but for the instrumentation threshold.
const KASAN: &[&str] = &[
    "-Zsanitizer=kernel-address",
    "-Zsanitizer-recover=kernel-address",
    "-Cllvm-args=-asan-mapping-offset=0xdffffc0000000000",
    "-Cllvm-args=-asan-stack=1",
    "-Cllvm-args=-asan-globals=1",
    "-Cllvm-args=-asan-kernel-mem-intrinsic-prefix=1",
];
const INLINE: &[&str] = &["-Cllvm-args=-asan-instrumentation-with-call-threshold=10000"];
const OUTLINE: &[&str] = &["-Cllvm-args=-asan-instrumentation-with-call-threshold=0"];
/// scripts/Makefile.autofdo: AUTOFDO_CLANG without a profile.
const AUTOFDO: &[&str] = &[
    "-Cdebuginfo=line-tables-only",
    "-Zdebug-info-for-profiling",
    "-Cllvm-args=-enable-fs-discriminator=true",
    "-Cllvm-args=-improved-fs-discriminator=true",
];

const CONFIGURATIONS: &[Configuration] = &[
    of("mitigations", RETPOLINE, &[MITIGATIONS, GENERIC, SPEED]),
    of("sls", SLS, &[MITIGATIONS, GENERIC, SPEED]),
    of("size", RETPOLINE, &[MITIGATIONS, GENERIC, SIZE]),
    of("native_cpu", NO_APX, &[MITIGATIONS, NATIVE, SPEED]),
    of(
        "frame_pointers",
        RETPOLINE,
        &[MITIGATIONS, GENERIC, SPEED, FRAME_POINTERS],
    ),
    of(
        "function_sections",
        RETPOLINE,
        &[MITIGATIONS, GENERIC, SPEED, &["-Zfunction-sections=y"]],
    ),
    of(
        "dwarf_4",
        RETPOLINE,
        &[MITIGATIONS, GENERIC, SPEED, DWARF_4],
    ),
    of(
        "dwarf_5",
        RETPOLINE,
        &[MITIGATIONS, GENERIC, SPEED, DWARF_5],
    ),
    of(
        "dwarf_5_reduced",
        RETPOLINE,
        &[MITIGATIONS, GENERIC, SPEED, REDUCED],
    ),
    of(
        "dwarf_4_in_zlib",
        RETPOLINE,
        &[
            MITIGATIONS,
            GENERIC,
            SPEED,
            DWARF_4,
            &["-Zdebuginfo-compression=zlib"],
        ],
    ),
    of(
        "dwarf_5_in_zstd",
        RETPOLINE,
        &[MITIGATIONS, GENERIC, SPEED, DWARF_5, &[ZSTD]],
    ),
    of(
        "kasan_inline",
        RETPOLINE,
        &[MITIGATIONS, GENERIC, SPEED, KASAN, INLINE],
    ),
    of(
        "kasan_outline_for_size_with_frame_pointers",
        RETPOLINE,
        &[MITIGATIONS, GENERIC, SIZE, KASAN, OUTLINE, FRAME_POINTERS],
    ),
    of(
        "autofdo",
        RETPOLINE,
        &[MITIGATIONS, GENERIC, SPEED, AUTOFDO],
    ),
    of("no_mitigations", "", &[GENERIC, SPEED]),
];

const fn of(
    name: &'static str,
    features: &'static str,
    flags: &'static [&'static [&'static str]],
) -> Configuration {
    Configuration {
        name,
        features,
        flags,
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let trials = CONFIGURATIONS.iter().map(|configuration| {
        Trial::test(configuration.name, || same_object(configuration)).with_ignored_flag(true)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn same_object(configuration: &Configuration) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let wrapper = directory.path().join("gateless-rustc");
    symlink(env!("CARGO_BIN_EXE_gateless"), &wrapper)?;
    let source = library_source()? + "/core/src/lib.rs";
    // One directory for both, since debug information names it.
    let out = directory.path().join("out");
    let gated = core(configuration, &out, Path::new("rustc"), &source)?;
    std::fs::remove_dir_all(&out)?;
    let gateless = core(configuration, &out, &wrapper, &source)?;
    if gated == gateless {
        return Ok(());
    }
    let (gated, gateless) = (sections(&gated)?, sections(&gateless)?);
    let differing: Vec<_> = gated
        .iter()
        .zip(&gateless)
        .filter(|(gated, gateless)| gated != gateless)
        .map(|((name, _), (other, _))| format!("{name} and {other}"))
        .collect();
    // libzstd's output changes with its version, zlib's does not.
    let zstd = configuration.flags.concat().contains(&ZSTD);
    if differing.is_empty() && gated.len() == gateless.len() && zstd {
        return Ok(());
    }
    Err(format!(
        "{} and {} sections; these differ: {differing:?}",
        gated.len(),
        gateless.len()
    )
    .into())
}

/// The object that `compiler` makes of the library source's `core`, in `directory`.
fn core(
    configuration: &Configuration,
    directory: &Path,
    compiler: &Path,
    source: &str,
) -> Result<Vec<u8>, Failed> {
    std::fs::create_dir_all(directory.join("rust"))?;
    std::fs::write(
        directory.join("target.json"),
        specification(configuration.features),
    )?;
    let mut command = Command::new(compiler);
    command
        .current_dir(directory)
        .args(ALWAYS)
        .args(configuration.flags.concat());
    command.args([
        "--emit=obj=rust/core.o",
        "--emit=metadata=rust/libcore.rmeta",
        source,
    ]);
    // As Kbuild exports them.
    command.envs([("RUSTC_BOOTSTRAP", "1"), ("srctree", "."), ("objtree", ".")]);
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{said}", output.status).into());
    }
    Ok(std::fs::read(directory.join("rust/core.o"))?)
}

/// What scripts/generate_rust_target.rs writes for x86_64.
fn specification(features: &str) -> String {
    format!(
        r#"{{
    "arch": "x86_64",
    "rustc-abi": "x86-softfloat",
    "data-layout": "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
    "features": "-mmx,+soft-float{features}",
    "llvm-target": "x86_64-linux-gnu",
    "supported-sanitizers": ["kcfi", "kernel-address"],
    "target-pointer-width": 64,
    "emit-debug-gdb-scripts": false,
    "frame-pointer": "may-omit",
    "stack-probes": {{"kind": "none"}}
}}"#
    )
}

/// Names and contents of all sections, decompressed.
fn sections(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let file = object::File::parse(bytes)?;
    let mut sections = Vec::new();
    for section in file.sections() {
        let content = section.uncompressed_data()?.into_owned();
        sections.push((section.name()?.to_owned(), content));
    }
    Ok(sections)
}

/// Where the toolchain's library source is.
fn library_source() -> Result<String, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_gateless"))
        .arg("make-vars")
        .output()?;
    let variables = String::from_utf8(output.stdout)?;
    variables
        .split_whitespace()
        .find_map(|word| word.strip_prefix("RUST_LIB_SRC="))
        .map(str::to_owned)
        .ok_or_else(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("no source of core: `gateless doctor --install` gets it\n{said}").into()
        })
}
