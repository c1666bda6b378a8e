//! Debian's packages, from any of its suites, without touching the machine's own apt set-up.
//!
//! apt runs with a sources list, package lists and a cache of its own below the cache directory. The mirror comes from the machine's
//! configuration; apt itself checks signatures (with the system's Debian keyring) and checksums.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, hash, lock, process};
use gateless_model::{Failure, Result};

use gateless_base::progress::Progress;

/// Where Debian's keyring package puts its keys, newest layout first.
const KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
];

/// A private apt set-up with the package lists of all suites, or the machine's own.
#[derive(Debug)]
pub struct Apt {
    /// Where the private set-up is; none for the machine's.
    directory: Option<Utf8PathBuf>,
}

/// A package version that some suite offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Binary package.
    pub package: String,
    /// Debian version, such as `7.3.4-1~bpo13+1`.
    pub version: String,
}

impl Apt {
    /// Reads the package lists of this release's backports, stable, its backports, testing and unstable, from the machine's own mirror.
    pub fn update(cache: &Utf8Path, codename: &str, progress: &mut dyn Progress) -> Result<Self> {
        progress.step("reading Debian's package lists");
        let (apt, mirrors) = Self::open(cache.join("apt"), codename)?;
        // Mirrors may serve the suites' aliases from an older state than their code names, so the aliases only tell the names.
        let aliases = apt.refresh(
            &mirrors,
            &[
                "stable".to_owned(),
                "testing".to_owned(),
                "unstable".to_owned(),
            ],
            "none",
        )?;
        let names = aliases
            .iter()
            .flat_map(|name| [name.clone(), format!("{name}-backports")]);
        let suites: BTreeSet<String> = names.chain([format!("{codename}-backports")]).collect();
        let suites: Vec<String> = suites.into_iter().collect();
        let read = apt.refresh(&mirrors, &suites, "Packages")?;
        progress.done();
        progress.note(&format!(
            "read the package lists of Debian {}",
            read.iter().cloned().collect::<Vec<_>>().join(", ")
        ));
        Ok(apt)
    }

    /// Reads the package lists of this release and of its backports alone, so that nothing of another release can be installed by it.
    pub fn with_backports(
        cache: &Utf8Path,
        codename: &str,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        progress.step("reading the package lists of Debian's backports");
        let (apt, mirrors) = Self::open(cache.join("apt-backports"), codename)?;
        let suites = ["", "-updates", "-backports"].map(|part| format!("{codename}{part}"));
        apt.refresh(&mirrors, &suites, "Packages")?;
        progress.done();
        Ok(apt)
    }

    /// The machine's own set-up, its package lists as they are.
    pub fn machine() -> Self {
        Self { directory: None }
    }

    /// apt's configuration file of this set-up, for `APT_CONFIG`; none for the machine's own.
    pub fn config(&self) -> Option<Utf8PathBuf> {
        self.directory.as_deref().map(config_of)
    }

    /// A set-up without lists in `directory`, and the mirrors that the machine itself uses.
    fn open(directory: Utf8PathBuf, codename: &str) -> Result<(Self, Vec<String>)> {
        for part in ["lists/partial", "cache/archives/partial"] {
            fs_err::create_dir_all(directory.join(part))?;
        }
        write_config(&directory)?;
        let apt = Self {
            directory: Some(directory),
        };
        let targets = process::stdout_of(Command::new("apt-get").args([
            "indextargets",
            "--format",
            "$(REPO_URI) $(RELEASE) $(COMPONENT)",
            "Created-By: Packages",
        ]))?;
        let mirrors = mirrors(&targets, codename);
        if mirrors.is_empty() {
            return Err(Failure::failed(format!(
                "apt on this machine knows no mirror of Debian {codename}"
            ))
            .help("add one to its sources (see sources.list(5)), then try again"));
        }
        Ok((apt, mirrors))
    }

