//! kCFI on x86_64: both builds boot with it, by default and as FineIBT, have the same code and type numbers, and do the same with calls of wrong types,
//! which a module makes (`kcfi/`).
//!
//! At boot the kernel puts another instruction in place of each trap (UDB, 0xd6), which QEMU 10.0 takes for a valid one (SALC): no check would ever fail
//! there. So a plugin of QEMU's says where that is executed: nowhere while the tests run, and once for each wrong call. The module's objects are run as a
//! program, too, where the processor meets the trap that the compilers wrote.
//!
//! Takes long, since the kernels are others, so it runs only when asked for. The module's initial RAM file system needs Debian's busybox-static.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::workshop::{Mode, Tested, Workshop, run, succeeded};

/// The module and the configuration, relative to this crate.
const FILES: &str = "tests/e2e/kcfi";

/// What is copied of it.
const FILES_OF_MODULE: &[&str] = &[
    "Kbuild",
    "planted_c.c",
    "planted_rust.rs",
    "userland.c",
    "init.sh",
    "root.list",
];

/// How the machine is begun; QEMU ends where the kernel reboots.
const MACHINE: &[&str] = &["-nographic", "-no-reboot", "-m", "1024"];

/// What the kernel says first where a check has trapped.
const FAILURE: &str = "CFI failure at ";

/// What the plugin says where one would have.
const EXECUTED: &str = "UDB executed at ";

/// What it says first.
const WATCHING: &str = "watching UDB";

/// What the module says of the right calls.
const RIGHT: &str = "planted: right calls return 12";

/// Type numbers that are the same in Linux 7.3.4; later releases have more.
const TYPES: u64 = 2700;

/// Where all modules of the configuration are.
const MODULES: &str = "samples/";

/// The threads of the module that make a wrong call each.
const WRONG: &[&str] = &["rust_to_rust", "rust_to_c", "c_to_rust"];

/// What is asked for on the kernel's command line, and what it says then.
const MODES: &[(&str, &str)] = &[
    ("", "CFI: Using rehashed retpoline kCFI"),
    ("cfi=fineibt", "Using FineIBT CFI"),
];

/// All of it.
pub fn enforced(workshop: &mut Workshop) -> Tested {
    let outs = [Mode::Gated, Mode::Gateless].map(|mode| (mode, workshop.out_of("kcfi", mode)));
    let files = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(FILES);
    let mut from = workshop.out(Mode::Gateless);
    for (mode, out) in &outs {
        workshop.begin(out, &from)?;
        build(workshop, *mode, out, &[])?;
        from.clone_from(out);
    }
    let [(_, gated), (_, gateless)] = &outs;
    same_types(workshop, gated, gateless)?;
    let plugin = plugin(workshop, &files)?;
    for (asked, said) in MODES {
        for (_, out) in &outs {
            let arguments = format!("kunit.enable=1 kunit.autorun=1 {asked}");
            let console = boot(out, &plugin, &arguments, None)?;
            let failed = [FAILURE, EXECUTED]
                .iter()
                .any(|sign| console.contains(sign));
            if !console.contains(said) || failed {
                return Err(
                    format!("{out}, `{asked}`: not `{said}`, or a failure:\n{console}").into(),
                );
            }
            let log = out.join("console.log");
            fs_err::write(&log, &console)?;
            let out = out.as_str();
            succeeded(workshop.gateless(&["boot", "--log", log.as_str(), "--out", out])?)?;
        }
    }
    let mut said = Vec::new();
    for (mode, out) in &outs {
        let module = copy(workshop, &files)?;
        build(workshop, *mode, out, &[&format!("M={module}"), "modules"])?;
        trapped(&module)?;
        let root = pack(workshop, out, &module)?;
        // Numbers are other ones at each boot unless this is asked for.
        let asked = MODES
            .iter()
            .map(|(asked, _)| *asked)
            .chain(["cfi=kcfi,norand"]);
        let of_mode: Tested<Vec<_>> = asked
            .map(|asked| planted(out, &plugin, asked, &root))
            .collect();
        said.push(of_mode?);
    }
    match said[0] == said[1] {
        true => Ok(()),
        false => Err(format!("the builds do not do the same: {said:#?}").into()),
    }
}

/// Nothing is weaker than gated, every number at a call and before a function that has one is the same, and the code of everything in the image is.
///
/// Where a module has a function without a number, objtool gives other symbols to what is before it, and lists them: no cause explains that yet.
fn same_types(workshop: &Workshop, gated: &Utf8Path, gateless: &Utf8Path) -> Tested {
    let attested = succeeded(workshop.gateless(&["attest", gateless.as_str()])?)?;
    if !attested.contains("weaker than gated: nothing") {
        return Err(attested.into());
    }
    let arguments = ["fidelity", gated.as_str(), gateless.as_str(), "--json"];
    let output = workshop.gateless(&arguments)?;
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    let types = &answer["totals"]["types"];
    if types["unexplained"] != 0 || types["identical"].as_u64().unwrap_or(0) < TYPES {
        return Err(format!("type numbers: {types:#}").into());
    }
    let objects = answer["objects"].as_array().into_iter().flatten();
    let other = objects.filter(|object| object["verdict"] == "unexplained");
    let in_image: Vec<_> = other
        .filter(|object| {
            !object["path"]
                .as_str()
                .is_some_and(|path| path.starts_with(MODULES))
        })
        .collect();
    match in_image.is_empty() {
        true => Ok(()),
        false => Err(format!("{in_image:#?}").into()),
    }
}

