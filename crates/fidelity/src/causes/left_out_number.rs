//! A function without a type number that needs none.

use super::{Cause, Evidence};
use crate::difference::{Difference, Finding, Side, Subject};
use crate::names::Name;
use crate::object::{Form, Item, ItemKind, Object, Target};

/// The cause.
pub const CAUSE: Cause = Cause {
    id: "left-out-number",
    title: "a type number of kCFI that nothing asks for",
    words: "Where the type of a function can't be told to the last part (a closure stands in it), it gets no number, so that every call through its address would trap. Accepted \
            only for functions whose name is Rust's own, and whose address neither build's object has anywhere: all that leads to them are direct calls and jumps. A number that is \
            another one is never explained, nor one at a call.",
    explains,
};

/// What LLVM calls the piece with the number before a function.
const BEFORE: &str = "__cfi_";

/// Beginnings of the names of sections that list places in code, and lead no call to them.
const LISTS: [&str; 15] = [
    ".altinstructions",
    ".call_sites",
    ".cfi_sites",
    ".debug_",
    ".eh_frame",
    ".ibt_endbr_seal",
    ".kcfi_traps",
    ".orc_",
    ".retpoline_sites",
    ".return_sites",
    ".static_call_sites",
    "__bug_table",
    "__ex_table",
    "__jump_table",
    "__patchable_function_entries",
];

fn explains(difference: &Difference, evidence: &Evidence<'_>) -> bool {
    let (gated, gateless) = evidence.objects;
    match (difference.subject, &difference.finding) {
        (Subject::TypeNumber, Finding::Changed(aspects)) => {
            let [number] = &aspects[..] else {
                return false;
            };
            let is_left_out = number.what == "type number" && number.gateless == "none";
            is_left_out
                && difference
                    .items
                    .is_some_and(|(a, b)| is_only_named(gated, a) && is_only_named(gateless, b))
        }
        (Subject::Function, Finding::Only(Side::Gated)) => {
            let pieces: Vec<&str> = named(gated, |item| item.shown == difference.name)
                .filter_map(|index| key(&gated.items[index])?.strip_prefix(BEFORE))
                .collect();
            let both = [gated, gateless];
            !pieces.is_empty()
                && pieces.iter().all(|piece| {
                    both.iter().all(|object| {
                        let mut found = named(object, |item| item.key == *piece).peekable();
                        found.peek().is_some() && found.all(|index| is_only_named(object, index))
                    })
                })
        }
        _ => false,
    }
}

fn key(item: &Item) -> Option<&str> {
    item.name.as_ref().map(|name| name.key.as_str())
}

/// The functions whose names `is_meant` picks.
fn named<'a>(
    object: &'a Object,
    is_meant: impl Fn(&Name) -> bool + 'a,
) -> impl Iterator<Item = usize> + 'a {
    (0..object.items.len()).filter(move |index| {
        let item = &object.items[*index];
        item.kind == ItemKind::Function && item.name.as_ref().is_some_and(&is_meant)
    })
}

/// Whether a function has a name of Rust's, and nothing of the object has its address.
fn is_only_named(object: &Object, index: usize) -> bool {
    let function = &object.items[index];
    let is_rust = function
        .name
        .as_ref()
        .is_some_and(|name| name.shown.contains("::"));
    let leads_here = |target: &Target| match target {
        Target::Item(target, _) => *target == index,
        Target::Symbol(name, _) => Some(name) == function.name.as_ref(),
        _ => false,
    };
    is_rust
        && object.items.iter().all(|item| {
            let section = &object.sections[item.section].name;
            LISTS.iter().any(|list| section.starts_with(list))
                || item.references.iter().all(|reference| {
                    !leads_here(&reference.target)
                        || match &reference.form {
                            Form::Direct { text, .. } => is_branch(text),
                            Form::Relocation(_) => is_called(object, item, reference.offset),
                        }
                })
        })
}

/// Whether an instruction without its distance calls or jumps.
fn is_branch(text: &str) -> bool {
    text.starts_with("call") || text.starts_with('j')
}

/// Whether the four bytes at an offset belong to a call or a jump of x86.
fn is_called(object: &Object, item: &Item, offset: i64) -> bool {
    let Ok(at) = usize::try_from(item.entry as i64 + offset) else {
        return false;
    };
    let code = object.sections[item.section].bytes.get(..at).unwrap_or(&[]);
    match code {
        [.., 0xe8 | 0xe9] => true,
        [.., 0x0f, condition] => condition & 0xf0 == 0x80,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use camino::Utf8Path;
    use gateless_llvm::Llvm;

    use super::*;
    use crate::disassembly::Toolbox;
    use crate::names::Renames;

    const SOURCE: &str = "#![no_std]\n\
        #[inline(never)] fn inner(x: u32) -> u32 { x.wrapping_mul(3) ^ 5 }\n\
        #[inline(never)] pub fn outer(x: u32) -> u32 { inner(x) ^ inner(x + 1) }\n\
        #[inline(never)] pub fn listed(x: u32) -> u32 { x.wrapping_mul(7) ^ 1 }\n\
        #[inline(never)] pub fn given(x: u32) -> u32 { x.wrapping_mul(9) ^ 2 }\n\
        #[unsafe(no_mangle)] pub fn of_c(x: u32) -> u32 { x.wrapping_mul(11) ^ 4 }\n\
        pub static TABLE: [fn(u32) -> u32; 1] = [listed];\n\
        #[inline(never)] pub fn give() -> fn(u32) -> u32 { given }\n\
        #[inline(never)] pub fn tail(x: u32) -> u32 { outer(x) }\n";

    #[test]
    fn only_what_calls_by_name_lead_to_needs_no_number() {
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        fs_err::write(directory.join("sample.rs"), SOURCE).unwrap();
        let mut rustc = Command::new("rustc");
        rustc.args(["--crate-type=rlib", "--edition=2024", "-Cpanic=abort"]);
        rustc.args(["-Copt-level=2", "-Csymbol-mangling-version=v0"]);
        rustc.args(["-Zsanitizer=kcfi", "-Cunsafe-allow-abi-mismatch=sanitizer"]);
        rustc.args(["--emit=obj=sample.o", "sample.rs", "-Ccodegen-units=1"]);
        rustc.args([
            "--target=x86_64-unknown-linux-gnu",
            "-Crelocation-model=static",
        ]);
        rustc.current_dir(directory).env("RUSTC_BOOTSTRAP", "1");
        assert!(rustc.status().unwrap().success());
        let llvm = gateless_trials::libllvm::of_command(Utf8Path::new("rustc")).unwrap();
        let mut tools = Toolbox::new(Llvm::load(&llvm.path).unwrap());
        let bytes = fs_err::read(directory.join("sample.o")).unwrap();
        let object = crate::object::read(&bytes, &[], &Renames::default(), &mut tools).unwrap();
        let of = |name: &str| {
            let mut found = named(&object, |item| item.shown == name);
            let index = found.next().unwrap_or_else(|| panic!("no {name}"));
            is_only_named(&object, index)
        };
        assert!(of("sample::inner") && of("sample::outer") && of("sample::tail"));
        assert!(!of("sample::listed"), "a table has its address");
        assert!(!of("sample::given"), "an instruction loads its address");
        assert!(!of("of_c"), "C can name it");
    }
}
