//! The Rust objects of x86_64 in configurations that make the compiler generate other code: everything in `rust/`, gated and
//! gateless, compared; and, as a test of its own, the whole kernel, booted. Each takes minutes, so they run only when asked for:
//!
//! ```text
//! cargo test --release -p gateless --test e2e -- --ignored
//! ```

use std::fmt::Write;

use camino::{Utf8Path, Utf8PathBuf};
use object::{Object, ObjectSymbol};

use crate::results::proven;
use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// Samples of a function in a profile, and the lines that they are of.
const SAMPLES: u32 = 120_000;
const SAMPLED_LINES: u32 = 60;

/// A configuration: its name, arguments for make, and the preset; without one, the preset for tests and the file of that name in
/// `configurations/`.
pub struct Configuration {
    name: &'static str,
    arguments: &'static [&'static str],
    preset: Option<&'static str>,
    /// Whether an AutoFDO profile is used.
    profile: bool,
}

pub const ALL: &[Configuration] = &[
    of("sls_dwarf_5_zlib", &["CC=gcc"]),
    of("size_frame_pointers_dwarf_4", &[]),
    of("dwarf_5_zstd", &[]),
    of("kasan", &[]),
    of("inline_helpers", &[]),
    of("kcov", &[]),
    Configuration {
        profile: true,
        ..of("autofdo", &[])
    },
    Configuration {
        preset: Some("x86_64"),
        ..of("defconfig", &[])
    },
];

const fn of(name: &'static str, arguments: &'static [&'static str]) -> Configuration {
    Configuration {
        name,
        arguments,
        preset: None,
        profile: false,
    }
}

impl Configuration {
    /// Name of the test.
    pub fn test(&self) -> String {
        format!("the_same_machine_code_with_{}", self.name)
    }

    /// The same machine code, nothing weaker than gated, and objtool says the same of both.
    pub fn same_code(&self, workshop: &mut Workshop) -> Tested {
        let profile = self.sample(workshop)?;
        let gated = self.build(workshop, Mode::Gated, &profile)?;
        let gateless = self.build(workshop, Mode::Gateless, &profile)?;
        let (first, second) = (objtool(&gated)?, objtool(&gateless)?);
        if first != second {
            return Err(format!("objtool says gated {first:#?} and gateless {second:#?}").into());
        }
        proven(workshop, &gated, &gateless)
    }

    /// Name of the test that boots.
    pub fn boot_test(&self) -> String {
        format!("the_same_results_of_a_kernel_with_{}", self.name)
    }

    /// Both kernels boot, all tests pass and have the same results by name; the machine code of everything in the image is the same, and nothing
    /// is weaker than gated.
    pub fn same_results(&self, workshop: &mut Workshop) -> Tested {
        let mut directories = Vec::new();
        let profile = self.sample(workshop)?;
        for mode in [Mode::Gated, Mode::Gateless] {
            let out = workshop.out_of(self.name, mode);
            for from in [
                workshop.out_of(self.name, mode.other()),
                workshop.out(mode),
                workshop.out(mode.other()),
            ] {
                workshop.begin(&out, &from)?;
            }
            self.run("boot", workshop, mode, &out, &profile)?;
            directories.push(out);
        }
        let (gated, gateless) = (&directories[0], &directories[1]);
        succeeded(workshop.gateless(&["compare", gated.as_str(), gateless.as_str()])?)?;
        proven(workshop, gated, gateless)
    }

    /// If a profile is used: makes one for the functions in `rust/` of the gated build, as if some lines of each had run often, and others not at
    /// all. Returns the argument for make that names it.
    fn sample(&self, workshop: &Workshop) -> Tested<Vec<String>> {
        if !self.profile {
            return Ok(Vec::new());
        }
        let out = self.build(workshop, Mode::Gated, &[])?;
        let mut profile = String::new();
        for path in objects(&out.join("rust"))? {
            let content = fs_err::read(path)?;
            let object = object::File::parse(&content[..])?;
            let functions = object
                .symbols()
                .filter(|symbol| symbol.kind() == object::SymbolKind::Text && symbol.size() > 0);
            for function in functions {
                writeln!(profile, "{}:{SAMPLES}:1000", function.name()?)?;
                for line in (0..SAMPLED_LINES).filter(|line| line % 3 != 2) {
                    writeln!(profile, " {line}: {}", SAMPLES / SAMPLED_LINES)?;
                }
            }
        }
        let path = workshop.root.join(self.name).with_extension("prof");
        fs_err::write(&path, profile)?;
        Ok(vec![format!("CLANG_AUTOFDO_PROFILE={path}")])
    }

    /// Builds the directory `rust/`, with more arguments for make, and returns the output directory.
    fn build(&self, workshop: &Workshop, mode: Mode, more: &[String]) -> Tested<Utf8PathBuf> {
        let out = workshop.out_of(self.name, mode);
        // Not with a build of everything: its drivers would stay as they are, and be nobody's.
        workshop.begin(&out, &workshop.out_of(self.name, mode.other()))?;
        // So that objtool has a word on each object in the log of this very build.
        for object in objects(&out.join("rust"))? {
            fs_err::remove_file(object)?;
        }
        let mut more = more.to_vec();
        more.push("rust/".to_owned());
        self.run("build", workshop, mode, &out, &more)?;
        Ok(out)
    }

    /// Runs a command of gateless that builds this configuration in `out`, with more arguments for make.
    fn run(
        &self,
        verb: &str,
        workshop: &Workshop,
        mode: Mode,
        out: &Utf8Path,
        more: &[String],
    ) -> Tested<String> {
        let file = Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/e2e/configurations")
            .join(self.name)
            .with_extension("config");
        let small = format!("{}-small", workshop.arch);
        let configs = match self.preset {
            Some(preset) => vec![preset],
            None => vec![small.as_str(), file.as_str()],
        };
        let mut arguments = workshop.arguments(verb, mode, out);
        for config in configs {
            arguments.extend(["--config", config]);
        }
        arguments.push("--");
        arguments.extend(self.arguments);
        arguments.extend(more.iter().map(String::as_str));
        succeeded(workshop.gateless(&arguments)?)
    }
}

/// Object files in `directory`, if it is there.
pub fn objects(directory: &Utf8Path) -> Tested<Vec<Utf8PathBuf>> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in directory.read_dir_utf8()? {
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
