//! Small trees of our own.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_audit::audit::{self, Applies, Audit, baseline};
use gateless_audit::scan::scan;
use gateless_ledger::Ledger;
use libtest_mimic::Failed;

use crate::plants::{self, Plant, write};

/// A directory that goes when it is dropped.
pub struct Directory(tempfile::TempDir);

impl Directory {
    pub fn new() -> Self {
        Directory(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).unwrap()
    }
}

/// The compiler under test.
pub fn rustc() -> Utf8PathBuf {
    std::env::var("RUSTC")
        .unwrap_or_else(|_| "rustc".to_owned())
        .into()
}

pub fn empty() -> Ledger {
    Ledger::load(std::iter::empty()).unwrap()
}

pub fn audit_of(tree: &Utf8Path, ledger: &Ledger) -> Audit {
    audit::run(tree, None, &rustc()).unwrap().audit(ledger)
}

/// Everything a scan found, by key.
pub fn found(tree: &Utf8Path) -> BTreeSet<Plant> {
    let scan = scan(tree).unwrap();
    let dependent = scan.dependent.iter().map(|(_, finding)| finding);
    scan.findings
        .iter()
        .chain(dependent)
        .map(|finding| {
            (
                finding.sign.keys()[0].clone(),
                finding.file.clone(),
                finding.line,
            )
        })
        .collect()
}

pub fn planted() -> Result<(), Failed> {
    let tree = Directory::new();
    let wanted = plants::plant(tree.path());
    assert!(wanted.len() >= 45, "only {} plants", wanted.len());
    let found = found(tree.path());
    let missing: Vec<_> = wanted.difference(&found).collect();
    let more: Vec<_> = found.difference(&wanted).collect();
    if missing.is_empty() && more.is_empty() {
        return Ok(());
    }
    Err(format!("missing: {missing:#?}\nnot planted: {more:#?}").into())
}

pub fn lookalikes() -> Result<(), Failed> {
    let tree = Directory::new();
    write(
        tree.path(),
        "a.rs",
        br##"// #![feature(a)] #[used(compiler)] self: Arc<Self>
/* #![feature(b)] */
//! ```ignore
//! #![feature(c)]
//! ```
//! ```text
//! #[used(compiler)]
//! ```
const T: &str = "the option -Zfoo opens a gate";
const B: Option<&str> = option_env!("RUSTC_BOOTSTRAP");
#[used]
static X: u8 = 1;
#[cfg(feature = "x")]
fn f(self_: u8, optimize: u8) { used(compiler); let linkage = 1; }
impl S { fn a(self: Pin<&mut Self>) {} fn b(self: &Self) {} fn c(self: &S) {} }
#[derive(zerocopy::FromBytes, From)]
struct S;
"##,
    );
    write(
        tree.path(),
        "Makefile",
        b"# -Zfoo RUSTC_BOOTSTRAP=1\nLDFLAGS += -z relro\nA := $(filter-out -Zfoo,$(B))\nx:\n\t# -Zbar\n\techo rust -zno\n",
    );
    write(tree.path(), "x.json", b"{\"target\": \"-Zfoo\"}");
    let found = found(tree.path());
    if found.is_empty() {
        Ok(())
    } else {
        Err(format!("{found:#?}").into())
    }
}

pub fn empty_ledger() -> Result<(), Failed> {
    let tree = Directory::new();
    plants::plant(tree.path());
    let answer = audit::run(tree.path(), None, &rustc())?;
    let (with, without) = (answer.audit(Ledger::embedded()), answer.audit(&empty()));
    assert_eq!(
        without.totals.uses, with.totals.uses,
        "the ledger must not decide what is found"
    );
    assert_eq!(without.totals.unknown, without.gates.len());
    let option = without
        .gates
        .iter()
        .find(|gate| gate.id == "-Zplanted-three")
        .unwrap();
    assert_eq!(
        (option.status.as_str(), option.kind.as_str()),
        ("unknown", "option")
    );
    Ok(())
}

