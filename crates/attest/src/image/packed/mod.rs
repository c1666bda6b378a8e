//! What is booted: each file is to unpack to the very `vmlinux` that was examined. One file per format.

mod bzimage;
mod flat;

use std::borrow::Cow;
use std::io::Read as _;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::hash;
use gateless_model::Result;

use super::placing::Placed;
use super::{File, Image};
use crate::Problem;

/// Proves that a file is made of `vmlinux`; the error says why not.
type Unpack = fn(&[u8], &Vmlinux<'_>) -> std::result::Result<(), String>;

/// The image that a file has to unpack to.
struct Vmlinux<'a> {
    bytes: &'a [u8],
    file: &'a object::File<'a>,
    placed: &'a [Placed],
}

/// Files below an architecture's `boot/`, or in the output directory itself, and what they are.
const FORMATS: [(&str, &str, Unpack); 4] = [
    ("linux", "the image itself", same),
    (
        "bzImage",
        "the image, packed by x86's setup code",
        bzimage::check,
    ),
    ("Image", "the image's memory", flat::check),
    ("Image.gz", "the image's memory, packed", flat::check_packed),
];

/// Names of files that are booted, and whose formats are not known here.
const UNKNOWN: [&str; 6] = [
    "zImage",
    "uImage",
    "vmlinux.bin",
    "vmlinuz.efi",
    "vmlinux.efi",
    "compressed/vmlinux",
];

/// Checks every packed file that there is.
pub fn check(
    out: &Utf8Path,
    vmlinux: &[u8],
    file: &object::File<'_>,
    placed: &[Placed],
    image: &mut Image,
    problems: &mut Vec<Problem>,
) -> Result<()> {
    let vmlinux = Vmlinux {
        bytes: vmlinux,
        file,
        placed,
    };
    for (path, (_, what, unpack)) in files(out) {
        let bytes = fs_err::read(out.join(&path))?;
        match unpack(&bytes, &vmlinux) {
            Ok(()) => image.files.push(File {
                file: path.into_string(),
                sha256: hash::sha256(&bytes),
                what: what.to_owned(),
            }),
            Err(why) => problems.push(Problem::new(
                path.as_str(),
                format!("does not unpack to the `vmlinux` that was examined: {why}"),
            )),
        }
    }
    // x86 packs through files of these names on the way to its bzImage.
    if image
        .files
        .iter()
        .all(|file| !file.file.ends_with("/bzImage"))
    {
        for directory in boot_directories(out) {
            for name in UNKNOWN {
                let file = directory.join(name);
                if out.join(&file).exists() {
                    let why = "how files of this format are unpacked is not known";
                    image
                        .not_unpacked
                        .insert(file.into_string(), why.to_owned());
                }
            }
        }
    }
    Ok(())
}

/// The first packed file, if there is any.
pub fn first(out: &Utf8Path) -> Option<Utf8PathBuf> {
    files(out).into_iter().next().map(|(file, _)| file)
}

fn files(out: &Utf8Path) -> Vec<(Utf8PathBuf, (&'static str, &'static str, Unpack))> {
    let mut files = Vec::new();
    for format in FORMATS {
        let at_top = (format.0 == "linux").then(Utf8PathBuf::new);
        let below = boot_directories(out)
            .into_iter()
            .filter(|_| format.0 != "linux");
        for directory in at_top.into_iter().chain(below) {
            let file = directory.join(format.0);
            // bzImage is a link in other architectures' directories.
            let is_file = out
                .join(&file)
                .symlink_metadata()
                .is_ok_and(|file| file.is_file());
            if is_file {
                files.push((file, format));
            }
        }
    }
    files
}

/// `arch/*/boot`, relative to the output directory.
fn boot_directories(out: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = out.join("arch").read_dir_utf8() else {
        return Vec::new();
    };
    let mut directories: Vec<Utf8PathBuf> = entries
        .flatten()
        .map(|entry| Utf8Path::new("arch").join(entry.file_name()).join("boot"))
        .filter(|directory| out.join(directory).is_dir())
        .collect();
    directories.sort();
    directories
}

/// User mode Linux is a program, which Kbuild links under a second name.
fn same(bytes: &[u8], vmlinux: &Vmlinux<'_>) -> std::result::Result<(), String> {
    if bytes == vmlinux.bytes {
        Ok(())
    } else {
        Err("it is another file".to_owned())
    }
}

/// What a packed piece unpacks to.
fn unpack(bytes: &[u8]) -> std::result::Result<Cow<'_, [u8]>, String> {
    let mut unpacked = Vec::new();
    let bad = |error: std::io::Error| format!("it can't be unpacked: {error}");
    match bytes {
        [0x1f, 0x8b, ..] => flate2::read::GzDecoder::new(bytes)
            .read_to_end(&mut unpacked)
            .map_err(bad)?,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => zstd::stream::read::Decoder::new(bytes)
            .map_err(bad)?
            .single_frame()
            .read_to_end(&mut unpacked)
            .map_err(bad)?,
        _ => {
            let start = hash::hex(&bytes[..bytes.len().min(4)]);
            return Err(format!(
                "it is packed by something else than gzip and zstd (its first bytes are {start}), which can't be unpacked here"
            ));
        }
    };
    Ok(unpacked.into())
}
