//! Padding of 64-bit numbers, where these are aligned to less than 8 bytes.
//!
//! Before a member that is aligned to 8 bytes or more bindgen puts padding of `u64`, and counts on its own alignment to 8 for the first bytes of it. On
//! i386 a `u64` is aligned to 4, so the padding may begin 4 bytes early, and everything behind it is 4 bytes before C's. A member of no
//! size and that alignment in front of the padding makes it begin where bindgen has it. The structure has that alignment already, from the member
//! that the padding is for.

use std::ffi::OsString;
use std::process::Command;
use std::sync::LazyLock;

use gateless_model::{Failure, Result};
use regex::Regex;

/// Padding of 64-bit numbers, with the member's name.
static PADDING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^( *)pub (__bindgen_padding_\d+): (?:u64|\[u64; \d+usize\]),$")
        .expect("a constant")
});

/// What bindgen counts on.
const ALIGNMENT: u64 = 8;

/// The name of a type of that alignment.
const TYPE: &str = "__GatelessAlignedTo8";

/// Whether there is such padding.
pub fn has(text: &str) -> bool {
    PADDING.is_match(text)
}

/// The bindings with padding that begins at multiples of 8, and what was done.
pub fn fix(text: &str) -> (String, Vec<String>) {
    let count = PADDING.find_iter(text).count();
    let mut fixed = PADDING
        .replace_all(text, format!("${{1}}pub ${{2}}_begin: [{TYPE}; 0],\n$0"))
        .into_owned();
    // The kernel's own derive, where the file uses it, is lost to a structure with a member that lacks it.
    let zeroable = match text.contains("MaybeZeroable") {
        true => ", MaybeZeroable",
        false => "",
    };
    fixed += &format!(
        "#[repr(C, align({ALIGNMENT}))]\n#[derive(Copy, Clone, Debug, Default{zeroable})]\npub struct {TYPE} {{}}\n"
    );
    let note = format!(
        "{count} times padding of u64 is made to begin at a multiple of {ALIGNMENT}, which bindgen counts on and a u64 of this target does not"
    );
    (fixed, vec![note])
}

/// How a C compiler of these arguments aligns a 64-bit number in a structure, by what the real bindgen writes about it.
///
/// # Errors
/// If bindgen can't be run, or does not say it.
pub fn alignment(real: &OsString, args: &[OsString]) -> Result<u64> {
    let unclear = |said: &str| {
        Failure::failed("bindgen does not say how a 64-bit number is aligned").help(said.to_owned())
    };
    let directory = tempfile::tempdir()
        .map_err(|error| Failure::failed("no temporary directory can be made").because(error))?;
    let header = directory.path().join("alignment.h");
    fs_err::write(
        &header,
        "struct gateless_alignment { char first; unsigned long long second; };\n",
    )?;
    // What the preprocessor is told is to write the list of headers.
    let is_own = |arg: &&OsString| !arg.to_string_lossy().starts_with("-Wp,");
    let for_clang = args.iter().skip_while(|arg| *arg != "--").filter(is_own);
    let done = Command::new(real)
        .arg(&header)
        .args(["--use-core", "--allowlist-type", "gateless_alignment"])
        .args(for_clang)
        .output()
        .map_err(|error| {
            Failure::failed(format!("cannot run `{}`", real.to_string_lossy())).because(error)
        })?;
    let written = String::from_utf8_lossy(&done.stdout);
    offset(&written).ok_or_else(|| unclear(&String::from_utf8_lossy(&done.stderr)))
}

/// The offset of the member in bindgen's own checks, which are written one way or another.
fn offset(written: &str) -> Option<u64> {
    let (_, after) = written.split_once("gateless_alignment, second)")?;
    let digits: String = after
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

/// Whether padding has to be fixed up where a 64-bit number has this alignment.
pub fn is_short(alignment: u64) -> bool {
    alignment < ALIGNMENT
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
#[repr(C)]
#[repr(align(64))]
#[derive(Copy, Clone, MaybeZeroable)]
pub struct task {
    pub class: u32,
    pub __bindgen_padding_1: [u64; 3usize],
    pub stats: stats,
    pub __bindgen_padding_2: u64,
    pub more: stats,
    pub __bindgen_padding_3: [u32; 3usize],
}
";

    #[test]
    fn padding_of_64_bit_numbers_begins_where_bindgen_has_it() {
        assert!(has(TEXT));
        let (fixed, notes) = fix(TEXT);
        for line in [
            "    pub __bindgen_padding_1_begin: [__GatelessAlignedTo8; 0],\n    pub __bindgen_padding_1: [u64; 3usize],\n",
            "    pub __bindgen_padding_2_begin: [__GatelessAlignedTo8; 0],\n    pub __bindgen_padding_2: u64,\n",
            "#[derive(Copy, Clone, Debug, Default, MaybeZeroable)]\npub struct __GatelessAlignedTo8 {}\n",
        ] {
            assert!(fixed.contains(line), "{line}: {fixed}");
        }
        assert!(!fixed.contains("padding_3_begin"));
        assert!(
            notes.len() == 1 && notes[0].starts_with("2 times"),
            "{notes:?}"
        );
        assert!(!has(&TEXT.replace("u64", "u32")));
    }

    #[test]
    fn the_alignment_is_read_from_either_form_of_bindgens_checks() {
        for (written, expected) in [
            (
                "[\"Offset of field: gateless_alignment::second\"][::core::mem::offset_of!(gateless_alignment, second) - 4usize];",
                Some(4),
            ),
            (
                "[\"Offset of field: gateless_alignment::second\"]\n        [::core::mem::offset_of!(gateless_alignment, second) - 8usize];",
                Some(8),
            ),
            ("pub struct gateless_alignment {", None),
        ] {
            assert_eq!(offset(written), expected, "{written}");
        }
        assert!(is_short(4) && !is_short(8));
    }
}
