//! What a kernel says on its console when something goes wrong beside its tests.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One such line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trouble {
    /// Line in the log, counted from 1.
    pub line: usize,
    /// How bad it is.
    pub kind: Kind,
    /// The line, without the console's prefix.
    pub text: String,
}

/// How bad a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The kernel stopped.
    Panic,
    /// The kernel stopped for lack of a root file system or of a program to start: the normal end of a machine that
    /// has neither, when its tests are over.
    NoRoot,
    /// A task was killed by a fault of the kernel.
    Oops,
    /// The kernel found itself at fault and went on.
    Bug,
    /// A warning with a stack trace.
    Warning,
    /// KUnit could not start its tests.
    Executor,
}

/// What a console may put before a message: log level, time, task.
const PREFIX: &str = r"^(?:<[0-9]+>)?(?:\[ *[0-9]+\.[0-9]+\])?(?:\[ *[TC][0-9]+\])?\s*";

static PATTERNS: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
    let message = |text: &str| Regex::new(&format!("{PREFIX}((?:{text}).*)$")).unwrap();
    vec![
        (
            Kind::NoRoot,
            message(
                "Kernel panic - not syncing: VFS: Unable to mount root fs|\
                 Kernel panic - not syncing: No working init found|\
                 Kernel panic - not syncing: Requested init .* failed",
            ),
        ),
        (Kind::Panic, message("Kernel panic - not syncing")),
        (
            Kind::Oops,
            message(
                "Oops(?::| -)|Internal error: |kernel BUG at |Unable to handle kernel |general protection fault|\
                 Kernel mode fault at addr |Segfault with no mm|rust_[a-z0-9_]*: panicked at ",
            ),
        ),
        (
            Kind::Bug,
            message(
                r"(?:watchdog: )?BUG: |INFO: task .* blocked for more than |INFO: rcu.* detected",
            ),
        ),
        (Kind::Warning, message(r"WARNING: .*(?:CPU: |\bat )")),
        (Kind::Executor, message("kunit executor: |kunit: disabled")),
    ]
});

/// Every such line in a console's lines.
pub fn find(lines: &[String]) -> Vec<Trouble> {
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let hit = PATTERNS
            .iter()
            .find_map(|(kind, pattern)| Some((*kind, pattern.captures(line)?)));
        if let Some((kind, captures)) = hit {
            found.push(Trouble {
                line: index + 1,
                kind,
                text: captures[1].to_owned(),
            });
        }
    }
    found
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Panic => "panic",
            Kind::NoRoot => "no root file system",
            Kind::Oops => "oops",
            Kind::Bug => "bug",
            Kind::Warning => "warning",
            Kind::Executor => "kunit",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &str) -> Option<Kind> {
        find(&[line.to_owned()]).first().map(|trouble| trouble.kind)
    }

    #[test]
    fn each_way_to_go_wrong_is_recognised_behind_each_prefix() {
        let lines = [
            (
                "Kernel panic - not syncing: Attempted to kill init!",
                Kind::Panic,
            ),
            (
                "Kernel panic - not syncing: Segfault with no mm",
                Kind::Panic,
            ),
            (
                "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(98,0)",
                Kind::NoRoot,
            ),
            (
                "Kernel panic - not syncing: No working init found.  Try passing init= option",
                Kind::NoRoot,
            ),
            ("Oops: 0002 [#1] SMP", Kind::Oops),
            (
                "Internal error: Oops - BUG: 00000000f2000800 [#1] SMP",
                Kind::Oops,
            ),
            ("kernel BUG at lib/foo.c:1!", Kind::Oops),
            (
                "Unable to handle kernel NULL pointer dereference at virtual address 0",
                Kind::Oops,
            ),
            ("Kernel mode fault at addr 0x0, ip 0x60", Kind::Oops),
            (
                "rust_kernel: panicked at rust/kernel/str.rs:1:2:",
                Kind::Oops,
            ),
            (
                "BUG: sleeping function called from invalid context",
                Kind::Bug,
            ),
            (
                "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!",
                Kind::Bug,
            ),
            (
                "WARNING: CPU: 0 PID: 1 at lib/foo.c:1 foo+0x1/0x2",
                Kind::Warning,
            ),
            (
                "WARNING: lib/foo.c:1 at foo+0x1/0x2, CPU#0: swapper/1",
                Kind::Warning,
            ),
            (
                "kunit executor: error filtering suites: -22",
                Kind::Executor,
            ),
        ];
        for (text, expected) in lines {
            for prefix in [
                "",
                "[    0.060000] ",
                "[    0.060000][    T1] ",
                "<2>",
                "\t",
            ] {
                let line = format!("{prefix}{text}");
                assert_eq!(kind(&line), Some(expected), "{line}");
            }
        }
    }

    #[test]
    fn words_in_the_middle_of_a_message_are_no_trouble() {
        for line in [
            "# a.location: rust/kernel/bug.rs:1",
            "    # b: printed BUG: on purpose",
            "ok 1 Oops",
            "",
        ] {
            assert_eq!(kind(line), None, "{line}");
        }
    }
}
