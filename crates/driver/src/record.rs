//! Writing and sealing the attestation records.

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_base::{files, hash};
use gateless_model::record::{Output, Record};
use gateless_model::{Failure, Result};
use object::{Object, ObjectSection};

/// What a file was right after the compiler wrote it.
pub struct Digest(Output);

impl Digest {
    /// Reads a file.
    ///
    /// For an object file every section is hashed by itself, so that what Kbuild does to the object afterwards (renaming
    /// or weakening symbols with objcopy) can be told from a change of code or data.
    pub fn of(path: &Utf8Path) -> Result<Self> {
        let bytes = fs_err::read(path)?;
        let mut sections = BTreeMap::new();
        if path.extension() == Some("o")
            && let Ok(file) = object::File::parse(&*bytes)
        {
            sections = sections_of(&file)?;
        }
        Ok(Digest(Output {
            sha256: hash::sha256(&bytes),
            sections,
        }))
    }

    /// For a record.
    pub fn into_model(self) -> Output {
        self.0
    }
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

/// Seals a record and writes it to `STATE/records/NAME.json`.
pub fn write(state: &Utf8Path, name: &str, mut record: Record) -> Result<()> {
    record.seal = seal(&record)?;
    let text = serde_json::to_string_pretty(&record)
        .map_err(|error| Failure::failed(error.to_string()))?;
    files::write_with_parents(
        &state.join("records").join(format!("{name}.json")),
        text.as_bytes(),
    )
}
