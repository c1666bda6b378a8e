//! `cfi_encoding`: `#[cfi_encoding = "..."]` is removed.
//!
//! It names a type's encoding in the type identifiers of control flow integrity and has no other effect, so it can go
//! as long as CFI is off; combining the two has to be refused by whoever plans the flags.

use crate::gates::{View, Work};
use gateless_rust_text::attributes::{self, Decision};

/// Removes the attribute wherever it stands.
pub fn apply(view: &View<'_>, work: &mut Work) {
    let tokens = view.tokens;
    for attribute in attributes::all(tokens) {
        let edits = attribute.rewrite(tokens, &view.request.cfg, &mut |meta| {
            if tokens.are(meta.first, &["cfi_encoding", "="]) {
                work.count("cfi_encoding");
                Decision::Remove
            } else {
                Decision::Keep
            }
        });
        work.edits.extend(edits);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::lowered;

    #[test]
    fn the_attribute_goes_and_its_neighbours_stay() {
        assert_eq!(
            lowered("#[repr(C)] #[cfi_encoding = \"5x\"]\nstruct X;\n"),
            "#[repr(C)] \nstruct X;\n"
        );
        assert_eq!(
            lowered("#[cfg_attr(ON, cfi_encoding = \"x\", repr(C))]\nstruct X;\n"),
            "#[cfg_attr(ON, repr(C))]\nstruct X;\n"
        );
    }
}
