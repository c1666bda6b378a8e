//! A kernel tree of a few lines, for tests.

use camino::Utf8Path;
use gateless_linux::tree::Tree;

/// Its architecture.
pub const ARCH: &str = "vax";

const FILES: &[(&str, &str)] = &[
    (
        "Makefile",
        "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION =\nNAME = x\n",
    ),
    (
        "Kconfig",
        "mainmenu \"Linux\"\n\nsource \"init/Kconfig\"\n\nsource \"arch/$(SRCARCH)/Kconfig\"\n",
    ),
    ("Kbuild", ""),
    (
        "init/Kconfig",
        "config HAVE_RUST\n\tbool\nconfig RUST\n\tbool \"Rust\"\n\tdepends on HAVE_RUST\nconfig ARCH_SUPPORTS_ATOMIC_RMW\n\tbool\nconfig SMP\n\tbool \"smp\"\n",
    ),
    ("arch/vax/Kconfig", "config VAX\n\tdef_bool y\n"),
    (
        "rust/Makefile",
        "redirect-intrinsics = \\\n\t__muloti4 __udivti3\nifdef CONFIG_PPC32\n\tredirect-intrinsics += \\\n\t\t__udivdi3 __umoddi3\nendif\n",
    ),
    ("rust/helpers/helpers.c", "#include \"uaccess.c\"\n"),
    (
        "rust/helpers/uaccess.c",
        "unsigned long rust_helper_copy_from_user(void *to, const void *from, unsigned long n) { return 0; }\n",
    ),
    (
        "rust/kernel/uaccess.rs",
        "fn f() { bindings::strncpy_from_user(a, b, c); bindings::copy_from_user(a, b, c) }\n",
    ),
    ("include/linux/uaccess.h", ""),
    ("arch/vax/include/asm/uaccess.h", ""),
    ("scripts/Kbuild.include", ""),
    ("tools/testing/kunit/qemu_configs/vax.py", ""),
];

/// The tree, with other texts for some of its files; it is gone with its directory.
pub fn tree(changes: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
    let directory = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(directory.path()).unwrap();
    for (name, text) in FILES.iter().chain(changes) {
        let path = root.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    let tree = Tree::open(root).unwrap();
    (directory, tree)
}
