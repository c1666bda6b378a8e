//! Whether what lies in the output tree is what the record saw.

use camino::Utf8Path;
use gateless_base::hash;
use gateless_linux::record;
use gateless_linux::saved_command::SavedCommand;
use gateless_model::record::{Output, Record};
use gateless_model::{Failure, Result};
use object::elf::SHF_EXECINSTR;
use object::{Object as _, ObjectSection as _, SectionFlags};

use crate::Problem;

/// A program by which Kbuild rewrites an object after the compiler, and what it may do to it. Neither changes a section that is there.
struct Step {
    program: &'static str,
    /// Whether it may add sections, none of which is code.
    adds_data: bool,
}

/// `objcopy` renames symbols of `core` (rust/Makefile). `objtool` writes tables about the code of a module that is one object into it
/// (scripts/Makefile.build): unwinding, return sites, landing pads to be sealed.
const STEPS: [Step; 2] = [
    Step {
        program: "objcopy",
        adds_data: false,
    },
    Step {
        program: "objtool",
        adds_data: true,
    },
];

/// Compares every output of a record with the file.
pub fn check(out: &Utf8Path, record: &Record, problems: &mut Vec<Problem>) -> Result<()> {
    for (name, recorded) in &record.outputs {
        let name = crate::in_out(name);
        let path = out.join(name);
        if !path.exists() {
            problems.push(Problem::new(name, "is recorded, and missing"));
            continue;
        }
        if hash::sha256_file(&path)? == recorded.sha256 {
            continue;
        }
        let steps = SavedCommand::of(out, name);
        let step = STEPS.iter().find(|step| {
            let command = steps.as_ref();
            command.is_some_and(|command| command.rewritten_by(step.program))
        });
        let Some(step) = step else {
            problems.push(Problem::new(
                name,
                "is not what the compiler wrote, and Kbuild records no step that changed it",
            ));
            continue;
        };
        if let Some(section) = unexplained_section(&path, recorded, step)? {
            problems.push(Problem::new(
                name,
                format!(
                    "was rewritten by {} as Kbuild records, which does not explain its section `{section}`",
                    step.program
                ),
            ));
        }
    }
    Ok(())
}

/// The first section that the compiler did not write and `step` does not explain.
fn unexplained_section(path: &Utf8Path, recorded: &Output, step: &Step) -> Result<Option<String>> {
    let bytes = fs_err::read(path)?;
    let file = object::File::parse(&*bytes).map_err(|error| {
        Failure::failed(format!("`{path}` is not an object file")).because(error)
    })?;
    let now = record::sections_of(&file)?;
    let added_data = |name: &str| {
        step.adds_data
            && !recorded.sections.contains_key(name)
            && !is_executable(&file, name.split('#').next().unwrap_or(name))
    };
    let names = now.keys().chain(recorded.sections.keys());
    Ok(names
        .into_iter()
        .find(|name| now.get(*name) != recorded.sections.get(*name) && !added_data(name))
        .cloned())
}

/// Whether any section of this name holds code.
fn is_executable(file: &object::File<'_>, name: &str) -> bool {
    file.sections()
        .filter(|section| section.name() == Ok(name))
        .any(|section| match section.flags() {
            SectionFlags::Elf { sh_flags } => sh_flags & u64::from(SHF_EXECINSTR) != 0,
            _ => true,
        })
}
