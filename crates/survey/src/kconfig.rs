//! Whether an architecture has Rust upstream: `select HAVE_RUST` in its Kconfig.

use camino::Utf8Path;
use gateless_linux::kconfig::Symbols;
use gateless_model::Result;

/// The conditions of each `select HAVE_RUST` of an architecture's Kconfig files, without those that have none; nothing if there is no such line.
pub(crate) fn have_rust(directory: &Utf8Path) -> Result<Option<Vec<String>>> {
    let mut found: Option<Vec<String>> = None;
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        let name = entry.file_name();
        if name.starts_with("Kconfig") && entry.path().is_file() {
            let text = fs_err::read_to_string(entry.path())?;
            let symbols = Symbols::of_text(&text, name)?;
            for (_, select) in symbols.selects_of("HAVE_RUST") {
                let condition = select.condition.as_ref().map(ToString::to_string);
                found.get_or_insert_default().extend(condition);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<Vec<String>> {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        fs_err::write(path.join("Kconfig"), text).unwrap();
        have_rust(path).unwrap()
    }

    #[test]
    fn each_select_is_found_with_its_condition() {
        let text = "config A\n\tselect HAVE_RUST\t\tif PPC32\n\tselect HAVE_RUST if PPC64 && LE\n\tselect HAVE_RUSTY\n# select HAVE_RUST\n";
        assert_eq!(
            found(text),
            Some(vec!["PPC32".to_owned(), "PPC64 && LE".to_owned()])
        );
        assert_eq!(found("config UML\n\tselect HAVE_RUST\n"), Some(Vec::new()));
        assert_eq!(found("config HAVE_RUST\n\tbool\n"), None);
    }

    #[test]
    fn an_architecture_without_the_line_is_not_one_without_conditions() {
        assert_eq!(found("config VAX\n"), None);
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        fs_err::write(path.join("Kconfig"), "config VAX\n").unwrap();
        let text = "config CPU\n\tselect HAVE_RUST\n";
        fs_err::write(path.join("Kconfig.cpu"), text).unwrap();
        assert_eq!(have_rust(path).unwrap(), Some(Vec::new()));
    }

    #[test]
    fn files_that_it_sources_are_not_followed() {
        let text = "source \"arch/vax/plat/Kconfig\"\nconfig VAX\n\tselect HAVE_RUST\n";
        assert_eq!(found(text), Some(Vec::new()));
    }
}
