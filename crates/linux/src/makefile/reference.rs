//! References in a text (`$(name args)`): where they end, and their arguments.

/// `$(name args)` as name and comma-separated arguments, if the whole text is one reference.
pub fn call(text: &str) -> Option<(String, Vec<String>)> {
    let close = reference_end(text, 0)?;
    if close != text.len() {
        return None;
    }
    let inner = &text[2..close - 1];
    let name_end = inner.find([' ', '\t', ',']).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(name_end);
    if rest.trim().is_empty() {
        return Some((name.to_owned(), Vec::new()));
    }
    let arguments = split_arguments(rest.trim_start());
    Some((
        name.to_owned(),
        arguments.into_iter().map(|part| part.1).collect(),
    ))
}

/// The end of the reference that starts at `start` with `$(` or `${`.
pub fn reference_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.get(start) != Some(&b'$') || !matches!(bytes.get(start + 1), Some(b'(' | b'{')) {
        return None;
    }
    let mut depth = 0usize;
    for (i, byte) in bytes.iter().enumerate().skip(start + 1) {
        match byte {
            b'(' | b'{' => depth += 1,
            b')' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Splits at commas outside of brackets; each part with its offset.
pub fn split_arguments(text: &str) -> Vec<(usize, String)> {
    let mut parts = Vec::new();
    let mut depth = 0usize;
    let mut start = 0;
    for (i, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'{' => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push((start, text[start..i].to_owned()));
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push((start, text[start..].to_owned()));
    parts
}
