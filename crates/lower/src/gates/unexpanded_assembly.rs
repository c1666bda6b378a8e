//! Macros made of an architecture's assembly, where the architecture has none: another definition of the macro is taken.
//!
//! The kernel's `rust/kernel/generated_arch_*_asm.rs` are C macros that the preprocessor has turned into Rust strings. For an architecture that doesn't
//! define the C macro its bare call is left in the file, and no Rust macro that includes it can be used. Such a Rust macro has definitions
//! under several conditions; its condition names architectures that it is not for, each of which has a definition without that file. The
//! one that most of them share is what this architecture gets as well. It is no gate: no compiler could take the text.

use std::collections::BTreeMap;

use gateless_model::{Failure, Result};
use gateless_rust_text::attributes;
use gateless_rust_text::cfg::{self, Truth};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;
use ra_ap_parser::SyntaxKind;

use gateless_base::paths::absolute;

use crate::crate_files;
use crate::gate::{Gate, Page, Places, Rendered, Shown, Source, View};

/// The rule.
pub struct UnexpandedAssembly;

impl Gate for UnexpandedAssembly {
    const NAME: &'static str = "unexpanded_assembly";
    const IS_FEATURE: bool = false;
    type Facts = Shown;
    type Notes = ();

    fn parse(_source: &Source<'_>, files: &[View<'_>]) -> Result<Shown> {
        let mut shown = Shown::default();
        for view in files {
            replace(view, &mut shown)?;
        }
        Ok(shown)
    }

    fn render(shown: &Shown, _page: &Page<'_>) -> Result<Rendered> {
        Ok(shown.render())
    }

    /// The crate as it is does not compile here, gated or not.
    fn question(shown: &Shown, _page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        Ok(shown.edits.clone())
    }

    fn count(shown: &Shown, places: &mut Places) {
        shown.add_to(places);
    }
}

/// One definition of a macro.
struct Definition<'a> {
    name: &'a str,
    /// Token of `macro_rules`.
    at: usize,
    /// First token of each `cfg` predicate on it, and the token after the last.
    predicates: Vec<(usize, usize)>,
    /// The C macro that stands unexpanded in a file that it includes, and that file.
    unexpanded: Option<(String, String)>,
}

impl Definition<'_> {
    fn holds(&self, tokens: &Tokens<'_>, cfg: &[String]) -> bool {
        let mut predicates = self.predicates.iter();
        predicates.all(|&(first, end)| cfg::decide(tokens, first, end, cfg) != Truth::No)
    }

    /// The options that its condition says must be off.
    fn exceptions<'t>(&self, tokens: &Tokens<'t>) -> Vec<&'t str> {
        let predicates = self.predicates.iter();
        let inside = predicates.flat_map(|&(first, end)| first..end);
        let names = inside
            .filter(|&i| tokens.are(i, &["not", "("]) && tokens.close(i + 1) == i + 3)
            .map(|i| tokens.at(i + 2));
        names.filter(|name| name.starts_with("CONFIG_")).collect()
    }
}

/// Takes the other definition of every macro of a file that can't be used.
fn replace(view: &View<'_>, shown: &mut Shown) -> Result<()> {
    let tokens = &view.tokens;
    if !tokens.text.contains("macro_rules") || !tokens.text.contains("include!") {
        return Ok(());
    }
    let all = definitions(view);
    let broken = all
        .iter()
        .filter(|one| one.unexpanded.is_some() && one.holds(tokens, view.cfg()));
    for one in broken {
        let other = other(view, one, &all).ok_or_else(|| refusal(view, one))?;
        shown.count(UnexpandedAssembly::NAME);
        let start = tokens.list[one.at].range.start;
        let mut edits = vec![Edit::insert(start, "#[cfg(any())] ")];
        for &(first, end) in &other.predicates {
            if cfg::decide(tokens, first, end, view.cfg()) == Truth::No {
                let bytes = tokens.bytes(first, end - 1);
                edits.push(Edit::replace(tokens.text, bytes, "all()"));
            }
        }
        shown.edit(view.file, edits);
    }
    Ok(())
}

/// The definition that most of the architectures share which `one` is not for.
fn other<'d, 'a>(
    view: &View<'_>,
    one: &Definition<'_>,
    all: &'d [Definition<'a>],
) -> Option<&'d Definition<'a>> {
    let tokens = &view.tokens;
    let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
    for exception in one.exceptions(tokens) {
        let mut cfg = view.cfg().to_vec();
        cfg.push(exception.to_owned());
        let mut fits = all.iter().enumerate().filter(|(_, other)| {
            other.name == one.name && other.unexpanded.is_none() && other.holds(tokens, &cfg)
        });
        if let (Some((index, _)), None) = (fits.next(), fits.next()) {
            *shared.entry(index).or_default() += 1;
        }
    }
    let most = *shared.values().max()?;
    let mut best = shared.iter().filter(|(_, by)| **by == most);
    match (best.next(), best.next()) {
        (Some((&index, _)), None) => Some(&all[index]),
        _ => None,
    }
}

