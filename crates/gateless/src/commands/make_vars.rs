//! `gateless make-vars`.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{cache, hash};
use gateless_kbuild::make_vars::{self, Mode};
use gateless_linux::tree::{Tree, source_arch};
use gateless_machines::{Machine, kbuild_arch};
use gateless_model::{Exit, Failure, Result};
use gateless_overlay::{Overlay, Written};
use gateless_provision::toolchain::Choice;
use gateless_provision::toolset;

use super::build_options::{BackEnd, Runtime, architecture, toolchain, wish};
use crate::output;

/// Print the make variables with which Kbuild uses gateless: make $(gateless make-vars) O=... ARCH=um
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print them as `--make_options X=Y ...` for tools/testing/kunit/kunit.py
    #[arg(long)]
    kunit: bool,
    /// Kernel tree whose minimum versions apply [default: the current directory, if it is one]
    #[arg(long, value_name = "DIR")]
    tree: Option<Utf8PathBuf>,
    /// Architecture: adds ARCH and the variables that choose its C compiler [default: none, with the minimum versions of um]
    #[arg(long, value_parser = architecture)]
    arch: Option<String>,
    /// Compiler: auto, a release (1.96), or the path of a rustc, as for `gateless build`
    #[arg(long, value_name = "auto|RELEASE|PATH", default_value = "auto", value_parser = toolchain)]
    toolchain: Choice,
    /// Where core and compiler_builtins come from
    #[arg(long, value_enum, default_value_t = Runtime::Source)]
    runtime: Runtime,
    /// Have what no rustc has: a name from docs/long-tail.md, such as overflow-report; repeatable
    #[arg(long = "wish", value_name = "WISH", value_parser = wish)]
    wishes: Vec<String>,
    /// What makes objects of Rust code: rustc's own LLVM, or, by way of C, the kernel's C compiler
    #[arg(long, value_enum, default_value_t = BackEnd::Llvm)]
    backend: BackEnd,
}

/// Prints the variables as one line on stdout.
pub fn run(args: Args) -> Result<Exit> {
    let tree = match &args.tree {
        Some(path) => Some(Tree::open(path)?),
        None => Tree::open(Utf8Path::new(".")).ok(),
    };
    let arch = args.arch.as_deref();
    if let Some(arch) = arch {
        check_architecture(arch, tree.as_ref())?;
    }
    let prebuilt = Some(args.runtime.name()).filter(|_| args.runtime != Runtime::Source);
    make_vars::check_backend(
        args.backend.into(),
        Machine::find(arch.unwrap_or("um")),
        &args.wishes,
        prebuilt,
    )?;
    let mut tools = toolset::find(
        &own_path()?,
        &cache::root()?,
        tree.as_ref()
            .map(|tree| (tree, kbuild_arch(arch.unwrap_or("um")))),
        prebuilt,
        &args.toolchain,
    )?;
    tools.wishes = args.wishes;
    tools.backend = args.backend.into();
    tools.overlay = overlay(tree.as_ref(), arch.and_then(Machine::find))?;
    tools.check()?;
    let variables = tools.variables(Mode::Gateless);
    output::line(if args.kunit {
        make_vars::for_kunit(&variables, arch)
    } else {
        make_vars::for_make(&variables, arch)
    })?;
    Ok(Exit::Yes)
}

/// Refuses an architecture that neither `machines/` nor the tree knows.
fn check_architecture(arch: &str, tree: Option<&Tree>) -> Result<()> {
    let directory = source_arch(kbuild_arch(arch));
    let known = match tree {
        Some(tree) => tree.path.join("arch").join(directory).is_dir(),
        None => Machine::find(arch).is_some(),
    };
    if known {
        return Ok(());
    }
    Err(Failure::usage(match tree {
        Some(tree) => format!(
            "Linux {} has no architecture {arch}: there is no arch/{directory}",
            tree.release
        ),
        None => format!("there is no architecture {arch}"),
    })
    .help(format!("known: {}", Machine::names())))
}

/// The overlay of a machine that needs one, in a directory of the cache named after what it says: which output directory it is for isn't known here.
fn overlay(tree: Option<&Tree>, machine: Option<&Machine>) -> Result<Option<Written>> {
    let Some(machine) = machine.filter(|machine| machine.overlay.is_some()) else {
        return Ok(None);
    };
    let tree = tree.ok_or_else(|| {
        Failure::usage(format!(
            "upstream has no Rust for {}, and what is put over a kernel tree for it is read from the tree",
            machine.name()
        ))
        .help("name the tree with --tree, or run this in it")
    })?;
    let Some(overlay) = Overlay::of(tree, Some(machine))? else {
        return Ok(None);
    };
    let digest = hash::sha256(overlay.text());
    let directory = cache::root()?.join("overlays").join(&digest[..12]);
    overlay.write(&directory).map(Some)
}

/// The path of the running program, symbolic links resolved.
pub fn own_path() -> Result<Utf8PathBuf> {
    let path = std::env::current_exe().map_err(|error| {
        Failure::failed("the path of the running program is unknown").because(error)
    })?;
    Utf8PathBuf::from_path_buf(path).map_err(|path| {
        Failure::failed(format!(
            "the path of the running program is not UTF-8: {}",
            path.display()
        ))
    })
}
