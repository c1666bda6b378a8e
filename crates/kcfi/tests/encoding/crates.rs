//! The crates that symbol names in LLVM's text tell of.

use gateless_kcfi::Krate;

/// The crate of that name.
pub fn named(ir: &str, name: &str) -> Krate {
    let end = format!("_{}{name}", name.len());
    let before = ir.match_indices(&end).find_map(|(at, _)| {
        let digits = ir[..at].rsplit_once("Cs")?.1;
        digits
            .chars()
            .all(|digit| digit.is_ascii_alphanumeric())
            .then_some(digits)
    });
    let before = before.unwrap_or_else(|| panic!("no symbol names the crate {name}"));
    let id = before.bytes().fold(0u64, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'z' => digit - b'a' + 10,
            _ => digit - b'A' + 36,
        };
        number.wrapping_mul(62).wrapping_add(value.into())
    });
    Krate {
        name: name.to_owned(),
        // Symbol names have the number less 2 in base 62, since 0 and 1 are written without digits.
        id: id.wrapping_add(2),
    }
}
