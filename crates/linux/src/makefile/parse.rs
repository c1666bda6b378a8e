//! A makefile as statements, each with the conditions around it and the file's own line of every byte.

use crate::condition::Condition;
use crate::lines::{Text, logical};
use crate::makefile::conditional;

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Variable, as written (may hold references).
    pub name: String,
    /// The targets it is for, as written, if it is for some targets only.
    pub targets: Option<String>,
    /// Value.
    pub value: Text,
    /// Whether it is exported to the environment of what make starts.
    pub exported: bool,
    /// Line it starts on.
    pub line: usize,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// Targets, as written.
    pub targets: String,
    /// Prerequisites, as written.
    pub prerequisites: String,
    /// Recipe lines, joined by line ends.
    pub recipe: Text,
    /// Line it starts on.
    pub line: usize,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `NAME = VALUE`, `define`, also of a target.
    Assignment(Assignment),
    /// `TARGETS: PREREQUISITES` and its recipe.
    Rule(Rule),
    /// `export NAME...` without a value.
    Export(Text),
}

/// A parsed makefile.
#[derive(Debug, Clone, Default)]
pub struct Makefile {
    /// Statements with the conditions that must hold for them.
    pub statements: Vec<(Condition, Statement)>,
    /// What make would refuse: line and words.
    pub problems: Vec<(usize, String)>,
}

impl Makefile {
    /// What is assigned to a variable first, whatever the conditions.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.statements
            .iter()
            .find_map(|(_, statement)| match statement {
                Statement::Assignment(a) if a.name == name && a.targets.is_none() => {
                    Some(a.value.text.trim())
                }
                _ => None,
            })
    }
}

/// Cuts the comment off. Inside of `$(...)` a `#` is text, as for make 4.3; in a recipe the shell's rule holds.
fn without_comment(line: &mut Text, recipe: bool) {
    let bytes = line.text.as_bytes();
    let mut depth = 0usize;
    let mut quote: Option<u8> = None;
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 1,
            b'$' if matches!(bytes.get(i + 1), Some(b'(' | b'{')) => {
                depth += 1;
                i += 1;
            }
            b'(' | b'{' if depth > 0 => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            q @ (b'\'' | b'"') if recipe => match quote {
                Some(open) if open == q => quote = None,
                None => quote = Some(q),
                _ => {}
            },
            b'#' if depth == 0 && quote.is_none() => {
                let word_start = i == 0 || bytes[i - 1].is_ascii_whitespace();
                if !recipe || word_start {
                    line.text.truncate(i);
                    return;
                }
            }
            _ => {}
        }
        i += 1;
    }
}

/// Reads a whole makefile.
pub fn parse(text: &str) -> Makefile {
    let mut parser = Parser::default();
    for line in logical(text) {
        parser.line(line);
    }
    parser.finish()
}

#[derive(Default)]
struct Parser {
    made: Makefile,
    conditions: conditional::Stack,
    /// `define NAME` that is open.
    define: Option<Assignment>,
    nested: usize,
    in_rule: bool,
}

impl Parser {
    fn line(&mut self, mut line: Text) {
        if self.define.is_some() {
            return self.define_line(line);
        }
        let number = line.line(0);
        let is_recipe = line.text.starts_with('\t') && self.in_rule;
        without_comment(&mut line, is_recipe);
        let trimmed = line.text.trim();
        if trimmed.is_empty() {
            return;
        }
        if !is_recipe && let Some(problem) = self.conditions.take(trimmed) {
            if let Some(problem) = problem {
                self.made.problems.push((number, problem));
            }
            return;
        }
        if is_recipe {
            if let Some((_, Statement::Rule(rule))) = self.made.statements.last_mut() {
                rule.recipe.append(&line);
            }
            return;
        }
        let start = line.text.len() - line.text.trim_start().len();
        self.statement(line.from(start), number);
    }

    fn define_line(&mut self, mut line: Text) {
        let trimmed = line.text.trim();
        let first = trimmed.split_whitespace().next().unwrap_or_default();
        if first == "define" {
            self.nested += 1;
        } else if first == "endef" {
            if self.nested == 0 {
                if let Some(define) = self.define.take() {
                    self.push(Statement::Assignment(define));
                }
                return;
            }
            self.nested -= 1;
        }
        without_comment(&mut line, true);
        if let Some(define) = &mut self.define {
            define.value.append(&line);
        }
    }

    fn push(&mut self, statement: Statement) {
        self.in_rule = matches!(statement, Statement::Rule(_));
        self.made
            .statements
            .push((self.conditions.current(), statement));
    }

