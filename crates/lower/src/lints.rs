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
