//! Dependency files: rustc's stable ones, with the kernel's own paths, and with the artifacts that
//! `-Zbinary_dep_depinfo` would have listed.
//!
//! The format is that of `rustc_interface::passes::write_out_deps`: one rule a target, an empty rule a
//! dependency, and `# env-dep:` lines. Kbuild reads it with `scripts/basic/fixdep`.

use crate::mapping::Mapping;

/// Rewrites a dependency file: names mapped back, `more` appended to each rule.
pub fn rewrite(text: &str, mapping: &Mapping, more: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut seen = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') || line.is_empty() {
            out.push_str(line);
        } else if let Some((target, deps)) = line.split_once(": ") {
            let mut deps: Vec<String> = split(deps).map(|dep| mapping.restore(dep)).collect();
            deps.extend(more.iter().map(|dep| escape(dep)));
            out.push_str(&format!("{target}: {}", deps.join(" ")));
        } else if let Some(name) = line.strip_suffix(':') {
            let name = mapping.restore(name);
            seen.push(name.clone());
            out.push_str(&name);
            out.push(':');
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    for dep in more
        .iter()
        .map(|dep| escape(dep))
        .filter(|dep| !seen.contains(dep))
    {
        out.push_str(&format!("\n{dep}:\n"));
    }
    out
}

/// The source files a dependency file names, unescaped.
pub fn sources(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.strip_suffix(':'))
        .map(|name| name.replace("\\ ", " "))
        .collect()
}

/// Splits at spaces that are not escaped.
fn split(deps: &str) -> impl Iterator<Item = &str> {
    let mut rest = deps.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = rest.len();
        for (index, _) in rest.match_indices(' ') {
            if !rest[..index].ends_with('\\') {
                end = index;
                break;
            }
        }
        let (dep, tail) = rest.split_at(end);
        rest = tail.trim_start();
        Some(dep)
    })
}

fn escape(name: &str) -> String {
    name.replace(' ', "\\ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_get_their_own_names_and_binaries_are_added() {
        let mapping = Mapping::new(
            "/out/.gateless/lowered/k".into(),
            "/out".into(),
            "/src/k.rs",
        );
        let text = "k.o: /out/.gateless/lowered/k/src/k.rs /src/a\\ b.rs\n\n/out/.gateless/lowered/k/src/k.rs:\n/src/a\\ b.rs:\n\n# env-dep:X=1\n";
        let new = rewrite(text, &mapping, &["rust/libcore.rmeta".into()]);
        assert_eq!(
            new,
            "k.o: /src/k.rs /src/a\\ b.rs rust/libcore.rmeta\n\n/src/k.rs:\n/src/a\\ b.rs:\n\n# env-dep:X=1\n\nrust/libcore.rmeta:\n"
        );
        assert_eq!(
            sources(&new),
            ["/src/k.rs", "/src/a b.rs", "rust/libcore.rmeta"]
        );
    }
}
