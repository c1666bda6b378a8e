//! Writing the attestation records.

use camino::Utf8Path;
use gateless_base::files;
use gateless_linux::record::seal;
use gateless_model::record::Record;
use gateless_model::{Failure, Result};

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
