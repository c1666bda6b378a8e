//! One Kconfig file as it is written: entries and blocks with file and line of everything, nothing followed or evaluated.

use std::fmt;
use std::sync::Arc;

use super::expression::Expression;
use super::tokens::{quoted_length, split_if, unquoted, without_comment};
use crate::lines::{self, Text};

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, relative to the tree.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The type of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `bool`
    Bool,
    /// `tristate`
    Tristate,
    /// `string`
    Text,
    /// `int`
    Int,
    /// `hex`
    Hex,
}

impl Kind {
    fn of(word: &str) -> Option<Self> {
        match word {
            "bool" => Some(Self::Bool),
            "tristate" => Some(Self::Tristate),
            "string" => Some(Self::Text),
            "int" => Some(Self::Int),
            "hex" => Some(Self::Hex),
            _ => None,
        }
    }

    /// Whether it is on, off or perhaps a module.
    pub fn is_option(self) -> bool {
        matches!(self, Self::Bool | Self::Tristate)
    }
}

/// Something that may hold only under a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditional<T> {
    /// What.
    pub value: T,
    /// When, if not always.
    pub condition: Option<Expression>,
    /// Where.
    pub place: Place,
}

/// What says that something depends on an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A `depends on` of the entry itself.
    Entry,
    /// An `if` around it.
    If,
    /// A `depends on` of a menu around it; with `visible`, of its `visible if`.
    Menu,
    /// A `depends on` of the choice that it belongs to.
    Choice,
}

/// One thing that has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// What; `depends on A if B` is `!B || A`.
    pub expression: Expression,
    /// Who says so.
    pub origin: Origin,
    /// Where.
    pub place: Place,
}

/// One `config` or `menuconfig` entry, or what a choice has of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Symbol, without `CONFIG_`; empty for a choice.
    pub name: String,
    /// Its type; `None` if it has none (an addition to another entry).
    pub kind: Option<Kind>,
    /// Its own `depends on` lines.
    pub depends: Vec<Dependency>,
    /// What a person is asked, and when.
    pub prompt: Option<Conditional<String>>,
    /// Values that it gets by itself; the first whose condition holds counts.
    pub defaults: Vec<Conditional<Expression>>,
    /// Symbols that it turns on.
    pub selects: Vec<Conditional<String>>,
    /// Symbols that it turns on where nothing speaks against it.
    pub implies: Vec<Conditional<String>>,
    /// Lowest and highest value.
    pub ranges: Vec<Conditional<(String, String)>>,
    /// Where it begins.
    pub place: Place,
}

impl Entry {
    fn new(name: &str, place: Place) -> Self {
        Self {
            name: name.to_owned(),
            kind: None,
            depends: Vec::new(),
            prompt: None,
            defaults: Vec::new(),
            selects: Vec::new(),
            implies: Vec::new(),
            ranges: Vec::new(),
            place,
        }
    }
}

/// `if`, `menu` or `choice`, up to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Which of them.
    pub origin: Origin,
    /// A menu's title, or a choice's prompt, defaults and dependencies; an `if`'s expression is a dependency.
    pub entry: Entry,
    /// Expressions of `visible if`: without them nobody is asked about what is inside.
    pub visible: Vec<Dependency>,
    /// What is inside.
    pub items: Vec<Item>,
}

/// One thing in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An entry.
    Entry(Entry),
    /// A block.
    Block(Block),
    /// `source "FILE"`: the name as written.
    Source(String, Place),
}

/// A line with a macro call (`$(...)`).
#[derive(Debug, Clone)]
pub struct Macro {
    /// The line.
    pub text: Text,
    /// Symbol it is about, if it stands in an entry.
    pub symbol: Option<String>,
}

/// One file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// In order.
    pub items: Vec<Item>,
    /// Lines that call macros.
    pub macros: Vec<Macro>,
    /// What Kconfig would refuse.
    pub problems: Vec<(Place, String)>,
}

/// Reads the text of the file `name`.
pub fn parse(text: &str, name: &str) -> File {
    let mut reader = Reader {
        name: name.into(),
        file: File::default(),
        blocks: Vec::new(),
        open: Open::Nothing,
    };
    let mut physical = text.lines().enumerate().peekable();
    // Columns of a help text's first line; the text ends at the first line indented less.
    let mut help: Option<Option<usize>> = None;
    while let Some((_, line)) = physical.peek() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') && help.is_none() {
            physical.next();
            continue;
        }
        if let Some(first) = &mut help {
            let here = width(line);
            if here > 0 && here >= *first.get_or_insert(here) {
                physical.next();
                continue;
            }
            help = None;
            continue;
        }
        if matches!(trimmed, "help" | "---help---") {
            help = Some(None);
            physical.next();
            continue;
        }
        if let Some(line) = lines::next_logical(&mut physical) {
            reader.line(line);
        }
    }
    reader.finish()
}

/// Columns of the white space that a line begins with, tabs to multiples of eight as Kconfig counts them.
fn width(line: &str) -> usize {
    line.chars()
        .take_while(|c| c.is_whitespace())
        .fold(0, |at, c| if c == '\t' { at / 8 * 8 + 8 } else { at + 1 })
}

/// What the lines are about at some point.
enum Open {
    /// An entry.
    Entry(Entry),
    /// The block that was opened last, before anything in it.
    Block,
    /// A comment's `depends on` and the like, which concern nobody.
    Nothing,
}

struct Reader {
    name: Arc<str>,
    file: File,
    /// Blocks that are open, outermost first.
    blocks: Vec<Block>,
    open: Open,
}

