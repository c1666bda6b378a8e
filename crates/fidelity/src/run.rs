//! Two output directories compared, object by object.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_llvm::Llvm;
use gateless_model::{Failure, Result};
use similar::{ChangeTag, TextDiff};

use crate::causes::{self, Cause, Evidence, renamed_crate};
use crate::compare::{Comparison, compare};
use crate::difference::{Aspect, Difference, Finding, Group, Side, Subject};
use crate::directory::Directory;
use crate::disassembly::Toolbox;
use crate::dwarf::{Entry, Row};
use crate::names::Renames;
use crate::object::{self, Object};
use crate::report::{
    CauseReport, Counts, DifferenceReport, FindingKind, ObjectReport, Report, VERSION, Verdict,
};

/// Lines shown around each difference of two disassemblies.
const CONTEXT: usize = 2;

/// What is to be compared.
pub struct Request<'a> {
    /// Output directory of the gated build.
    pub gated: &'a Utf8Path,
    /// Output directory of the gateless build.
    pub gateless: &'a Utf8Path,
    /// Only these objects, relative to the output directory; all if there are none.
    pub objects: &'a [Utf8PathBuf],
    /// The libLLVM that disassembles.
    pub llvm: &'static Llvm,
}

/// Compares the Rust objects of two output directories. `progress` is told the name of each object before it is compared.
///
/// # Errors
/// When a directory is not that of a kernel build, a wanted object is in neither, or an object can't be read.
pub fn run(request: &Request<'_>, progress: &mut dyn FnMut(&str)) -> Result<Report> {
    let gated = Directory::open(request.gated)?;
    let gateless = Directory::open(request.gateless)?;
    let all: BTreeSet<&Utf8PathBuf> = gated.objects.union(&gateless.objects).collect();
    if let Some(unknown) = request.objects.iter().find(|object| !all.contains(object)) {
        return Err(
            Failure::usage(format!("neither build has the Rust object `{unknown}`"))
                .help("name it relative to the output directory, as `rust/kernel.o`"),
        );
    }
    let mut tools = Toolbox::new(request.llvm);
    let mut report = Report {
        version: VERSION,
        gated: request.gated.to_string(),
        gateless: request.gateless.to_string(),
        verdict: Verdict::Identical,
        totals: Counts::default(),
        objects: Vec::new(),
        causes: Vec::new(),
    };
    let mut found: BTreeMap<&'static str, (&'static Cause, usize, Vec<String>)> = BTreeMap::new();
    for path in all
        .into_iter()
        .filter(|path| request.objects.is_empty() || request.objects.contains(path))
    {
        progress(path.as_str());
        let object =
            compare_object(path, &gated, &gateless, &mut tools).map_err(|failure| Failure {
                what: format!("{path}: {}", failure.what),
                ..failure
            })?;
        report.verdict = report.verdict.max(object.verdict);
        report.totals.add(&object.counts);
        for id in object
            .differences
            .iter()
            .filter_map(|difference| difference.cause.as_deref())
        {
            let Some(cause) = causes::ALL.iter().find(|cause| cause.id == id) else {
                continue;
            };
            let (_, differences, objects) = found.entry(cause.id).or_insert((cause, 0, Vec::new()));
            *differences += 1;
            if objects.last() != Some(&object.path) {
                objects.push(object.path.clone());
            }
        }
        report.objects.push(object);
    }
    report.causes = found
        .into_values()
        .map(|(cause, differences, objects)| CauseReport {
            id: cause.id.to_owned(),
            title: cause.title.to_owned(),
            words: cause.words.split_whitespace().collect::<Vec<_>>().join(" "),
            differences,
            objects,
        })
        .collect();
    Ok(report)
}

