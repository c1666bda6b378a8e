//! `used_with_arg`: `#[used(compiler)]` and `#[used(linker)]` become `#[used]`.
//!
//! All three keep a static through compilation. They differ in the object file: `linker` and plain mean `llvm.used` (the
//! section gets the retain flag on ELF), `compiler` means `llvm.compiler.used` (no such flag). Whoever makes the object has to put that right.
//! So that both kinds can be told apart then, also in crates that have both or that get them from macros of other crates, the sections of the
//! statics that the linker keeps are given the prefix [`LINKER_MARK`], which does not reach the object ([`crate::Request::mark_used`]).
//! Where rustc makes the object by itself, all are kept by the linker as well.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::gate::{Ear, Gate, Needs, Page, Places, Purpose, Rendered, Shown, Source, View};
use crate::place::Expression;
use gateless_model::{Failure, Result};
use gateless_rust_text::attributes::{self, Attribute, Decision};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;
use gateless_rustc::diagnostic::{Event, Said};

/// Beginning of the section's name of a static that the linker keeps; all of it for one without a section.
pub const LINKER_MARK: &str = "gateless.used.linker:";

/// The gate.
pub struct UsedWithArg;

/// What a crate has of such attributes.
#[derive(Clone, PartialEq)]
pub struct Facts {
    /// As a patch has it.
    plain: Shown,
    /// With marks for whoever makes the object, where that was asked for.
    marked: Option<Shown>,
    /// Whether a static was marked.
    has_marks: bool,
    /// Attributes of macros that take the argument from their callers, by file and bytes, with the arguments that these give.
    given: BTreeMap<Expression, BTreeSet<&'static str>>,
}

/// The arguments that need the feature.
const ARGUMENTS: [&str; 2] = ["compiler", "linker"];

impl Gate for UsedWithArg {
    const NAME: &'static str = "used_with_arg";
    type Facts = Facts;
    type Notes = ();

    fn parse(source: &Source<'_>, files: &[View<'_>]) -> Result<Facts> {
        let is_on = source.has(Self::NAME) || carries(source);
        let all = |mark_used: bool| {
            let mut shown = Shown::default();
            let mut has_marks = false;
            for view in files
                .iter()
                .filter(|view| view.tokens.text.contains("used"))
            {
                has_marks |= lower(view, mark_used, is_on, &mut shown);
            }
            (shown, has_marks)
        };
        let (plain, _) = all(false);
        let marked = source.request.mark_used.then(|| all(true));
        Ok(Facts {
            plain,
            has_marks: marked.as_ref().is_some_and(|(_, has_marks)| *has_marks),
            marked: marked.map(|(shown, _)| shown),
            given: BTreeMap::new(),
        })
    }

    fn hear(facts: &mut Facts, ear: &Ear<'_, ()>, event: &Event<'_>) {
        let asks = |argument: &&str| event.quotes(&format!("#[used({argument})]"));
        let argument = ARGUMENTS.into_iter().find(asks);
        let is_ours = matches!(event.said, Said::Gated) && ear.source.has(Self::NAME);
        let Some(argument) = argument.filter(|_| is_ours) else {
            return;
        };
        for spot in event.primary().filter_map(|place| ear.source.spot(place)) {
            let text = &ear.source.original(spot.file)[spot.range.clone()];
            if !spot.added && text.starts_with("#[used(") && text.contains('$') {
                let key = (spot.file, spot.range.start, spot.range.end);
                facts.given.entry(key).or_default().insert(argument);
            }
        }
    }

    fn needs(facts: &Facts, purpose: Purpose) -> Needs {
        Needs {
            support: false,
            quiet: facts.has_marks && purpose == Purpose::Compile,
        }
    }

    fn render(facts: &Facts, page: &Page<'_>) -> Result<Rendered> {
        let marked = facts.marked.as_ref();
        let shown = marked.filter(|_| page.purpose == Purpose::Compile);
        let mut rendered = shown.unwrap_or(&facts.plain).render();
        for (&(file, start, end), arguments) in &facts.given {
            if !arguments.iter().eq(["compiler"].iter()) {
                return Err(Failure::no(format!(
                    "{}: the gate `{}` can't be lowered here: callers of the macro give the attribute its argument, and not all of them `compiler`",
                    page.source.line(file, start),
                    Self::NAME
                ))
                .help("write the attribute out in one macro for each argument"));
            };
            let text = page.source.original(file);
            let edit = Edit::replace(text, start..end, "#[used]");
            rendered.edits.push((file, edit));
        }
        Ok(rendered)
    }

    fn count(facts: &Facts, places: &mut Places) {
        facts.plain.add_to(places);
        if !facts.given.is_empty() {
            *places.entry(Self::NAME.to_owned()).or_default() += facts.given.len();
        }
    }
}

/// Whether the crate only carries such attributes to others: a library of procedural macros, whose users name the feature.
fn carries(source: &Source<'_>) -> bool {
    source.original(0).contains("proc_macro")
}

