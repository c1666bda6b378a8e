//! The lowered text of all files, made anew from the originals and all facts.

use gateless_model::{Failure, Result};
use gateless_rust_text::edit::Edit;

use crate::crate_files::SourceFile;
use crate::gate::{Facts, Notes, Page, Purpose, Source};
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
    if needs.quiet {
        for (file, edits) in edits.iter_mut().enumerate() {
            edits.extend(lints::soften(source.original(file), source.edition));
        }
    }
    if purpose == Purpose::Compile {
        links::link(source.files, &mut edits, source.request, source.edition);
    }
    let files = source.files.list.iter().zip(edits);
    let texts: Result<Vec<Pieces>> = files.map(|(file, edits)| with(file, edits)).collect();
    Ok((texts?, notes))
}

/// A file's text with edits.
fn with(file: &SourceFile, edits: Vec<Edit>) -> Result<Pieces> {
    let mut text = Pieces::new(file.text.original().to_owned());
    text.apply(edits)
        .map_err(|error| Failure::failed(format!("{}: {}", file.path, error.what)))?;
    Ok(text)
}
