//! By what uses are recognised (`signs.toml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signs {
    /// Attribute, or `attribute(argument)`, to feature.
    pub attributes: BTreeMap<String, String>,
    /// Derive to feature.
    pub derives: BTreeMap<String, String>,
    /// Token sequences.
    pub tokens: Vec<TokenSign>,
    /// Options of rustc and rustdoc.
    pub options: Options,
    /// Target specifications.
    pub target: Target,
    /// Toolchains chosen on a command line.
    pub toolchains: Toolchains,
    /// Words of makefiles (their first part, up to `=`) to the ledger's id of the way of building.
    pub practices: BTreeMap<String, String>,
}

/// A sequence of tokens that needs a feature.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSign {
    /// The feature.
    pub feature: String,
    /// The tokens, one after the other; `::` is one here.
    pub tokens: Vec<String>,
    /// Macros in whose arguments they must stand; empty for anywhere.
    #[serde(default, rename = "in")]
    pub within: Vec<String>,
    /// Feature that the tree must open somewhere for the tokens to mean anything.
    pub only_with: Option<String>,
}

/// Options that are no `-Z` and yet closed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Of rustdoc.
    pub rustdoc: Vec<String>,
    /// Of rustc.
    pub rustc: Vec<String>,
}

/// How a toolchain is chosen, and which ones have gates open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolchains {
    /// Programs behind which `+CHANNEL` chooses a toolchain (rustup's proxies).
    pub programs: Vec<String>,
    /// Words and options of rustup and of CI actions behind which a channel stands.
    pub before: Vec<String>,
    /// Channels whose compiler takes gates.
    pub channels: Vec<String>,
    /// Environment variables with options for rustc or rustdoc.
    pub flag_variables: Vec<String>,
}

impl Toolchains {
    /// Whether `name` (`nightly`, `nightly-2026-01-01`) is a channel with gates open.
    pub fn is_unstable(&self, name: &str) -> bool {
        self.channels.iter().any(|channel| {
            name.strip_prefix(channel.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    }

    /// Whether a word of a command line, also one such as `$(RUSTC)`, names one of the programs.
    pub fn is_program(&self, word: &str) -> bool {
        let name = word.rsplit('/').next().unwrap_or(word);
        let plain = name.trim_matches(|c: char| "${()}@-+\"'".contains(c));
        self.programs
            .iter()
            .any(|program| program.eq_ignore_ascii_case(plain))
    }
}

/// Target specifications.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Keys.
    pub keys: Vec<String>,
}

impl Signs {
    /// The table.
    pub fn get() -> &'static Signs {
        static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
            toml::from_str(include_str!("signs.toml"))
                .expect("signs.toml is checked by a test of this crate")
        });
        &SIGNS
    }

    /// Whether some sign tells of the use of a feature, so that its absence means that it is merely enabled.
    pub fn knows(&self, feature: &str) -> bool {
        feature == "arbitrary_self_types"
            || feature == "arbitrary_self_types_pointers"
            || self.attributes.values().any(|f| f == feature)
            || self.derives.values().any(|f| f == feature)
            || self.tokens.iter().any(|sign| sign.feature == feature)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_can_be_read() {
        let signs = super::Signs::get();
        assert!(signs.knows("used_with_arg") && signs.knows("derive_coerce_pointee"));
        assert!(!signs.knows("no_such_feature"));
    }
}
