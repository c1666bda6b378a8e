//! The signs, words and lifetimes that types are written with.

use gateless_model::{Failure, Result};

use super::{Lifetimes, Names};
use crate::ty::{Integer, Region};

/// A `for<...>`: the names that it binds, and the order in which they were used so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Binder {
    pub(super) names: Vec<String>,
    pub(super) used: Vec<usize>,
    /// Whether lifetimes that are left out here are bound here.
    pub(super) elides: bool,
    /// How many were left out.
    pub(super) elided: usize,
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) names: &'a dyn Names,
    pub(super) lifetimes: Lifetimes,
    /// From the outermost to the innermost.
    pub(super) binders: Vec<Binder>,
}

impl<'a> Reader<'a> {
    pub(super) fn wrong(&self, wanted: &str) -> Failure {
        Failure::failed(format!(
            "{:?} is not understood as a type: {wanted} is expected before {:?}",
            self.text,
            self.rest()
        ))
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    pub(super) fn end(&mut self) -> Result<()> {
        self.skip_space();
        match self.rest() {
            "" => Ok(()),
            _ => Err(self.wrong("the end")),
        }
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    pub(super) fn need(&mut self, sign: &str) -> Result<()> {
        match self.eat(sign) {
            true => Ok(()),
            false => Err(self.wrong(sign)),
        }
    }

    pub(super) fn peek(&mut self, sign: &str) -> bool {
        self.skip_space();
        self.rest().starts_with(sign)
    }

    /// A word by itself, not the beginning of a longer one.
    pub(super) fn word(&mut self, word: &str) -> bool {
        self.skip_space();
        let Some(after) = self.rest().strip_prefix(word) else {
            return false;
        };
        let goes_on = after.starts_with(|next: char| next == '_' || next.is_alphanumeric());
        // `dyn::x` is no type that rustc prints.
        if !goes_on {
            self.at += word.len();
        }
        !goes_on
    }

    pub(super) fn identifier(&mut self) -> Option<&'a str> {
        self.skip_space();
        let rest = self.rest();
        if rest.starts_with('{') {
            let end = rest.find('}')? + 1;
            self.at += end;
            return Some(&rest[..end]);
        }
        let end = rest
            .find(|c: char| c != '_' && !c.is_alphanumeric())
            .unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.at += end;
        Some(name)
    }

    /// `'a`
    pub(super) fn lifetime(&mut self) -> Option<&'a str> {
        self.skip_space();
        let rest = self.rest();
        let name = rest.strip_prefix('\'')?;
        let end = name
            .find(|c: char| c != '_' && !c.is_alphanumeric())
            .unwrap_or(name.len());
        // `'a'` is a character.
        if end == 0 || name[end..].starts_with('\'') {
            return None;
        }
        self.at += 1 + end;
        Some(&name[..end])
    }

    /// A constant as rustc writes it in types.
    pub(super) fn constant(&mut self) -> Option<String> {
        self.skip_space();
        let rest = self.rest();
        for (word, value) in [("true", "true"), ("false", "false")] {
            if self.word(word) {
                return Some(value.to_owned());
            }
        }
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let sign = rest.len() - digits.len();
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        if end == 0 {
            return None;
        }
        let number = rest[..sign + end].to_owned();
        let after = &digits[end..];
        let suffix = after.strip_prefix('_').and_then(|suffix| {
            let end = suffix
                .find(|c: char| !c.is_alphanumeric())
                .unwrap_or(suffix.len());
            Integer::named(&suffix[..end]).map(|_| end + 1)
        });
        self.at += sign + end + suffix.unwrap_or(0);
        Some(number)
    }

    /// `for<'a, 'b>`, if there is one.
    pub(super) fn binder(&mut self) -> Result<Binder> {
        let mut binder = Binder::default();
        let start = self.at;
        if !self.word("for") || !self.eat("<") {
            self.at = start;
            return Ok(binder);
        }
        while !self.eat(">") {
            let name = self.lifetime().ok_or_else(|| self.wrong("a lifetime"))?;
            binder.names.push(name.to_owned());
            self.eat(",");
        }
        Ok(binder)
    }

    /// What a lifetime of that name is here.
    pub(super) fn region(&mut self, name: &str) -> Region {
        for (depth, binder) in self.binders.iter_mut().rev().enumerate() {
            let Some(place) = binder.names.iter().position(|own| own == name) else {
                continue;
            };
            let index = binder.used.iter().position(|used| *used == place);
            let index = index.unwrap_or_else(|| {
                binder.used.push(place);
                binder.used.len() - 1
            });
            return Region::Bound {
                depth: depth as u32,
                index: index as u32,
            };
        }
        Region::Erased
    }

    /// What a lifetime is that is left out here.
    pub(super) fn elided(&mut self) -> Region {
        for (depth, binder) in self.binders.iter_mut().rev().enumerate() {
            if binder.elides {
                let name = format!("#{}", binder.elided);
                binder.elided += 1;
                binder.names.push(name);
                binder.used.push(binder.names.len() - 1);
                return Region::Bound {
                    depth: depth as u32,
                    index: (binder.used.len() - 1) as u32,
                };
            }
        }
        Region::Erased
    }
}
