//! Receivers that a macro takes its name for from its caller: `fn m($this: P<Self>) { $body }`. There the caller writes `self`, so
//! it is renamed in the macro call.

use std::collections::BTreeSet;

use gateless_rustc::diagnostic::{Event, Place};
use ra_ap_parser::SyntaxKind;
use ra_ap_syntax::Edition;

use super::body;
use super::method::Method;
use crate::gate::Source;
use crate::place::{Expression, Spot};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// The macro calls that give the receivers an error is about their name.
pub fn calls(event: &Event<'_>, source: &Source<'_>) -> Vec<Expression> {
    let by_caller = |place: Place<'_>| {
        let spot = source.spot(place)?;
        let text = source.original(spot.file);
        Method::at(text, source.edition, spot.range.start).filter(|method| method.is_variable)
    };
    // Of nested calls, the innermost that says `self`.
    let innermost = |place: Place<'_>| {
        place.with_calls().skip(1).find_map(|call| {
            let Spot { file, range, .. } = source.spot(call)?;
            let names = rename(source.original(file), range.clone(), source.edition);
            (!names.is_empty()).then_some((file, range.start, range.end))
        })
    };
    event
        .primary()
        .filter(|place| by_caller(*place).is_some())
        .filter_map(innermost)
        .collect()
}

/// The edits that rename `self` in a macro call.
pub fn rename(text: &str, call: std::ops::Range<usize>, edition: Edition) -> Vec<Edit> {
    let tokens = Tokens::new(&text[call.clone()], edition);
    let is_receiver =
        |&i: &usize| tokens.list[i].kind == SyntaxKind::SELF_KW && !tokens.are(i + 1, &[":", ":"]);
    let found: Vec<usize> = (0..tokens.list.len()).filter(is_receiver).collect();
    let names: BTreeSet<String> = (0..tokens.list.len())
        .map(|i| tokens.at(i).to_owned())
        .collect();
    let name = body::free_name(&names, found.len() > 1);
    let place = |i: usize| {
        let range = &tokens.list[i].range;
        call.start + range.start..call.start + range.end
    };
    found
        .into_iter()
        .map(|i| Edit {
            range: place(i),
            text: name.clone(),
            rank: 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_self_of_the_call_gets_one_free_name() {
        let text = "m!(|self| self.a(this, self::f))";
        let edits = rename(text, 0..text.len(), Edition::Edition2021);
        let places: Vec<_> = edits
            .iter()
            .map(|edit| (edit.range.start, edit.text.as_str()))
            .collect();
        assert_eq!(places, [(4, "gateless_this"), (10, "gateless_this")]);
        let text = "m!(fn f(self) {})";
        assert_eq!(
            rename(text, 0..text.len(), Edition::Edition2021)[0].text,
            "_this"
        );
    }
}
