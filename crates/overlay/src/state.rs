//! The overlay that a build in an output directory was configured with.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::DotConfig;
use gateless_model::record::STATE;
use gateless_model::{Failure, Result};

/// The top Kconfig file of an overlay.
pub const KCONFIG: &str = "Kconfig";
/// Its C header.
pub const HEADER: &str = "helpers.h";
/// Its makefile.
pub const MAKEFILE: &str = "overlay.mk";

/// Its target specification, if it has one.
pub const SPECIFICATION: &str = "target.json";

/// Its target specification for modules, if they have another one.
pub const MODULE_SPECIFICATION: &str = "target-module.json";

/// The symbol that turns Rust on.
pub const SYMBOL: &str = "GATELESS_RUST";

/// The directory of the overlay within an output directory.
pub fn directory(out: &Utf8Path) -> Utf8PathBuf {
    out.join(STATE).join("overlay")
}

/// The top Kconfig file that the build in `out` uses: the overlay's, else the tree's.
pub fn kconfig(out: &Utf8Path) -> Utf8PathBuf {
    let own = directory(out).join(KCONFIG);
    match own.is_file() {
        true => own,
        false => "Kconfig".into(),
    }
}

/// An error if `config`, which belongs to an output directory with an overlay, was written without it: Kconfig then takes Rust out in silence.
pub fn check(out: &Utf8Path, config: &DotConfig) -> Result<()> {
    let overlay = directory(out);
    if !overlay.is_dir() || config.is_on(SYMBOL) {
        return Ok(());
    }
    Err(Failure::no(format!(
        "{out}/.config was written without the overlay in {overlay}: CONFIG_{SYMBOL} is not set in it, so Kconfig takes Rust out"
    ))
    .help("give make the variables of `gateless make-vars --arch ARCH` for every goal, olddefconfig and menuconfig as well; `gateless build` does so by itself"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_was_written_without_the_overlay_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap();
        let plain = DotConfig::parse("CONFIG_MIPS=y\n");
        check(out, &plain).unwrap();
        assert_eq!(kconfig(out), "Kconfig");
        fs_err::create_dir_all(super::directory(out)).unwrap();
        let failure = check(out, &plain).unwrap_err();
        assert!(failure.what.contains("GATELESS_RUST"), "{failure}");
        check(
            out,
            &DotConfig::parse("CONFIG_GATELESS_RUST=y\nCONFIG_RUST=y\n"),
        )
        .unwrap();
    }
}
