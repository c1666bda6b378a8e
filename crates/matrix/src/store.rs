//! Where results are kept: a directory with `results.jsonl`, one [`RunRecord`] a line, and `logs/HASH.log`, the logs that they cite.
//!
//! Lines are only ever added. A record counts while its log is there and has its hash.

use std::fs::OpenOptions;
use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_base::{files, hash, lock};
use gateless_model::targets::{Cell, RunRecord, VERSION, Variant};
use gateless_model::{Failure, Result};

const LIST: &str = "results.jsonl";

/// One directory of results.
#[derive(Debug, Clone)]
pub struct Store {
    directory: Utf8PathBuf,
}

/// What was taken over from elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Records that are new here.
    pub added: Vec<RunRecord>,
    /// How many were here already.
    pub known: usize,
    /// Records and lines that do not count, each with the reason.
    pub refused: Vec<String>,
}

impl Store {
    /// The store in `directory`, which need not exist.
    pub fn new(directory: &Utf8Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// All records in the order in which they were added, whether their logs are there or not.
    ///
    /// A last line that was cut off by an interruption is left out.
    ///
    /// # Errors
    /// If a line is no record of this version.
    pub fn records(&self) -> Result<Vec<RunRecord>> {
        let path = self.directory.join(LIST);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs_err::read_to_string(&path)?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| {
                let place = format!("{path}:{}", number + 1);
                let record: RunRecord = serde_json::from_str(line).map_err(|error| {
                    Failure::failed(format!("{place} is no result of `gateless matrix`"))
                        .because(error)
                        .help("it was written by another version, or damaged; move the file away")
                })?;
                if record.version != VERSION {
                    return Err(Failure::failed(format!(
                        "{place} has version {}, and {VERSION} is known",
                        record.version
                    )));
                }
                Ok(record)
            })
            .collect()
    }

    /// Why a record does not count, if it does not.
    pub fn doubt(&self, record: &RunRecord) -> Result<Option<String>> {
        let Some(hash) = &record.result.log_sha256 else {
            return Ok(Some("it cites no log".to_owned()));
        };
        if !is_hash(hash) {
            return Ok(Some(format!("`{hash}` is no SHA-256")));
        }
        let log = self.log(hash);
        if !log.is_file() {
            return Ok(Some(format!("its log {log} is not there")));
        }
        let found = hash::sha256_file(&log)?;
        Ok((found != *hash).then(|| format!("its log {log} has the hash {found}")))
    }

    /// The last result of each architecture that counts. With several presets, releases or compilers it is the last of them all.
    pub fn latest(&self) -> Result<Vec<Variant>> {
        let mut latest: Vec<Variant> = Vec::new();
        let mut records = self.records()?;
        // Results of other machines may have been collected in any order; RFC 3339 sorts as text.
        records.sort_by(|a, b| a.result.date.cmp(&b.result.date));
        for record in records {
            if self.doubt(&record)?.is_none() {
                latest.retain(|variant| variant.name != record.result.name);
                latest.push(record.result);
            }
        }
        Ok(latest)
    }

    /// The last record of a cell by the same program, if it counts and nothing of it failed.
    pub fn done(&self, cell: &Cell, gateless: &str) -> Result<Option<RunRecord>> {
        let records = self.records()?;
        let last = records
            .into_iter()
            .rev()
            .find(|record| record.cell == *cell && record.gateless == gateless);
        let Some(record) = last.filter(|record| record.failed.is_none()) else {
            return Ok(None);
        };
        Ok(self.doubt(&record)?.is_none().then_some(record))
    }

    /// Adds a record; its log becomes the file `log`, and the hash is written into the record.
    pub fn add(&self, record: &mut RunRecord, log: Option<&Utf8Path>) -> Result<()> {
        fs_err::create_dir_all(self.directory.join("logs"))?;
        if let Some(log) = log {
            record.result.log_sha256 = Some(self.keep(log)?);
        }
        let mut line = serde_json::to_string(record)
            .map_err(|error| Failure::failed("a result can't be written").because(error))?;
        line.push('\n');
        let path = self.directory.join(LIST);
        let mut options = OpenOptions::new();
        options.append(true).create(true).read(true);
        let mut file = options
            .open(&path)
            .map_err(|error| Failure::failed(format!("{path} can't be opened")).because(error))?;
        // Several matrices may share a store.
        lock::hold(&file, &path)?;
        let text = fs_err::read(&path)?;
        if text.last().is_some_and(|last| *last != b'\n') {
            // Ends what an interrupted writer left, which then is no record; it is taken off rather than kept as a broken line.
            let end = text
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            file.set_len(end as u64)
                .map_err(|error| Failure::failed(format!("{path} can't be cut")).because(error))?;
        }
        file.write_all(line.as_bytes())
            .map_err(|error| Failure::failed(format!("{path} can't be written")).because(error))
    }

    /// Takes over the records of every store below `from`, with their logs.
    pub fn collect(&self, from: &Utf8Path) -> Result<Collected> {
        let mut collected = Collected::default();
        let mut known = self.records()?;
        for directory in stores(from)? {
            let other = Store::new(&directory);
            for mut record in other.records()? {
                if known.contains(&record) {
                    collected.known += 1;
                    continue;
                }
                if let Some(doubt) = other.doubt(&record)? {
                    let cell = crate::plan::slug(&record.cell);
                    collected
                        .refused
                        .push(format!("{directory}: {cell}: {doubt}"));
                    continue;
                }
                let log = record
                    .result
                    .log_sha256
                    .as_ref()
                    .map(|hash| other.log(hash));
                self.add(&mut record, log.as_deref())?;
                known.push(record.clone());
                collected.added.push(record);
            }
        }
        Ok(collected)
    }

