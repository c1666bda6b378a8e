//! Methods that dependants know as functions alone, since no extension trait of theirs can be named from outside: those in the bodies of functions and
//! constants, and those that macros write.
//!
//! A dependant's call of such a method fails, and is then written as a call of the function, or it finds another method of that name, which nobody
//! would notice. So calls of these names get a name that no method has at first: the compiler says of each what it is called on. Where that can't have
//! the method, the call is what it was. The other calls have to fail.

use std::collections::BTreeSet;

use gateless_model::added::PROBE;
use gateless_model::{Failure, Result};
use gateless_rust_text::edit::Edit;
use gateless_rustc::diagnostic::Event;
use ra_ap_parser::SyntaxKind;
use ra_ap_syntax::AstNode;
use ra_ap_syntax::ast::HasVisibility;

use super::ArbitrarySelfTypes;
use super::method::{Method, Owner};
use crate::exports::Function;
use crate::gate::{Gate, Source, View};
use crate::place::Expression;

/// Types that dereference to nothing, as the compiler prints them.
const CLOSED: [&str; 18] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
    "i128", "isize", "f32", "f64", "!",
];

/// What is known about a crate's calls of such methods, by the method's name in the call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calls {
    /// All that are by such a name.
    all: BTreeSet<Expression>,
    /// Those of which the compiler has said what they are called on.
    answered: BTreeSet<Expression>,
    /// Those that may be of such a method.
    suspected: BTreeSet<Expression>,
}

/// Whether dependants know a method by its name: a public one of a type, or one that a macro's caller may make public.
pub fn is_known(method: &Method<'_>) -> bool {
    let visibility = method.function.visibility();
    let visibility = visibility.map(|node| method.source(node.syntax()));
    let is_public = match visibility {
        Some(text) => text == "pub" || text.starts_with('$'),
        None => false,
    };
    is_public && matches!(method.owner, Owner::Inherent(_) | Owner::Unknown)
}

impl Calls {
    /// The calls in a crate's files that are by names of such methods.
    pub fn parse(source: &Source<'_>, files: &[View<'_>]) -> Self {
        let names: BTreeSet<&str> = all(source).map(|(name, _)| name.as_str()).collect();
        let mut all = BTreeSet::new();
        for view in files.iter().filter(|_| !names.is_empty()) {
            let tokens = &view.tokens;
            let calls = (1..tokens.list.len()).filter(|&i| {
                tokens.list[i].kind == SyntaxKind::IDENT
                    && tokens.at(i - 1) == "."
                    && ["(", ":"].contains(&tokens.at(i + 1))
                    && names.contains(tokens.at(i))
            });
            all.extend(calls.map(|i| {
                let range = &tokens.list[i].range;
                (view.file, range.start, range.end)
            }));
        }
        Self {
            all,
            ..Self::default()
        }
    }

    /// The edits that give the calls a name which no method has, while the compiler has not answered.
    pub fn edits(&self, source: &Source<'_>) -> Vec<(usize, Edit)> {
        let asked = self.all.difference(&self.answered);
        let edits = asked.map(|&(file, start, end)| {
            let name = &source.original(file)[start..end];
            let edit = Edit {
                range: start..end,
                text: format!("{PROBE}{name}"),
                rank: 0,
            };
            (file, edit)
        });
        edits.collect()
    }

    /// Notes what a call is made on, if the error is about such a call; returns whether it is. A call in a macro may be made on several types.
    pub fn hear(&mut self, event: &Event<'_>, source: &Source<'_>) -> bool {
        let [name, value, ..] = event.quoted[..] else {
            return false;
        };
        if !name.starts_with(PROBE) {
            return false;
        }
        for spot in event.primary().filter_map(|place| source.spot(place)) {
            let mut all = self.all.iter();
            let here = all.find(|(file, start, end)| {
                *file == spot.file && *start <= spot.range.start && spot.range.end <= *end
            });
            if let Some(call) = here {
                self.answered.insert(*call);
                if !is_closed(value) {
                    self.suspected.insert(*call);
                }
            }
        }
        true
    }

    /// What is left to do once the crate compiles: whether calls that the compiler never saw have to get their names back.
    ///
    /// # Errors
    /// If a call that may be of such a method was taken for another one, since it is not among those that were written another way.
    pub fn settle(
        &mut self,
        source: &Source<'_>,
        is_rewritten: &dyn Fn(&Expression) -> bool,
    ) -> Result<bool> {
        let answered = self.answered.len();
        self.answered.extend(self.all.iter().copied());
        if self.answered.len() > answered {
            return Ok(true);
        }
        let mut suspected = self.suspected.iter();
        let Some(&(file, start, end)) = suspected.find(|call| !is_rewritten(call)) else {
            return Ok(false);
        };
        let name = &source.original(file)[start..end];
        let declared: Vec<&str> = named(source, name)
            .flat_map(|function| &function.places)
            .map(String::as_str)
            .collect();
        Err(Failure::no(format!(
            "{}: the gate `{}` can't be lowered here: the call may be of the method `{name}` at {}, which is a function for other crates, or of another one of that name that its value has",
            source.line(file, start),
            ArbitrarySelfTypes::NAME,
            declared.join(", "),
        ))
        .help("rename one of the two, or call it by its path"))
    }
}

/// Such methods that dependencies have, by name.
fn all<'a>(source: &Source<'a>) -> impl Iterator<Item = (&'a String, &'a Function)> {
    let own = source.request.crate_name;
    let crates = source.request.known.crates.iter();
    let others = crates.filter(move |(name, _)| *name != own);
    others.flat_map(|(_, exports)| &exports.functions)
}

/// Whether dependencies have such methods.
pub fn has_others(source: &Source<'_>) -> bool {
    all(source).next().is_some()
}

/// Those of one name.
fn named<'a>(source: &Source<'a>, name: &str) -> impl Iterator<Item = &'a Function> {
    all(source)
        .filter(move |(own, _)| *own == name)
        .map(|(_, function)| function)
}

/// The type of the receiver of such methods of one name, if calls of all of them are written alike.
pub fn receiver<'a>(source: &Source<'a>, name: &str) -> Option<&'a str> {
    let borrow = |ty: &str| {
        let rest = ty.strip_prefix('&').map(str::trim_start);
        rest.map(|rest| rest.starts_with("mut ") || rest.contains(" mut "))
    };
    let mut receivers = named(source, name).flat_map(|function| &function.receivers);
    let first = receivers.next()?;
    receivers
        .all(|ty| borrow(ty) == borrow(first))
        .then_some(first)
}

/// Whether a type, as the compiler prints it, dereferences to nothing but what references lead to.
fn is_closed(ty: &str) -> bool {
    let mut ty = ty;
    while let Some(rest) = ty.strip_prefix('&') {
        ty = rest.trim_start().trim_start_matches("mut ");
    }
    CLOSED.contains(&ty) || ty.starts_with(['[', '('])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_types_that_dereference_to_nothing_are_closed() {
        for ty in ["u8", "&mut str", "&&[P<S>]", "(P<S>, u8)"] {
            assert!(is_closed(ty), "{ty}");
        }
        for ty in ["P<S>", "&Wrapper", "T", "Box<u8>", "strange"] {
            assert!(!is_closed(ty), "{ty}");
        }
    }
}
