//! What `attest` says of a real kernel that was moved and then changed: copies of the build of the other tests are relinked, and single bytes of
//! them flipped.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use object::read::elf::{ElfFile64, FileHeader as _};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use crate::workshop::{Mode, Tested, Workshop, run, succeeded};

/// Bytes that are flipped, each alone, in functions that lie evenly over an image.
const FLIPS: usize = 24;

/// A Rust object that no wrapper made.
const STRAY: &str = "#![no_std]\n#[inline(never)] pub fn hidden(x: u32) -> u32 { x / 3 }\n#[unsafe(no_mangle)] pub extern \"C\" fn stray(x: u32) -> u32 { hidden(x) + 1 }\n";

/// A signed module, and what it needs.
const MODULES: &str = "CONFIG_MODULES=y\nCONFIG_SAMPLES=y\nCONFIG_SAMPLES_RUST=y\nCONFIG_SAMPLE_RUST_MINIMAL=m\nCONFIG_MODULE_SIG=y\n";

/// Packed, unpacked elsewhere: proven. Then a byte of a Rust function, what is booted, and what is linked in.
pub fn changed_image(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    let out = elsewhere(workshop, &workshop.out(Mode::Gateless))?;
    refuses_flips(workshop, &out, "vmlinux")?;
    // UML's `linux` is a link to `vmlinux`.
    fs_err::remove_file(out.join("linux"))?;
    fs_err::write(out.join("linux"), "a text file\n")?;
    refused(workshop, &out, "linux: does not unpack to the `vmlinux`")?;
    fs_err::remove_file(out.join("linux"))?;
    fs_err::hard_link(out.join("vmlinux"), out.join("linux"))?;
    let original = fs_err::read(out.join("vmlinux"))?;
    // Linked again by hand it is the same, and so the command is Kbuild's.
    if link(&out, None)? != original {
        return Err("the image is not what the same objects are linked to by hand".into());
    }
    let stray = out.join("stray.o");
    compile_stray(&stray)?;
    put(&out, "vmlinux", &link(&out, Some(&stray))?)?;
    refused(
        workshop,
        &out,
        "which was made by a Rust compiler, and is of no recorded object",
    )?;
    put(&out, "vmlinux", &original)?;
    proven(workshop, &out).map(drop)
}

/// A module that was built with the kernel, and signed by the kernel's own program.
pub fn signed_module(workshop: &mut Workshop) -> Tested {
    let kernel = workshop.out_of("signed", Mode::Gateless);
    workshop.begin(&kernel, &workshop.out(Mode::Gateless))?;
    let fragment = workshop.root.join("signed.config");
    fs_err::write(&fragment, MODULES)?;
    let preset = format!("{}-small", workshop.arch);
    let mut arguments = workshop.arguments("build", Mode::Gateless, &kernel);
    arguments.extend(["--config", &preset, "--config", fragment.as_str()]);
    succeeded(workshop.gateless(&arguments)?)?;
    let out = elsewhere(workshop, &kernel)?;
    let module = "samples/rust/rust_minimal.ko";
    let plain = fs_err::read(out.join(module))?;
    let text = proven(workshop, &out)?;
    if !text.contains(&format!("{module}: module, sha256 ")) {
        return Err(format!("{module} is not among what is proven: {text}").into());
    }
    let key = out.join("certs/signing_key.pem");
    let certificate = out.join("certs/signing_key.x509");
    let sign = out.join("scripts/sign-file");
    run(Command::new(sign)
        .args(["sha256", key.as_str(), certificate.as_str()])
        .arg(out.join(module)))?;
    let signed = fs_err::read(out.join(module))?;
    if signed.len() <= plain.len() || signed[..plain.len()] != plain {
        return Err("sign-file did not add a signature".into());
    }
    proven(workshop, &out)?;
    refuses_flips(workshop, &out, module)?;
    put(&out, module, &[&signed[..], b"more"].concat())?;
    refused(
        workshop,
        &out,
        "bytes follow the module that are no signature",
    )
}

/// The build in `from`, as an archive unpacked somewhere else.
fn elsewhere(workshop: &Workshop, from: &Utf8Path) -> Tested<Utf8PathBuf> {
    let to = workshop.root.join("unpacked");
    if to.exists() {
        fs_err::remove_dir_all(&to)?;
    }
    fs_err::create_dir_all(&to)?;
    let archive = workshop.root.join("build.tar");
    run(Command::new("tar").args(["-C", from.as_str(), "-cf", archive.as_str(), "."]))?;
    run(Command::new("tar").args(["-C", to.as_str(), "-xf", archive.as_str()]))?;
    fs_err::remove_file(archive)?;
    proven(workshop, &to)?;
    Ok(to)
}

