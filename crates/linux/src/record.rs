//! The attestation records in an output directory: reading them, their seal, and what each keeps of an object.

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_base::hash;
use gateless_model::record::{Output, Record, STATE, VERSION};
use gateless_model::{Failure, Result};
use object::{Object, ObjectSection};
use serde::Deserialize;

/// The records in the output directory `out`, by file name; one that can't be read is there as its error. None where there are no records.
pub fn all(out: &Utf8Path) -> Result<BTreeMap<String, Result<Record>>> {
    let mut records = BTreeMap::new();
    let Ok(entries) = out.join(STATE).join("records").read_dir_utf8() else {
        return Ok(records);
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        // A call that was interrupted leaves its temporary file.
        if name.ends_with(".json") && !name.starts_with('.') {
            let text = fs_err::read_to_string(entry.path())?;
            records.insert(name.to_owned(), read(&text));
        }
    }
    Ok(records)
}

/// A record's text read; one of another version is told from a damaged one.
fn read(text: &str) -> Result<Record> {
    /// What records of all versions have.
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let damaged = |error: serde_json::Error| Failure::failed(format!("can't be read: {error}"));
    let Versioned { version } = serde_json::from_str(text).map_err(damaged)?;
    if version != VERSION {
        return Err(Failure::no(format!(
            "is a record of version {version}, and this gateless reads version {VERSION}: build its object again, or remove both"
        )));
    }
    serde_json::from_str(text).map_err(damaged)
}

/// What a record says of the file at `path`.
///
/// For an object file every section is hashed by itself, so that what Kbuild does to the object afterwards (renaming
/// or weakening symbols with objcopy) can be told from a change of code or data.
pub fn output(path: &Utf8Path) -> Result<Output> {
    let bytes = fs_err::read(path)?;
    let mut sections = BTreeMap::new();
    if path.extension() == Some("o")
        && let Ok(file) = object::File::parse(&*bytes)
    {
        sections = sections_of(&file)?;
    }
    Ok(Output {
        sha256: hash::sha256(&bytes),
        sections,
    })
}

/// (name, SHA-256) of each section that holds code, data or debug information. Sections of the same name are numbered.
pub fn sections_of(file: &object::File<'_>) -> Result<BTreeMap<String, String>> {
    let mut sections = BTreeMap::new();
    for section in file.sections() {
        let name = section
            .name()
            .map_err(|error| Failure::failed(error.to_string()))?;
        if matches!(name, "" | ".symtab" | ".strtab" | ".shstrtab")
            || name.starts_with(".rela")
            || name.starts_with(".rel.")
        {
            continue;
        }
        let data = section
            .data()
            .map_err(|error| Failure::failed(error.to_string()))?;
        let mut key = name.to_owned();
        let mut number = 1;
        while sections.contains_key(&key) {
            number += 1;
            key = format!("{name}#{number}");
        }
        sections.insert(key, hash::sha256(data));
    }
    Ok(sections)
}

/// The seal of a record: SHA-256 over its JSON text with an empty seal.
pub fn seal(record: &Record) -> Result<String> {
    let unsealed = Record {
        seal: String::new(),
        ..record.clone()
    };
    let text =
        serde_json::to_string(&unsealed).map_err(|error| Failure::failed(error.to_string()))?;
    Ok(hash::sha256(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_another_version_is_told_from_a_damaged_one() {
        let old = read("{\"version\": 1, \"outputs\": {}}").unwrap_err();
        assert!(
            old.what.contains("version 1") && old.what.contains("build its object again"),
            "{old}"
        );
        for damaged in [
            "{",
            "{\"outputs\": {}}",
            &format!("{{\"version\": {VERSION}}}"),
        ] {
            let failure = read(damaged).unwrap_err();
            assert!(failure.what.starts_with("can't be read"), "{failure}");
        }
    }
}
