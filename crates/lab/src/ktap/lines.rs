//! The lines of a console that belong to KTAP, without what the console puts before each line.

use std::sync::LazyLock;

use regex::Regex;

static START: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|\W)(K?TAP) version ([0-9]+)$").unwrap());
static END: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"List of all partitions:|Kernel panic - not syncing: VFS:|reboot: System halted")
        .unwrap()
});
static EXECUTOR_ERROR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\s*kunit executor: (.*)$").unwrap());
static TIME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\[ *([0-9]+\.[0-9]+)\]").unwrap());

/// One line of the console.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Counted from 1 over the whole log.
    pub number: usize,
    /// The text without the console's prefix and without white space at the end.
    pub text: String,
    /// The console's time stamp in seconds, where it prints one.
    pub time: Option<f64>,
}

/// Splits a log as a terminal would: `\n`, `\r\n` and `\r` end a line.
pub fn split(log: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(log);
    let mut lines: Vec<String> = text
        .replace("\r\n", "\n")
        .split(['\n', '\r'])
        .map(|line| line.trim_end().to_owned())
        .collect();
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// The lines from the first version line on, with as many characters cut off each as stand before the version there,
/// up to where the kernel gives up its root file system or halts.
///
/// Lines of KUnit's executor before that are kept too: they say why there are no tests.
pub fn isolate(lines: &[String]) -> Vec<Line> {
    let mut kept = Vec::new();
    let mut prefix = None;
    for (index, text) in lines.iter().enumerate() {
        let time = TIME.captures(text).and_then(|found| found[1].parse().ok());
        let number = index + 1;
        match prefix {
            None => {
                if let Some(found) = START.captures(text) {
                    let before = &text[..found.get(1).map_or(0, |version| version.start())];
                    let length = before.chars().count();
                    prefix = Some(length);
                    kept.push(Line {
                        number,
                        text: cut(text, length),
                        time,
                    });
                } else if EXECUTOR_ERROR.is_match(text) {
                    kept.push(Line {
                        number,
                        text: text.clone(),
                        time,
                    });
                }
            }
            Some(_) if END.is_match(text) => break,
            Some(length) => kept.push(Line {
                number,
                text: cut(text, length),
                time,
            }),
        }
    }
    kept
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().skip(characters).collect()
}

/// Lines with a position, as a parser reads them.
pub struct Stream<'a> {
    lines: &'a [Line],
    next: usize,
}

impl<'a> Stream<'a> {
    /// Starts at the first line.
    pub fn new(lines: &'a [Line]) -> Self {
        Stream { lines, next: 0 }
    }

    /// The next line, if any is left.
    pub fn peek(&self) -> Option<&'a Line> {
        self.lines.get(self.next)
    }

    /// The next line, which is then behind us.
    pub fn pop(&mut self) -> Option<&'a Line> {
        let line = self.peek()?;
        self.next += 1;
        Some(line)
    }

    /// Number of the next line in the log, or of the last one at the end.
    pub fn number(&self) -> usize {
        self.peek()
            .or(self.lines.last())
            .map_or(0, |line| line.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &str) -> Vec<String> {
        isolate(&split(log.as_bytes()))
            .into_iter()
            .map(|line| line.text)
            .collect()
    }

    #[test]
    fn time_stamps_are_cut_where_the_version_line_has_them() {
        let log = "[    0.060000] noise\n[    0.060000] KTAP version 1\n[   12.060000] 1..1\n[    0.07] ok 1 a\n";
        assert_eq!(texts(log)[..2], ["KTAP version 1", "1..1"]);
        assert_eq!(isolate(&split(log.as_bytes()))[1].time, Some(12.06));
    }

    #[test]
    fn serial_consoles_with_carriage_returns_are_read() {
        assert_eq!(
            texts("boot\r\nKTAP version 1\r\n1..0\r\n"),
            ["KTAP version 1", "1..0"]
        );
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_end_the_parsing() {
        let log = b"KTAP version 1\n\xff\xfe noise\n1..0\n";
        assert_eq!(isolate(&split(log)).len(), 3);
    }

    #[test]
    fn a_version_inside_of_a_word_starts_nothing() {
        assert_eq!(texts("see NOKTAP version 1\n1..1\n"), Vec::<String>::new());
    }

    #[test]
    fn what_follows_the_halt_is_not_ktap() {
        assert_eq!(
            texts("KTAP version 1\n1..0\nreboot: System halted\nok 1 late\n"),
            ["KTAP version 1", "1..0"]
        );
    }
}
