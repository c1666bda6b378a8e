//! One build: a tree, a configuration and an output directory, gated or gateless.

use std::fmt::Write;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{Progress, files, hash};
use gateless_linux::DotConfig;
use gateless_linux::kconfig::Symbols;
use gateless_linux::tree::{self, Tree};
use gateless_machines::{Machine, kbuild_arch};
use gateless_model::backend::Backend;
use gateless_model::{Failure, Result};
use gateless_overlay::{self as overlay, Overlay};
use serde::{Deserialize, Serialize};

use crate::config::{self, Base, Recipe};
use crate::environment;
use crate::make::Make;
use crate::make_vars::{Mode, Toolset, check_backend};
use crate::out::Out;
use crate::presets;
use crate::wrappers;
use crate::{bindgen_target, c_tools, turn_on};

/// What to build and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The kernel tree.
    pub tree: Utf8PathBuf,
    /// Name of a machine (`machines/`), or Kbuild's ARCH.
    pub arch: String,
    /// Presets and files, later ones win; empty means the preset `<arch>-small`.
    pub configs: Vec<String>,
    /// The output directory; by default one in the cache.
    pub out: Option<Utf8PathBuf>,
    /// Where the runtime crates of a gateless build come from, as the wrappers understand it.
    pub runtime: String,
    /// Gated or gateless.
    pub mode: Mode,
    /// What is wished for besides.
    pub wishes: Vec<String>,
    /// What makes objects of kernel code.
    pub backend: Backend,
    /// Processes at a time; by default as many as there are processors.
    pub jobs: Option<usize>,
    /// Variables that choose the C tools, in place of the machine's own.
    pub c_tools: Vec<(String, String)>,
    /// Symbols to turn on in a configuration that somebody else made, whatever has to change there for it.
    pub turned_on: Vec<String>,
}

/// Where gateless itself is.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    /// The running program, absolute.
    pub binary: &'a Utf8Path,
    /// The cache directory.
    pub cache: &'a Utf8Path,
}

/// A build that is ready to be configured and made; holds the output directory until it is dropped.
#[derive(Debug)]
pub struct Build {
    /// The kernel tree.
    pub tree: Tree,
    /// The output directory.
    pub out: Out,
    /// Gated or gateless.
    pub mode: Mode,
    /// The tools it uses.
    pub tools: Toolset,
    make: Make,
    recipe: Recipe,
    turned_on: Vec<String>,
    /// All that the overlay says; nothing where there is none.
    overlay: String,
}

/// What is kept in the output directory about its configuration.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamp {
    tree: String,
    mode: String,
    /// SHA-256 of everything that a configuration depends on.
    inputs: String,
}

const STAMP: &str = "config.json";

/// What became of the options about Rust, in the output directory.
const RUST_OPTIONS: &str = "rust-options.txt";

/// The checks of userland that the configuration asked for, in the output directory.
const USERLAND: &str = "userland.txt";

/// The checks of userland that the configuration of the build in `out` asked for; none where it was not configured by gateless.
///
/// # Errors
/// If they can't be read.
pub fn userland_of(out: &Utf8Path) -> Result<Vec<String>> {
    let list = out.join(".gateless").join(USERLAND);
    if !list.is_file() {
        return Ok(Vec::new());
    }
    let text = fs_err::read_to_string(&list)?;
    Ok(text.lines().map(str::to_owned).collect())
}

impl Request {
    /// The runtime source, where `core` is not built from the standard library's sources.
    pub fn prebuilt(&self) -> Option<&str> {
        Some(self.runtime.as_str())
            .filter(|runtime| self.mode == Mode::Gateless && *runtime != "source")
    }
}

