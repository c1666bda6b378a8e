//! Kbuild's own record of a command, `.NAME.cmd`: what make really ran, and what it did to the file afterwards.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::out;

/// The command that made a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedCommand {
    /// The file, as make names it (relative to the directory in which make ran).
    pub target: String,
    /// The words of each `;`-separated step.
    pub steps: Vec<Vec<String>>,
    /// The Rust sources that the file was made from, if it was made from one, as fixdep noted them.
    pub rust_sources: Vec<String>,
}

impl SavedCommand {
    /// What Kbuild recorded for `target` (relative to the output directory `out`); nothing if it has no readable record.
    pub fn of(out: &Utf8Path, target: &str) -> Option<Self> {
        let path = Utf8Path::new(target);
        let file = out.join(path.with_file_name(format!(".{}.cmd", path.file_name()?)));
        Self::parse(&fs_err::read_to_string(file).ok()?)
    }

    /// All commands that Kbuild recorded below a directory, each with its file, in the order of the files.
    pub fn below(directory: &Utf8Path) -> std::io::Result<Vec<(Utf8PathBuf, Self)>> {
        let mut found = Vec::new();
        for file in out::command_files(directory)? {
            // Not every file of this name is text, or a record.
            let text = fs_err::read(&file)?;
            if let Some(command) = Self::parse(&String::from_utf8_lossy(&text)) {
                found.push((file, command));
            }
        }
        Ok(found)
    }

    /// Reads the text of a `.cmd` file; nothing if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, command) = text.lines().next()?.split_once(" := ")?;
        // The variable's name since Linux 6.3, and before that.
        let target = name
            .strip_prefix("savedcmd_")
            .or_else(|| name.strip_prefix("cmd_"))?;
        // scripts/Kbuild.include, make-cmd: `$` is doubled and `#` is written $(pound).
        let command = command.replace("$(pound)", "#").replace("$$", "$");
        let mut steps = Vec::new();
        let mut step: Vec<String> = Vec::new();
        // Kbuild writes `;` at the start or the end of a word between its steps.
        for word in shlex::split(&command)? {
            let (next, word) = word
                .strip_prefix(';')
                .map_or((false, word.as_str()), |rest| (true, rest));
            if next {
                steps.push(std::mem::take(&mut step));
            }
            let (word, ends) = word
                .strip_suffix(';')
                .map_or((word, false), |rest| (rest, true));
            if !word.is_empty() {
                step.push(word.to_owned());
            }
            if ends {
                steps.push(std::mem::take(&mut step));
            }
        }
        steps.push(step);
        Some(Self {
            target: target.to_owned(),
            steps,
            rust_sources: rust_sources(text),
        })
    }

    /// The words that may name what the file was made from: those of each step that writes the file (`-o`), or something that such a step reads.
    pub fn made_from(&self) -> BTreeSet<&str> {
        let mut files = BTreeSet::from([self.target.as_str()]);
        for step in self.steps.iter().rev() {
            let written = step.windows(2).find(|pair| pair[0] == "-o");
            if written.is_some_and(|pair| files.contains(pair[1].as_str())) {
                files.extend(step.iter().map(String::as_str));
            }
        }
        files.remove(self.target.as_str());
        files
    }

    /// Whether a later step rewrites the file with this program.
    pub fn rewritten_by(&self, program: &str) -> bool {
        self.steps.iter().skip(1).any(|step| {
            step.first()
                .is_some_and(|word| program_name(word).contains(program))
        })
    }

    /// The arguments of the first step's program whose name `wanted` accepts; leading `NAME=value` words are no program.
    pub fn arguments_of(&self, wanted: impl Fn(&str) -> bool) -> Option<&[String]> {
        self.steps.iter().find_map(|step| {
            let at = step.iter().position(|word| !is_assignment(word))?;
            wanted(program_name(&step[at])).then(|| &step[at + 1..])
        })
    }

    /// The object file that a Rust compiler (or its wrapper) made, as make names it.
    ///
    /// That is what the call emits as `obj`. A call that emits bitcode, which a later step turns into the target
    /// (helpers written in C being linked in first), made the target. Host programs, libraries and macros have no object of their own.
    pub fn rust_object(&self) -> Option<Utf8PathBuf> {
        let arguments = self.arguments_of(is_rust_compiler)?;
        let mut emits = Vec::new();
        let mut output = None;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if let Some(list) = word.strip_prefix("--emit=") {
                emits.extend(list.split(','));
            } else if word == "--emit" {
                emits.extend(words.next().into_iter().flat_map(|list| list.split(',')));
            } else if word == "-o" {
                output = words.next().map(String::as_str);
            } else if let Some(path) = word.strip_prefix("-o") {
                output = Some(path);
            }
        }
        let emitted = |wanted: &str| {
            emits.iter().find_map(|emit| match emit.split_once('=') {
                Some((kind, path)) if kind == wanted => Some(Some(path)),
                None if *emit == wanted => Some(output),
                _ => None,
            })
        };
        if let Some(path) = emitted("obj") {
            return Some(path.unwrap_or(&self.target).into());
        }
        let through_bitcode = emitted("llvm-bc").is_some() && self.target.ends_with(".o");
        through_bitcode.then(|| self.target.as_str().into())
    }
}