fn refusal(view: &View<'_>, one: &Definition<'_>) -> Failure {
    let (macro_name, file) = one.unexpanded.clone().unwrap_or_default();
    let options: Vec<&str> = one
        .predicates
        .iter()
        .flat_map(|&(first, end)| first..end)
        .map(|i| view.tokens.at(i))
        .filter(|name| name.starts_with("CONFIG_"))
        .collect();
    Failure::no(format!(
        "{}: the macro `{}` is made of {file}, in which the architecture's C headers left {macro_name} undefined, and no other definition of it is shared by other architectures",
        view.place(one.at),
        one.name
    ))
    .help(format!(
        "turn off what needs it in the configuration; the condition of the macro names {}",
        options.join(", ")
    ))
}

/// All definitions of macros in a file.
fn definitions<'a>(view: &View<'a>) -> Vec<Definition<'a>> {
    let tokens = &view.tokens;
    let attributes = attributes::all(tokens);
    let includes = crate_files::includes(tokens, view.source.request.env);
    let mut found = Vec::new();
    for at in 0..tokens.list.len() {
        let body = at + 3;
        if !tokens.are(at, &["macro_rules", "!"])
            || tokens.list.get(body).is_none_or(|open| open.close == body)
        {
            continue;
        }
        let mut predicates = Vec::new();
        let mut first = at;
        for attribute in attributes.iter().rev() {
            if tokens.close(attribute.open) + 1 != first {
                continue;
            }
            first = attribute.hash;
            if tokens.are(attribute.open + 1, &["cfg", "("]) {
                predicates.push((attribute.open + 3, tokens.close(attribute.open + 2)));
            }
        }
        let inside = includes
            .iter()
            .filter(|include| (body..tokens.close(body)).contains(&include.argument.0));
        found.push(Definition {
            name: tokens.at(at + 2),
            at,
            predicates,
            unexpanded: inside
                .filter_map(|include| unexpanded(view, include))
                .next(),
        });
    }
    found
}

/// The C macro whose call stands in an included file, and the file.
fn unexpanded(view: &View<'_>, include: &crate_files::Include) -> Option<(String, String)> {
    let files = view.source.files;
    let here = &files.list[view.file].path;
    let path = absolute(here.parent().unwrap_or(here), &include.path);
    let text = files.list[*files.by_path.get(&path)?].text.original();
    let tokens = Tokens::new(text, view.source.edition);
    let call = (0..tokens.list.len())
        .find(|&i| tokens.list[i].kind == SyntaxKind::IDENT && tokens.opens(i + 1, "("))?;
    Some((tokens.at(call).to_owned(), path.into_string()))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Scratch;

    const TEXT: &str = "\
#[cfg(not(testlib))]
#[cfg(all(ON, not(CONFIG_UML), not(CONFIG_ARM), not(CONFIG_LOONGARCH)))]
macro_rules! warn { () => { asm!(include!(concat!(env!(\"OBJTREE\"), \"/gen.rs\"))) } }
#[cfg(all(ON, CONFIG_UML))]
macro_rules! warn { () => { slow() } }
#[cfg(all(ON, any(CONFIG_LOONGARCH, CONFIG_ARM)))]
macro_rules! warn { () => { helper() } }
#[cfg(any(testlib, not(ON)))]
macro_rules! warn { () => {} }
";

    fn lower(generated: &str, text: &str) -> gateless_model::Result<String> {
        let scratch = Scratch::new(&[("lib.rs", text), ("out/gen.rs", generated)]);
        scratch.lower("lib.rs", &[], |lowered| {
            let patched = lowered?.patched()?;
            Ok(patched.into_iter().map(|(_, text)| text).collect())
        })
    }

    #[test]
    fn the_definition_that_other_architectures_share_takes_the_place_of_one_without_assembly() {
        let generated = "::kernel::concat_literals!(ARCH_WARN_ASM(\"{file}\", \"{line}\"))\n";
        expect![[r#"
            #[cfg(not(testlib))]
            #[cfg(all(ON, not(CONFIG_UML), not(CONFIG_ARM), not(CONFIG_LOONGARCH)))]
            #[cfg(any())] macro_rules! warn { () => { asm!(include!(concat!(env!("OBJTREE"), "/gen.rs"))) } }
            #[cfg(all(ON, CONFIG_UML))]
            macro_rules! warn { () => { slow() } }
            #[cfg(all())]
            macro_rules! warn { () => { helper() } }
            #[cfg(any(testlib, not(ON)))]
            macro_rules! warn { () => {} }
        "#]].assert_eq(&lower(generated, TEXT).unwrap());
    }

    #[test]
    fn assembly_that_the_architecture_has_is_left_alone() {
        let generated = "::kernel::concat_literals!(\"1:\\t\" \".long {file}\")\n";
        assert_eq!(lower(generated, TEXT).unwrap(), "");
    }

    #[test]
    fn a_macro_without_another_definition_is_an_error_that_names_the_option() {
        let text = "#[cfg(ON)]\n#[cfg(not(CONFIG_ODD))]\nmacro_rules! branch { () => { asm!(include!(concat!(env!(\"OBJTREE\"), \"/gen.rs\"))) } }\n";
        let failure = lower("ARCH_BRANCH(\"{key}\")\n", text).unwrap_err();
        assert!(
            failure.what.contains("lib.rs:3: the macro `branch`"),
            "{failure}"
        );
        assert!(
            failure.what.contains("ARCH_BRANCH") && failure.help.unwrap().contains("CONFIG_ODD")
        );
    }
}
