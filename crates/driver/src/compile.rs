//! One compiler call, from the planned arguments to the finished outputs.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::ExitStatus;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, hash, process};
use gateless_codegen::UsedFix;
use gateless_ledger::{Feature, Ledger};
use gateless_lower::{Exports, GateStatus, LINKER_MARK, Lowered, Progress, Request, lower_syntax};
use gateless_model::record::{Generator, Record, Run, STATE, VERSION};
use gateless_model::{Failure, Result};

use crate::classify::Class;
use crate::depinfo;
use crate::diagnostics::{self, Format};
use crate::doctest;
use crate::generate::Generate;
use crate::invocation::{Arg, Invocation, Kind};
use crate::libraries::{self, Loads};
use crate::mapping::Mapping;
use crate::plan::Plan;
use crate::record;
use crate::retain;
use crate::runtime::prebuilt::{self, Library};
use crate::runtime::{self, Source, float_helpers};
use crate::times::{Times, timed};
use crate::toolchain::Toolchain;

/// Directory of lowered files as a patch has them, within [`STATE`].
pub const PATCHED: &str = "patched";

/// How often the compiler is asked before a crate is given up.
pub const ROUNDS: usize = 40;

/// Everything about one call that its steps share.
pub struct Call<'a> {
    /// The call itself.
    pub invocation: &'a Invocation,
    /// What sort of call it is.
    pub class: Class,
    /// The planned arguments.
    pub plan: &'a Plan,
    /// The real compiler.
    pub toolchain: &'a Toolchain,
    /// Where the runtime crates come from.
    pub runtime: Source,
    /// Directory of the call.
    pub cwd: &'a Utf8Path,
    /// Where lowered sources and records are kept.
    pub state: &'a State,
    /// The crate's name, as rustc would derive it.
    pub crate_name: &'a str,
    /// The ledger's word on a feature name, for this compiler and class.
    pub gates: &'a dyn Fn(&str) -> GateStatus,
}

/// Where a call keeps its own files.
pub enum State {
    /// In the output tree of a kernel build: `OUT/.gateless`.
    Kept(Utf8PathBuf),
    /// For a single program outside a kernel build: gone with the call.
    Temporary(tempfile::TempDir),
}

impl State {
    /// In a kernel build (Kbuild exports `srctree` and `objtree`) the current directory's `.gateless`, else a temporary directory.
    pub fn choose(cwd: &Utf8Path) -> Result<Self> {
        if std::env::var_os("srctree").is_some() && std::env::var_os("objtree").is_some() {
            return Ok(State::Kept(cwd.join(STATE)));
        }
        let directory = tempfile::Builder::new()
            .prefix("gateless-")
            .tempdir()
            .map_err(|error| Failure::failed("cannot make a temporary directory").because(error))?;
        Ok(State::Temporary(directory))
    }

    /// The directory.
    pub fn directory(&self) -> &Utf8Path {
        match self {
            State::Kept(directory) => directory,
            State::Temporary(directory) => {
                Utf8Path::from_path(directory.path()).unwrap_or(Utf8Path::new("/tmp"))
            }
        }
    }
}

/// What the compiler said, and whether it was content.
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// Its diagnostics, one JSON object a line, and whatever else it printed.
    pub stderr: String,
}