/// Whether the group is one word with a comma after it.
fn is_list(tokens: &Tokens<'_>, group: usize, end: usize) -> bool {
    tokens.opens(group, "(") && tokens.at(group + 2) == "," && end == group + 4
}

/// Lowers the attribute wherever it stands in a file; returns whether any static was marked.
fn lower(view: &View<'_>, mark_used: bool, is_on: bool, shown: &mut Shown) -> bool {
    let tokens = &view.tokens;
    let mut has_marks = false;
    let all = attributes::all(tokens);
    for (index, attribute) in all.iter().enumerate() {
        let alike = alike(tokens, &all, index);
        let mut lowered = 0;
        let mut marks = Vec::new();
        let edits = attribute.rewrite(tokens, view.cfg(), &mut |meta| {
            let group = meta.first + 1;
            if tokens.at(meta.first) != "used" {
                return Decision::Keep;
            }
            let argument = match (meta.end == group, meta.end == group + 3) {
                (true, _) => "",
                (_, true) if tokens.opens(group, "(") => tokens.at(group + 1),
                _ if is_list(tokens, group, meta.end) => tokens.at(group + 1),
                _ => return Decision::Keep,
            };
            let is_text = (1..attribute.hash).any(|i| {
                tokens.close(i) > attribute.hash
                    && tokens.at(i - 1) == "!"
                    && i > 1
                    && tokens.at(i - 2) == "stringify"
            });
            if is_text {
                return Decision::Keep;
            }
            let mut edits = Vec::new();
            if is_on && alike.contains(&argument) {
                // The linker keeps what is asked for both ways: one attribute is enough, and two would be one too many.
                lowered += usize::from(!argument.is_empty());
                return Decision::Remove;
            }
            if ARGUMENTS.contains(&argument) {
                if !is_on {
                    return Decision::Keep;
                }
                lowered += 1;
                edits.push(Edit::remove(
                    tokens.text,
                    tokens.bytes(group, tokens.close(group)),
                ));
            } else if !argument.is_empty() {
                return Decision::Keep;
            }
            if argument != "compiler" && mark_used {
                let sections = sections(tokens, &all, index);
                let is_direct = meta.first == attribute.open + 1;
                edits.push(Edit::insert(
                    tokens.list[meta.first].range.end,
                    mark(&sections, is_direct),
                ));
                marks.extend(sections.iter().flat_map(|section| prefix(tokens, section)));
            }
            if edits.is_empty() {
                Decision::Keep
            } else {
                Decision::Edit(edits)
            }
        });
        for _ in 0..lowered {
            shown.count(UsedWithArg::NAME);
        }
        has_marks |= !marks.is_empty();
        shown.edit(view.file, edits);
        shown.edit(view.file, marks);
    }
    has_marks
}

/// A `link_section` on the same static.
struct Section {
    /// First token of its value, and the token after it.
    value: (usize, usize),
    /// Conditions of the `cfg_attr`s around it.
    conditions: Vec<String>,
}

/// The attributes next to the one at `index`, itself among them.
fn neighbours(tokens: &Tokens<'_>, all: &[Attribute], index: usize) -> RangeInclusive<usize> {
    let follows = |a: &Attribute, b: &Attribute| tokens.close(a.open) + 1 == b.hash;
    let mut first = index;
    while first > 0 && follows(&all[first - 1], &all[first]) {
        first -= 1;
    }
    let mut last = index;
    while last + 1 < all.len() && follows(&all[last], &all[last + 1]) {
        last += 1;
    }
    first..=last
}

