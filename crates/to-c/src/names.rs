//! C identifiers for the names of a module.

use std::collections::HashSet;

/// Identifiers of one scope, each given once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
}

/// Longer names are cut: mangled ones go on for thousands of characters.
const LONGEST: usize = 160;

impl Names {
    /// An identifier that begins with `prefix` and reads like `name`.
    pub fn give(&mut self, prefix: &str, name: &str) -> String {
        let mut wanted: String = prefix.to_owned();
        let letter = |c: char| match c.is_ascii_alphanumeric() {
            true => c,
            false => '_',
        };
        wanted.extend(name.chars().take(LONGEST).map(letter));
        let mut given = wanted.clone();
        let mut number = 0;
        while !self.taken.insert(given.clone()) {
            number += 1;
            given = format!("{wanted}_{number}");
        }
        given
    }
}

/// A C string literal of these bytes.
pub(crate) fn literal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', byte as char]),
            // Two question marks may begin a trigraph.
            b' '..=b'~' if byte != b'?' => text.push(byte as char),
            _ => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_stay_apart() {
        let mut names = Names::default();
        assert_eq!(names.give("v_", "a.b"), "v_a_b");
        assert_eq!(names.give("v_", "a_b"), "v_a_b_1");
        assert_eq!(names.give("v_", "a-b"), "v_a_b_2");
        assert_eq!(names.give("v_", "a_b_1"), "v_a_b_1_1");
    }

    #[test]
    fn no_byte_of_a_literal_is_read_as_something_else() {
        assert_eq!(literal(b"a\"\\\n1?"), "\"a\\\"\\\\\\0121\\077\"");
        assert_eq!(literal(&[0, b'7', 255]), "\"\\0007\\377\"");
    }
}