/// Compiles, and returns the exit code for make.
pub fn compile(call: &Call<'_>) -> Result<u8> {
    let input = call.invocation.input().unwrap_or("-");
    let text = match (input, call.class, call.runtime) {
        ("-", ..) => Some(read_stdin()?),
        (_, Class::RuntimeBuiltins, Source::Sysroot | Source::Host) => {
            Some(intrinsics(call, input)?)
        }
        _ => None,
    };
    let root = if input == "-" {
        Utf8PathBuf::from("<anon>")
    } else {
        Utf8PathBuf::from(input)
    };
    let primary = call.primary_output();
    let mirror = call
        .state
        .directory()
        .join("lowered")
        .join(mangle(&primary));
    let mut loads = libraries::find(call.invocation, call.class, call.cwd)?;
    if call.class.is_kernel() {
        loads.check_modifiers(call)?;
    }
    let known = loads.exports.clone();
    let mut times = Times::default();
    let lowered = timed(&mut times.rewriting, || {
        lower_syntax(call.lowering(&root, &mirror, text.as_deref(), &known))
    });
    let mut lowered = match (call.class, lowered) {
        // The toolchain's own library is not kernel code: it is never lowered.
        (Class::RuntimeCore, _) => None,
        (_, lowered) => Some(lowered?),
    };
    let mapping = Mapping::new(&mirror, call.cwd, root.as_str());
    let mut runs = Vec::new();
    let generate = Generate::plan(call, &primary)?;
    if call.class == Class::RuntimeCore && call.runtime != Source::Source {
        return prebuilt_core(call, &mapping, &loads, generate, &primary);
    }
    if call.class == Class::RuntimeBuiltins {
        let (run, library) = runtime::builtins(call)?;
        runs.extend(run);
        loads
            .artifacts
            .extend(library.map(Utf8PathBuf::into_string));
    }
    let format = Format::of(call.invocation);
    for round in 0.. {
        let changed = lowered
            .as_ref()
            .is_some_and(|lowered| lowered.changed() || text.is_some());
        if let Some(lowered) = &lowered
            && changed
        {
            timed(&mut times.rewriting, || lowered.write())?;
        }
        let mut run = call.final_run(
            changed
                .then(|| lowered.as_ref().map(Lowered::root))
                .flatten(),
            &mapping,
            generate.as_ref(),
        )?;
        let puts_used_right = call.puts_used_right() && (changed || doctest::is_compiler());
        if puts_used_right && call.class == Class::HostProgram {
            let (argument, (name, value)) = retain::through_linker()?;
            run.args.push(argument);
            run.env.insert(name, Some(value));
        }
        let mut took = Duration::ZERO;
        let ran = timed(&mut took, || execute(call, &run))?;
        let success = ran.status.success();
        if let Some(lowered) = lowered.as_ref().filter(|_| success)
            && let Err(failure) = lowered.check()
        {
            call.remove_outputs();
            return Err(failure);
        }
        if !success && round < ROUNDS {
            let diagnostics = diagnostics::parse(&ran.stderr);
            if let Some(lowered) = &mut lowered
                && timed(&mut times.rewriting, || lowered.refine(&diagnostics))?
                    == Progress::Changed
            {
                times.guiding.push(took);
                continue;
            }
        }
        let shown = lowered.as_ref().filter(|_| changed);
        diagnostics::show(&ran.stderr, &format, &mapping, shown);
        if !success {
            if !loads.bare.is_empty() {
                eprintln!(
                    "note: gateless: there are no notes beside {}, so what these export is not known; whoever copied them from an output directory has to copy `.lib*.gateless` as well",
                    loads.bare.join(", ")
                );
            }
            return Ok(process::exit_code(ran.status));
        }
        if puts_used_right && call.class == Class::HostLibrary {
            for output in call.host_libraries() {
                retain::release(&output)?;
            }
        }
        times.compiling = took;
        runs.push(run);
        break;
    }
    let used = match &lowered {
        Some(_) => UsedFix::AllBut(LINKER_MARK.to_owned()),
        None => UsedFix::Keep,
    };
    let generator = match &generate {
        Some(generate) => Some(timed(&mut times.generating, || {
            generate.run(call, &mapping, used)
        })?),
        None => None,
    };
    if let (State::Kept(directory), Some(lowered)) = (call.state, &mut lowered) {
        // What a prebuilt core needs besides is not part of the kernel's file.
        let lines = match call.class {
            Class::RuntimeBuiltins => Some(
                fs_err::read_to_string(call.cwd.join(input))?
                    .lines()
                    .count(),
            ),
            _ => None,
        };
        let directory = directory.join(PATCHED).join(mangle(&primary));
        timed(&mut times.rewriting, || {
            keep_patched(&directory, lowered, lines)
        })?;
    }
    finish(
        call,
        &mapping,
        lowered.as_ref(),
        &loads,
        runs,
        generate.as_ref().zip(generator),
        &primary,
    )?;
    times.write(&primary, call.crate_name)?;
    Ok(0)
}

/// Keeps the crate's lowered files for `gateless lower`, or that many lines of them: the file with the absolute path `A` at `directory` + `A`.
fn keep_patched(
    directory: &Utf8Path,
    lowered: &mut Lowered<'_>,
    lines: Option<usize>,
) -> Result<()> {
    if directory.exists() {
        fs_err::remove_dir_all(directory)?;
    }
    if !lowered.changed() {
        return Ok(());
    }
    for (path, mut text) in lowered.patched()? {
        if let Some(lines) = lines {
            text = text.split_inclusive('\n').take(lines).collect();
        }
        let path = Utf8PathBuf::from(format!("{directory}{path}"));
        fs_err::create_dir_all(path.parent().unwrap_or(directory))?;
        files::write_with_parents(&path, text.as_bytes())?;
    }
    Ok(())
}

