//! Rust on an architecture that upstream has none for, as far as the `kernel` crate: from the unmodified tree, in a directory of its own.

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