impl Build {
    /// Checks tree and output directory, has the tools found for the tree and its ARCH, and starts the directory's log. Nothing is
    /// configured or compiled yet.
    pub fn open(
        request: &Request,
        home: Home<'_>,
        find_tools: &dyn Fn(&Tree, &str) -> Result<Toolset>,
    ) -> Result<Self> {
        let arch = kbuild_arch(&request.arch);
        check_backend(
            request.backend,
            Machine::find(&request.arch),
            &request.wishes,
            request.prebuilt(),
        )?;
        let tree = Tree::open(&request.tree)?;
        wrappers::check_word(&tree.path).map_err(|failure| {
            Failure::failed(format!("Kbuild can't build here: {}", failure.what))
                .help(failure.help.unwrap_or_default())
        })?;
        let source_arch = tree::source_arch(arch);
        if !tree.path.join("arch").join(source_arch).is_dir() {
            return Err(Failure::usage(format!(
                "Linux {} has no architecture {arch}: there is no arch/{source_arch}",
                tree.release
            )));
        }
        tree.check_clean(arch)?;
        let configs = match request.configs.as_slice() {
            [] => vec![default_preset(&request.arch)?],
            configs => configs.to_vec(),
        };
        let mut recipe = Recipe::of_sources(&configs)?;
        let mut tools = find_tools(&tree, arch)?;
        tools.wishes.clone_from(&request.wishes);
        tools.backend = request.backend;
        let overlay = Overlay::of(&tree, Machine::find(&request.arch))?;
        let out = match &request.out {
            Some(path) => Out::open(path)?,
            None => Out::open(&default_out(home.cache, &tree, request, &recipe))?,
        };
        tools.overlay = overlay
            .as_ref()
            .map(|overlay| overlay.write(&overlay::state::directory(&out.path)))
            .transpose()?;
        if recipe.is_open() {
            let top = overlay::state::kconfig(&out.path);
            let symbols = Symbols::read_top(&tree.path, &top, source_arch)?;
            recipe.expand(&symbols, &tree.path, source_arch)?;
        }
        let mut variables: Vec<(String, String)> = tools
            .variables(request.mode)
            .into_iter()
            .filter(|(name, _)| *name != "GATELESS_RUSTC")
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        if request.mode == Mode::Gateless {
            variables.push((
                "GATELESS_RUSTC".to_owned(),
                tools.compiler.rustc.to_string(),
            ));
        }
        variables.extend(c_tools::variables(&request.arch, &request.c_tools));
        variables.extend(bindgen_target::missing(
            &tree.path,
            source_arch,
            &request.arch,
        )?);
        let make = Make {
            tree: tree.path.clone(),
            out: out.path.clone(),
            arch: arch.to_owned(),
            jobs: request
                .jobs
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
            environment: environment(&tools, request, home.binary),
            variables,
            log: out.path.join("build.log"),
        };
        make.begin_log()?;
        Ok(Self {
            tree,
            out,
            mode: request.mode,
            tools,
            make,
            recipe,
            turned_on: request.turned_on.clone(),
            overlay: overlay.map(|overlay| overlay.text()).unwrap_or_default(),
        })
    }

    /// Makes OUT/.config alone, whether it is what was asked for or not: to find out why not.
    pub fn try_config(&self, progress: &mut dyn Progress) -> Result<DotConfig> {
        progress.step("configuring");
        self.write_config(&self.out.path.join(".config"), progress)?;
        progress.done();
        DotConfig::read(&self.out.path)
    }

    /// What the tree's own check of the Rust tools prints; nothing where it is content.
    pub fn rust_unavailable(&self, progress: &mut dyn Progress) -> Option<String> {
        let checked = self.make.run(&["rustavailable".to_owned()], progress);
        checked.err().map(|failure| failure.what)
    }

    /// Makes OUT/.config unless it was made from the same inputs before, and checks that it says what was asked for.
    ///
    /// A .config that was edited since is kept as long as it still does.
    pub fn configure(&self, progress: &mut dyn Progress) -> Result<()> {
        let config = self.out.path.join(".config");
        let stamp = Stamp {
            tree: self.tree.path.to_string(),
            mode: mode_name(self.mode).to_owned(),
            inputs: self.inputs(),
        };
        let known = self.read_stamp()?;
        if let Some(known) = &known
            && (known.tree != stamp.tree || known.mode != stamp.mode)
        {
            return Err(Failure::failed(format!(
                "{} holds a {} build of {}",
                self.out.path, known.mode, known.tree
            ))
            .help("choose another directory with --out, or remove this one"));
        }
        if known.as_ref() != Some(&stamp) || !config.is_file() {
            progress.step("configuring");
            self.write_config(&config, progress)?;
            self.turn_on(&config, progress)?;
            progress.done();
        }
        for left_out in &self.recipe.left_out {
            progress.note(&format!(
                "Linux {} does not have it, so it is left out: {left_out}",
                self.tree.release
            ));
        }
        self.check_config(&config, progress)?;
        self.tell_rust_options(&config, progress)?;
        let checks = self.recipe.userland.iter();
        let checks: String = checks.map(|check| format!("{check}\n")).collect();
        files::write(&self.out.own(USERLAND), &checks)?;
        files::write(
            &self.out.own(STAMP),
            &serde_json::to_string_pretty(&stamp).map_err(|error| {
                Failure::failed("the configuration's stamp can't be written").because(error)
            })?,
        )
    }

