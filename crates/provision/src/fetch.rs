//! Kernel trees from Debian's `linux-source-*` packages, unpacked once into the cache.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::cache;
use gateless_linux::tree;
use gateless_model::{Failure, Result};

use crate::apt::{self, Apt, Offer};
use crate::system::System;
use gateless_base::progress::Progress;

/// The newest kernel tree of `release` (`7.3`, or `7.3.4` for exactly that) in the cache, if there is one.
pub fn cached(cache: &Utf8Path, release: &str) -> Result<Option<Utf8PathBuf>> {
    let release = Release::parse(release)?;
    let Ok(entries) = cache::trees(cache).read_dir_utf8() else {
        return Ok(None);
    };
    let mut found: Vec<(Vec<u32>, Utf8PathBuf)> = Vec::new();
    for entry in entries {
        let entry = entry?;
        if !entry.file_name().starts_with('.') && release.has(entry.file_name()) {
            found.push((sort_key(entry.file_name()), entry.path().to_owned()));
        }
    }
    Ok(found.into_iter().max().map(|(_, path)| path))
}

/// An error if `release` can't be built, whatever its tree holds.
pub fn check_release(release: &str) -> Result<()> {
    let parsed = Release::parse(release)?;
    match parsed.0.join(".").parse() {
        // Of a series the newest is meant, which is in no doubt.
        Ok(version) => tree::check_release(version, release),
        Err(_) => Ok(()),
    }
}

/// Brings in a kernel tree unless one of this release is in the cache already; returns its path.
///
/// Safe to interrupt: the tree appears under its name when it is complete.
pub fn fetch(cache: &Utf8Path, release: &str, progress: &mut dyn Progress) -> Result<Utf8PathBuf> {
    if let Some(tree) = cached(cache, release)? {
        return Ok(tree);
    }
    let wanted = Release::parse(release)?;
    let system = System::this();
    let codename = system.debian(&format!(
        "a source tree of Linux {release} (https://kernel.org), and give its directory as --tree"
    ))?;
    let _lock = apt::lock(cache)?;
    // Another process may have fetched it while this one waited.
    if let Some(tree) = cached(cache, release)? {
        return Ok(tree);
    }
    let apt = Apt::update(cache, codename, progress)?;
    let package = format!("linux-source-{}", wanted.series());
    let offer = apt
        .versions(&package)?
        .into_iter()
        .find(|offer| wanted.has(&offer.version));
    let offer = match offer {
        Some(offer) => offer,
        None => return Err(unknown(release, &apt)?),
    };
    unpack(cache, &apt, &offer, progress)
}

fn unpack(
    cache: &Utf8Path,
    apt: &Apt,
    offer: &Offer,
    progress: &mut dyn Progress,
) -> Result<Utf8PathBuf> {
    let trees = cache::trees(cache);
    fs_err::create_dir_all(&trees)?;
    remove_left_overs(&trees)?;
    let work = tempfile::Builder::new()
        .prefix(".fetch-")
        .tempdir_in(&trees)?;
    let directory = Utf8Path::from_path(work.path())
        .ok_or_else(|| Failure::failed(format!("{trees} is not UTF-8")))?;
    let file = apt.download(offer, directory, progress)?;
    progress.step(&format!("unpacking {}", offer.package));
    apt::unpack(&file, directory)?;
    fs_err::remove_file(&file)?;
    let archive = directory.join(format!("usr/src/{}.tar.xz", offer.package));
    if !archive.is_file() {
        return Err(Failure::failed(format!(
            "{} {} does not hold usr/src/{}.tar.xz",
            offer.package, offer.version, offer.package
        )));
    }
    extract(&archive, directory, progress)?;
    progress.done();
    let tree = trees.join(directory_name(&offer.version));
    fs_err::rename(directory.join(&offer.package), &tree)?;
    Ok(tree)
}

