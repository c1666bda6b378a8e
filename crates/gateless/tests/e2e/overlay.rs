//! Rust on architectures that upstream has none for, from the unmodified tree: one as far as the `kernel` crate; on request, all that boot.

use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// Its preset is small, and its code generator is in every libLLVM of rustc's.
const ARCH: &str = "riscv32";

/// `EM_RISCV`, and the class of 32 bits, as an ELF file has them.
const MACHINE: (usize, [u8; 2]) = (18, [243, 0]);
const CLASS: (usize, u8) = (4, 1);

/// The crates are compiled, for that architecture, and no gate was open.
pub fn kernel_crate(workshop: &mut Workshop) -> Tested {
    let out = workshop.out_of(&format!("overlay-{ARCH}"), Mode::Gateless);
    let tree = workshop.tree.clone();
    succeeded(workshop.gateless(&[
        "build",
        "--arch",
        ARCH,
        "--tree",
        tree.as_str(),
        "--out",
        out.as_str(),
        "--",
        "rust/kernel.o",
    ])?)?;
    let object = fs_err::read(out.join("rust/kernel.o"))?;
    let (class, machine) = (CLASS.0, MACHINE.0);
    if object[class] != CLASS.1 || object[machine..machine + 2] != MACHINE.1 {
        return Err(format!("{out}/rust/kernel.o is not an object of {ARCH}").into());
    }
    let makefile = fs_err::read_to_string(out.join(".gateless/overlay/overlay.mk"))?;
    if !makefile.contains("KBUILD_KCONFIG") {
        return Err("the overlay is not what the build was configured with".into());
    }
    succeeded(workshop.gateless(&["attest", out.as_str()])?)?;
    Ok(())
}

/// Architectures without upstream Rust whose kernels were seen to boot with their modules: docs/overlay.md.
const BOOTED: &[&str] = &["i386", "mips", "riscv32"];

/// All of them by one command: built, booted, their modules loaded and unloaded, proven.
pub fn matrix(workshop: &mut Workshop) -> Tested {
    let (out, store) = (
        workshop.root.join("overlays"),
        workshop.root.join("overlays/store"),
    );
    let archs = BOOTED.join(",");
    let answer = succeeded(workshop.gateless(&[
        "matrix",
        "--no-gated",
        "--arch",
        &archs,
        "--out",
        out.as_str(),
        "--store",
        store.as_str(),
        "--json",
    ])?)?;
    let mut seen = 0;
    for line in answer.lines() {
        let record: serde_json::Value = serde_json::from_str(line)?;
        let result = &record["result"];
        let log = fs_err::read_to_string(out.join(format!(
            "{}-7.3/boot.log",
            record["cell"]["preset"].as_str().ok_or("no preset")?
        )))?;
        // The results count the cases; that the module for the ABI was among the modules only the console says.
        if result["booted"] != true
            || result["attested"] != true
            || !log.contains("gateless_abi_unloads")
        {
            return Err(line.into());
        }
        seen += 1;
    }
    match seen == BOOTED.len() {
        true => Ok(()),
        false => Err(format!("{seen} of {}: {answer}", BOOTED.len()).into()),
    }
}

/// Structures are where the kernel's C compiler has them.
pub fn layouts(workshop: &mut Workshop) -> Tested {
    let debug = workshop.root.join("debug.config");
    fs_err::write(
        &debug,
        "CONFIG_DEBUG_KERNEL=y\n# CONFIG_DEBUG_INFO_NONE is not set\nCONFIG_DEBUG_INFO_DWARF5=y\n",
    )?;
    let tree = workshop.tree.clone();
    for arch in BOOTED {
        let out = workshop.out_of(&format!("layouts-{arch}"), Mode::Gateless);
        succeeded(workshop.gateless(&[
            "build",
            "--arch",
            arch,
            "--tree",
            tree.as_str(),
            "--config",
            &format!("{arch}-small"),
            "--config",
            debug.as_str(),
            "--out",
            out.as_str(),
            "--",
            // C's types are all there, whether the file uses them or not.
            "CFLAGS_helpers/helpers.o=-fno-eliminate-unused-debug-types",
            "rust/kernel.o",
            "rust/helpers/helpers.o",
        ])?)?;
        let objects = [
            out.join("rust/kernel.o"),
            out.join("rust/helpers/helpers.o"),
        ];
        succeeded(workshop.gateless(&["layouts", objects[0].as_str(), objects[1].as_str()])?)?;
    }
    Ok(())
}
