//! What a machine boots: the built kernel, and what a userland adds.

use camino::Utf8Path;
use gateless_model::Failure;

/// What a machine is given besides what its description says.
#[derive(Debug, Clone, Copy)]
pub struct Guest<'a> {
    /// The initial RAM file system, absolute.
    pub initramfs: &'a Utf8Path,
    /// Devices (QEMU's `-device`).
    pub devices: &'a [String],
    /// Arguments for the kernel, which win over the machine's own.
    pub arguments: &'a [String],
    /// Whether its clock counts instructions instead of following the host's.
    pub counts_instructions: bool,
}

/// The failure for an output directory without what is booted.
pub(crate) fn no_kernel(path: &Utf8Path) -> Failure {
    Failure::failed(format!("no kernel to boot: {path}"))
        .help("build it first: `gateless build`, or `gateless boot`")
}
