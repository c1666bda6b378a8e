//! What `impl` blocks of traits say of associated types.

use super::reader::{Reader, empty};
use super::{Impl, Kind};

impl Reader<'_> {
    /// The `impl` block at a token whose body begins at another, if it is a trait's and has associated types.
    pub(super) fn of_trait(&self, at: usize, open: usize) -> Option<Impl> {
        let tokens = self.tokens;
        let mut item = empty(Kind::Struct);
        let mut start = at + 1;
        if tokens.at(start) == "<" {
            start = self.parameters(start, &mut item);
        }
        let mut depth = 0;
        let between = (start..open).find(|at| {
            match tokens.at(*at) {
                "<" | "(" | "[" => depth += 1,
                ">" if tokens.at(at - 1) != "-" => depth -= 1,
                ")" | "]" => depth -= 1,
                _ => {}
            }
            depth == 0 && tokens.at(*at) == "for" && tokens.at(at + 1) != "<"
        })?;
        let end = (between..open).find(|at| tokens.at(*at) == "where");
        let mut associated = Vec::new();
        let (mut at, close) = (open + 1, tokens.close(open));
        while at < close {
            if tokens.at(at) == "type" && tokens.at(at + 2) == "=" {
                let end = self.item_end(at, close);
                let name = tokens.at(at + 1).to_owned();
                associated.push((name, self.text(at + 3, end - 1)));
                at = end;
            } else {
                at = tokens.close(at).max(at) + 1;
            }
        }
        (!associated.is_empty()).then(|| Impl {
            of_trait: self.text(start, between),
            of_type: self.text(between + 1, end.unwrap_or(open)),
            is_generic: !item.parameters.is_empty(),
            associated,
        })
    }
}