/// A tree with the few files that decide what is built.
pub fn kernel_like(tree: &Utf8Path) {
    for (path, text) in [
        (
            "Makefile",
            "VERSION = 9\nPATCHLEVEL = 1\nSUBLEVEL = 2\nEXTRAVERSION =\nobj-y += x/\n",
        ),
        (
            "Kconfig",
            "config HAVE_RUST\n\tbool\nconfig NEW\n\tdef_bool RUSTC_VERSION >= 108000\nconfig OLD\n\tdef_bool RUSTC_VERSION < 108000\nconfig A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\nconfig RUST\n\tbool \"rust\"\n\tdepends on !B || RUSTC_VERSION >= 900000\n",
        ),
        (
            "arch/x86/Kconfig",
            "config X86\n\tdef_bool y\n\tselect HAVE_RUST\nconfig IBT\n\tbool \"ibt\"\n",
        ),
        (
            "arch/s390/Kconfig",
            "config S390\n\tdef_bool y\n\tselect HAVE_RUST\n",
        ),
        (
            "arch/x86/Makefile",
            "ifdef CONFIG_IBT\nKBUILD_RUSTFLAGS += -Zcf-protection=branch\nendif\nrustflags-$(CONFIG_B) += -Zfixed-x18\n",
        ),
        (
            "x/Makefile",
            "obj-$(CONFIG_A) += root.o\nk-cfgs := kernel\nto-flags = $(patsubst %,--cfg='%',$1)\nflags := $(call to-flags,$(k-cfgs))\nquiet_cmd_doc = D\n      cmd_doc = $(RUSTDOC) --show-coverage --cfg feature=\\\"alloc\\\" $<\nrustdoc-root: $(src)/root.rs\n\t$(call if_changed,doc)\nprobe = $(call try-run,rustc -Zprobed,y,n)\n",
        ),
        (
            "x/root.rs",
            "#![feature(used_with_arg)]\n#![cfg_attr(CONFIG_OLD, feature(never_type))]\n#![cfg_attr(CONFIG_NEW, feature(arbitrary_self_types))]\n#![cfg_attr(feature = \"alloc\", feature(allocator_api))]\n#![feature(asm_goto)]\nmod child;\n#[cfg(not(kernel))]\n#[used(linker)]\nstatic X: u8 = 1;\n",
        ),
        (
            "x/child.rs",
            "#[cfg(CONFIG_NOBODY_DEFINES)]\nimpl S { fn f(self: Arc<Self>) {} }\n#[used(compiler)]\nstatic Y: u8 = 1;\n",
        ),
        ("x/stray.rs", "#![feature(f16)]\nfn f(x: f16) {}\n"),
    ] {
        write(tree, path, text.as_bytes());
    }
}

pub fn needed() -> Result<(), Failed> {
    let tree = Directory::new();
    kernel_like(tree.path());
    let answer = audit_of(tree.path(), Ledger::embedded());
    assert_eq!(answer.problems, []);
    assert_eq!(answer.release.as_deref(), Some("9.1.2"));
    assert_eq!(answer.architectures, ["s390", "x86"]);
    let gate = |id: &str| answer.gates.iter().find(|gate| gate.id == id).unwrap();
    let needed: Vec<&str> = answer
        .gates
        .iter()
        .filter(|gate| gate.needed)
        .map(|gate| gate.id.as_str())
        .collect();
    assert_eq!(needed, ["used_with_arg", "Z_cf_protection"]);
    let cf = &gate("Z_cf_protection").uses[0];
    assert_eq!(
        (cf.architectures.join(" "), cf.configurations.join(" ")),
        ("x86".to_owned(), "CONFIG_IBT".to_owned())
    );
    // Turned on, and its only use is behind a symbol that nothing defines.
    assert_eq!(gate("arbitrary_self_types").usage, audit::Usage::Enabled);
    // Behind a condition that this compiler doesn't meet.
    assert!(
        gate("never_type")
            .uses
            .iter()
            .all(|one| one.applies == Applies::Never)
    );
    // The kernel can't have Rust with this symbol and this compiler.
    assert_eq!(gate("Z_fixed_x18").uses[0].applies, Applies::Never);
    // Passed for documentation only.
    assert_eq!(gate("allocator_api").needed_for, ["make rustdoc-root"]);
    assert_eq!(gate("--show-coverage").needed_for, ["make rustdoc-root"]);
    // Only a question to the compiler.
    assert_eq!(gate("-Zprobed").uses[0].place, "probe");
    // No makefile builds it.
    assert_eq!(gate("f16").uses[0].place, "nothing");
    assert_eq!(gate("asm_goto").since.as_deref(), Some("1.87"));
    // A cfg that a makefile passes decides nothing for other crates; one that nobody passes does.
    let used: Vec<_> = gate("used_with_arg")
        .uses
        .iter()
        .map(|one| (one.line, one.applies))
        .collect();
    assert_eq!(used.len(), 3, "{used:?}");
    Ok(())
}