/// The arguments with which the attribute at `index`, written by itself, is one too many beside its neighbours: `compiler` beside one that the
/// linker heeds, and of `linker` and none that which comes later.
fn alike(tokens: &Tokens<'_>, all: &[Attribute], index: usize) -> Vec<&'static str> {
    let argument = |attribute: &Attribute| {
        let first = attribute.open + 1;
        let end = tokens.close(attribute.open);
        if tokens.at(first) != "used" {
            return None;
        }
        match (end == first + 1, tokens.opens(first + 1, "(")) {
            (true, _) => Some(""),
            (_, true) => ARGUMENTS
                .into_iter()
                .find(|word| *word == tokens.at(first + 2)),
            _ => None,
        }
    };
    let near = neighbours(tokens, all, index);
    let arguments: Vec<_> = near.map(|i| (i, argument(&all[i]))).collect();
    let has = |which: &str, before: usize| {
        let mut others = arguments.iter();
        others.any(|&(i, argument)| i < before && argument == Some(which))
    };
    let mut alike = Vec::new();
    if has("linker", usize::MAX) || has("", usize::MAX) {
        alike.push("compiler");
    }
    if has("linker", index) {
        alike.push("");
    }
    if has("", index) {
        alike.push("linker");
    }
    alike
}

/// All `link_section`s among the attributes next to the one at `index`.
fn sections(tokens: &Tokens<'_>, all: &[Attribute], index: usize) -> Vec<Section> {
    let mut found = Vec::new();
    for attribute in &all[neighbours(tokens, all, index)] {
        let close = tokens.close(attribute.open);
        for i in attribute.open..close {
            if !tokens.are(i, &["link_section", "="]) {
                continue;
            }
            let around = (attribute.open + 1..i).filter(|&open| tokens.close(open) > i);
            let mut end = close;
            let mut conditions = Vec::new();
            for open in around {
                end = tokens.close(open);
                if tokens.at(open - 1) == "cfg_attr" {
                    let parts = gateless_rust_text::cfg::split_commas(tokens, open + 1, end);
                    end = parts
                        .iter()
                        .find(|part| part.0 <= i && i < part.1)
                        .map_or(end, |part| part.1);
                    conditions.extend(parts.first().map(|&(first, end)| {
                        tokens.text[tokens.bytes(first, end - 1)].replace('\n', " ")
                    }));
                }
            }
            found.push(Section {
                value: (i + 2, end),
                conditions,
            });
        }
    }
    found
}

/// The attribute that gives the static a section of its own where it has none, as it stands after `used`.
fn mark(sections: &[Section], is_direct: bool) -> String {
    let own = format!("allow(unsafe_code), unsafe(link_section = \"{LINKER_MARK}\")");
    let conditions: Vec<String> = sections
        .iter()
        .map(|section| format!("all({})", section.conditions.join(", ")))
        .collect();
    let own = if conditions.is_empty() {
        format!("cfg_attr(all(), {own})")
    } else {
        format!("cfg_attr(not(any({})), {own})", conditions.join(", "))
    };
    if is_direct {
        format!("] #[{own}")
    } else {
        format!(", {own}")
    }
}

/// The edits that put the mark in front of a section's name.
fn prefix(tokens: &Tokens<'_>, section: &Section) -> [Edit; 2] {
    let (first, end) = section.value;
    Edit::wrap(
        tokens.bytes(first, end - 1),
        format!("concat!(\"{LINKER_MARK}\", "),
        ")",
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::{lowered, lowered_marking};

    const TEXT: &str = "#[used(compiler)] static A: u8 = 1;\n#[used] static B: u8 = 2;\nmacro_rules! m { ($n:ident) => { #[used(linker)] static $n: u8 = 3; } }\nfn f() { quote! { #[doc(hidden)] #[used(\n  compiler\n)] static __X: u8 = #x; }; }\n#[cfg_attr(ON, used(compiler), no_mangle)] static C: u8 = 4;\n";

    /// Of a crate that names the feature; its first line is left out.
    fn on(text: &str, lowered: fn(&str) -> String) -> String {
        let text = lowered(&format!("#![feature(used_with_arg)]\n{text}"));
        text.split_once('\n').unwrap().1.to_owned()
    }

    #[test]
    fn without_the_feature_the_compiler_sees_the_attribute() {
        let text = "#[used(compiler)] static A: u8 = 1;\n";
        assert_eq!(lowered(text), text);
        let text = "use proc_macro::TokenStream; fn f() { quote! { #[used(compiler)] static A: u8 = 1; } }\n";
        assert!(!lowered(text).contains("compiler"));
    }

    #[test]
    fn the_argument_goes_in_items_macros_and_quotes() {
        expect![[r#"
            #[used] static A: u8 = 1;
            #[used] static B: u8 = 2;
            macro_rules! m { ($n:ident) => { #[used] static $n: u8 = 3; } }
            fn f() { quote! { #[doc(hidden)] #[used

            ] static __X: u8 = #x; }; }
            #[cfg_attr(ON, used, no_mangle)] static C: u8 = 4;
        "#]]
        .assert_eq(&on(TEXT, lowered));
    }

    #[test]
    fn what_the_linker_keeps_is_marked_by_its_section() {
        expect![[r##"
            #[used] static A: u8 = 1;
            #[used] #[cfg_attr(all(), allow(unsafe_code), unsafe(link_section = "gateless.used.linker:"))] static B: u8 = 2;
            #[used] #[cfg_attr(not(any(all())), allow(unsafe_code), unsafe(link_section = "gateless.used.linker:"))] #[link_section = concat!("gateless.used.linker:", ".x")] static C: u8 = 3;
            #[cfg_attr(ON, unsafe(link_section = concat!("gateless.used.linker:", ".y")))] #[cfg_attr(ON, used, cfg_attr(not(any(all(ON))), allow(unsafe_code), unsafe(link_section = "gateless.used.linker:")), cold)] static D: u8 = 4;
        "##]].assert_eq(&on("#[used(compiler)] static A: u8 = 1;\n#[used] static B: u8 = 2;\n#[used(linker)] #[link_section = \".x\"] static C: u8 = 3;\n#[cfg_attr(ON, unsafe(link_section = \".y\"))] #[cfg_attr(ON, used, cold)] static D: u8 = 4;\n", lowered_marking));
    }

    #[test]
    fn a_function_called_used_is_left_alone() {
        let text = "fn f() { used(compiler); let x = [used(linker)]; }\n";
        assert_eq!(lowered(text), text);
    }
}
