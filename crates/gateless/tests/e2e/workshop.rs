//! Where the tests of an architecture build: a copy of the kernel tree, a copy of the gateless program, and one output directory each for
//! the gated and the gateless build, which all of them share.
//!
//! All of it is in a directory of `$GATELESS_CACHE/e2e` and stays there, so that the next run compiles only what has changed; without
//! the variable, in cargo's directory for the files of tests.

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};
use libtest_mimic::Failed;

use crate::tree_copy;

/// The result of a test or of a part of it.
pub type Tested<T = ()> = Result<T, Failed>;

/// Gated or gateless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Upstream's own way.
    Gated,
    /// Through the wrappers.
    Gateless,
}

impl Mode {
    /// The one that it is compared with.
    pub fn other(self) -> Self {
        match self {
            Mode::Gated => Mode::Gateless,
            Mode::Gateless => Mode::Gated,
        }
    }
}

/// The directories of an architecture, and what was built in them so far. One test at a time uses it; nothing in it is another's.
#[derive(Debug)]
pub struct Workshop {
    /// Directory of everything.
    pub root: Utf8PathBuf,
    /// The copy of the kernel tree.
    pub tree: Utf8PathBuf,
    source: Utf8PathBuf,
    /// Architecture that is built, by its preset for tests.
    pub arch: &'static str,
    /// Whether nothing was changed since the gateless build was seen to have nothing left to do.
    pub settled: bool,
    program: Utf8PathBuf,
    gated: Option<String>,
    gateless: Option<String>,
}

/// A driver of the tree that the configurations leave out.
pub const DRIVER: &str = "samples/rust/rust_minimal.rs";

/// One line of Kbuild's output: what was done to which file, such as `RUSTC L` and `rust/kernel.o`.
pub type Made = (String, String);

/// What Kbuild says on every run, whether there is anything to do or not; LINK is `ln -f vmlinux linux`, and DESCEND enters a directory of
/// tools, whose own make says what it makes.
const ALWAYS: &[&str] = &["CALL", "CHK", "DESCEND", "GEN", "LINK", "SYNC", "UPD"];

impl Workshop {
    /// Copies the tree at `source` and the program under test.
    pub fn open(source: &Utf8Path, arch: &'static str) -> Tested<Self> {
        let root = match std::env::var_os("GATELESS_CACHE") {
            Some(_) => gateless_base::cache::root()?,
            None => Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
        };
        let root = root.join("e2e").join(arch);
        fs_err::create_dir_all(root.join("bin"))?;
        let tree = root.join("tree");
        tree_copy::renew(source, &tree)?;
        // A copy of its own, for some tests touch it; with the old time if it is the old program, for everything that
        // it compiled depends on it.
        let program = root.join("bin/gateless");
        let new = fs_err::read(env!("CARGO_BIN_EXE_gateless"))?;
        if fs_err::read(&program).ok().as_ref() != Some(&new) {
            replace(&program, &new)?;
            run(Command::new("chmod").args(["755", program.as_str()]))?;
        }
        Ok(Workshop {
            root,
            tree,
            source: source.to_owned(),
            arch,
            settled: false,
            program,
            gated: None,
            gateless: None,
        })
    }

    /// Output directory of a build of the preset for tests.
    pub fn out(&self, mode: Mode) -> Utf8PathBuf {
        self.out_of(self.arch, mode)
    }

    /// Output directory of a build of something else.
    pub fn out_of(&self, name: &str, mode: Mode) -> Utf8PathBuf {
        let mode = match mode {
            Mode::Gated => "gated",
            Mode::Gateless => "gateless",
        };
        self.root.join(format!("{name}-{mode}"))
    }

