//! The options that build, boot and bench share.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
use gateless_kbuild::make_vars::Mode;
use gateless_ledger::Ledger;
use gateless_machines::Machine;
use gateless_model::backend::Backend;
use gateless_model::wish::OPTION;
use gateless_provision::toolchain::Choice;

/// The kernel release that is built by default.
pub const DEFAULT_RELEASE: &str = "7.3";

/// What to build, from which tree, where to.
#[derive(Debug, Clone, Args)]
pub struct BuildOptions {
    /// Kernel source tree
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    pub tree: Option<Utf8PathBuf>,
    /// Kernel release, fetched if necessary: 7.3 is the newest 7.3.y
    #[arg(long, default_value = DEFAULT_RELEASE)]
    pub release: String,
    /// Architecture: um, x86_64, arm64, ... (`gateless targets` lists them), or any ARCH that Kbuild knows
    #[arg(long, default_value = "um", value_parser = architecture)]
    pub arch: String,
    /// Preset (ARCH, ARCH-small), file of CONFIG_X=y lines or of a complete .config, or `debian`, its own configuration with Rust turned on; repeatable, later ones win [default: ARCH-small]
    #[arg(long = "config", value_name = "PRESET|FILE")]
    pub configs: Vec<String>,
    /// Output directory [default: one in the cache]
    #[arg(long, value_name = "DIR")]
    pub out: Option<Utf8PathBuf>,
    /// Compiler: auto, a release (1.96) to unpack from Debian's packages, or the path of a rustc. auto is $GATELESS_RUSTC, else
    /// `rustc` on PATH, or Debian's oldest that is new enough if that one is too old for this tree and architecture
    #[arg(long, value_name = "auto|RELEASE|PATH", default_value = "auto", value_parser = toolchain)]
    pub toolchain: Choice,
    /// Where core and compiler_builtins come from
    #[arg(long, value_enum, default_value_t = Runtime::Source)]
    pub runtime: Runtime,
    /// Build upstream's way, with the same configuration and compiler
    #[arg(long)]
    pub gated: bool,
    /// Have what no rustc has: a name from docs/long-tail.md, such as overflow-report; repeatable
    #[arg(long = "wish", value_name = "WISH", value_parser = wish, conflicts_with = "gated")]
    pub wishes: Vec<String>,
    /// What makes objects of Rust code: rustc's own LLVM, or, by way of C, the kernel's C compiler
    #[arg(long, value_enum, default_value_t = BackEnd::Llvm, conflicts_with = "gated")]
    pub backend: BackEnd,
    /// Install what is missing without asking
    #[arg(long, short)]
    pub yes: bool,
    /// Parallel jobs [default: one per processor]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Arguments for make instead of the default goal; CC=gcc, LLVM= and the like override the architecture's C tools
    #[arg(last = true, value_name = "MAKE ARGS")]
    pub make_args: Vec<String>,
}

/// Resolves an architecture's alias; an unknown name is left to Kbuild.
pub fn architecture(name: &str) -> Result<String, std::convert::Infallible> {
    Ok(Machine::find(name).map_or(name, Machine::name).to_owned())
}

/// Parses `--toolchain`; clap wants the error as plain text.
pub fn toolchain(text: &str) -> Result<Choice, String> {
    text.parse()
        .map_err(|failure: gateless_model::Failure| failure.to_string())
}

/// A wish that code generation can fulfil.
pub fn wish(name: &str) -> Result<String, String> {
    let known: Vec<_> = Ledger::embedded().values_of_flag(OPTION).collect();
    match known.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(format!("the wishes are {}", known.join(", "))),
    }
}

impl BuildOptions {
    /// Gated or gateless.
    pub fn mode(&self) -> Mode {
        if self.gated {
            Mode::Gated
        } else {
            Mode::Gateless
        }
    }
}

/// What makes objects of Rust code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackEnd {
    /// rustc's own LLVM
    Llvm,
    /// The kernel's C compiler, with the tree's flags for C
    C,
}

impl From<BackEnd> for Backend {
    fn from(backend: BackEnd) -> Self {
        match backend {
            BackEnd::Llvm => Backend::Llvm,
            BackEnd::C => Backend::C,
        }
    }
}

/// Where the runtime crates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Runtime {
    /// Built from the toolchain's rust-src; the only mode with an exemption, for these crates alone
    Source,
    /// Prebuilt for the target by the toolchain; no exemption
    Sysroot,
    /// Prebuilt for the host by the toolchain, re-generated for the kernel; no exemption
    Host,
}

impl Runtime {
    /// The name that the wrappers know.
    pub fn name(self) -> &'static str {
        match self {
            Runtime::Source => "source",
            Runtime::Sysroot => "sysroot",
            Runtime::Host => "host",
        }
    }
}
