//! Version numbers as compilers and tools print them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Failure;

/// Up to three numbers; what is missing counts as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl Version {
    /// The version with these three numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// The version that Kconfig writes as one number: `109500` is 1.95.0.
    pub const fn from_code(code: u32) -> Self {
        Self::new(code / 100_000, code / 100 % 1000, code % 100)
    }

    /// The number that Kconfig's `CONFIG_RUSTC_VERSION` has for it: `109500` for 1.95.0.
    pub const fn code(self) -> u32 {
        self.major * 100_000 + self.minor * 100 + self.patch
    }

    /// As people say it: `1.95` for 1.95.0.
    pub fn short(self) -> String {
        match self.patch {
            0 => format!("{}.{}", self.major, self.minor),
            _ => self.to_string(),
        }
    }

    /// The first word of `text` that begins with a digit and holds at least one dot, as in `GNU Make 4.3` or `bindgen 0.72.1`.
    pub fn find(text: &str) -> Option<Self> {
        text.split(|c: char| c.is_whitespace() || c == '(' || c == ',' || c == 'v')
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
            .find_map(Self::prefix)
    }

    /// The numbers that `word` begins with; anything after them (`-nightly`, `+dfsg1`) is left out.
    pub fn prefix(word: &str) -> Option<Self> {
        let end = word
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(word.len());
        let mut numbers = word[..end]
            .split('.')
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().ok());
        let major = numbers.next()??;
        let minor = numbers.next().unwrap_or(Some(0))?;
        let patch = numbers.next().unwrap_or(Some(0))?;
        Some(Self {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Version {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
        plain.then(|| Self::prefix(text)).flatten().ok_or_else(|| {
            Failure::usage(format!("`{text}` is not a version number"))
                .help("write it like 7.3 or 7.3.4")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_print() {
        assert_eq!(Version::find("GNU Make 4.3"), Some(Version::new(4, 3, 0)));
        assert_eq!(
            Version::find("bindgen 0.72.1"),
            Some(Version::new(0, 72, 1))
        );
        assert_eq!(
            Version::find("gcc (Debian 12.2.0-14+deb12u1) 12.2.0"),
            Some(Version::new(12, 2, 0))
        );
        assert_eq!(
            Version::find("rustc 1.95.0-nightly (59807616e 2026-04-14)"),
            Some(Version::new(1, 95, 0))
        );
        assert_eq!(Version::find("v1.24"), Some(Version::new(1, 24, 0)));
        assert_eq!(Version::find("no number here"), None);
    }

    #[test]
    fn the_number_in_kconfig_and_the_version_lead_to_each_other() {
        for (code, version, short) in [
            (109_500, Version::new(1, 95, 0), "1.95"),
            (110_001, Version::new(1, 100, 1), "1.100.1"),
        ] {
            assert_eq!(Version::from_code(code), version);
            assert_eq!((version.code(), version.short().as_str()), (code, short));
        }
    }

    #[test]
    fn versions_compare_by_number_not_by_text() {
        assert!(Version::new(1, 100, 0) > Version::new(1, 95, 1));
        assert!("7.3.10".parse::<Version>().unwrap() > "7.3.9".parse().unwrap());
    }

    #[test]
    fn a_release_that_is_no_number_is_refused() {
        for bad in ["", "7.x", "latest", "7.3-rc1", "."] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }
}