    /// Runs make with `arguments` (goals and variables; none for Kbuild's default goal).
    pub fn make(&self, arguments: &[String], progress: &mut dyn Progress) -> Result<()> {
        for argument in arguments {
            let name = argument
                .split_once('=')
                .map(|(name, _)| name.trim_end_matches(['+', ':', '?']))
                .unwrap_or_default();
            if name == "O"
                || name == "ARCH"
                || self.make.variables.iter().any(|(own, _)| own == name)
            {
                return Err(Failure::usage(format!(
                    "`{argument}` can't be given to make here, since gateless sets {name} itself"
                ))
                .help("use gateless's own options, or plain make with `gateless make-vars`"));
            }
        }
        progress.step(&format!(
            "building Linux {} ({})",
            self.tree.release,
            mode_name(self.mode)
        ));
        let made = self.make.run(arguments, progress);
        progress.done();
        made
    }

    /// The log of everything that make printed.
    pub fn log(&self) -> &Utf8Path {
        &self.make.log
    }

    fn read_stamp(&self) -> Result<Option<Stamp>> {
        let path = self.out.own(STAMP);
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs_err::read_to_string(&path)?;
        serde_json::from_str(&text).map(Some).map_err(|error| {
            Failure::failed(format!("{path} is damaged"))
                .because(error)
                .help("remove it; the directory is configured anew then")
        })
    }

    /// A hash of all that the configuration depends on besides the tree's own files, which Kbuild itself watches.
    fn inputs(&self) -> String {
        let mut text = format!(
            "{}\n{:?}\n{}\n{}\n{}\n{}",
            self.make.arch,
            self.recipe.base,
            self.recipe.fragment(),
            self.tools.compiler.version_text,
            self.tools.bindgen_version,
            self.overlay
        );
        for (name, value) in &self.make.variables {
            let _ = writeln!(text, "{name}={value}");
        }
        for symbol in &self.turned_on {
            let _ = writeln!(text, "turned on: {symbol}");
        }
        hash::sha256(text)
    }

    fn write_config(&self, config: &Utf8Path, progress: &mut dyn Progress) -> Result<()> {
        let run = |goals: &[&str], progress: &mut dyn Progress| {
            let goals: Vec<String> = goals.iter().map(|goal| (*goal).to_owned()).collect();
            self.make.run(&goals, progress)
        };
        let base = match &self.recipe.base {
            Base::Goal("allnoconfig") => {
                // Kconfig reads these before it says no to everything else.
                let wanted = self.out.own("wanted.config");
                files::write(&wanted, self.recipe.fragment())?;
                return run(
                    &["allnoconfig", &format!("KCONFIG_ALLCONFIG={wanted}")],
                    progress,
                );
            }
            Base::Goal(goal) => {
                run(&[goal], progress)?;
                fs_err::read_to_string(config)?
            }
            Base::Complete(text) => text.clone(),
        };
        files::write(config, self.recipe.merged_into(&base))?;
        run(&["olddefconfig"], progress)
    }

    /// Turns on what is to be on in a configuration that somebody else made, and says what forbade it.
    fn turn_on(&self, config: &Utf8Path, progress: &mut dyn Progress) -> Result<()> {
        /// Kconfig may turn out to want more than its files tell.
        const ROUNDS: usize = 4;
        for symbol in &self.turned_on {
            for _ in 0..ROUNDS {
                let text = fs_err::read_to_string(config)?;
                let Some(step) = turn_on::next(&self.symbols()?, &text, symbol)? else {
                    break;
                };
                for line in &step.told {
                    progress.note(line);
                }
                files::write(config, &step.config)?;
                self.make.run(&["olddefconfig".to_owned()], progress)?;
            }
            if !DotConfig::read(&self.out.path)?.is_set(symbol) {
                return Err(Failure::no(format!(
                    "CONFIG_{symbol} could not be turned on in {config}"
                ))
                .help(format!(
                    "`gateless why {symbol} --out {}` says what is false",
                    self.out.path
                )));
            }
        }
        Ok(())
    }

    /// What Kconfig knows, with the overlay's symbols.
    pub fn symbols(&self) -> Result<Symbols> {
        let top = overlay::state::kconfig(&self.out.path);
        Symbols::read_top(&self.tree.path, &top, tree::source_arch(&self.make.arch))
    }

