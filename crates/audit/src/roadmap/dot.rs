//! The dependency graph for Graphviz.

use std::fmt::Write;

use crate::roadmap::Roadmap;

/// A directed graph: an arrow leads from what waits to what it waits for.
pub fn dot(roadmap: &Roadmap) -> String {
    let mut text =
        String::from("digraph roadmap {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    for item in &roadmap.items {
        let shape = if item.needed {
            ""
        } else {
            ", style=\"rounded,dashed\""
        };
        let url = item
            .tracking
            .as_deref()
            .map(|url| format!(", URL={}", quoted(url)))
            .unwrap_or_default();
        let label = format!("{}\\n{} uses in {} files", item.id, item.uses, item.files);
        let _ = writeln!(
            text,
            "  {} [label=\"{label}\"{shape}{url}];",
            quoted(&item.id)
        );
    }
    for item in &roadmap.items {
        for other in &item.blocked_on {
            let _ = writeln!(text, "  {} -> {};", quoted(&item.id), quoted(other));
        }
    }
    text.push('}');
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
