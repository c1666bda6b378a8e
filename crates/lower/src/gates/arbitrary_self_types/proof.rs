//! What calls mean, as the compiler tells it.
//!
//! Stable rustc refuses a feature attribute (E0554), but it goes on as if it were allowed to have it. So of the crate as it is it tells what the gated
//! compiler would: its errors, and, since each method with such a receiver is marked (`#[deprecated]`, whose note says which one it is), the
//! method that each call is of. Then the lowered crate is compiled with the same marks. Where a call has another mark than before, or one of the two
//! has none, lowering changed its meaning.

use std::collections::BTreeSet;

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};
use gateless_rustc::diagnostic::{Event, Place, Said};
use ra_ap_syntax::ast::{self, HasAttrs, HasName, HasVisibility};
use ra_ap_syntax::{AstNode, SyntaxKind};

use super::dispatch;
use super::facts::{Facts, Key, Receiver};
use super::method::{Method, Owner};
use crate::gate::Source;
use crate::syntax::{Tree, around};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// Beginning of a mark's note.
const NOTE: &str = "__gateless_mark";

/// A call of a marked method.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The method's name in the call, then the macro calls around that brought it about, innermost first: file and bytes.
    pub places: Vec<(String, usize, usize)>,
    /// The receiver of the method that is called.
    pub receiver: Key,
}

/// The attribute that marks the method with the receiver `key`.
pub fn mark((file, offset): Key) -> String {
    format!("#[deprecated(note = \"{NOTE} {file} {offset}\")] ")
}

/// Whether a diagnostic is only there because of a mark.
pub fn is_mark(diagnostic: &Diagnostic) -> bool {
    diagnostic.message.contains(NOTE)
}