    /// Says which options about Rust are off and why, where all were asked for; the whole list is kept in the output directory.
    fn tell_rust_options(&self, config: &Utf8Path, progress: &mut dyn Progress) -> Result<()> {
        let Some(options) = &self.recipe.rust_options else {
            return Ok(());
        };
        let symbols = self.symbols()?;
        let outcome = options.outcome(&fs_err::read_to_string(config)?, &symbols);
        let list = self.out.own(RUST_OPTIONS);
        files::write(&list, &outcome.list)?;
        progress.note(&format!(
            "{} options about Rust: {} built in, {} modules, {} off ({list})",
            options.all.len(),
            outcome.on,
            outcome.modules,
            outcome.off.len()
        ));
        for line in &outcome.off {
            progress.note(line);
        }
        Ok(())
    }

    fn check_config(&self, config: &Utf8Path, progress: &mut dyn Progress) -> Result<()> {
        let text = fs_err::read_to_string(config)?;
        if self.tools.overlay.is_some() {
            overlay::state::check(&self.out.path, &DotConfig::parse(&text))?;
        }
        let unmet = self.recipe.unmet(&text);
        if unmet.is_empty() {
            return Ok(());
        }
        let symbols = self.symbols()?;
        let mut what = format!("the configuration is not what was asked for ({config})");
        let _ = write!(
            what,
            "{}",
            config::describe(&unmet, &symbols, &DotConfig::parse(&text))
        );
        let mut help = format!(
            "change what is named with another `--config FILE`; `gateless why SYMBOL --out {}` shows the whole chain",
            self.out.path
        );
        if unmet.iter().any(|unmet| unmet.symbol == "RUST") {
            // Kconfig only knows that Rust is not available; the tree's own check knows why.
            match self.rust_unavailable(progress) {
                None => help += "; `make rustavailable` finds the Rust tools usable",
                Some(said) => what = format!("{what}\n`make rustavailable` says: {said}"),
            }
        }
        Err(Failure::failed(what).help(help))
    }
}

fn environment(tools: &Toolset, request: &Request, binary: &Utf8Path) -> Vec<environment::Change> {
    // A name or value that is not UTF-8 is none of those that are looked for.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut changes = environment::changes(
        variables,
        &tools.compiler.sysroot,
        binary.parent().unwrap_or(binary),
    );
    // make 4.3 does not hand the variables of its command line to $(shell).
    let mut set = vec![("LIBCLANG_PATH", tools.libclang.to_string())];
    if request.mode == Mode::Gateless {
        set.push(("GATELESS_RUSTC", tools.compiler.rustc.to_string()));
        set.push(("GATELESS_RUNTIME", request.runtime.clone()));
    }
    if tools.overlay.is_some() {
        set.push((overlay::bindgen::REAL, tools.bindgen.to_string()));
    }
    for (name, value) in set {
        changes.retain(|change| change.name != name);
        changes.push(environment::Change {
            name: name.to_owned(),
            value: Some(value),
        });
    }
    changes
}

fn default_preset(arch: &str) -> Result<String> {
    let name = format!("{arch}-small");
    if presets::find(&name).is_none() {
        return Err(
            Failure::usage(format!("there is no preset for architecture {arch}")).help(format!(
                "give a configuration with --config FILE; the presets are {}",
                presets::names()
            )),
        );
    }
    Ok(name)
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Gated => "gated",
        Mode::Gateless => "gateless",
    }
}

/// `CACHE/build/<release>-<config>-<mode>`; a tree outside of the cache, an unusual runtime source, wishes and C tools that the user chose are
/// told apart as well.
fn default_out(cache: &Utf8Path, tree: &Tree, request: &Request, recipe: &Recipe) -> Utf8PathBuf {
    let mut name = tree.release.clone();
    if !tree.path.starts_with(cache) {
        let _ = write!(name, "-{}", short_hash(tree.path.as_str()));
    }
    if !recipe.label.starts_with(&request.arch) {
        let _ = write!(name, "-{}", request.arch);
    }
    let _ = write!(name, "-{}-{}", recipe.label, mode_name(request.mode));
    if request.mode == Mode::Gateless && request.runtime != "source" {
        let _ = write!(name, "-{}", request.runtime);
    }
    for wish in &request.wishes {
        let _ = write!(name, "-{wish}");
    }
    if request.backend != Backend::Llvm {
        let _ = write!(name, "-{}", request.backend.name());
    }
    if !request.c_tools.is_empty() {
        let tools: Vec<String> = request
            .c_tools
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let _ = write!(name, "-{}", short_hash(&tools.join(" ")));
    }
    cache.join("build").join(name)
}

/// The first hex digits of a text's SHA-256, to tell names apart.
fn short_hash(text: &str) -> String {
    hash::sha256(text)[..8].to_owned()
}
