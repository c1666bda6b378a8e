//! What is in an image besides the recorded objects: nothing of it may be a Rust compiler's.

use std::collections::{BTreeSet, HashMap, HashSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::Result;
use object::{Object, ObjectSymbol};

use super::input::Input;
use super::linked::Linked;
use super::members;
use super::placing::Placed;
use crate::Problem;

/// How many names a problem lists.
const SHOWN: usize = 3;

/// Every symbol with a name as rustc makes them is one of the recorded objects', and every such function lies in code that was found.
pub fn names(
    file: &str,
    objects: &[Input<'_>],
    placed: &[Placed],
    image: &Linked<'_>,
    problems: &mut Vec<Problem>,
) {
    let known: HashSet<&str> = objects
        .iter()
        .flat_map(|object| object.symbols.iter().map(|symbol| symbol.name))
        .collect();
    let mut code: Vec<_> = placed
        .iter()
        .flat_map(|placed| placed.code.clone())
        .collect();
    code.sort_by_key(|range| range.start);
    let proven = |address: u64| {
        let after = code.partition_point(|range| range.start <= address);
        after > 0 && code[after - 1].contains(&address)
    };
    let mut foreign = Vec::new();
    for symbol in &image.defined {
        let is_elsewhere = symbol.is_function && !proven(symbol.address);
        if is_mangled(symbol.name) && (is_elsewhere || !known.contains(symbol.name)) {
            foreign.push(symbol.name);
        }
    }
    report(
        file,
        "was made by a Rust compiler, and is of no recorded object",
        foreign,
        problems,
    );
}

/// Every function is of one of the objects that Kbuild lists, and there are no more of a name than these have: nothing else was linked in.
pub fn functions(
    out: &Utf8Path,
    file: &str,
    listed: &BTreeSet<Utf8PathBuf>,
    image: &Linked<'_>,
    problems: &mut Vec<Problem>,
) -> Result<()> {
    let mut defined: HashMap<String, usize> = HashMap::new();
    for member in listed.iter().cloned().chain(beside(out)?) {
        let path = out.join(&member);
        // A missing object is a problem already.
        let Ok(bytes) = fs_err::read(&path) else {
            continue;
        };
        let Ok(object) = object::File::parse(&*bytes) else {
            // With link-time optimisation objects are bitcode, and their functions are not known.
            return Ok(());
        };
        for symbol in object.symbols() {
            if symbol.is_definition() {
                let name = symbol.name().unwrap_or_default().to_owned();
                *defined.entry(name).or_default() += 1;
            }
        }
    }
    let mut left = defined;
    let mut foreign = Vec::new();
    for symbol in image.defined.iter().filter(|symbol| symbol.is_function) {
        match left.get_mut(symbol.name) {
            Some(count) if *count > 0 => *count -= 1,
            _ if is_linkers(symbol.name) || is_prefix(symbol.name, symbol.address, image) => {}
            _ => foreign.push(symbol.name),
        }
    }
    report(
        file,
        "is of none of the objects that Kbuild lists for it",
        foreign,
        problems,
    );
    Ok(())
}

/// Objects that are linked in besides those of `vmlinux.a`: the libraries', and what scripts/link-vmlinux.sh adds.
fn beside(out: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let mut objects = Vec::new();
    for name in ["init/version-timestamp.o", ".vmlinux.export.o"] {
        objects.push(name.into());
    }
    let mut libraries = vec![out.join("lib/lib.a")];
    let mut add = |directory: Utf8PathBuf| {
        if let Ok(entries) = directory.read_dir_utf8() {
            let entries = entries
                .flatten()
                .map(|entry| entry.path().join("lib/lib.a"));
            libraries.extend(entries);
        }
    };
    add(out.join("arch"));
    for library in libraries.iter().filter(|library| library.exists()) {
        objects.extend(members::of_archive(out, library)?);
    }
    Ok(objects)
}

/// Whether a name is one that rustc makes: `_R...`, or `_ZN...17h<hash>E`.
fn is_mangled(name: &str) -> bool {
    let legacy = || {
        let (_, hash) = name
            .strip_prefix("_ZN")?
            .strip_suffix('E')?
            .rsplit_once("17h")?;
        Some(hash.len() == 16 && hash.bytes().all(|c| c.is_ascii_hexdigit()))
    };
    // What a path starts with in version 0.
    let v0 = name
        .strip_prefix("_R")
        .is_some_and(|path| path.starts_with(['C', 'M', 'X', 'Y', 'N', 'I', 'B']));
    v0 || legacy() == Some(true)
}

/// Whether a linker makes functions of such a name: steps between code and what is too far from it.
fn is_linkers(name: &str) -> bool {
    [
        "Thunk_",
        "__long_branch",
        "long_branch.",
        "plt_call.",
        "_savegpr",
        "_restgpr",
    ]
    .iter()
    .any(|part| name.contains(part))
}

/// Whether objtool made the symbol (`--prefix`): it names the bytes in front of a function.
fn is_prefix(name: &str, address: u64, image: &Linked<'_>) -> bool {
    const LONGEST: u64 = 64;
    name.strip_prefix("__pfx_").is_some_and(|function| {
        let mut functions = image.addresses(function).iter();
        functions.any(|start| start.checked_sub(address).is_some_and(|far| far <= LONGEST))
    })
}

fn report(file: &str, what: &str, mut foreign: Vec<&str>, problems: &mut Vec<Problem>) {
    foreign.sort_unstable();
    foreign.dedup();
    let shown: Vec<String> = foreign
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    match foreign.len() {
        0 => {}
        count if count > SHOWN => problems.push(Problem::new(
            file,
            format!(
                "has {count} functions and data, such as {}, each of which {what}",
                shown.join(", ")
            ),
        )),
        _ => problems.push(Problem::new(
            file,
            format!("has {}, which {what}", shown.join(" and ")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rustc_makes_are_known() {
        for name in ["_RNvCs1_1a1b", "_ZN4core3fmt5write17h0123456789abcdefE"] {
            assert!(is_mangled(name), "{name}");
        }
        for name in ["_ZN3foo3barEv", "_Reset", "printk", "_RET_IP_"] {
            assert!(!is_mangled(name), "{name}");
        }
    }
}
