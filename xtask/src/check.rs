//! `cargo xtask check`: what holds the layout together, one file per check and one row in `CHECKS`.

mod circles;
mod dependencies;
mod documents;
mod layers;
mod licences;
mod lints;
mod lists;
mod promises;
mod repository;
mod sources;
mod tidy;
mod trials;

use std::process::ExitCode;

use camino::Utf8Path;

use repository::Repository;

/// What a check finds broken, one line each.
type Check = fn(&Repository) -> anyhow::Result<Vec<String>>;

/// The checks, and what each is called; those that start compilers come last, in `lints`.
const CHECKS: &[(&str, Check)] = &[
    ("layers", layers::broken),
    ("lists", lists::broken),
    ("promises", |repository| {
        Ok(promises::broken(&repository.root)?)
    }),
    ("documents", documents::broken),
    ("circles", circles::broken),
    ("dependencies", dependencies::broken),
    ("licences", licences::broken),
    ("measured", |repository| {
        crate::measured::stale(&repository.root)
    }),
    ("long-tail", |repository| {
        crate::long_tail::stale(&repository.root)
    }),
    ("trials", trials::broken),
    ("tidy", tidy::broken),
];

#[derive(clap::Args)]
pub struct Arguments {
    /// Leave out clippy, rustfmt and rustdoc
    #[arg(long)]
    no_lints: bool,
}

/// Prints what is broken; `1` when anything is.
pub fn run(root: &Utf8Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let repository = Repository::open(root)?;
    let mut broken = 0;
    for (name, check) in CHECKS {
        for line in check(&repository)? {
            println!("{name}: {line}");
            broken += 1;
        }
    }
    if arguments.no_lints {
        eprintln!("left out: {}", lints::names().join(", "));
    } else {
        for line in lints::broken(root)? {
            println!("lints: {line}");
            broken += 1;
        }
    }
    Ok(ExitCode::from(u8::from(broken > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_keeps_its_promises() {
        let repository = Repository::open(&crate::root()).unwrap();
        for (name, check) in CHECKS {
            assert_eq!(check(&repository).unwrap(), Vec::<String>::new(), "{name}");
        }
    }
}
