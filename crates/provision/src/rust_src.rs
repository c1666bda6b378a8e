//! The sources of the standard library, of the very version of the compiler.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::progress::Progress;
use gateless_base::{cache, files, process, variable};
use gateless_model::{Failure, Result, Version};
use gateless_rustc::compiler::Compiler;

use crate::apt::{self, Apt};

/// The `library` directory for this compiler: `$RUST_LIB_SRC`, else the sysroot's, else what `doctor --install` unpacked into the cache.
///
/// `$RUST_LIB_SRC` of another version is an error rather than passed over, since the user asked for it.
pub fn find(compiler: &Compiler, cache: &Utf8Path) -> Result<Utf8PathBuf> {
    if let Some(named) = variable::path("RUST_LIB_SRC")? {
        let library = camino::absolute_utf8(&named)?;
        check(&library, compiler.version)?;
        return Ok(library);
    }
    let installed = compiler.sysroot.join("lib/rustlib/src/rust/library");
    if is_library(&installed) {
        // Debian makes this a link to a directory with a version mark; rustup's copy has none, and is of the toolchain it lies in.
        let resolved = installed.canonicalize_utf8()?;
        if let Some(found) = marked_version(&resolved)
            && found != compiler.version
        {
            return Err(wrong_version(&installed, found, compiler.version));
        }
        return Ok(installed);
    }
    let cached = in_cache(cache, compiler.version);
    if is_library(&cached) {
        check(&cached, compiler.version)?;
        return Ok(cached);
    }
    Err(Failure::no(format!("the standard library's sources for rustc {} are missing (looked for {installed} and {cached})", compiler.version))
        .help(format!("{}, or `rustup component add rust-src`, or set RUST_LIB_SRC to the `library` directory of that version", crate::system::System::this().help())))
}

/// A directory in place of the sources, for a runtime source that reads none: Kbuild has a rule with the root file of `core` in it
/// (rust/Makefile). Each runtime source has its own, so that make notices a change from one to another.
pub fn placeholder(cache: &Utf8Path, runtime: &str) -> Result<Utf8PathBuf> {
    let library = cache.join("runtime").join(runtime).join("library");
    let root = library.join("core/src/lib.rs");
    if !root.is_file() {
        fs_err::create_dir_all(library.join("core/src"))?;
        files::write(
            &root,
            format!(
                "// The runtime source `{runtime}` takes core from the toolchain's prebuilt library; nothing is read from here.\n"
            ),
        )?;
    }
    Ok(library)
}

/// Where `doctor --install` puts the `library` directory of `version`: as Debian's rust-src package has it below its root.
pub fn in_cache(cache: &Utf8Path, version: Version) -> Utf8PathBuf {
    cache::rust_src(cache)
        .join(version.to_string())
        .join(format!("usr/src/rustc-{version}/library"))
}

/// An error unless `library` holds the standard library's sources of exactly `wanted`.
pub fn check(library: &Utf8Path, wanted: Version) -> Result<()> {
    if !is_library(library) {
        return Err(Failure::failed(format!(
            "{library} does not hold the standard library's sources: there is no core/src/lib.rs"
        ))
        .help("RUST_LIB_SRC must name the `library` directory of the Rust sources"));
    }
    let resolved = library.canonicalize_utf8()?;
    match marked_version(&resolved) {
        Some(found) if found == wanted => Ok(()),
        Some(found) => Err(wrong_version(library, found, wanted)),
        None => Err(Failure::failed(format!("the version of the standard library's sources in {library} can't be told"))
            .help("use an unpacked rust-src package (`gateless doctor` says how), whose src/version file beside `library` names it")),
    }
}

/// Unpacks the standard library's sources of a compiler of this version; the caller holds apt's lock.
pub(crate) fn unpack(
    cache: &Utf8Path,
    apt: &Apt,
    version: Version,
    progress: &mut dyn Progress,
) -> Result<()> {
    let library = in_cache(cache, version);
    if library.is_dir() {
        return Ok(());
    }
    let offers = apt.versions("rust-src")?;
    let offer = offers
        .iter()
        .find(|offer| Version::prefix(&offer.version) == Some(version))
        .ok_or_else(|| {
            let known: Vec<String> = offers
                .iter()
                .filter_map(|offer| Version::prefix(&offer.version))
                .map(|version| version.to_string())
                .collect();
            Failure::no(format!("Debian has no rust-src package for Rust {version}")).help(format!(
                "`rustup component add rust-src`, or use a compiler for which it has one: {}",
                known.join(", ")
            ))
        })?;
    let directory = cache::rust_src(cache);
    fs_err::create_dir_all(&directory)?;
    let work = tempfile::Builder::new()
        .prefix(".unpack-")
        .tempdir_in(&directory)?;
    let unpacked = Utf8PathBuf::from_path_buf(work.path().join("root"))
        .map_err(|path| Failure::failed(format!("{} is not UTF-8", path.display())))?;
    let download = unpacked.with_file_name("download");
    fs_err::create_dir_all(&download)?;
    fs_err::create_dir_all(&unpacked)?;
    let file = apt.download(offer, &download, progress)?;
    progress.step("unpacking rust-src");
    apt::unpack(&file, &unpacked)?;
    keep_library(&unpacked.join(format!("usr/src/rustc-{version}")))?;
    let target = directory.join(version.to_string());
    if target.exists() {
        // Without a library in it, or it would have been found.
        fs_err::remove_dir_all(&target)?;
    }
    fs_err::rename(&unpacked, &target)?;
    progress.done();
    check(&library, version)
}

