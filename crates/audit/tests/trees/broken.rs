//! Input that is not as it should be.

use gateless_ledger::Ledger;
use libtest_mimic::Failed;

use crate::plants::write;
use crate::small::{Directory, audit_of};

pub fn files() -> Result<(), Failed> {
    let tree = Directory::new();
    let root = tree.path();
    write(root, "good.rs", b"#![feature(never_type)]\n");
    write(
        root,
        "syntax.rs",
        b"fn f( { #[used(compiler)] static X: u8 = 1;\n",
    );
    write(root, "latin.rs", b"// caf\xe9\n#![feature(auto_traits)]\n");
    write(root, "nul.rs", b"#![feature(negative_impls)]\0\0\n");
    write(root, "binary.rs", &[0xde, 0xad, 0xbe, 0xef, 0x00, 0xff]);
    write(root, "Makefile", b"<<<<<<< HEAD\nRUSTFLAGS += -Zone\n=======\nRUSTFLAGS += -Ztwo\n>>>>>>> theirs\nifdef RUSTC\n");
    write(root, "x.rs.rej", b"@@ -1 +1 @@\n");
    write(root, "spec.json", b"{\"llvm-target\": ,}");
    for (link, target) in [
        ("loop.rs", "loop.rs"),
        ("a", "b"),
        ("b", "a"),
        ("up", "."),
        ("gone.rs", "nowhere.rs"),
    ] {
        std::os::unix::fs::symlink(target, root.join(link))?;
    }
    let answer = audit_of(root, Ledger::embedded());
    let named = |file: &str, words: &str| {
        answer
            .problems
            .iter()
            .any(|problem| problem.file == file && problem.what.contains(words))
    };
    for (file, words) in [
        ("syntax.rs", "syntax error"),
        ("latin.rs", "not valid UTF-8"),
        ("binary.rs", "not valid UTF-8"),
        ("Makefile", "half done"),
        ("Makefile", "without `endif`"),
        ("x.rs.rej", "did not apply"),
        ("spec.json", "not JSON"),
        ("loop.rs", "loop"),
        ("a", "loop"),
        ("b", "loop"),
        ("up", "loop"),
        ("gone.rs", "can't be followed"),
    ] {
        assert!(
            named(file, words),
            "{file}: {words}\n{:#?}",
            answer.problems
        );
    }
    for id in [
        "never_type",
        "auto_traits",
        "negative_impls",
        "used_with_arg",
        "-Zone",
        "-Ztwo",
    ] {
        assert!(
            answer.gates.iter().any(|gate| gate.id == id),
            "{id} was lost"
        );
    }
    assert!(
        !answer
            .problems
            .iter()
            .any(|problem| problem.file == "good.rs")
    );
    Ok(())
}

pub fn no_rust() -> Result<(), Failed> {
    let tree = Directory::new();
    write(
        tree.path(),
        "Makefile",
        b"VERSION = 5\nPATCHLEVEL = 1\nSUBLEVEL = 0\nobj-y += a.o\n",
    );
    write(tree.path(), "a.c", b"int f(void);\n");
    let answer = audit_of(tree.path(), Ledger::embedded());
    assert_eq!(
        (answer.gates.len(), answer.problems.len(), answer.files.rust),
        (0, 0, 0)
    );
    Ok(())
}
