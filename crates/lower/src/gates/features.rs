//! Feature attributes: `#![feature(a, b)]`, also within `cfg_attr`.
//!
//! On the stable channel naming any feature is E0554, even one that is stable by now. What the ledger calls stable or
//! lowered is dropped; anything else is an error, since the crate asked for something that stable Rust doesn't have.
//! Attributes behind a condition that doesn't hold are left alone. Where the condition is not known (the compiler sets
//! it by itself), an unknown feature is left for rustc to refuse.
//!
//! `#![feature(used_with_arg, asm_goto)]` becomes an empty line.

use gateless_model::{Failure, Result};

use crate::GateStatus;
use crate::gate::{Gate, Page, Places, Rendered, Shown, Source, UNASKED, View};
use gateless_rust_text::attributes::{self, Attribute, Decision, Meta};
use gateless_rust_text::cfg::{Truth, split_commas};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// Inner attributes at the top of a crate root.
fn crate_level(tokens: &Tokens<'_>) -> Vec<Attribute> {
    let mut next = 0;
    let mut found = Vec::new();
    for attribute in attributes::all(tokens) {
        if attribute.hash != next || !attribute.is_inner() {
            break;
        }
        next = tokens.close(attribute.open) + 1;
        found.push(attribute);
    }
    found
}

fn names(tokens: &Tokens<'_>, meta: Meta) -> Option<Vec<(usize, usize)>> {
    let is = tokens.at(meta.first) == "feature" && tokens.opens(meta.first + 1, "(");
    is.then(|| split_commas(tokens, meta.first + 2, tokens.close(meta.first + 1)))
}

/// The features that a crate root and the injected attributes turn on, or may turn on.
pub fn declared(tokens: &Tokens<'_>, crate_attrs: &[String], cfg: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut collect = |tokens: &Tokens<'_>, meta: Meta| {
        if meta.active != Truth::No {
            found.extend(
                names(tokens, meta)
                    .unwrap_or_default()
                    .iter()
                    .map(|part| tokens.at(part.0).to_owned()),
            );
        }
        Decision::Keep
    };
    for attribute in crate_level(tokens) {
        attribute.rewrite(tokens, cfg, &mut |meta| collect(tokens, meta));
    }
    for text in crate_attrs {
        let text = format!("#![{text}]");
        let tokens = Tokens::new(&text, ra_ap_syntax::Edition::Edition2021);
        for attribute in crate_level(&tokens) {
            attribute.rewrite(&tokens, cfg, &mut |meta| collect(&tokens, meta));
        }
    }
    found
}

/// The gate.
pub struct Features;

impl Gate for Features {
    const NAME: &'static str = "features";
    const IS_FEATURE: bool = false;
    type Facts = Shown;
    type Notes = ();

    fn parse(_source: &Source<'_>, files: &[View<'_>]) -> Result<Shown> {
        let mut shown = Shown::default();
        for view in files.iter().filter(|view| view.is_root()) {
            drop_attributes(view, &mut shown)?;
        }
        Ok(shown)
    }

    fn render(shown: &Shown, _page: &Page<'_>) -> Result<Rendered> {
        Ok(shown.render())
    }

    /// They stay, but for those that the compiler doesn't know.
    fn question(_shown: &Shown, page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        let tokens = Tokens::new(page.source.original(0), page.source.edition);
        let mut edits = Vec::new();
        for attribute in crate_level(&tokens) {
            let found = attribute.rewrite(&tokens, &page.source.request.cfg, &mut |meta| {
                let Some(parts) = names(&tokens, meta) else {
                    return Decision::Keep;
                };
                let is_kept = |part: &(usize, usize)| !UNASKED.contains(&tokens.at(part.0));
                let kept: Vec<_> = parts.iter().map(is_kept).collect();
                match (kept.contains(&true), kept.contains(&false)) {
                    (_, false) => Decision::Keep,
                    (false, true) => Decision::Remove,
                    (true, true) => Decision::Edit(attributes::removals(&tokens, &parts, &kept)),
                }
            });
            edits.extend(found.into_iter().map(|edit| (0, edit)));
        }
        Ok(edits)
    }

    fn count(shown: &Shown, places: &mut Places) {
        shown.add_to(places);
    }
}

