//! The configurations that gateless brings along, as data in the repository's `presets/` directory.

use std::sync::LazyLock;

use include_dir::{Dir, File, include_dir};

/// A named configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Name as given to `--config`; begins with the architecture.
    pub name: &'static str,
    /// Its file: Kconfig assignments and the directives that `config` understands.
    pub text: &'static str,
}

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../presets");

/// All presets: every file of `presets/` is one.
pub static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let mut presets: Vec<Preset> = FILES.files().filter_map(preset).collect();
    presets.sort_by_key(|preset| preset.name);
    presets
});

fn preset(file: &'static File<'static>) -> Option<Preset> {
    Some(Preset {
        name: file.path().to_str()?.strip_suffix(".config")?,
        text: file.contents_utf8()?,
    })
}

/// The preset of this name.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// All names, for messages.
pub fn names() -> String {
    PRESETS
        .iter()
        .map(|preset| preset.name)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Recipe;

    #[test]
    fn every_preset_can_be_read_and_turns_rust_and_its_tests_on() {
        for preset in PRESETS.iter() {
            let recipe = Recipe::of_sources(&[preset.name.to_owned()]).unwrap();
            for symbol in ["RUST", "KUNIT", "RUST_KERNEL_DOCTESTS"] {
                assert_eq!(
                    recipe.value(symbol),
                    Some("y"),
                    "{} in {}",
                    symbol,
                    preset.name
                );
            }
            let menus = [("RUST_KUNIT_TESTS".to_owned(), true)];
            assert_eq!(recipe.menus, menus, "{}", preset.name);
        }
    }

    #[test]
    fn every_file_of_the_directory_is_a_preset() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../presets");
        let mut files: Vec<String> = fs_err::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let mut presets: Vec<String> = PRESETS
            .iter()
            .map(|preset| format!("{}.config", preset.name))
            .collect();
        presets.sort();
        assert_eq!(files, presets);
    }

    #[test]
    fn every_preset_says_what_it_is() {
        for preset in PRESETS.iter() {
            assert!(
                preset.text.starts_with(&format!("# {}: ", preset.name)),
                "{}",
                preset.name
            );
        }
    }
}
