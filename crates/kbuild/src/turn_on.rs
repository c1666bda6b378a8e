//! Turning a symbol on in a configuration that somebody else made, as its maker would have to: what forbids it is changed, and told.

use gateless_linux::DotConfig;
use gateless_linux::kconfig::Symbols;
use gateless_linux::why::{Answer, Why};
use gateless_model::{Failure, Result};

/// What has to change next.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// The configuration (the text of a .config) with the changes, for Kconfig to complete.
    pub config: String,
    /// What is changed and what it was, for people, a line each.
    pub told: Vec<String>,
}

/// The next step towards `symbol` in the configuration `text`; nothing if it is on.
///
/// # Errors
/// If there is no such symbol, or no change of the configuration alone turns it on.
pub fn next(symbols: &Symbols, text: &str, symbol: &str) -> Result<Option<Step>> {
    let config = DotConfig::parse(text);
    let off = match Why::new(symbols, &config).explain(symbol) {
        Answer::On(_) => return Ok(None),
        Answer::Off(off) => off,
        unknown @ Answer::Unknown { .. } => {
            return Err(Failure::no(unknown.to_string()));
        }
    };
    let Some(change) = off
        .change
        .as_ref()
        .filter(|change| !change.lines.is_empty())
    else {
        return Err(Failure::no(format!(
            "CONFIG_{symbol} can't be turned on in this configuration: {}",
            Answer::Off(off)
        )));
    };
    let mut told = Vec::new();
    let mut kept: Vec<&str> = text.lines().collect();
    for line in &change.lines {
        let name = name_of(line);
        kept.retain(|own| name_of(own) != name);
        let Some(name) = name.filter(|name| *name != symbol) else {
            continue;
        };
        let now = config.get(name).unwrap_or("n");
        told.push(format!("CONFIG_{name}={now} forbids {symbol}: {line}"));
    }
    let mut config = kept.join("\n") + "\n";
    for line in &change.lines {
        config.push_str(line);
        config.push('\n');
    }
    Ok(Some(Step { config, told }))
}

/// The symbol of a line of .config, without `CONFIG_`.
fn name_of(line: &str) -> Option<&str> {
    let line = line.trim();
    let name = match line.strip_prefix("# ") {
        Some(rest) => rest.strip_suffix(" is not set")?,
        None => line.split_once('=')?.0,
    };
    name.strip_prefix("CONFIG_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KCONFIG: &str = "config RUST\n\tbool \"Rust\"\n\tdepends on HAVE && !VERSIONS\n\
        config HAVE\n\tdef_bool y\n\
        config VERSIONS\n\tbool \"Versions\"\n";

    fn symbols(text: &str) -> Symbols {
        Symbols::of_text(text, "Kconfig").unwrap()
    }

    #[test]
    fn what_forbids_it_is_turned_off_and_told() {
        let before = "CONFIG_HAVE=y\nCONFIG_VERSIONS=y\nCONFIG_OTHER=y\n";
        let step = next(&symbols(KCONFIG), before, "RUST").unwrap().unwrap();
        assert!(step.config.contains("CONFIG_RUST=y"), "{step:?}");
        assert!(
            step.config.contains("# CONFIG_VERSIONS is not set"),
            "{step:?}"
        );
        assert!(!step.config.contains("CONFIG_VERSIONS=y"), "{step:?}");
        assert!(step.config.contains("CONFIG_OTHER=y"), "{step:?}");
        assert_eq!(step.told.len(), 1, "{step:?}");
        assert!(
            step.told[0].starts_with("CONFIG_VERSIONS=y forbids RUST"),
            "{step:?}"
        );
    }

    #[test]
    fn nothing_is_done_where_it_is_on_and_what_no_option_changes_is_an_error() {
        let on = "CONFIG_HAVE=y\nCONFIG_RUST=y\n";
        assert_eq!(next(&symbols(KCONFIG), on, "RUST").unwrap(), None);
        let never = KCONFIG.replace("def_bool y", "def_bool n");
        let failure = next(&symbols(&never), "CONFIG_OTHER=y\n", "RUST").unwrap_err();
        assert!(failure.what.contains("can't be turned on"), "{failure}");
        assert!(next(&symbols(KCONFIG), on, "NOWHERE").is_err());
    }
}