/// Every flipped bit is refused with the name of the function that it is in.
fn refuses_flips(workshop: &Workshop, out: &Utf8Path, file: &str) -> Tested {
    let original = fs_err::read(out.join(file))?;
    let functions = functions(&original)?;
    let step = functions.len().div_ceil(FLIPS);
    let mut tried = 0;
    for (at, (start, size, names)) in functions.iter().enumerate().step_by(step) {
        let mut bytes = original.clone();
        bytes[start + at * 7 % size] ^= 1 << (at % 8);
        put(out, file, &bytes)?;
        let output = workshop.gateless(&["attest", out.as_str()])?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let is_named = names.iter().any(|name| said.contains(&format!("`{name}`")));
        if output.status.code() != Some(1) || !is_named {
            return Err(format!("a bit of {names:?} in {file} was flipped: {said}").into());
        }
        tried += 1;
    }
    put(out, file, &original)?;
    if tried < FLIPS.min(functions.len()) / 2 {
        return Err(format!("only {tried} functions of {file} were tried").into());
    }
    proven(workshop, out).map(drop)
}

/// The Rust functions of an ELF file: where in the file, size, and all names of the place.
fn functions(bytes: &[u8]) -> Tested<Vec<(usize, usize, Vec<String>)>> {
    let file = ElfFile64::<object::Endianness>::parse(bytes)?;
    let endian = file.endian();
    let sections = file.elf_header().sections(endian, bytes)?;
    let mut found: Vec<(usize, usize, Vec<String>)> = Vec::new();
    for symbol in file.symbols() {
        let name = symbol.name()?;
        let Some(index) = symbol.section_index() else {
            continue;
        };
        let is_rust = name.starts_with("_R") || name.starts_with("_ZN");
        if symbol.kind() != object::SymbolKind::Text || symbol.size() == 0 || !is_rust {
            continue;
        }
        let header = sections.section(index)?;
        let address = file.section_by_index(index)?.address();
        let start = header.sh_offset.get(endian) + symbol.address() - address;
        let (start, size) = (start as usize, symbol.size() as usize);
        match found.iter_mut().find(|(known, ..)| *known == start) {
            Some((.., names)) => names.push(name.to_owned()),
            None => found.push((start, size, vec![name.to_owned()])),
        }
    }
    found.sort();
    Ok(found)
}

/// The image of the directory's objects, and of another one; as scripts/link-vmlinux.sh and scripts/Makefile.vmlinux make it for UML.
fn link(out: &Utf8Path, more: Option<&Utf8Path>) -> Tested<Vec<u8>> {
    let linked = out.join("linked-by-hand");
    let mut command = Command::new("gcc");
    command
        .current_dir(out)
        .args(["-no-pie", "-o"])
        .arg(&linked);
    for option in [
        "--wrap,malloc",
        "--wrap,free",
        "--wrap,calloc",
        "-m,elf_x86_64",
        "-z,noexecstack",
        "--script=./arch/um/kernel/vmlinux.lds",
        "--whole-archive",
    ] {
        command.arg(format!("-Wl,{option}"));
    }
    command.args(["vmlinux.a", ".vmlinux.export.o", "init/version-timestamp.o"]);
    command.args(more);
    command.args(["-Wl,--no-whole-archive", ".tmp_vmlinux2.kallsyms.o"]);
    run(command.args(["-lutil", "-lrt", "-lpthread"]))?;
    let objcopy = |arguments: &[&str]| run(Command::new("objcopy").args(arguments).arg(&linked));
    objcopy(&["--set-section-flags", ".modinfo=noload"])?;
    objcopy(&[
        "--remove-section=.modinfo",
        "-w",
        "--strip-unneeded-symbol=__mod_device_table__*",
    ])?;
    let bytes = fs_err::read(&linked)?;
    fs_err::remove_file(&linked)?;
    Ok(bytes)
}

fn compile_stray(object: &Utf8Path) -> Tested {
    let source = object.with_extension("rs");
    fs_err::write(&source, STRAY)?;
    run(Command::new("rustc")
        .args(["--edition=2024", "--crate-type=lib", "--emit=obj", "-O"])
        .args(["-Cpanic=abort", "-Crelocation-model=static"])
        .args(["-o", object.as_str(), source.as_str()]))
    .map(drop)
}

/// Writes into the file itself, which may have several names.
fn put(out: &Utf8Path, file: &str, bytes: &[u8]) -> Tested {
    Ok(fs_err::write(out.join(file), bytes)?)
}

fn proven(workshop: &Workshop, out: &Utf8Path) -> Tested<String> {
    succeeded(workshop.gateless(&["attest", out.as_str()])?)
}

fn refused(workshop: &Workshop, out: &Utf8Path, words: &str) -> Tested {
    let output = workshop.gateless(&["attest", out.as_str()])?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    match output.status.code() {
        Some(1) if said.contains(words) => Ok(()),
        _ => Err(format!("not refused with `{words}`: {said}").into()),
    }
}
