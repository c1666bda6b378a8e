//! Kernel configurations: what is asked for, merged from presets and files, and whether Kconfig gave it.

use std::collections::BTreeMap;
use std::fmt::Write;

use camino::Utf8Path;
use gateless_linux::dot_config::{self, DotConfig};
use gateless_linux::kconfig::Symbols;
use gateless_linux::kconfig::expression::Tri;
use gateless_linux::why::{Answer, Why};
use gateless_model::{Failure, Result};

use crate::presets;
use crate::rust_options::RustOptions;

/// What a configuration starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// One of Kconfig's make goals that keeps no choice open: `defconfig` or `allnoconfig`.
    Goal(&'static str),
    /// A complete .config, as Kconfig writes it.
    Complete(String),
}

/// One value asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// As in .config: `y`, `m`, a number, or a string with its quotes; `n` where it shall not be set.
    pub value: String,
    /// Preset or file, and line.
    pub origin: String,
    /// Whether it was found on behalf of an option about Rust; whether that became on is told for the option itself.
    pub is_derived: bool,
    /// Whether a preset asks for it: presets are for many releases.
    pub of_preset: bool,
}

/// Everything asked for, from all presets and files; later ones win, as in the kernel's merge_config.sh.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// What to start from.
    pub base: Base,
    /// Menus of which every option shall be on, and whether a preset asks for that.
    pub menus: Vec<(String, bool)>,
    /// Whether every option about Rust shall be on.
    pub every_rust_option: bool,
    /// What was found for that.
    pub rust_options: Option<RustOptions>,
    /// Checks of userland that a boot shall run, if it is not told others.
    pub userland: Vec<String>,
    wanted: BTreeMap<String, Setting>,
    /// Names of the presets and files, as part of an output directory's name.
    pub label: String,
    /// What presets ask for and this tree's Kconfig does not have, a line each.
    pub left_out: Vec<String>,
}

/// Without it a configuration is none for gateless: never left out.
const NEEDED: &str = "RUST";

/// The first line of a comment block that Kconfig puts at the top of what it writes.
const COMPLETE_MARK: &str = "# Automatically generated file; DO NOT EDIT.";

