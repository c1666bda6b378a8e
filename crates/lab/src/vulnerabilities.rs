//! What the kernel says at boot of the processor's vulnerabilities and of its own mitigations.

use std::sync::LazyLock;

use regex::Regex;

/// `Spectre V2 : Mitigation: Retpolines`, after the time of the line if there is one. The states are those of
/// Documentation/ABI/testing/sysfs-devices-system-cpu (`/sys/devices/system/cpu/vulnerabilities`), which arch/x86/kernel/cpu/bugs.c
/// prints as well; the second form is the same file's on attack vectors.
static REPORT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:\[ *\d+\.\d+\](?:\[[ TC]*\d+\])? )?((?:[A-Z][^:]*: (?:Not affected|Vulnerable\b|Mitigation\b)|mitigations: ).*)$",
    )
    .expect("a constant")
});

/// The lines of the report, in the console's order and without times.
pub fn find(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .filter_map(|line| REPORT.captures(line))
        .map(|captures| captures[1].trim_end().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_told_from_the_rest_of_the_console() {
        let log = [
            "[    0.084123] mitigations: Enabled attack vectors: user_kernel, SMT mitigations: auto",
            "[    0.084124][    T0] Spectre V2 : Mitigation: Retpolines",
            "Spectre V1 : Vulnerable: __user pointer sanitization and usercopy barriers only",
            "MDS: Not affected",
            "    # vulnerable: Vulnerable: a test's own line",
            "ok 3 Mitigation: a test",
            "Linux version 7.3.4",
        ];
        let found = find(&log.map(str::to_owned));
        assert_eq!(
            found,
            [
                "mitigations: Enabled attack vectors: user_kernel, SMT mitigations: auto",
                "Spectre V2 : Mitigation: Retpolines",
                "Spectre V1 : Vulnerable: __user pointer sanitization and usercopy barriers only",
                "MDS: Not affected",
            ]
        );
    }
}
