//! The makefile that make reads before all others: what it is told besides what is in the tree.
//!
//! `override` lets a value stand against the assignments of the tree's own makefiles, and keeps what the user gives on the command line
//! where it adds to that.

use std::fmt::Write;

use camino::Utf8Path;
use gateless_linux::tree::Tree;
use gateless_machines::Overlay as Facts;
use gateless_model::Result;

use crate::{atomics, division, state};

/// One assignment that depends on no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The variable.
    pub name: String,
    /// `=`, `:=` or `+=`.
    pub operator: &'static str,
    /// Its value.
    pub value: String,
    /// Why it is there.
    pub why: &'static str,
}

/// Flags for rustc that make adds to the kernel's own.
const FLAGS: &str = "KRUSTFLAGS";

/// Flags for rustc where it compiles a module; they come after all others.
const MODULE_FLAGS: &str = "RUSTFLAGS_MODULE";

/// The objects that are made from the C helpers of Rust, and the bindings made from the same file, relative to `rust/`.
const OF_HELPERS: [&str; 2] = ["helpers/helpers.o", "bindings/bindings_helpers_generated.o"];

/// What is set for a machine.
pub fn settings(tree: &Tree, source_arch: &str, facts: &Facts) -> Result<Vec<Setting>> {
    let mut settings = Vec::new();
    let target = facts
        .target
        .iter()
        .map(|target| format!("--target={target}"));
    let flags: Vec<String> = target.chain(facts.rust_flags.iter().cloned()).collect();
    if !flags.is_empty() {
        settings.push(Setting {
            name: FLAGS.to_owned(),
            operator: "+=",
            value: flags.join(" "),
            why: "what rustc compiles for; the last --target counts",
        });
    }
    if !facts.module_rust_flags.is_empty() {
        let flags = facts.module_rust_flags.join(" ");
        settings.push(Setting {
            name: MODULE_FLAGS.to_owned(),
            operator: ":=",
            // make exports it, and reads this again where it calls itself.
            value: format!("$(filter-out {flags},$({MODULE_FLAGS})) {flags}"),
            why: "what rustc compiles modules with besides",
        });
    }
    for (name, value) in &facts.make {
        settings.push(Setting {
            name: name.clone(),
            operator: "=",
            value: value.clone(),
            why: "in place of what the tree assigns, see the machine's file",
        });
    }
    if let Some(target) = &facts.bindgen_target {
        settings.push(Setting {
            name: format!("BINDGEN_TARGET_{source_arch}"),
            operator: ":=",
            value: target.clone(),
            why: "what libclang reads the headers for, where gcc compiles",
        });
    }
    if facts.small_atomics.is_some() {
        for object in OF_HELPERS {
            settings.push(Setting {
                name: format!("CFLAGS_{object}"),
                operator: "+=",
                value: format!("-D{}", atomics::SYMBOL),
                why: "exchanges of one and two bytes, see the machine's file",
            });
        }
    }
    if let Some(names) = division::redirected(tree)? {
        settings.push(Setting {
            name: division::REDIRECTED.to_owned(),
            operator: ":=",
            value: names.join(" "),
            why: "what core gets under another name, on any architecture",
        });
    }
    Ok(settings)
}

/// The makefile's text, for an overlay in `directory`.
pub fn text(directory: &Utf8Path, specifications: &[&str], settings: &[Setting]) -> String {
    let (kconfig, header) = (
        directory.join(state::KCONFIG),
        directory.join(state::HEADER),
    );
    let mut text = format!(
        "# Written by gateless: what make is told besides the kernel tree, which has no Rust for this architecture.\n\
         # The tree's Kconfig, and the symbols that turn Rust on.\n\
         override KBUILD_KCONFIG := {kconfig}\n\
         # C functions that Rust calls, put before the tree's own helpers.\n"
    );
    for object in OF_HELPERS {
        let _ = writeln!(text, "override CFLAGS_{object} += -include {header}");
    }
    for name in specifications {
        let target = directory.join(name);
        let _ = match *name {
            // make exports it, and reads this file again where it calls itself.
            state::MODULE_SPECIFICATION => write!(
                text,
                "# what it compiles modules for, as a specification\n\
                 override {MODULE_FLAGS} := $(filter-out --target=%,$({MODULE_FLAGS})) --target={target}\n"
            ),
            _ => write!(
                text,
                "# what rustc compiles for, as a specification\noverride {FLAGS} += --target={target}\n"
            ),
        };
    }
    for Setting {
        name,
        operator,
        value,
        why,
    } in settings
    {
        let _ = write!(text, "# {why}\noverride {name} {operator} {value}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn what_machine_and_tree_say_becomes_variables() {
        let (_directory, tree) = testing::tree(&[]);
        let facts = Facts {
            target: Some("vax-unknown-none".to_owned()),
            rust_flags: vec!["-Zregparm=3".to_owned()],
            module_rust_flags: vec!["-Ccode-model=medium".to_owned()],
            make: [("filechk_x".to_owned(), "cat y".to_owned())].into(),
            bindgen_target: Some("vax-linux-gnu".to_owned()),
            small_atomics: Some("none of two bytes".to_owned()),
            ..Facts::default()
        };
        let settings = settings(&tree, testing::ARCH, &facts).unwrap();
        let text = text(
            "/o".into(),
            &[state::SPECIFICATION, state::MODULE_SPECIFICATION],
            &settings,
        );
        for line in [
            "override KBUILD_KCONFIG := /o/Kconfig",
            "override CFLAGS_helpers/helpers.o += -include /o/helpers.h",
            "override CFLAGS_helpers/helpers.o += -DGATELESS_SMALL_ATOMICS",
            "override KRUSTFLAGS += --target=/o/target.json",
            "override RUSTFLAGS_MODULE := $(filter-out --target=%,$(RUSTFLAGS_MODULE)) --target=/o/target-module.json",
            "override KRUSTFLAGS += --target=vax-unknown-none -Zregparm=3",
            "override RUSTFLAGS_MODULE := $(filter-out -Ccode-model=medium,$(RUSTFLAGS_MODULE)) -Ccode-model=medium",
            "override filechk_x = cat y",
            "override BINDGEN_TARGET_vax := vax-linux-gnu",
            "override redirect-intrinsics := __muloti4 __udivti3 __udivdi3 __umoddi3",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}: {text}");
        }
    }
}