/// The `.rs` files in the dependency list (`source_X`, `deps_X`) of a file that comes from one.
fn rust_sources(text: &str) -> Vec<String> {
    let notes = || text.lines().skip(1);
    if !notes().any(|line| line.starts_with("source_") && line.ends_with(".rs")) {
        return Vec::new();
    }
    notes()
        .flat_map(str::split_whitespace)
        .filter(|word| word.ends_with(".rs") && !word.starts_with('$'))
        .map(str::to_owned)
        .collect()
}

/// Whether a program of this name is rustc, clippy's driver, or what replaces them.
pub fn is_rust_compiler(program: &str) -> bool {
    let name = program.strip_prefix("gateless-").unwrap_or(program);
    ["rustc", "clippy-driver"].iter().any(|known| {
        // Distributions put a version behind the name.
        name.strip_prefix(known).is_some_and(|rest| {
            rest.chars()
                .all(|c| c.is_ascii_digit() || c == '-' || c == '.')
        })
    })
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

fn program_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORE: &str = "savedcmd_rust/core.o := OBJTREE=/out /x/gateless-rustc --cfg='a=\"b c\"' -Clink-args=' ' --emit=dep-info=rust/.core.o.d --emit=obj=rust/core.o core.rs  ;objcopy --redefine-sym a=b core.o \n\nsource_core.o := x\n";

    #[test]
    fn the_steps_of_a_command_are_told_apart() {
        let command = SavedCommand::parse(CORE).unwrap();
        assert_eq!(
            command.steps[0][..5],
            [
                "OBJTREE=/out",
                "/x/gateless-rustc",
                "--cfg=a=\"b c\"",
                "-Clink-args= ",
                "--emit=dep-info=rust/.core.o.d"
            ]
        );
        assert!(command.rewritten_by("objcopy"));
        assert!(!command.rewritten_by("objtool"));
    }

    #[test]
    fn the_sources_of_a_crate_are_those_that_fixdep_noted() {
        let notes = "\n\nsource_a.o := /t/a.rs\n\ndeps_a.o := \\\n    $(wildcard include/config/A) \\\n  /t/b.rs \\\n  /t/a.rmeta \\\n\n";
        let sources = |text: &str| SavedCommand::parse(text).unwrap().rust_sources;
        let rust = format!("savedcmd_a.o := rustc x.rs{notes}");
        assert_eq!(sources(&rust), ["/t/a.rs", "/t/b.rs"]);
        let c = rust.replace("/t/a.rs", "/t/a.c");
        assert!(sources(&c).is_empty(), "a C file's `.rs` is no source");
    }

    #[test]
    fn what_a_file_was_made_from_is_followed_through_the_steps() {
        let inline = "savedcmd_d.o := rustc --emit=llvm-bc=d.bc d.rs ;llvm-link d.bc h.bc -o d.m.bc; clang -c d.m.bc -o d.o ; ld -o e.o x.bc";
        let command = SavedCommand::parse(inline).unwrap();
        let files = command.made_from();
        for file in ["d.m.bc", "d.bc", "h.bc"] {
            assert!(files.contains(file), "{file}: {files:?}");
        }
        assert!(!files.contains("x.bc"), "{files:?}");
        assert!(SavedCommand::parse(CORE).unwrap().made_from().is_empty());
    }

    #[test]
    fn objects_of_rust_compilers_are_found_and_nothing_else() {
        let object = |text: &str| {
            SavedCommand::parse(text)
                .unwrap()
                .rust_object()
                .map(Utf8PathBuf::into_string)
        };
        assert_eq!(object(CORE).as_deref(), Some("rust/core.o"));
        assert_eq!(
            object("cmd_a/b.o := rustc-1.95 --emit=metadata=a/b.rmeta,obj=a/b.o b.rs").as_deref(),
            Some("a/b.o")
        );
        assert_eq!(
            object("cmd_b.o := clippy-driver --emit obj -o b.o b.rs").as_deref(),
            Some("b.o")
        );
        let inline = "savedcmd_d.o := rustc --emit=llvm-bc=d.bc d.rs ;llvm-link d.bc h.bc -o d.m.bc; clang -c d.m.bc -o d.o";
        assert_eq!(object(inline).as_deref(), Some("d.o"));
        assert_eq!(
            object("savedcmd_libm.so := rustc --emit=link=libm.so --crate-type proc-macro m.rs"),
            None
        );
        assert_eq!(
            object("savedcmd_rustc.o := gcc -c -o rustc.o rustc.c"),
            None
        );
        assert_eq!(object("savedcmd_rustc_cfg := cp x rustc"), None);
    }
}
