//! Just enough of Python's syntax to read `VARIABLE = Class(name='text', other=['a', 'b'])` from a file: string
//! literals, lists of them, `+`, and names of texts that were assigned before.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// The value of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A list of strings.
    List(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Name(String),
    Text(String),
    Sign(char),
    /// A string that is more than its text, or has an escape that is not known here.
    Odd(String),
}

#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    line: usize,
    /// Whether a statement begins here that is in no block.
    outermost: bool,
    /// How many brackets are open.
    depth: usize,
}

/// The arguments of the call of `class` that is assigned to `variable`, by name.
///
/// # Errors
/// If there is no such assignment, `variable` is used anywhere else, or the call is more than names and literals.
pub fn call(text: &str, variable: &str, class: &str) -> Result<BTreeMap<String, Value>, String> {
    let tokens = tokens(text)?;
    let is_name = |token: &Token, name: &str| token.kind == Kind::Name(name.to_owned());
    if tokens
        .iter()
        .filter(|token| is_name(token, variable))
        .count()
        > 1
    {
        return Err(format!("{variable} is used more than once"));
    }
    let mut known: BTreeMap<String, Result<Value, String>> = BTreeMap::new();
    for (at, token) in tokens.iter().enumerate() {
        let Kind::Name(name) = &token.kind else {
            continue;
        };
        let mut rest = Reader {
            tokens: &tokens[at + 1..],
            known: &known,
        };
        // Keyword arguments look the same, but stand in brackets.
        if token.depth > 0 || !rest.accept('=') {
            if token.depth == 0 && known.contains_key(name) && rest.changes() {
                let why = format!("line {}: {name} is changed", token.line);
                known.insert(name.clone(), Err(why));
            }
            continue;
        }
        if name == variable {
            if !token.outermost {
                return Err(format!(
                    "line {}: {variable} depends on a condition",
                    token.line
                ));
            }
            return rest.arguments(class);
        }
        let value = if token.outermost {
            rest.expression().and_then(|value| {
                rest.end()?;
                Ok(value)
            })
        } else {
            Err(format!(
                "line {}: {name} depends on a condition",
                token.line
            ))
        };
        known.insert(name.clone(), value);
    }
    Err(format!("there is no {variable}"))
}

