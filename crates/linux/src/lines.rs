//! Logical lines of makefiles and Kconfig files: continued ones joined, each byte with the file's own line.

/// Text of one logical line with the physical lines it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// Continued lines joined by a space, comments taken out.
    pub text: String,
    /// Offset in `text` from which on a physical line (from 1) holds, in order.
    starts: Vec<(usize, usize)>,
}

impl Text {
    /// Physical line of the byte at `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.starts
            .iter()
            .rev()
            .find(|(start, _)| *start <= offset)
            .map_or(1, |(_, line)| *line)
    }

    /// The part from `offset` on.
    pub(crate) fn from(&self, offset: usize) -> Text {
        let mut starts = vec![(0, self.line(offset))];
        starts.extend(
            self.starts
                .iter()
                .filter(|(start, _)| *start > offset)
                .map(|(start, line)| (start - offset, *line)),
        );
        Text {
            text: self.text[offset..].to_owned(),
            starts,
        }
    }

    pub(crate) fn append(&mut self, other: &Text) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let base = self.text.len();
        self.starts.extend(
            other
                .starts
                .iter()
                .map(|(start, line)| (start + base, *line)),
        );
        self.text.push_str(&other.text);
    }
}

/// Joins continued lines.
pub fn logical(text: &str) -> Vec<Text> {
    let mut lines = text.lines().enumerate();
    std::iter::from_fn(|| next_logical(&mut lines)).collect()
}

/// The next line with those that it is continued on; the numbers of `lines` are from 0.
pub(crate) fn next_logical<'t>(lines: &mut impl Iterator<Item = (usize, &'t str)>) -> Option<Text> {
    let mut joined: Option<Text> = None;
    for (index, raw) in lines {
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        let backslashes = raw.len() - raw.trim_end_matches('\\').len();
        let continued = backslashes % 2 == 1;
        let part = if continued {
            &raw[..raw.len() - 1]
        } else {
            raw
        };
        match &mut joined {
            Some(line) => {
                line.text.push(' ');
                line.starts.push((line.text.len(), index + 1));
                line.text.push_str(part.trim_start_matches([' ', '\t']));
            }
            None => {
                joined = Some(Text {
                    text: part.to_owned(),
                    starts: vec![(0, index + 1)],
                });
            }
        }
        if !continued {
            break;
        }
    }
    joined
}
