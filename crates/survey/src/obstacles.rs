//! What stands in the way of a gateless kernel, nearest first.

use std::sync::LazyLock;

use gateless_model::Version;
use gateless_model::targets::Architecture;
use serde::Deserialize;

static SEEN: LazyLock<Vec<Seen>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("known.toml"))
        .expect("the embedded file is checked by a test of this crate");
    file.obstacle
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    obstacle: Vec<Seen>,
}

/// What stands in the way and only a build shows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// The directory below `arch/`.
    arch: String,
    /// Of which of its kernels, if not of all.
    of: Option<String>,
    /// In words.
    what: String,
}

/// What machine files say of an architecture.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    /// Its kernels are programs of the host, so that nothing has to emulate them.
    pub is_process: bool,
    /// An overlay turns Rust on where upstream has not.
    pub has_overlay: bool,
}

/// The obstacles of an architecture that is described but for them. `minimum` is the oldest compiler that the tree takes for it.
pub(crate) fn of(
    arch: &Architecture,
    minimum: Version,
    compiler: Version,
    known: Known,
) -> Vec<String> {
    let is_process = known.is_process;
    let mut found = Vec::new();
    if !arch.upstream && !known.has_overlay {
        found
            .push("upstream has no Rust for it (its Kconfig does not select HAVE_RUST)".to_owned());
    }
    if arch.builtin_targets.is_empty() {
        found.push("the compiler has no built-in target for the processor".to_owned());
    }
    if arch.llvm_back_end.is_none() {
        found.push("the compiler's LLVM has no back end for the processor".to_owned());
    }
    if compiler < minimum {
        found.push(format!(
            "the tree wants rustc {minimum}, and this one is {compiler} (`--toolchain auto` takes a newer one of Debian's)"
        ));
    }
    match &arch.c_compiler {
        None => {
            found.push("no C compiler is known: the tree gives clang no target for it".to_owned())
        }
        Some(tool) if !tool.found => found.push(format!("{} is not installed", tool.name)),
        Some(_) => {}
    }
    if arch.emulators.is_empty() && !is_process {
        found.push("the tree describes no machine for its tests".to_owned());
    } else if !is_process && !arch.emulators.iter().any(|tool| tool.found) {
        let names: Vec<&str> = arch
            .emulators
            .iter()
            .map(|tool| tool.name.as_str())
            .collect();
        found.push(format!("not installed: {}", names.join(", ")));
    }
    if arch.upstream && arch.variants.is_empty() {
        found.push("gateless has no machine file and no preset for it".to_owned());
    }
    found.extend(seen(&arch.arch));
    found
}

fn seen(arch: &str) -> impl Iterator<Item = String> {
    let of_arch = SEEN.iter().filter(move |seen| seen.arch == arch);
    of_arch.map(|seen| match &seen.of {
        Some(of) => format!("{of}: {}", seen.what),
        None => seen.what.clone(),
    })
}

#[cfg(test)]
mod tests {
    use gateless_model::targets::{Tool, Variant};

    use super::*;

    fn tool(name: &str, found: bool) -> Tool {
        Tool {
            name: name.to_owned(),
            found,
        }
    }

    fn good() -> Architecture {
        Architecture {
            arch: "vax64".to_owned(),
            upstream: true,
            conditions: Vec::new(),
            builtin_targets: vec!["vax64-unknown-none".to_owned()],
            llvm_back_end: Some("VAX".to_owned()),
            c_compiler: Some(tool("clang-22", true)),
            emulators: vec![tool("qemu-system-vax64", true)],
            obstacles: Vec::new(),
            variants: vec![Variant::default()],
        }
    }

    fn obstacles(change: impl Fn(&mut Architecture)) -> Vec<String> {
        let mut arch = good();
        change(&mut arch);
        let known = Known::default();
        of(&arch, Version::new(1, 85, 0), Version::new(1, 95, 0), known)
    }

    #[test]
    fn an_architecture_with_everything_has_none_and_each_lack_is_one() {
        assert!(obstacles(|_| {}).is_empty());
        type Change<'c> = &'c dyn Fn(&mut Architecture);
        let changes: [(Change<'_>, &str); 8] = [
            (&|arch| arch.upstream = false, "HAVE_RUST"),
            (&|arch| arch.builtin_targets.clear(), "built-in target"),
            (&|arch| arch.llvm_back_end = None, "back end"),
            (&|arch| arch.c_compiler = None, "no C compiler"),
            (
                &|arch| arch.c_compiler = Some(tool("clang-22", false)),
                "clang-22 is not installed",
            ),
            (&|arch| arch.emulators.clear(), "no machine"),
            (
                &|arch| arch.emulators = vec![tool("qemu-system-vax64", false)],
                "not installed: qemu-system-vax64",
            ),
            (&|arch| arch.variants.clear(), "no machine file"),
        ];
        for (change, word) in changes {
            let found = obstacles(change);
            assert!(
                found.len() == 1 && found[0].contains(word),
                "{word}: {found:?}"
            );
        }
        let old = of(
            &good(),
            Version::new(1, 96, 0),
            Version::new(1, 95, 0),
            Known::default(),
        );
        assert!(old[0].contains("1.96.0"), "{old:?}");
    }

    #[test]
    fn a_kernel_that_is_a_program_needs_no_emulator() {
        let mut arch = good();
        arch.emulators.clear();
        let known = Known {
            is_process: true,
            ..Known::default()
        };
        let found = of(&arch, Version::new(1, 85, 0), Version::new(1, 95, 0), known);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn what_only_builds_show_is_told_of_the_architecture_and_of_no_other() {
        let arch = Architecture {
            arch: "m68k".to_owned(),
            ..good()
        };
        let known = Known::default();
        let found = of(&arch, Version::new(1, 85, 0), Version::new(1, 95, 0), known);
        assert!(found.len() == 1 && found[0].contains("u64"), "{found:?}");
        let of_sparc: Vec<String> = seen("sparc").collect();
        assert!(of_sparc[0].starts_with("32 bits: "), "{of_sparc:?}");
    }

    #[test]
    fn an_overlay_takes_upstreams_place() {
        let mut arch = good();
        arch.upstream = false;
        let known = Known {
            has_overlay: true,
            ..Known::default()
        };
        let found = of(&arch, Version::new(1, 85, 0), Version::new(1, 95, 0), known);
        assert!(found.is_empty(), "{found:?}");
    }
}
