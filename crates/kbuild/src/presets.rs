//! The configurations that gateless brings along, as data in the repository's `presets/` folder.

/// A named configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Name as given to `--config`; begins with the architecture.
    pub name: &'static str,
    /// Its file: Kconfig assignments and the directives that `config` understands.
    pub text: &'static str,
}

/// All presets.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "um",
        text: include_str!("../../../presets/um.config"),
    },
    Preset {
        name: "um-small",
        text: include_str!("../../../presets/um-small.config"),
    },
    Preset {
        name: "x86_64",
        text: include_str!("../../../presets/x86_64.config"),
    },
    Preset {
        name: "x86_64-small",
        text: include_str!("../../../presets/x86_64-small.config"),
    },
];

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
        for preset in PRESETS {
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
            assert_eq!(recipe.menus, ["RUST_KUNIT_TESTS"], "{}", preset.name);
        }
    }

    #[test]
    fn every_file_of_the_folder_is_a_preset() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../presets");
        let mut files: Vec<String> = fs_err::read_dir(folder)
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
        for preset in PRESETS {
            assert!(
                preset.text.starts_with(&format!("# {}: ", preset.name)),
                "{}",
                preset.name
            );
        }
    }
}
