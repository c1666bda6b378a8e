//! Examples in documentation comments: the code that rustdoc would compile, line for line.

use gateless_rust_text::tokens;
use ra_ap_parser::{LexedStr, SyntaxKind};

/// One example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its code, the `# ` of hidden lines taken off.
    pub code: String,
    /// Line in the file of each line of the code.
    pub lines: Vec<usize>,
}

/// All examples in the documentation of a file.
pub fn scan(text: &str) -> Vec<Example> {
    if !text.contains("```") && !text.contains("~~~") {
        return Vec::new();
    }
    let lexed = LexedStr::new(tokens::edition("2021"), text);
    let mut reader = Reader::default();
    let mut line = 1;
    for i in 0..lexed.len() {
        let part = lexed.text(i);
        match lexed.kind(i) {
            SyntaxKind::COMMENT => reader.comment(part, line),
            SyntaxKind::WHITESPACE => {}
            _ => reader.leave(),
        }
        line += part.matches('\n').count();
    }
    reader.leave();
    reader.done
}

#[derive(Default)]
struct Reader {
    done: Vec<Example>,
    open: Option<(String, Option<Example>)>,
}

impl Reader {
    fn leave(&mut self) {
        // An example that no fence closes goes on to the end of its comment, as in Markdown.
        if let Some((_, Some(example))) = self.open.take() {
            self.done.push(example);
        }
    }

    fn comment(&mut self, comment: &str, line: usize) {
        let is_line = ["///", "//!"].iter().any(|mark| comment.starts_with(mark));
        if is_line && !comment.starts_with("////") {
            self.text(&comment[3..], line);
        } else if comment.starts_with("/**") || comment.starts_with("/*!") {
            let inner = comment[3..].strip_suffix("*/").unwrap_or(&comment[3..]);
            for (i, text) in inner.lines().enumerate() {
                let text = text.trim_start().strip_prefix('*').unwrap_or(text);
                self.text(text, line + i);
            }
            self.leave();
        }
    }

    fn text(&mut self, text: &str, line: usize) {
        let trimmed = text.trim_start();
        let fence: String = trimmed
            .chars()
            .take_while(|c| ['`', '~'].contains(c))
            .collect();
        match &mut self.open {
            None if fence.len() >= 3 => {
                let example = is_rust(trimmed[fence.len()..].trim()).then(|| Example {
                    code: String::new(),
                    lines: Vec::new(),
                });
                self.open = Some((fence, example));
            }
            Some((mark, _)) if fence.starts_with(mark.as_str()) => self.leave(),
            Some((_, Some(example))) => {
                let text = text.strip_prefix(' ').unwrap_or(text);
                let shown = match text.trim_start().strip_prefix('#') {
                    Some("") => "",
                    Some(rest) if rest.starts_with(' ') => &rest[1..],
                    _ => text,
                };
                example.code.push_str(shown);
                example.code.push('\n');
                example.lines.push(line);
            }
            _ => {}
        }
    }
}

/// Whether rustdoc compiles a block with this information string.
fn is_rust(information: &str) -> bool {
    let is_word = |word: &str| {
        matches!(
            word,
            "rust" | "should_panic" | "no_run" | "test_harness" | "standalone_crate"
        ) || word.starts_with("edition")
    };
    information
        .split([',', ' ', '\t'])
        .filter(|word| !word.is_empty())
        .all(is_word)
}

#[cfg(test)]
mod tests {
    #[test]
    fn hidden_lines_count_and_blocks_that_are_not_compiled_do_not() {
        let text = "//! ```\n//! # #![feature(a)]\n//! f();\n//! ```\n//!\n//! ```ignore\n//! #![feature(b)]\n//! ```\n/// ```text\n/// #![feature(c)]\n/// ```\n// ```\n// #![feature(d)]\n/** ```no_run\n * g();\n * ``` */\nfn f() {}\n";
        let found = super::scan(text);
        let shown: Vec<_> = found
            .iter()
            .map(|e| (e.code.as_str(), e.lines.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                ("#![feature(a)]\nf();\n", vec![2, 3]),
                (" g();\n", vec![15])
            ]
            .map(|(a, b)| (a.trim_start_matches(' '), b))
        );
    }
}
