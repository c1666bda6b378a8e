//! `-Zcrate-attr=X`: attributes injected from the command line are written into the crate root.
//!
//! `-Zcrate-attr=no_std` becomes `#![no_std]` at the very start of the first line, after a byte order mark or `#!` line.
//! Features among them are handled as in [`super::features`].

use gateless_model::Result;

use super::features;
use crate::gate::{Gate, Page, Places, Purpose, Rendered, Shown, Source, View};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// The gate.
pub struct CrateAttr;

impl Gate for CrateAttr {
    const NAME: &'static str = "crate_attr";
    const IS_FEATURE: bool = false;
    type Facts = Shown;
    type Notes = ();

    fn parse(_source: &Source<'_>, files: &[View<'_>]) -> Result<Shown> {
        let mut shown = Shown::default();
        for view in files.iter().filter(|view| view.is_root()) {
            write(view, &mut shown)?;
        }
        Ok(shown)
    }

    fn render(shown: &Shown, page: &Page<'_>) -> Result<Rendered> {
        // In a patch they would come twice: the command line still has them.
        Ok(match page.purpose {
            Purpose::Patch => Rendered::default(),
            _ => shown.render(),
        })
    }

    fn question(_facts: &Shown, page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        let attributes = page.source.request.crate_attrs.iter();
        let text: String = attributes
            .filter_map(|attribute| features::asked(attribute))
            .map(|attribute| format!("#![{attribute}]"))
            .collect();
        let start = start(page.source.original(0));
        Ok(if text.is_empty() {
            Vec::new()
        } else {
            vec![(0, Edit::insert(start, text))]
        })
    }

    fn count(shown: &Shown, places: &mut Places) {
        shown.add_to(places);
    }
}

/// Writes the injected attributes into the crate root.
fn write(view: &View<'_>, shown: &mut Shown) -> Result<()> {
    let request = view.source.request;
    let mut text = String::new();
    for attribute in request.crate_attrs {
        let tokens = Tokens::new(attribute, ra_ap_syntax::Edition::Edition2021);
        if tokens.at(0) == "feature" && tokens.opens(1, "(") {
            for (first, _) in gateless_rust_text::cfg::split_commas(&tokens, 2, tokens.close(1)) {
                let name = tokens.at(first);
                features::check(request.gate_status, name, "-Zcrate-attr")?;
                shown.count(name);
            }
        } else {
            text.push_str(&format!("#![{attribute}]"));
        }
    }
    if !text.is_empty() {
        shown.edit(view.file, [Edit::insert(start(view.tokens.text), text)]);
    }
    Ok(())
}

/// Byte at which the first attribute of a crate may stand.
fn start(text: &str) -> usize {
    let mark = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let body = &text[mark..];
    if body.starts_with("#!") && !body[2..].trim_start().starts_with('[') {
        return mark + body.find('\n').map_or(body.len(), |end| end + 1);
    }
    mark
}

#[cfg(test)]
mod tests {
    use crate::testing::lowered_with;

    #[test]
    fn injected_attributes_come_first_on_the_first_line() {
        let attrs = ["no_std", "feature(asm_goto,used_with_arg)"];
        assert_eq!(
            lowered_with("//! Doc.\nfn f() {}\n", &attrs),
            "#![no_std]//! Doc.\nfn f() {}\n"
        );
        assert_eq!(
            lowered_with("\u{feff}fn f() {}\n", &attrs),
            "\u{feff}#![no_std]fn f() {}\n"
        );
        assert_eq!(
            lowered_with("#!/bin/x\nfn f() {}\n", &attrs),
            "#!/bin/x\n#![no_std]fn f() {}\n"
        );
        assert_eq!(
            lowered_with("#![allow(x)]\n", &attrs),
            "#![no_std]#![allow(x)]\n"
        );
    }
}
