//! The files that the guest starts with.
//!
//! `/init` is `userland/init.sh`, `/step.sh` has the functions that steps use. `/checks/NN` is a suite, `/checks/NN/MM` a case:
//! `name`, `run`, `limit`, and, where there is something to say, `module`, `skip`, `ktap`, `ignore`, `mask`. `/modules/NAME.ko`
//! is a module, `/modules/NAME.needs` the modules to load before it.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};

use crate::check::own_file;
use crate::modules::Module;
use crate::script::{Case, Script};

/// A file of the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path relative to the root.
    pub path: Utf8PathBuf,
    /// What it is.
    pub kind: Kind,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file that can be run.
    Program(Vec<u8>),
    /// Any other file.
    File(Vec<u8>),
    /// A character device with its major and minor number.
    Device(u32, u32),
}

impl Entry {
    /// A file of the guest.
    pub fn new(path: impl Into<Utf8PathBuf>, kind: Kind) -> Entry {
        Entry {
            path: path.into(),
            kind,
        }
    }
}

/// Directories that init mounts on or writes to.
const FOLDERS: [&str; 10] = [
    "bin", "dev", "proc", "sys", "config", "debug", "tmp", "modules", "checks", "mnt",
];

/// Everything that a guest with this script has: `modules` are those of the build in `out`, `programs` what was compiled.
///
/// # Errors
/// If a module can't be read.
pub fn files(
    script: &Script,
    modules: &[Module],
    out: &Utf8Path,
    busybox: Vec<u8>,
    programs: Vec<Entry>,
) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = FOLDERS
        .iter()
        .map(|directory| Entry::new(*directory, Kind::Directory))
        .collect();
    // The first program's streams, before devtmpfs is mounted.
    entries.push(Entry::new("dev/console", Kind::Device(5, 1)));
    entries.push(Entry::new("dev/null", Kind::Device(1, 3)));
    entries.push(Entry::new("bin/busybox", Kind::Program(busybox)));
    for (path, file) in [("init", "init.sh"), ("step.sh", "step.sh")] {
        let text = own_file(file)
            .ok_or_else(|| Failure::failed(format!("userland/{file} is not in this gateless")))?;
        entries.push(Entry::new(path, Kind::Program(text.into())));
    }
    entries.extend(programs);
    for module in modules {
        let bytes = fs_err::read(out.join(&module.file))?;
        let name = &module.name;
        entries.push(Entry::new(format!("modules/{name}.ko"), Kind::File(bytes)));
        entries.push(text(format!("modules/{name}.needs"), &module.needs));
    }
    for (index, suite) in script.suites.iter().enumerate() {
        let directory = format!("checks/{index:03}");
        entries.push(Entry::new(&directory, Kind::Directory));
        entries.push(text(format!("{directory}/name"), &[&suite.name]));
        for (index, case) in suite.cases.iter().enumerate() {
            entries.extend(case_files(&format!("{directory}/{index:03}"), case));
        }
    }
    Ok(entries)
}

/// What a guest has whose init is a program of its own: `/modules/list` names the modules in the order in which they are loaded.
///
/// # Errors
/// If a module can't be read.
pub fn files_of_init(init: Vec<u8>, modules: &[&Module], out: &Utf8Path) -> Result<Vec<Entry>> {
    let mut entries = vec![
        Entry::new("dev", Kind::Directory),
        Entry::new("dev/console", Kind::Device(5, 1)),
        Entry::new("dev/kmsg", Kind::Device(1, 11)),
        Entry::new("modules", Kind::Directory),
        Entry::new("init", Kind::Program(init)),
    ];
    let names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
    entries.push(text("modules/list".to_owned(), &names));
    for module in modules {
        let bytes = fs_err::read(out.join(&module.file))?;
        let path = format!("modules/{}.ko", module.name);
        entries.push(Entry::new(path, Kind::File(bytes)));
    }
    Ok(entries)
}

fn case_files(directory: &str, case: &Case) -> Vec<Entry> {
    let step = &case.step;
    let mut entries = vec![
        Entry::new(directory, Kind::Directory),
        text(format!("{directory}/name"), &[&case.name]),
        text(format!("{directory}/run"), &[&step.run]),
        text(format!("{directory}/limit"), &[step.limit.to_string()]),
    ];
    let mut more = |name: &str, lines: &[String]| {
        if !lines.is_empty() {
            entries.push(text(format!("{directory}/{name}"), lines));
        }
    };
    more("module", case.module.as_slice());
    more("skip", case.skip.as_slice());
    more("ignore", &step.ignore);
    more("mask", &step.mask);
    if step.ktap {
        more("ktap", &["yes".to_owned()]);
    }
    entries
}

fn text<S: AsRef<str>>(path: String, lines: &[S]) -> Entry {
    let text: String = lines
        .iter()
        .map(|line| format!("{}\n", line.as_ref().trim_end()))
        .collect();
    Entry::new(path, Kind::File(text.into_bytes()))
}