    /// Makes `out` a copy of the build in `from`, if that is there and `out` is not; tells whether it did.
    ///
    /// What is compiled in C is the same in all builds of a configuration, and takes most of the time. Make compiles anew what it has other
    /// commands for: all that is written in Rust. Of what gateless wrote about the other build nothing is left.
    pub fn begin(&self, out: &Utf8Path, from: &Utf8Path) -> Tested<bool> {
        if out.exists() || !from.join("include/config/auto.conf").exists() {
            return Ok(false);
        }
        let new = Utf8PathBuf::from(format!("{out}.new"));
        if new.exists() {
            fs_err::remove_dir_all(&new)?;
        }
        run(Command::new("cp").args(["-a", "--reflink=auto", from.as_str(), new.as_str()]))?;
        for file in ["build.log", "boot.log", "boot.json"] {
            if new.join(file).exists() {
                fs_err::remove_file(new.join(file))?;
            }
        }
        if new.join(".gateless").exists() {
            fs_err::remove_dir_all(new.join(".gateless"))?;
        }
        fs_err::rename(new, out)?;
        Ok(true)
    }

    /// Runs gateless as a user of the command line does, from another directory, in an environment with an open gate.
    pub fn gateless(&self, args: &[&str]) -> Tested<Output> {
        Ok(self.command(args).output()?)
    }

    /// The same, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir("/")
            .stdin(Stdio::null())
            .env("RUSTC_BOOTSTRAP", "1");
        command
    }

    /// Arguments that build in the directory for `mode`.
    pub fn arguments<'a>(&'a self, verb: &'a str, mode: Mode, out: &'a Utf8Path) -> Vec<&'a str> {
        let mut arguments = vec![
            verb,
            "--yes",
            "--arch",
            self.arch,
            "--tree",
            self.tree.as_str(),
            "--out",
            out.as_str(),
        ];
        if mode == Mode::Gated {
            arguments.push("--gated");
        }
        arguments
    }

    /// Builds, boots, and returns the JSON answer; only the first time in a run.
    pub fn boot(&mut self, mode: Mode) -> Tested<String> {
        let known = match mode {
            Mode::Gated => &self.gated,
            Mode::Gateless => &self.gateless,
        };
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let out = self.out(mode);
        self.begin(&out, &self.out(mode.other()))?;
        let mut arguments = self.arguments("boot", mode, &out);
        arguments.push("--json");
        let answer = succeeded(self.gateless(&arguments)?)?;
        match mode {
            Mode::Gated => self.gated = Some(answer.clone()),
            Mode::Gateless => self.gateless = Some(answer.clone()),
        }
        Ok(answer)
    }

    /// Builds the object of [`DRIVER`], which is not part of a build of everything.
    pub fn object(&self, mode: Mode) -> Tested<Output> {
        let out = self.out(mode);
        let object = Utf8Path::new(DRIVER).with_extension("o");
        let mut arguments = self.arguments("build", mode, &out);
        arguments.extend(["--", object.as_str()]);
        self.gateless(&arguments)
    }

    /// Builds again, and returns what Kbuild made anew.
    pub fn rebuild(&self, mode: Mode) -> Tested<BTreeSet<Made>> {
        let out = self.out(mode);
        succeeded(self.gateless(&self.arguments("build", mode, &out))?)?;
        self.made(mode)
    }

    /// What upstream's own build made anew for `change` in an earlier run with the same tree and configuration.
    ///
    /// It takes minutes to find out, and it can't be another one.
    pub fn upstream(&self, change: &str) -> Tested<Option<BTreeSet<Made>>> {
        let kept = self.root.join("upstream").join(change);
        if !kept.is_file() {
            return Ok(None);
        }
        let (key, mut made): (String, BTreeSet<Made>) =
            serde_json::from_slice(&fs_err::read(kept)?)?;
        // An older version of these tests may have kept it.
        made.retain(|(verb, _)| !ALWAYS.contains(&verb.as_str()));
        Ok((key == self.upstream_key()?).then_some(made))
    }

    /// Keeps it for later runs.
    pub fn keep_upstream(&self, change: &str, made: &BTreeSet<Made>) -> Tested {
        fs_err::create_dir_all(self.root.join("upstream"))?;
        let content = serde_json::to_vec(&(self.upstream_key()?, made))?;
        replace(&self.root.join("upstream").join(change), &content)
    }

    /// The configuration names the compilers as well.
    fn upstream_key(&self) -> Tested<String> {
        let out = self.out(Mode::Gated);
        let files = [
            out.join("include/config/kernel.release"),
            out.join(".config"),
            self.tree.join("rust/Makefile"),
        ];
        let texts = files
            .iter()
            .map(fs_err::read_to_string)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(texts.concat())
    }

    /// What the last build of the preset for tests made, from its log.
    pub fn made(&self, mode: Mode) -> Tested<BTreeSet<Made>> {
        self.made_in(&self.out(mode))
    }

    /// What the last build in a directory made, from its log.
    pub fn made_in(&self, out: &Utf8Path) -> Tested<BTreeSet<Made>> {
        let log = fs_err::read_to_string(out.join("build.log"))?;
        Ok(log
            .lines()
            .filter_map(made)
            .filter(|(verb, _)| !ALWAYS.contains(&verb.as_str()))
            .collect())
    }

    /// Gives a file of the tree a new time and leaves its content; the original, of which it is a hard link, stays.
    pub fn touch(&self, file: &str) -> Tested {
        let path = self.tree.join(file);
        replace(&path, &fs_err::read(&path)?)
    }

    /// Gives the files of the directory that `file` is in their old times back: what was made of them since is newer.
    pub fn untouch(&self, file: &str) -> Tested {
        let directory = Utf8Path::new(file).parent().ok_or("not in a directory")?;
        tree_copy::renew(&self.source.join(directory), &self.tree.join(directory))
    }

    /// Replaces a file of the tree by its content with `from` replaced by `to`; returns what was there.
    pub fn edit(&self, file: &str, from: &str, to: &str) -> Tested<Vec<u8>> {
        let path = self.tree.join(file);
        let old = fs_err::read_to_string(&path)?;
        if !old.contains(from) {
            return Err(format!("{file} has no `{from}`").into());
        }
        replace(&path, old.replacen(from, to, 1).as_bytes())?;
        Ok(old.into_bytes())
    }

    /// Puts a file of the tree back.
    pub fn restore(&self, file: &str, content: &[u8]) -> Tested {
        replace(&self.tree.join(file), content)
    }

    /// Gives the program this time, or that of now; returns the one it had.
    pub fn date_program(&self, time: Option<SystemTime>) -> Tested<SystemTime> {
        let file = fs_err::File::open(&self.program)?;
        let old = file.metadata()?.modified()?;
        file.file()
            .set_modified(time.unwrap_or_else(SystemTime::now))?;
        Ok(old)
    }
}

