//! C functions that Rust code calls, and that this architecture alone defines inline, so that there is nothing to call.
//!
//! Upstream's answer to inline functions is a helper, `rust_helper_NAME` in `rust/helpers/`. Where a header of the architecture makes one of a
//! function that is a real one elsewhere, the same helper is added here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::tree::Tree;
use gateless_model::Result;
use regex::Regex;

/// A call from Rust, as all of the kernel's Rust code writes it.
static CALL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\bbindings::([A-Za-z_]\w*)\s*\(").expect("a constant"));
/// A helper.
static HELPER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\brust_helper_(\w+)\s*\(").expect("a constant"));
/// The definition of an inline function without function pointers among its parameters: result, name, parameters.
static DEFINITION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^static\s+(?:__always_inline|inline|__inline__)\s+([\w\s*]+?[\s*])(\w+)\s*\(([^(){};#]*)\)\s*\{")
        .expect("a constant")
});

/// One inline function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inline {
    /// Its name.
    pub name: String,
    /// Its result's type.
    pub result: String,
    /// Its parameters, as written.
    pub parameters: String,
    /// The header that it is to be had from, as in `#include`.
    pub include: String,
}

impl Inline {
    /// The helper for it, in C.
    pub fn helper(&self) -> String {
        let Self {
            name,
            result,
            parameters,
            ..
        } = self;
        let declaration = format!("{result} rust_helper_{name}({parameters})");
        let names: Vec<&str> = match parameters.as_str() {
            "void" => Vec::new(),
            list => list.split(',').filter_map(last_word).collect(),
        };
        let call = format!("{name}({})", names.join(", "));
        let statement = match result.as_str() {
            "void" => call,
            _ => format!("return {call}"),
        };
        format!("{declaration};\n{declaration}\n{{\n\t{statement};\n}}\n")
    }
}

/// The functions of an architecture that need a helper, by name.
pub fn find(tree: &Tree, source_arch: &str) -> Result<Vec<Inline>> {
    let headers = tree.path.join("arch").join(source_arch).join("include/asm");
    let mut defined: BTreeMap<String, Inline> = BTreeMap::new();
    for path in files(&headers, "h")? {
        let text = fs_err::read_to_string(&path)?;
        for found in DEFINITION.captures_iter(&text) {
            let inline = Inline {
                name: found[2].to_owned(),
                result: one_line(&found[1]),
                parameters: one_line(&found[3]),
                include: include(tree, &path),
            };
            defined.entry(inline.name.clone()).or_insert(inline);
        }
    }
    let called = names(tree, &["rust", "drivers", "samples"], "rs", &CALL)?;
    let helped = names(tree, &["rust/helpers"], "c", &HELPER)?;
    Ok(defined
        .into_values()
        .filter(|inline| called.contains(&inline.name) && !helped.contains(&inline.name))
        .collect())
}

/// The header to include: the general one of that name, where there is one.
fn include(tree: &Tree, path: &Utf8Path) -> String {
    let name = path.file_name().unwrap_or_default();
    let general = format!("linux/{name}");
    match tree.path.join("include").join(&general).is_file() {
        true => general,
        false => format!("asm/{name}"),
    }
}

/// What a pattern finds in all files of such names.
fn names(
    tree: &Tree,
    directories: &[&str],
    extension: &str,
    pattern: &Regex,
) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for directory in directories {
        for path in files(&tree.path.join(directory), extension)? {
            let text = fs_err::read_to_string(&path)?;
            found.extend(
                pattern
                    .captures_iter(&text)
                    .map(|found| found[1].to_owned()),
            );
        }
    }
    Ok(found)
}

/// All files below a directory with this extension, in a fixed order; none if there is no such directory.
fn files(directory: &Utf8Path, extension: &str) -> Result<Vec<Utf8PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        if !directory.is_dir() {
            continue;
        }
        for entry in directory.read_dir_utf8()? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push(entry.path().to_owned());
            } else if kind.is_file() && entry.path().extension() == Some(extension) {
                found.push(entry.path().to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The name of a parameter: the word at its end.
fn last_word(parameter: &str) -> Option<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let parameter = parameter.trim();
    let word = &parameter[parameter.trim_end_matches(is_word).len()..];
    (!word.is_empty()).then_some(word)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const INLINE: &str = "/* static inline long other(int a); */\nstatic inline long\nstrncpy_from_user(char *__to, const char __user *__from, long __len)\n{\n\treturn 0;\n}\n\
        static __always_inline void uncalled(void)\n{\n}\nstatic inline unsigned long\ncopy_from_user(void *to, const void *from, unsigned long n) {}\n";

    #[test]
    fn what_the_architecture_defines_inline_and_rust_calls_gets_a_helper() {
        let (_directory, tree) = testing::tree(&[("arch/vax/include/asm/uaccess.h", INLINE)]);
        let found = find(&tree, testing::ARCH).unwrap();
        let names: Vec<&str> = found.iter().map(|inline| inline.name.as_str()).collect();
        // The tree has a helper for the other one that is called.
        assert_eq!(names, ["strncpy_from_user"]);
        assert_eq!(found[0].include, "linux/uaccess.h");
        assert_eq!(
            found[0].helper(),
            "long rust_helper_strncpy_from_user(char *__to, const char __user *__from, long __len);\n\
             long rust_helper_strncpy_from_user(char *__to, const char __user *__from, long __len)\n\
             {\n\treturn strncpy_from_user(__to, __from, __len);\n}\n"
        );
    }

    #[test]
    fn an_architecture_without_such_functions_needs_no_helper() {
        let (_directory, tree) = testing::tree(&[]);
        assert_eq!(find(&tree, testing::ARCH).unwrap(), []);
    }
}
