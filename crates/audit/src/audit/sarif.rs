//! The audit as SARIF 2.1.0, for code-review tools. The few types that are needed are spelled out here.

use serde::Serialize;
use serde_json::{Value, json};

use crate::audit::text::state;
use crate::audit::{Applies, Audit, Gate};

/// The schema's address, which SARIF wants named.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    name: &'a str,
    short_description: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'a str>,
    properties: Value,
}

/// One run with a rule per gate and a result per place: `error` for what is needed, `warning` for what is merely open, `note` for the rest.
pub fn sarif(audit: &Audit) -> Value {
    let rules: Vec<Rule<'_>> = audit.gates.iter().map(rule).collect();
    let results: Vec<Value> = audit
        .gates
        .iter()
        .enumerate()
        .flat_map(|(index, gate)| gate.uses.iter().map(move |one| (index, gate, one)))
        .map(|(index, gate, one)| {
            let level = match (gate.needed, one.applies) {
                (true, Applies::Always | Applies::Sometimes) => "error",
                (false, Applies::Always | Applies::Sometimes) => "warning",
                (_, Applies::Never) => "note",
            };
            json!({
                "ruleId": gate.id,
                "ruleIndex": index,
                "level": level,
                "message": {"text": format!("{}: {}; {}", gate.name, one.text, state(gate))},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": uri(&one.file), "uriBaseId": "SRCROOT"},
                    "region": {"startLine": one.line.max(1)},
                }}],
                "properties": {"architectures": one.architectures, "configurations": one.configurations, "place": one.place},
            })
        })
        .collect();
    let notifications: Vec<Value> = audit
        .problems
        .iter()
        .map(|problem| {
            json!({
                "level": "error",
                "message": {"text": problem.what},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": uri(&problem.file), "uriBaseId": "SRCROOT"},
                    "region": {"startLine": problem.line.max(1)},
                }}],
            })
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "gateless",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": notifications}],
            "results": results,
        }],
    })
}

fn rule(gate: &Gate) -> Rule<'_> {
    Rule {
        id: &gate.id,
        name: &gate.name,
        short_description: json!({"text": format!("{} ({})", gate.name, state(gate))}),
        help_uri: gate.tracking.as_deref(),
        properties: json!({"kind": gate.kind, "needed": gate.needed}),
    }
}

/// A path as a relative URI: what may not stand in one is written with `%`.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                (byte as char).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