struct Reader<'a> {
    tokens: &'a [Token],
    known: &'a BTreeMap<String, Result<Value, String>>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.first().map(|token| &token.kind)
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn accept(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Kind::Sign(sign));
        // `==` compares.
        let twice = sign == '=' && self.tokens.get(1).map(|token| &token.kind) == self.peek();
        if found && !twice {
            self.next();
        }
        found && !twice
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.accept(sign) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn unexpected(&self) -> String {
        match self.tokens.first() {
            None => "the file ends too early".to_owned(),
            Some(Token { kind, line, .. }) => match kind {
                Kind::Name(name) => format!("line {line}: `{name}` is not expected here"),
                Kind::Text(_) => format!("line {line}: a text is not expected here"),
                Kind::Sign(sign) => format!("line {line}: `{sign}` is not expected here"),
                Kind::Odd(why) => format!("line {line}: {why}"),
            },
        }
    }

    /// Whether the statement that goes on here is `+=` or a call of a method.
    fn changes(&self) -> bool {
        matches!(self.peek(), Some(Kind::Sign('.' | '[')))
            || self.peek() == Some(&Kind::Sign('+'))
                && self.tokens.get(1).map(|token| &token.kind) == Some(&Kind::Sign('='))
    }

    /// An error unless the statement ends here.
    fn end(&self) -> Result<(), String> {
        match self.tokens.first() {
            Some(token) if !token.outermost => Err(self.unexpected()),
            _ => Ok(()),
        }
    }

    /// `class(name=expression, ...)` up to the statement's end.
    fn arguments(&mut self, class: &str) -> Result<BTreeMap<String, Value>, String> {
        if self.peek() != Some(&Kind::Name(class.to_owned())) {
            return Err(format!("{}; it should be {class}", self.unexpected()));
        }
        self.next();
        self.expect('(')?;
        let mut arguments = BTreeMap::new();
        while !self.accept(')') {
            let Some(Kind::Name(name)) = self.peek().cloned() else {
                return Err(self.unexpected());
            };
            self.next();
            self.expect('=')?;
            let value = self.expression()?;
            if arguments.insert(name.clone(), value).is_some() {
                return Err(format!("`{name}` is given twice"));
            }
            if !self.accept(',') {
                self.expect(')')?;
                break;
            }
        }
        self.end()?;
        Ok(arguments)
    }

    fn expression(&mut self) -> Result<Value, String> {
        let mut value = self.value()?;
        while self.accept('+') {
            value = match (value, self.value()?) {
                (Value::Text(left), Value::Text(right)) => Value::Text(left + &right),
                (Value::List(left), Value::List(right)) => Value::List([left, right].concat()),
                _ => return Err("a text and a list are added".to_owned()),
            };
        }
        Ok(value)
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.peek().cloned() {
            Some(Kind::Text(mut text)) => {
                self.next();
                // Literals side by side are one; that of the next statement is not beside.
                while let Some(Kind::Text(more)) = self.peek()
                    && !self.tokens[0].outermost
                {
                    text += more;
                    self.next();
                }
                Ok(Value::Text(text))
            }
            Some(Kind::Sign('[')) => {
                self.next();
                let mut items = Vec::new();
                while !self.accept(']') {
                    match self.expression()? {
                        Value::Text(text) => items.push(text),
                        Value::List(_) => return Err("a list holds a list".to_owned()),
                    }
                    if !self.accept(',') {
                        self.expect(']')?;
                        break;
                    }
                }
                Ok(Value::List(items))
            }
            Some(Kind::Name(name)) => match self.known.get(&name) {
                Some(value) => {
                    self.next();
                    value.clone()
                }
                None => Err(self.unexpected()),
            },
            _ => Err(self.unexpected()),
        }
    }
}

/// Splits a file; comments are left out.
fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    let (mut line, mut depth, mut outermost) = (1, 0_usize, true);
    while let Some(character) = characters.next() {
        let begin = line;
        let kind = match character {
            '\n' => {
                line += 1;
                outermost = depth == 0;
                continue;
            }
            '#' => {
                while characters.next_if(|next| *next != '\n').is_some() {}
                continue;
            }
            '\\' if characters.next_if_eq(&'\n').is_some() => {
                line += 1;
                continue;
            }
            space if space.is_whitespace() => {
                outermost = false;
                continue;
            }
            quote @ ('\'' | '"') => string(&mut characters, quote, &mut line)
                .ok_or_else(|| format!("line {begin}: a string has no end"))?,
            letter if letter.is_alphabetic() || letter == '_' => {
                let mut name = String::from(letter);
                while let Some(next) =
                    characters.next_if(|next| next.is_alphanumeric() || *next == '_')
                {
                    name.push(next);
                }
                match characters.next_if(|next| matches!(next, '\'' | '"')) {
                    None => Kind::Name(name),
                    Some(quote) => {
                        string(&mut characters, quote, &mut line)
                            .ok_or_else(|| format!("line {begin}: a string has no end"))?;
                        Kind::Odd(format!("a string with the prefix {name} is not plain text"))
                    }
                }
            }
            sign => {
                match sign {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                Kind::Sign(sign)
            }
        };
        tokens.push(Token {
            kind,
            line: begin,
            outermost,
            depth,
        });
        outermost = false;
    }
    Ok(tokens)
}

