//! `compiler_builtins`: the crate attribute `#![compiler_builtins]` is removed.
//!
//! It tells rustc which crate holds the compiler's own intrinsics, and will never be stable. It goes only where the caller says that
//! the gate is lowered, that is, for the kernel's file of panicking intrinsics, which is then compiled as an ordinary crate of
//! another name; the driver provides the crate that carries the attribute (`gateless-driver`, `runtime`).

use crate::gate::{Gate, Page, Places, Rendered, Shown, Source, View};
use crate::request::GateStatus;
use gateless_model::Result;
use gateless_rust_text::attributes::{self, Decision};

/// The gate.
pub struct CompilerBuiltins;

impl Gate for CompilerBuiltins {
    const NAME: &'static str = "compiler_builtins";
    const IS_FEATURE: bool = false;
    type Facts = Shown;
    type Notes = ();

    fn parse(_source: &Source<'_>, files: &[View<'_>]) -> Result<Shown> {
        let mut shown = Shown::default();
        files
            .iter()
            .filter(|view| view.is_root())
            .for_each(|view| remove(view, &mut shown));
        Ok(shown)
    }

    fn render(shown: &Shown, _page: &Page<'_>) -> Result<Rendered> {
        Ok(shown.render())
    }

    fn count(shown: &Shown, places: &mut Places) {
        shown.add_to(places);
    }
}

/// Removes the attribute from the crate root.
fn remove(view: &View<'_>, shown: &mut Shown) {
    if (view.source.request.gate_status)(CompilerBuiltins::NAME) != GateStatus::Lowered {
        return;
    }
    let tokens = &view.tokens;
    for attribute in attributes::all(tokens) {
        let edits = attribute.rewrite(tokens, view.cfg(), &mut |meta| {
            if tokens.are(meta.first, &["compiler_builtins", "]"]) {
                shown.count(CompilerBuiltins::NAME);
                Decision::Remove
            } else {
                Decision::Keep
            }
        });
        shown.edit(view.file, edits);
    }
}
