//! The environment that make gets: nothing in it may change the result behind the user's back.

use camino::Utf8Path;

/// Variables that Kbuild, make, the compilers or bindgen read and that would change what is built.
const NAMES: &[&str] = &[
    "ARCH",
    "SUBARCH",
    "SRCARCH",
    "CROSS_COMPILE",
    "LLVM",
    "LLVM_IAS",
    "LOCALVERSION",
    "O",
    "V",
    "W",
    "C",
    "M",
    "MO",
    "KCFLAGS",
    "KAFLAGS",
    "KCPPFLAGS",
    "KRUSTFLAGS",
    "HOSTCFLAGS",
    "HOSTCXXFLAGS",
    "HOSTLDFLAGS",
    "HOSTLDLIBS",
    "HOSTRUSTFLAGS",
    "USERCFLAGS",
    "USERLDFLAGS",
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "RUST_LIB_SRC",
    "BINDGEN",
    "BINDGEN_EXTRA_CLANG_ARGS",
    "CLANG_PATH",
    "LIBCLANG_PATH",
    "MAKE",
    "MAKEFLAGS",
    "MFLAGS",
    "GNUMAKEFLAGS",
    "MAKELEVEL",
    "MAKEFILES",
    "MAKEOVERRIDES",
    "CPATH",
    "C_INCLUDE_PATH",
    "LIBRARY_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "DEPENDENCIES_OUTPUT",
    "SUNPRO_DEPENDENCIES",
];

/// Beginnings of such names.
const PREFIXES: &[&str] = &[
    "KBUILD_", "KCONFIG_", "RUSTC_", "RUSTDOC_", "CARGO_", "BINDGEN_",
];

/// Names that begin like these but are where programs are, not what is built.
const KEPT: &[&str] = &["CARGO_HOME"];

/// One change to the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The variable.
    pub name: String,
    /// Its new value; `None` removes it.
    pub value: Option<String>,
}

/// What to change in an environment of `variables`, for a compiler with this sysroot and a gateless binary in `own_directory`.
///
/// `cargo run` puts the toolchain's and its own library directories on LD_LIBRARY_PATH; these go, other directories on it stay.
pub fn changes(
    variables: impl Iterator<Item = (String, String)>,
    sysroot: &Utf8Path,
    own_directory: &Utf8Path,
) -> Vec<Change> {
    let mut changes: Vec<Change> = variables
        .filter_map(|(name, value)| {
            if name == "LD_LIBRARY_PATH" {
                let kept: Vec<&str> = value
                    .split(':')
                    .filter(|directory| {
                        !directory.is_empty()
                            && !Utf8Path::new(directory).starts_with(sysroot)
                            && !Utf8Path::new(directory).starts_with(own_directory)
                    })
                    .collect();
                let kept = kept.join(":");
                return (kept != value).then(|| Change {
                    name,
                    value: (!kept.is_empty()).then_some(kept),
                });
            }
            let unwanted = NAMES.contains(&name.as_str())
                || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
                    && !KEPT.contains(&name.as_str());
            unwanted.then_some(Change { name, value: None })
        })
        .collect();
    changes.sort_by(|a, b| a.name.cmp(&b.name));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(variables: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        changes(
            variables,
            Utf8Path::new("/r"),
            Utf8Path::new("/g/target/debug"),
        )
        .into_iter()
        .map(|change| (change.name, change.value))
        .collect()
    }

    #[test]
    fn what_cargo_run_sets_does_not_reach_make() {
        let found = changed(&[
            (
                "LD_LIBRARY_PATH",
                "/g/target/debug/deps:/g/target/debug:/r/lib",
            ),
            ("CARGO_MANIFEST_DIR", "/g"),
            ("CARGO_HOME", "/c"),
            ("PATH", "/bin"),
        ]);
        assert_eq!(
            found,
            [
                ("CARGO_MANIFEST_DIR".to_owned(), None),
                ("LD_LIBRARY_PATH".to_owned(), None)
            ]
        );
    }

    #[test]
    fn directories_of_the_user_stay_on_the_library_path() {
        assert_eq!(
            changed(&[("LD_LIBRARY_PATH", "/opt/gcc/lib:/r/lib")]),
            [(
                "LD_LIBRARY_PATH".to_owned(),
                Some("/opt/gcc/lib".to_owned())
            )]
        );
        assert_eq!(changed(&[("LD_LIBRARY_PATH", "/opt/gcc/lib")]), []);
    }

    #[test]
    fn an_open_gate_in_the_environment_does_not_reach_make() {
        assert_eq!(
            changed(&[("RUSTC_BOOTSTRAP", "1"), ("KRUSTFLAGS", "-Zx")]).len(),
            2
        );
    }
}
