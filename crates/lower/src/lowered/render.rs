//! The lowered text of all files, made anew from the originals and all facts.

use gateless_model::{Failure, Result};
use gateless_rust_text::edit::Edit;

use crate::crate_files::SourceFile;
use crate::gate::{Facts, Needs, Notes, Page, Purpose, Source};
use crate::pieces::Pieces;
use crate::{links, lints, support};

/// The text of each file. `carried` is an item for the end of the crate root.
pub fn texts(
    source: Source<'_>,
    facts: &Facts,
    purpose: Purpose,
    carried: Option<String>,
) -> Result<(Vec<Pieces>, Notes)> {
    let needs = facts.needs(purpose);
    let paths = support::paths(source.request, needs.support);
    let page = Page {
        source,
        purpose,
        support: &paths,
    };
    let (rendered, notes) = facts.render(&page)?;
    texts_of(source, purpose, needs, rendered, carried).map(|texts| (texts, notes))
}

/// The text of each file with which the compiler is asked about the crate as it is.
pub fn question(source: Source<'_>, facts: &Facts) -> Result<Vec<Pieces>> {
    let purpose = Purpose::Methods;
    let needs = if source.is_alone() {
        Needs::default()
    } else {
        facts.needs(purpose)
    };
    let paths = support::paths(source.request, needs.support);
    let page = Page {
        source,
        purpose,
        support: &paths,
    };
    texts_of(source, purpose, needs, facts.question(&page)?, None)
}

/// The files with edits, and with what is needed besides.
fn texts_of(
    source: Source<'_>,
    purpose: Purpose,
    needs: Needs,
    rendered: Vec<(usize, Edit)>,
    carried: Option<String>,
) -> Result<Vec<Pieces>> {
    let mut edits = vec![Vec::new(); source.files.list.len()];
    for (file, edit) in rendered {
        edits[file].push(edit);
    }
    if let Some(end) = source.files.modules[0].end {
        if needs.support {
            edits[0].push(support::edit(source.request, end));
        }
        edits[0].extend(carried.map(|item| Edit::insert(end, format!(" {item}"))));
    }
    if purpose == Purpose::Functions {
        for edit in edits.iter_mut().flatten() {
            edit.text = edit.text.replace(lints::QUIET, lints::LIVELESS);
        }
    }
    if let Some(quiet) = lints::quiet(source.original(0)).filter(|_| needs.quiet) {
        for edit in edits.iter_mut().flatten() {
            edit.text = edit.text.replace(lints::QUIET, &quiet);
        }
    }
    if needs.quiet {
        for (file, edits) in edits.iter_mut().enumerate() {
            edits.extend(lints::soften(source.original(file), source.edition));
        }
    }
    if purpose != Purpose::Patch {
        links::link(source.files, &mut edits, source.request, source.edition);
    }
    let files = source.files.list.iter().zip(edits);
    files.map(|(file, edits)| with(file, edits)).collect()
}

/// A file's text with edits.
fn with(file: &SourceFile, edits: Vec<Edit>) -> Result<Pieces> {
    let mut text = Pieces::new(file.text.original().to_owned());
    text.apply(edits)
        .map_err(|error| Failure::failed(format!("{}: {}", file.path, error.what)))?;
    Ok(text)
}
