//! Symbol names without what is a hash in them, so that those of two builds can be matched.

use std::fmt::Write as _;

/// A symbol's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// For people: demangled, without hashes.
    pub shown: String,
    /// What two builds have in common: tells more instantiations apart than `shown` does.
    pub key: String,
}

/// Crates that have another name in the object than they should be compared under: (name in the object, name to compare).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames(pub Vec<(String, String)>);

impl Renames {
    /// The name to compare for a crate of this name.
    pub fn of<'a>(&'a self, name: &'a str) -> &'a str {
        self.0
            .iter()
            .find(|(from, _)| from == name)
            .map_or(name, |(_, to)| to)
    }
}

impl Name {
    /// The normalised form of a symbol; nothing for a name that is made of a hash only (`.Lanon.HASH.3`): what such a symbol
    /// names is matched by content.
    pub fn of(symbol: &str, renames: &Renames) -> Option<Self> {
        if is_hash_name(symbol) {
            return None;
        }
        let symbol = without_llvm_suffix(symbol);
        // A mangled name may stand behind a prefix (`__cfi_`, `switch.table.`).
        let mangled = ["_R", "_ZN"]
            .iter()
            .filter_map(|start| symbol.find(start))
            .min();
        let demangled =
            mangled.and_then(|at| Some((at, rustc_demangle::try_demangle(&symbol[at..]).ok()?)));
        let Some((at, demangled)) = demangled else {
            return Some(Self {
                shown: symbol.to_owned(),
                key: symbol.to_owned(),
            });
        };
        let shown = format!(
            "{}{}",
            &symbol[..at],
            without_hashes(&demangled.to_string(), renames)
        );
        let key = format!("{shown} {}", signature(&symbol[at..], renames));
        Some(Self { shown, key })
    }
}

/// Names that LLVM and rustc give to what has none, all with a hash of the code generation unit or of the content:
/// `anon.HASH.N`, `.Lanon.HASH.N`, `alloc_HASH`, `vtable.N`, with or without `.llvm.HASH`.
fn is_hash_name(symbol: &str) -> bool {
    let name = symbol.strip_prefix(".L").unwrap_or(symbol);
    let name = without_llvm_suffix(name);
    if let Some(rest) = name.strip_prefix("anon.") {
        return rest
            .split_once('.')
            .is_some_and(|(hash, number)| is_hex(hash) && is_number(number));
    }
    if let Some(hash) = name.strip_prefix("alloc_") {
        return hash.len() == 32 && is_hex(hash);
    }
    symbol.starts_with(".L") && name.strip_prefix("vtable.").is_some_and(is_number)
}

fn is_hex(text: &str) -> bool {
    text.len() >= 16 && text.bytes().all(|c| c.is_ascii_hexdigit())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

/// `foo.llvm.123` is `foo`, made visible to another code generation unit.
fn without_llvm_suffix(symbol: &str) -> &str {
    match symbol.rsplit_once(".llvm.") {
        Some((name, hash)) if !name.is_empty() && hash.bytes().all(|c| c.is_ascii_hexdigit()) => {
            name
        }
        _ => symbol,
    }
}

/// Takes crate hashes (`core[3f0a]::`) and those of the old mangling (`::h0123456789abcdef`) out of a demangled name.
fn without_hashes(demangled: &str, renames: &Renames) -> String {
    let mut text = String::with_capacity(demangled.len());
    let mut rest = demangled;
    while let Some(open) = rest.find('[') {
        let (before, inside) = (&rest[..open], &rest[open + 1..]);
        let close = inside
            .find(']')
            .filter(|&close| close > 0 && inside[..close].bytes().all(|c| c.is_ascii_hexdigit()));
        match close {
            // A bracket right behind an identifier is no type.
            Some(close) if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                let start = before
                    .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .map_or(0, |at| at + 1);
                text.push_str(&before[..start]);
                text.push_str(renames.of(&before[start..]));
                rest = &inside[close + 1..];
            }
            _ => {
                text.push_str(&rest[..=open]);
                rest = inside;
            }
        }
    }
    text.push_str(rest);
    let old_hash = text.len().checked_sub(19).filter(|&at| {
        text.is_char_boundary(at) && text[at..].starts_with("::h") && is_hex(&text[at + 3..])
    });
    if let Some(at) = old_hash {
        text.truncate(at);
    }
    text
}