fn replace(path: &Utf8Path, content: &[u8]) -> Tested {
    let new = Utf8PathBuf::from(format!("{path}.new"));
    fs_err::write(&new, content)?;
    fs_err::rename(&new, path)?;
    Ok(())
}

/// Runs a command that has to succeed.
pub fn run(command: &mut Command) -> Tested {
    succeeded(command.output()?).map(drop)
}

/// Standard output of a command that succeeded; all its output as the reason if it did not.
pub fn succeeded(output: Output) -> Tested<String> {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    Err(format!(
        "{}\n{stdout}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}

/// `  RUSTC L rust/kernel.o` as (`RUSTC L`, `rust/kernel.o`).
fn made(line: &str) -> Option<Made> {
    let rest = line.strip_prefix("  ")?;
    let (verb, target) = rest.rsplit_once(' ')?;
    let verb = verb.trim_end();
    let shouted = |c: char| c.is_ascii_uppercase() || c == ' ' || c == '_';
    (verb.chars().all(shouted) && !verb.is_empty()).then(|| (verb.to_owned(), target.to_owned()))
}

/// One test after the other: a test that failed leaves the directories usable.
pub fn alone(workshop: &Mutex<Workshop>) -> MutexGuard<'_, Workshop> {
    workshop.lock().unwrap_or_else(PoisonError::into_inner)
}
