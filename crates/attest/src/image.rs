//! The objects of the image and its modules: each that a Rust compiler made must have a record.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_driver::files;
use gateless_model::record::Record;
use gateless_model::{Failure, Result};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};

use crate::Problem;

/// Checks that every Rust object has a record, and counts them. Nothing when no image was made.
pub fn check(
    out: &Utf8Path,
    records: &BTreeMap<String, Record>,
    problems: &mut Vec<Problem>,
) -> Result<Option<usize>> {
    let mut members = BTreeSet::new();
    let archive = out.join("vmlinux.a");
    if !archive.exists() {
        return Ok(None);
    }
    archive_members(out, &archive, &mut members)?;
    module_members(out, &mut members)?;
    let recorded: BTreeSet<Utf8PathBuf> = records
        .values()
        .flat_map(|record| {
            record
                .outputs
                .keys()
                .map(|output| files::absolute(Utf8Path::new(&record.cwd), Utf8Path::new(output)))
        })
        .collect();
    let out = out.canonicalize_utf8()?;
    let recorded: BTreeSet<_> = recorded
        .iter()
        .map(|path| path.strip_prefix(&out).unwrap_or(path).to_owned())
        .collect();
    let mut rust = 0;
    for member in members {
        let path = out.join(&member);
        if !path.exists() {
            problems.push(Problem::new(
                member.as_str(),
                "belongs to the image, and is missing",
            ));
            continue;
        }
        if !made_by_rustc(&path)? {
            continue;
        }
        rust += 1;
        if !recorded.contains(&member) {
            problems.push(Problem::new(
                member.as_str(),
                "was made by a Rust compiler, belongs to the image, and has no record",
            ));
        }
    }
    Ok(Some(rust))
}

/// Names in a thin archive are relative to its folder.
fn archive_members(
    out: &Utf8Path,
    archive: &Utf8Path,
    members: &mut BTreeSet<Utf8PathBuf>,
) -> Result<()> {
    let bytes = fs_err::read(archive)?;
    let bad =
        |error: object::Error| Failure::failed(format!("`{archive}` can't be read")).because(error);
    let file = ArchiveFile::parse(&*bytes).map_err(bad)?;
    let folder = archive.parent().unwrap_or(out);
    for member in file.members() {
        let member = member.map_err(bad)?;
        let path = files::absolute(
            folder,
            Utf8Path::new(&*String::from_utf8_lossy(member.name())),
        );
        members.insert(path.strip_prefix(out).unwrap_or(&path).to_owned());
    }
    Ok(())
}

/// `modules.order` lists the modules; a module's `.mod` file lists its objects.
fn module_members(out: &Utf8Path, members: &mut BTreeSet<Utf8PathBuf>) -> Result<()> {
    let Ok(order) = fs_err::read_to_string(out.join("modules.order")) else {
        return Ok(());
    };
    for module in order.lines() {
        let list = Utf8Path::new(module).with_extension("mod");
        match fs_err::read_to_string(out.join(&list)) {
            Ok(objects) => members.extend(objects.split_whitespace().map(|object| {
                let object = files::absolute(Utf8Path::new("/"), Utf8Path::new(object));
                object.strip_prefix("/").unwrap_or(&object).to_owned()
            })),
            Err(_) => {
                members.insert(Utf8Path::new(module).with_extension("o"));
            }
        }
    }
    Ok(())
}

/// rustc names itself in the `.comment` section of every object.
fn made_by_rustc(path: &Utf8Path) -> Result<bool> {
    let bytes = fs_err::read(path)?;
    let Ok(file) = object::File::parse(&*bytes) else {
        return Ok(false);
    };
    let Some(section) = file.section_by_name(".comment") else {
        return Ok(false);
    };
    let data = section
        .data()
        .map_err(|error| Failure::failed(format!("`{path}` can't be read")).because(error))?;
    Ok(String::from_utf8_lossy(data).contains("rustc version"))
}
