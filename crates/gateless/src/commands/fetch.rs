//! `gateless fetch`.

use gateless_base::cache;
use gateless_model::{Exit, Result};
use gateless_provision::fetch;

use crate::output;
use crate::terminal::Terminal;

/// Fetch a kernel source tree from Debian's packages; the last line of stdout is its path
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Kernel release: 7.3 is the newest 7.3.y that Debian has, 7.3.4 exactly that one
    release: String,
}

/// Prints the tree's path on stdout. Needs no network if the tree is in the cache.
pub fn run(args: Args) -> Result<Exit> {
    let tree = fetch::fetch(&cache::root()?, &args.release, &mut Terminal::new())?;
    output::line(tree)?;
    Ok(Exit::Yes)
}
