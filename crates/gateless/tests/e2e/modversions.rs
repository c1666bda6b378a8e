//! Symbol versions (`CONFIG_MODVERSIONS`), which gendwarfksyms computes from debug information: the gateless build has the gated one's, and
//! modules of each build work in the kernel of the other.
//!
//! Takes long, so it runs only when asked for. Besides what other builds need, it needs the headers of libdw (`gateless doctor` looks for them).

use std::fmt::Write as _;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use object::{Object as _, ObjectSection as _};

use crate::results::proven;
use crate::workshop::{Mode, Tested, Workshop, run, succeeded};

/// Name of the configuration and beginning of its directories' names.
const NAME: &str = "modversions";

/// The module that is loaded with a version that does not fit.
const MODULE: &str = "rust_minimal";

/// Name of the check that does it.
const CHANGED: &str = "changed_version";

/// `Module.symvers` is the same line for line; nothing is weaker or unexplained; modules of either build do the same in both kernels, and one
/// whose version of a symbol was changed is refused by both.
pub fn across_builds(workshop: &mut Workshop) -> Tested {
    let gated = build(workshop, Mode::Gated)?;
    let gateless = build(workshop, Mode::Gateless)?;
    same_versions(&gated, &gateless)?;
    for out in [&gated, &gateless] {
        boot(workshop, out)?;
    }
    succeeded(workshop.gateless(&["compare", gated.as_str(), gateless.as_str()])?)?;
    for (kernel, modules, mode) in [
        (&gated, &gateless, Mode::Gated),
        (&gateless, &gated, Mode::Gateless),
    ] {
        let mixed = workshop.out_of("modversions-other-modules", mode);
        mix(kernel, modules, &mixed)?;
        boot(workshop, &mixed)?;
        succeeded(workshop.gateless(&["compare", kernel.as_str(), mixed.as_str()])?)?;
    }
    proven(workshop, &gated, &gateless)
}

/// Builds kernel and modules, and returns the output directory.
fn build(workshop: &Workshop, mode: Mode) -> Tested<Utf8PathBuf> {
    let file = Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/e2e/configurations")
        .join(NAME)
        .with_extension("config");
    let out = workshop.out_of(NAME, mode);
    workshop.begin(&out, &workshop.out_of(NAME, mode.other()))?;
    let mut arguments = workshop.arguments("build", mode, &out);
    let preset = format!("{}-small", workshop.arch);
    arguments.extend(["--config", &preset, "--config", file.as_str()]);
    succeeded(workshop.gateless(&arguments)?)?;
    Ok(out)
}

/// A symbol without a version, whose place is taken by zeros, would be compared with nothing.
fn same_versions(gated: &Utf8Path, gateless: &Utf8Path) -> Tested {
    let read = |out: &Utf8Path| fs_err::read_to_string(out.join("Module.symvers"));
    let (first, second) = (read(gated)?, read(gateless)?);
    let different = first.lines().zip(second.lines()).find(|(a, b)| a != b);
    if first != second {
        return Err(format!("Module.symvers differs, first here: {different:?}").into());
    }
    let rust = first.lines().filter(|line| line.contains("\t_R")).count();
    let zero = first.lines().find(|line| line.starts_with("0x00000000"));
    if rust == 0 || zero.is_some() {
        return Err(
            format!("{rust} versions of symbols in Rust, and this one is none: {zero:?}").into(),
        );
    }
    println!(
        "Module.symvers: {} lines, {rust} of them for symbols in Rust, the same in both",
        first.lines().count()
    );
    Ok(())
}

/// Makes `mixed` the build in `kernel` with the modules of the one in `modules`. All but those are links.
fn mix(kernel: &Utf8Path, modules: &Utf8Path, mixed: &Utf8Path) -> Tested {
    if mixed.exists() {
        fs_err::remove_dir_all(mixed)?;
    }
    run(Command::new("cp").args(["-as", kernel.as_str(), mixed.as_str()]))?;
    // What a boot writes must not go through the links.
    for file in fs_err::read_dir(mixed)? {
        let file = Utf8PathBuf::try_from(file?.path())?;
        if file
            .file_name()
            .is_some_and(|name| name.starts_with("boot"))
        {
            fs_err::remove_file(file)?;
        }
    }
    fs_err::remove_dir_all(mixed.join(".gateless"))?;
    let order = fs_err::read_to_string(kernel.join("modules.order"))?;
    if order != fs_err::read_to_string(modules.join("modules.order"))? || order.is_empty() {
        return Err(format!("not the same modules in {kernel} and {modules}: {order:?}").into());
    }
    for line in order.lines() {
        let module = Utf8Path::new(line).with_extension("ko");
        fs_err::remove_file(mixed.join(&module))?;
        fs_err::copy(modules.join(&module), mixed.join(&module))?;
    }
    Ok(())
}

/// Boots the kernel in `out` with its modules; everything has to pass.
fn boot(workshop: &Workshop, out: &Utf8Path) -> Tested {
    let check = out.join(CHANGED).with_extension("toml");
    if check.is_symlink() {
        fs_err::remove_file(&check)?;
    }
    fs_err::write(&check, changed_version(out)?)?;
    let arguments = [
        "boot",
        "--no-build",
        "--arch",
        workshop.arch,
        "--out",
        out.as_str(),
        "--userland",
        "rust_samples",
        "--userland",
        "rust_modules",
        "--userland",
        check.as_str(),
    ];
    succeeded(workshop.gateless(&arguments)?).map(drop)
}

/// A check of userland that loads [`MODULE`] with another version of one symbol in Rust.
fn changed_version(out: &Utf8Path) -> Tested<String> {
    let order = fs_err::read_to_string(out.join("modules.order"))?;
    let module = order
        .lines()
        .map(|line| Utf8Path::new(line).with_extension("ko"))
        .find(|file| file.file_stem() == Some(MODULE))
        .ok_or_else(|| format!("{MODULE} is none of the modules in {out}"))?;
    let bytes = fs_err::read(out.join(module))?;
    let elf = object::File::parse(&*bytes)?;
    let section = |name: &str| {
        let section = elf.section_by_name(name);
        let section = section.ok_or_else(|| format!("{MODULE} has no section {name}"))?;
        let (start, size) = section.file_range().unwrap_or_default();
        Tested::Ok((start as usize, size as usize))
    };
    let (names, size) = section("__version_ext_names")?;
    let (versions, _) = section("__version_ext_crcs")?;
    let names = String::from_utf8_lossy(&bytes[names..names + size]).into_owned();
    let (index, symbol) = names
        .split('\0')
        .enumerate()
        .find(|(_, name)| name.starts_with("_R"))
        .ok_or_else(|| format!("{MODULE} uses no symbol in Rust"))?;
    let place = versions + 4 * index;
    let mut text = "about = \"A module with another version of a symbol is refused\"\n\
        needs = [\"MODULES\", \"MODVERSIONS\"]\n\n[[step]]\n\
        name = \"a_module_with_another_version_of_a_symbol_is_refused\"\nrun = '''\n"
        .to_owned();
    write!(
        text,
        "cp /modules/{MODULE}.ko /tmp/changed.ko\n\
        printf '\\{:03o}' | dd of=/tmp/changed.ko bs=1 seek={place} conv=notrunc\n\
        cmp /modules/{MODULE}.ko /tmp/changed.ko && fail \"nothing was changed\"\n\
        insmod /tmp/changed.ko && fail \"it was loaded\"\n\
        dmesg | grep -q \"disagrees about version of symbol {symbol}\" || fail \"refused for another reason\"\n'''\n",
        !bytes[place]
    )?;
    Ok(text)
}
