//! Files that say how a CI or a container builds: workflows and pipelines in YAML, Dockerfiles.

use crate::finding::{Finding, Role, Sign};
use crate::scan::other::{command, finding, unstable_toolchain};
use crate::signs::Signs;

/// A YAML file: environment variables, commands, toolchains that actions are asked for. Read line by line: keys and commands stand
/// on one line each, and a file that a template makes is read, too.
pub fn yaml(text: &str, file: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.trim().trim_start_matches("- ").trim_start();
        if code.starts_with('#') {
            continue;
        }
        let (key, value) = match code.split_once(": ") {
            Some((key, value)) => (unquoted(key), unquoted(value)),
            None => ("", code),
        };
        found.extend(setting(key, value, file, index + 1, code));
        let toolchain = match key {
            "toolchain" => Some(value),
            "uses" => value
                .split_once('@')
                .filter(|(name, _)| name.contains("toolchain"))
                .map(|(_, version)| version),
            _ => None,
        };
        if toolchain.is_some_and(|name| Signs::get().toolchains.is_unstable(name)) {
            found.push(unstable(file, index + 1, code));
        }
    }
    found
}

/// A Dockerfile (Containerfile): `ENV`, `ARG`, `RUN` and the image that it starts from.
pub fn dockerfile(text: &str, file: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        let (word, rest) = code.split_once([' ', '\t']).unwrap_or((code, ""));
        match word.to_ascii_uppercase().as_str() {
            "ENV" | "ARG" => {
                // `ENV NAME value` is the older form of `ENV NAME=value`.
                let (name, value) = match rest.split_once([' ', '\t']) {
                    Some((name, value)) if !name.contains('=') => (name, value.trim()),
                    _ => ("", rest),
                };
                found.extend(setting(name, unquoted(value), file, index + 1, code));
            }
            "FROM"
                if rest
                    .split([':', '-'])
                    .any(|tag| Signs::get().toolchains.is_unstable(tag))
                    && rest.contains("rust") =>
            {
                found.push(unstable(file, index + 1, code));
            }
            _ if code.starts_with('#') => {}
            _ => found.extend(command(code, file, index + 1)),
        }
    }
    found
}

/// A toolchain that is not stable, in this line.
fn unstable(file: &str, line: usize, code: &str) -> Finding {
    finding(unstable_toolchain(), Role::Opens, file, line, code)
}

/// What setting a variable says; without a name, the commands in `value`.
fn setting(name: &str, value: &str, file: &str, line: usize, code: &str) -> Vec<Finding> {
    if name == "RUSTC_BOOTSTRAP" {
        let sign = Sign::Variable(name.to_owned());
        return vec![finding(sign, Role::Opens, file, line, code)];
    }
    let flag_variables = &Signs::get().toolchains.flag_variables;
    let assigned = if flag_variables.iter().any(|one| one == name) {
        format!("{name}='{value}'")
    } else {
        value.to_owned()
    };
    command(&assigned, file, line)
        .into_iter()
        .map(|one| Finding {
            text: crate::rust::conditions::one_line(code),
            ..one
        })
        .collect()
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(found: &[Finding]) -> Vec<String> {
        found
            .iter()
            .map(|f| format!("{}:{}", f.line, f.sign.keys()[0]))
            .collect()
    }

    #[test]
    fn workflows_open_gates_by_variables_commands_and_actions() {
        let text = "env:\n  RUSTC_BOOTSTRAP: 1\n  \"RUSTFLAGS\": '-Zx -Cy'\n# RUSTC_BOOTSTRAP: 1\nsteps:\n  - run: cargo +nightly build\n  - uses: dtolnay/rust-toolchain@nightly\n    with:\n      toolchain: nightly-2026-01-01\n  - run: |\n      RUSTC_BOOTSTRAP=1 make\n      rustc -Zbar x.rs\n  - uses: actions/checkout@v4\n    name: nightly\n";
        let toolchain = "practice:unstable_toolchain";
        assert_eq!(
            keys(&yaml(text, "w.yml")),
            [
                "2:env:RUSTC_BOOTSTRAP".to_owned(),
                "3:-Zx".to_owned(),
                format!("6:{toolchain}"),
                format!("7:{toolchain}"),
                format!("9:{toolchain}"),
                "11:env:RUSTC_BOOTSTRAP".to_owned(),
                "12:-Zbar".to_owned(),
            ]
        );
    }

    #[test]
    fn dockerfiles_open_gates_by_variables_commands_and_images() {
        let text = "FROM rustlang/rust:nightly-slim\nENV RUSTC_BOOTSTRAP=1\nENV RUSTC_BOOTSTRAP 1\nENV RUSTFLAGS=\"-Za -Zb\"\nRUN cargo +nightly build -Zbuild-std\n# RUN cargo +nightly\nFROM debian:nightly\n";
        let toolchain = "practice:unstable_toolchain";
        assert_eq!(
            keys(&dockerfile(text, "Dockerfile")),
            [
                format!("1:{toolchain}"),
                "2:env:RUSTC_BOOTSTRAP".to_owned(),
                "3:env:RUSTC_BOOTSTRAP".to_owned(),
                "4:-Za".to_owned(),
                "4:-Zb".to_owned(),
                format!("5:{toolchain}"),
                "5:-Zbuild-std".to_owned(),
            ]
        );
    }
}
