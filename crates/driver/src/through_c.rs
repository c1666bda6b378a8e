//! The back end C: the finished IR is translated, and the kernel's own C compiler makes the object from it, with the tree's flags for C objects.
//!
//! What the call asks of code generation is asked of the C compiler as well, after the tree's flags; what can't be is refused before rustc starts.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{Outputs, files, hash};
use gateless_codegen::{Done, Job, Output, Prepared, Sample, Stage};
use gateless_linux::dot_config::DotConfig;
use gateless_model::backend::{Backend, OPTION};
use gateless_model::record::{MadeByC, STATE};
use gateless_model::{Failure, Result};
use gateless_to_c::{FLAGS, Floats, Options, WARNINGS, translate};

use crate::c_compiler::CCompiler;
use crate::call::{Call, State, mangle};
use crate::codegen_options;

/// Directory of translations, within [`STATE`].
const TRANSLATIONS: &str = "c";

/// The names of the configuration's options, within [`STATE`].
const OPTIONS: &str = "options";

/// Options of the configuration with which the back end can't be had, and why.
const REFUSED: [(&str, &str); 7] = [
    (
        "CONFIG_LTO_CLANG",
        "there is no bitcode of Rust code to link",
    ),
    (
        "CONFIG_CFI",
        "the numbers of Rust's function types stand in LLVM's code only",
    ),
    (
        "CONFIG_CFI_CLANG",
        "the numbers of Rust's function types stand in LLVM's code only",
    ),
    (
        "CONFIG_GENDWARFKSYMS",
        "symbol versions are made from debug information of Rust's types, which a translation has not",
    ),
    (
        "CONFIG_RUST_INLINE_HELPERS",
        "the helpers' bitcode is linked into Rust's",
    ),
    ("CONFIG_AUTOFDO_CLANG", "the profile is clang's"),
    ("CONFIG_PROPELLER_CLANG", "the profile is clang's"),
];

/// Target features that C compilers are asked for by the tree's own flags: any of these.
const FEATURES: [(&str, &[&str]); 5] = [
    ("retpoline-external-thunk", THUNKS),
    ("retpoline-indirect-branches", THUNKS),
    ("retpoline-indirect-calls", THUNKS),
    ("harden-sls-ijmp", &["-mharden-sls=all"]),
    ("harden-sls-ret", &["-mharden-sls=all"]),
];
const THUNKS: &[&str] = &[
    "-mindirect-branch=thunk-extern",
    "-mretpoline-external-thunk",
];

/// The flag with which C compilers fill variables.
const AUTO_INIT: &str = "-ftrivial-auto-var-init=";

/// The flag with which clang refuses warnings that it doesn't know.
const STRICT: &str = "-Werror=unknown-warning-option";

/// What a call asks for of the C compiler.
pub struct ThroughC {
    compiler: CCompiler,
    /// What is asked for after the tree's flags.
    more: Vec<String>,
}

impl ThroughC {
    /// Plans the call's way through C; nothing where LLVM makes the object.
    ///
    /// # Errors
    /// For what C can't express, by its name.
    pub fn plan(
        call: &Call<'_>,
        outputs: &[(Output, Utf8PathBuf)],
        stage: Stage,
    ) -> Result<Option<Self>> {
        if call.plan.backend == Backend::Llvm {
            return Ok(None);
        }
        let refused = |what: String| {
            Failure::no(format!("-Z{OPTION}=c: {what}"))
                .help("build this with LLVM's code generator (--backend llvm)")
        };
        if stage != Stage::Unoptimised {
            return Err(refused(
                "a prebuilt core is optimised already, and what LLVM's optimiser leaves is no C"
                    .into(),
            )
            .help("use the runtime source `source`"));
        }
        for cfg in call.invocation.values("cfg") {
            let name = cfg.split('=').next().unwrap_or(cfg);
            if let Some((_, why)) = REFUSED.iter().find(|(option, _)| *option == name) {
                return Err(refused(format!("not with {name}: {why}")));
            }
        }
        if let Some((_, path)) = outputs
            .iter()
            .find(|(kind, _)| !matches!(kind, Output::Object | Output::Assembly))
        {
            return Err(refused(format!("{path} would be LLVM's code")));
        }
        if let Some(argument) = codegen_options::llvm_args(call.invocation).first() {
            return Err(refused(format!(
                "`{argument}` is for LLVM's code generator"
            )));
        }
        let mut more = call.plan.flags.in_c()?;
        if matches!(
            call.invocation.codegen("force-frame-pointers"),
            Some("" | "y" | "yes" | "on" | "true" | "always")
        ) {
            more.push("-fno-omit-frame-pointer".to_owned());
        }
        Ok(Some(Self {
            compiler: CCompiler::of_build(call.class, &|name| std::env::var(name).ok())?,
            more,
        }))
    }

