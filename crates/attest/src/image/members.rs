//! The objects of the image and its modules, as Kbuild lists them.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::paths;
use gateless_model::{Failure, Result};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};

/// What Kbuild puts into the image and its modules; paths are relative to the output directory.
pub struct Members {
    /// Objects of the image.
    pub image: BTreeSet<Utf8PathBuf>,
    /// Modules, each with its objects.
    pub modules: Vec<Module>,
}

/// A module.
pub struct Module {
    /// Its file, `.ko`.
    pub file: Utf8PathBuf,
    /// Its objects.
    pub objects: BTreeSet<Utf8PathBuf>,
}

/// Reads what Kbuild lists; nothing when neither an image nor a module was made. Modules outside of the tree are in a directory without an image.
pub fn list(out: &Utf8Path) -> Result<Option<Members>> {
    let archive = out.join("vmlinux.a");
    let mut modules = modules(out)?;
    if archive.exists() {
        let image = of_archive(out, &archive)?;
        return Ok(Some(Members { image, modules }));
    }
    modules.retain(|module| out.join(&module.file).exists());
    let image = BTreeSet::new();
    Ok((!modules.is_empty()).then_some(Members { image, modules }))
}

/// Names in a thin archive are relative to its directory.
pub fn of_archive(out: &Utf8Path, archive: &Utf8Path) -> Result<BTreeSet<Utf8PathBuf>> {
    let mut members = BTreeSet::new();
    let bytes = fs_err::read(archive)?;
    let bad =
        |error: object::Error| Failure::failed(format!("`{archive}` can't be read")).because(error);
    let file = ArchiveFile::parse(&*bytes).map_err(bad)?;
    let directory = archive.parent().unwrap_or(out);
    for member in file.members() {
        let member = member.map_err(bad)?;
        let path = paths::absolute(
            directory,
            Utf8Path::new(&*String::from_utf8_lossy(member.name())),
        );
        members.insert(path.strip_prefix(out).unwrap_or(&path).to_owned());
    }
    Ok(members)
}

/// `modules.order` lists the modules; a module's `.mod` file lists its objects.
fn modules(out: &Utf8Path) -> Result<Vec<Module>> {
    let Ok(order) = fs_err::read_to_string(out.join("modules.order")) else {
        return Ok(Vec::new());
    };
    let module = |line: &str| {
        let list = Utf8Path::new(line).with_extension("mod");
        let objects = match fs_err::read_to_string(out.join(&list)) {
            Ok(objects) => objects
                .split_whitespace()
                .map(|object| {
                    let object = paths::absolute(Utf8Path::new("/"), Utf8Path::new(object));
                    object.strip_prefix("/").unwrap_or(&object).to_owned()
                })
                .collect(),
            Err(_) => BTreeSet::from([list.with_extension("o")]),
        };
        Module {
            file: list.with_extension("ko"),
            objects,
        }
    };
    Ok(order.lines().map(module).collect())
}

/// rustc names itself in the `.comment` section of every object.
pub fn made_by_rustc(path: &Utf8Path, bytes: &[u8]) -> Result<bool> {
    let Ok(file) = object::File::parse(bytes) else {
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
