//! Texts of types, paths and calls taken apart at what is outside of brackets and quotes.

/// `PATH as TYPE`, taken apart at the last ` as ` outside of brackets.
pub(crate) fn as_type(value: &str) -> Option<(&str, &str)> {
    let mut found = None;
    for (at, _) in value.match_indices(" as ") {
        if depth_at(value, at) == 0 {
            found = Some(at);
        }
    }
    let at = found?;
    Some((&value[..at], &value[at + 4..]))
}

/// Whether ` as ` stands outside of brackets.
pub(crate) fn has_as(text: &str) -> bool {
    as_type(text).is_some()
}

/// How many brackets are open before the byte `end`.
pub(crate) fn depth_at(text: &str, end: usize) -> i32 {
    let mut depth = 0;
    scan(&text[..end], |_, change| {
        depth += change;
        true
    });
    depth
}

/// Where the `(` of the parameters is, after the name.
pub(crate) fn function_parameters(header: &str) -> Option<usize> {
    let mut open = None;
    let mut depth = 0;
    scan(header, |at, change| {
        if depth == 0 && change == 1 && header[at..].starts_with('(') {
            open = Some(at);
            return false;
        }
        depth += change;
        true
    });
    open
}

/// Where the bracket that is opened at a byte is closed.
pub(crate) fn matching(text: &str, open: usize) -> Option<usize> {
    let (mut depth, mut close) = (0, None);
    scan(&text[open..], |at, change| {
        depth += change;
        if depth == 0 {
            close = Some(open + at);
        }
        depth > 0
    });
    close
}

/// Takes a list apart at the commas outside of brackets.
pub(crate) fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    scan(list, |at, change| {
        if change == 0 && depth == 0 && list[at..].starts_with(',') {
            parts.push(list[start..at].trim());
            start = at + 1;
        }
        depth += change;
        true
    });
    let last = list[start..].trim();
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

/// Calls `step` for each bracket, with 1 where one opens and -1 where one closes, and for each comma with 0, until it says no.
/// What is in quotes is not looked at, nor is the `>` of `->` and `=>`.
fn scan(text: &str, mut step: impl FnMut(usize, i32) -> bool) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let goes_on = match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                true
            }
            // A character, not a lifetime.
            b'\'' if character(&text[at..]).is_some() => {
                at += character(&text[at..]).unwrap_or(1) - 1;
                true
            }
            b'(' | b'[' | b'{' | b'<' => step(at, 1),
            b'>' if at > 0 && matches!(bytes[at - 1], b'-' | b'=') => true,
            b')' | b']' | b'}' | b'>' => step(at, -1),
            b',' => step(at, 0),
            _ => true,
        };
        if !goes_on {
            return;
        }
        at += 1;
    }
}

/// The bytes of the character literal that a text begins with.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    let length = if first == '\\' {
        2 + inner[2..].find('\'')?
    } else {
        first.len_utf8()
    };
    inner[length..].starts_with('\'').then_some(length + 2)
}
