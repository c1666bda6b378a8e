//! The libclang that bindgen loads.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{process, program, variable};
use gateless_model::{Failure, Result};

use gateless_model::Version;

use crate::system::System;

/// A directory with a libclang that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Libclang {
    /// The directory, as LIBCLANG_PATH takes it.
    pub directory: Utf8PathBuf,
    /// Its major version, where the file names tell (`libclang-22.so.1`, `/usr/lib/llvm-22/lib`).
    pub major: Option<u32>,
}

/// The directory that `$LIBCLANG_PATH` names, else the newest one below `/usr/lib/llvm-*/lib` or in the system's library directories, else where
/// `llvm-config` on PATH says.
pub fn find() -> Result<Libclang> {
    if let Some(named) = variable::path("LIBCLANG_PATH")? {
        // bindgen takes the file itself as well as its directory.
        let directory = if named.is_file() {
            named.parent().unwrap_or(&named).to_owned()
        } else {
            named.clone()
        };
        let directory = camino::absolute_utf8(directory)?;
        return inspect(&directory).ok_or_else(|| {
            Failure::no(format!("LIBCLANG_PATH names {named}, where no libclang is"))
                .help("unset it, or install libclang (`gateless doctor` says how)")
        });
    }
    let of_llvm_config = || {
        let program = program::find("llvm-config")?;
        let directory = process::stdout(&program, &["--libdir"]).ok()?;
        inspect(Utf8Path::new(directory.trim()))
    };
    find_below(Utf8Path::new("/usr"))
        .or_else(of_llvm_config)
        .ok_or_else(|| {
            Failure::no("no libclang found, which bindgen needs").help(format!(
                "{}, or set LIBCLANG_PATH to the directory of libclang.so",
                System::this().help()
            ))
        })
}

/// Like [`find`] without the environment, in the installation below `usr`.
pub fn find_below(usr: &Utf8Path) -> Option<Libclang> {
    all_below(usr).into_iter().next()
}

/// All that are in the installation below `usr`, the newest first.
pub fn all_below(usr: &Utf8Path) -> Vec<Libclang> {
    let mut directories: Vec<Utf8PathBuf> = Vec::new();
    for parent in ["lib", "lib64"] {
        let Ok(entries) = usr.join(parent).read_dir_utf8() else {
            continue;
        };
        directories.extend(
            entries
                .filter_map(|entry| entry.ok())
                .filter(|entry| is_llvm_directory(entry.file_name()))
                .map(|entry| entry.path().join("lib")),
        );
    }
    directories.extend(
        [
            "lib",
            "lib64",
            "lib/x86_64-linux-gnu",
            "lib/aarch64-linux-gnu",
        ]
        .map(|directory| usr.join(directory)),
    );
    let mut found: Vec<Libclang> = directories
        .iter()
        .filter_map(|directory| inspect(directory))
        .collect();
    found.sort_by_key(|libclang| std::cmp::Reverse(libclang.major));
    found
}

/// An error if libclang is older than `minimum`; without a number in its name the tree's own check (`make rustavailable`) decides.
pub fn check(libclang: &Libclang, minimum: Version) -> Result<()> {
    match libclang.major {
        Some(major) if major < minimum.major => Err(Failure::no(format!(
            "libclang {major} in {} is too old: {minimum} is the minimum",
            libclang.directory
        ))
        .help(help(minimum))),
        _ => Ok(()),
    }
}

/// What to do about a libclang that is too old: one that is here, or how another comes in.
pub fn help(minimum: Version) -> String {
    let fits = |libclang: &Libclang| libclang.major.is_some_and(|major| major >= minimum.major);
    match all_below(Utf8Path::new("/usr")).into_iter().find(fits) {
        Some(Libclang {
            directory,
            major: Some(major),
        }) => format!("libclang {major} is here and would do: LIBCLANG_PATH={directory}"),
        _ => format!(
            "{}, or set LIBCLANG_PATH to the directory of a libclang {minimum} or newer",
            System::this().help()
        ),
    }
}

fn is_llvm_directory(name: &str) -> bool {
    name.strip_prefix("llvm-")
        .is_some_and(|number| number.parse::<u32>().is_ok())
}

/// What libclang is in `directory`, if any.
fn inspect(directory: &Utf8Path) -> Option<Libclang> {
    let names: Vec<String> = directory
        .read_dir_utf8()
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_owned()))
        .collect();
    // The names under which clang-sys, which bindgen uses, looks for it.
    let libraries: Vec<&String> = names
        .iter()
        .filter(|name| {
            *name == "libclang.so"
                || name.starts_with("libclang.so.")
                || name.starts_with("libclang-") && name.contains(".so")
        })
        .filter(|name| !name.starts_with("libclang-cpp"))
        .collect();
    if libraries.is_empty() {
        return None;
    }
    let of_name = |name: &String| {
        name.strip_prefix("libclang-")?
            .split('.')
            .next()?
            .parse()
            .ok()
    };
    let of_directory = || {
        directory
            .components()
            .filter_map(|part| part.as_str().strip_prefix("llvm-")?.parse().ok())
            .next()
    };
    let major = libraries
        .iter()
        .copied()
        .filter_map(of_name)
        .max()
        .or_else(of_directory);
    Some(Libclang {
        directory: directory.to_owned(),
        major,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_libclang_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let usr = Utf8Path::from_path(root.path()).unwrap();
        for (directory, name) in [
            ("lib/llvm-9/lib", "libclang-9.so.1"),
            ("lib/llvm-22/lib", "libclang.so.1"),
            ("lib/llvm-14/lib", "libclang-14.so.14.0.6"),
            ("lib/llvm-99/lib", "libclang-cpp.so.99"),
        ] {
            fs_err::create_dir_all(usr.join(directory)).unwrap();
            fs_err::write(usr.join(directory).join(name), "").unwrap();
        }
        assert_eq!(
            find_below(usr),
            Some(Libclang {
                directory: usr.join("lib/llvm-22/lib"),
                major: Some(22)
            })
        );
    }

    #[test]
    fn a_machine_without_libclang_has_none() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(find_below(Utf8Path::from_path(root.path()).unwrap()), None);
    }

    #[test]
    fn an_old_libclang_is_refused() {
        let old = Libclang {
            directory: "/l".into(),
            major: Some(14),
        };
        assert!(check(&old, Version::new(17, 0, 1)).is_err());
    }
}
