//! The crates a call loads: which files they are, and what lowering left for their dependants.
//!
//! Stable rustc does not list binary dependencies (`-Zbinary_dep_depinfo`), so they are looked up as rustc's crate
//! locator does: `--extern name=path`, else `lib{name}.{rmeta,rlib,so}` in the `-L` directories. Beside each library of the
//! kernel lies a `.lib{name}.gateless` file with what that library itself loaded.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, paths};
use gateless_lower::Exports;
use gateless_model::columns::Columns;
use gateless_model::{Failure, Result};
use serde::{Deserialize, Serialize};

use crate::call::{Call, State};
use crate::classify::Class;
use crate::invocation::{Invocation, Kind};
use crate::modifiers::{self, Modifiers};
use crate::used;

/// What a call loads.
#[derive(Debug, Clone, Default)]
pub struct Loads {
    /// Library files, as rustc would name them, in loading order.
    pub artifacts: Vec<String>,
    /// What the lowered ones among them export.
    pub exports: Exports,
    /// Columns of the lines that lowering rewrote in them: they may have code that is generated where it is used.
    pub columns: Columns,
    /// Libraries of the kernel without notes beside them, as when somebody copied them from an output directory and left the notes.
    pub bare: Vec<String>,
    /// The target modifiers of each of the others that the call names itself, with its crate's name.
    pub modifiers: Vec<(String, Modifiers)>,
}

impl Loads {
    /// Compares `own`, the target modifiers of the call, with those of what it loads. What a library loads was compared when that was compiled.
    ///
    /// # Errors
    /// Where they differ.
    pub fn check_modifiers(&self, call: &Invocation, own: &Modifiers) -> Result<()> {
        let mut each = self.modifiers.iter();
        each.try_for_each(|(name, its)| modifiers::check(call, own, name, its))
    }
}

/// What lies beside a library.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Beside {
    /// File names of the libraries it loaded, in the same directory or absolute.
    loads: Vec<String>,
    exports: Exports,
    /// The target modifiers that it was compiled with.
    modifiers: Modifiers,
    /// Columns of lowered lines, of it and of what it loaded.
    #[serde(default)]
    columns: Columns,
}

/// Finds the libraries of a call.
pub fn find(call: &Invocation, class: Class, cwd: &Utf8Path) -> Result<Loads> {
    let directories: Vec<&str> = call
        .args
        .iter()
        .filter_map(|arg| match &arg.kind {
            Kind::LibPath(path) => {
                Some(path.split_once('=').map_or(path.as_str(), |(_, path)| path))
            }
            _ => None,
        })
        .collect();
    let mut loads = Loads::default();
    let mut names: Vec<(&str, Option<&str>)> = Vec::new();
    if class.is_kernel() && class != Class::RuntimeCore {
        names.push(("core", None));
        if class != Class::RuntimeBuiltins {
            names.push(("compiler_builtins", None));
        }
    }
    names.extend(call.externs());
    for (name, path) in names {
        let Some(found) = path
            .map(str::to_owned)
            .or_else(|| locate(name, &directories, cwd))
        else {
            // The toolchain's own libraries (std, proc_macro) are found in its sysroot.
            continue;
        };
        let beside: Beside = match fs_err::read_to_string(cwd.join(notes(Utf8Path::new(&found)))) {
            Ok(text) => {
                let beside: Beside = serde_json::from_str(&text).map_err(|error| {
                    Failure::failed(format!(
                        "the notes beside `{found}` are damaged: rebuild it"
                    ))
                    .because(error)
                })?;
                if !is_macro(Utf8Path::new(&found)) {
                    let its = beside.modifiers.clone();
                    loads.modifiers.push((name.to_owned(), its));
                }
                beside
            }
            Err(_) => {
                if class.is_kernel() {
                    loads.bare.push(found.clone());
                }
                Beside::default()
            }
        };
        loads.columns.merge(&beside.columns);
        loads.exports.merge(beside.exports);
        let directory = Utf8Path::new(&found).parent().unwrap_or(Utf8Path::new(""));
        let below = beside.loads.iter().map(|name| {
            if name.starts_with('/') {
                name.clone()
            } else {
                directory.join(name).to_string()
            }
        });
        for artifact in std::iter::once(found.clone()).chain(below) {
            if !loads.artifacts.contains(&artifact) {
                loads.artifacts.push(artifact);
            }
        }
    }
    Ok(loads)
}