/// Drops the feature attributes of the crate root.
fn drop_attributes(view: &View<'_>, shown: &mut Shown) -> Result<()> {
    let tokens = &view.tokens;
    for attribute in crate_level(tokens) {
        let mut failure = None;
        let edits = attribute.rewrite(tokens, view.cfg(), &mut |meta| {
            let Some(parts) = names(tokens, meta) else {
                return Decision::Keep;
            };
            if meta.active == Truth::No {
                return Decision::Keep;
            }
            let mut kept = Vec::new();
            for part in &parts {
                let name = tokens.at(part.0);
                match check(view.source.request.gate_status, name, &view.place(part.0)) {
                    Ok(()) => {
                        shown.count(name);
                        kept.push(false);
                    }
                    Err(_) if meta.active == Truth::Unknown => kept.push(true),
                    Err(error) => {
                        failure.get_or_insert(error);
                        kept.push(true);
                    }
                }
            }
            if kept.contains(&true) {
                Decision::Edit(attributes::removals(tokens, &parts, &kept))
            } else {
                Decision::Remove
            }
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        shown.edit(view.file, edits);
    }
    Ok(())
}

/// An attribute of the command line with which the compiler can be asked; nothing if it only has features that it doesn't know.
pub fn asked(attribute: &str) -> Option<String> {
    let tokens = Tokens::new(attribute, ra_ap_syntax::Edition::Edition2021);
    if tokens.at(0) != "feature" || !tokens.opens(1, "(") {
        return Some(attribute.to_owned());
    }
    let parts = split_commas(&tokens, 2, tokens.close(1));
    let names = parts.iter().map(|part| tokens.at(part.0));
    let names: Vec<_> = names.filter(|name| !UNASKED.contains(name)).collect();
    (!names.is_empty()).then(|| format!("feature({})", names.join(",")))
}

/// Whether the feature `name` may be dropped.
pub fn check(gate_status: &dyn Fn(&str) -> GateStatus, name: &str, place: &str) -> Result<()> {
    let why = match gate_status(name) {
        GateStatus::Stable | GateStatus::Lowered => return Ok(()),
        GateStatus::Internal => "it is internal to the compiler and its library",
        GateStatus::Unknown => "it is neither stable in this compiler nor known to have a lowering",
    };
    Err(Failure::no(format!(
        "{place}: the feature `{name}` can't be lowered: {why}"
    ))
    .help(format!(
        "remove `{name}` from the feature attribute and rewrite what needs it with stable Rust"
    )))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::{lowered, refused};

    #[test]
    fn the_compiler_is_asked_without_features_that_it_does_not_know() {
        for (attribute, wanted) in [
            ("no_std", Some("no_std")),
            (
                "feature(used_with_arg,asm_const_ptr)",
                Some("feature(used_with_arg)"),
            ),
            ("feature(asm_const_ptr)", None),
        ] {
            assert_eq!(super::asked(attribute).as_deref(), wanted);
        }
    }

    #[test]
    fn stable_and_lowered_features_leave_their_lines_behind() {
        expect![[r#"


            #![allow(internal_features)]


            #![cfg_attr(ON, allow(dead_code))]
            #![cfg_attr(OFF, feature(test))]
            fn f() {}
        "#]]
        .assert_eq(&lowered(
            "#![feature(asm_goto, used_with_arg)]\n#![cfg_attr(ON, feature(asm_goto))]\n#![allow(internal_features)]\n#![feature(\n  extract_if,)]\n#![cfg_attr(ON, feature(asm_goto), allow(dead_code), feature(extract_if))]\n#![cfg_attr(OFF, feature(test))]\nfn f() {}\n",
        ));
    }

    #[test]
    fn a_feature_that_nobody_can_lower_is_refused_with_its_line() {
        expect![
            "lib.rs:2: the feature `box_patterns` can't be lowered: it is neither stable in this compiler nor known to have a lowering"
        ]
        .assert_eq(&refused("#![feature(asm_goto)]\n#![feature(asm_goto, box_patterns)]\n"));
        expect!["lib.rs:1: the feature `compiler_builtins` can't be lowered: it is internal to the compiler and its library"]
            .assert_eq(&refused("#![cfg_attr(not(OFF), feature(compiler_builtins))]\n"));
    }

    #[test]
    fn stable_sources_stay_as_they_are() {
        let text = "//! #![feature(asm_goto)]\n#![no_std]\n/// #![feature(x)]\n#[used] static X: u8 = 1;\n#[cfg_attr(target_arch = \"arm\", feature(y))]\nfn f() {}\n";
        assert_eq!(lowered(text), text);
        assert_eq!(
            lowered("#![cfg_attr(target_arch = \"arm\", feature(y))]\n"),
            "#![cfg_attr(target_arch = \"arm\", feature(y))]\n"
        );
    }
}