impl Recipe {
    /// Reads each of `sources`: the name of a preset, or the path of a file (a fragment or a complete .config).
    pub fn of_sources(sources: &[String]) -> Result<Self> {
        let mut recipe = Self {
            base: Base::Goal("defconfig"),
            menus: Vec::new(),
            every_rust_option: false,
            userland: Vec::new(),
            rust_options: None,
            wanted: BTreeMap::new(),
            label: String::new(),
            left_out: Vec::new(),
        };
        let mut labels = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            if let Some(preset) = presets::find(source) {
                recipe.add(preset.text, &format!("preset {source}"), index, true)?;
                labels.push(source.clone());
            } else if Utf8Path::new(source).is_file() {
                recipe.add(&fs_err::read_to_string(source)?, source, index, false)?;
                let stem = Utf8Path::new(source).file_name().unwrap_or("config");
                labels.push(
                    stem.chars()
                        .map(|c| {
                            if c.is_ascii_alphanumeric() || c == '-' {
                                c
                            } else {
                                '_'
                            }
                        })
                        .collect(),
                );
            } else {
                return Err(Failure::usage(format!(
                    "--config {source} is neither a preset nor a file"
                ))
                .help(format!("the presets are {}", presets::names())));
            }
        }
        recipe.label = labels.join("+");
        Ok(recipe)
    }

    fn add(&mut self, text: &str, origin: &str, index: usize, of_preset: bool) -> Result<()> {
        if text
            .lines()
            .take(5)
            .any(|line| line.trim() == COMPLETE_MARK)
        {
            if index > 0 {
                return Err(Failure::usage(format!(
                    "{origin} is a complete .config, which would replace what comes before it"
                ))
                .help("name it first, then the fragments"));
            }
            // Symbols without a prompt can't be asked for, so a complete file is a start and not a list of wishes.
            self.base = Base::Complete(text.to_owned());
            return Ok(());
        }
        for (number, line) in text.lines().enumerate() {
            let place = format!("{origin}:{}", number + 1);
            match parse_line(line) {
                Line::Nothing => {}
                Line::Set(symbol, value) => {
                    self.wanted.insert(
                        symbol.to_owned(),
                        Setting {
                            value: value.to_owned(),
                            origin: place,
                            is_derived: false,
                            of_preset,
                        },
                    );
                }
                Line::Directive("base", "defconfig") => self.base = Base::Goal("defconfig"),
                Line::Directive("base", "allnoconfig") => self.base = Base::Goal("allnoconfig"),
                Line::Directive("every-option-under", menu) => {
                    self.menus.push((menu.to_owned(), of_preset));
                }
                Line::Directive("every-rust-option", "") => self.every_rust_option = true,
                Line::Directive("userland", names) if !names.is_empty() => {
                    self.userland
                        .extend(names.split_whitespace().map(str::to_owned));
                }
                Line::Directive(..) | Line::Unknown => {
                    return Err(Failure::failed(format!("{place}: `{line}` is not understood"))
                        .help("a configuration holds CONFIG_X=value, `# CONFIG_X is not set`, comments, `#: base defconfig`, `#: base allnoconfig`, `#: every-option-under MENU`, `#: every-rust-option`, `#: userland CHECK...`"));
                }
            }
        }
        Ok(())
    }

    /// Whether [`Recipe::expand`] has anything to do.
    pub fn is_open(&self) -> bool {
        self.every_rust_option || !self.menus.is_empty()
    }

    /// Leaves out what presets ask for and the tree does not have. Adds the options of the menus that were asked for, and those about Rust with what
    /// they need; a value given by name stays.
    pub fn expand(&mut self, symbols: &Symbols, tree: &Utf8Path, source_arch: &str) -> Result<()> {
        self.fit(symbols);
        for (menu, _) in &self.menus {
            let origin = format!("every option under {menu}");
            for option in symbols.options_under(menu)? {
                self.wanted.entry(option).or_insert_with(|| Setting {
                    value: "y".to_owned(),
                    origin: origin.clone(),
                    is_derived: false,
                    of_preset: false,
                });
            }
        }
        if self.every_rust_option {
            let given = |symbol: &str| self.value(symbol).and_then(Tri::of);
            let found = RustOptions::find(symbols, tree, source_arch, &given)?;
            for (symbol, value, of) in found.wishes.asked() {
                self.wanted.insert(
                    symbol.to_owned(),
                    Setting {
                        value: value.letter().to_owned(),
                        origin: format!("every Rust option, for {of}"),
                        is_derived: true,
                        of_preset: false,
                    },
                );
            }
            self.rust_options = Some(found);
        }
        Ok(())
    }

    /// Leaves out what presets ask for and the tree's Kconfig does not have. What is to be off is off without its symbol.
    fn fit(&mut self, symbols: &Symbols) {
        let has = |name: &str| !symbols.entries(name).is_empty();
        let left_out = &mut self.left_out;
        self.menus.retain(|(menu, of_preset)| {
            let is_kept = !of_preset || has(menu);
            if !is_kept {
                left_out.push(format!("every option under {menu}"));
            }
            is_kept
        });
        self.wanted.retain(|symbol, wanted| {
            let is_kept = !wanted.of_preset || symbol == NEEDED || has(symbol);
            if !is_kept && wanted.value != "n" {
                let setting = assignment(symbol, &wanted.value);
                left_out.push(format!("{} ({})", setting.trim_end(), wanted.origin));
            }
            is_kept
        });
    }

    /// The value asked for by name.
    pub fn value(&self, symbol: &str) -> Option<&str> {
        self.wanted.get(symbol).map(|wanted| wanted.value.as_str())
    }

    /// All that is asked for, in Kconfig's syntax.
    pub fn fragment(&self) -> String {
        self.wanted
            .iter()
            .map(|(symbol, wanted)| assignment(symbol, &wanted.value))
            .collect()
    }

    /// `config` (the text of a .config) without the symbols that are asked for, followed by what is asked for.
    pub fn merged_into(&self, config: &str) -> String {
        let kept = config.lines().filter(|line| !matches!(parse_line(line), Line::Set(symbol, _) if self.wanted.contains_key(symbol)));
        kept.map(|line| format!("{line}\n")).collect::<String>() + &self.fragment()
    }

    /// What Kconfig made differently in `config` (the text of the resulting .config), of what was asked for by name or menu.
    pub fn unmet(&self, config: &str) -> Vec<Unmet> {
        let got = DotConfig::parse(config);
        let asked = self.wanted.iter().filter(|(_, wanted)| !wanted.is_derived);
        let unmet = asked.filter_map(|(symbol, wanted)| {
            let got = got.get(symbol);
            (got.unwrap_or("n") != wanted.value).then(|| Unmet {
                symbol: symbol.clone(),
                wanted: wanted.clone(),
                got: got.map(str::to_owned),
            })
        });
        unmet.collect()
    }
}

