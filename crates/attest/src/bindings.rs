//! What was fixed up in what bindgen wrote.

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_model::Result;
use gateless_overlay::bindgen::NOTE;

/// The directories in which Kbuild has bindings, below `OUT`.
const DIRECTORIES: [&str; 2] = ["rust/bindings", "rust/uapi"];

/// The notes that the bindgen wrapper left in front of the bindings, by file relative to `out`.
pub fn fixed(out: &Utf8Path) -> Result<BTreeMap<String, Vec<String>>> {
    let mut found = BTreeMap::new();
    for directory in DIRECTORIES {
        let path = out.join(directory);
        if !path.is_dir() {
            continue;
        }
        for entry in path.read_dir_utf8()? {
            let entry = entry?;
            if entry.path().extension() != Some("rs") {
                continue;
            }
            let text = fs_err::read_to_string(entry.path())?;
            let notes: Vec<String> = text
                .lines()
                .map_while(|line| line.strip_prefix(NOTE))
                .map(str::to_owned)
                .collect();
            if !notes.is_empty() {
                found.insert(format!("{directory}/{}", entry.file_name()), notes);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_stand_in_front_of_the_bindings() {
        let directory = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap();
        assert!(fixed(out).unwrap().is_empty());
        fs_err::create_dir_all(out.join("rust/bindings")).unwrap();
        let file = out.join("rust/bindings/bindings_generated.rs");
        fs_err::write(
            &file,
            format!("{NOTE}`x` is two things\npub type x = u8;\n"),
        )
        .unwrap();
        let found = fixed(out).unwrap();
        assert_eq!(
            found["rust/bindings/bindings_generated.rs"],
            ["`x` is two things"]
        );
    }
}
