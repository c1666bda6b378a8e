//! All that is compiled into our programs has a licence that `deny.toml` allows.
//!
//! `cargo deny` says the same and more in public CI; this needs nothing installed and no network.

use anyhow::Context;
use serde::Deserialize;
use spdx::{Expression, LicenseItem};

use super::repository::Repository;

const FILE: &str = "deny.toml";

pub fn broken(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let allowed = allowed(&repository.read(FILE)?)?;
    let packages = repository.metadata.packages.iter();
    Ok(packages
        .filter_map(|package| {
            let why = refused(package.license.as_deref(), &allowed)?;
            Some(format!("{} {}: {why}", package.name, package.version))
        })
        .collect())
}

#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

fn allowed(text: &str) -> anyhow::Result<Vec<String>> {
    let deny: Deny = toml::from_str(text).context(FILE)?;
    Ok(deny.licenses.allow)
}

/// Why a licence is not allowed.
fn refused(licence: Option<&str>, allowed: &[String]) -> Option<String> {
    let Some(licence) = licence else {
        return Some("says no licence".to_owned());
    };
    // Cargo took `/` for `OR` once, and old packages have it.
    let licence = licence.replace('/', " OR ");
    let expression = match Expression::parse(&licence) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("`{licence}` is no licence: {}", error.reason)),
    };
    let is_allowed = expression.evaluate(|requirement| {
        let LicenseItem::Spdx { id, .. } = &requirement.license else {
            return false;
        };
        let name = match &requirement.addition {
            Some(addition) => format!("{} WITH {addition}", id.name),
            None => id.name.to_owned(),
        };
        allowed.contains(&name)
    });
    (!is_allowed).then(|| format!("`{licence}` is not among those that {FILE} allows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(licence: Option<&str>) -> Option<String> {
        let text =
            "[licenses]\nallow = [\"MIT\", \"Apache-2.0\", \"Apache-2.0 WITH LLVM-exception\"]";
        refused(licence, &allowed(text).unwrap())
    }

    #[test]
    fn allowed_licences_pass() {
        for licence in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR MIT",
            "(MIT OR Zlib) AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert_eq!(found(Some(licence)), None, "{licence}");
        }
    }

    #[test]
    fn other_licences_are_reported() {
        for licence in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "Zlib", "gratis"] {
            assert!(found(Some(licence)).is_some(), "{licence}");
        }
        assert_eq!(found(None).as_deref(), Some("says no licence"));
    }
}