    /// Reads the lists of `suites`; suites that a mirror doesn't have are passed over. Returns the code names of those that were read.
    fn refresh(
        &self,
        mirrors: &[String],
        suites: &[String],
        targets: &str,
    ) -> Result<BTreeSet<String>> {
        let Some(directory) = &self.directory else {
            return Err(Failure::failed(
                "the machine's own package lists are not gateless' to change",
            ));
        };
        let keyring = KEYRINGS.iter().find(|path| Utf8Path::new(path).is_file());
        let signed_by = keyring
            .map(|path| format!("signed-by={path} "))
            .unwrap_or_default();
        let lines = mirrors.iter().flat_map(|mirror| {
            suites
                .iter()
                .map(|suite| format!("deb [{signed_by}target={targets}] {mirror} {suite} main\n"))
                .collect::<Vec<_>>()
        });
        files::write(&directory.join("sources.list"), lines.collect::<String>())?;
        let output = process::output_of(self.command("apt-get").arg("update"))?;
        let names = code_names(directory)?;
        if names.is_empty() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::failed(format!(
                "Debian's package lists can't be read: {}",
                stderr.trim()
            ))
            .help("check the network and apt's proxy settings"));
        }
        Ok(names)
    }

    /// All versions of `package`, newest first.
    pub fn versions(&self, package: &str) -> Result<Vec<Offer>> {
        let text = process::stdout_of(self.command("apt-cache").args(["madison", package]))?;
        let mut offers = madison(&text);
        offers.dedup();
        // apt-cache lists by suite priority; the order of versions is dpkg's to know.
        let mut newest_first: Vec<Offer> = Vec::new();
        for offer in offers {
            let mut at = 0;
            while at < newest_first.len() && is_newer(&newest_first[at].version, &offer.version)? {
                at += 1;
            }
            if newest_first.get(at) != Some(&offer) {
                newest_first.insert(at, offer);
            }
        }
        Ok(newest_first)
    }

    /// The names of all packages that `pattern` (a POSIX regular expression) matches.
    pub fn names(&self, pattern: &str) -> Result<Vec<String>> {
        let text = process::stdout_of(self.command("apt-cache").args([
            "search",
            "--names-only",
            pattern,
        ]))?;
        Ok(text
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .map(str::to_owned)
            .collect())
    }

    /// Downloads a package into `directory` and returns its file there; apt and then we compare its checksum with the signed lists.
    pub fn download(
        &self,
        offer: &Offer,
        directory: &Utf8Path,
        progress: &mut dyn Progress,
    ) -> Result<Utf8PathBuf> {
        let name = format!("{}={}", offer.package, offer.version);
        progress.step(&format!("downloading {} {}", offer.package, offer.version));
        let mut command = self.command("apt-get");
        command
            .args(["-o", "APT::Status-Fd=1", "download", &name])
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| Failure::failed("`apt-get` can't be run").because(error))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                if let Some(percent) = line?
                    .strip_prefix("dlstatus:")
                    .and_then(|rest| rest.split(':').nth(1).map(str::to_owned))
                {
                    progress.tick(&format!("{percent} %"));
                }
            }
        }
        let output = child.wait_with_output()?;
        progress.done();
        if !output.status.success() {
            return Err(Failure::failed(format!(
                "{name} can't be downloaded: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ))
            .help("check the network and the free space, and try again"));
        }
        let mut packages = directory
            .read_dir_utf8()?
            .filter_map(|entry| Some(entry.ok()?.path().to_owned()))
            .filter(|path| path.extension() == Some("deb"));
        let file = packages
            .next()
            .ok_or_else(|| Failure::failed(format!("apt-get download {name} left no file")))?;
        check_sha256(&file, &self.record(offer)?)?;
        Ok(file)
    }

    /// The record of a package in the lists: its dependencies, its checksum and other fields.
    pub fn record(&self, offer: &Offer) -> Result<String> {
        let name = format!("{}={}", offer.package, offer.version);
        process::stdout_of(self.command("apt-cache").args(["show", &name]))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        if let Some(config) = self.config() {
            command.env("APT_CONFIG", config);
        }
        command
    }
}

fn config_of(directory: &Utf8Path) -> Utf8PathBuf {
    directory.join("apt.conf")
}

/// The code names of the suites whose lists were read.
fn code_names(directory: &Utf8Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in directory.join("lists").read_dir_utf8()? {
        let path = entry?.path().to_owned();
        if path.as_str().ends_with("Release") {
            let text = fs_err::read_to_string(&path)?;
            names.extend(
                text.lines()
                    .find_map(|line| line.strip_prefix("Codename: "))
                    .map(|name| name.trim().to_owned()),
            );
        }
    }
    Ok(names)
}

/// Writes the configuration that replaces the machine's own, whose hooks are about its own packages and would run for ours.
fn write_config(directory: &Utf8Path) -> Result<()> {
    let machine = process::stdout("apt-config".into(), &["dump"])?;
    let own = [
        ("Dir::Etc::Main", "/dev/null"),
        ("Dir::Etc::Parts", "/dev/null"),
        ("Dir::Etc::SourceList", &format!("{directory}/sources.list")),
        ("Dir::Etc::SourceParts", "/dev/null"),
        ("Dir::Etc::Preferences", "/dev/null"),
        ("Dir::Etc::PreferencesParts", "/dev/null"),
        ("Dir::State::Lists", &format!("{directory}/lists")),
        ("Dir::Cache", &format!("{directory}/cache")),
        ("Acquire::Languages", "none"),
        ("Acquire::Retries", "3"),
        // apt's own download user may not be able to reach a cache directory below /root.
        ("APT::Sandbox::User", "root"),
    ];
    let own: String = own
        .iter()
        .map(|(name, value)| format!("{name} \"{value}\";\n"))
        .collect();
    files::write(&config_of(directory), &(own + &transport(&machine)))
}