impl Reader {
    fn line(&mut self, line: Text) {
        let code = without_comment(line.text.trim());
        let place = Place {
            file: Arc::clone(&self.name),
            line: line.line(0),
        };
        if code.contains("$(") {
            self.file.macros.push(Macro {
                text: line.clone(),
                symbol: match &self.open {
                    Open::Entry(entry) => Some(entry.name.clone()),
                    _ => None,
                },
            });
        }
        let word = code
            .split(|c: char| c.is_whitespace() || c == '"')
            .next()
            .unwrap_or_default();
        self.statement(word, code[word.len()..].trim(), place);
    }

    fn statement(&mut self, word: &str, rest: &str, place: Place) {
        match word {
            "config" | "menuconfig" => {
                self.close();
                self.open = Open::Entry(Entry::new(rest, place));
            }
            "if" => {
                let mut entry = Entry::new("", place.clone());
                entry.depends.push(Dependency {
                    expression: Expression::parse(rest),
                    origin: Origin::If,
                    place,
                });
                self.begin(Origin::If, entry);
            }
            "menu" => {
                let mut entry = Entry::new("", place);
                entry.prompt(rest, entry.place.clone());
                self.begin(Origin::Menu, entry);
                self.open = Open::Block;
            }
            "choice" => {
                self.begin(Origin::Choice, Entry::new("", place));
                self.open = Open::Block;
            }
            "endif" => self.end(Origin::If, word, place),
            "endmenu" => self.end(Origin::Menu, word, place),
            "endchoice" => self.end(Origin::Choice, word, place),
            "source" => {
                self.close();
                self.push(Item::Source(unquoted(rest).to_owned(), place));
            }
            "comment" | "mainmenu" => self.close(),
            _ => self.attribute(word, rest, place),
        }
    }

    fn attribute(&mut self, word: &str, rest: &str, place: Place) {
        match &mut self.open {
            Open::Nothing => {}
            Open::Entry(entry) => entry.attribute(Origin::Entry, word, rest, place),
            Open::Block => {
                let Some(block) = self.blocks.last_mut() else {
                    return;
                };
                if word == "visible" {
                    let expression = rest.strip_prefix("if").unwrap_or(rest);
                    block.visible.push(Dependency {
                        expression: Expression::parse(expression),
                        origin: block.origin,
                        place,
                    });
                } else {
                    block.entry.attribute(block.origin, word, rest, place);
                }
            }
        }
    }

    /// Ends the entry that is open.
    fn close(&mut self) {
        if let Open::Entry(entry) = std::mem::replace(&mut self.open, Open::Nothing) {
            self.push(Item::Entry(entry));
        }
    }

    fn push(&mut self, item: Item) {
        let items = match self.blocks.last_mut() {
            Some(block) => &mut block.items,
            None => &mut self.file.items,
        };
        items.push(item);
    }

    fn begin(&mut self, origin: Origin, entry: Entry) {
        self.close();
        self.blocks.push(Block {
            origin,
            entry,
            visible: Vec::new(),
            items: Vec::new(),
        });
    }

    fn end(&mut self, origin: Origin, word: &str, place: Place) {
        self.close();
        match self.blocks.pop() {
            Some(block) => {
                if block.origin != origin {
                    let what = format!("`{word}` does not end what {} begins", block.entry.place);
                    self.file.problems.push((place, what));
                }
                self.push(Item::Block(block));
            }
            None => {
                let what = format!("`{word}` ends nothing");
                self.file.problems.push((place, what));
            }
        }
    }

    fn finish(mut self) -> File {
        self.close();
        while let Some(block) = self.blocks.pop() {
            let what = "an `if`, menu or choice is not closed in the file that opens it";
            let place = block.entry.place.clone();
            self.file.problems.push((place, what.to_owned()));
            self.push(Item::Block(block));
        }
        self.file
    }
}

impl Entry {
    fn attribute(&mut self, origin: Origin, word: &str, rest: &str, place: Place) {
        match word {
            "depends" => {
                let (on, condition) = split_if(rest.strip_prefix("on").unwrap_or(rest));
                let on = Expression::parse(on);
                self.depends.push(Dependency {
                    expression: match condition {
                        Some(condition) => Expression::Not(Box::new(condition)).or(on),
                        None => on,
                    },
                    origin,
                    place,
                });
            }
            "def_bool" | "def_tristate" => {
                self.kind = Kind::of(&word["def_".len()..]);
                self.default(rest, place);
            }
            "default" => self.default(rest, place),
            "select" => self.selects.push(conditional(rest, place)),
            "imply" => self.implies.push(conditional(rest, place)),
            "range" => {
                let (limits, condition) = split_if(rest);
                let mut limits = limits.split_whitespace().map(str::to_owned);
                let mut limit = || limits.next().unwrap_or_default();
                self.ranges.push(Conditional {
                    value: (limit(), limit()),
                    condition,
                    place,
                });
            }
            "prompt" => self.prompt(rest, place),
            _ => {
                if let Some(kind) = Kind::of(word) {
                    self.kind = Some(kind);
                    self.prompt(rest, place);
                }
            }
        }
    }

    fn default(&mut self, rest: &str, place: Place) {
        let (value, condition) = split_if(rest);
        self.defaults.push(Conditional {
            value: Expression::parse(value),
            condition,
            place,
        });
    }

    fn prompt(&mut self, rest: &str, place: Place) {
        if !rest.starts_with(['"', '\'']) {
            return;
        }
        let (text, after) = rest.split_at(quoted_length(rest));
        self.prompt = Some(Conditional {
            value: unquoted(text).to_owned(),
            condition: split_if(after).1,
            place,
        });
    }
}

fn conditional(rest: &str, place: Place) -> Conditional<String> {
    let (value, condition) = split_if(rest);
    Conditional {
        value: value.to_owned(),
        condition,
        place,
    }
}
