//! A module: its objects are in it as in an image, before it is linked to a kernel.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::hash;
use gateless_model::Result;

use super::input::Input;
use super::linked::Linked;
use super::members::Module;
use super::{File, Image, foreign, signature};
use crate::Problem;

/// Looks for a module's Rust objects in it.
pub fn check(
    out: &Utf8Path,
    module: &Module,
    rust: &BTreeMap<Utf8PathBuf, Vec<u8>>,
    image: &mut Image,
    problems: &mut Vec<Problem>,
) -> Result<()> {
    let path = out.join(&module.file);
    let objects = super::parse(rust, &module.objects)?;
    if !path.exists() {
        // One that has no Rust in it, or was not linked yet, proves nothing and disproves nothing.
        if !objects.is_empty() {
            let why = "it was not linked";
            image
                .not_unpacked
                .insert(module.file.to_string(), why.to_owned());
        }
        return Ok(());
    }
    let bytes = fs_err::read(&path)?;
    let file = super::parse_file(&module.file, &bytes)?;
    let elf = match signature::strip(&bytes, super::elf_end(&file, &bytes)) {
        Ok(elf) => elf,
        Err(what) => {
            problems.push(Problem::new(module.file.as_str(), what));
            return Ok(());
        }
    };
    let input = Input::parse(&module.file, elf)?;
    let linked = Linked::link(&input);
    let before = problems.len();
    let placed = super::place(
        module.file.as_str(),
        &objects,
        &linked,
        false,
        image,
        problems,
    );
    foreign::names(module.file.as_str(), &objects, &placed, &linked, problems);
    if !objects.is_empty() && problems.len() == before {
        image.files.push(File {
            file: module.file.to_string(),
            sha256: hash::sha256(&bytes),
            what: "module".to_owned(),
        });
    }
    Ok(())
}
