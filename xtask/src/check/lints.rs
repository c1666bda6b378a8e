//! What rustfmt, clippy and rustdoc have to say: nothing.
//!
//! Clippy and rustdoc use the profile that the tests are compiled with, and share what they check of the dependencies.

use std::process::Command;

use anyhow::Context;
use camino::Utf8Path;

struct Lint {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const LINTS: &[Lint] = &[
    Lint {
        name: "rustfmt",
        arguments: &["fmt", "--all", "--check"],
        environment: &[],
    },
    Lint {
        name: "clippy",
        arguments: &[
            "clippy",
            "--release",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ],
        environment: &[],
    },
    Lint {
        name: "rustdoc",
        arguments: &["doc", "--release", "--workspace", "--no-deps", "--quiet"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
];

/// What the lints are called.
pub fn names() -> Vec<&'static str> {
    LINTS.iter().map(|lint| lint.name).collect()
}

/// The lints that fail, with what they say.
pub fn broken(root: &Utf8Path) -> anyhow::Result<Vec<String>> {
    let mut broken = Vec::new();
    for lint in LINTS {
        let called = format!("cargo {}", lint.arguments.join(" "));
        let output = Command::new(env!("CARGO"))
            .args(lint.arguments)
            .envs(lint.environment.iter().copied())
            .current_dir(root)
            .output()
            .with_context(|| called.clone())?;
        if !output.status.success() {
            let [out, err] =
                [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
            broken.push(format!("`{called}` fails ({}):\n{out}{err}", output.status));
        }
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate of its own, so that its warnings are no one else's.
    fn planted(source: &str) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let manifest = "[package]\nname = \"planted\"\nedition = \"2024\"\n\n[workspace]\n";
        fs_err::write(root.join("Cargo.toml"), manifest).unwrap();
        fs_err::create_dir(root.join("src")).unwrap();
        fs_err::write(root.join("src/lib.rs"), source).unwrap();
        broken(root).unwrap()
    }

    #[test]
    fn what_each_lint_finds_is_reported() {
        assert_eq!(planted("//! Fine.\n"), Vec::<String>::new());
        let bad = "//! See [`nothing`].\npub fn  f(x: &String)->usize { return x.len() }\n";
        let found = planted(bad);
        for (line, lint) in found.iter().zip(["cargo fmt", "cargo clippy", "cargo doc"]) {
            assert!(line.starts_with(&format!("`{lint} ")), "{found:?}");
        }
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