    fn log(&self, hash: &str) -> Utf8PathBuf {
        self.directory.join("logs").join(format!("{hash}.log"))
    }

    /// Copies a log in under its hash, in one step.
    fn keep(&self, log: &Utf8Path) -> Result<String> {
        let bytes = fs_err::read(log)?;
        let hash = hash::sha256(&bytes);
        let to = self.log(&hash);
        if !to.is_file() {
            files::write(&to, &bytes)?;
        }
        Ok(hash)
    }
}

/// The directories below `from` that are stores, `from` among them.
fn stores(from: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    if !from.is_dir() {
        return Err(Failure::failed(format!("there is no directory {from}")));
    }
    let mut found = Vec::new();
    let mut directories = vec![from.to_owned()];
    while let Some(directory) = directories.pop() {
        if directory.join(LIST).is_file() {
            found.push(directory.clone());
        }
        for entry in directory.read_dir_utf8()? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                directories.push(entry.into_path());
            }
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(Failure::failed(format!("no {LIST} in {from} or below"))
            .help("give the directory in which the results of the jobs were put together"));
    }
    Ok(found)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn record(arch: &str, date: &str) -> RunRecord {
        RunRecord {
            version: VERSION,
            cell: Cell {
                arch: arch.to_owned(),
                release: "7.3".to_owned(),
                rustc: None,
                preset: format!("{arch}-small"),
            },
            gateless: "0.1.0".to_owned(),
            result: Variant {
                name: arch.to_owned(),
                built: true,
                booted: true,
                date: Some(date.to_owned()),
                ..Variant::default()
            },
            failed: None,
            commands: Vec::new(),
            seconds: 1,
        }
    }

    struct Directory(tempfile::TempDir);

    impl Directory {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> Utf8PathBuf {
            Utf8Path::from_path(self.0.path()).unwrap().join(name)
        }

        /// A store with one record.
        fn store(&self, name: &str, arch: &str, date: &str) -> Store {
            let log = self.path("boot.log");
            fs_err::write(&log, format!("{arch} at {date}")).unwrap();
            let store = Store::new(&self.path(name));
            store.add(&mut record(arch, date), Some(&log)).unwrap();
            store
        }
    }

    #[test]
    fn without_its_log_a_result_is_not_claimed() {
        let directory = Directory::new();
        let store = directory.store("s", "um", "2026-01-01");
        let hash = store.latest().unwrap()[0].log_sha256.clone().unwrap();
        let log = store.log(&hash);
        fs_err::write(&log, "something else").unwrap();
        assert!(
            store.latest().unwrap().is_empty(),
            "a log with another hash"
        );
        fs_err::remove_file(log).unwrap();
        assert!(store.latest().unwrap().is_empty(), "no log");
        assert_eq!(store.records().unwrap().len(), 1);
    }

    #[test]
    fn only_a_good_run_by_the_same_program_is_not_repeated() {
        let directory = Directory::new();
        let store = directory.store("s", "um", "2026-01-01");
        let cell = record("um", "").cell;
        assert!(store.done(&cell, "0.1.0").unwrap().is_some());
        assert!(store.done(&cell, "0.2.0").unwrap().is_none());
        assert!(
            store
                .done(&record("arm", "").cell, "0.1.0")
                .unwrap()
                .is_none()
        );
        let mut failed = record("um", "2026-01-02");
        failed.failed = Some(gateless_model::targets::FailedStep {
            step: "boot".to_owned(),
            exit: Some(4),
            message: String::new(),
        });
        store
            .add(&mut failed, Some(&directory.path("boot.log")))
            .unwrap();
        assert!(store.done(&cell, "0.1.0").unwrap().is_none());
    }

    #[test]
    fn a_line_that_was_cut_off_is_no_result_and_stands_in_no_ones_way() {
        let directory = Directory::new();
        let store = directory.store("s", "um", "2026-01-01");
        let list = directory.path("s").join(LIST);
        let text = fs_err::read_to_string(&list).unwrap();
        fs_err::write(&list, format!("{text}{}", &text[..text.len() / 2])).unwrap();
        assert_eq!(store.records().unwrap().len(), 1);
        directory.store("s", "arm", "2026-01-02");
        assert_eq!(store.records().unwrap().len(), 2);
        fs_err::write(&list, "{}\n").unwrap();
        assert!(store.records().unwrap_err().what.contains(":1"));
    }

    #[test]
    fn results_of_other_machines_come_with_their_logs_and_only_once() {
        let directory = Directory::new();
        directory.store("from/a", "um", "2026-01-01");
        directory.store("from/b/c", "arm", "2026-01-02");
        let broken = directory.store("from/d", "s390", "2026-01-02");
        let hash = broken.latest().unwrap()[0].log_sha256.clone().unwrap();
        fs_err::remove_file(broken.log(&hash)).unwrap();
        let own = directory.store("own", "um", "2026-02-01");
        let collected = own.collect(&directory.path("from")).unwrap();
        assert_eq!((collected.added.len(), collected.known), (2, 0));
        assert!(collected.refused[0].contains("s390-small") && collected.refused.len() == 1);
        let again = own.collect(&directory.path("from")).unwrap();
        assert_eq!((again.added.len(), again.known), (0, 2));
        let latest = own.latest().unwrap();
        let dates: Vec<_> = latest
            .iter()
            .map(|v| (v.name.as_str(), v.date.as_deref().unwrap()))
            .collect();
        assert_eq!(
            dates,
            [("arm", "2026-01-02"), ("um", "2026-02-01")],
            "collected later, but older"
        );
        assert!(own.collect(&directory.path("nowhere")).is_err());
        assert!(own.collect(&directory.path("own/logs")).is_err());
    }
}
