//! `gateless build`.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{Progress, cache};
use gateless_kbuild::build::{Build, Home, Request, userland_of};
use gateless_kbuild::c_tools::{self, MakeArgs};
use gateless_linux::kconfig::rust::RUST;
use gateless_linux::tree::Tree;
use gateless_machines::Machine;
use gateless_model::{Exit, Result};
use gateless_provision::doctor::Job;
use gateless_provision::{debian_config, fetch, toolset};
use gateless_userland::Check;
use gateless_userland::boot::{chosen, generate};

use super::build_options::{BuildOptions, Runtime};
use super::doctor;
use super::make_vars::own_path;
use crate::output;
use crate::terminal::Terminal;

/// Configure and build a kernel; prints the path of the image
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: BuildOptions,
}

/// Builds, and prints the path of the image (or of the output directory, if the goal made none) on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let built = build(&args.options, Purpose::Build, &mut Terminal::new())?;
    output::line(built.image.as_ref().unwrap_or(&built.build.out.path))?;
    Ok(Exit::Yes)
}

/// A finished build. The output directory stays locked until it is dropped.
pub struct Built {
    /// Tree, output directory and tools.
    pub build: Build,
    /// The kernel that can be booted; `None` if MAKE ARGS did not make one.
    pub image: Option<Utf8PathBuf>,
}

/// What the build is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The kernel alone.
    Build,
    /// The kernel is booted then.
    Boot,
}

/// Does everything up to the image: tools, tree, configuration, make.
pub fn build(
    options: &BuildOptions,
    purpose: Purpose,
    progress: &mut dyn Progress,
) -> Result<Built> {
    let build = open(options, purpose, progress)?;
    // What can't be booted is worth saying before it is built.
    let image = match Machine::find(&options.arch) {
        Some(machine) => gateless_lab::image(machine, &build.tree.path)?,
        None => "vmlinux".into(),
    };
    build.configure(progress)?;
    build.make(&MakeArgs::of(&options.make_args).others, progress)?;
    let image = Some(build.out.path.join(image)).filter(|image| image.is_file());
    if image.is_some() {
        let checks = chosen(&userland_of(&build.out.path)?)?;
        if checks.iter().any(Check::has_programs) {
            make_for_checks(&build, &checks, progress)?;
        }
    }
    Ok(Built { build, image })
}

/// Makes what checks of userland need besides the kernel: headers for their programs, which are this kernel's and not the host's, and modules that are
/// generated.
pub fn make_for_checks(build: &Build, checks: &[Check], progress: &mut dyn Progress) -> Result<()> {
    build.make(&["headers".to_owned()], progress)?;
    for directory in generate(checks, &build.out.path)? {
        build.make(&[format!("M={directory}"), "modules".to_owned()], progress)?;
    }
    Ok(())
}

/// Finds or installs the tools, fetches the tree and locks the output directory; neither configures nor makes.
pub fn open(
    options: &BuildOptions,
    purpose: Purpose,
    progress: &mut dyn Progress,
) -> Result<Build> {
    MakeArgs::check(&options.make_args)?;
    let cache = cache::root()?;
    let own_tools = MakeArgs::of(&options.make_args).tools;
    // A wrong directory is worth saying before anything is installed, and a tree says which versions it wants.
    let known = match &options.tree {
        Some(path) => Some(Tree::open(path)?),
        None => {
            fetch::check_release(&options.release)?;
            fetch::cached(&cache, &options.release)?
                .map(|path| Tree::open(&path))
                .transpose()?
        }
    };
    let job = Job {
        arch: &options.arch,
        c_tools: &c_tools::variables(&options.arch, &own_tools),
        boots: purpose == Purpose::Boot,
        builds_core: options.gated || options.runtime == Runtime::Source,
        toolchain: &options.toolchain,
    };
    doctor::ensure(&cache, job, known.as_ref(), options.yes, progress)?;
    let tree = match known {
        Some(tree) => tree,
        None => {
            let tree = Tree::open(&fetch::fetch(&cache, &options.release, progress)?)?;
            doctor::ensure(&cache, job, Some(&tree), options.yes, progress)?;
            tree
        }
    };
    let (configs, turned_on) = configurations(options, &cache, &tree, progress)?;
    let request = Request {
        tree: tree.path,
        arch: options.arch.clone(),
        configs,
        turned_on,
        out: options.out.clone(),
        runtime: options.runtime.name().to_owned(),
        mode: options.mode(),
        wishes: options.wishes.clone(),
        backend: options.backend.into(),
        jobs: options.jobs.map(usize::from),
        c_tools: own_tools,
    };
    let home = Home {
        binary: &own_path()?,
        cache: &cache,
    };
    let find_tools = |tree: &Tree, arch: &str| {
        toolset::find(
            home.binary,
            home.cache,
            Some((tree, arch)),
            request.prebuilt(),
            &options.toolchain,
        )
    };
    let build = Build::open(&request, home, &find_tools)?;
    let compiler = &build.tools.compiler;
    if compiler.command.starts_with(cache::compilers(&cache)) {
        progress.note(&format!(
            "rustc {} ({})",
            compiler.version, compiler.command
        ));
    }
    Ok(build)
}

/// The configurations that are asked for, with a distribution's own fetched, and what has to be turned on in that.
fn configurations(
    options: &BuildOptions,
    cache: &Utf8Path,
    tree: &Tree,
    progress: &mut dyn Progress,
) -> Result<(Vec<String>, Vec<String>)> {
    let (mut configs, mut turned_on) = (options.configs.clone(), Vec::new());
    for config in &mut configs {
        if config == debian_config::NAME {
            *config = debian_config::fetch(cache, tree, &options.arch, progress)?.into_string();
            turned_on = vec![RUST.to_owned()];
        }
    }
    Ok((configs, turned_on))
}