/// The rest of a string literal after its first quote; `None` if it does not end.
fn string(characters: &mut Peekable<Chars<'_>>, quote: char, line: &mut usize) -> Option<Kind> {
    let mut long = false;
    if characters.next_if_eq(&quote).is_some() {
        if characters.next_if_eq(&quote).is_none() {
            return Some(Kind::Text(String::new()));
        }
        long = true;
    }
    let (mut text, mut odd) = (String::new(), None);
    loop {
        match characters.next()? {
            '\n' if !long => return None,
            '\\' => match characters.next()? {
                '\n' => *line += 1,
                'n' => text.push('\n'),
                't' => text.push('\t'),
                plain @ ('\\' | '\'' | '"') => text.push(plain),
                other => odd = Some(format!("the escape \\{other} is not known")),
            },
            end if end == quote && !long => break,
            end if end == quote => {
                let mut quotes = 1;
                while quotes < 3 && characters.next_if_eq(&quote).is_some() {
                    quotes += 1;
                }
                if quotes == 3 {
                    break;
                }
                text.extend(std::iter::repeat_n(quote, quotes));
            }
            other => {
                *line += usize::from(other == '\n');
                text.push(other);
            }
        }
    }
    Some(odd.map_or(Kind::Text(text), Kind::Odd))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn x(text: &str) -> Result<Value, String> {
        let mut arguments = call(text, "V", "C")?;
        arguments.remove("x").ok_or("no x".to_owned())
    }

    #[test]
    fn every_way_to_write_a_text_gives_it() {
        for (literal, text) in [
            ("'a'", "a"),
            ("\"it's\"", "it's"),
            ("''", ""),
            ("'''a\n'b' ''c'''", "a\n'b' ''c"),
            ("'a' \"b\"\n  'c'", "abc"),
            ("'a' + 'b'", "ab"),
            (r"'\'\\\n\t'", "'\\\n\t"),
            ("'a\\\nb'", "ab"),
            ("'# no comment' # a comment\n", "# no comment"),
            ("'é'", "é"),
        ] {
            assert_eq!(
                x(&format!("V = C(x={literal})")),
                Ok(Value::Text(text.to_owned())),
                "{literal}"
            );
        }
    }

    #[test]
    fn texts_assigned_before_can_be_used() {
        let text = "A = 'a.bin'\nB = '/b/' + A\nif not isfile(B):\n\tprint('no ' + B)\n\tsys.exit()\nV = C(x=['-bios', B])\n";
        let list = ["-bios", "/b/a.bin"].map(str::to_owned);
        assert_eq!(x(text), Ok(Value::List(list.to_vec())));
    }

    #[test]
    fn anything_more_than_data_is_refused_with_its_line() {
        for (text, word) in [
            (
                "V = C(x=f'{a}')",
                "line 1: a string with the prefix f is not plain text",
            ),
            ("V = C(x='\\x41')", "line 1: the escape \\x is not known"),
            ("V = C(x=a())", "line 1: `a` is not expected here"),
            ("V = C('a')", "line 1: a text is not expected here"),
            ("V = C(x='a' % 2)", "line 1: `%` is not expected here"),
            ("V = C(x='a').y", "line 1: `.` is not expected here"),
            (
                "\nV = D(x='a')",
                "line 2: `D` is not expected here; it should be C",
            ),
            ("V = C(x='a')\nV.x = 'b'\n", "V is used more than once"),
            (
                "if a:\n  V = C(x='a')\n",
                "line 2: V depends on a condition",
            ),
            (
                "A = 'a'\nif b:\n  A = 'b'\nV = C(x=A)",
                "line 3: A depends on a condition",
            ),
            ("A = 'a'\nA += 'b'\nV = C(x=A)", "line 2: A is changed"),
            (
                "A = ['a']\nA.append('b')\nV = C(x=A)",
                "line 2: A is changed",
            ),
            ("A = g()\nV = C(x=A)", "line 1: `g` is not expected here"),
            ("V = C(x='a', x='b')", "`x` is given twice"),
            ("V = C(x='a'", "the file ends too early"),
            ("V = C(x='a\n')", "line 1: a string has no end"),
            ("W = C(x='a')", "there is no V"),
            ("V == C(x='a')", "there is no V"),
        ] {
            assert_eq!(x(text), Err(word.to_owned()), "{text}");
        }
    }
}
