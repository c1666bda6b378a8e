//! `cfi_encoding`: `#[cfi_encoding = "..."]` is removed.
//!
//! It names a type's encoding in the type identifiers of control flow integrity and has no other effect, so it can go
//! as long as CFI is off; combining the two has to be refused by whoever plans the flags.

use crate::gate::{Gate, Page, Places, Rendered, Shown, Source, View};
use gateless_model::Result;
use gateless_rust_text::attributes::{self, Decision};

/// The gate.
pub struct CfiEncoding;

impl Gate for CfiEncoding {
    const NAME: &'static str = "cfi_encoding";
    type Facts = Shown;
    type Notes = ();

    fn parse(_source: &Source<'_>, files: &[View<'_>]) -> Result<Shown> {
        let mut shown = Shown::default();
        files.iter().for_each(|view| remove(view, &mut shown));
        Ok(shown)
    }

    fn render(shown: &Shown, _page: &Page<'_>) -> Result<Rendered> {
        Ok(shown.render())
    }

    fn count(shown: &Shown, places: &mut Places) {
        shown.add_to(places);
    }
}

/// Removes the attribute wherever it stands.
fn remove(view: &View<'_>, shown: &mut Shown) {
    let tokens = &view.tokens;
    for attribute in attributes::all(tokens) {
        let edits = attribute.rewrite(tokens, view.cfg(), &mut |meta| {
            if tokens.are(meta.first, &["cfi_encoding", "="]) {
                shown.count(CfiEncoding::NAME);
                Decision::Remove
            } else {
                Decision::Keep
            }
        });
        shown.edit(view.file, edits);
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
