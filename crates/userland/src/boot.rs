//! The userland of one build: which checks, their initial RAM file systems, their boots.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{Progress, files};
use gateless_lab::expected::Expected;
use gateless_lab::{Guest, boot_to_panic, screen};
use gateless_linux::DotConfig;
use gateless_linux::out::tree_of;
use gateless_machines::Machine;
use gateless_model::{Failure, Result};

use crate::modules::{self, Module};
use crate::{Check, Script, abi, archive, guest, programs};

/// Stands for every check of `userland/`.
const ALL: &str = "all";
/// Stands for no check.
const NONE: &str = "none";

/// The checks that `words` name, each once.
///
/// # Errors
/// If a word is no check.
pub fn chosen(words: &[String]) -> Result<Vec<Check>> {
    let mut checks: Vec<Check> = Vec::new();
    for word in words {
        let more = match word.as_str() {
            // One with an init of its own can't be in one boot with the others.
            ALL => Check::all()
                .iter()
                .filter(|check| check.init.is_none())
                .cloned()
                .collect(),
            NONE => Vec::new(),
            name => vec![Check::find(name)?],
        };
        for check in more {
            if !checks.iter().any(|known| known.name == check.name) {
                checks.push(check);
            }
        }
    }
    Ok(checks)
}

/// Writes the sources of modules that `checks` generate for the build in `out`; the directories, which make takes as `M=`.
///
/// # Errors
/// If the configuration can't be read or something can't be written.
pub fn generate(checks: &[Check], out: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    if !checks.iter().any(|check| check.abi) {
        return Ok(Vec::new());
    }
    let config = DotConfig::read(out)?;
    let directory = generated(out)?;
    fs_err::create_dir_all(&directory)?;
    for (name, text) in abi::sources(&|symbol| config.is_on(symbol)) {
        files::write_if_changed(&directory.join(name), text)?;
    }
    Ok(vec![directory])
}

/// Where the sources of [`generate`] are.
fn generated(out: &Utf8Path) -> Result<Utf8PathBuf> {
    Ok(out.canonicalize_utf8()?.join(".gateless/modules/abi"))
}

/// The userland of one build: what its boots need, ready.
pub struct Userland {
    out: Utf8PathBuf,
    modules: Vec<Module>,
    config: DotConfig,
    checks: Vec<Check>,
    main: Option<Prepared>,
}

/// The userland of one boot.
struct Prepared {
    script: Script,
    initramfs: Utf8PathBuf,
}

impl Prepared {
    fn guest(&self) -> Guest<'_> {
        Guest {
            initramfs: &self.initramfs,
            devices: &self.script.devices,
            arguments: &self.script.arguments,
            counts_instructions: false,
        }
    }
}

impl Userland {
    /// Makes everything that `checks` need for the kernel in the output directory `out`.
    ///
    /// # Errors
    /// If modules are missing, a program can't be compiled, or something can't be written.
    pub fn prepare(
        checks: Vec<Check>,
        out: &Utf8Path,
        progress: &mut dyn Progress,
    ) -> Result<Userland> {
        let mut userland = Userland {
            out: out.canonicalize_utf8()?,
            modules: Vec::new(),
            config: DotConfig::read(out)?,
            checks,
            main: None,
        };
        if userland.checks.is_empty() {
            return Ok(userland);
        }
        progress.step("making the initial RAM file system");
        userland.modules = modules::of_build(&userland.out)?;
        if userland.checks.iter().any(|check| check.abi) {
            let directory = generated(out)?;
            let built = modules::of_build(&directory)?;
            if built.is_empty() {
                return Err(Failure::failed(format!(
                    "{directory} has no module, which a check loads"
                ))
                .help("`gateless build` makes it"));
            }
            userland
                .modules
                .extend(built.into_iter().map(|module| Module {
                    file: directory.join(&module.file),
                    ..module
                }));
        }
        let checks = userland.checks.iter().filter(|check| !check.panic_screen);
        let checks: Vec<Check> = checks.cloned().collect();
        userland.main = match checks.as_slice() {
            [] => None,
            [
                check @ Check {
                    init: Some(init), ..
                },
            ] => Some(userland.pack_init(check, init)?),
            several => match several.iter().find(|check| check.init.is_some()) {
                Some(check) => {
                    return Err(Failure::usage(format!(
                        "the check {} has an init of its own, and runs alone",
                        check.name
                    ))
                    .help("boot once for it with --userland, and once for the others"));
                }
                None => Some(userland.pack(several, "userland.cpio")?),
            },
        };
        progress.done();
        Ok(userland)
    }

