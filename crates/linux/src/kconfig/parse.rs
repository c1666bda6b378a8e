//! Reading Kconfig files in the order in which Kconfig does, following `source`, so that each entry has the conditions around it.

use camino::Utf8Path;
use gateless_model::{Failure, Result};

use super::{Conditional, Symbol, Symbols};

/// What the lines of a file are about at some point.
enum Open {
    /// The entry of a symbol: name, and which of its entries.
    Entry(String, usize),
    /// The menu, choice or `if` that was opened last, before anything in it.
    Block,
    /// A comment's `depends on` and the like, which concern nobody.
    Nothing,
}

/// One file being read.
pub(super) struct Reader<'a> {
    pub(super) tree: &'a Utf8Path,
    pub(super) arch: &'a str,
    pub(super) symbols: &'a mut Symbols,
    /// Conditions of the blocks around, outermost first; one list for each block.
    around: Vec<Vec<String>>,
    open: Open,
}

impl<'a> Reader<'a> {
    pub(super) fn new(tree: &'a Utf8Path, arch: &'a str, symbols: &'a mut Symbols) -> Self {
        Self {
            tree,
            arch,
            symbols,
            around: Vec::new(),
            open: Open::Nothing,
        }
    }

    /// Reads the file `place` (relative to the tree) and what it sources.
    pub(super) fn file(&mut self, place: &str) -> Result<()> {
        let path = self.tree.join(place);
        let text = fs_err::read_to_string(&path)?;
        self.text(&text, place)
    }

    /// Reads the text of the file `place`.
    pub(super) fn text(&mut self, text: &str, place: &str) -> Result<()> {
        let depth = self.around.len();
        let mut help: Option<Option<usize>> = None;
        let mut lines = text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            if line.trim().is_empty() {
                continue;
            }
            // A help text ends at the first line indented less than its first line.
            if let Some(indent) = &mut help {
                let here = width(line);
                match indent {
                    None if here > 0 => {
                        *indent = Some(here);
                        continue;
                    }
                    Some(first) if here >= *first => continue,
                    _ => help = None,
                }
            }
            let mut line = line.trim().to_owned();
            while let Some(head) = line.strip_suffix('\\') {
                let next = lines.next().map_or("", |(_, next)| next.trim());
                line = format!("{}{next}", head.trim_end().to_owned() + " ");
            }
            if matches!(line.as_str(), "help" | "---help---") {
                help = Some(None);
                continue;
            }
            self.line(&line, || format!("{place}:{}", index + 1))?;
        }
        self.open = Open::Nothing;
        if self.around.len() == depth {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "{place}: an `if`, menu or choice is not closed in the file that opens it"
        )))
    }

    fn line(&mut self, line: &str, place: impl Fn() -> String) -> Result<()> {
        let (word, rest) = line
            .split_once(|c: char| c.is_whitespace() || c == '"')
            .map_or((line, ""), |(word, _)| (word, line[word.len()..].trim()));
        match word {
            "config" | "menuconfig" => {
                let entries = self.symbols.0.entry(rest.to_owned()).or_default();
                entries.push(Symbol {
                    depends: self.around.concat(),
                    place: place(),
                    ..Symbol::default()
                });
                self.open = Open::Entry(rest.to_owned(), entries.len() - 1);
            }
            "if" => {
                self.around.push(vec![rest.to_owned()]);
                self.open = Open::Nothing;
            }
            "menu" | "choice" => {
                self.around.push(Vec::new());
                self.open = Open::Block;
            }
            "endif" | "endmenu" | "endchoice" => {
                self.around.pop();
                self.open = Open::Nothing;
            }
            "source" => {
                self.open = Open::Nothing;
                let file = self.name(rest.trim_matches('"'));
                self.file(&file).map_err(|failure| {
                    Failure::failed(format!("{} sources {file}", place())).because(failure)
                })?;
            }
            "comment" | "mainmenu" => self.open = Open::Nothing,
            _ => self.attribute(word, rest),
        }
        Ok(())
    }

    /// The name of a sourced file, with the variables that Kconfig files use in one.
    fn name(&self, written: &str) -> String {
        // scripts/Makefile: HEADER_ARCH is what SRCARCH is, but for User Mode Linux, which takes x86's.
        let headers = if self.arch == "um" { "x86" } else { self.arch };
        written
            .replace("$(SRCARCH)", self.arch)
            .replace("$(HEADER_ARCH)", headers)
            .replace("$(srctree)/", "")
    }

    fn attribute(&mut self, word: &str, rest: &str) {
        let symbol = match &self.open {
            Open::Nothing => return,
            Open::Block => {
                if word == "depends"
                    && let Some(block) = self.around.last_mut()
                {
                    block.push(dependency(rest));
                }
                return;
            }
            Open::Entry(name, at) => self
                .symbols
                .0
                .get_mut(name)
                .and_then(|all| all.get_mut(*at)),
        };
        let Some(symbol) = symbol else { return };
        match word {
            "bool" | "tristate" | "string" | "int" | "hex" => {
                symbol.kind = word.to_owned();
                symbol.prompt(rest);
            }
            "prompt" => symbol.prompt(rest),
            "def_bool" | "def_tristate" => {
                symbol.kind = word["def_".len()..].to_owned();
                symbol.defaults.push(Conditional::parse(rest));
            }
            "default" => symbol.defaults.push(Conditional::parse(rest)),
            "select" => symbol.selects.push(Conditional::parse(rest)),
            "depends" => symbol.depends.push(dependency(rest)),
            _ => {}
        }
    }
}

impl Symbol {
    fn prompt(&mut self, rest: &str) {
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return;
        };
        let after = rest[1..].find(quote).map_or("", |end| &rest[end + 2..]);
        let condition = after.trim().strip_prefix("if ").unwrap_or_default();
        self.prompt = Some(condition.trim().to_owned());
    }
}

/// The expression of `depends on A` and of `depends on A if B`.
fn dependency(rest: &str) -> String {
    let on = Conditional::parse(rest.strip_prefix("on").unwrap_or(rest).trim());
    match on.condition.as_str() {
        "" => on.value,
        condition => format!("!({condition}) || ({})", on.value),
    }
}

impl Conditional {
    /// Reads `VALUE if CONDITION`.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.split('#').next().unwrap_or(text).trim();
        let (value, condition) = text
            .split_once(" if ")
            .or_else(|| text.split_once("\tif "))
            .unwrap_or((text, ""));
        Self {
            value: value.trim().to_owned(),
            condition: condition.trim().to_owned(),
        }
    }
}

/// Columns of the white space that a line begins with, tabs to multiples of eight as Kconfig counts them.
fn width(line: &str) -> usize {
    line.chars()
        .take_while(|c| c.is_whitespace())
        .fold(0, |at, c| if c == '\t' { at / 8 * 8 + 8 } else { at + 1 })
}
