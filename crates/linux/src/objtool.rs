//! What objtool knows of functions that don't return: `is_rust_noreturn()` in tools/objtool/check.c, an expression over a symbol's name, and the list
//! noreturns.h.

use camino::Utf8Path;
use gateless_model::{Failure, Result};

/// The file of the function, in a tree.
pub const CHECK: &str = "tools/objtool/check.c";
/// The file of the list.
pub const LIST: &str = "tools/objtool/noreturns.h";

/// What a tree's objtool knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objtool {
    /// The alternatives of the function; they are asked of Rust symbols only.
    pub rust: Vec<Alternative>,
    /// The names of the list.
    pub names: Vec<String>,
}

/// What the function says yes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// All of these have to hold.
    pub all: Vec<Test>,
    /// The line of the first of them in the file, from 1.
    pub line: usize,
}

/// One test of a symbol's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `str_ends_with()`
    Ends(String),
    /// `strstr()`
    Contains(String),
}

impl Objtool {
    /// Reads both files of a tree.
    ///
    /// # Errors
    /// If one can't be read, or says something that is not understood.
    pub fn read(tree: &Utf8Path) -> Result<Self> {
        let check = fs_err::read_to_string(tree.join(CHECK))?;
        let list = fs_err::read_to_string(tree.join(LIST))?;
        Self::parse(&check, &list)
    }

    fn parse(check: &str, list: &str) -> Result<Self> {
        let names = list.lines().filter_map(|line| {
            let name = line.trim().strip_prefix("NORETURN(")?;
            Some(name.strip_suffix(')')?.to_owned())
        });
        Ok(Self {
            rust: alternatives(check)?,
            names: names.collect(),
        })
    }

    /// Whether objtool takes it for a function that doesn't return, when it sees only the name.
    pub fn knows(&self, symbol: &str) -> bool {
        self.names.iter().any(|name| name == symbol)
            || (is_rust(symbol) && self.rust.iter().any(|way| way.holds(symbol)))
    }
}

/// Whether objtool takes it for a symbol of Rust.
pub fn is_rust(symbol: &str) -> bool {
    symbol.starts_with("_R")
}

impl Alternative {
    /// Whether it says yes to a symbol.
    pub fn holds(&self, symbol: &str) -> bool {
        self.all.iter().all(|test| match test {
            Test::Ends(end) => symbol.ends_with(end),
            Test::Contains(part) => symbol.contains(part),
        })
    }

    /// In words.
    pub fn text(&self) -> String {
        let tests = self.all.iter().map(|test| match test {
            Test::Ends(end) => format!("ends with {end}"),
            Test::Contains(part) => format!("contains {part}"),
        });
        tests.collect::<Vec<_>>().join(" and ")
    }
}

