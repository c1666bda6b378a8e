//! Whether an architecture has Rust upstream: `select HAVE_RUST` in its Kconfig.

use camino::Utf8Path;
use gateless_model::Result;

/// The conditions of each `select HAVE_RUST` of an architecture's Kconfig files, without those that have none; nothing if there is no such line.
pub(crate) fn have_rust(directory: &Utf8Path) -> Result<Option<Vec<String>>> {
    let mut found: Option<Vec<String>> = None;
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_name().starts_with("Kconfig") && entry.path().is_file() {
            let text = fs_err::read_to_string(entry.path())?;
            for condition in selects(&text) {
                found.get_or_insert_default().extend(condition);
            }
        }
    }
    Ok(found)
}

/// One item per `select HAVE_RUST`: its condition, if it has one.
fn selects(text: &str) -> Vec<Option<String>> {
    let words = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    words
        .filter_map(|words| match words.as_slice() {
            ["select", "HAVE_RUST"] => Some(None),
            ["select", "HAVE_RUST", "if", condition @ ..] => Some(Some(condition.join(" "))),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_select_is_found_with_its_condition() {
        let text = "config A\n\tselect HAVE_RUST\t\tif PPC32\n\tselect HAVE_RUST if PPC64 && LE\n\tselect HAVE_RUSTY\n# select HAVE_RUST\n";
        assert_eq!(
            selects(text),
            [Some("PPC32".to_owned()), Some("PPC64 && LE".to_owned())]
        );
        assert_eq!(selects("config UML\n\tselect HAVE_RUST\n"), [None]);
        assert!(selects("config HAVE_RUST\n\tbool\n").is_empty());
    }

    #[test]
    fn an_architecture_without_the_line_is_not_one_without_conditions() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        fs_err::write(path.join("Kconfig"), "config VAX\n").unwrap();
        assert_eq!(have_rust(path).unwrap(), None);
        fs_err::write(path.join("Kconfig.cpu"), "\tselect HAVE_RUST\n").unwrap();
        assert_eq!(have_rust(path).unwrap(), Some(Vec::new()));
    }
}
