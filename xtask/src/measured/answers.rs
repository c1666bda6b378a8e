//! What of the answers of boot, compare, fidelity, attest and bench goes into a record.

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::record::{Compared, Figure, Functions, Record, Tests};

/// Takes over what one answer says. Whose it is tell the fields that no other has.
pub fn take(record: &mut Record, value: Value) -> anyhow::Result<()> {
    ensure!(
        value.get("version") == Some(&Value::from(1)),
        "is no answer of gateless of version 1"
    );
    let has = |name: &str| value.get(name).is_some();
    if has("suites") {
        let boot: Boot = serde_json::from_value(value)?;
        record.tests = Some(Tests {
            passed: boot.totals.passed,
            failed: boot.totals.failed + boot.totals.crashed,
            skipped: boot.totals.skipped,
        });
        record.log_sha256 = Some(boot.log_sha256);
    } else if has("same_vulnerabilities") {
        let comparison: Comparison = serde_json::from_value(value)?;
        record.compared = Some(Compared {
            alike: comparison.same,
            different: comparison.different.len(),
        });
    } else if has("verdict") {
        let report: Fidelity = serde_json::from_value(value)?;
        let Counts {
            functions,
            data,
            sections,
            symbols,
            debug,
        } = report.totals;
        let all = [functions, data, sections, symbols, debug];
        record.functions = Some(Functions {
            total: functions.total,
            identical: functions.identical,
            explained: functions.explained,
            unexplained: all.iter().map(|count| count.unexplained).sum(),
        });
    } else if has("weaker_than_gated") {
        let attestation: Attestation = serde_json::from_value(value)?;
        ensure!(
            attestation.gateless,
            "is of a build that is not proven gateless"
        );
        record.weaker_than_gated = Some(attestation.weaker_than_gated.into_keys().collect());
    } else if has("wrapper") {
        let bench: Bench = serde_json::from_value(value)?;
        record.figure.extend(bench.figures()?);
    } else {
        bail!("is no answer of boot, compare, fidelity, attest, bench or matrix");
    }
    Ok(())
}

#[derive(Deserialize)]
struct Boot {
    totals: Totals,
    log_sha256: String,
}

#[derive(Deserialize)]
struct Totals {
    passed: usize,
    failed: usize,
    skipped: usize,
    crashed: usize,
}

#[derive(Deserialize)]
struct Comparison {
    same: usize,
    different: Vec<Value>,
}

#[derive(Deserialize)]
struct Fidelity {
    totals: Counts,
}

#[derive(Deserialize)]
struct Counts {
    functions: Count,
    data: Count,
    sections: Count,
    symbols: Count,
    debug: Count,
}

#[derive(Clone, Copy, Deserialize)]
struct Count {
    total: usize,
    identical: usize,
    explained: usize,
    unexplained: usize,
}

#[derive(Deserialize)]
struct Attestation {
    gateless: bool,
    weaker_than_gated: std::collections::BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Bench {
    runs: usize,
    gated: Measured,
    gateless: Measured,
    wrapper: Wrapper,
}

#[derive(Deserialize)]
struct Measured {
    seconds: Vec<f64>,
    max_rss_kib: Vec<f64>,
}

#[derive(Deserialize)]
struct Wrapper {
    calls: usize,
    rustc_ms: f64,
    gateless_rustc_ms: f64,
}

impl Bench {
    fn figures(&self) -> anyhow::Result<[Figure; 3]> {
        let Wrapper {
            calls,
            rustc_ms,
            gateless_rustc_ms,
        } = self.wrapper;
        let middle = |values: &[f64]| median(values).context("bench measured nothing");
        let figure = |name: &str, unit: &str, gated, gateless, of: usize| Figure {
            name: name.to_owned(),
            unit: unit.to_owned(),
            value: None,
            gated: Some(tenths(gated)),
            gateless: Some(tenths(gateless)),
            note: Some(format!("median of {of}")),
        };
        let (gated, gateless, runs) = (&self.gated, &self.gateless, self.runs);
        Ok([
            figure(
                "`make prepare`",
                "s",
                middle(&gated.seconds)?,
                middle(&gateless.seconds)?,
                runs,
            ),
            figure(
                "largest process",
                "MiB",
                middle(&gated.max_rss_kib)? / 1024.0,
                middle(&gateless.max_rss_kib)? / 1024.0,
                runs,
            ),
            figure(
                "a small compiler call",
                "ms",
                rustc_ms,
                gateless_rustc_ms,
                calls,
            ),
        ])
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[half]),
        _ => Some(f64::midpoint(values[half - 1], values[half])),
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
