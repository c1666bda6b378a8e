//! The support matrix for people: one text for terminals, one table for pages.

use std::fmt::Write;

use gateless_model::targets::{Architecture, Targets, Variant};

/// Each architecture with what it has, its variants with their last results, and what stands in the way.
pub fn text(targets: &Targets) -> String {
    let mut text = format!("Linux {}, {}\n", targets.release, targets.rustc);
    for arch in &targets.architectures {
        let _ = write!(text, "\n{:<11} {}", arch.arch, upstream(arch));
        line(&mut text, "target", &shortened(&arch.builtin_targets));
        line(
            &mut text,
            "LLVM",
            arch.llvm_back_end.as_deref().unwrap_or("no back end"),
        );
        let tool = |tool: &gateless_model::targets::Tool| {
            let missing = if tool.found { "" } else { " (not installed)" };
            format!("{}{missing}", tool.name)
        };
        line(
            &mut text,
            "C",
            &arch
                .c_compiler
                .as_ref()
                .map_or("none known".to_owned(), tool),
        );
        let emulators: Vec<String> = arch.emulators.iter().map(tool).collect();
        line(&mut text, "machine", &shortened(&emulators));
        for variant in &arch.variants {
            line(&mut text, &variant.name, &result(variant));
        }
        for obstacle in &arch.obstacles {
            line(&mut text, "obstacle", obstacle);
        }
        text.push('\n');
    }
    text
}

fn line(text: &mut String, name: &str, what: &str) {
    let _ = write!(text, "\n  {name:<9} {what}");
}

fn upstream(arch: &Architecture) -> String {
    match (arch.upstream, arch.conditions.as_slice()) {
        (false, _) => "no Rust upstream".to_owned(),
        (true, []) => "Rust upstream".to_owned(),
        (true, conditions) => format!("Rust upstream if {}", conditions.join(", or if ")),
    }
}

/// The first few of a list.
fn shortened(list: &[String]) -> String {
    const SHOWN: usize = 3;
    match list.len() {
        0 => "none".to_owned(),
        n if n > SHOWN => format!("{} and {} more", list[..SHOWN].join(", "), n - SHOWN),
        _ => list.join(", "),
    }
}

/// One variant's last result, in words.
fn result(variant: &Variant) -> String {
    let Some(date) = &variant.date else {
        return "never run here (or without its log)".to_owned();
    };
    let mut parts = vec![match (variant.built, variant.booted) {
        (false, _) => "not built".to_owned(),
        (true, false) => "built, not booted".to_owned(),
        (true, true) => format!("booted, tests {}", tests(variant)),
    }];
    if let Some(compared) = variant.compared {
        parts.push(format!(
            "{} of {} as gated",
            compared.alike,
            compared.alike + compared.different
        ));
    }
    parts.extend(variant.attested.map(|yes| {
        (if yes {
            "proven gateless"
        } else {
            "NOT proven gateless"
        })
        .to_owned()
    }));
    parts.extend(functions(variant).map(|functions| format!("functions {functions}")));
    if variant.attested.is_some() {
        parts.push(format!("weaker than gated: {}", weaker(variant)));
    }
    let on = [variant.release.as_deref(), variant.rustc.as_deref()];
    let on: Vec<&str> = on.into_iter().flatten().collect();
    let hash = variant.log_sha256.as_deref().unwrap_or_default();
    parts.push(format!(
        "{}, {date}, log {}",
        on.join(", "),
        hash.get(..12).unwrap_or(hash)
    ));
    parts.join("; ")
}

fn tests(variant: &Variant) -> String {
    let number = |number: Option<usize>| number.map_or("?".to_owned(), |number| number.to_string());
    format!(
        "{} passed, {} failed, {} skipped",
        number(variant.tests_passed),
        number(variant.tests_failed),
        number(variant.tests_skipped)
    )
}

fn functions(variant: &Variant) -> Option<String> {
    let fidelity = variant.fidelity?;
    let mut text = format!("{} of {} identical", fidelity.identical, fidelity.functions);
    if fidelity.explained > 0 {
        let _ = write!(text, ", {} explained", fidelity.explained);
    }
    if fidelity.unexplained > 0 {
        let _ = write!(text, ", {} differences UNEXPLAINED", fidelity.unexplained);
    }
    Some(text)
}