/// The kernel's panicking intrinsics, and more of the kind that a prebuilt `core` needs.
fn intrinsics(call: &Call<'_>, input: &str) -> Result<String> {
    let core = call
        .cwd
        .join(call.primary_output())
        .with_file_name("core.o");
    Ok(fs_err::read_to_string(call.cwd.join(input))? + &float_helpers::source(&core)?)
}

/// `core` out of the toolchain's prebuilt library: its metadata as it is, its object re-generated for the kernel.
fn prebuilt_core(
    call: &Call<'_>,
    mapping: &Mapping,
    loads: &Loads,
    generate: Option<Generate>,
    primary: &str,
) -> Result<u8> {
    let library = Library::find(call, "core")?;
    library.write_metadata(call)?;
    let Some(generate) = generate else {
        return Err(Failure::no(format!(
            "the runtime source `{}` is for targets with a specification of their own",
            call.runtime.name()
        ))
        .help("use the runtime source `source`"));
    };
    files::write_with_parents(generate.bitcode(), &library.bitcode()?)?;
    let generator = generate.run(call, mapping, UsedFix::Keep)?;
    if let Some(path) = &call.plan.dep_info {
        let input = call.invocation.input().unwrap_or("-");
        files::write_with_parents(
            &call.cwd.join(path),
            prebuilt::dependencies(primary, Utf8Path::new(input)).as_bytes(),
        )?;
    }
    let mut loads = loads.clone();
    loads.artifacts.push(library.rlib.into_string());
    finish(
        call,
        mapping,
        None,
        &loads,
        Vec::new(),
        Some((&generate, generator)),
        primary,
    )?;
    Ok(0)
}

/// The ledger's word on a feature name, as lowering wants it.
pub fn gate_status(
    ledger: &Ledger,
    feature: &str,
    compiler: (u32, u32),
    class: Class,
) -> GateStatus {
    // The kernel's file of panicking intrinsics is compiled as an ordinary crate, see `runtime`.
    if feature == "compiler_builtins" && class == Class::RuntimeBuiltins {
        return GateStatus::Lowered;
    }
    match ledger.feature(feature, compiler) {
        Feature::Stable(_) => GateStatus::Stable,
        Feature::Lowered(_) => GateStatus::Lowered,
        Feature::Closed(_) => GateStatus::Internal,
        Feature::Unknown => GateStatus::Unknown,
    }
}