/// A symbol that did not get the value asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// Name without `CONFIG_`.
    pub symbol: String,
    /// What was asked for.
    pub wanted: Setting,
    /// What .config has; `None` if Kconfig left the symbol out, as it does when dependencies are not met.
    pub got: Option<String>,
}

/// What is not as it was asked for, each with what is false; symbols that only wait for another of them are listed with it.
pub fn describe(unmet: &[Unmet], symbols: &Symbols, config: &DotConfig) -> String {
    let why = Why::new(symbols, config);
    let is_unmet = |name: &str| unmet.iter().any(|one| one.symbol == name);
    let mut waiting: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut text = String::new();
    for one in unmet {
        let answer = why.explain(&one.symbol);
        let terms = match &answer {
            Answer::Off(off) => off.terms.as_slice(),
            _ => &[],
        };
        match terms.iter().find(|term| is_unmet(&term.needs)) {
            Some(term) => waiting
                .entry(term.needs.clone())
                .or_default()
                .push(format!("CONFIG_{}", one.symbol)),
            None => {
                let _ = write!(text, "\n  {}", one.describe(&answer));
            }
        }
    }
    for (needs, symbols) in waiting {
        let _ = write!(text, "\n  without CONFIG_{needs}: {}", symbols.join(", "));
    }
    text
}

impl Unmet {
    /// What Kconfig made of it, and what is false, for a person.
    fn describe(&self, answer: &Answer) -> String {
        let made = match self.got.as_deref() {
            None => "left it out",
            Some("n") => "did not set it",
            Some(value) => &format!("made it {value}"),
        };
        let mut text = format!(
            "CONFIG_{}={} ({}): Kconfig {made}",
            self.symbol, self.wanted.value, self.wanted.origin
        );
        match answer {
            Answer::Off(off) => {
                for term in &off.terms {
                    let _ = write!(text, "\n    {}", term.line());
                }
            }
            Answer::On(on) => {
                for because in &on.because {
                    let _ = write!(text, "; {because}");
                }
            }
            Answer::Unknown { .. } => {
                let _ = write!(text, "; {answer}");
            }
        }
        text
    }
}

enum Line<'a> {
    Nothing,
    Set(&'a str, &'a str),
    Directive(&'a str, &'a str),
    Unknown,
}

fn parse_line(line: &str) -> Line<'_> {
    let line = line.trim();
    if let Some(directive) = line.strip_prefix("#:") {
        let (word, value) = directive
            .trim()
            .split_once(' ')
            .unwrap_or((directive.trim(), ""));
        return Line::Directive(word, value.trim());
    }
    if let Some((symbol, value)) = dot_config::assignment(line) {
        return Line::Set(symbol, value);
    }
    if line.is_empty() || line.starts_with('#') {
        return Line::Nothing;
    }
    Line::Unknown
}

