//! One Kconfig file: its definitions, and the macros it calls.

use gateless_linux::condition::Condition;
use gateless_linux::lines::{Text, logical};

use crate::kconfig::expression;

/// One `config` block.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Symbol, without `CONFIG_`.
    pub name: String,
    /// What it depends on, the blocks around it included.
    pub depends: Condition,
    /// Default values with their conditions.
    pub defaults: Vec<Condition>,
    /// Whether it has a prompt.
    pub prompt: bool,
    /// Symbols it selects.
    pub selects: Vec<String>,
}

/// A line with a macro call (`$(...)`), for the scan.
#[derive(Debug, Clone)]
pub struct Macro {
    /// The line.
    pub text: Text,
    /// Symbol it is about, if it stands in a definition.
    pub symbol: Option<String>,
}

/// One file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// In order.
    pub definitions: Vec<Definition>,
    /// Lines that call macros.
    pub macros: Vec<Macro>,
}

/// Reads one file. What it doesn't know is passed over, as nothing here depends on it.
pub fn parse(text: &str) -> File {
    let mut reader = Reader::default();
    for line in logical(text) {
        reader.line(line);
    }
    reader.close();
    reader.file
}

#[derive(Default)]
struct Reader {
    file: File,
    /// Conditions of `if`, `menu` and `choice` that are open.
    around: Vec<Condition>,
    open: Option<Definition>,
    /// Indentation of the help text that is being skipped.
    help: Option<Option<usize>>,
}

impl Reader {
    fn close(&mut self) {
        if let Some(definition) = self.open.take() {
            self.file.definitions.push(definition);
        }
    }

    fn line(&mut self, line: Text) {
        let full = line.text.as_str();
        let trimmed = full.trim();
        let indent = indentation(full);
        if let Some(help) = &mut self.help {
            if trimmed.is_empty() {
                return;
            }
            let base = *help.get_or_insert(indent);
            if indent >= base && indent > 0 {
                return;
            }
            self.help = None;
        }
        let code = without_comment(trimmed);
        if code.is_empty() {
            return;
        }
        if code.contains("$(") {
            self.file.macros.push(Macro {
                text: line.clone(),
                symbol: self.open.as_ref().map(|open| open.name.clone()),
            });
        }
        let word = code.split_whitespace().next().unwrap_or_default();
        let rest = code[word.len()..].trim();
        self.statement(word, rest);
    }

    fn statement(&mut self, word: &str, rest: &str) {
        match word {
            "config" | "menuconfig" => {
                self.close();
                self.open = Some(Definition {
                    name: rest.to_owned(),
                    depends: self
                        .around
                        .iter()
                        .cloned()
                        .fold(Condition::Always, Condition::and),
                    defaults: Vec::new(),
                    prompt: false,
                    selects: Vec::new(),
                });
            }
            "if" => {
                self.close();
                self.around.push(expression(rest));
            }
            "menu" | "choice" => {
                self.close();
                self.around.push(Condition::Always);
            }
            "endif" | "endmenu" | "endchoice" => {
                self.close();
                self.around.pop();
            }
            "help" | "---help---" => self.help = Some(None),
            "source" | "comment" | "mainmenu" => self.close(),
            "depends" => {
                let condition = expression(rest.strip_prefix("on").unwrap_or(rest).trim());
                let slot = match &mut self.open {
                    Some(open) => Some(&mut open.depends),
                    None => self.around.last_mut(),
                };
                if let Some(slot) = slot {
                    *slot = slot.clone().and(condition);
                }
            }
            _ => {
                if let Some(open) = &mut self.open {
                    attribute(open, word, rest);
                }
            }
        }
    }
}

fn attribute(open: &mut Definition, word: &str, rest: &str) {
    match word {
        "bool" | "tristate" | "string" | "int" | "hex" | "prompt" => {
            open.prompt |= rest.starts_with(['"', '\'']);
        }
        "def_bool" | "def_tristate" | "default" => {
            let (value, condition) = with_if(rest);
            open.defaults.push(expression(value).and(condition));
        }
        "select" => {
            let (name, _) = with_if(rest);
            open.selects.push(name.to_owned());
        }
        _ => {}
    }
}

/// `VALUE if CONDITION`.
fn with_if(rest: &str) -> (&str, Condition) {
    match rest.split_once(" if ").or_else(|| rest.split_once("\tif ")) {
        Some((value, condition)) => (value.trim(), expression(condition)),
        None => (rest.trim(), Condition::Always),
    }
}

fn indentation(line: &str) -> usize {
    line.chars()
        .take_while(|c| [' ', '\t'].contains(c))
        .fold(0, |column, c| {
            if c == '\t' {
                column / 8 * 8 + 8
            } else {
                column + 1
            }
        })
}

fn without_comment(text: &str) -> &str {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '#') => return text[..i].trim_end(),
            _ => {}
        }
    }
    text
}