/// Compiles the plugin.
fn plugin(workshop: &Workshop, files: &Utf8Path) -> Tested<Utf8PathBuf> {
    let plugin = workshop.root.join("udb.so");
    let mut compile = Command::new("cc");
    compile.args([
        "-shared",
        "-fPIC",
        "-o",
        plugin.as_str(),
        files.join("udb.c").as_str(),
    ]);
    run(&mut compile)?;
    Ok(plugin)
}

/// Builds in a directory, all of the kernel or what `make` says.
fn build(workshop: &Workshop, mode: Mode, out: &Utf8Path, make: &[&str]) -> Tested {
    let config = Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(FILES)
        .join("kcfi.config");
    let preset = format!("{}-small", workshop.arch);
    let mut arguments = workshop.arguments("build", mode, out);
    arguments.extend(["--config", &preset, "--config", config.as_str()]);
    if !make.is_empty() {
        arguments.push("--");
        arguments.extend(make);
    }
    succeeded(workshop.gateless(&arguments)?).map(drop)
}

/// A copy of the module, without what may have been built in it.
fn copy(workshop: &Workshop, files: &Utf8Path) -> Tested<Utf8PathBuf> {
    let to = workshop.root.join("planted");
    if to.exists() {
        fs_err::remove_dir_all(&to)?;
    }
    fs_err::create_dir_all(&to)?;
    for file in FILES_OF_MODULE {
        fs_err::copy(files.join(file), to.join(file))?;
    }
    Ok(to)
}

/// The file system with the module that was built.
fn pack(workshop: &Workshop, out: &Utf8Path, module: &Utf8Path) -> Tested<Utf8PathBuf> {
    let list = fs_err::read_to_string(module.join("root.list"))?;
    let path = module.join("absolute.list");
    fs_err::write(&path, list.replace("MODULE", module.as_str()))?;
    let packed = Command::new(out.join("usr/gen_init_cpio"))
        .arg(&path)
        .output()?;
    if !packed.status.success() {
        return Err(format!("gen_init_cpio failed: {packed:?}").into());
    }
    let archive = workshop.root.join("planted.cpio");
    fs_err::write(&archive, packed.stdout)?;
    Ok(archive)
}

/// Runs the module's objects as a program: the right calls return, and each of the wrong ones traps.
fn trapped(module: &Utf8Path) -> Tested {
    let program = module.join("program");
    let mut compile = Command::new("cc");
    compile.args([
        "-no-pie",
        "-fcf-protection=none",
        "-Wl,--unresolved-symbols=ignore-all",
    ]);
    compile.args(["-o", program.as_str(), module.join("userland.c").as_str()]);
    compile.args(["planted_c.o", "planted_rust.o"].map(|object| module.join(object)));
    run(&mut compile)?;
    let said = succeeded(Command::new(&program).output()?)?;
    let mut wanted = vec![RIGHT.to_owned()];
    for name in WRONG {
        wanted.push(format!("planted: {name} begins"));
        wanted.push("planted: ended by a trap".to_owned());
    }
    wanted.push("planted: all begun".to_owned());
    match said.lines().eq(&wanted) {
        true => Ok(()),
        false => {
            Err(format!("not every wrong call has trapped, or a right one has:\n{said}").into())
        }
    }
}

/// Boots with the module, and returns what it and the checks say, without addresses: the right calls return, and each wrong one is made.
fn planted(out: &Utf8Path, plugin: &Utf8Path, asked: &str, root: &Utf8Path) -> Tested<Vec<String>> {
    let arguments = format!("kunit.enable=0 rdinit=/busybox {asked} -- sh /init.sh");
    let console = boot(out, plugin, &arguments, Some(root))?;
    let begun = WRONG.iter().map(|name| format!("planted: {name} begins"));
    for wanted in begun.chain([RIGHT.to_owned()]) {
        if !console.contains(&wanted) {
            return Err(format!("`{wanted}` is missing:\n{console}").into());
        }
    }
    let said = console
        .lines()
        .filter(|line| line.contains("planted: ") || line.contains(FAILURE));
    Ok(said.map(without_offsets).collect())
}

/// Boots a kernel, and returns what it prints.
fn boot(
    out: &Utf8Path,
    plugin: &Utf8Path,
    arguments: &str,
    root: Option<&Utf8Path>,
) -> Tested<String> {
    let kernel = out.join("arch/x86/boot/bzImage");
    let arguments = format!("console=ttyS0 panic=-1 kunit_shutdown=reboot {arguments}");
    let mut qemu = Command::new("timeout");
    qemu.args(["300", "qemu-system-x86_64"]).args(MACHINE);
    qemu.args(["-plugin", plugin.as_str()]);
    qemu.args(["-kernel", kernel.as_str(), "-append", &arguments]);
    if let Some(root) = root {
        qemu.args(["-initrd", root.as_str()]);
    }
    let output = qemu.stdin(Stdio::null()).output()?;
    let watched = String::from_utf8_lossy(&output.stderr);
    if !watched.contains(WATCHING) {
        return Err(format!("the plugin was not loaded: {watched}").into());
    }
    Ok(format!(
        "{}\n{watched}",
        String::from_utf8_lossy(&output.stdout)
    ))
}

/// `f+0x1c/0x30 [planted] (target: g+0x0/0x10; expected type: 0x12345678)` without `+0x1c/0x30`.
fn without_offsets(said: &str) -> String {
    let words = said.trim().split(' ').map(|word| {
        let name = word.split_once("+0x").map_or(word, |(name, _)| name);
        let end = if word.ends_with(';') { ";" } else { "" };
        if name == word {
            name.to_owned()
        } else {
            format!("{name}{end}")
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
