//! The initial RAM file system: a newc archive, which the kernel unpacks before it starts `/init`
//! (Documentation/driver-api/early-userspace/buffer-format.rst).

use std::io::Write as _;

use camino::Utf8Path;
use cpio::newc::Builder;
use gateless_base::files;
use gateless_model::{Failure, Result};

use crate::guest::{Entry, Kind};

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// Writes `entries` to the file `path`, whole or not at all; a file's directories come before it.
///
/// The same entries make the same bytes: no time, no owner but root.
///
/// # Errors
/// If the file can't be written.
pub fn write(path: &Utf8Path, entries: &[Entry]) -> Result<()> {
    let unwritable =
        |error: std::io::Error| Failure::failed(format!("{path} can't be written")).because(error);
    files::write(path, bytes(entries).map_err(unwritable)?)
}

fn bytes(entries: &[Entry]) -> std::io::Result<Vec<u8>> {
    let mut archive = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let (mode, data): (u32, &[u8]) = match &entry.kind {
            Kind::Directory => (DIRECTORY, &[]),
            Kind::Program(data) => (PROGRAM, data),
            Kind::File(data) => (FILE, data),
            Kind::Device(..) => (CHARACTER_DEVICE, &[]),
        };
        // Two files with the same number would be links to each other.
        let number = u32::try_from(index + 1).map_err(std::io::Error::other)?;
        let mut header = Builder::new(entry.path.as_str())
            .ino(number)
            .nlink(1)
            .mode(mode);
        if let Kind::Device(major, minor) = entry.kind {
            header = header.rdev_major(major).rdev_minor(minor);
        }
        let length = u32::try_from(data.len()).map_err(std::io::Error::other)?;
        let mut writer = header.write(archive, length);
        writer.write_all(data)?;
        archive = writer.finish()?;
    }
    cpio::newc::trailer(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let entries = [
            Entry::new("dev", Kind::Directory),
            Entry::new("dev/console", Kind::Device(5, 1)),
            Entry::new("init", Kind::Program(b"#!/bin/sh\n".to_vec())),
            Entry::new("odd", Kind::File(b"abc".to_vec())),
        ];
        let archive = bytes(&entries).unwrap();
        assert!(archive.starts_with(b"070701"), "the kernel's magic number");
        let mut rest = archive.as_slice();
        let mut seen = Vec::new();
        loop {
            let mut reader = cpio::newc::Reader::new(rest).unwrap();
            if reader.entry().is_trailer() {
                break;
            }
            let (name, mode) = (reader.entry().name().to_owned(), reader.entry().mode());
            let mut data = Vec::new();
            std::io::Read::read_to_end(&mut reader, &mut data).unwrap();
            seen.push((name, mode, data));
            rest = reader.finish().unwrap();
        }
        let names: Vec<&str> = seen.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["dev", "dev/console", "init", "odd"]);
        assert_eq!(seen[2].1, PROGRAM);
        assert_eq!(seen[3].2, b"abc");
    }
}