fn weaker(variant: &Variant) -> String {
    match variant.weaker_than_gated.as_slice() {
        [] => "nothing".to_owned(),
        list => list.join("; "),
    }
}

/// A Markdown table of the variants.
pub fn markdown(targets: &Targets) -> String {
    let mut text = "| `--arch` | tests passed, failed, skipped | same as gated | functions | weaker than gated | Linux, rustc, date | log (SHA-256) |\n\
        | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for variant in targets.architectures.iter().flat_map(|arch| &arch.variants) {
        let nothing = || "-".to_owned();
        let ran = match (variant.date.is_some(), variant.built, variant.booted) {
            (false, ..) => "not run".to_owned(),
            (_, false, _) => "not built".to_owned(),
            (_, true, false) => "built, **not booted**".to_owned(),
            (_, true, true) => tests(variant)
                .replace(" passed", "")
                .replace(" failed", "")
                .replace(" skipped", ""),
        };
        let same = variant.compared.map_or_else(nothing, |compared| {
            format!(
                "{} of {}",
                compared.alike,
                compared.alike + compared.different
            )
        });
        let on = [&variant.release, &variant.rustc, &variant.date];
        let on: Vec<&str> = on.into_iter().filter_map(|part| part.as_deref()).collect();
        let hash = variant.log_sha256.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "| `{}` | {ran} | {same} | {} | {} | {} | {} |",
            variant.name,
            functions(variant).unwrap_or_else(nothing),
            variant.attested.map_or_else(nothing, |_| weaker(variant)),
            on.join(", "),
            match hash.get(..16) {
                Some(start) => format!("`{start}`"),
                None => nothing(),
            }
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use gateless_model::targets::{Compared, Fidelity};

    use super::*;

    fn booted() -> Variant {
        Variant {
            name: "arm".to_owned(),
            built: true,
            booted: true,
            tests_passed: Some(389),
            tests_failed: Some(0),
            tests_skipped: Some(1),
            compared: Some(Compared {
                alike: 390,
                different: 0,
            }),
            attested: Some(true),
            fidelity: Some(Fidelity {
                functions: 10,
                identical: 9,
                explained: 1,
                unexplained: 0,
            }),
            release: Some("7.3.4".to_owned()),
            rustc: Some("1.95.0".to_owned()),
            date: Some("2026-11-24T20:00:00Z".to_owned()),
            log_sha256: Some("0123456789abcdef0123".to_owned()),
            ..Variant::default()
        }
    }

    #[test]
    fn a_result_names_its_log_and_what_was_not_done_is_not_claimed() {
        let text = result(&booted());
        for part in [
            "389 passed, 0 failed, 1 skipped",
            "390 of 390",
            "9 of 10 identical, 1 explained",
            "nothing",
            "log 0123456789ab",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let built = Variant {
            booted: false,
            attested: None,
            ..booted()
        };
        let text = result(&built);
        assert!(
            text.starts_with("built, not booted")
                && !text.contains("proven")
                && !text.contains("passed"),
            "{text}"
        );
        assert!(result(&Variant::default()).contains("never run"));
    }

    #[test]
    fn the_page_has_a_row_for_every_variant() {
        let architecture = |variants| Architecture {
            arch: "arm".to_owned(),
            upstream: true,
            conditions: vec!["A".to_owned(), "B".to_owned()],
            builtin_targets: Vec::new(),
            llvm_back_end: None,
            c_compiler: None,
            emulators: Vec::new(),
            obstacles: vec!["rain".to_owned()],
            variants,
        };
        let never = Variant {
            name: "other".to_owned(),
            ..Variant::default()
        };
        let targets = Targets {
            version: 1,
            release: "7.3.4".to_owned(),
            rustc: "rustc 1.95.0".to_owned(),
            architectures: vec![architecture(vec![booted(), never])],
        };
        let page = markdown(&targets);
        assert_eq!(page.lines().count(), 4, "{page}");
        assert!(
            page.contains("| `arm` | 389, 0, 1 | 390 of 390 |")
                && page.contains("| `other` | not run | - |"),
            "{page}"
        );
        let text = text(&targets);
        assert!(
            text.contains("Rust upstream if A, or if B") && text.contains("obstacle  rain"),
            "{text}"
        );
    }
}
