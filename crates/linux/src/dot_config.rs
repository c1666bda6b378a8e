//! `.config` and `include/config/auto.conf`: the values of a configuration.

use std::collections::BTreeMap;

use camino::Utf8Path;
use gateless_model::{Failure, Result};

use crate::kconfig::expression::{Tri, Values};

/// The values of a configuration, by symbol without `CONFIG_`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DotConfig(BTreeMap<String, String>);

impl DotConfig {
    /// Reads the text of a .config.
    pub fn parse(text: &str) -> Self {
        let values = text.lines().filter_map(assignment);
        Self(
            values
                .map(|(symbol, value)| (symbol.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// What a person configured in the output directory `out`: its .config.
    pub fn read(out: &Utf8Path) -> Result<Self> {
        let text = fs_err::read_to_string(out.join(".config")).map_err(|error| {
            Failure::failed(format!("{out} is no output directory of a kernel build"))
                .because(error)
        })?;
        Ok(Self::parse(&text))
    }

    /// What make was told in the output directory `out`: include/config/auto.conf.
    pub fn read_auto(out: &Utf8Path) -> std::io::Result<Self> {
        let text = fs_err::read_to_string(out.join("include/config/auto.conf"))?;
        Ok(Self::parse(&text))
    }

    /// Kbuild's ARCH, as the first lines of a .config name it: `# Linux/x86 7.3.4 Kernel Configuration`.
    pub fn arch(text: &str) -> Option<&str> {
        let mut top = text.lines().take_while(|line| line.starts_with('#'));
        top.find_map(|line| line.strip_prefix("# Linux/")?.split(' ').next())
    }

    /// The value as written, a string with its quotes; `n` for "is not set", and nothing for a symbol that the file leaves out.
    pub fn get(&self, symbol: &str) -> Option<&str> {
        self.0.get(symbol).map(String::as_str)
    }

    /// Every symbol with its value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.map(|(symbol, value)| (symbol.as_str(), value.as_str()))
    }

    /// Whether the symbol has a value other than `n`.
    pub fn is_set(&self, symbol: &str) -> bool {
        self.get(symbol).is_some_and(|value| value != "n")
    }

    /// Whether the option is built in or a module.
    pub fn is_on(&self, symbol: &str) -> bool {
        matches!(self.get(symbol), Some("y" | "m"))
    }
}

/// To a configuration every symbol is known: what it leaves out is off, or an empty text.
impl Values for DotConfig {
    fn tri(&self, symbol: &str) -> Option<Tri> {
        Some(self.get(symbol).and_then(Tri::of).unwrap_or(Tri::No))
    }

    fn text(&self, symbol: &str) -> Option<String> {
        let value = self.get(symbol).unwrap_or_default();
        let inner = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        Some(inner.map_or_else(
            || value.to_owned(),
            |inner| inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        ))
    }
}

/// The symbol and the value of a line; `n` for `# CONFIG_X is not set`.
pub fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let unset = line
        .strip_prefix("# CONFIG_")
        .and_then(|rest| rest.strip_suffix(" is not set"));
    if let Some(symbol) = unset {
        return Some((symbol, "n"));
    }
    let (symbol, value) = line.strip_prefix("CONFIG_")?.split_once('=')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!symbol.is_empty() && symbol.chars().all(is_name)).then_some((symbol, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kconfig::expression::Expression;

    const TEXT: &str = "# top\nCONFIG_A=y\nCONFIG_M=m\n# CONFIG_OFF is not set\nCONFIG_NAME=\"um\"\nCONFIG_RUSTC_VERSION=109500\nCONFIG X=y\n";

    #[test]
    fn what_is_off_and_what_is_left_out_are_told_apart() {
        let config = DotConfig::parse(TEXT);
        assert_eq!(config.get("OFF"), Some("n"));
        assert_eq!(config.get("GONE"), None);
        assert!(!config.is_set("OFF") && !config.is_set("GONE") && config.is_set("NAME"));
        assert!(config.is_on("M") && !config.is_on("NAME"));
        assert_eq!(config.get("NAME"), Some("\"um\""));
    }

    #[test]
    fn the_architecture_is_read_from_the_top_alone() {
        let top = "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86_64 7.3.4 Kernel Configuration\n#\n";
        assert_eq!(DotConfig::arch(top), Some("x86_64"));
        let later = format!("CONFIG_A=y\n{top}");
        assert_eq!(DotConfig::arch(&later), None);
    }

    #[test]
    fn expressions_have_a_value_in_a_configuration() {
        let config = DotConfig::parse(TEXT);
        for (text, wanted) in [
            ("A && !OFF", Tri::Yes),
            ("A && M", Tri::Module),
            ("GONE || OFF = y", Tri::No),
            ("NAME = \"um\" && GONE = n", Tri::Yes),
            ("RUSTC_VERSION >= 110000", Tri::No),
            ("GONE = \"\"", Tri::Yes),
        ] {
            let value = Expression::parse(text).value(&config);
            assert_eq!(value, Some(wanted), "{text}");
        }
    }
}
