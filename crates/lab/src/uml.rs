//! Booting User Mode Linux, a kernel that is a program of the host.

use std::process::Command;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};
use rustix::fs::StatVfsMountFlags;

use crate::console::{self, Ended, Progress};
use crate::guest::no_kernel;

/// The kernel and what it is given.
pub(crate) struct Uml<'a> {
    /// The image, relative to the output directory.
    pub kernel: &'a str,
    /// Free space in MiB that the file with its memory needs.
    pub memory_file_mib: u64,
    /// Arguments for the kernel.
    pub arguments: &'a [String],
}

/// Boots the kernel in the directory `out`, with its console in the file `log`.
///
/// # Errors
/// If there is no kernel, it can't be started, no directory can hold its memory, or gateless was interrupted.
pub(crate) fn boot(
    uml: &Uml<'_>,
    out: &Utf8Path,
    log: &Utf8Path,
    limit: Duration,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ended> {
    let out = &out
        .canonicalize_utf8()
        .map_err(|error| no_kernel(out).because(error))?;
    let kernel = out.join(uml.kernel);
    if !kernel.is_file() {
        return Err(no_kernel(&kernel));
    }
    // Holds the management socket, which would otherwise stay in ~/.uml; a short path, for sockets have a limit of
    // 108 characters.
    let scratch = tempfile::Builder::new().prefix("gateless-uml-").tempdir()?;
    let scratch = Utf8Path::from_path(scratch.path())
        .ok_or_else(|| Failure::failed("TMPDIR is not UTF-8"))?;
    let memory = memory_directory(out, uml.memory_file_mib)?;
    let mut command = Command::new(&kernel);
    command
        .args(uml.arguments)
        .arg(format!("uml_dir={scratch}/"))
        .current_dir(out)
        // Whatever the environment says must not change the kernel's tests.
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", scratch)
        .env("TMPDIR", memory);
    console::run(&mut command, log, limit, progress)
}

/// UML maps a file as its memory; in a directory that is too small it dies of SIGBUS, in one without the right to
/// execute it refuses. Containers often have a /dev/shm of 64 MiB.
fn memory_directory(out: &Utf8Path, mib: u64) -> Result<Utf8PathBuf> {
    let candidates = [
        Utf8PathBuf::from("/dev/shm"),
        Utf8PathBuf::from("/tmp"),
        out.to_owned(),
    ];
    let mut seen = Vec::new();
    for directory in candidates {
        match rustix::fs::statvfs(directory.as_std_path()) {
            Ok(status) => {
                let free = (status.f_bavail * status.f_frsize) >> 20;
                let executable = !status.f_flag.contains(StatVfsMountFlags::NOEXEC);
                let writable = !status.f_flag.contains(StatVfsMountFlags::RDONLY);
                if free >= mib && executable && writable {
                    return Ok(directory);
                }
                let flaw = if executable && writable {
                    ""
                } else {
                    " (not executable or not writable)"
                };
                seen.push(format!("{directory}: {free} MiB free{flaw}"));
            }
            Err(error) => seen.push(format!("{directory}: {error}")),
        }
    }
    Err(Failure::failed(format!(
        "no directory has {mib} MiB for the memory of User Mode Linux"
    ))
    .help(format!("make room in one of these: {}", seen.join("; "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_a_kernel_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap();
        let uml = Uml {
            kernel: "linux",
            memory_file_mib: 0,
            arguments: &[],
        };
        let failure = boot(
            &uml,
            out,
            &out.join("boot.log"),
            Duration::from_secs(9),
            &mut |_| {},
        )
        .unwrap_err();
        assert!(
            failure.what.starts_with("no kernel to boot: ") && failure.what.ends_with("/linux"),
            "{failure}"
        );
        assert!(
            !out.join("boot.log").exists(),
            "no empty log is left behind"
        );
    }

    #[test]
    fn memory_that_fits_nowhere_is_an_error_with_the_places() {
        let failure = memory_directory(Utf8Path::new("/tmp"), u64::MAX).unwrap_err();
        assert!(failure.help.unwrap().contains("/tmp: "));
    }
}
