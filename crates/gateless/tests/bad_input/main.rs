//! Bad input to `gateless build` and `make-vars`: a clear message, the right exit code, and nothing half-written.
//!
//! Tools and kernel trees are fakes, so this runs anywhere in seconds. Cases that need a file system of their own are counted as
//! ignored where the machine does not let a test mount one.

mod agreement;
mod bench;
mod stranger;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

use bench::{Bench, MINIMUM, absent, expect, refused};

fn trees_that_cannot_be_built() -> Result<(), Failed> {
    let bench = Bench::new();
    refused(
        &bench,
        bench.build("nowhere", "out"),
        3,
        &["does not exist", "gateless fetch"],
    )?;
    refused(
        &bench,
        bench.build("bin", "out"),
        3,
        &["is not a kernel tree"],
    )?;
    fs::write(bench.path("tree/.config"), "")?;
    refused(
        &bench,
        bench.build("tree", "out"),
        3,
        &["not clean", "mrproper"],
    )?;
    fs::remove_file(bench.path("tree/.config"))?;
    fs::remove_file(bench.path("tree/rust/Makefile"))?;
    refused(
        &bench,
        bench.build("tree", "out"),
        3,
        &["Linux 7.3.4", "no Rust support", "6.12 is the oldest"],
    )
}

/// Before 6.12 a kernel has rust/ and wants one compiler of its own time.
fn releases_whose_rust_is_for_one_compiler_alone() -> Result<(), Failed> {
    let bench = Bench::new();
    let makefile = "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 148\nEXTRAVERSION =\n";
    bench.write("tree/Makefile", makefile);
    let texts = ["Linux 6.1.148", "can't be built", "6.12 is the oldest"];
    refused(&bench, bench.build("tree", "out"), 3, &texts)?;
    let tree = bench.path("tree").display().to_string();
    expect(bench.gateless(&["doctor", "--tree", &tree]), 3, &texts)?;
    // Nothing is fetched to find that out.
    for command in ["build", "doctor"] {
        let command = bench.gateless(&[command, "--release", "6.1"]);
        expect(command, 3, &["Linux 6.1", "6.12 is the oldest"])?;
    }
    absent(&bench.path("cache/linux"))
}

