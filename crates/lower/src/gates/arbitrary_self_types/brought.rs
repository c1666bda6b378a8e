//! Which traits of dependencies glob imports bring in: for each glob and each name of such a trait, `use prefix::Name as _;` goes behind the import.
//! Where the compiler finds nothing of the name there that the module may see, the glob does not bring it in either.

use std::collections::BTreeSet;

use gateless_rust_text::edit::Edit;
use gateless_rustc::diagnostic::{Event, Said};

use super::globs::{self, Absent, Glob};
use super::scope;
use crate::gate::Source;
use crate::lints::QUIET;

/// The imports that ask, by file.
pub fn edits(source: &Source<'_>, absent: &BTreeSet<Absent>) -> Vec<(usize, Edit)> {
    let names = scope::foreign_names(source);
    let mut edits = Vec::new();
    for file in 0..source.files.list.len() {
        if names.is_empty() {
            break;
        }
        for glob in globs::of(source.original(file), source.edition) {
            for name in &names {
                let path = glob.path(name);
                if !absent.contains(&(file, glob.end, path)) {
                    let Glob {
                        end,
                        prefix,
                        attributes,
                        ..
                    } = &glob;
                    let text = format!(" {QUIET} {attributes} use {prefix}::{name} as _;");
                    edits.push((file, Edit::insert(*end, text)));
                }
            }
        }
    }
    edits
}

/// Notes a name that a glob import does not bring in, if that is what an error says; returns whether it is.
pub fn hear(absent: &mut BTreeSet<Absent>, event: &Event<'_>, source: &Source<'_>) -> bool {
    let Said::NotImported { path } = event.said else {
        return false;
    };
    let names = scope::foreign_names(source);
    let last = path.rsplit("::").next().unwrap_or(path).trim();
    if !names.contains(last) {
        return false;
    }
    let before = absent.len();
    for spot in event
        .primary()
        .filter_map(|place| source.spot(place))
        .filter(|spot| spot.added)
    {
        let globs = globs::of(source.original(spot.file), source.edition).into_iter();
        let here = globs
            .filter(|glob| glob.end == spot.range.start)
            .map(|glob| glob.path(last));
        // Of what is private, only the name is told.
        let told = here.filter(|own| path == last || own == path.trim_start_matches(':'));
        absent.extend(told.map(|own| (spot.file, spot.range.start, own)));
    }
    absent.len() > before
}
