//! `compiler_builtins`: the crate attribute `#![compiler_builtins]` is removed.
//!
//! It tells rustc which crate holds the compiler's own intrinsics, and will never be stable. It goes only where the caller says that
//! the gate is lowered, that is, for the kernel's file of panicking intrinsics, which is then compiled as an ordinary crate of
//! another name; the driver provides the crate that carries the attribute (`gateless-driver`, `runtime`).

use crate::gates::{View, Work};
use crate::request::GateStatus;
use gateless_rust_text::attributes::{self, Decision};

/// Removes the attribute from the crate root.
pub fn apply(view: &View<'_>, work: &mut Work) {
    if !view.is_root || (view.request.is_stable)("compiler_builtins") != GateStatus::Lowered {
        return;
    }
    let tokens = view.tokens;
    for attribute in attributes::all(tokens) {
        let edits = attribute.rewrite(tokens, &view.request.cfg, &mut |meta| {
            if tokens.are(meta.first, &["compiler_builtins", "]"]) {
                work.count("compiler_builtins");
                Decision::Remove
            } else {
                Decision::Keep
            }
        });
        work.edits.extend(edits);
    }
}
