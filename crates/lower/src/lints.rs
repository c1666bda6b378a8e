//! Lint levels around added code.
//!
//! Added code switches lints off for itself, which is an error under `forbid`. So in crates that get such code `forbid` becomes `deny`,
//! which says the same about the crate's own code, unless that switches the lint off again.

use ra_ap_syntax::Edition;

use gateless_rust_text::attributes::{self, Decision};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// Switches off every lint that a crate could have on for added code.
pub const QUIET: &str = "#[allow(warnings, unsafe_code, unused, nonstandard_style, rust_2018_idioms, unreachable_pub, clippy::all)]";

/// Takes the place of [`QUIET`] where the compiler is asked about dead code, which code that may be dead would keep alive.
pub const LIVELESS: &str = "#[allow(unsafe_code, unused_imports, unused_variables, unused_mut, unused_macros, unused_parens, unused_braces, unused_unsafe, unused_must_use, nonstandard_style, rust_2018_idioms, unreachable_pub, clippy::all)]";

/// Lints that `warnings` does not stand for, and that a crate may have on.
const OTHERS: &[&str] = &[
    "missing_debug_implementations",
    "missing_copy_implementations",
    "missing_docs",
    "unused_qualifications",
    "unused_results",
    "trivial_casts",
    "trivial_numeric_casts",
    "variant_size_differences",
    "single_use_lifetimes",
    "unnameable_types",
    "let_underscore_drop",
    "elided_lifetimes_in_paths",
    "explicit_outlives_requirements",
    "unsafe_op_in_unsafe_fn",
    "unused_crate_dependencies",
    "unused_lifetimes",
    "unused_macro_rules",
    "unused_import_braces",
    "meta_variable_misuse",
];

/// [`QUIET`] for a crate whose root is `text`: with those of the other lints that it names.
pub fn quiet(text: &str) -> Option<String> {
    let named: Vec<&str> = OTHERS
        .iter()
        .copied()
        .filter(|lint| text.contains(lint))
        .collect();
    let rest = QUIET.strip_prefix("#[allow(")?;
    (!named.is_empty()).then(|| format!("#[allow({}, {rest}", named.join(", ")))
}

/// The edits for one file.
pub fn soften(text: &str, edition: Edition) -> Vec<Edit> {
    if !text.contains("forbid") {
        return Vec::new();
    }
    let tokens = Tokens::new(text, edition);
    let mut edits = Vec::new();
    for attribute in attributes::all(&tokens) {
        edits.extend(attribute.rewrite(&tokens, &[], &mut |meta| {
            if tokens.at(meta.first) == "forbid" && tokens.opens(meta.first + 1, "(") {
                Decision::Edit(vec![Edit::replace(
                    text,
                    tokens.list[meta.first].range.clone(),
                    "deny",
                )])
            } else {
                Decision::Keep
            }
        }));
    }
    edits
}
