//! `cargo xtask measured`: figures in documents, written from the records that runs leave.
//!
//! `records/*.toml` holds one record per run, `records/topics.toml` says how each topic is shown. A page has its figures between
//! `<!-- measured: TOPIC -->` and `<!-- end -->`; nobody writes there by hand. docs/records.md describes the fields.

mod add;
mod answers;
mod pages;
mod record;
mod render;
mod topic;

use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// Write nothing; exit with 1 if a page is not what the records give
    #[arg(long, conflicts_with = "add")]
    check: bool,
    /// Add a record from an answer of gateless: what boot, compare, attest, fidelity or bench print with --json (several of one run become one
    /// record), or the results.jsonl of gateless matrix (one record per run)
    #[arg(long, value_name = "FILE")]
    add: Vec<Utf8PathBuf>,
    #[command(flatten)]
    stated: add::Stated,
}

/// Writes the pages, or says which are stale.
pub fn run(root: &Utf8Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if !arguments.add.is_empty() {
        for path in add::records(root, &arguments.add, &arguments.stated)? {
            println!("{path}");
        }
    }
    if arguments.check {
        let stale = stale(root)?;
        for page in &stale {
            println!("{page}");
        }
        return Ok(ExitCode::from(u8::from(!stale.is_empty())));
    }
    for page in pages::of(root)? {
        if page.written != page.wanted {
            fs_err::write(root.join(&page.path), page.wanted)?;
            println!("{}", page.path);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Each page that is not what the records give, in words.
pub fn stale(root: &Utf8Path) -> anyhow::Result<Vec<String>> {
    let stale = pages::of(root)?
        .into_iter()
        .filter(|page| page.written != page.wanted)
        .map(|page| {
            format!(
                "{}: is not what records/ gives; run `cargo xtask measured`",
                page.path
            )
        });
    Ok(stale.collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn figures_in_documents_are_those_of_the_records() {
        assert_eq!(super::stale(&crate::root()).unwrap(), Vec::<String>::new());
    }
}
