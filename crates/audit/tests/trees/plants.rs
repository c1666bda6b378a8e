//! Gates to plant: files with marks that say what must be found on which line.
//!
//! `{+KEY}` at the end of a line stands for one thing to be found there (by the first key of its sign) and is cut out of the file.

use std::collections::BTreeSet;

use camino::Utf8Path;

/// A thing that must be found: key, file, line.
pub type Plant = (String, String, usize);

/// Every file of the planting, as path and marked text.
pub const FILES: &[(&str, &str)] = &[
    (
        "drivers/plant/planted.rs",
        r##"// SPDX-License-Identifier: GPL-2.0
#![feature(never_type)] {+feature:never_type}
#![cfg_attr(CONFIG_PLANT_A, feature(auto_traits))] {+feature:auto_traits}
#![cfg_attr(
    not(MODULE),
    cfg_attr(CONFIG_PLANT_B, feature(negative_impls, {+feature:negative_impls}
        try_blocks), deny(warnings)) {+feature:try_blocks}
)]
//! Text.
//!
//! ```
//! # #![feature(box_patterns)] {+feature:box_patterns}
//! f();
//! ```

/** Block.
 * ```
 * #![feature(yeet_expr)] {+feature:yeet_expr}
 * ```
 */
mod child;

macro_rules! plant {
    ($name:ident) => {
        #[used(linker)] {+feature:used_with_arg}
        static $name: u8 = 1;
        impl Node { fn grow(self: $crate::Pot<Self>) {} } {+feature:arbitrary_self_types}
    };
}

fn quoted() {
    quote! {
        #[doc(hidden)]
        #[used(compiler)] {+feature:used_with_arg}
        static __X: u8 = #value;
    }
}

#[derive(Clone, core::marker::CoercePointee)] {+feature:derive_coerce_pointee}
#[repr(transparent)]
struct Pot<T: ?Sized>(*const T);

#[cfg_attr(CONFIG_PLANT_A, derive(CoercePointee), repr(transparent))] {+feature:derive_coerce_pointee}
struct Vase<T: ?Sized>(*const T);

impl Node {
    fn water(
        self: Pot<Self>, {+feature:arbitrary_self_types}
    ) {}
    #[optimize(size)] {+feature:optimize_attribute}
    #[linkage = "weak"] {+feature:linkage}
    fn small() {}
    #[unsafe(ffi_pure)] {+feature:ffi_pure}
    fn pure_one();
}

