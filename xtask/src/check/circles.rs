//! Circles of files: files of a crate of which each needs all the others, directly or not.
//!
//! One file needs another where it names something that is defined there, in a `use` or by a path in code or in a macro.
//! What counts is the file that defines it: a `pub use` in between is looked through, and is no need of the file that has
//! it unless that file uses the name itself. Naming a module (`use crate::object;`) is no need; naming what is in it
//! (`object::read()`) is. That a child needs what a module above it defines does not count either: a module and its children
//! are one thing, of which the module is the face and may list the children. Methods and fields are not looked at, nor is
//! what only tests have.

use std::collections::BTreeSet;

use camino::Utf8Path;
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::repository::{Part, Repository};
use super::sources::{Crate, Target};

/// How many circles the workspace may have. Lower it with each one broken.
const COMMITTED: usize = 2;

pub fn broken(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for (_, package) in repository.crates() {
        for (_, sources) in repository.sources(package, Part::Program)? {
            let listed = circles(&sources).into_iter().map(|circle| {
                let files: Vec<&str> = circle.iter().map(|file| file.as_str()).collect();
                files.join(", ")
            });
            found.extend(listed);
        }
    }
    if found.len() <= COMMITTED {
        return Ok(Vec::new());
    }
    found.insert(
        0,
        format!(
            "{} circles of files, and xtask/src/check/circles.rs allows {COMMITTED}:",
            found.len()
        ),
    );
    Ok(found)
}

/// Circles of one crate, each as its files in order.
pub fn circles(sources: &Crate) -> Vec<Vec<&Utf8Path>> {
    let mut graph: DiGraphMap<&Utf8Path, ()> = DiGraphMap::new();
    for (from, to) in needs(sources) {
        graph.add_edge(from, to, ());
    }
    let mut circles: Vec<Vec<&Utf8Path>> = tarjan_scc(&graph)
        .into_iter()
        .filter(|files| files.len() > 1)
        .map(|mut files| {
            files.sort();
            files
        })
        .collect();
    circles.sort();
    circles
}

/// Which file needs which.
pub fn needs(sources: &Crate) -> BTreeSet<(&Utf8Path, &Utf8Path)> {
    let mut needs = BTreeSet::new();
    for (at, module) in sources.modules.iter().enumerate() {
        if module.test {
            continue;
        }
        let used = |name: &Option<String>| {
            name.as_ref()
                .is_none_or(|name| module.identifiers.contains(name))
        };
        let imports = module
            .imports
            .iter()
            .filter(|import| !import.public || (import.name.is_some() && used(&import.name)))
            .map(|import| (&import.named, import.name.is_none()));
        let paths = module.paths.iter().map(|named| (named, false));
        for (named, all) in imports.chain(paths).filter(|(named, _)| !named.test) {
            let file = match sources.resolve(at, named) {
                Target::Item(to) => &sources.modules[to].file,
                Target::Module(to) if all => &sources.modules[to].file,
                Target::Module(_) | Target::Elsewhere => continue,
            };
            if *file != module.file && !sources.is_above(file, at) {
                needs.insert((module.file.as_path(), file.as_path()));
            }
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io;

    use super::*;

    /// Circles of a crate planted as file names and texts.
    fn planted(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        let read = |path: &Utf8Path| {
            let text = files.get(path.as_str()).copied();
            text.map(str::to_owned)
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        let sources = Crate::load(Utf8Path::new("src/lib.rs"), &read).unwrap();
        circles(&sources)
            .iter()
            .map(|circle| circle.iter().map(|file| file.to_string()).collect())
            .collect()
    }

    const LIB: (&str, &str) = ("src/lib.rs", "mod a; mod b; mod c;");

    #[test]
    fn a_circle_by_use_is_found() {
        let found = planted(&[
            LIB,
            ("src/a.rs", "use crate::b::B; pub struct A(B);"),
            ("src/b.rs", "use crate::c; pub struct B(c::C);"),
            ("src/c.rs", "pub struct C; fn c() { super::a::A; }"),
        ]);
        assert_eq!(found, [["src/a.rs", "src/b.rs", "src/c.rs"]]);
    }

    #[test]
    fn a_circle_through_a_macro_is_found() {
        let found = planted(&[
            LIB,
            ("src/a.rs", "pub fn a() { print!(\"{}\", crate::b::b()); }"),
            ("src/b.rs", "use crate::a; pub fn b() { a::a() }"),
            ("src/c.rs", ""),
        ]);
        assert_eq!(found, [["src/a.rs", "src/b.rs"]]);
    }

    const GATES: (&str, &str) = (
        "src/gates/mod.rs",
        "mod one; mod other; pub trait Gate {} static ALL: &[&dyn Gate] = &[&one::One];",
    );

    #[test]
    fn a_module_that_lists_its_children_is_in_no_circle_with_them() {
        let found = planted(&[
            ("src/lib.rs", "mod gates;"),
            GATES,
            (
                "src/gates/one.rs",
                "use super::Gate; pub struct One; impl Gate for One {}",
            ),
            ("src/gates/other.rs", ""),
        ]);
        assert_eq!(found, Vec::<Vec<String>>::new());
    }

    #[test]
    fn children_of_one_module_that_need_each_other_are_a_circle() {
        let found = planted(&[
            ("src/lib.rs", "mod gates;"),
            GATES,
            (
                "src/gates/one.rs",
                "use super::other::help; pub struct One;",
            ),
            ("src/gates/other.rs", "use super::one::*; pub fn help() {}"),
        ]);
        assert_eq!(found, [["src/gates/one.rs", "src/gates/other.rs"]]);
    }

    #[test]
    fn what_others_gather_is_looked_through() {
        let found = planted(&[
            LIB,
            ("src/a.rs", "use crate::b::C; pub struct A(C);"),
            ("src/b.rs", "pub use crate::c::C; use crate::a::A;"),
            ("src/c.rs", "pub struct C;"),
        ]);
        assert_eq!(found, Vec::<Vec<String>>::new());
        let found = planted(&[
            LIB,
            ("src/a.rs", "use crate::b::C; pub struct A(C);"),
            ("src/b.rs", "pub use crate::c::C;"),
            ("src/c.rs", "use crate::a; pub struct C(a::A);"),
        ]);
        assert_eq!(found, [["src/a.rs", "src/c.rs"]]);
    }

    #[test]
    fn what_only_tests_name_is_no_circle() {
        let found = planted(&[
            LIB,
            ("src/a.rs", "use crate::b::B; pub struct A(B);"),
            (
                "src/b.rs",
                "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
            ),
            ("src/c.rs", ""),
        ]);
        assert_eq!(found, Vec::<Vec<String>>::new());
    }
}