    /// Makes the outputs of `job`: all, or none.
    ///
    /// # Errors
    /// If a function can't be translated, or the C compiler fails; the translation is kept for whoever wants to look.
    pub fn run(&self, call: &Call<'_>, job: &Job, sample: Sample<'_>) -> Result<(Done, MadeByC)> {
        let prepared = gateless_codegen::prepare(job, sample)?;
        let name = format!("{}.c", mangle(&call.primary_output()));
        let path = call.state.directory().join(TRANSLATIONS).join(&name);
        let c = translated(call, &prepared)?;
        files::write_with_parents(&path, c.as_bytes())?;
        let flags = self.flags(&prepared);
        let mut outputs = Outputs::default();
        let mut warnings = Vec::new();
        for (kind, output) in &job.outputs {
            // Beside the translation, until all are there.
            let (way, made) = match kind {
                Output::Assembly => ("-S", path.with_extension("s")),
                _ => ("-c", path.with_extension("o")),
            };
            let mut arguments = flags.clone();
            let source = shown(&path, call.cwd);
            arguments.extend([way, "-o", made.as_str(), source.as_str()].map(str::to_owned));
            let said = self.compiler.run(&arguments).map_err(|failure| {
                Failure::failed(format!("crate `{}`: {}", call.crate_name, failure.what))
                    .help(format!("its translation is {source}"))
            })?;
            warnings.extend(Some(said.trim_end().to_owned()).filter(|said| !said.is_empty()));
            outputs.add(output, &fs_err::read(&made)?)?;
            fs_err::remove_file(&made)?;
        }
        outputs.finish()?;
        let (major, minor, patch) = prepared.module.llvm().version();
        let done = Done {
            warnings: Vec::new(),
            llvm: format!("{major}.{minor}.{patch}"),
            lists: Vec::new(),
        };
        warnings.iter().for_each(|said| eprintln!("{said}"));
        let made = MadeByC {
            version: self.compiler.version()?,
            programs: self.compiler.programs(call.cwd)?,
            weaker: self.weaker(&prepared),
            source: format!("{STATE}/{TRANSLATIONS}/{name}"),
            source_sha256: hash::sha256(&c),
            arguments: flags,
        };
        Ok((done, made))
    }

    /// All flags, the tree's first.
    fn flags(&self, prepared: &Prepared) -> Vec<String> {
        let sections = match prepared.target.function_sections {
            true => &["-ffunction-sections", "-fdata-sections"][..],
            false => &[],
        };
        // rustc has proved that no variable is read before it is written, and gives none a value first either; here it would cost a sixth of the text.
        let fills = |flag: &String| flag.starts_with(AUTO_INIT);
        let unfilled = format!("{AUTO_INIT}uninitialized");
        let unfilled = Some(unfilled).filter(|_| self.compiler.flags.iter().any(fills));
        // clang doesn't know all of gcc's warnings, and the tree makes that an error; gcc takes any word after -Wno-.
        let is_strict = |flag: &String| flag == STRICT;
        let lenient = STRICT.replacen("-Werror=", "-Wno-", 1);
        let lenient = Some(lenient).filter(|_| self.compiler.flags.iter().any(is_strict));
        // Whose configuration makes warnings errors means the tree's own code.
        let last = ["-Wno-error"].into_iter().chain(FLAGS).chain(WARNINGS);
        let ours = sections.iter().copied().map(str::to_owned);
        let tree = self.compiler.flags.iter().cloned();
        tree.chain(ours)
            .chain(self.more.iter().cloned())
            .chain(unfilled)
            .chain(lenient)
            .chain(last.map(str::to_owned))
            .collect()
    }

    /// What the target asks of LLVM and the tree's flags don't ask of the C compiler.
    fn weaker(&self, prepared: &Prepared) -> Vec<String> {
        let features = prepared.target.features.split(',');
        let asked = features.filter_map(|feature| feature.strip_prefix('+'));
        asked
            .filter(|feature| *feature != "soft-float")
            .filter(|feature| {
                let row = FEATURES.iter().find(|(name, _)| name == feature);
                let has = |flag: &&str| self.compiler.flags.iter().any(|its| its == flag);
                !row.is_some_and(|(_, flags)| flags.iter().any(has))
            })
            .map(|feature| {
                format!(
                    "target feature {feature}: the tree's flags for C ask for nothing of the kind"
                )
            })
            .collect()
    }
}

/// A file for dependency files that names all options of the configuration, so that `fixdep` has the object made anew when one of them changes: flags for
/// C are not part of a Rust object's command. Where an option comes up that was not there before, one that it depends on has changed.
pub fn configuration(call: &Call<'_>) -> Result<Option<String>> {
    let (Backend::C, State::Kept(directory)) = (call.plan.backend, call.state) else {
        return Ok(None);
    };
    if !call.class.is_kernel() || !call.cwd.join(".config").exists() {
        return Ok(None);
    }
    let config = DotConfig::read(call.cwd)?;
    let names = config.iter().map(|(name, _)| format!("CONFIG_{name}\n"));
    let list = directory.join(OPTIONS);
    files::write_if_changed(&list, names.collect::<String>())?;
    Ok(Some(shown(&list, call.cwd)))
}

fn translated(call: &Call<'_>, prepared: &Prepared) -> Result<String> {
    let mut floats = Floats::Machine;
    for function in prepared.module.functions()? {
        let features = function.text_attribute("target-features")?;
        if features.is_some_and(|all| all.split(',').any(|it| it == "+soft-float")) {
            floats = Floats::Soft;
        }
    }
    let options = Options {
        lines: true,
        floats,
    };
    let translation = translate(&prepared.module, options)?;
    translation.into_c().map_err(|failure| Failure {
        what: format!("crate `{}`: {}", call.crate_name, failure.what),
        help: Some("build it with LLVM's code generator (--backend llvm)".into()),
        ..failure
    })
}

fn shown(path: &Utf8Path, cwd: &Utf8Path) -> String {
    path.strip_prefix(cwd).unwrap_or(path).to_string()
}