/// The expression that `is_rust_noreturn()` returns last, as alternatives.
fn alternatives(check: &str) -> Result<Vec<Alternative>> {
    let begin = check
        .find("bool is_rust_noreturn(")
        .ok_or_else(|| odd(0, "there is no is_rust_noreturn()"))?;
    let end = check[begin..]
        .find("\n}")
        .ok_or_else(|| odd(line_of(check, begin), "is_rust_noreturn() has no end"))?;
    let body = &check[begin..begin + end];
    let at = body
        .rfind("return ")
        .ok_or_else(|| odd(line_of(check, begin), "it returns nothing"))?;
    let mut parser = Parser {
        text: check,
        at: begin + at + "return ".len(),
    };
    let alternatives = parser.any()?;
    match parser.skip(";") {
        true => Ok(alternatives),
        false => Err(parser.odd()),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn odd(line: usize, why: &str) -> Failure {
    Failure::failed(format!("{CHECK}:{line}: {why}")).help(
        "gateless reads is_rust_noreturn() as tests by str_ends_with() and strstr(), joined by || and &&",
    )
}

/// Reads the expression.
struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    /// Tests joined by `||`, each of which may be several joined by `&&`.
    fn any(&mut self) -> Result<Vec<Alternative>> {
        let mut found = self.all()?;
        while self.skip("||") {
            found.extend(self.all()?);
        }
        Ok(found)
    }

    /// Tests joined by `&&`; alternatives within one of them are multiplied out.
    fn all(&mut self) -> Result<Vec<Alternative>> {
        let mut found = self.one()?;
        while self.skip("&&") {
            let more = self.one()?;
            let joined = found.iter().flat_map(|first| {
                more.iter().map(|second| Alternative {
                    all: first.all.iter().chain(&second.all).cloned().collect(),
                    line: first.line,
                })
            });
            found = joined.collect();
        }
        Ok(found)
    }

    fn one(&mut self) -> Result<Vec<Alternative>> {
        if self.skip("(") {
            let inner = self.any()?;
            return match self.skip(")") {
                true => Ok(inner),
                false => Err(self.odd()),
            };
        }
        let (is_end, is_part) = (
            self.skip("str_ends_with(func->name,"),
            self.skip("strstr(func->name,"),
        );
        let line = line_of(self.text, self.at);
        let word = match is_end || is_part {
            true => self.string()?,
            false => return Err(self.odd()),
        };
        if !self.skip(")") {
            return Err(self.odd());
        }
        let test = match is_end {
            true => Test::Ends(word),
            false => Test::Contains(word),
        };
        Ok(vec![Alternative {
            all: vec![test],
            line,
        }])
    }

    /// A string without escapes.
    fn string(&mut self) -> Result<String> {
        let (begin, end) = (self.skip("\""), self.text[self.at..].find('"'));
        let Some(length) = end.filter(|_| begin) else {
            return Err(self.odd());
        };
        let word = self.text[self.at..self.at + length].to_owned();
        self.at += length + 1;
        match word.contains(['\\', '\n']) {
            true => Err(self.odd()),
            false => Ok(word),
        }
    }

    /// Goes on behind `token` and the space before it, if that is what comes next.
    fn skip(&mut self, token: &str) -> bool {
        let rest = self.text[self.at..].trim_start();
        let is_next = rest.starts_with(token);
        if is_next {
            self.at = self.text.len() - rest.len() + token.len();
        }
        is_next
    }

    fn odd(&self) -> Failure {
        let rest = self.text[self.at..].trim_start();
        odd(
            line_of(self.text, self.text.len() - rest.len()),
            "this part of is_rust_noreturn() is not understood",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK_C: &str = r#"
static bool is_rust_noreturn(const struct symbol *func)
{
	if (strncmp(func->name, "_R", 2))
		return false;

	return str_ends_with(func->name, "_4core9panicking5panic")	||
	       strstr(func->name, "_4core9panicking13assert_failed")	||
	       (strstr(func->name, "_4core5slice5index") &&
		strstr(func->name, "slice_") &&
		str_ends_with(func->name, "_fail"));
}
"#;
    const LIST_H: &str = "/* NORETURN(no) */\nNORETURN(panic)\nNORETURN(rust_begin_unwind)\n";

    #[test]
    fn a_symbol_is_known_by_its_end_a_part_or_all_parts_of_it() {
        let objtool = Objtool::parse(CHECK_C, LIST_H).unwrap();
        assert_eq!(objtool.rust.len(), 3);
        assert_eq!(objtool.rust[2].line, 9);
        for known in [
            "panic",
            "rust_begin_unwind",
            "_RNvNtCs1_4core9panicking5panic",
            "_RINvNtCs1_4core9panicking13assert_failedmmECs2_6kernel",
            "_RNvNtNtCs1_4core5slice5index16slice_index_fail",
        ] {
            assert!(objtool.knows(known), "{known}");
        }
        for unknown in [
            "_RNvNtCs1_4core9panicking5panic_not",
            "x_4core9panicking5panic",
            "_RNvNtNtCs1_4core5slice5index5index",
            "slice_fail",
            "no",
        ] {
            assert!(!objtool.knows(unknown), "{unknown}");
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error_with_its_line() {
        for (change, line) in [
            (
                CHECK_C.replace("strstr(func->name, \"slice_\")", "func->len == 4"),
                ":10:",
            ),
            (CHECK_C.replace("is_rust_noreturn", "other"), ":0:"),
            (
                CHECK_C.replace("_4core5slice5index", "_4core\\x35slice"),
                ":9:",
            ),
        ] {
            let failure = Objtool::parse(&change, LIST_H).unwrap_err();
            assert!(failure.what.contains(line), "{failure}");
        }
    }
}