pub fn build_directory() -> Result<(), Failed> {
    let (tree, out) = (Directory::new(), Directory::new());
    kernel_like(tree.path());
    write(
        out.path(),
        "include/config/auto.conf",
        b"CONFIG_A=y\nCONFIG_RUST=y\nCONFIG_S390=y\nCONFIG_IBT=y\n",
    );
    write(out.path(), "x/.root.o.cmd", b"savedcmd_x/root.o := OBJTREE=/o rustc --edition=2021 -Zreally-passed=$$x --cfg 'a=\"b\"' x/root.rs ; objtool x\n\nsource := y\n");
    write(
        out.path(),
        "x/gen.rs",
        b"#[cfi_encoding = \"1x\"]\npub struct S;\n",
    );
    let answer = audit::run(tree.path(), Some(out.path()), &rustc())?.audit(Ledger::embedded());
    let gate = |id: &str| answer.gates.iter().find(|gate| gate.id == id).unwrap();
    assert!(gate("-Zreally-passed").needed && gate("cfi_encoding").needed);
    assert_eq!(gate("-Zreally-passed").uses[0].file, "{out}/x/.root.o.cmd");
    // The symbol is set, and it is another architecture's file.
    assert!(!gate("Z_cf_protection").needed);
    Ok(())
}

pub fn directories() -> Result<(), Failed> {
    let tree = Directory::new();
    for (path, text) in [
        (
            "Kconfig",
            "config RUST\n\tbool \"rust\"\nconfig A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\nconfig OLD\n\tdef_bool RUSTC_VERSION < 108000\n",
        ),
        (
            "Kbuild",
            "obj-$(CONFIG_A) += one/\nobj-$(CONFIG_OLD) += old/\n",
        ),
        (
            "one/Makefile",
            "obj-$(CONFIG_B) += a.o\nRUSTFLAGS_a.o := -Ztune-cpu=generic\n",
        ),
        ("one/a.rs", "#[used(compiler)]\nstatic X: u8 = 1;\n"),
        ("old/Makefile", "obj-y += b.o\n"),
        ("old/b.rs", "mod c;\n"),
        ("old/c.rs", "#[cfi_encoding = \"x\"]\nstruct S;\n"),
    ] {
        write(tree.path(), path, text.as_bytes());
    }
    let answer = audit_of(tree.path(), Ledger::embedded());
    let place = |id: &str| {
        let gate = answer.gates.iter().find(|gate| gate.id == id).unwrap();
        (gate.needed, gate.uses[0].configurations.join(" "))
    };
    let both = (true, "CONFIG_A CONFIG_B".to_owned());
    assert_eq!(place("used_with_arg"), both);
    assert_eq!(place("Z_tune_cpu"), (true, "CONFIG_A".to_owned()));
    assert_eq!(
        place("cfi_encoding"),
        (false, "CONFIG_OLD".to_owned()),
        "this compiler is never in that directory"
    );
    Ok(())
}

pub fn difference() -> Result<(), Failed> {
    let tree = Directory::new();
    kernel_like(tree.path());
    let old = audit_of(tree.path(), Ledger::embedded());
    let text = fs_err::read_to_string(tree.path().join("x/child.rs"))?;
    write(
        tree.path(),
        "x/child.rs",
        format!("\n\n// moved down\n{text}").as_bytes(),
    );
    let moved = audit_of(tree.path(), Ledger::embedded());
    let none = baseline::difference(&old, &moved);
    assert!(
        none.added.is_empty() && none.removed.is_empty() && none.new_gates.is_empty(),
        "{none:#?}"
    );
    write(
        tree.path(),
        "x/child.rs",
        format!("{text}#[coverage(off)]\nfn f() {{}}\n#[used(compiler)]\nstatic Z: u8 = 1;\n")
            .as_bytes(),
    );
    let new = audit_of(tree.path(), Ledger::embedded());
    let found = baseline::difference(&old, &new);
    assert_eq!(found.new_gates, ["coverage_attribute"]);
    assert_eq!(
        found
            .added
            .iter()
            .map(|c| c.id.as_str())
            .collect::<Vec<_>>(),
        ["coverage_attribute", "used_with_arg"]
    );
    assert_eq!(
        baseline::difference(&new, &old).gone_gates,
        ["coverage_attribute"]
    );
    Ok(())
}
