//! Debian's own configurations of a kernel, from its packages `linux-config-*`.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{cache, files, process};
use gateless_linux::tree::Tree;
use gateless_model::{Failure, Result};

use crate::apt::{self, Apt};
use crate::system::System;
use gateless_base::progress::Progress;

/// How `--config` names it.
pub const NAME: &str = "debian";

/// Kbuild's ARCH, Debian's architecture, and the featureset and flavour of the kernel that it installs by default. A package holds the configurations
/// of its own architecture alone.
const KERNELS: &[(&str, &str, &str)] = &[("x86_64", "amd64", "amd64_none_amd64")];

/// The configuration of the tree's release for `arch`, fetched into the cache unless it is there: a complete .config.
///
/// # Errors
/// If Debian has none of that release or architecture, or it can't be had.
pub fn fetch(
    cache: &Utf8Path,
    tree: &Tree,
    arch: &str,
    progress: &mut dyn Progress,
) -> Result<Utf8PathBuf> {
    let Some((_, debian, kernel)) = KERNELS.iter().find(|(own, ..)| *own == arch) else {
        let known: Vec<&str> = KERNELS.iter().map(|(own, ..)| *own).collect();
        return Err(Failure::usage(format!(
            "--config {NAME} is not known for architecture {arch}"
        ))
        .help(format!("it is for {}", known.join(", "))));
    };
    let series = format!("{}.{}", tree.version.major, tree.version.minor);
    let file = cache::configs(cache).join(format!("{NAME}-{}-{debian}.config", tree.version));
    if file.is_file() {
        return Ok(file);
    }
    let system = System::this();
    let codename = system.debian(
        "the package linux-config of that release by hand, and give its configuration as --config FILE",
    )?;
    let _lock = apt::lock(cache)?;
    let apt = Apt::update(cache, codename, progress)?;
    let package = format!("linux-config-{series}");
    let offers = apt.versions(&package)?;
    // Of the same patch level, if there is one: others may have other options.
    let same = offers
        .iter()
        .find(|offer| offer.version.starts_with(&format!("{}-", tree.version)));
    let offer = same.or(offers.first()).ok_or_else(|| {
        Failure::no(format!("Debian has no {package}")).help(
            "give a complete .config as --config FILE, and --config with CONFIG_RUST=y after it",
        )
    })?;
    let directory = tempfile::tempdir()?;
    let work = Utf8Path::from_path(directory.path())
        .ok_or_else(|| Failure::failed("the temporary directory's name is not UTF-8"))?;
    let downloaded = apt.download(offer, work, progress)?;
    apt::unpack(&downloaded, work)?;
    let packed = work.join(format!("usr/src/{package}/config.{kernel}.xz"));
    if !packed.is_file() {
        return Err(Failure::failed(format!(
            "{package} {} does not hold {}",
            offer.version,
            packed.strip_prefix(work).unwrap_or(&packed)
        )));
    }
    let text = process::stdout("xz".into(), &["-dc", packed.as_str()])?;
    files::write_with_parents(&file, text.as_bytes())?;
    progress.note(&format!("{file}: from {package} {}", offer.version));
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateless_base::progress::Silent;
    use gateless_model::Version;

    fn tree() -> Tree {
        Tree {
            path: "/t".into(),
            version: Version::new(7, 3, 4),
            release: "7.3.4".into(),
        }
    }

    #[test]
    fn an_architecture_without_one_is_refused_by_name_before_anything_is_fetched() {
        let root = tempfile::tempdir().unwrap();
        let cache = Utf8Path::from_path(root.path()).unwrap();
        let failure = fetch(cache, &tree(), "um", &mut Silent).unwrap_err();
        assert!(failure.what.contains("architecture um"), "{failure}");
        assert!(failure.help.unwrap().contains("x86_64"));
        assert!(!cache.join("apt").exists());
    }

    #[test]
    fn one_that_is_in_the_cache_is_not_fetched_again() {
        let root = tempfile::tempdir().unwrap();
        let cache = Utf8Path::from_path(root.path()).unwrap();
        let file = cache::configs(cache).join("debian-7.3.4-amd64.config");
        files::write_with_parents(&file, b"CONFIG_A=y\n").unwrap();
        assert_eq!(fetch(cache, &tree(), "x86_64", &mut Silent).unwrap(), file);
    }
}
