//! `cargo xtask new-flag NAME`: the file, the row, the ledger entry and the failing test of a new flag.

use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use camino::Utf8Path;

/// Where the flags are, below the checkout.
const FLAGS: &str = "crates/codegen/src/flags";

#[derive(clap::Args)]
pub struct Arguments {
    /// Its name, as rustc spells it behind -Z
    name: String,
}

pub fn run(root: &Utf8Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let flag = New::named(&arguments.name)?;
    let ledger = flag.write(root)?;
    println!(
        "{FLAGS}/{}.rs: say what the flag does, and do it; the test fails until it has an effect",
        flag.module
    );
    println!("{FLAGS}/mod.rs: has the row");
    println!(
        "{ledger}: say where it is used and what is known; `gateless probe` tells what compilers make of it"
    );
    println!(
        "crates/codegen/tests/oracle.rs: compare the object with rustc's, byte for byte: compare(\"2\", &[\"{}\"])",
        flag.name
    );
    Ok(ExitCode::SUCCESS)
}

/// A flag that is not there yet.
struct New {
    /// Its name behind `-Z`.
    name: String,
    /// What its file is called.
    module: String,
    /// What its type is called.
    type_name: String,
}

impl New {
    fn named(name: &str) -> anyhow::Result<Self> {
        let name = name.trim_start_matches("-Z").replace('_', "-");
        let is_word = |word: &str| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        ensure!(
            name.split('-').all(is_word),
            "`{name}` is no name of an option: words of small letters and digits, with `-` between"
        );
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        Ok(Self {
            module: name.replace('-', "_"),
            type_name: name.split('-').map(capital).collect(),
            name,
        })
    }

    /// Writes everything below `root`; returns the ledger's file.
    fn write(&self, root: &Utf8Path) -> anyhow::Result<String> {
        let file = root.join(FLAGS).join(format!("{}.rs", self.module));
        ensure!(!file.exists(), "{file} is there already");
        let list = root.join(FLAGS).join("mod.rs");
        let rows = self
            .rows(&fs_err::read_to_string(&list)?)
            .with_context(|| format!("{list} is not as expected"))?;
        let ledger = format!("ledger/Z_{}.toml", self.module);
        let entry = match fs_err::read_to_string(root.join(&ledger)) {
            Ok(entry) if entry.contains("[[flag]]") => {
                bail!("{ledger} has a [[flag]] already: give it `action = \"codegen\"` by hand")
            }
            Ok(entry) => entry.trim_end().to_owned() + "\n" + &self.ledger_row(),
            Err(_) => self.entry() + &self.ledger_row(),
        };
        fs_err::write(&file, self.file())?;
        fs_err::write(&list, rows)?;
        fs_err::write(root.join(&ledger), entry)?;
        Ok(ledger)
    }

    /// The list with the flag in it. Nothing if it has no place for one.
    fn rows(&self, list: &str) -> Option<String> {
        const ROW: &str = "    Row::of::<";
        let mut lines: Vec<String> = list.lines().map(str::to_owned).collect();
        let module = format!("mod {};", self.module);
        let modules = |line: &String| line.starts_with("mod ") && line.ends_with(';');
        let first = lines.iter().position(modules)?;
        let after = lines
            .iter()
            .skip(first)
            .position(|line| !modules(line) || *line > module)?;
        lines.insert(first + after, module);
        let row = format!("{ROW}{}::{}>(),", self.module, self.type_name);
        // The rows of target specifications come first, in an order of their own; the others are sorted.
        let last = lines.iter().rposition(|line| line.starts_with(ROW))?;
        let mut place = last + 1;
        while lines[place - 1] > row && lines[place - 2] < lines[place - 1] {
            place -= 1;
        }
        lines.insert(place, row);
        Some(lines.join("\n") + "\n")
    }

    fn file(&self) -> String {
        let (name, type_name) = (&self.name, &self.type_name);
        format!(
            r#"//! `-Z{name}`: WHAT IT IS FOR.
//!
//! gcc and clang: WHAT THEY CALL IT. rustc WHAT IT DOES IN LLVM IR (FUNCTION, FILE).
//! Tracking issue: ADDRESS.

use gateless_llvm::Module;
use gateless_model::Result;

use crate::flag::{{Flag, Given, Spelling, of_rustc}};
use crate::target::Target;

/// The flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct {type_name};

impl Flag for {type_name} {{
    fn spellings() -> &'static [Spelling] {{
        &[Spelling::Unstable("{name}")]
    }}

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {{
        Ok(given.yes()?.then_some(Self))
    }}

    fn apply(&self, module: &Module, _: &Target) -> Result<()> {{
        for _function in of_rustc(module)? {{
            // What rustc writes on its functions.
        }}
        Ok(())
    }}
}}

#[cfg(test)]
mod tests {{
    use crate::testing::Fixture;