    fn statement(&mut self, line: Text, number: usize) {
        let mut offset = 0;
        let mut exported = false;
        loop {
            let rest = &line.text[offset..];
            let word = rest.split_whitespace().next().unwrap_or_default();
            let more = rest[word.len()..].trim_start();
            let next = offset + (rest.len() - more.len());
            match word {
                "export" if more.is_empty() => return,
                "export" => exported = true,
                "override" | "private" | "undefine" | "unexport" if !more.is_empty() => {}
                "define" => {
                    let name = more.split_whitespace().next().unwrap_or_default();
                    self.define = Some(Assignment {
                        name: name.trim_end_matches('=').to_owned(),
                        targets: None,
                        value: Text::default(),
                        exported,
                        line: number,
                    });
                    return;
                }
                "include" | "-include" | "sinclude" | "endef" => return,
                _ => break,
            }
            offset = next;
        }
        let line = line.from(offset);
        if let Some(assignment) = assignment(&line, exported, number) {
            return self.push(Statement::Assignment(assignment));
        }
        if exported {
            return self.push(Statement::Export(line));
        }
        let Some(colon) = rule_colon(&line.text) else {
            // A lone `$(call ...)` or `$(eval ...)`: kept as a rule without targets, so that its words are seen.
            return self.push(Statement::Rule(Rule {
                recipe: line,
                line: number,
                ..Rule::default()
            }));
        };
        let targets = line.text[..colon].trim().to_owned();
        let after = line.text[colon..].trim_start_matches(':');
        let after_offset = line.text.len() - after.len();
        let tail = line.from(after_offset + (after.len() - after.trim_start().len()));
        let mut own = tail.clone();
        for word in ["private", "override", "export"] {
            if let Some(rest) = own.text.strip_prefix(word)
                && rest.starts_with([' ', '\t'])
            {
                own = own.from(own.text.len() - rest.trim_start().len());
            }
        }
        if let Some(mut assignment) = assignment(&own, false, number) {
            assignment.targets = Some(targets);
            return self.push(Statement::Assignment(assignment));
        }
        let (prerequisites, recipe) = match top_level(&tail.text, ';') {
            Some(at) => (tail.text[..at].to_owned(), tail.from(at + 1)),
            None => (tail.text.clone(), Text::default()),
        };
        self.push(Statement::Rule(Rule {
            targets,
            prerequisites: prerequisites.trim().to_owned(),
            recipe,
            line: number,
        }));
    }

    fn finish(mut self) -> Makefile {
        if let Some(define) = self.define.take() {
            self.made
                .problems
                .push((define.line, "`define` without `endef`".to_owned()));
            self.push(Statement::Assignment(define));
        }
        if let Some(line) = self.conditions.open() {
            self.made.problems.push((1, line));
        }
        self.made
    }
}

/// Offset of the first `wanted` outside of references.
fn top_level(text: &str, wanted: char) -> Option<usize> {
    let mut depth = 0usize;
    let bytes = text.as_bytes();
    for (i, c) in text.char_indices() {
        match c {
            '(' | '{' if depth > 0 || (i > 0 && bytes[i - 1] == b'$') => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            c if c == wanted && depth == 0 => return Some(i),
            _ => {}
        }
    }
    None
}

fn rule_colon(text: &str) -> Option<usize> {
    top_level(text, ':')
}

/// `NAME op VALUE`, if that is what the line is.
fn assignment(line: &Text, exported: bool, number: usize) -> Option<Assignment> {
    let text = &line.text;
    let equals = top_level(text, '=')?;
    let left = text[..equals].trim_end_matches(['+', '?', '!', ':']);
    let name = left.trim();
    if name.is_empty() || top_level(name, ':').is_some() {
        return None;
    }
    // A variable's name has no blanks outside of references.
    if top_level(name, ' ').is_some() || top_level(name, '\t').is_some() {
        return None;
    }
    let value = &text[equals + 1..];
    let start = equals + 1 + (value.len() - value.trim_start().len());
    Some(Assignment {
        name: name.to_owned(),
        targets: None,
        value: line.from(start),
        exported,
        line: number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        parse(text)
            .statements
            .iter()
            .map(|(condition, statement)| match statement {
                Statement::Assignment(a) => format!(
                    "{condition}: {}{} = {:?} at {}",
                    a.targets
                        .as_deref()
                        .map_or(String::new(), |t| format!("[{t}] ")),
                    a.name,
                    a.value.text,
                    a.line
                ),
                Statement::Rule(r) => format!(
                    "{condition}: {:?} <- {:?} {{{}}}",
                    r.targets, r.prerequisites, r.recipe.text
                ),
                Statement::Export(text) => format!("{condition}: export {}", text.text),
            })
            .collect()
    }

    #[test]
    fn continued_lines_comments_conditionals_and_targets_are_told_apart() {
        let text = "# a comment \\\n  that = goes on\nA := 1 \\\n  2 # three\nifdef CONFIG_X\nB += $(if $(Y),#,no)\nelse ifeq ($(CONFIG_Z),y)\nexport C ?= c\nelse\nD = d\nendif\n$(obj)/x.o: private rustc_flags = -O\nx y: z | w\n\t@echo '#' # shell\n\techo b\ndefine F\n\t$(call g)\nendef\nexport A B\n";
        expect_test::expect![[r#"
            always: A = "1  2 " at 3
            CONFIG_X: B = "$(if $(Y),#,no)" at 6
            !CONFIG_X && CONFIG_Z: C = "c" at 8
            !CONFIG_X && !CONFIG_Z: D = "d" at 10
            always: [$(obj)/x.o] rustc_flags = "-O" at 12
            always: "x y" <- "z | w" {	@echo '#' 
            	echo b}
            always: F = "\t$(call g)" at 16
            always: export A B"#]]
        .assert_eq(&names(text).join("\n"));
    }

    #[test]
    fn each_byte_knows_its_physical_line() {
        let made = parse("A := one \\\n\ttwo \\\n\tthree\n");
        let Statement::Assignment(a) = &made.statements[0].1 else {
            panic!()
        };
        let line = |word: &str| a.value.line(a.value.text.find(word).unwrap());
        assert_eq!([line("one"), line("two"), line("three")], [1, 2, 3]);
    }

    #[test]
    fn a_half_written_makefile_is_a_problem_and_the_rest_is_read() {
        let made = parse("ifdef A\nB = 1\ndefine C\nx\n");
        assert_eq!(made.problems.len(), 2, "{:?}", made.problems);
        assert_eq!(made.statements.len(), 2);
    }
}