fn extract(archive: &Utf8Path, directory: &Utf8Path, progress: &mut dyn Progress) -> Result<()> {
    let mut child = Command::new("tar")
        .args(["-xvf", archive.as_str(), "-C", directory.as_str()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| {
            Failure::failed("`tar` can't be run")
                .because(error)
                .help(System::this().help())
        })?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            progress.tick(&line?);
        }
    }
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(
            Failure::failed(format!("{archive} can't be unpacked (tar: {status})"))
                .help("check the free space, and that xz is installed"),
        )
    }
}

/// Removes what an interrupted fetch left; the caller holds the lock.
fn remove_left_overs(trees: &Utf8Path) -> Result<()> {
    for entry in trees.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_name().starts_with(".fetch-") {
            fs_err::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn unknown(release: &str, apt: &Apt) -> Result<Failure> {
    let mut known: Vec<String> = Vec::new();
    for package in apt.names("^linux-source-[0-9.]+$")? {
        known.extend(
            apt.versions(&package)?
                .into_iter()
                .map(|offer| upstream(&offer.version).to_owned()),
        );
    }
    known.sort_by_key(|version| sort_key(version));
    known.dedup();
    Ok(
        Failure::failed(format!("Debian offers no Linux {release}")).help(format!(
            "it offers {}; for any other give a source tree as --tree",
            known.join(", ")
        )),
    )
}

/// Debian's version as a directory name: without the characters that make or a shell might take for their own.
fn directory_name(version: &str) -> String {
    version.replace(['~', '+', ':'], "_")
}

fn upstream(version: &str) -> &str {
    version.split(['-', '_', '~']).next().unwrap_or(version)
}

fn sort_key(version: &str) -> Vec<u32> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// A release as the user names it.
struct Release<'a>(Vec<&'a str>);

impl<'a> Release<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let numbers: Vec<&str> = text.split('.').collect();
        let good = matches!(numbers.len(), 2 | 3)
            && numbers
                .iter()
                .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()));
        if !good {
            return Err(Failure::usage(format!("`{text}` is not a kernel release"))
                .help("write it like 7.3 (the newest 7.3.y) or 7.3.4"));
        }
        Ok(Self(numbers))
    }

    fn series(&self) -> String {
        self.0[..2].join(".")
    }

    fn has(&self, version: &str) -> bool {
        let numbers: Vec<&str> = upstream(version).split('.').collect();
        numbers.len() >= self.0.len() && numbers[..self.0.len()] == self.0[..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_matches_its_patch_levels_and_no_other_series() {
        let release = Release::parse("7.3").unwrap();
        assert!(release.has("7.3.4-1~bpo13+1") && release.has("7.3.12-1"));
        assert!(!release.has("7.30.1-1") && !release.has("7.4.3-1"));
        assert!(!Release::parse("7.3.4").unwrap().has("7.3.40-1"));
        for bad in ["7", "7.x", "", "7.3.4.5", "v7.3"] {
            assert!(Release::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_newest_cached_tree_is_taken_and_half_fetched_ones_are_not() {
        let root = tempfile::tempdir().unwrap();
        let cache = Utf8Path::from_path(root.path()).unwrap();
        assert_eq!(cached(cache, "7.3").unwrap(), None);
        for name in [
            "7.3.9-1_bpo13_1",
            "7.3.10-1_bpo13_1",
            "7.2.11-1",
            ".fetch-7.3.12",
        ] {
            fs_err::create_dir_all(cache.join("linux").join(name)).unwrap();
        }
        assert_eq!(
            cached(cache, "7.3").unwrap(),
            Some(cache.join("linux/7.3.10-1_bpo13_1"))
        );
        assert_eq!(
            cached(cache, "7.3.9").unwrap(),
            Some(cache.join("linux/7.3.9-1_bpo13_1"))
        );
        assert_eq!(cached(cache, "6.12").unwrap(), None);
    }

    #[test]
    fn a_fetched_tree_has_a_path_that_kbuild_takes() {
        assert_eq!(directory_name("7.3.4-1~bpo13+1"), "7.3.4-1_bpo13_1");
        assert_eq!(upstream("7.3.4-1~bpo13+1"), "7.3.4");
    }
}
