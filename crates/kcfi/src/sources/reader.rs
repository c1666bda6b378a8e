//! Finds definitions and functions among the tokens of a file.

use gateless_rust_text::tokens::Tokens;

use super::{Header, Impl, Item, Kind, MacroCall};

/// What can stand before an `impl` block, as opposed to the type `impl Trait`.
const BEFORE_ITEMS: &[&str] = &["}", "]", ";", "{", "unsafe", "default"];

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self([0].into_iter().chain(ends).collect())
    }

    pub(super) fn of(&self, offset: usize) -> u32 {
        self.0.partition_point(|start| *start <= offset) as u32
    }
}

pub(super) struct Reader<'a> {
    pub(super) tokens: &'a Tokens<'a>,
    pub(super) lines: Lines,
    /// What is open: where it ends, and the name that it gives to paths.
    pub(super) around: Vec<(usize, Around)>,
    /// The attributes before what comes next, each from the token after `[` to that of `]`.
    pub(super) attributes: Vec<(usize, usize)>,
    /// The words before it.
    pub(super) words: Vec<&'a str>,
    pub(super) items: Vec<Item>,
    /// Definitions in macros whose names are parameters, each with the macro.
    pub(super) templates: Vec<(String, Item)>,
    /// Definitions in macros, with names of their own.
    pub(super) made: Vec<Item>,
    /// Macros, each with one that its definition calls.
    pub(super) macro_calls: Vec<(String, String)>,
    pub(super) impls: Vec<Impl>,
    pub(super) calls: Vec<MacroCall>,
    pub(super) headers: Vec<Header>,
    pub(super) bodies: Vec<Vec<String>>,
}

#[derive(Clone)]
pub(super) enum Around {
    /// A module or a trait.
    Named(String),
    Function(String),
    /// `extern "ABI"`
    Foreign(String),
    /// The definition of a macro.
    Macro(String),
    /// A call of a macro.
    Call(String),
}

impl<'a> Reader<'a> {
    pub(super) fn new(tokens: &'a Tokens<'a>) -> Self {
        Self {
            tokens,
            lines: Lines::new(tokens.text),
            around: Vec::new(),
            attributes: Vec::new(),
            words: Vec::new(),
            items: Vec::new(),
            templates: Vec::new(),
            made: Vec::new(),
            macro_calls: Vec::new(),
            impls: Vec::new(),
            calls: Vec::new(),
            headers: Vec::new(),
            bodies: Vec::new(),
        }
    }

    pub(super) fn file(&mut self, modules: &[String]) {
        let mut at = 0;
        while at < self.tokens.list.len() {
            while self.around.last().is_some_and(|(end, _)| *end <= at) {
                self.around.pop();
            }
            at = self.step(at, modules);
        }
    }

    /// Reads what begins at a token, and says where to go on.
    pub(super) fn step(&mut self, at: usize, modules: &[String]) -> usize {
        let tokens = self.tokens;
        match tokens.at(at) {
            "#" if tokens.opens(at + 1, "[") => {
                self.attributes.push((at + 2, tokens.close(at + 1)));
                return tokens.close(at + 1) + 1;
            }
            "pub" if tokens.opens(at + 1, "(") => return tokens.close(at + 1) + 1,
            "pub" | "unsafe" | "async" | "default" | "safe" | "auto" | "const" => {
                self.words.push(tokens.at(at));
                return at + 1;
            }
            "extern" => {
                let abi = tokens.string(at + 1);
                let next = at + 1 + usize::from(abi.is_some());
                if tokens.opens(next, "{") {
                    let around = Around::Foreign(abi.unwrap_or_else(|| "C".into()));
                    self.around.push((tokens.close(next), around));
                    self.clear();
                    return next + 1;
                }
                self.words.push("extern");
                if abi.is_some() {
                    self.words.push(tokens.at(at + 1));
                }
                return next;
            }
            "mod" if tokens.opens(at + 2, "{") => {
                let name = Around::Named(tokens.at(at + 1).to_owned());
                self.around.push((tokens.close(at + 2), name));
                self.clear();
                return at + 3;
            }
            "impl" if at == 0 || BEFORE_ITEMS.contains(&tokens.at(at - 1)) => {
                if let Some(open) = self.find_body(at) {
                    if !self.is_template() {
                        self.impls.extend(self.of_trait(at, open));
                    }
                    let block = Around::Named("{{impl}}".to_owned());
                    self.around.push((tokens.close(open), block));
                    self.clear();
                    return open + 1;
                }
            }
            "fn" => self.function(at, modules),
            "struct" => self.item(at, Kind::Struct, modules),
            "enum" => self.item(at, Kind::Enum, modules),
            "union" if is_name(tokens.at(at + 1)) => self.item(at, Kind::Union, modules),
            "trait" => self.item(at, Kind::Trait, modules),
            "type" if matches!(self.around.last(), Some((_, Around::Foreign(_)))) => {
                self.item(at, Kind::Foreign, modules);
            }
            // In the definition of a macro: `$(#[$m])* $vis struct $name`.
            "$" if self.is_template() => {
                if tokens.opens(at + 1, "(")
                    && tokens.at(at + 2) == "#"
                    && tokens.opens(at + 3, "[")
                    && tokens.close(at + 3) + 1 == tokens.close(at + 1)
                {
                    return tokens.close(at + 1) + 2;
                }
                if is_name(tokens.at(at + 1)) {
                    return at + 2;
                }
            }
            "macro_rules" if tokens.at(at + 1) == "!" && is_open(tokens, at + 3) => {
                let name = Around::Macro(tokens.at(at + 2).to_owned());
                self.around.push((tokens.close(at + 3), name));
                self.clear();
                return at + 4;
            }
            name if is_name(name) && tokens.at(at + 1) == "!" && is_open(tokens, at + 2) => {
                self.call(at, modules);
                self.clear();
                return at + 3;
            }
            _ => {}
        }
        self.clear();
        at + 1
    }

