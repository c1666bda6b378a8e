//! The Rust objects of x86_64 in configurations that make the compiler generate other code: everything in `rust/`, gated and
//! gateless, compared. Nothing is booted. Each takes minutes, so they run only when asked for:
//!
//! ```text
//! cargo test --release -p gateless --test e2e -- --ignored
//! ```

use camino::{Utf8Path, Utf8PathBuf};

use crate::results::proven;
use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// A configuration: its name, which is also that of a file in `configurations/` that is added to the preset for tests, and
/// arguments for make.
pub struct Configuration {
    name: &'static str,
    arguments: &'static [&'static str],
}

pub const ALL: &[Configuration] = &[
    of("sls_dwarf_5_zlib", &["CC=gcc"]),
    of("size_frame_pointers_dwarf_4", &[]),
    of("dwarf_5_zstd", &[]),
    of("kasan", &[]),
    of("inline_helpers", &[]),
];

const fn of(name: &'static str, arguments: &'static [&'static str]) -> Configuration {
    Configuration { name, arguments }
}

impl Configuration {
    /// Name of the test.
    pub fn test(&self) -> String {
        format!("the_same_machine_code_with_{}", self.name)
    }

    /// The same machine code, nothing weaker than gated, and objtool says the same of both.
    pub fn same_code(&self, workshop: &mut Workshop) -> Tested {
        let gated = self.build(workshop, Mode::Gated)?;
        let gateless = self.build(workshop, Mode::Gateless)?;
        let (first, second) = (objtool(&gated)?, objtool(&gateless)?);
        if first != second {
            return Err(format!("objtool says gated {first:#?} and gateless {second:#?}").into());
        }
        proven(workshop, &gated, &gateless)
    }

    /// Builds the folder `rust/` and returns the output folder.
    fn build(&self, workshop: &Workshop, mode: Mode) -> Tested<Utf8PathBuf> {
        let file = Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/e2e/configurations")
            .join(self.name)
            .with_extension("config");
        let out = workshop.out_of(self.name, mode);
        workshop.begin(&out, &workshop.out_of(self.name, mode.other()))?;
        // So that objtool has a word on each object in the log of this very build.
        for object in objects(&out.join("rust"))? {
            fs_err::remove_file(object)?;
        }
        let mut arguments = workshop.arguments("build", mode, &out);
        let preset = format!("{}-small", workshop.arch);
        arguments.extend(["--config", &preset, "--config", file.as_str(), "--"]);
        arguments.extend(self.arguments);
        arguments.push("rust/");
        succeeded(workshop.gateless(&arguments)?)?;
        Ok(out)
    }
}

/// Object files in `folder`, if it is there.
fn objects(folder: &Utf8Path) -> Tested<Vec<Utf8PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in folder.read_dir_utf8()? {
        let path = entry?.into_path();
        if path.extension() == Some("o") {
            found.push(path);
        }
    }
    Ok(found)
}

/// What objtool said in the last build in `out`: lines as tools/objtool/include/objtool/warn.h writes them.
fn objtool(out: &Utf8Path) -> Tested<Vec<String>> {
    let log = fs_err::read_to_string(out.join("build.log"))?;
    let mut lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("objtool:"))
        .map(str::to_owned)
        .collect();
    lines.sort();
    Ok(lines)
}
