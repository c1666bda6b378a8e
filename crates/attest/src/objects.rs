//! Whether what lies in the output tree is what the record saw.

use camino::Utf8Path;
use gateless_driver::{files, record};
use gateless_kbuild::saved_command::SavedCommand;
use gateless_model::record::{Output, Record};
use gateless_model::{Failure, Result};

use crate::Problem;

/// Compares every output of a record with the file.
pub fn check(out: &Utf8Path, record: &Record, problems: &mut Vec<Problem>) -> Result<()> {
    for (name, recorded) in &record.outputs {
        let path = out.join(name);
        if !path.exists() {
            problems.push(Problem::new(name, "is recorded, and missing"));
            continue;
        }
        if files::sha256_file(&path)? == recorded.sha256 {
            continue;
        }
        if !SavedCommand::of(out, name).is_some_and(|command| command.rewritten_by("objcopy")) {
            problems.push(Problem::new(
                name,
                "is not what the compiler wrote, and Kbuild records no step that changed it",
            ));
            continue;
        }
        if let Some(section) = changed_section(&path, recorded)? {
            problems.push(Problem::new(
                name,
                format!("was rewritten by objcopy as Kbuild records, which does not explain its section `{section}`"),
            ));
        }
    }
    Ok(())
}

/// The first section whose content differs from the record's.
fn changed_section(path: &Utf8Path, recorded: &Output) -> Result<Option<String>> {
    let bytes = fs_err::read(path)?;
    let file = object::File::parse(&*bytes).map_err(|error| {
        Failure::failed(format!("`{path}` is not an object file")).because(error)
    })?;
    let now = record::sections_of(&file)?;
    let names = now.keys().chain(recorded.sections.keys());
    Ok(names
        .into_iter()
        .find(|name| now.get(*name) != recorded.sections.get(*name))
        .cloned())
}
