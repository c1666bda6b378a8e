//! What a trait has.

use super::reader::{Reader, empty, is_name};
use super::{Kind, Method, Trait};

impl Reader<'_> {
    /// What a trait has whose name and parameters end before a token.
    pub(super) fn in_trait(&self, at: usize) -> Option<Trait> {
        let tokens = self.tokens;
        let open = self.find_body(at)?;
        let mut found = Trait {
            is_auto: self.words.contains(&"auto"),
            ..Trait::default()
        };
        if tokens.at(at) == ":" {
            let end = (at..open)
                .find(|at| tokens.at(*at) == "where")
                .unwrap_or(open);
            found.supertraits = self.bounds(at + 1, end);
        }
        let close = tokens.close(open);
        let (mut at, mut start) = (open + 1, open + 1);
        while at < close {
            match tokens.at(at) {
                "fn" => {
                    found.methods.push(self.method(start, at, close));
                    at = self.item_end(at, close);
                    start = at;
                    continue;
                }
                "const" if is_name(tokens.at(at + 1)) && tokens.at(at + 2) == ":" => {
                    found.has_constants = true;
                    at = self.item_end(at, close);
                    start = at;
                    continue;
                }
                "type" => {
                    let end = self.item_end(at, close);
                    let text = self.text(at, end);
                    if tokens.at(at + 2) == "<" {
                        found.has_constants = true;
                    } else if !text.contains("Self: Sized") {
                        found.associated.push(tokens.at(at + 1).to_owned());
                    }
                    at = end;
                    start = at;
                    continue;
                }
                "#" if tokens.opens(at + 1, "[") => at = tokens.close(at + 1),
                _ => {}
            }
            at += 1;
        }
        Some(found)
    }

    /// What stands between `+`.
    pub(super) fn bounds(&self, from: usize, to: usize) -> Vec<String> {
        let mut bounds = Vec::new();
        let (mut depth, mut start) = (0, from);
        for at in from..=to {
            let text = if at == to { "+" } else { self.tokens.at(at) };
            match text {
                "<" | "(" | "[" => depth += 1,
                ">" if self.tokens.at(at - 1) != "-" => depth -= 1,
                ")" | "]" => depth -= 1,
                "+" if depth == 0 => {
                    let bound = self.text(start, at);
                    if !bound.is_empty() {
                        bounds.push(bound);
                    }
                    start = at + 1;
                }
                _ => {}
            }
        }
        bounds
    }

    /// The method whose `fn` is at a token, and whose attributes begin at another.
    pub(super) fn method(&self, start: usize, at: usize, close: usize) -> Method {
        let tokens = self.tokens;
        let mut open = at + 2;
        let mut has_types = false;
        if tokens.at(open) == "<" {
            let end = self.angle_end(open);
            let mut item = empty(Kind::Struct);
            self.parameters(open, &mut item);
            has_types = !item.types.is_empty() || !item.constants.is_empty();
            open = end + 1;
        }
        let parameters_end = tokens.close(open);
        let end = self.item_end(at, close);
        let mut body = parameters_end + 1;
        while body < end && !["{", ";"].contains(&tokens.at(body)) {
            // `[Self::Item; N]`
            body = tokens.close(body).max(body) + 1;
        }
        let conditions = (parameters_end..body)
            .find(|at| tokens.at(*at) == "where")
            .unwrap_or(body);
        let output = match tokens.are(parameters_end + 1, &["-", ">"]) {
            true => self.text(parameters_end + 3, conditions),
            false => String::new(),
        };
        let first_end = self.comma(open + 1, parameters_end);
        let receives = (open + 1..first_end).any(|at| tokens.at(at) == "self");
        let behind_pointer = (open + 1..first_end).any(|at| ["&", ":"].contains(&tokens.at(at)));
        let names_self = |from: usize, to: usize| {
            (from..to).any(|at| tokens.at(at) == "Self" && !tokens.are(at + 1, &[":", ":"]))
        };
        let is_impl = (open..body).any(|at| tokens.at(at) == "impl");
        let own = (open + 1..first_end).find(|at| tokens.at(*at) == "self");
        let receiver = own.and_then(|at| {
            if tokens.at(at + 1) == ":" {
                return Some(self.text(at + 2, first_end).trim().to_owned());
            }
            let is_mutable = tokens.at(at - 1) == "mut";
            let reference = if is_mutable { "&mut Self" } else { "&Self" };
            behind_pointer.then(|| reference.to_owned())
        });
        let is_self = receiver.as_deref() == Some("Self");
        let mut wants = Vec::new();
        for at in conditions..body {
            if tokens.are(at, &["Self", ":"]) {
                wants.extend(self.bounds(at + 2, self.comma(at + 2, body)));
            }
        }
        Method {
            name: tokens.at(at + 1).to_owned(),
            dispatchable: receives
                && !has_types
                && !is_impl
                && !names_self(first_end, conditions)
                && !(start..at).any(|at| tokens.at(at) == "async"),
            by_value: is_self || receives && tokens.at(first_end - 1) == "self" && !behind_pointer,
            receiver,
            wants,
            track_caller: (start..at).any(|at| tokens.at(at) == "track_caller"),
            output,
        }
    }
}