impl Call<'_> {
    /// What lowering is asked to do with the crate whose root file is `root`, or `text`, which came on standard input under that name.
    pub fn lowering<'b>(
        &'b self,
        root: &'b Utf8Path,
        mirror: &'b Utf8Path,
        text: Option<&'b str>,
        known: &'b Exports,
    ) -> Request<'b> {
        Request {
            root,
            cwd: self.cwd,
            mirror,
            root_text: text,
            crate_name: self.crate_name,
            edition: self.invocation.value("edition").unwrap_or("2015"),
            env: &|name| std::env::var(name).ok(),
            cfg: self.invocation.values("cfg").map(str::to_owned).collect(),
            crate_attrs: &self.plan.crate_attrs,
            is_stable: self.gates,
            mark_used: self.marks_used(),
            known,
        }
    }

    /// Takes away what the compiler wrote for a call that is refused after all.
    fn remove_outputs(&self) {
        let named = self.invocation.emits().filter_map(|(_, path)| path);
        let own = self.invocation.value("output");
        for path in named.chain(own) {
            // One that is not there was not written.
            let _ = fs_err::remove_file(self.cwd.join(path));
        }
        if own.is_none() {
            let _ = fs_err::remove_file(self.cwd.join(self.primary_output()));
        }
    }

    /// Whether the uses of `#[used]` are told apart when the object is made: where the stage is that makes it, and in macros for such crates.
    fn marks_used(&self) -> bool {
        match self.class {
            Class::ProcMacro => matches!(self.state, State::Kept(_)),
            _ => self.puts_used_right() || matches!(Generate::plan(self, ""), Ok(Some(_))),
        }
    }

    /// Whether rustc makes the object, in a form in which the uses of `#[used]` can be put right: a library of objects, or a program that
    /// is linked as rustc chooses to.
    fn puts_used_right(&self) -> bool {
        let call = self.invocation;
        let is_text = call
            .emits()
            .any(|(kind, _)| matches!(kind, "asm" | "llvm-ir" | "llvm-bc" | "obj"));
        let types: Vec<&str> = call.values("crate-type").collect();
        !is_text
            && match self.class {
                Class::HostLibrary => types.iter().all(|kind| matches!(*kind, "lib" | "rlib")),
                Class::HostProgram => {
                    call.codegen("linker").is_none() && call.codegen("linker-flavor").is_none()
                }
                _ => false,
            }
    }

    /// The libraries that a call for the host wrote.
    fn host_libraries(&self) -> Vec<Utf8PathBuf> {
        let call = self.invocation;
        let named = call.emits().find(|(kind, _)| *kind == "link");
        let own = retain::library(
            call.value("out-dir").unwrap_or_default(),
            self.crate_name,
            call.codegen("extra-filename").unwrap_or_default(),
        );
        let path = named
            .and_then(|(_, path)| path)
            .or(call.value("output"))
            .map_or(own, Utf8PathBuf::from);
        // A call for metadata only writes none.
        Some(self.cwd.join(path))
            .filter(|path| path.is_file())
            .into_iter()
            .collect()
    }

    /// The file by which the call is known: its object, else whatever it emits first, else the crate's name.
    pub fn primary_output(&self) -> String {
        let named = |kind: &str| {
            self.invocation
                .emits()
                .find(|(k, path)| *k == kind && path.is_some())
                .and_then(|(_, path)| path)
                .map(str::to_owned)
        };
        ["obj", "link", "metadata", "llvm-bc", "asm", "llvm-ir"]
            .into_iter()
            .find_map(named)
            .or_else(|| self.invocation.value("output").map(str::to_owned))
            .unwrap_or_else(|| {
                let directory = self
                    .invocation
                    .value("out-dir")
                    .map(|directory| format!("{directory}/"))
                    .unwrap_or_default();
                format!("{directory}{}", self.crate_name)
            })
    }

    /// The final compiler run. `root` is the lowered root, or nothing when the original compiles in place.
    fn final_run(
        &self,
        root: Option<&Utf8Path>,
        mapping: &Mapping,
        generate: Option<&Generate>,
    ) -> Result<Run> {
        let mut args = Vec::new();
        for arg in &self.plan.args {
            match (&arg.kind, self.class) {
                // The panicking intrinsics take an ordinary name; the metadata is the stub's.
                (Kind::Value("crate-name", _), Class::RuntimeBuiltins) => {
                    args.push(format!("--crate-name={}", runtime::BUILTINS))
                }
                (Kind::Emit(list), class) => {
                    let kept = list
                        .iter()
                        .filter(|(kind, _)| class != Class::RuntimeBuiltins || kind != "metadata")
                        .filter(|(kind, _)| generate.is_none() || !Generate::makes(kind))
                        .cloned();
                    let kept: Vec<_> = kept.collect();
                    if !kept.is_empty() {
                        args.extend(
                            Arg {
                                kind: Kind::Emit(kept),
                                from: None,
                            }
                            .tokens(),
                        );
                    }
                }
                (kind, _) if Format::is_of(kind) => {}
                // They come after the optimiser, which runs in that stage.
                (Kind::Codegen(name, _), _) if name == "passes" && generate.is_some() => {}
                _ => args.extend(arg.tokens()),
            }
        }
        args.extend(generate.map(Generate::arguments).unwrap_or_default());
        args.extend(Format::of(self.invocation).arguments());
        match root {
            Some(root) => {
                if self.invocation.input() == Some("-")
                    && self.invocation.value("crate-name").is_none()
                {
                    args.push(format!("--crate-name={}", self.crate_name));
                }
                args.extend(mapping.remaps(&self.plan.remaps));
                args.push(root.to_string());
            }
            None => args.push(self.invocation.input().unwrap_or("-").to_owned()),
        }
        Ok(self.run(args, self.exempt()))
    }

    /// Crates for which a gate is open: the toolchain's own library when it is compiled from its sources.
    pub fn exempt(&self) -> Vec<String> {
        match self.class {
            Class::RuntimeCore => vec!["core".to_owned()],
            _ => Vec::new(),
        }
    }

    /// A run of the real compiler with these arguments, the gate open for these crates only.
    pub fn run(&self, args: Vec<String>, exempt: Vec<String>) -> Run {
        let mut env = BTreeMap::new();
        if exempt.is_empty() {
            if std::env::var_os("RUSTC_BOOTSTRAP").is_some() {
                env.insert("RUSTC_BOOTSTRAP".to_owned(), None);
            }
        } else {
            env.insert("RUSTC_BOOTSTRAP".to_owned(), Some(exempt.join(",")));
        }
        if std::env::var_os("LD_LIBRARY_PATH").is_some() {
            env.insert("LD_LIBRARY_PATH".to_owned(), None);
        }
        Run {
            compiler: self.toolchain.program(self.invocation.tool).to_string(),
            version: self.toolchain.version.clone(),
            sha256: self.toolchain.sha256.clone(),
            args,
            env,
            exempt,
        }
    }
}

