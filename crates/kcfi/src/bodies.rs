//! Which function of MIR a function of LLVM's is.

use std::collections::HashMap;

use crate::debug::Signature;
use crate::mir::{Body, Mir};

/// The texts of all crates at hand, by the ends of their functions' names.
#[derive(Default)]
pub struct Bodies {
    crates: HashMap<String, Mir>,
    by_end: HashMap<(String, String), Vec<usize>>,
}

impl Bodies {
    /// Adds the text of a crate.
    pub fn add(&mut self, krate: &str, mir: Mir) {
        for (at, body) in mir.bodies.iter().enumerate() {
            let names = names(&body.name);
            let key = (krate.to_owned(), end(&names));
            self.by_end.entry(key).or_default().push(at);
        }
        self.crates.insert(krate.to_owned(), mir);
    }

    /// The text of a crate.
    pub fn of_crate(&self, krate: &str) -> Option<&Mir> {
        self.crates.get(krate)
    }

    /// The bodies that a function can be, whose type has to decide between them.
    pub fn of(&self, own: &Signature) -> Vec<&Body> {
        let Some(krate) = own.path.first() else {
            return Vec::new();
        };
        let path: Vec<&str> = own.path.iter().map(String::as_str).collect();
        let key = (krate.clone(), end(&path));
        let Some(mir) = self.crates.get(krate) else {
            return Vec::new();
        };
        let of_end = self.by_end.get(&key).into_iter().flatten();
        let found: Vec<&Body> = of_end.filter_map(|at| mir.bodies.get(*at)).collect();
        let exact: Vec<&Body> = found
            .iter()
            .filter(|body| names(&body.name).iter().eq(path[1..].iter()))
            .copied()
            .collect();
        if !exact.is_empty() {
            return exact;
        }
        // What is within a method goes without the path to it.
        let bare: Vec<&Body> = found
            .iter()
            .filter(|body| !body.name.contains("<impl at "))
            .filter(|body| path.ends_with(&names(&body.name)))
            .copied()
            .collect();
        let in_block = path
            .iter()
            .rev()
            .find(|name| !name.starts_with("{closure"))
            .and_then(|own| path.iter().position(|name| name == own))
            .is_some_and(|at| at > 0 && path[at - 1].starts_with("{impl#"));
        if !bare.is_empty() && !in_block {
            return bare;
        }
        // Of those in an `impl` block, the ones whose block begins last before the function.
        let mut near: Vec<(u32, &Body)> = Vec::new();
        for &body in &found {
            if let Some((file, line)) = block(&body.name)
                && let Some(own_file) = &own.file
                && same_file(own_file, file)
                && line <= own.line
            {
                near.push((line, body));
            }
        }
        if near.is_empty() {
            return closures_at(own, &path, &found);
        }
        let last = near.iter().map(|(line, _)| *line).max();
        near.into_iter()
            .filter(|(line, _)| Some(*line) == last)
            .map(|(_, body)| body)
            .collect()
    }
}

/// The closure of a function whose place is another file's, for a macro wrote it: of those at that place in such a path, if there is but one.
fn closures_at<'a>(own: &Signature, path: &[&str], found: &[&'a Body]) -> Vec<&'a Body> {
    let is_at = |body: &&&Body| {
        let names = names(&body.name);
        let in_path = names.len() + 1 == path.len()
            && names.iter().zip(&path[1..]).all(|(name, own)| {
                name == own || own.starts_with("{impl#") && name.starts_with("<impl at ")
            });
        in_path
            && closure(body).is_some_and(|(file, line)| {
                line == own.line && own.file.as_deref().is_some_and(|own| same_file(own, file))
            })
    };
    let mut found = found.iter().filter(is_at);
    match (found.next(), found.next()) {
        (Some(only), None) => vec![*only],
        _ => Vec::new(),
    }
}

/// The file and line of a closure, which its first parameter has: `{closure@FILE:LINE:COLUMN: LINE:COLUMN}`.
fn closure(body: &Body) -> Option<(&str, u32)> {
    let place = body.inputs.first()?.split_once("{closure@")?.1;
    let mut parts = place.split(": ").next()?.rsplitn(3, ':');
    let (_, line) = (parts.next()?, parts.next()?);
    Some((parts.next()?, line.parse().ok()?))
}

/// Whether two names of files can be of the same: one ends like the other.
fn same_file(left: &str, right: &str) -> bool {
    let left = left.trim_start_matches("./");
    let right = right.trim_start_matches("./");
    left == right || left.ends_with(&format!("/{right}")) || right.ends_with(&format!("/{left}"))
}

/// The file and line of the `impl` block in a name.
fn block(name: &str) -> Option<(&str, u32)> {
    let inner = name.split_once("<impl at ")?.1;
    let (file, rest) = inner.split_once(':')?;
    Some((file, rest.split(':').next()?.parse().ok()?))
}

/// The function's own name and the closures in it.
fn end(names: &[&str]) -> String {
    let from = names
        .iter()
        .rposition(|name| !name.starts_with("{closure"))
        .unwrap_or(0);
    names[from..].join("::")
}

/// A path taken apart outside of brackets.
fn names(path: &str) -> Vec<&str> {
    let (mut names, mut start, mut depth) = (Vec::new(), 0, 0);
    let bytes = path.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'{' | b'(' | b'[' => depth += 1,
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' | b'}' | b')' | b']' => depth -= 1,
            b':' if depth == 0 && path[at..].starts_with("::") => {
                names.push(&path[start..at]);
                start = at + 2;
            }
            _ => {}
        }
    }
    names.push(&path[start..]);
    names
}