    /// What the boot with KUnit's tests is given, whose clock counts instructions if that is asked for.
    ///
    /// # Errors
    /// If it is asked for, and no check runs in that boot.
    pub fn guest(&self, counts_instructions: bool) -> Result<Option<Guest<'_>>> {
        match &self.main {
            Some(prepared) => Ok(Some(Guest {
                counts_instructions,
                ..prepared.guest()
            })),
            None if counts_instructions => Err(Failure::usage(
                "--count-instructions affects only what checks of userland measure, and none runs here",
            )
            .help("ask for checks with --userland, or drop it")),
            None => Ok(None),
        }
    }

    /// Adds the suites that the log must have.
    pub fn expect(&self, expected: &mut Expected) {
        for check in &self.checks {
            let reason = format!("the check {} of userland", check.name);
            if check.abi {
                expected.suites.insert(abi::NAME.to_owned(), reason.clone());
            }
            expected.suites.insert(check.name.clone(), reason);
        }
    }

    /// Boots each check that ends in a panic by itself, and returns the files with what was seen (KTAP).
    ///
    /// # Errors
    /// If a machine can't be started, or its screen can't be read.
    pub fn panic_screens(
        &self,
        machine: &Machine,
        limit: Duration,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Utf8PathBuf>> {
        let checks = self.checks.iter().filter(|check| check.panic_screen);
        checks
            .map(|check| self.panic_screen(check, machine, limit, progress))
            .collect()
    }

    fn panic_screen(
        &self,
        check: &Check,
        machine: &Machine,
        limit: Duration,
        progress: &mut dyn Progress,
    ) -> Result<Utf8PathBuf> {
        let name = &check.name;
        let file = |end: &str| self.out.join(format!("boot-{name}.{end}"));
        let (log, picture, text, ktap) = (file("log"), file("png"), file("txt"), file("ktap"));
        for old in [&log, &picture, &text, &ktap] {
            if old.exists() {
                fs_err::remove_file(old)?;
            }
        }
        let prepared = self.pack(std::slice::from_ref(check), &format!("{name}.cpio"))?;
        let skip = prepared.script.suites.iter().flat_map(|suite| &suite.cases);
        let answer = match skip.filter_map(|case| case.skip.as_ref()).next() {
            Some(reason) => screen::skipped(name, reason),
            None => {
                progress.step(&format!("booting to a panic ({})", machine.name()));
                let guest = prepared.guest();
                boot_to_panic(machine, &self.out, guest, &picture, &log, limit)?;
                progress.done();
                let decoded = match picture.is_file() {
                    true => screen::decode(&picture)?,
                    false => None,
                };
                if let Some(decoded) = &decoded {
                    fs_err::write(&text, decoded)?;
                }
                let console = fs_err::read(&log)?;
                screen::judge(name, &console, picture.is_file(), decoded.as_deref())
            }
        };
        fs_err::write(&ktap, answer)?;
        Ok(ktap)
    }

    /// Writes what a check with an init of its own needs: that program, and the modules with Rust in them, listed in the order in which they are loaded.
    fn pack_init(&self, check: &Check, init: &str) -> Result<Prepared> {
        let lacks = check.needs.iter().find(|symbol| !self.config.is_on(symbol));
        if let Some(symbol) = lacks {
            return Err(Failure::usage(format!(
                "the check {} needs CONFIG_{symbol}, which is off in {}",
                check.name, self.out
            )));
        }
        let modules = modules::with_rust(&self.modules);
        if modules.is_empty() {
            return Err(Failure::usage(format!(
                "the check {} loads modules with Rust in them, and {} has none",
                check.name, self.out
            )));
        }
        let scratch = tempfile::tempdir()?;
        let directory = Utf8Path::from_path(scratch.path())
            .ok_or_else(|| Failure::failed("the directory for temporary files is not UTF-8"))?;
        let program = programs::compile_init(init, &tree_of(&self.out), &self.out, directory)?;
        let files = guest::files_of_init(program, &modules, &self.out)?;
        let initramfs = self.out.join(".gateless/userland.cpio");
        archive::write(&initramfs, &files)?;
        let script = Script {
            suites: Vec::new(),
            devices: check.devices.clone(),
            arguments: check.arguments.clone(),
            programs: Vec::new(),
        };
        Ok(Prepared { script, initramfs })
    }

    /// Plans `checks` and writes what they need to `file` among gateless's own files in the output directory.
    fn pack(&self, checks: &[Check], file: &str) -> Result<Prepared> {
        let is_on = |symbol: &str| self.config.is_on(symbol);
        let script = Script::new(checks, &self.modules, &is_on)?;
        let scratch = tempfile::tempdir()?;
        let directory = Utf8PathBuf::try_from(scratch.path().to_owned())
            .map_err(|error| Failure::failed("temporary directory").because(error))?;
        let compiled =
            programs::compile(&script.programs, &tree_of(&self.out), &self.out, &directory)?;
        let files = guest::files(
            &script,
            &self.modules,
            &self.out,
            programs::busybox()?,
            compiled,
        )?;
        let initramfs = self.out.join(".gateless").join(file);
        archive::write(&initramfs, &files)?;
        Ok(Prepared { script, initramfs })
    }
}
