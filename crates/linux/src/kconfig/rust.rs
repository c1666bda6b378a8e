//! Which options are about Rust: those that exist only with Rust, and those whose object has a Rust source.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::Result;

use super::expression::Tri;
use super::{Symbol, Symbols};
use crate::makefile::{self, Makefile, Statement};

/// The symbol that turns Rust on.
pub const RUST: &str = "RUST";

impl Symbols {
    /// The options that can't be on without `RUST`, by their own dependencies and those of the blocks around them; `RUST` is one.
    pub fn needing_rust(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::from([RUST.to_owned()]);
        loop {
            let without = |name: &str| found.contains(name).then_some(Tri::No);
            let more: Vec<String> = self
                .iter()
                .filter(|(name, _)| !found.contains(*name) && self.option_kind(name).is_some())
                .filter(|(_, entries)| {
                    // The others only add to an entry elsewhere.
                    let is_real = |one: &&Symbol| one.entry.kind.is_some();
                    let mut real = entries.iter().filter(is_real).peekable();
                    real.peek().is_some()
                        && real.all(|one| one.dependency().value(&without) == Some(Tri::No))
                })
                .map(|(name, _)| name.to_owned())
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }
}

/// The symbols with which the tree's makefiles make objects of Rust sources, each with the sources (relative to the tree).
///
/// Sources in directories of architectures other than `source_arch` don't count.
pub fn options_of_sources(
    tree: &Utf8Path,
    source_arch: &str,
) -> Result<BTreeMap<String, BTreeSet<Utf8PathBuf>>> {
    let mut found: BTreeMap<String, BTreeSet<Utf8PathBuf>> = BTreeMap::new();
    let mut directories = vec![tree.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in directory.read_dir_utf8()? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                let other_arch = directory == tree.join("arch") && name != source_arch;
                // Documentation and tools are not part of a kernel, and have makefiles of other kinds.
                let other =
                    directory == tree && matches!(name, "Documentation" | "tools" | "scripts");
                if !other_arch && !other && !name.starts_with('.') {
                    directories.push(entry.path().to_owned());
                }
            } else if matches!(name, "Makefile" | "Kbuild") {
                let text = fs_err::read_to_string(entry.path())?;
                if text.contains(".o") {
                    for (symbol, source) in of_makefile(&makefile::parse(&text), &directory) {
                        let source = source.strip_prefix(tree).unwrap_or(&source);
                        found.entry(symbol).or_default().insert(source.to_owned());
                    }
                }
            }
        }
    }
    Ok(found)
}

/// The symbol and the source of each object that the makefile of `directory` makes of Rust.
fn of_makefile(made: &Makefile, directory: &Utf8Path) -> Vec<(String, Utf8PathBuf)> {
    let statements = made.statements.iter();
    let lists: Vec<(&str, &str, &str)> = statements
        .filter_map(|(_, statement)| list(statement))
        .collect();
    let mut found = Vec::new();
    for (stem, part, objects) in &lists {
        for object in objects.split_whitespace() {
            let Some(object) = object.strip_suffix(".o") else {
                continue;
            };
            let source = directory.join(format!("{object}.rs"));
            if !source.is_file() {
                continue;
            }
            let symbols = match symbol(part) {
                Some(symbol) => vec![symbol],
                // A part of `stem.o`, which is made where a list has it.
                None => whole(&lists, stem),
            };
            found.extend(
                symbols
                    .iter()
                    .map(|symbol| ((*symbol).to_owned(), source.clone())),
            );
        }
    }
    found
}

/// The symbols of the lists that have `STEM.o`, in this directory or a directory below.
fn whole<'a>(lists: &[(&'a str, &'a str, &'a str)], stem: &str) -> Vec<&'a str> {
    let object = format!("{stem}.o");
    let has = |objects: &str| {
        objects
            .split_whitespace()
            .any(|word| word.rsplit('/').next() == Some(object.as_str()))
    };
    lists
        .iter()
        .filter(|(_, _, objects)| has(objects))
        .filter_map(|(_, part, _)| symbol(part))
        .collect()
}

/// `STEM-PART := OBJECTS`, of the lists that Kbuild knows.
fn list(statement: &Statement) -> Option<(&str, &str, &str)> {
    let Statement::Assignment(assignment) = statement else {
        return None;
    };
    let (stem, part) = assignment.name.rsplit_once('-')?;
    let is_part = matches!(part, "y" | "m" | "objs") || symbol(part).is_some();
    is_part.then_some((stem, part, assignment.value.text.as_str()))
}

/// `X` of `$(CONFIG_X)`.
fn symbol(part: &str) -> Option<&str> {
    part.strip_prefix("$(CONFIG_")?.strip_suffix(')')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(text: &str) -> Symbols {
        Symbols::of_text(text, "Kconfig").unwrap()
    }

    #[test]
    fn what_cannot_be_on_without_rust_is_found_through_menus_ifs_and_other_symbols() {
        let found = symbols(
            "config RUST\n\tbool \"r\"\n\
             menu \"m\"\n\tdepends on RUST\nconfig IN_MENU\n\tbool \"a\"\nendmenu\n\
             menuconfig SAMPLES_RUST\n\tbool \"s\"\n\tdepends on NET && RUST\n\
             if SAMPLES_RUST\nconfig SAMPLE\n\ttristate \"b\"\n\thelp\n\t  depends on NET\nendif\n\
             config EITHER\n\tbool \"c\"\n\tdepends on RUST || NET\n\
             config WITHOUT\n\tbool \"d\"\n\tdepends on !RUST\n\
             config HIDDEN\n\tbool\n\tdepends on RUST=y\n\
             config TEXT\n\tstring\n\tdepends on RUST\n\
             config CONDITIONAL\n\tbool \"e\"\n\tdepends on RUST if NET\n",
        )
        .needing_rust();
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(
            found,
            ["HIDDEN", "IN_MENU", "RUST", "SAMPLE", "SAMPLES_RUST"]
        );
    }

    #[test]
    fn objects_with_rust_sources_are_found_also_as_parts_and_in_other_directories() {
        let directory = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(directory.path()).unwrap();
        for (file, text) in [
            (
                "d/Makefile",
                "obj-$(CONFIG_A)\t+= a.o c.o\nobj-$(CONFIG_B) += b.o\nb-y := b_main.o \\\n  b_c.o\nb-$(CONFIG_C) += part.o # why\n\
                 obj-$(CONFIG_D) += sub/whole.o\nwhole-y := sub/inner.o\nCFLAGS_a.o += -DX\n",
            ),
            ("d/a.rs", ""),
            ("d/c.c", ""),
            ("d/b_main.rs", ""),
            ("d/part.rs", ""),
            ("d/sub/inner.rs", ""),
            ("arch/arm/Makefile", "obj-$(CONFIG_ARM) += x.o\n"),
            ("arch/arm/x.rs", ""),
        ] {
            let path = tree.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        let found = options_of_sources(tree, "x86").unwrap();
        let found: Vec<String> = found
            .iter()
            .map(|(symbol, sources)| {
                let sources: Vec<&str> = sources.iter().map(|path| path.as_str()).collect();
                format!("{symbol}: {}", sources.join(" "))
            })
            .collect();
        assert_eq!(
            found,
            [
                "A: d/a.rs",
                "B: d/b_main.rs",
                "C: d/part.rs",
                "D: d/sub/inner.rs"
            ]
        );
    }
}