fn assignment(symbol: &str, value: &str) -> String {
    match value {
        "n" => format!("# CONFIG_{symbol} is not set\n"),
        value => format!("CONFIG_{symbol}={value}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(text: &str) -> Result<Recipe> {
        let mut recipe = Recipe {
            base: Base::Goal("defconfig"),
            menus: Vec::new(),
            every_rust_option: false,
            userland: Vec::new(),
            rust_options: None,
            wanted: BTreeMap::new(),
            label: String::new(),
            left_out: Vec::new(),
        };
        recipe.add(text, "x.config", 0, false)?;
        Ok(recipe)
    }

    #[test]
    fn later_values_win_and_replace_those_of_the_base() {
        let mut recipe = recipe("CONFIG_A=y\n# CONFIG_B is not set\n").unwrap();
        recipe.add("CONFIG_A=m\n", "y.config", 1, false).unwrap();
        assert_eq!(
            recipe.merged_into("# top\nCONFIG_A=n\nCONFIG_AB=y\nCONFIG_B=y\n"),
            "# top\nCONFIG_AB=y\nCONFIG_A=m\n# CONFIG_B is not set\n"
        );
    }

    #[test]
    fn a_value_that_kconfig_did_not_take_is_found() {
        let recipe = recipe(
            "CONFIG_A=y\nCONFIG_B=y\nCONFIG_S=\"x y\"\n# CONFIG_OFF is not set\nCONFIG_N=n\n",
        )
        .unwrap();
        let unmet = recipe.unmet("CONFIG_A=m\nCONFIG_S=\"x y\"\n# CONFIG_N is not set\n");
        let found: Vec<(&str, Option<&str>)> = unmet
            .iter()
            .map(|unmet| (unmet.symbol.as_str(), unmet.got.as_deref()))
            .collect();
        assert_eq!(found, [("A", Some("m")), ("B", None)]);
        assert_eq!(unmet[1].wanted.origin, "x.config:2");
    }

    #[test]
    fn the_false_term_is_named_once_and_what_waits_for_the_same_symbol_is_only_listed() {
        let kconfig = "config RUST\n\tbool \"r\"\n\tdepends on (A || B) && !C\nconfig A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\nconfig C\n\tbool \"c\"\n\
             config SAMPLE\n\tbool \"s\"\n\tdepends on RUST\nconfig KEPT\n\tbool\n\tdefault y if C\n";
        let symbols = Symbols::of_text(kconfig, "Kconfig").unwrap();
        let recipe = recipe("CONFIG_RUST=y\nCONFIG_SAMPLE=y\n# CONFIG_KEPT is not set\n").unwrap();
        let text = "CONFIG_A=y\nCONFIG_C=y\nCONFIG_KEPT=y\n";
        let told = describe(&recipe.unmet(text), &symbols, &DotConfig::parse(text));
        assert_eq!(
            told,
            "\n  CONFIG_KEPT=n (x.config:3): Kconfig made it y; its default is y if C (Kconfig:15)\
             \n  CONFIG_RUST=y (x.config:1): Kconfig left it out\
             \n    needs !C (Kconfig:3, C=y); change: # CONFIG_C is not set\
             \n  without CONFIG_RUST: CONFIG_SAMPLE"
        );
    }

    #[test]
    fn a_preset_fits_a_release_that_lacks_some_symbols_and_a_users_file_does_not() {
        let kconfig = "config RUST\n\tbool \"r\"\nconfig OLD\n\tbool \"o\"\n";
        let symbols = Symbols::of_text(kconfig, "Kconfig").unwrap();
        let text = "#: every-option-under SUITES\nCONFIG_RUST=y\nCONFIG_OLD=y\nCONFIG_NEW=y\n# CONFIG_OTHER is not set\n";
        let mut of_preset = recipe("").unwrap();
        of_preset.add(text, "preset x", 0, true).unwrap();
        let tree = Utf8Path::new("/nowhere");
        of_preset.expand(&symbols, tree, "um").unwrap();
        assert_eq!(of_preset.fragment(), "CONFIG_OLD=y\nCONFIG_RUST=y\n");
        let left_out = ["every option under SUITES", "CONFIG_NEW=y (preset x:4)"];
        assert_eq!(of_preset.left_out, left_out);
        let mut of_user = recipe(text).unwrap();
        assert!(of_user.expand(&symbols, tree, "um").is_err());
        let mut without_rust = recipe("").unwrap();
        without_rust
            .add("CONFIG_RUST=y\n", "preset x", 0, true)
            .unwrap();
        let none = Symbols::of_text("config OLD\n\tbool \"o\"\n", "Kconfig").unwrap();
        without_rust.expand(&none, tree, "um").unwrap();
        assert_eq!(without_rust.fragment(), "CONFIG_RUST=y\n");
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        for bad in [
            "CONFIG A=y",
            "FOO=y",
            "#: base tinyconfig",
            "#: bse defconfig",
            "#: userland",
        ] {
            let failure = recipe(&format!("CONFIG_A=y\n{bad}\n")).unwrap_err();
            assert!(
                failure.what.contains("x.config:2") && failure.what.contains(bad),
                "{}",
                failure.what
            );
        }
    }

    #[test]
    fn a_complete_config_is_a_base_and_comes_first() {
        let text = format!(
            "#\n{COMPLETE_MARK}\n# Linux/um 7.3.4 Kernel Configuration\n#\nCONFIG_CC_IS_GCC=y\n"
        );
        let mut recipe = recipe(&text).unwrap();
        assert_eq!(recipe.base, Base::Complete(text.clone()));
        assert!(recipe.unmet("").is_empty());
        assert!(recipe.add(&text, "late.config", 1, false).is_err());
    }

    #[test]
    fn an_unknown_preset_is_answered_with_the_known_ones() {
        let failure = Recipe::of_sources(&["um-tiny".to_owned()]).unwrap_err();
        assert!(failure.help.unwrap().contains("um-small"));
    }
}
