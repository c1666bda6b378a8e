//! The options of rustc and rustdoc that need no understanding of their own.

use super::Tool;

/// An option as it was given, without its dashes.
pub(super) enum Name {
    Short(char),
    Long(String),
}

/// Long name, short name, and which tools have the option.
type Listed = (&'static str, Option<char>, &'static [Tool]);

/// Options with a value.
pub(super) const VALUES: &[Listed] = &[
    ("cap-lints", None, ALL),
    ("cfg", None, ALL),
    ("check-cfg", None, ALL),
    ("color", None, ALL),
    ("crate-name", None, ALL),
    ("crate-type", None, ALL),
    ("default-theme", None, DOC),
    ("diagnostic-width", None, ALL),
    ("edition", None, ALL),
    ("error-format", None, ALL),
    ("explain", None, COMPILE),
    ("extend-css", Some('e'), DOC),
    ("html-after-content", None, DOC),
    ("html-before-content", None, DOC),
    ("html-in-header", None, DOC),
    ("json", None, ALL),
    ("out-dir", None, ALL),
    ("print", None, COMPILE),
    ("remap-path-scope", None, COMPILE),
    ("sysroot", None, ALL),
    ("target", None, ALL),
    ("test-args", None, DOC),
    ("test-builder", None, DOC),
    ("test-run-directory", None, DOC),
];

/// Options without a value.
pub(super) const SWITCHES: &[Listed] = &[
    ("document-private-items", None, DOC),
    ("generate-link-to-definition", None, DOC),
    ("help", Some('h'), ALL),
    ("no-run", None, DOC),
    ("quiet", None, DOC),
    ("test", None, ALL),
    ("verbose", Some('v'), ALL),
    ("version", Some('V'), ALL),
];

const ALL: &[Tool] = &[Tool::Rustc, Tool::Rustdoc, Tool::Clippy];
const COMPILE: &[Tool] = &[Tool::Rustc, Tool::Clippy];
const DOC: &[Tool] = &[Tool::Rustdoc];

/// The long name of an option, if the table has it for the tool.
pub(super) fn find(table: &[Listed], name: &Name, tool: Tool) -> Option<&'static str> {
    table
        .iter()
        .find(|(long, short, tools)| {
            tools.contains(&tool)
                && match name {
                    Name::Short(given) => *short == Some(*given),
                    Name::Long(given) => given == long,
                }
        })
        .map(|(long, ..)| *long)
}