/// The lines of `apt-config dump` that say how to reach mirrors: proxies and the like.
fn transport(dump: &str) -> String {
    // What weakens the check of signatures is left out as well.
    const OTHERS: [&str; 4] = [
        "Acquire::Allow",
        "Acquire::IndexTargets",
        "Acquire::Languages",
        "Acquire::Retries",
    ];
    let is_wanted = |line: &&str| {
        line.starts_with("Acquire::") && !OTHERS.iter().any(|other| line.starts_with(other))
    };
    dump.lines()
        .filter(is_wanted)
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Unpacks the files of a package into `directory`, installing nothing.
pub fn unpack(package: &Utf8Path, directory: &Utf8Path) -> Result<()> {
    process::stdout_of(Command::new("dpkg-deb").args(["-x", package.as_str(), directory.as_str()]))
        .map(drop)
}

/// Takes the lock under which packages are fetched, so that several gateless processes share one download.
pub fn lock(cache: &Utf8Path) -> Result<lock::Lock> {
    fs_err::create_dir_all(cache).map_err(|error| {
        Failure::failed(format!("the cache directory {cache} can't be made"))
            .because(error)
            .help("set GATELESS_CACHE to a directory that can be written to")
    })?;
    lock::wait(&cache.join("fetch.lock"))
}

fn is_newer(left: &str, right: &str) -> Result<bool> {
    let status =
        process::output_of(Command::new("dpkg").args(["--compare-versions", left, "gt", right]))?
            .status;
    Ok(status.success())
}

/// The mirrors of Debian `codename` in the output of `apt-get indextargets`: those with its main component, security archives left out.
fn mirrors(targets: &str, codename: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in targets.lines() {
        if let [uri, release, "main"] = line.split(' ').collect::<Vec<_>>()[..]
            && (release == codename || release == format!("{codename}-updates"))
            && !found.iter().any(|known| known == uri)
        {
            found.push(uri.to_owned());
        }
    }
    found
}

/// The lines of `apt-cache madison`: package, version, source.
fn madison(text: &str) -> Vec<Offer> {
    let offers = text.lines().filter_map(|line| {
        let mut fields = line.split('|').map(str::trim);
        let (package, version, origin) = (fields.next()?, fields.next()?, fields.next()?);
        // Sources are listed as well where a sources list has `deb-src`.
        origin.ends_with("Packages").then(|| Offer {
            package: package.to_owned(),
            version: version.to_owned(),
        })
    });
    offers.collect()
}

fn check_sha256(file: &Utf8Path, record: &str) -> Result<()> {
    let published = record
        .lines()
        .find_map(|line| line.strip_prefix("SHA256: "))
        .map(str::trim)
        .ok_or_else(|| Failure::failed(format!("the package lists give no SHA256 for {file}")))?;
    let found = hash::sha256_file(file)?;
    if found != published {
        return Err(Failure::failed(format!(
            "{file} is damaged: its SHA256 is {found}, but the package lists say {published}"
        ))
        .help("try again; a proxy may have kept a damaged copy"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mirrors_of_this_debian_release_are_asked() {
        let targets = "http://m/debian/ bookworm main\nhttp://m/debian/ bookworm-updates main\nhttp://m/debian-security/ bookworm-security main\n\
                       https://other/apt/ cloud-sdk-bookworm main\nhttps://vendor/linux/ bookworm stable\n";
        assert_eq!(mirrors(targets, "bookworm"), ["http://m/debian/"]);
        assert!(mirrors(targets, "trixie").is_empty());
    }

    #[test]
    fn the_machines_proxies_are_used_and_its_hooks_are_not() {
        let dump = "APT::Update::Post-Invoke:: \"rm -f /x\";\nAcquire::http::Proxy \"http://p:1/\";\nAcquire::AllowInsecureRepositories \"1\";\nAcquire::Languages:: \"none\";\n\
                    Acquire::IndexTargets::deb::DEP-11 \"\";\nDPkg::Post-Invoke:: \"x\";\n";
        assert_eq!(transport(dump), "Acquire::http::Proxy \"http://p:1/\";\n");
    }

    #[test]
    fn offered_versions_are_read() {
        let text = "linux-source-7.3 | 7.3.4-1~bpo13+1 | http://m/debian trixie-backports/main amd64 Packages\n linux | 7.3.4-1 | http://m/debian sid/main Sources\n";
        assert_eq!(
            madison(text),
            [Offer {
                package: "linux-source-7.3".into(),
                version: "7.3.4-1~bpo13+1".into()
            }]
        );
    }

    #[test]
    fn a_damaged_package_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = Utf8Path::from_path(file.path()).unwrap();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        check_sha256(path, &format!("Package: x\nSHA256: {empty}\n")).unwrap();
        fs_err::write(path, "x").unwrap();
        assert!(
            check_sha256(path, &format!("SHA256: {empty}\n"))
                .unwrap_err()
                .what
                .contains("damaged")
        );
        assert!(check_sha256(path, "Package: x\n").is_err());
    }
}