fn jump() {
    core::arch::asm!("jmp {l}", l = label { return }); {+feature:asm_goto}
    let list: [u8; _] = [1, 2]; {+feature:generic_arg_infer}
    let four = 8u8.is_multiple_of(4); {+feature:unsigned_is_multiple_of}
}
"##,
    ),
    (
        "drivers/plant/child.rs",
        "#[coverage(off)] {+feature:coverage_attribute}\npub fn f() { include!(\"inner.in.rs\") }\n",
    ),
    (
        "drivers/plant/inner.in.rs",
        "{ #[cfi_encoding = \"1x\"] {+feature:cfi_encoding}\nstruct S; }\n",
    ),
    (
        "drivers/plant/Makefile",
        r##"# RUSTFLAGS_planted.o := -Zcommented
obj-$(CONFIG_PLANT) += planted.o \
	other.o
ifdef CONFIG_PLANT_A
KBUILD_RUSTFLAGS += -Zplanted-three=1 \ {+-Zplanted-three=1}
	-Zplanted_four {+-Zplanted-four}
else ifeq ($(CONFIG_PLANT_B),y)
RUSTFLAGS_planted.o += $(if $(call rustc-min-version,109000),-Zplanted-five,-Zplanted-six) {+-Zplanted-five} {+-Zplanted-six}
endif
rustflags-$(CONFIG_PLANT_C) += $(call rustc-option,-Zplanted-seven,-Zplanted-eight) {+-Zplanted-seven} {+-Zplanted-eight}
rustflags-y += -Z planted-nine {+-Zplanted-nine}
plant_features := staged_plant,\ {+feature:staged_plant}
	other_plant {+feature:other_plant}
rustflags-y += -Zcrate-attr='feature($(plant_features))' {+-Zcrate-attr=feature($(plant_features))}
export RUSTC_BOOTSTRAP := 1 {+env:RUSTC_BOOTSTRAP}
$(obj)/planted.o: private rustc_flags = -Zplanted-eleven {+-Zplanted-eleven}
$(obj)/gen: $(src)/gen.rs
	@echo "-Zin-a-message is text" # -Zin-a-comment
	RUSTC_BOOTSTRAP=1 $(RUSTC) --target=$(src)/planted.json $< {+env:RUSTC_BOOTSTRAP} {+--target=*.json}
	$(RUSTDOC) --show-type-layout $< {+--show-type-layout}
define rule_plant
	$(RUSTC) -Zplanted-ten $< {+-Zplanted-ten}
endef
rustflags-$(CONFIG_S390) += --target=s390x-unknown-none-softfloat -Ctarget-feature=+backchain {+target-feature:backchain}
"##,
    ),
    (
        "drivers/plant/Kconfig",
        "config PLANT\n\tbool \"plant\"\n\thelp\n\t  -Zin-a-help-text\n\nconfig PLANT_PROBE\n\tdef_bool $(rustc-option,-Zplanted-twelve) {+-Zplanted-twelve}\n",
    ),
    (
        "drivers/plant/build.rs",
        r##"fn main() {
    println!("cargo:rustc-env=RUSTC_BOOTSTRAP=1"); {+env:RUSTC_BOOTSTRAP}
    println!("cargo::rustc-flags=-Zplanted-one"); {+-Zplanted-one}
    Command::new("rustc")
        .env("RUSTC_BOOTSTRAP", "kernel") {+env:RUSTC_BOOTSTRAP}
        .arg("-Zplanted-two=x"); {+-Zplanted-two=x}
    write!(out, "#![feature(decl_macro)]\n").unwrap(); {+feature:decl_macro}
}
"##,
    ),
    (
        "drivers/plant/target.rs",
        "fn main() {\n    ts.push(\"llvm-target\", \"x\"); {+target-key:llvm-target}\n    ts.push(\"rustc-abi\", \"softfloat\"); {+target-key:rustc-abi}\n    let f = \"-mmx,+planted-insn\"; {+target-feature:mmx} {+target-feature:planted-insn}\n}\n",
    ),
    (
        "drivers/plant/planted.json",
        "{\n  \"llvm-target\": \"x86_64-linux-gnu\", {+target-key:llvm-target}\n  \"stack-probes\": {\"kind\": \"none\"} {+target-key:stack-probes}\n}\n",
    ),
    (
        "drivers/plant/run.sh",
        "#!/bin/sh\n# RUSTC_BOOTSTRAP=1\nRUSTC_BOOTSTRAP=1 rustc -Zplanted-thirteen x.rs {+env:RUSTC_BOOTSTRAP} {+-Zplanted-thirteen}\n",
    ),
    (
        "drivers/plant/run.py",
        "import os\nos.environ[\"RUSTC_BOOTSTRAP\"] = \"1\" {+env:RUSTC_BOOTSTRAP}\nrun([\"rustc\", \"-Zplanted-fourteen\"]) {+-Zplanted-fourteen}\n",
    ),
    (
        "drivers/plant/.cargo/config.toml",
        "[build]\nrustflags = [\"-Zplanted-fifteen\"] {+-Zplanted-fifteen}\n[unstable] {+practice:cargo_unstable}\n",
    ),
    (
        "drivers/plant/rust-toolchain.toml",
        "[toolchain]\nchannel = \"nightly-2026-01-01\" {+practice:unstable_toolchain}\n",
    ),
    (
        "drivers/plant/bindgen_parameters_plant",
        "# --with-attribute-custom-enum=b='#[cfi_encoding=\"1b\"]'\n--with-attribute-custom-enum=a='#[cfi_encoding=\"1a\"]' {+feature:cfi_encoding}\n",
    ),
    (
        "drivers/plant/cpp.rs.S",
        "#include <linux/x.h>\n// Cut here.\n#![feature(planted_in_cpp)] {+feature:planted_in_cpp}\n",
    ),
    (
        "drivers/plant/windows.rs",
        "// One.\r\n#![feature(planted_crlf)] {+feature:planted_crlf}\r\n",
    ),
];

/// Text of a file without its marks, and what must be found in it.
pub fn unmark(path: &str, marked: &str) -> (String, Vec<Plant>) {
    let mut plants = Vec::new();
    let mut lines = Vec::new();
    for (index, line) in marked.split('\n').enumerate() {
        let mut kept = line.to_owned();
        while let Some(start) = kept.find(" {+") {
            let end = kept[start..]
                .find('}')
                .map_or(kept.len(), |end| start + end + 1);
            plants.push((
                kept[start + 3..end - 1].to_owned(),
                path.to_owned(),
                index + 1,
            ));
            kept.replace_range(start..end, "");
        }
        lines.push(kept);
    }
    (lines.join("\n"), plants)
}

/// Plants everything below `tree`; returns what must be found.
pub fn plant(tree: &Utf8Path) -> BTreeSet<Plant> {
    let mut all = BTreeSet::new();
    for (path, marked) in FILES {
        let (text, plants) = unmark(path, marked);
        write(tree, path, text.as_bytes());
        all.extend(plants);
    }
    // A file in another encoding: a problem, and read all the same.
    let mut wide = vec![0xff, 0xfe];
    wide.extend(
        "#![feature(planted_wide)]\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    write(tree, "drivers/plant/wide.rs", &wide);
    all.insert((
        "feature:planted_wide".to_owned(),
        "drivers/plant/wide.rs".to_owned(),
        1,
    ));
    all
}

/// Writes a file of a tree, with its directories.
pub fn write(tree: &Utf8Path, path: &str, bytes: &[u8]) {
    let path = tree.join(path);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, bytes).unwrap();
}