fn compare_object(
    path: &Utf8Path,
    gated: &Directory,
    gateless: &Directory,
    tools: &mut Toolbox,
) -> Result<ObjectReport> {
    // An object that Kbuild recorded may have been removed since.
    let bytes = |directory: &Directory| -> Result<Option<Vec<u8>>> {
        let file = directory.path.join(path);
        if !directory.objects.contains(path) || !file.exists() {
            Ok(None)
        } else {
            Ok(Some(fs_err::read(file)?))
        }
    };
    let (a, b) = match (bytes(gated)?, bytes(gateless)?) {
        (Some(a), Some(b)) => (a, b),
        (a, b) => {
            let finding = match (a, b) {
                (Some(_), _) => FindingKind::OnlyGated,
                (_, Some(_)) => FindingKind::OnlyGateless,
                _ => FindingKind::Missing,
            };
            let mut counts = Counts::default();
            counts.symbols.total = 1;
            counts.symbols.unexplained = 1;
            let difference = DifferenceReport {
                subject: Subject::Object,
                name: path.to_string(),
                finding,
                aspects: Vec::new(),
                cause: None,
                diff: Vec::new(),
            };
            return Ok(ObjectReport {
                path: path.to_string(),
                verdict: Verdict::Unexplained,
                counts,
                differences: vec![difference],
            });
        }
    };
    let first = object::read(&a, &gated.roots, &Renames::default(), tools)
        .map_err(|failure| in_directory(failure, gated))?;
    let second = object::read(&b, &gateless.roots, &Renames::default(), tools)
        .map_err(|failure| in_directory(failure, gateless))?;
    let plain = compare(&first, &second)?;
    let record = gateless.records.get(path);
    let renames = record.map(renamed_crate::renames).unwrap_or_default();
    let renamed = if renames.0.is_empty() {
        None
    } else {
        let second = object::read(&b, &gateless.roots, &renames, tools)
            .map_err(|failure| in_directory(failure, gateless))?;
        let comparison = compare(&first, &second)?;
        Some((second, comparison))
    };
    let evidence = Evidence {
        gateless,
        objects: (&first, &second),
        renamed: renamed.as_ref().map(|(_, comparison)| comparison),
    };

    let mut explained: Vec<(&Difference, &Object, Option<&'static Cause>)> = Vec::new();
    for difference in &plain.differences {
        // What is left when names are put back stands for what was there before.
        if !renamed
            .as_ref()
            .is_some_and(|(_, comparison)| renamed_crate::is_left(difference, comparison))
        {
            explained.push((difference, &second, causes::explain(difference, &evidence)));
        }
    }
    if let Some((second, comparison)) = &renamed {
        let evidence = Evidence {
            objects: (&first, second),
            renamed: None,
            ..evidence
        };
        explained.extend(
            comparison
                .differences
                .iter()
                .map(|difference| (difference, second, causes::explain(difference, &evidence))),
        );
    }
    let counted = renamed
        .as_ref()
        .map_or(&plain, |(_, comparison)| comparison);
    let counts = count(counted, &explained);
    let mut differences = Vec::new();
    for (difference, second, cause) in &explained {
        let diff = match (cause, difference.items) {
            (None, Some((a, b))) => diff(tools, (&first, a), (second, b))?,
            _ => Vec::new(),
        };
        differences.push(describe(difference, *cause, diff));
    }
    let verdict = match explained.as_slice() {
        [] => Verdict::Identical,
        all if all.iter().all(|(_, _, cause)| cause.is_some()) => Verdict::Explained,
        _ => Verdict::Unexplained,
    };
    Ok(ObjectReport {
        path: path.to_string(),
        verdict,
        counts,
        differences,
    })
}

fn in_directory(failure: Failure, directory: &Directory) -> Failure {
    Failure {
        what: format!("in `{}`, {}", directory.path, failure.what),
        ..failure
    }
}

/// How many are identical, explained and unexplained. What several differences are about counts once.
fn count(
    compared: &Comparison,
    explained: &[(&Difference, &Object, Option<&'static Cause>)],
) -> Counts {
    let mut counts = Counts::default();
    let totals = compared.compared;
    counts.functions.total = totals.functions;
    counts.data.total = totals.data;
    counts.sections.total = totals.sections;
    counts.symbols.total = totals.symbols;
    counts.types.total = totals.types;
    counts.debug.total = totals.debug;
    // Whether everything is explained, by group and name. Nameless ones and instances of the same name may look the same: each has its own number.
    let mut units: BTreeMap<(Group, &str, usize), bool> = BTreeMap::new();
    for (index, (difference, _, cause)) in explained.iter().enumerate() {
        // The two names of what was renamed are one thing: the gated build's stands for it.
        if cause.is_some_and(|cause| cause.id == renamed_crate::CAUSE.id)
            && difference.finding == Finding::Only(Side::Gateless)
        {
            continue;
        }
        let group = difference.subject.group();
        let number = if matches!(group, Group::Functions | Group::Data | Group::Types) {
            index
        } else {
            0
        };
        *units
            .entry((group, &difference.name, number))
            .or_insert(true) &= cause.is_some();
    }
    for ((group, ..), is_explained) in units {
        let count = counts.of(group);
        if is_explained {
            count.explained += 1;
        } else {
            count.unexplained += 1;
        }
    }
    for count in [
        &mut counts.functions,
        &mut counts.data,
        &mut counts.sections,
        &mut counts.symbols,
        &mut counts.types,
        &mut counts.debug,
    ] {
        count.identical = count
            .total
            .saturating_sub(count.explained + count.unexplained);
    }
    counts
}

fn describe(
    difference: &Difference,
    cause: Option<&'static Cause>,
    diff: Vec<String>,
) -> DifferenceReport {
    let (finding, aspects) = match &difference.finding {
        Finding::Only(Side::Gated) => (FindingKind::OnlyGated, Vec::new()),
        Finding::Only(Side::Gateless) => (FindingKind::OnlyGateless, Vec::new()),
        Finding::Changed(aspects) => (FindingKind::Changed, aspects.clone()),
        Finding::Rows(rows) => {
            let show = |row: &Option<Row>| {
                row.as_ref()
                    .map_or_else(|| "none".to_owned(), ToString::to_string)
            };
            let aspect = |(gated, gateless): &(_, _)| Aspect {
                what: "row".to_owned(),
                gated: show(gated),
                gateless: show(gateless),
            };
            (FindingKind::Changed, rows.iter().map(aspect).collect())
        }
        Finding::Entries(entries) => (
            FindingKind::Changed,
            entries
                .iter()
                .flat_map(|(gated, gateless)| entry_aspects(gated.as_ref(), gateless.as_ref()))
                .collect(),
        ),
    };
    DifferenceReport {
        subject: difference.subject,
        name: difference.name.clone(),
        finding,
        aspects,
        cause: cause.map(|cause| cause.id.to_owned()),
        diff,
    }
}

/// A line of a disassembly without its offset.
fn plain(line: &str) -> &str {
    line.split_once(": ").map_or(line, |(_, text)| text)
}

/// The lines of two disassemblies that differ, with a few around them. Offsets at the beginning of lines are left out of the comparison.
fn diff(
    tools: &mut Toolbox,
    (first, a): (&Object, usize),
    (second, b): (&Object, usize),
) -> Result<Vec<String>> {
    let (old, new) = (
        tools.lines(first, &first.items[a])?,
        tools.lines(second, &second.items[b])?,
    );
    let (plain_old, plain_new): (Vec<&str>, Vec<&str>) = (
        old.iter().map(|line| plain(line)).collect(),
        new.iter().map(|line| plain(line)).collect(),
    );
    let diff = TextDiff::from_slices(&plain_old, &plain_new);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        if !lines.is_empty() {
            lines.push("...".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (mark, line) = match (change.tag(), change.old_index(), change.new_index()) {
                (ChangeTag::Delete, Some(at), _) => ('-', &old[at]),
                (ChangeTag::Insert, _, Some(at)) => ('+', &new[at]),
                (_, Some(at), _) => (' ', &old[at]),
                _ => continue,
            };
            lines.push(format!("{mark}{line}"));
        }
    }
    Ok(lines)
}

/// The attributes in which two entries of the debug information differ.
fn entry_aspects(gated: Option<&Entry>, gateless: Option<&Entry>) -> Vec<Aspect> {
    let (Some(gated), Some(gateless)) = (gated, gateless) else {
        let show = |entry: Option<&Entry>| {
            entry.map_or_else(
                || "none".to_owned(),
                |entry| format!("{:?}", entry.attributes),
            )
        };
        let Some(entry) = gated.or(gateless) else {
            return Vec::new();
        };
        return vec![Aspect {
            what: format!("{} {}", entry.tag, entry.path),
            gated: show(gated),
            gateless: show(gateless),
        }];
    };
    let value = |entry: &Entry, name: &String| {
        entry
            .attributes
            .iter()
            .find(|(other, _)| other == name)
            .map_or("none", |(_, value)| value)
            .to_owned()
    };
    let mut names: Vec<&String> = gated
        .attributes
        .iter()
        .chain(&gateless.attributes)
        .map(|(name, _)| name)
        .collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            let what = format!("{} {}: {name}", gated.tag, gated.path);
            Aspect::of(
                &what,
                &value(gated, name),
                &value(gateless, name),
                String::clone,
            )
        })
        .collect()
}