/// The mangled name without crate hashes, back references (whose numbers are positions, which hashes shift) and the old mangling's hash.
///
/// Unlike the demangled form it keeps what tells items of the same path apart (`s1_` in macros and blocks). It is no name any more:
/// it only serves to be compared with another one.
fn signature(mangled: &str, renames: &Renames) -> String {
    let mut text = String::with_capacity(mangled.len());
    let mut rest = mangled;
    while let Some(c) = rest.chars().next() {
        let number = |skip: usize| {
            let length = rest[skip..].find(|c: char| !c.is_ascii_alphanumeric())?;
            rest[skip + length..]
                .starts_with('_')
                .then_some(skip + length + 1)
        };
        let (end, instead) = if rest.starts_with("Cs") {
            (number(2), "C")
        } else if c == 'B' {
            (number(1), "B")
        } else if rest.starts_with("17h")
            && rest.len() >= 20
            && is_hex(&rest[3..19])
            && rest[19..].starts_with('E')
        {
            (Some(19), "")
        } else {
            (None, "")
        };
        match end {
            Some(end) => {
                text.push_str(instead);
                rest = &rest[end..];
            }
            None => {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    for (from, to) in &renames.0 {
        text = text.replace(
            &format!("C{}{from}", from.len()),
            &format!("C{}{to}", to.len()),
        );
    }
    text
}

/// A file symbol (`kernel.134d93dd8c9d4f00-cgu.0`) without the hash.
pub fn file_symbol(name: &str, renames: &Renames) -> String {
    let mut text = String::new();
    for (index, part) in name.split('.').enumerate() {
        if index > 0 {
            text.push('.');
        }
        match part.split_once('-') {
            Some((hash, unit))
                if unit.starts_with("cgu") && hash.bytes().all(|c| c.is_ascii_hexdigit()) =>
            {
                let _ = write!(text, "HASH-{unit}");
            }
            _ => text.push_str(renames.of(part)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(symbol: &str) -> String {
        Name::of(symbol, &Renames::default()).unwrap().key
    }

    fn shown(symbol: &str) -> String {
        Name::of(symbol, &Renames::default()).unwrap().shown
    }

    #[test]
    fn the_same_item_of_crates_with_other_hashes_has_the_same_name() {
        // The second hash is shorter, so the back reference has another number.
        let (a, b) = (
            "_RINvCs9ltgdHTiPiY_4core3fooNtB2_3BarEB2_",
            "_RINvCs1a_4core3fooNtB2_3BarEB2_",
        );
        assert_eq!(key(a), key(b));
        assert_eq!(shown(a), "core::foo::<core::Bar>");
        assert_eq!(
            key("_ZN4core3foo17h0123456789abcdefE"),
            key("_ZN4core3foo17hfedcba9876543210E")
        );
        assert_eq!(key("foo.llvm.12345"), "foo");
    }

    #[test]
    fn other_instantiations_and_other_blocks_stay_apart() {
        assert_ne!(
            key("_RINvCs9ltgdHTiPiY_4core3foohE"),
            key("_RINvCs9ltgdHTiPiY_4core3footE")
        );
        assert_ne!(
            key("_RNvNvCs1a_1k1fs1_4LINE"),
            key("_RNvNvCs1a_1k1fs2_4LINE")
        );
        assert_eq!(
            shown("_RNvXs_Cs1a_1kAhj4_NtB4_1T1f"),
            "<[u8; 4usize] as k::T>::f"
        );
    }

    #[test]
    fn names_that_are_hashes_are_no_names() {
        for name in [
            ".Lanon.a0c2ef21960a312a7f6b73c979b37af9.8",
            "anon.a0c2ef21960a312a7f6b73c979b37af9.8.llvm.77",
            "alloc_a0c2ef21960a312a7f6b73c979b37af9",
        ] {
            assert_eq!(Name::of(name, &Renames::default()), None, "{name}");
        }
        assert!(Name::of("alloc_pages", &Renames::default()).is_some());
        assert!(Name::of("anon.rs", &Renames::default()).is_some());
    }

    #[test]
    fn a_crate_is_renamed_wherever_it_is_named_and_nothing_else_is() {
        let renames = Renames(vec![(
            "kernel_builtins".to_owned(),
            "compiler_builtins".to_owned(),
        )]);
        let name = |symbol: &str| Name::of(symbol, &renames).unwrap();
        assert_eq!(
            name("_RNvCs1a_15kernel_builtins5panic"),
            name("_RNvCs9b_17compiler_builtins5panic")
        );
        assert_eq!(
            name("_RNvCs1a_1k15kernel_builtins").shown,
            "k::kernel_builtins"
        );
        assert_eq!(
            file_symbol("kernel_builtins.134d93dd8c9d4f00-cgu.0", &renames),
            "compiler_builtins.HASH-cgu.0"
        );
    }
}