/// Removes the directories beside the library and its version mark (`src/version`): the compiler's own sources, most of half a gigabyte.
fn keep_library(sources: &Utf8Path) -> Result<()> {
    for (directory, kept) in [
        (sources, ["library", "src"].as_slice()),
        (&sources.join("src"), &[]),
    ] {
        for entry in directory.read_dir_utf8()? {
            let entry = entry?;
            if entry.file_type()?.is_dir() && !kept.contains(&entry.file_name()) {
                fs_err::remove_dir_all(entry.path())?;
            }
        }
    }
    Ok(())
}

fn is_library(directory: &Utf8Path) -> bool {
    directory.join("core/src/lib.rs").is_file()
}

fn wrong_version(library: &Utf8Path, found: Version, wanted: Version) -> Failure {
    Failure::failed(format!("the standard library's sources in {library} are of Rust {found}, but the compiler is {wanted}"))
        .help(format!("{} for the right ones, and unset RUST_LIB_SRC if it is set", crate::system::System::this().help()))
}

/// The version that the sources say they are, by the first mark found.
///
/// `src/version` is in the Rust repository, its release tarballs and Debian's rust-src; a toolchain's own copy is known by the
/// toolchain's compiler; the directory name is what Debian and the tarballs call it.
fn marked_version(library: &Utf8Path) -> Option<Version> {
    let parent = library.parent()?;
    if let Ok(text) = fs_err::read_to_string(parent.join("src/version")) {
        return text.trim().parse().ok();
    }
    if parent.ends_with("lib/rustlib/src/rust") {
        let toolchain = parent.ancestors().nth(4)?;
        let text = process::stdout(&toolchain.join("bin/rustc"), &["--version"]).ok()?;
        return Version::find(&text);
    }
    let name = parent.file_name()?;
    Version::prefix(
        name.strip_prefix("rustc-")
            .or_else(|| name.strip_prefix("rust-"))?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(directory: &str, mark: Option<&str>) -> (tempfile::TempDir, Utf8PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let source = Utf8Path::from_path(root.path()).unwrap().join(directory);
        fs_err::create_dir_all(source.join("library/core/src")).unwrap();
        fs_err::write(source.join("library/core/src/lib.rs"), "").unwrap();
        if let Some(mark) = mark {
            fs_err::create_dir_all(source.join("src")).unwrap();
            fs_err::write(source.join("src/version"), mark).unwrap();
        }
        (root, source.join("library"))
    }

    #[test]
    fn sources_of_another_version_are_refused() {
        let (_root, library) = library("rustc-1.95.0", Some("1.94.1\n"));
        let failure = check(&library, Version::new(1, 95, 0)).unwrap_err();
        assert!(
            failure.what.contains("1.94.1") && failure.what.contains("1.95.0"),
            "{}",
            failure.what
        );
        check(&library, Version::new(1, 94, 1)).unwrap();
    }

    #[test]
    fn the_directory_name_is_the_mark_of_last_resort() {
        let (_root, library) = library("rustc-1.95.0", None);
        check(&library, Version::new(1, 95, 0)).unwrap();
        assert!(check(&library, Version::new(1, 95, 1)).is_err());
    }

    #[test]
    fn sources_without_any_mark_are_refused() {
        let (_root, library) = library("sources", None);
        assert!(
            check(&library, Version::new(1, 95, 0))
                .unwrap_err()
                .what
                .contains("can't be told")
        );
    }

    #[test]
    fn a_directory_without_core_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let failure = check(
            Utf8Path::from_path(root.path()).unwrap(),
            Version::new(1, 95, 0),
        )
        .unwrap_err();
        assert!(failure.what.contains("core/src/lib.rs"));
    }

    #[test]
    fn unpacked_sources_keep_the_library_and_its_version() {
        let root = tempfile::tempdir().unwrap();
        let sources = Utf8Path::from_path(root.path()).unwrap();
        for directory in ["library/core/src", "src/bootstrap", "compiler/rustc"] {
            fs_err::create_dir_all(sources.join(directory)).unwrap();
        }
        fs_err::write(sources.join("library/core/src/lib.rs"), "").unwrap();
        fs_err::write(sources.join("src/version"), "1.95.0\n").unwrap();
        keep_library(sources).unwrap();
        assert!(!sources.join("compiler").exists() && !sources.join("src/bootstrap").exists());
        check(&sources.join("library"), Version::new(1, 95, 0)).unwrap();
    }
}
