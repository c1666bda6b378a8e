//! Where a module's text has traits of dependencies in scope, as far as its tokens and its glob imports show.

use std::collections::{BTreeMap, BTreeSet};

use gateless_rust_text::tokens::Tokens;
use ra_ap_syntax::Edition;

/// Where a module's text has traits in scope.
#[derive(Default)]
pub struct Naming {
    /// In the whole module: it names them, or has them from glob imports.
    pub module: Option<Named>,
    /// After these bytes of the text, where imports within functions end.
    pub functions: Vec<(usize, Named)>,
}

/// Which of the traits.
pub enum Named {
    /// Those of these names.
    Only(BTreeSet<String>),
    /// Perhaps any: there is a glob import in a macro.
    Any,
}

/// Where a module's text has one of the traits in scope. `brought` are those that the glob import with its star at a byte of the text brings in, if
/// that is known.
pub fn naming(
    body: &str,
    traits: &BTreeMap<String, BTreeSet<String>>,
    edition: Edition,
    brought: &dyn Fn(usize) -> Option<BTreeSet<String>>,
) -> Naming {
    let is_near = ["::*", "*}", "*,"].iter().any(|glob| body.contains(glob))
        || traits.keys().any(|name| body.contains(name.as_str()));
    if !is_near {
        return Naming::default();
    }
    // Not in comments and strings.
    let tokens = Tokens::new(body, edition);
    let all = || 0..tokens.list.len();
    let bodies: Vec<(usize, usize)> = all()
        .filter(|&i| tokens.at(i) == "fn")
        .filter_map(|i| {
            let open = (i..tokens.list.len()).find(|&k| ["{", ";"].contains(&tokens.at(k)))?;
            tokens.opens(open, "{").then(|| (open, tokens.close(open)))
        })
        .collect();
    let is_inside = |i: usize| bodies.iter().any(|&(open, close)| open < i && i < close);
    // The standard library has none of the traits.
    let start = |i: usize| (0..i).rfind(|&k| tokens.at(k) == "use" || tokens.at(k) == ";");
    let is_standard = |i: usize| {
        let first = start(i).map_or(0, |at| at + 1);
        let first = if tokens.are(first, &[":", ":"]) {
            first + 2
        } else {
            first
        };
        ["std", "core", "alloc"].contains(&tokens.at(first))
    };
    let is_glob = |i: usize| {
        tokens.at(i) == "*"
            && i >= 2
            && (tokens.are(i - 2, &[":", ":"]) || ["{", ","].contains(&tokens.at(i - 1)))
            && [";", "}", ","].contains(&tokens.at(i + 1))
            && !is_standard(i)
    };
    let is_imported = |i: usize| start(i).is_some_and(|at| tokens.at(at) == "use");
    // A trait of the module's own has the name, and the other one another.
    let own: BTreeSet<&str> = all()
        .filter(|&i| {
            tokens.at(i) == "trait" && !is_inside(i) && !is_in_module(&tokens, i, &is_inside)
        })
        .map(|i| tokens.at(i + 1))
        .collect();
    let found = all().filter(|&i| {
        let name = tokens.at(i);
        let is_it = traits.contains_key(name) && (!own.contains(name) || is_imported(i));
        (is_it || is_glob(i)) && !is_in_module(&tokens, i, &is_inside)
    });
    let (inside, outside): (Vec<usize>, Vec<usize>) = found.partition(|&i| is_inside(i));
    let named = |found: &[usize]| {
        let mut names = BTreeSet::new();
        for &i in found {
            match is_glob(i) {
                true => match brought(tokens.list[i].range.start) {
                    Some(of) => names.extend(of),
                    None => return Named::Any,
                },
                false => names.extend(traits[tokens.at(i)].iter().cloned()),
            }
        }
        Named::Only(names)
    };
    let mut functions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for i in inside.into_iter().filter(|&i| is_imported(i)) {
        let end = (i..tokens.list.len()).find(|&k| tokens.at(k) == ";");
        if let Some(end) = end {
            let end = tokens.list[end].range.end;
            functions.entry(end).or_default().push(i);
        }
    }
    let functions = functions.into_iter();
    Naming {
        module: (!outside.is_empty()).then(|| named(&outside)),
        functions: functions.map(|(end, found)| (end, named(&found))).collect(),
    }
}

/// Whether a token is within an inline module that is in no function.
fn is_in_module(tokens: &Tokens<'_>, i: usize, is_inside: &dyn Fn(usize) -> bool) -> bool {
    let mut before = 0..i;
    before.any(|k| {
        let is_around =
            tokens.at(k) == "mod" && tokens.opens(k + 2, "{") && tokens.close(k + 2) > i;
        is_around && !is_inside(k)
    })
}