    #[test]
    fn code_is_another_only_if_it_is_on() {{
        let fixture =
            Fixture::x86("define void @f() \"target-cpu\"=\"generic\" {{ ret void }}");
        assert_ne!(fixture.code("f", &["-Z{name}"]), fixture.code("f", &[]));
    }}
}}
"#
        )
    }

    /// A new entry of the ledger, up to its flag.
    fn entry(&self) -> String {
        format!(
            r#"kind = "rustc-flag"
name = "-Z{0}"
status = "unstable"
tracking = "https://github.com/rust-lang/rust/issues/NUMBER"
archs = ["all"]
used_in = []
depends_on = []
stable_way = "LLVM IR as rustc would have written it, outside rustc."
source = "WHERE THESE FACTS COME FROM"

[probe]
emit = "cfg"
args = ["-Z{0}"]
"#,
            self.name
        )
    }

    fn ledger_row(&self) -> String {
        format!(
            r#"
[[flag]]
name = "{}"
action = "codegen"
reason = "applied to LLVM IR in the code generation stage"
"#,
            self.name
        )
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use gateless_ledger::{FlagAction, Ledger};

    use super::*;

    #[test]
    fn a_name_that_rustc_could_not_have_is_refused() {
        for bad in ["", "Stack", "a b", "a--b", "../a", "9a"] {
            assert!(New::named(bad).is_err(), "{bad}");
        }
        let flag = New::named("-Zmade_up-2").err();
        assert!(flag.is_some(), "a word is a number");
        let flag = New::named("-Zmade_up").unwrap();
        assert_eq!(
            (
                flag.name.as_str(),
                flag.module.as_str(),
                flag.type_name.as_str()
            ),
            ("made-up", "made_up", "MadeUp")
        );
    }

    #[test]
    fn a_new_row_is_sorted_in_behind_those_of_target_specifications() {
        let list = "mod a;\nmod c;\n\nconst ALL: &[Row] = &[\n    Row::of::<z::Z>(),\n    Row::of::<y::Y>(),\n    Row::of::<a::A>(),\n    Row::of::<c::C>(),\n];\n";
        let rows = |name: &str| New::named(name).unwrap().rows(list).unwrap();
        assert!(rows("b").contains("mod a;\nmod b;\nmod c;\n"));
        assert!(rows("b").contains("<a::A>(),\n    Row::of::<b::B>(),\n    Row::of::<c::C>"));
        assert!(rows("zz").contains("mod c;\nmod zz;\n\n"));
        assert!(rows("zz").contains("<c::C>(),\n    Row::of::<zz::Zz>(),\n];"));
        assert!(rows("aa").contains("<a::A>(),\n    Row::of::<aa::Aa>(),"));
    }

    /// The parts of the checkout that the code generation stage and the ledger need, without what was built there.
    fn copy(from: &Utf8Path, to: &Utf8Path) {
        for name in [
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
            "crates",
            "ledger",
            "xtask",
        ] {
            let copied = Command::new("cp")
                .arg("-a")
                .arg(from.join(name))
                .arg(to)
                .status();
            assert!(
                copied.unwrap().success() || !from.join(name).exists(),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_written_for_a_new_flag_compiles_and_has_no_effect_yet() {
        let directory = tempfile::tempdir().unwrap();
        let copied = Utf8Path::from_path(directory.path()).unwrap();
        copy(&crate::root(), copied);
        let flag = New::named("made-up").unwrap();
        flag.write(copied).unwrap();
        assert!(flag.write(copied).is_err(), "it is there already");
        let ledger = Ledger::from_directory(copied.join("ledger").as_std_path()).unwrap();
        assert_eq!(
            ledger.flag("made-up", "").unwrap().action,
            FlagAction::Codegen
        );
        // In the directory of the tests' own build, so that libraries need not be compiled again.
        let test = Command::new(env!("CARGO"))
            .args([
                "test",
                "--offline",
                "--quiet",
                "-p",
                "gateless-codegen",
                "--lib",
                "flags::made_up",
            ])
            .current_dir(copied)
            .env("CARGO_TARGET_DIR", target())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&test.stdout) + String::from_utf8_lossy(&test.stderr);
        assert!(
            !test.status.success(),
            "the test of a flag without effect passes: {said}"
        );
        assert!(
            said.contains("1 failed") && said.contains("flags::made_up"),
            "it does not compile: {said}"
        );
    }

    /// The target directory that this test was built in: the program is in PROFILE/deps there.
    fn target() -> std::path::PathBuf {
        let own = std::env::current_exe().unwrap();
        own.ancestors().nth(3).unwrap().to_owned()
    }
}