fn locate(name: &str, directories: &[&str], cwd: &Utf8Path) -> Option<String> {
    directories
        .iter()
        .flat_map(|directory| {
            ["rmeta", "rlib", "so"]
                .map(|extension| Utf8Path::new(directory).join(format!("lib{name}.{extension}")))
        })
        .find(|path| cwd.join(path).is_file())
        .map(Utf8PathBuf::into_string)
}

/// Whether the library is one of macros: it is loaded by the compiler itself, and what it was made of does not reach its users.
pub fn is_macro(library: &Utf8Path) -> bool {
    library.extension() == Some("so")
}

fn notes(library: &Utf8Path) -> Utf8PathBuf {
    beside(library, "gateless")
}

/// A file of ours beside a library.
pub fn beside(library: &Utf8Path, kind: &str) -> Utf8PathBuf {
    library.with_file_name(format!(
        ".{}.{kind}",
        library.file_stem().unwrap_or_default()
    ))
}

/// The library that a call makes for other crates, relative to its directory or absolute.
pub fn made(call: &Call<'_>) -> Option<Utf8PathBuf> {
    let named = call
        .invocation
        .emits()
        .find(|(kind, path)| matches!(*kind, "metadata" | "link") && path.is_some());
    match named {
        Some((_, Some(library))) => Some(Utf8PathBuf::from(library)),
        _ if call.class == Class::HostLibrary => {
            Some(used::library(call)).filter(|path| path.is_file())
        }
        _ => None,
    }
}

/// Leaves the notes for dependants beside the library that the call made, if it made one.
pub fn leave(call: &Call<'_>, loads: &Loads, exports: &Exports, columns: &Columns) -> Result<()> {
    let library = made(call);
    let Some(library) = library else {
        return Ok(());
    };
    let library = library.as_path();
    let is_of_build = matches!(call.state, State::Kept(_));
    if !is_of_build && exports.is_empty() && columns.is_empty() {
        // Outside of a build, notes lie only where a dependant needs them.
        let _ = fs_err::remove_file(call.cwd.join(notes(library)));
        return Ok(());
    }
    if !library
        .file_name()
        .is_some_and(|name| name.starts_with("lib"))
    {
        return Ok(());
    }
    let directory = paths::absolute(call.cwd, library.parent().unwrap_or(Utf8Path::new("")));
    let is_macro = is_macro(library);
    let loads = if is_macro {
        &[][..]
    } else {
        &loads.artifacts[..]
    };
    let loads = loads
        .iter()
        .map(|artifact| {
            let absolute = paths::absolute(call.cwd, Utf8Path::new(artifact));
            absolute
                .strip_prefix(&directory)
                .map(Utf8Path::to_string)
                .unwrap_or_else(|_| absolute.to_string())
        })
        .collect();
    let exports = if is_macro {
        Exports::default()
    } else {
        exports.clone()
    };
    let text = serde_json::to_string(&Beside {
        loads,
        exports,
        modifiers: call.plan.modifiers.clone(),
        columns: match is_macro {
            true => Columns::default(),
            false => columns.clone(),
        },
    })
    .map_err(|error| Failure::failed(error.to_string()))?;
    files::write_if_changed(&call.cwd.join(notes(library)), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::Tool;

    #[test]
    fn a_library_that_was_copied_without_its_notes_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let cwd = Utf8Path::from_path(directory.path()).unwrap();
        for file in ["rust/libkernel.rmeta", "rust/libpin_init.rmeta"] {
            files::write_with_parents(&cwd.join(file), b"").unwrap();
        }
        let notes = serde_json::to_string(&Beside::default()).unwrap();
        files::write_with_parents(&cwd.join("rust/.libpin_init.gateless"), notes.as_bytes())
            .unwrap();
        let args =
            "-L ./rust/ --extern kernel --extern pin_init --target=t.json --emit=obj=x.o x.rs";
        let args = args.split_whitespace().map(str::to_owned).collect();
        let call = Invocation::parse(Tool::Rustc, args, &|_| unreachable!()).unwrap();
        let bare = |class| find(&call, class, cwd).unwrap().bare;
        assert_eq!(bare(Class::Module), ["./rust/libkernel.rmeta"]);
        assert!(bare(Class::HostProgram).is_empty());
    }
}
