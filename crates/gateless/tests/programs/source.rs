//! The compiler's own UI tests, out of its source package (`ui_sources.txt`), fetched by the machine's package manager with a configuration of
//! its own: nothing that belongs to the machine is changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory with the UI tests of the compiler on PATH: what `asked` names, or with `fetch` what the package has.
pub fn directory(asked: &Path) -> PathBuf {
    if asked != Path::new("fetch") {
        return asked.to_owned();
    }
    let version = version();
    let home = cache().join("ui-tests").join(&version);
    let tests = home.join("tests/ui");
    if !tests.is_dir() {
        fs::create_dir_all(&home).expect("the cache can be written to");
        unpack(&archive(&home, &version), &home);
        assert!(tests.is_dir(), "the source package has no tests/ui");
    }
    tests
}

/// The version of the compiler on PATH, such as `1.95.0`.
fn version() -> String {
    let told = output(Command::new("rustc").arg("--version"));
    let mut words = told.split_whitespace();
    words.nth(1).expect("a version").to_owned()
}

fn cache() -> PathBuf {
    let own = std::env::var_os("GATELESS_CACHE").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache/gateless");
    own.unwrap_or_else(home)
}

/// Downloads the archive of the sources into `home`.
fn archive(home: &Path, version: &str) -> PathBuf {
    let tars = || {
        let entries = fs::read_dir(home).unwrap().flatten();
        let mut tars = entries.map(|entry| entry.path()).filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.contains(".orig.tar.")
        });
        tars.next()
    };
    if let Some(tar) = tars() {
        return tar;
    }
    let rows = include_str!("ui_sources.txt").lines();
    let mut rows = rows.filter(|line| !line.starts_with('#')).map(|line| {
        let mut words = line.split_whitespace();
        (
            words.next().expect("a suite"),
            words.next().expect("a package"),
        )
    });
    let found = rows.find_map(|(suite, package)| {
        let apt = Apt::of_suite(home, suite);
        let versions = apt.output("apt-cache", &["madison", package]);
        let mut versions = versions.lines().filter_map(|line| line.split('|').nth(1));
        let own = versions.find(|found| found.trim().starts_with(version))?;
        Some((apt, format!("{package}={}", own.trim())))
    });
    let (apt, package) = found.unwrap_or_else(|| {
        panic!("ui_sources.txt names no package with the sources of rustc {version}")
    });
    apt.output(
        "apt-get",
        &["source", "--download-only", "--tar-only", &package],
    );
    tars().expect("the archive of the sources")
}

/// The package manager, with one suite's sources.
struct Apt {
    home: PathBuf,
    options: Vec<String>,
}

impl Apt {
    fn of_suite(home: &Path, suite: &str) -> Self {
        let state = home.join("apt").join(suite);
        for directory in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(state.join(directory)).unwrap();
        }
        let list = state.join("sources.list");
        fs::write(
            &list,
            format!("deb-src {} {suite} main\n", archive_of_machine()),
        )
        .unwrap();
        let option = |name: &str, path: &Path| format!("-o{name}={}", path.display());
        let apt = Self {
            home: home.to_owned(),
            options: vec![
                option("Dir::Etc::sourcelist", &list),
                "-oDir::Etc::sourceparts=-".to_owned(),
                option("Dir::State::lists", &state.join("lists")),
                option("Dir::Cache", &state.join("cache")),
            ],
        };
        apt.output("apt-get", &["update"]);
        apt
    }

    fn output(&self, program: &str, args: &[&str]) -> String {
        let mut command = Command::new(program);
        output(
            command
                .args(&self.options)
                .args(args)
                .current_dir(&self.home),
        )
    }
}

/// The archive from which the machine has its own packages.
fn archive_of_machine() -> String {
    let told = output(Command::new("apt-get").args([
        "indextargets",
        "--format",
        "$(ORIGIN) $(REPO_URI)",
        "Created-By: Packages",
    ]));
    let mut archives = told.lines().filter_map(|line| line.strip_prefix("Debian "));
    let archive = archives.find(|archive| !archive.contains("security"));
    archive
        .expect("the machine's packages are Debian's")
        .to_owned()
}

/// Unpacks the tests.
fn unpack(archive: &Path, home: &Path) {
    output(
        Command::new("tar")
            .arg("-xf")
            .arg(archive)
            .args(["--strip-components=1", "--wildcards", "*/tests/ui/*"])
            .current_dir(home),
    );
}

/// What a command prints; it has to succeed.
fn output(command: &mut Command) -> String {
    let output = command.output().expect("the command can be run");
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