/// doctor and build say the same of a compiler, a bindgen and a libclang that are too old for a tree, and which of those that are here would do.
fn what_is_too_old_is_named_with_what_is_here_and_would_do() -> Result<(), Failed> {
    let bench = Bench::new();
    let tree = bench.path("tree").display().to_string();
    let root = "cache/compilers/1.96.1/usr";
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in -vV) printf 'rustc 1.96.1 (x)\\nrelease: 1.96.1\\n';; --print) echo {};; esac\n",
        bench.path(root).display()
    );
    let program = format!("{root}/bin/rustc");
    bench.write(&program, &script);
    fs::set_permissions(bench.path(&program), fs::Permissions::from_mode(0o755))?;
    bench.rustc("1.80.1");
    let mut named = bench.build("tree", "out");
    named.env("GATELESS_RUSTC", bench.path("bin/rustc"));
    let would_do = "rustc 1.96.1 is here and would do: --toolchain 1.96.1";
    let texts = ["1.80.1", "too old: 1.85.0 is the minimum", would_do];
    refused(&bench, named, 1, &texts)?;
    let said = |arguments: &[&str]| -> Result<String, Failed> {
        let mut doctor = bench.gateless(arguments);
        let output = doctor
            .env("GATELESS_RUSTC", bench.path("bin/rustc"))
            .output()?;
        if output.status.code() != Some(1) {
            return Err(format!("{}, not 1", output.status).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let json = said(&["doctor", "--json", "--tree", &tree])?;
    let answer: serde_json::Value = serde_json::from_str(&json)?;
    let rows = answer["prerequisites"].as_array().ok_or("no rows")?;
    let row = |name: &str, field: &str, text: &str| {
        let mut own = rows.iter().filter(|row| row["name"] == name);
        own.any(|row| row[field].as_str().is_some_and(|said| said.contains(text)))
            .then_some(())
            .ok_or_else(|| format!("no {name} whose {field} has `{text}`: {json}"))
    };
    row("rustc", "help", would_do)?;
    row("rustc here", "found", "1.96.1: --toolchain 1.96.1")?;
    row("rustc here", "problem", "1.80.1 is too old")?;
    row("bindgen here", "found", "0.72.1")?;
    // A libclang that is too old for a header, as bindgen says.
    bench.rustc("1.95.0");
    bench.bindgen("clang version 14.0.6");
    let texts = ["loads libclang 14.0.6", "too old: 17.0.1 is the minimum"];
    refused(&bench, bench.build("tree", "out"), 1, &texts)?;
    bench.program(
        "bindgen",
        "case $1 in --version) echo bindgen 0.72.1;; *) echo \"x.h:1:1: error: unknown type\" >&2; exit 1;; esac\n",
    );
    let texts = ["can't read a header", "unknown type"];
    refused(&bench, bench.build("tree", "out"), 1, &texts)?;
    bench.program("bindgen", "echo bindgen 0.65.1\n");
    let texts = ["bindgen-cli 0.72.1", "doctor --install"];
    refused(&bench, bench.build("tree", "out"), 1, &texts)
}

fn paths_that_kbuild_cannot_take() -> Result<(), Failed> {
    let bench = Bench::new();
    fs::rename(bench.path("tree"), bench.path("a tree"))?;
    refused(
        &bench,
        bench.build("a tree", "out"),
        3,
        &["Kbuild can't build here", "a space"],
    )?;
    fs::rename(bench.path("a tree"), bench.path("tree"))?;
    expect(
        bench.build("tree", "an out"),
        3,
        &["Kbuild can't build here", "a space", "--out"],
    )?;
    absent(&bench.path("an out"))
}

fn an_architecture_that_the_tree_does_not_have() -> Result<(), Failed> {
    let bench = Bench::new();
    let mut command = bench.build("tree", "out");
    command.args(["--arch", "pdp11"]);
    refused(&bench, command, 2, &["no architecture pdp11"])?;
    fs::create_dir_all(bench.path("tree/arch/alpha"))?;
    let tree = bench.path("tree").display().to_string();
    let command = bench.gateless(&["build", "--arch", "alpha", "--tree", &tree]);
    expect(
        command,
        2,
        &["no preset for architecture alpha", "um-small"],
    )?;
    for arguments in [
        ["doctor", "--arch", "pdp11"],
        ["matrix", "--arch", "um,pdp11"],
        ["boot", "--arch", "pdp11"],
    ] {
        expect(bench.gateless(&arguments), 2, &["pdp11", "known: arm"])?;
    }
    let preset = bench.gateless(&["matrix", "--preset", "pdp11-small"]);
    expect(preset, 2, &["no preset pdp11-small", "um-small"]).map(drop)
}

fn compilers_that_cannot_be_used() -> Result<(), Failed> {
    let bench = Bench::new();
    bench.rustc("1.80.1");
    refused(
        &bench,
        bench.build("tree", "out"),
        1,
        &[
            "1.80.1",
            "is older than the tree wants",
            "Debian's rustc >= 1.85.0",
            "doctor --install",
        ],
    )?;
    let mut named = bench.build("tree", "out");
    named.env("GATELESS_RUSTC", bench.path("bin/rustc"));
    refused(&bench, named, 1, &["1.80.1", "too old"])?;
    for unstable in ["1.97.0-nightly", "1.95.0-dev", "1.96.0-beta.3"] {
        bench.rustc(unstable);
        refused(
            &bench,
            bench.build("tree", "out"),
            3,
            &["must be a stable release", unstable, "GATELESS_RUSTC"],
        )?;
        expect(
            bench.gateless(&["make-vars"]),
            3,
            &["must be a stable release", unstable],
        )?;
    }
    fs::remove_file(bench.path("bin/rustc"))?;
    refused(
        &bench,
        bench.build("tree", "out"),
        3,
        &["no `rustc` on PATH"],
    )?;
    let mut named = bench.build("tree", "out");
    named.env("GATELESS_RUSTC", bench.path("bin/none"));
    refused(&bench, named, 3, &["GATELESS_RUSTC names"])
}

fn the_compiler_that_the_environment_names_is_the_one_used() -> Result<(), Failed> {
    let bench = Bench::new();
    fs::rename(bench.path("bin/rustc"), bench.path("own-rustc"))?;
    bench.rustc("1.97.0-nightly");
    let mut command = bench.gateless(&["make-vars"]);
    command.env("GATELESS_RUSTC", bench.path("own-rustc"));
    let output = expect(command, 0, &[])?;
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let wanted = format!("GATELESS_RUSTC={}", bench.path("own-rustc").display());
    if line.contains(&wanted) {
        Ok(())
    } else {
        Err(format!("no {wanted} in {line}").into())
    }
}

/// The variables that `make-vars` prints in the fake tree.
fn variables_with(bench: &Bench, options: &[&str]) -> Result<String, Failed> {
    let tree = bench.path("tree").display().to_string();
    let mut command = bench.gateless(&["make-vars", "--tree", &tree]);
    command.args(options).env_remove("RUST_LIB_SRC");
    let output = expect(command, 0, &[])?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn an_unpacked_compiler_is_taken_where_the_tree_wants_it() -> Result<(), Failed> {
    let bench = Bench::new();
    bench.write("sysroot/lib/rustlib/src/rust/library/core/src/lib.rs", "");
    let own = bench.path("sysroot/bin/rustc");
    fs::create_dir_all(own.parent().expect("a parent"))?;
    fs::copy(bench.path("bin/rustc"), &own)?;
    for version in ["1.96.1", "1.97.0"] {
        let root = format!("cache/compilers/{version}/usr");
        let sources = format!("{root}/lib/rustlib/src/rust/library/core/src/lib.rs");
        bench.write(&sources, "");
        let script = format!(
            "#!/bin/sh\ncase \"$1\" in -vV) printf 'rustc {version} (x)\\nrelease: {version}\\n';; --print) echo {};; *) echo 'rustc {version} (x)';; esac\n",
            bench.path(&root).display()
        );
        let program = format!("{root}/bin/rustc");
        bench.write(&program, &script);
        fs::set_permissions(bench.path(&program), fs::Permissions::from_mode(0o755))?;
    }
    let has = |line: &str, wanted: Option<&str>| {
        let wanted = wanted.map(|version| {
            let path = bench.path(&format!("cache/compilers/{version}/usr/bin/rustc"));
            format!("GATELESS_RUSTC={}", path.display())
        });
        match wanted {
            Some(wanted) if line.contains(&wanted) => Ok(()),
            None if !line.contains("GATELESS_RUSTC") => Ok(()),
            _ => Err(Failed::from(format!("not {wanted:?} in {line}"))),
        }
    };
    has(&variables_with(&bench, &[])?, None)?;
    has(
        &variables_with(&bench, &["--toolchain", "1.97"])?,
        Some("1.97.0"),
    )?;
    bench.write(
        "tree/scripts/min-tool-version.sh",
        &MINIMUM.replace(
            "echo 1.85.0",
            "if [ $SRCARCH = um ]; then echo 1.96.0; else echo 1.85.0; fi",
        ),
    );
    has(&variables_with(&bench, &[])?, Some("1.96.1"))?;
    // Kconfig may ask for more than the script.
    bench.write(
        "tree/Kconfig",
        "config RUST\n\tbool \"Rust\"\n\tdepends on RUSTC_VERSION >= 109700\n",
    );
    has(&variables_with(&bench, &[])?, Some("1.97.0"))?;
    let tree = bench.path("tree").display().to_string();
    for (toolchain, code, text) in [
        ("1.98", 1, "no rustc 1.98 yet"),
        ("1.96", 3, "too old"),
        ("1.x", 2, "no release of rustc"),
        ("/no/such/rustc", 3, "--toolchain names"),
    ] {
        let arguments = ["make-vars", "--tree", &tree, "--toolchain", toolchain];
        expect(bench.gateless(&arguments), code, &[text])?;
    }
    Ok(())
}

fn c_tools_that_the_user_chooses_reach_configuration_and_build() -> Result<(), Failed> {
    let bench = Bench::new();
    let build = |make_args: &[&str]| {
        let mut command = bench.build("tree", "out");
        command.arg("--").args(make_args);
        command
    };
    expect(build(&["CC=gcc", "V=1", "all"]), 0, &[])?;
    let calls = fs::read_to_string(bench.path("out/calls"))?;
    let calls: Vec<&str> = calls.lines().collect();
    let [defconfig, olddefconfig, all] = calls.as_slice() else {
        return Err(format!("not three calls: {calls:?}").into());
    };
    for (call, end) in [
        (defconfig, " CC=gcc defconfig"),
        (olddefconfig, " CC=gcc olddefconfig"),
        (all, " CC=gcc V=1 all"),
    ] {
        if !call.ends_with(end) {
            return Err(format!("`{call}` does not end in `{end}`").into());
        }
    }
    // The same again configures nothing, another choice does.
    for (make_args, calls) in [(["CC=gcc"], 4), (["HOSTCC=gcc"], 7)] {
        expect(build(&make_args), 0, &[])?;
        let made = fs::read_to_string(bench.path("out/calls"))?.lines().count();
        if made != calls {
            return Err(format!("{made} calls after {make_args:?}, not {calls}").into());
        }
    }
    let none = build(&["CC=no-such-gcc"]);
    expect(none, 1, &["no-such-gcc"])?;
    let wrong = build(&["LLVM=22"]);
    expect(wrong, 2, &["LLVM=22 is no value", "LLVM=-22"]).map(drop)
}

fn bench_takes_no_goals() -> Result<(), Failed> {
    let bench = Bench::new();
    let command = bench.gateless(&["bench", "--", "CC=gcc", "vmlinux"]);
    expect(command, 2, &["make prepare", "MAKE ARGS"]).map(drop)
}

fn missing_tools() -> Result<(), Failed> {
    let bench = Bench::new();
    let mut command = bench.build("tree", "out");
    command.env("LIBCLANG_PATH", bench.path("no-llvm"));
    refused(&bench, command, 1, &["where no libclang is"])?;
    let mut command = bench.gateless(&["make-vars"]);
    command.env("LIBCLANG_PATH", bench.path("no-llvm"));
    expect(command, 1, &["where no libclang is"])?;
    fs::remove_file(bench.path("bin/bindgen"))?;
    refused(
        &bench,
        bench.build("tree", "out"),
        1,
        &["bindgen", "doctor --install"],
    )?;
    expect(
        bench.gateless(&["make-vars"]),
        1,
        &["no `bindgen`", "doctor --install"],
    )?;
    bench.program("bindgen", "echo bindgen 0.65.1\n");
    expect(
        bench.gateless(&["make-vars"]),
        1,
        &["bindgen 0.65.1", "too old"],
    )
    .map(drop)
}

fn library_sources_of_another_version() -> Result<(), Failed> {
    let bench = Bench::new();
    let mut command = bench.build("tree", "out");
    command.env("RUST_LIB_SRC", bench.path("rustc-1.94.1/library"));
    refused(&bench, command, 3, &["1.94.1", "1.95.0"])?;
    let mut command = bench.gateless(&["make-vars"]);
    command.env("RUST_LIB_SRC", bench.path("rustc-1.94.1/library"));
    expect(command, 3, &["1.94.1", "1.95.0"])?;
    let mut command = bench.gateless(&["make-vars"]);
    command.env("RUST_LIB_SRC", bench.path("bin"));
    expect(command, 3, &["core/src/lib.rs"]).map(drop)
}

fn configurations_that_kconfig_does_not_take() -> Result<(), Failed> {
    let bench = Bench::new();
    let mut command = bench.build("tree", "out");
    command
        .env("FAKE_CONFIG", "# CONFIG_RUST is not set\\n")
        .env("FAKE_ERROR", "*** bindgen is broken");
    let texts = [
        "CONFIG_RUST=y",
        "rust.config:1",
        "did not set it",
        "needs RUST_IS_AVAILABLE (Kconfig:3, RUST_IS_AVAILABLE=n)",
        "no Kconfig file of this tree and architecture defines RUST_IS_AVAILABLE",
        "gateless why SYMBOL --out",
        "bindgen is broken",
    ];
    expect(command, 3, &texts)?;
    let mut command = bench.build("tree", "out2");
    command.args(["--config", "um-tiny"]);
    expect(command, 2, &["um-tiny", "um-small"])?;
    absent(&bench.path("out2"))?;
    bench.write("bad.config", "CONFIG_RUST=y\nRUST=y\n");
    let mut command = bench.build("tree", "out2");
    command.arg("--config").arg(bench.path("bad.config"));
    expect(command, 3, &["bad.config:2", "RUST=y"])?;
    absent(&bench.path("out2"))
}

fn a_make_that_fails() -> Result<(), Failed> {
    let bench = Bench::new();
    let mut command = bench.build("tree", "out");
    command.env("FAKE_ERROR", "kernel/x.c:1: error: broken");
    expect(
        command,
        3,
        &[
            "make failed with exit status 2",
            "kernel/x.c:1: error: broken",
            "build.log",
        ],
    )?;
    let mut command = bench.build("tree", "out");
    command.args(["--", "O=/elsewhere"]);
    expect(command, 2, &["O=/elsewhere"]).map(drop)
}

fn a_rebuild_configures_only_what_changed() -> Result<(), Failed> {
    let bench = Bench::new();
    let goals = || -> Result<Vec<String>, Failed> {
        let calls = fs::read_to_string(bench.path("out/calls"))?;
        fs::remove_file(bench.path("out/calls"))?;
        Ok(calls
            .lines()
            .filter_map(|line| line.rsplit(' ').next())
            .map(str::to_owned)
            .collect())
    };
    let build = |config: &str| {
        let mut command = bench.build("tree", "out");
        command
            .env("FAKE_CONFIG", config)
            .args(["--", "V=1", "prepare"]);
        expect(command, 0, &[])
    };
    build("CONFIG_RUST=y\\n")?;
    let first = goals()?;
    build("CONFIG_RUST=y\\n")?;
    let second = goals()?;
    bench.write("rust.config", "CONFIG_RUST=y\nCONFIG_KUNIT=y\n");
    build("CONFIG_RUST=y\\nCONFIG_KUNIT=y\\n")?;
    let third = goals()?;
    let configured = ["defconfig", "olddefconfig", "prepare"];
    if first != configured || second != ["prepare"] || third != configured {
        return Err(format!("goals were {first:?}, {second:?}, {third:?}").into());
    }
    // An edited .config is kept, unless it no longer is what was asked for.
    let edited = "CONFIG_RUST=y\nCONFIG_KUNIT=y\nCONFIG_MINE=y\n";
    fs::write(bench.path("out/.config"), edited)?;
    build("unused")?;
    if goals()? != ["prepare"] || fs::read_to_string(bench.path("out/.config"))? != edited {
        return Err("an edited .config was made anew".into());
    }
    fs::write(bench.path("out/.config"), "CONFIG_RUST=y\nCONFIG_MINE=y\n")?;
    expect(
        bench.build("tree", "out"),
        3,
        &["CONFIG_KUNIT=y", "left it out"],
    )?;
    let mut gated = bench.build("tree", "out");
    gated.arg("--gated");
    expect(gated, 3, &["holds a gateless build"]).map(drop)
}

fn a_directory_in_which_another_gateless_is_at_work() -> Result<(), Failed> {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("out/.gateless"))?;
    let held = fs::File::create(bench.path("out/.gateless/lock"))?;
    held.lock()?;
    expect(
        bench.build("tree", "out"),
        3,
        &["another gateless is at work"],
    )?;
    drop(held);
    expect(bench.build("tree", "out"), 0, &[]).map(drop)
}

/// `gateless build` into a file system of its own, mounted with these options.
fn build_on(bench: &Bench, options: &str) -> Command {
    let mount = "mount -t tmpfs -o \"$1\" none \"$2\" && shift 2 && exec \"$@\"";
    fs::create_dir_all(bench.path("mounted")).expect("a directory");
    let inner = bench.build("tree", "mounted/out");
    let path = format!(
        "{}:/usr/bin:/bin:/usr/sbin:/sbin",
        bench.path("bin").display()
    );
    let mut command = bench.command("unshare");
    command
        .env("PATH", path)
        .args(["-rm", "sh", "-c", mount, "sh", options])
        .arg(bench.path("mounted"));
    command.arg(inner.get_program()).args(inner.get_args());
    command
}

fn a_read_only_output_directory() -> Result<(), Failed> {
    let bench = Bench::new();
    expect(
        build_on(&bench, "ro"),
        3,
        &["can't be written to", "--out", "ead-only file system"],
    )
    .map(drop)
}

fn a_full_disk() -> Result<(), Failed> {
    let bench = Bench::new();
    expect(
        build_on(&bench, "size=16k"),
        3,
        &["can't be written to", "No space left"],
    )
    .map(drop)
}

fn a_system_other_than_debian() -> Result<(), Failed> {
    let bench = Bench::new();
    bench.write("os-release", "ID=fedora\nPRETTY_NAME=\"Fedora Linux 44\"\n");
    fs::remove_file(bench.path("bin/bindgen"))?;
    fs::remove_file(bench.path("bin/bison"))?;
    let elsewhere = |arguments: &[&str]| {
        let path = format!(
            "{}:/usr/bin:/bin:/usr/sbin:/sbin",
            bench.path("bin").display()
        );
        let mount = "mount --bind \"$1\" /etc/os-release && shift && PATH=$OWN_PATH exec \"$@\"";
        let mut command = bench.command("unshare");
        command.env("PATH", path).env("OWN_PATH", bench.path("bin"));
        command
            .args(["-rm", "sh", "-c", mount, "sh"])
            .arg(bench.path("os-release"));
        command.arg(env!("CARGO_BIN_EXE_gateless")).args(arguments);
        command
    };
    expect(
        elsewhere(&["fetch", "7.3"]),
        1,
        &["Fedora Linux 44", "Debian only", "--tree"],
    )?;
    let texts = [
        "Fedora Linux 44",
        "install by hand",
        "# Fedora (names from packages.fedoraproject.org; not tried)",
        "sudo dnf install bison",
        "cargo install bindgen-cli --version 0.72.1 --locked",
    ];
    expect(elsewhere(&["doctor", "--install", "--yes"]), 1, &texts)?;
    absent(&bench.path("cache"))
}

fn main() {
    let arguments = Arguments::from_args();
    let trial = ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"];
    let may_mount = Command::new("unshare")
        .args(trial)
        .output()
        .is_ok_and(|output| output.status.success());
    if !may_mount {
        eprintln!(
            "ignored: tests that mount a file system, which this machine does not allow (unshare -rm mount)"
        );
    }
    let trials = vec![
        Trial::test(
            "trees_that_cannot_be_built_are_refused_by_name",
            trees_that_cannot_be_built,
        ),
        Trial::test(
            "releases_whose_rust_is_for_one_compiler_alone_are_refused",
            releases_whose_rust_is_for_one_compiler_alone,
        ),
        Trial::test(
            "what_is_too_old_is_named_with_what_is_here_and_would_do",
            what_is_too_old_is_named_with_what_is_here_and_would_do,
        ),
        Trial::test(
            "paths_that_kbuild_cannot_take_are_refused",
            paths_that_kbuild_cannot_take,
        ),
        Trial::test(
            "an_unknown_architecture_is_refused",
            an_architecture_that_the_tree_does_not_have,
        ),
        Trial::test(
            "old_and_unstable_compilers_are_refused",
            compilers_that_cannot_be_used,
        ),
        Trial::test(
            "the_compiler_that_the_environment_names_is_the_one_used",
            the_compiler_that_the_environment_names_is_the_one_used,
        ),
        Trial::test(
            "an_unpacked_compiler_is_taken_where_the_tree_wants_it",
            an_unpacked_compiler_is_taken_where_the_tree_wants_it,
        ),
        Trial::test("missing_tools_are_named_with_what_to_do", missing_tools),
        Trial::test(
            "c_tools_that_the_user_chooses_reach_configuration_and_build",
            c_tools_that_the_user_chooses_reach_configuration_and_build,
        ),
        Trial::test("bench_takes_no_goals", bench_takes_no_goals),
        Trial::test(
            "library_sources_of_another_version_are_refused",
            library_sources_of_another_version,
        ),
        Trial::test(
            "a_configuration_that_kconfig_changed_is_an_error",
            configurations_that_kconfig_does_not_take,
        ),
        Trial::test("a_failing_make_shows_its_error", a_make_that_fails),
        Trial::test(
            "a_rebuild_configures_only_what_changed",
            a_rebuild_configures_only_what_changed,
        ),
        Trial::test(
            "two_builds_in_one_directory_are_refused",
            a_directory_in_which_another_gateless_is_at_work,
        ),
        Trial::test(
            "a_read_only_output_directory_is_refused",
            a_read_only_output_directory,
        )
        .with_ignored_flag(!may_mount),
        Trial::test("a_full_disk_is_reported", a_full_disk).with_ignored_flag(!may_mount),
        Trial::test(
            "another_system_is_told_what_to_install",
            a_system_other_than_debian,
        )
        .with_ignored_flag(!may_mount),
    ];
    let trials = trials
        .into_iter()
        .chain(stranger::trials())
        .chain(agreement::trials())
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
