//! One file per subcommand: its clap arguments, and `run`.

mod attest;
mod audit;
mod bench;
mod boot;
pub mod build;
pub mod build_options;
mod compare;
mod completions;
mod doctor;
mod explain;
mod fetch;
mod fidelity;
mod layouts;
mod lower;
mod make_vars;
mod matrix;
mod noreturn;
mod probe;
mod roadmap;
mod targets;
mod why;

use clap::{Parser, Subcommand};
use gateless_model::{Exit, Result};

const AFTER_HELP: &str = "\
Examples:
  gateless boot                                 build and boot User Mode Linux, run its Rust tests
  gateless doctor --install                     install what a build needs
  gateless build --tree ~/linux --config um     build a tree of your own
  make $(gateless make-vars) O=../out ARCH=um   use gateless with plain make, in any tree
  gateless fidelity GATED_OUT GATELESS_OUT      compare the machine code of two builds

Exit codes:
  0  yes                         3  could not be done (make failed, no tool, input/output error)
  1  no (a test failed, a gate   4  boot: panic before the tests ended
     is open, something missing) 5  boot: time limit
  2  wrong usage                 6  boot: the kernel printed no KTAP

Environment:
  GATELESS_RUSTC  the stable rustc to use [default: `rustc` on PATH]
  GATELESS_CACHE  kernel trees, tools, builds [default: $XDG_CACHE_HOME/gateless, ~/.cache/gateless]
  RUST_LIB_SRC    sources of the standard library, of the compiler's version
  LIBCLANG_PATH   directory of libclang";

/// Build the Linux kernel's Rust code with a stock stable rustc, without opening a gate
#[derive(Debug, Parser)]
#[command(name = "gateless", version, after_help = AFTER_HELP, max_term_width = 120)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Attest(attest::Args),
    Audit(audit::Args),
    Bench(bench::Args),
    Boot(boot::Args),
    Build(build::Args),
    Compare(compare::Args),
    Doctor(doctor::Args),
    Explain(explain::Args),
    Fetch(fetch::Args),
    Fidelity(fidelity::Args),
    Layouts(layouts::Args),
    Lower(lower::Args),
    MakeVars(make_vars::Args),
    Probe(probe::Args),
    Roadmap(roadmap::Args),
    Matrix(matrix::Args),
    Noreturn(noreturn::Args),
    Targets(targets::Args),
    Why(why::Args),
    Completions(completions::Args),
}

impl CommandLine {
    /// Runs the chosen subcommand.
    pub fn run(self) -> Result<Exit> {
        match self.command {
            Command::Attest(args) => attest::run(args),
            Command::Audit(args) => audit::run(args),
            Command::Bench(args) => bench::run(args),
            Command::Boot(args) => boot::run(args),
            Command::Build(args) => build::run(args),
            Command::Compare(args) => compare::run(args),
            Command::Doctor(args) => doctor::run(args),
            Command::Explain(args) => explain::run(args),
            Command::Fetch(args) => fetch::run(args),
            Command::Fidelity(args) => fidelity::run(args),
            Command::Layouts(args) => layouts::run(args),
            Command::Lower(args) => lower::run(args),
            Command::MakeVars(args) => make_vars::run(args),
            Command::Probe(args) => probe::run(args),
            Command::Roadmap(args) => roadmap::run(args),
            Command::Matrix(args) => matrix::run(args),
            Command::Noreturn(args) => noreturn::run(args),
            Command::Targets(args) => targets::run(args),
            Command::Why(args) => why::run(args),
            Command::Completions(args) => completions::run(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_has_no_contradictions() {
        super::CommandLine::command().debug_assert();
    }
}