/// The receiver whose mark a diagnostic is about.
fn marked(diagnostic: &Diagnostic) -> Option<Key> {
    let (_, rest) = diagnostic.message.rsplit_once(NOTE)?;
    let mut numbers = rest.split_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The calls that the compiler names in answer to marks. Those in added code have no bytes.
pub fn calls(diagnostics: &[Diagnostic], source: &Source<'_>) -> BTreeSet<Call> {
    let found = diagnostics.iter().filter_map(|diagnostic| {
        let receiver = marked(diagnostic)?;
        let span = diagnostic.spans.iter().find(|span| span.is_primary)?;
        let places = Place(span)
            .with_calls()
            .map(|place| match source.spot(place) {
                Some(spot) => (spot.file.to_string(), spot.range.start, spot.range.end),
                None => (
                    place.file_name.clone(),
                    place.byte_start as usize,
                    place.byte_end as usize,
                ),
            });
        Some(Call {
            places: places.collect(),
            receiver,
        })
    });
    found.collect()
}

/// First bytes of the types of receivers in a text that not every compiler may take.
pub fn unusual<'t>(tokens: &'t Tokens<'_>) -> impl Iterator<Item = usize> + 't {
    let is_usual = |i: usize| {
        let ty: String = (i..i + 4).map(|k| tokens.at(k)).collect();
        ["Self", "&Self", "&mutSelf", "Pin<"]
            .iter()
            .any(|usual| ty.starts_with(usual))
    };
    let all = 1..tokens.list.len().saturating_sub(2);
    all.filter(move |&i| {
        tokens.are(i, &["self", ":"])
            && tokens.at(i + 2) != ":"
            && ["(", "mut"].contains(&tokens.at(i - 1))
            && !is_usual(i + 2)
    })
    .map(|i| tokens.list[i + 2].range.start)
}

/// Lints that go by what can be reached from outside of the crate or from `main`, to which added code adds.
pub const OF_REACH: [&str; 6] = [
    "dead_code",
    "missing_copy_implementations",
    "missing_debug_implementations",
    "missing_docs",
    "unnameable_types",
    "unreachable_pub",
];

/// Whether a diagnostic is about what is reached, and not all of that was added.
pub fn is_of_reach(diagnostic: &Diagnostic, source: &Source<'_>) -> bool {
    let is_it = diagnostic
        .code
        .as_ref()
        .is_some_and(|code| OF_REACH.contains(&code.code.as_str()));
    let spans = diagnostic.spans.iter().filter(|span| span.is_primary);
    let mut spots = spans.filter_map(|span| source.spot(Place(span)));
    is_it && spots.any(|spot| !spot.added)
}

/// What a lint calls the functions that it is about (`associated function`), and what they are in the original: methods, or some of them.
pub fn renamed(
    diagnostic: &Diagnostic,
    source: &Source<'_>,
) -> Option<(&'static str, &'static str)> {
    const WORDS: [&str; 5] = [
        "associated functions",
        "associated function",
        "associated items",
        "methods",
        "method",
    ];
    let message = &diagnostic.message;
    let undocumented = ("an associated function", "a method");
    if message.ends_with(undocumented.0) {
        let mut spans = diagnostic.spans.iter().filter(|span| span.is_primary);
        let is_one = spans.all(|span| is_method(span, source) == Some(true));
        return is_one.then_some(undocumented);
    }
    let message = message.strip_prefix("multiple ").unwrap_or(message);
    let old = WORDS.into_iter().find(|word| message.starts_with(word))?;
    let spans = diagnostic.spans.iter().filter(|span| span.is_primary);
    let kinds: Option<Vec<bool>> = spans.map(|span| is_method(span, source)).collect();
    let kinds = kinds?;
    let new = match kinds[..] {
        [true] => "method",
        [false] => "associated function",
        _ if kinds.iter().all(|is_method| *is_method) => "methods",
        _ if kinds.iter().any(|is_method| *is_method) => "associated items",
        _ => "associated functions",
    };
    (new != old).then_some((old, new))
}

/// Whether the function whose name a span has is a method in the original; nothing for what is no function.
fn is_method(span: &DiagnosticSpan, source: &Source<'_>) -> Option<bool> {
    let spot = source.spot(Place(span))?;
    let tree = Tree::around(source.original(spot.file), source.edition, spot.range.start);
    let token = tree.token_at(spot.range.start)?;
    let function = around::<ast::Fn>(&token).next()?;
    let name = tree.of(function.name()?.syntax());
    let has_name = spot.range.start <= name.start && name.end <= spot.range.end;
    has_name.then(|| {
        function
            .param_list()
            .is_some_and(|list| list.self_param().is_some())
    })
}

/// Receivers of methods in impls of traits that have functions in their place (E0185).
pub fn foreign(diagnostics: &[Diagnostic], facts: &Facts, source: &Source<'_>) -> BTreeSet<Key> {
    let is_it = |diagnostic: &&Diagnostic| {
        diagnostic
            .code
            .as_ref()
            .is_some_and(|code| code.code == "E0185")
    };
    let spans = diagnostics
        .iter()
        .filter(is_it)
        .flat_map(|found| &found.spans);
    let mut found = BTreeSet::new();
    for spot in spans.filter_map(|span| source.spot(Place(span))) {
        let here = facts.receivers.range((spot.file, 0)..(spot.file + 1, 0));
        found.extend(here.map(|(key, _)| *key).filter(|key| {
            Method::at(source.original(key.0), source.edition, key.1).is_some_and(|method| {
                let whole = method.range(method.function.syntax());
                whole.contains(&spot.range.start)
            })
        }));
    }
    found
}

/// Whether an error of the crate with its methods as they are is one that the gated compiler has, too.
pub fn is_users(diagnostic: &Diagnostic, source: &Source<'_>) -> bool {
    let Some(event) = Event::hear(diagnostic) else {
        return false;
    };
    let about_added = || {
        let spans = diagnostic
            .spans
            .iter()
            .chain(diagnostic.children.iter().flat_map(|child| &child.spans));
        spans
            .filter_map(|span| source.spot(Place(span)))
            .any(|spot| spot.added)
    };
    match event.said {
        Said::FeatureOnStable | Said::Summary => false,
        // Of another crate's pointer, once it is lowered, it is not known that it is one.
        Said::InvalidReceiver => source.is_alone(),
        Said::NotOnObject | Said::Unmet { is_sized: true, .. } => !about_added(),
        _ => diagnostic
            .code
            .as_ref()
            .is_none_or(|code| code.code != "useless_deprecated"),
    }
}

/// The edits that mark a method that stays a method.
pub fn method(method: &Method<'_>, key: Key, receiver: &Receiver, is_alone: bool) -> Vec<Edit> {
    let mut edits = attribute(method, key);
    // Another crate's pointer, once it is lowered, is none that the compiler dispatches on.
    if !is_alone
        && matches!(method.owner, Owner::Trait(_))
        && dispatch::is_dispatchable(method)
        && !receiver.is_static
    {
        edits.extend(dispatch::out_of_vtable(method));
    }
    if !edits.is_empty() {
        edits.extend(apart(method));
    }
    edits
}

/// The edits that put the mark on a method or what it became, in the place of its own `#[deprecated]`.
pub fn attribute(method: &Method<'_>, key: Key) -> Vec<Edit> {
    if matches!(method.owner, Owner::TraitImpl) {
        return Vec::new();
    }
    let own = method.function.attrs().filter(|attr| {
        let text = method.source(attr.syntax());
        Tokens::new(&text, method.edition).at(2) == "deprecated"
    });
    let mut edits: Vec<Edit> = own
        .map(|attr| Edit::remove(method.text, method.range(attr.syntax())))
        .collect();
    edits.push(Edit::insert(head(method), mark(key)));
    edits
}

/// Where attributes of a method may be added: before its visibility and its qualifiers.
fn head(method: &Method<'_>) -> usize {
    let words = [
        SyntaxKind::CONST_KW,
        SyntaxKind::ASYNC_KW,
        SyntaxKind::UNSAFE_KW,
        SyntaxKind::SAFE_KW,
        SyntaxKind::DEFAULT_KW,
    ];
    let mut start = method.start();
    for part in method.function.syntax().children_with_tokens() {
        if words.contains(&part.kind())
            || [SyntaxKind::ABI, SyntaxKind::VISIBILITY].contains(&part.kind())
        {
            start = start.min(method.tree.bytes(part.text_range()).start);
        }
    }
    // A macro's `$vis` is not part of the tree.
    if method.tree.in_macro && method.function.visibility().is_none() {
        let before = method.text[..start].trim_end();
        let name = before
            .trim_end_matches(|c: char| c.is_alphanumeric() || c == '_')
            .len();
        if name < before.len() && before[..name].ends_with('$') {
            return name - 1;
        }
    }
    start
}

/// The body of a method that calls itself, as another method: the compiler doesn't say that something is deprecated within itself.
fn apart(method: &Method<'_>) -> Option<Edit> {
    let body = method.function.body()?;
    let range = method.range(body.syntax());
    let name = method.function.name()?;
    let text = &method.text[range.clone()];
    let tokens = Tokens::new(text, method.edition);
    let calls_itself = (0..tokens.list.len()).any(|i| tokens.are(i, &[".", &method.name()]));
    let is_opaque = method
        .function
        .ret_type()
        .is_some_and(|output| method.source(output.syntax()).contains("impl "));
    if !calls_itself || is_opaque || matches!(method.owner, Owner::TraitImpl | Owner::Unknown) {
        return None;
    }
    let named = Edit {
        range: method.range(name.syntax()),
        text: format!("{NOTE}_{}", method.start()),
        rank: 0,
    };
    let mut edits = vec![named];
    if matches!(method.owner, Owner::Trait(_)) && dispatch::is_dispatchable(method) {
        edits.extend(dispatch::out_of_vtable(method));
    }
    let signature = method.copy(method.start()..range.start, &edits);
    let qualifiers = if method.function.async_token().is_some() {
        "async "
    } else {
        ""
    };
    let qualifiers = if method.function.unsafe_token().is_some() {
        format!("{qualifiers}unsafe ")
    } else {
        qualifiers.to_owned()
    };
    let qualifiers = if method.function.const_token().is_some() {
        format!("const {qualifiers}")
    } else {
        qualifiers
    };
    Some(Edit::insert(
        range.start,
        format!("{{ loop {{}} }} {qualifiers}{signature} "),
    ))
}

#[cfg(test)]
mod tests {
    use ra_ap_syntax::Edition;

    use super::*;

    fn edited(text: &str) -> String {
        let offset = text.find("P<Self>").unwrap();
        let found = Method::at(text, Edition::Edition2021, offset).unwrap();
        let mut pieces = crate::pieces::Pieces::new(text.to_owned());
        pieces
            .apply(method(&found, (0, 7), &Receiver::default(), true))
            .unwrap();
        pieces.current().to_owned()
    }

    #[test]
    fn marks_take_the_place_of_the_methods_own_deprecation() {
        assert_eq!(
            edited("impl S { /// a\n #[deprecated] pub const fn m(self: P<Self>) {} }"),
            "impl S { /// a\n  #[deprecated(note = \"__gateless_mark 0 7\")] pub const fn m(self: P<Self>) {} }"
        );
        assert_eq!(
            edited("macro_rules! m { ($v:vis) => { $(#[$a])* $v fn m(self: P<Self>) {} } }"),
            "macro_rules! m { ($v:vis) => { $(#[$a])* #[deprecated(note = \"__gateless_mark 0 7\")] $v fn m(self: P<Self>) {} } }"
        );
        assert_eq!(
            edited("impl T for S { fn m(self: P<Self>) {} }"),
            "impl T for S { fn m(self: P<Self>) {} }"
        );
    }

    #[test]
    fn a_method_that_calls_itself_is_called_from_another_one() {
        assert_eq!(
            edited("impl S { fn m(self: P<Self>) { self.m() } }"),
            "impl S { #[deprecated(note = \"__gateless_mark 0 7\")] fn m(self: P<Self>) { loop {} } fn __gateless_mark_9(self: P<Self>)  { self.m() } }"
        );
    }
}
