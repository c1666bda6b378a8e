//! Bringing in Debian's rustc: its packages, and the libraries that this machine lacks for it, unpacked into the cache. Nothing is installed.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::cache;
use gateless_model::{Failure, Result};

use super::{Wanted, closure, launcher, program, unpacked};
use crate::apt::{self, Apt, Offer};
use crate::rust_src;
use gateless_base::progress::Progress;
use gateless_model::Version;
use gateless_rustc::compiler;

/// Unpacks a compiler that does, with the standard library's sources of its version, unless there is one; safe to interrupt.
///
/// `codename` is the machine's Debian release.
///
/// # Errors
/// If Debian has none, it can't be fetched, or it does not run here.
pub fn bring_in(
    cache: &Utf8Path,
    codename: &str,
    wanted: &Wanted,
    progress: &mut dyn Progress,
) -> Result<()> {
    let _lock = apt::lock(cache)?;
    // Another process may have brought it in while this one waited.
    if unpacked(cache, wanted)?.is_some() {
        return Ok(());
    }
    let all = Apt::update(cache, codename, progress)?;
    let offers = all.versions("rustc")?;
    let sources = all.versions("rust-src")?;
    let (offer, version) = choose(wanted, &offers, &sources)?;
    let machine = Apt::machine();
    let suites = closure::Suites {
        machine: &machine,
        all: &all,
    };
    let packages = closure::of(&suites, (offer.clone(), &all))?;
    let directory = cache::compilers(cache);
    fs_err::create_dir_all(&directory)?;
    let work = tempfile::Builder::new()
        .prefix(".unpack-")
        .tempdir_in(&directory)?;
    let root = Utf8PathBuf::from_path_buf(work.path().join("root"))
        .map_err(|path| Failure::failed(format!("{} is not UTF-8", path.display())))?;
    fs_err::create_dir_all(&root)?;
    for (number, (offer, apt)) in packages.iter().enumerate() {
        let download = root.with_file_name(format!("download-{number}"));
        fs_err::create_dir_all(&download)?;
        let file = apt.download(offer, &download, progress)?;
        progress.step(&format!("unpacking {}", offer.package));
        apt::unpack(&file, &root)?;
        fs_err::remove_dir_all(&download)?;
        progress.done();
    }
    launcher::install(&root)?;
    check(&root.join("usr/bin/rustc"), version)?;
    rust_src::unpack(cache, &all, version, progress)?;
    let target = program(cache, version);
    let target = target.ancestors().nth(3).unwrap_or(&target);
    fs_err::rename(&root, target)?;
    let names: Vec<String> = packages
        .iter()
        .map(|(offer, _)| format!("{} {}", offer.package, offer.version))
        .collect();
    progress.note(&format!("unpacked into {target}: {}", names.join(", ")));
    Ok(())
}

/// The package to take, among versions of which Debian has the standard library's sources as well.
fn choose<'a>(
    wanted: &Wanted,
    offers: &'a [Offer],
    sources: &[Offer],
) -> Result<(&'a Offer, Version)> {
    let version = |offer: &Offer| Version::prefix(&offer.version);
    let with_sources: Vec<(&Offer, Version)> = offers
        .iter()
        .filter_map(|offer| Some((offer, version(offer)?)))
        .filter(|(_, found)| sources.iter().any(|source| version(source) == Some(*found)))
        .collect();
    let best = wanted.best(with_sources.iter().map(|(_, version)| *version));
    let found = with_sources
        .iter()
        .find(|(_, version)| Some(*version) == best);
    found.copied().ok_or_else(|| {
        let known: Vec<String> = with_sources
            .iter()
            .map(|(_, version)| version.to_string())
            .collect();
        Failure::no(format!("Debian has no rustc {wanted} with its rust-src")).help(format!(
            "it has {}; name a stable rustc of your own with --toolchain or GATELESS_RUSTC",
            known.join(", ")
        ))
    })
}

/// An error unless the program runs and is of that version.
fn check(rustc: &Utf8Path, version: Version) -> Result<()> {
    let found = compiler::inspect(rustc, true)
        .map_err(|failure| failure.help("Debian's package does not run on this machine; name a stable rustc of your own with --toolchain"))?;
    if found.version == version && found.rustdoc.is_some() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "Debian's rustc package of {version} holds {} and {} rustdoc",
        found.version_text,
        if found.rustdoc.is_some() { "a" } else { "no" }
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(versions: &[&str]) -> Vec<Offer> {
        let offer = |version: &&str| Offer {
            package: "rustc".to_owned(),
            version: (*version).to_owned(),
        };
        versions.iter().map(offer).collect()
    }

    #[test]
    fn a_release_without_sources_is_passed_over() {
        let all = offers(&["1.97.1+dfsg1-1", "1.96.1+dfsg1-2~bpo13+1", "1.85.1+dfsg1-1"]);
        let wanted = Wanted::AtLeast(Version::new(1, 96, 0));
        let (offer, version) = choose(&wanted, &all, &all).unwrap();
        assert_eq!((offer, version), (&all[1], Version::new(1, 96, 1)));
        let (_, version) = choose(&wanted, &all, &all[..1]).unwrap();
        assert_eq!(version, Version::new(1, 97, 1));
    }

    #[test]
    fn what_debian_does_not_have_is_named_with_what_it_has() {
        let all = offers(&["1.85.1+dfsg1-1"]);
        let failure = choose(&Wanted::Release("1.96".into()), &all, &all).unwrap_err();
        assert!(failure.what.contains("1.96"), "{failure}");
        assert!(failure.help.unwrap().contains("1.85.1"));
    }
}
