//! What the header of a struct, enum, union or trait says.

use super::reader::{Around, Reader, empty, is_name, is_open};
use super::{Item, Kind, Parameter};

impl Reader<'_> {
    pub(super) fn item(&mut self, at: usize, kind: Kind, modules: &[String]) {
        let tokens = self.tokens;
        // `struct $name` in the definition of a macro.
        let template = self
            .around
            .iter()
            .rev()
            .find_map(|(_, around)| match around {
                Around::Macro(name) => Some(name.clone()),
                _ => None,
            });
        let is_template = tokens.at(at + 1) == "$" && template.is_some();
        let at = at + usize::from(is_template);
        let name = tokens.at(at + 1);
        // `struct $name:ident` is what a macro is called with.
        let is_matched = is_template && tokens.at(at + 2) == ":" && is_name(tokens.at(at + 3));
        if !is_name(name) || is_matched {
            return;
        }
        let in_macro = self
            .around
            .iter()
            .rev()
            .find_map(|(_, around)| match around {
                Around::Call(name) => Some(name.clone()),
                _ => None,
            });
        let mut item = Item {
            modules: self.path(modules),
            name: name.to_owned(),
            in_macro,
            repr_c: self.has_repr("C"),
            transparent: self.has_repr("transparent"),
            encoding: self.encoding(),
            ..empty(kind)
        };
        let mut next = at + 2;
        if tokens.at(next) == "<" {
            next = self.parameters(next, &mut item);
        }
        match template {
            Some(of) if is_template => return self.templates.push((of, item)),
            Some(_) if kind != Kind::Trait => return self.made.push(item),
            Some(_) => return,
            None => {}
        }
        let may_be_cover = item.transparent || item.in_macro.is_some() || !item.types.is_empty();
        if kind == Kind::Struct && may_be_cover {
            item.fields = self.fields(next);
        }
        if kind == Kind::Trait {
            item.in_trait = self.in_trait(next);
            if let Some(open) = self.find_body(next) {
                let around = (tokens.close(open), Around::Named(name.to_owned()));
                self.around.push(around);
            }
        }
        self.items.push(item);
    }

    /// The types of the fields of a struct whose parameters end before a token.
    pub(super) fn fields(&self, mut at: usize) -> Vec<String> {
        let tokens = self.tokens;
        while at < tokens.list.len() && !["{", "(", ";"].contains(&tokens.at(at)) {
            at += 1;
        }
        if !is_open(tokens, at) {
            return Vec::new();
        }
        let (end, is_named) = (tokens.close(at), tokens.at(at) == "{");
        let (mut fields, mut start) = (Vec::new(), at + 1);
        while start < end {
            let next = self.comma(start, end);
            while tokens.at(start) == "#" && tokens.opens(start + 1, "[") {
                start = tokens.close(start + 1) + 1;
            }
            if tokens.at(start) == "pub" {
                start += 1;
                let within = ["crate", "self", "super", "in"].contains(&tokens.at(start + 1));
                if tokens.opens(start, "(") && within {
                    start = tokens.close(start) + 1;
                }
            }
            if is_named {
                start += 2;
            }
            let field = self.text(start, next);
            if !field.is_empty() {
                fields.push(field);
            }
            start = next + 1;
        }
        fields
    }

    /// Reads `<...>`, and says where to go on.
    pub(super) fn parameters(&self, open: usize, item: &mut Item) -> usize {
        let tokens = self.tokens;
        let end = self.angle_end(open);
        let mut starts = true;
        let (mut at, mut depth) = (open + 1, 0);
        while at < end {
            let text = tokens.at(at);
            if starts && depth == 0 {
                if text.starts_with('\'') {
                    item.lifetimes += 1;
                } else if text == "const" {
                    let from = at + 3;
                    let to = (from..end)
                        .find(|at| [",", "="].contains(&tokens.at(*at)))
                        .unwrap_or(end);
                    item.parameters.push(Parameter {
                        constant: Some(item.constants.len()),
                        default: None,
                    });
                    item.constants.push(self.text(from, to));
                } else if is_name(text) {
                    item.types.push(text.to_owned());
                    item.parameters.push(Parameter {
                        constant: None,
                        default: None,
                    });
                }
                starts = false;
            }
            if text == "="
                && depth == 0
                && let Some(last) = item.parameters.last_mut()
            {
                last.default = Some(self.text(at + 1, self.comma(at + 1, end)));
            }
            match text {
                "<" | "(" | "[" | "{" => depth += 1,
                ">" if tokens.at(at - 1) != "-" => depth -= 1,
                ")" | "]" | "}" => depth -= 1,
                "," if depth == 0 => starts = true,
                _ => {}
            }
            at += 1;
        }
        end + 1
    }

    pub(super) fn has_attribute(&self, name: &str) -> bool {
        self.attributes
            .iter()
            .any(|(from, to)| (*from..*to).any(|at| self.tokens.at(at) == name))
    }

    /// Whether an attribute says `repr(...)` with this word in it.
    pub(super) fn has_repr(&self, word: &str) -> bool {
        self.attributes.iter().any(|(from, to)| {
            (*from..*to).any(|at| {
                self.tokens.at(at) == "repr"
                    && self.tokens.opens(at + 1, "(")
                    && (at + 2..self.tokens.close(at + 1)).any(|at| self.tokens.at(at) == word)
            })
        })
    }

    pub(super) fn encoding(&self) -> Option<String> {
        self.attributes.iter().find_map(|(from, _)| {
            self.tokens
                .are(*from, &["cfi_encoding", "="])
                .then(|| self.tokens.string(from + 2))?
        })
    }
}