    pub(super) fn is_template(&self) -> bool {
        self.around
            .iter()
            .any(|(_, around)| matches!(around, Around::Macro(_)))
    }

    /// A call of a macro, which counts where definitions stand.
    pub(super) fn call(&mut self, at: usize, modules: &[String]) {
        let tokens = self.tokens;
        let name = tokens.at(at).to_owned();
        let end = tokens.close(at + 2);
        let around = self.around.iter().filter_map(|(_, around)| match around {
            Around::Macro(of) => Some((of.clone(), name.clone())),
            _ => None,
        });
        self.macro_calls.extend(around);
        let beside_definitions = self
            .around
            .iter()
            .all(|(_, around)| matches!(around, Around::Named(_)));
        if beside_definitions {
            let words = (at + 3..end)
                .map(|at| tokens.at(at))
                .filter(|word| is_name(word));
            self.calls.push(MacroCall {
                name: name.clone(),
                modules: self.path(modules),
                words: words.map(str::to_owned).collect(),
            });
        }
        self.around.push((end, Around::Call(name)));
    }

    /// The names of the modules, traits and functions around.
    pub(super) fn path(&self, modules: &[String]) -> Vec<String> {
        let mut path = modules.to_vec();
        for (_, around) in &self.around {
            if let Around::Named(name) | Around::Function(name) = around {
                path.push(name.clone());
            }
        }
        path
    }

    pub(super) fn clear(&mut self) {
        self.attributes.clear();
        self.words.clear();
    }

    pub(super) fn function(&mut self, at: usize, modules: &[String]) {
        let name = self.tokens.at(at + 1);
        if !is_name(name) {
            return;
        }
        let abi = match self.words.iter().position(|word| *word == "extern") {
            Some(word) => match self.words.get(word + 1) {
                Some(abi) => abi.trim_matches('"').to_owned(),
                None => "C".to_owned(),
            },
            None => match self.around.last() {
                Some((_, Around::Foreign(abi))) => abi.clone(),
                _ => "Rust".to_owned(),
            },
        };
        self.headers.push(Header {
            name: name.to_owned(),
            line: self.lines.of(self.tokens.list[at].range.start),
            abi,
            track_caller: self.has_attribute("track_caller"),
        });
        // The body, whose items are beneath the function.
        if let Some(open) = self.find_body(at) {
            let around = Around::Function(name.to_owned());
            self.around.push((self.tokens.close(open), around));
            // What a macro makes is where it is called.
            if !self.is_template() {
                self.bodies.push(self.path(modules));
            }
        }
    }

    /// The `{` that begins what is defined at a token, unless a `;` comes before.
    pub(super) fn find_body(&self, mut at: usize) -> Option<usize> {
        while at < self.tokens.list.len() {
            match self.tokens.at(at) {
                "{" => return (self.tokens.close(at) > at).then_some(at),
                ";" => return None,
                "(" | "[" => at = self.tokens.close(at).max(at),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// The `>` of the `<` at a token.
    pub(super) fn angle_end(&self, open: usize) -> usize {
        let tokens = self.tokens;
        let mut depth = 0;
        for at in open..tokens.list.len() {
            match tokens.at(at) {
                "<" => depth += 1,
                ">" if !["-", "="].contains(&tokens.at(at - 1)) => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        tokens.list.len()
    }

    /// The text from one token to before another.
    pub(super) fn text(&self, from: usize, to: usize) -> String {
        if from >= to {
            return String::new();
        }
        self.tokens.text[self.tokens.bytes(from, to - 1)].to_owned()
    }

    /// The token after the item at one.
    pub(super) fn item_end(&self, at: usize, close: usize) -> usize {
        let mut at = at;
        while at < close {
            match self.tokens.at(at) {
                "{" => return self.tokens.close(at) + 1,
                ";" => return at + 1,
                "(" | "[" => at = self.tokens.close(at).max(at),
                _ => {}
            }
            at += 1;
        }
        close
    }

    /// The first `,` outside of brackets, or the end.
    pub(super) fn comma(&self, from: usize, to: usize) -> usize {
        let mut depth = 0;
        for at in from..to {
            match self.tokens.at(at) {
                "<" | "(" | "[" | "{" => depth += 1,
                ">" if self.tokens.at(at - 1) != "-" => depth -= 1,
                ")" | "]" | "}" => depth -= 1,
                "," if depth == 0 => return at,
                _ => {}
            }
        }
        to
    }
}

pub(super) fn empty(kind: Kind) -> Item {
    Item {
        modules: Vec::new(),
        name: String::new(),
        kind,
        in_macro: None,
        lifetimes: 0,
        types: Vec::new(),
        constants: Vec::new(),
        parameters: Vec::new(),
        fields: Vec::new(),
        repr_c: false,
        transparent: false,
        encoding: None,
        in_trait: None,
    }
}

/// Whether a token opens a group.
pub(super) fn is_open(tokens: &Tokens<'_>, at: usize) -> bool {
    ["{", "(", "["]
        .iter()
        .any(|bracket| tokens.opens(at, bracket))
}

pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_alphabetic())
}
