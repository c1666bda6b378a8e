//! The lowered text of all files, made anew from the originals and all facts.

use gateless_model::columns::Columns;
use gateless_model::{Failure, Result};
use gateless_rust_text::edit::Edit;

use crate::crate_files::SourceFile;
use crate::gate::{Added, Facts, Needs, Notes, Page, Purpose, Source};
use crate::gates::arbitrary_self_types::{self, ArbitrarySelfTypes};
use crate::pieces::Pieces;
use crate::{columns, links, lints, support};

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
    let (mut texts, has_table) = texts_of(source, purpose, needs, rendered, carried)?;
    if let Some(end) = source.files.modules[0].end.filter(|_| has_table) {
        let all: Vec<&Pieces> = texts.iter().collect();
        let table = columns::table(&columns(&source, facts, &all));
        let end = texts[0].current_end(end);
        texts[0].apply(vec![Edit::insert(end, table)])?;
    }
    Ok((texts, notes))
}

/// Where the characters of the lines that lowering rewrote stand in the originals, for these texts of the crate's files.
pub fn columns(source: &Source<'_>, facts: &Facts, texts: &[&Pieces]) -> Columns {
    let mut columns = Columns::default();
    let facts = facts.of::<ArbitrarySelfTypes>();
    for (index, text) in texts.iter().enumerate() {
        if text.changed() {
            let stands_for = |bytes| {
                let added = Added { file: index, bytes };
                Some(arbitrary_self_types::called(facts, text, &added)?.start)
            };
            let name = (source.request.shown)(&source.files.list[index].path);
            columns.add(name, text.lines(&stands_for));
        }
    }
    columns
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
    texts_of(source, purpose, needs, facts.question(&page)?, None).map(|(texts, _)| texts)
}

/// The files with edits, and with what is needed besides; and whether they need the table of columns.
fn texts_of(
    source: Source<'_>,
    purpose: Purpose,
    needs: Needs,
    rendered: Vec<(usize, Edit)>,
    carried: Option<String>,
) -> Result<(Vec<Pieces>, bool)> {
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
            // What is named in a public module is alive, though its own module is private.
            edit.text = edit.text.replace(
                &format!("{} pub mod ", lints::LIVELESS),
                &format!("{} pub(crate) mod ", lints::LIVELESS),
            );
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
    let mut has_table = false;
    if purpose == Purpose::Compile {
        let (found, is_looked_up) = columns::edits(&source, &edits)?;
        has_table = is_looked_up;
        for (file, edit) in found {
            edits[file].push(edit);
        }
    }
    let files = source.files.list.iter().zip(edits);
    let texts: Result<_> = files.map(|(file, edits)| with(file, edits)).collect();
    Ok((texts?, has_table))
}

/// A file's text with edits.
fn with(file: &SourceFile, edits: Vec<Edit>) -> Result<Pieces> {
    let mut text = Pieces::new(file.text.original().to_owned());
    text.apply(edits)
        .map_err(|error| Failure::failed(format!("{}: {}", file.path, error.what)))?;
    Ok(text)
}
