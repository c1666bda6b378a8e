//! `asm_experimental_arch`: an `asm!` without instructions becomes a compiler fence.
//!
//! rustc has inline assembly for some architectures only behind this feature. An empty `asm!` without options reads and writes, as far as the
//! compiler knows, all memory, and is used for nothing else than that: the compiler moves no access across it, and the processor never sees it. That is
//! what `compiler_fence(SeqCst)` says. Whether the architecture is one of those is the compiler's own answer, so that others keep their `asm!`.

use std::collections::BTreeSet;
use std::ops::Range;

use gateless_model::Result;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;
use gateless_rustc::diagnostic::{Event, Said};
use ra_ap_syntax::Edition;

use crate::gate::{Ear, Gate, Needs, Page, Places, Purpose, Rendered, Source, View};
use crate::lints::QUIET;

/// The gate.
pub struct AsmExperimentalArch;

/// Calls of `asm!` that the compiler refused, by file and bytes of the original.
pub type Calls = BTreeSet<(usize, usize, usize)>;

impl Gate for AsmExperimentalArch {
    const NAME: &'static str = "asm_experimental_arch";
    type Facts = Calls;
    type Notes = ();

    fn parse(_source: &Source<'_>, _files: &[View<'_>]) -> Result<Calls> {
        Ok(Calls::new())
    }

    fn hear(calls: &mut Calls, ear: &Ear<'_, ()>, event: &Event<'_>) {
        if let Some((file, range)) = refused(&ear.source, event)
            && is_empty(
                &ear.source.original(file)[range.clone()],
                ear.source.edition,
            )
        {
            calls.insert((file, range.start, range.end));
        }
    }

    fn needs(calls: &Calls, _purpose: Purpose) -> Needs {
        Needs {
            support: false,
            quiet: !calls.is_empty(),
        }
    }

    fn render(calls: &Calls, page: &Page<'_>) -> Result<Rendered> {
        Ok(Rendered {
            edits: fences(calls, page),
            notes: (),
        })
    }

    /// No attribute opens the gate for a stable compiler that is asked, and a fence calls no method.
    fn question(calls: &Calls, page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        Ok(fences(calls, page))
    }

    fn count(calls: &Calls, places: &mut Places) {
        if !calls.is_empty() {
            places.insert(Self::NAME.to_owned(), calls.len());
        }
    }

    fn explain(source: &Source<'_>, event: &Event<'_>) -> Option<String> {
        refused(source, event)?;
        Some("the compiler has no stable inline assembly for this architecture, and only an empty `asm!` can be had without".to_owned())
    }
}

/// The edits that put a fence into the place of each call.
fn fences(calls: &Calls, page: &Page<'_>) -> Vec<(usize, Edit)> {
    let edits = calls.iter().map(|&(file, start, end)| {
        let edit = Edit::replace(page.source.original(file), start..end, fence());
        (file, edit)
    });
    edits.collect()
}

/// A call of `asm!` that the compiler refuses for the architecture's sake.
fn refused(source: &Source<'_>, event: &Event<'_>) -> Option<(usize, Range<usize>)> {
    if !matches!(event.said, Said::GatedAssembly) {
        return None;
    }
    let spot = event.primary().find_map(|place| source.spot(place))?;
    Some((spot.file, spot.range))
}

/// Whether a call has an empty template and nothing else.
fn is_empty(call: &str, edition: Edition) -> bool {
    let tokens = Tokens::new(call, edition);
    let Some(open) = (0..tokens.list.len()).find(|&i| tokens.at(i) == "!") else {
        return false;
    };
    let open = open + 1;
    let template = open + 1;
    let is_alone = tokens.list.len() == template + 2
        || tokens.list.len() == template + 3 && tokens.at(template + 1) == ",";
    open >= 2
        && tokens.at(open - 2) == "asm"
        && is_alone
        && tokens
            .string(template)
            .is_some_and(|text| text.trim().is_empty())
}

/// The fence. As `asm!` it is unsafe to call, so that an `unsafe` around it stays needed.
fn fence() -> String {
    format!(
        "{{ {QUIET} #[inline(always)] unsafe fn __gateless_fence() {{ ::core::sync::atomic::compiler_fence(::core::sync::atomic::Ordering::SeqCst) }} __gateless_fence() }}"
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use gateless_model::Exit;

    use crate::Progress;
    use crate::testing::{Scratch, error};

    const MESSAGE: &str = "inline assembly is not stable yet on this architecture";

    fn refine(text: &str, at: &str) -> gateless_model::Result<(Progress, String)> {
        Scratch::new(&[("lib.rs", text)]).lower("lib.rs", &[], |lowered| {
            let mut lowered = lowered.unwrap();
            let said = error("E0658", MESSAGE, text, at, "");
            let progress = lowered.refine(&[said])?;
            let new = lowered.changes().next().map(|(_, new)| new.to_owned());
            Ok((progress, new.unwrap_or_default()))
        })
    }

    #[test]
    fn an_empty_asm_that_the_compiler_refuses_becomes_a_fence() {
        let text = "fn barrier() {\n    unsafe { core::arch::asm!(\n\"\") };\n}\n";
        let (_, lowered) = refine(text, "core::arch::asm!(\n\"\")").unwrap();
        let lowered = lowered.replace(crate::lints::QUIET, "#[quiet]");
        expect![[r#"
            fn barrier() {
                unsafe { { #[quiet] #[inline(always)] unsafe fn __gateless_fence() { ::core::sync::atomic::compiler_fence(::core::sync::atomic::Ordering::SeqCst) } __gateless_fence() }
             };
            }
        "#]].assert_eq(&lowered);
    }

    #[test]
    fn an_asm_that_the_compiler_takes_stays() {
        let text = "fn barrier() { unsafe { core::arch::asm!(\"\") }; }\n";
        assert_eq!(crate::testing::lowered(text), text);
    }

    #[test]
    fn an_asm_with_instructions_or_operands_is_an_error_that_names_it() {
        for call in [
            "asm!(\"nop\")",
            "asm!(\"\", in(reg) x)",
            "global_asm!(\"\")",
        ] {
            let text = format!("fn f() {{ unsafe {{ {call} }} }}\n");
            let failure = refine(&text, call).unwrap_err();
            assert_eq!(failure.exit, Exit::No);
            assert!(
                failure
                    .what
                    .contains("lib.rs:1: the gate `asm_experimental_arch`"),
                "{failure}"
            );
        }
    }
}