/// Runs the compiler and collects what it prints.
pub fn execute(call: &Call<'_>, run: &Run) -> Result<Ran> {
    let mut command = call.toolchain.command(call.invocation.tool);
    for (name, value) in &run.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // Kbuild passes hundreds of --cfg; all of them on the command line stay far below the system's limit (2 MiB).
    command.args(&run.args).current_dir(call.cwd);
    let output = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::inherit())
        .stderr(std::process::Stdio::piped())
        .output()
        .map_err(|error| {
            Failure::failed(format!("cannot run `{}`", run.compiler)).because(error)
        })?;
    Ok(Ran {
        status: output.status,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Dependency file, exports for dependants, and the record.
fn finish(
    call: &Call<'_>,
    mapping: &Mapping,
    lowered: Option<&Lowered<'_>>,
    loads: &Loads,
    runs: Vec<Run>,
    generated: Option<(&Generate, Generator)>,
    primary: &str,
) -> Result<()> {
    let mut sources = Vec::new();
    if let Some(path) = &call.plan.dep_info {
        let path = call.cwd.join(path);
        let mut more = loads.artifacts.clone();
        if let State::Kept(directory) = call.state {
            more.push(stamp(directory, call.cwd)?);
        }
        let text = fs_err::read_to_string(&path)?;
        let text = match &generated {
            Some((generate, _)) => generate.rename(&text),
            None => text,
        };
        let new = depinfo::rewrite(&text, mapping, &more);
        sources = depinfo::sources(&new);
        files::write_with_parents(&path, new.as_bytes())?;
    }
    let State::Kept(directory) = call.state else {
        return Ok(());
    };
    let exports = lowered.map(Lowered::exports).unwrap_or_default();
    libraries::leave(call, loads, &exports)?;
    let mut outputs = BTreeMap::new();
    for (_, output) in call
        .invocation
        .emits()
        .filter(|(kind, _)| *kind != "dep-info")
    {
        if let Some(output) = output {
            outputs.insert(
                output.to_owned(),
                record::Digest::of(&call.cwd.join(output))?.into_model(),
            );
        }
    }
    let mut inputs = BTreeMap::new();
    // Of libraries only the toolchain's own: those of the build have records themselves.
    let given = |source: &&String| {
        source.ends_with(".rs") || source.starts_with(call.toolchain.sysroot.as_str())
    };
    for source in sources.iter().filter(given) {
        inputs.insert(source.clone(), hash::sha256_file(&call.cwd.join(source))?);
    }
    let record = Record {
        version: VERSION,
        crate_name: call.crate_name.to_owned(),
        class: call.class.to_string(),
        cwd: call.cwd.to_string(),
        asked: call.invocation.raw.clone(),
        generator: generated.map(|(_, generator)| generator),
        runtime_source: match call.class {
            Class::RuntimeCore | Class::RuntimeBuiltins => Some(call.runtime.name().to_owned()),
            _ => None,
        },
        runs,
        decisions: call.plan.decisions.clone(),
        inputs,
        lowered: lowered
            .map(|lowered| lowered.gates().clone())
            .unwrap_or_default(),
        outputs,
        seal: String::new(),
    };
    record::write(directory, &mangle(primary), record)
}

/// A link to this program that `fixdep` takes for a library: it must not look for `CONFIG_` in it, while make follows
/// it to the program's time stamp, so that a new gateless rebuilds what the old one compiled. It leads there by the name that was
/// called, which stays when another program takes it over (`gateless make-vars`).
fn stamp(directory: &Utf8Path, cwd: &Utf8Path) -> Result<String> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::failed("cannot find this program").because(error))?;
    let called = std::env::args_os().next().map(std::path::PathBuf::from);
    let is_own = |called: &std::path::PathBuf| {
        called.is_absolute() && called.canonicalize().ok() == own.canonicalize().ok()
    };
    let program = called.filter(is_own).unwrap_or_else(|| own.clone());
    let link = directory.join("gateless.so");
    fs_err::create_dir_all(directory)?;
    files::link(&program, &link)?;
    Ok(link.strip_prefix(cwd).unwrap_or(&link).to_string())
}

fn read_stdin() -> Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| {
            Failure::failed("cannot read the program from standard input").because(error)
        })?;
    Ok(text)
}

/// A file name for a path.
pub fn mangle(path: &str) -> String {
    path.trim_start_matches("./")
        .replace('%', "%25")
        .replace('/', "%")
}
