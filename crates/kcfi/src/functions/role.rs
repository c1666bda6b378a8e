//! What a function is, by its symbol.

use crate::brackets::{has_as, matching};

/// rustc's lang item for drop glue, by its path in `core`.
const DROP_GLUE: &str = "core::ptr::drop_in_place::<";

/// What a function is, by its symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// It drops a value in place.
    DropGlue,
    /// The method of a trait for a type.
    Method {
        /// `<TYPE as TRAIT>`
        head: String,
        /// The method's name.
        name: String,
        /// What rustc has made around it, if anything (`vtable`, `reify`).
        shim: Option<String>,
    },
    /// The body of a closure.
    Closure,
    /// Anything else.
    Plain,
}

impl Role {
    /// What the function with a (mangled) name is.
    pub fn of(symbol: &str) -> Self {
        let text = format!("{:#}", rustc_demangle::demangle(symbol));
        if text.starts_with(DROP_GLUE) {
            return Role::DropGlue;
        }
        if let Some(close) = text.starts_with('<').then(|| matching(&text, 0)).flatten()
            && has_as(&text[1..close])
        {
            let rest = text[close + 1..].trim_start_matches("::");
            let mut parts = rest.split("::");
            let name = parts.next().unwrap_or_default().to_owned();
            let last = rest.rsplit("::").next().unwrap_or_default();
            if is_closure(last) {
                return Role::Closure;
            }
            let shim = last
                .strip_prefix("{shim:")
                .and_then(|shim| shim.split('#').next())
                .map(str::to_owned);
            // A function within the method, or a constant's.
            let inner = parts
                .next()
                .is_some_and(|next| !next.starts_with(['<', '{']));
            if !inner {
                return Role::Method {
                    head: text[..=close].to_owned(),
                    name,
                    shim,
                };
            }
            return Role::Plain;
        }
        match text.rsplit("::").next() {
            Some(last) if is_closure(last) => Role::Closure,
            _ => Role::Plain,
        }
    }
}

/// Whether the last name of a path is a closure's; in `f::<g::{closure#0}>` it isn't.
fn is_closure(last: &str) -> bool {
    last.starts_with("{closure#") && last.ends_with('}')
}
