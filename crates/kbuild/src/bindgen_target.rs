//! The target that bindgen is told where the C compiler is gcc: rust/Makefile has one for each architecture, `BINDGEN_TARGET_<SRCARCH>`.
//!
//! Older trees (6.12) have none for User Mode Linux, and give bindgen an empty one. Later ones take that of `SUBARCH`, the architecture that the
//! kernel runs on as a process; it is given to earlier ones as a variable of make.

use camino::Utf8Path;
use gateless_linux::makefile;
use gateless_machines::{Machine, Runner};
use gateless_model::Result;

/// The variable that the tree's own makefile lacks for a kernel that runs as a process.
///
/// # Errors
/// If rust/Makefile can't be read.
pub fn missing(tree: &Utf8Path, source_arch: &str, arch: &str) -> Result<Option<(String, String)>> {
    let is_process = Machine::find(arch)
        .is_some_and(|machine| matches!(machine.boot.runner, Runner::Process { .. }));
    let path = tree.join("rust/Makefile");
    if !is_process || !path.is_file() {
        return Ok(None);
    }
    let makefile = makefile::parse(&fs_err::read_to_string(path)?);
    let name = format!("BINDGEN_TARGET_{source_arch}");
    let is_asked = makefile
        .value("BINDGEN_TARGET")
        .is_some_and(|value| value == "$(BINDGEN_TARGET_$(SRCARCH))");
    let is_missing = is_asked && makefile.value(&name).is_none();
    Ok(is_missing.then(|| (name, "$(BINDGEN_TARGET_$(SUBARCH))".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_gets_the_target_of_its_host_where_the_tree_has_none() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(dir.path()).unwrap();
        fs_err::create_dir(tree.join("rust")).unwrap();
        let with = |text: &str, source_arch: &str, arch: &str| {
            fs_err::write(tree.join("rust/Makefile"), text).unwrap();
            missing(tree, source_arch, arch).unwrap()
        };
        let old = "BINDGEN_TARGET_x86 := x86_64-linux-gnu\nBINDGEN_TARGET\t:= $(BINDGEN_TARGET_$(SRCARCH))\n";
        let new = format!("BINDGEN_TARGET_um := $(BINDGEN_TARGET_$(SUBARCH))\n{old}");
        let given = (
            "BINDGEN_TARGET_um".to_owned(),
            "$(BINDGEN_TARGET_$(SUBARCH))".to_owned(),
        );
        assert_eq!(with(old, "um", "um"), Some(given));
        assert_eq!(with(&new, "um", "um"), None);
        assert_eq!(with(old, "riscv", "riscv"), None);
        assert_eq!(with("BINDGEN_TARGET := x\n", "um", "um"), None);
    }
}
