//! Whether structures that Rust and C share are laid out alike: sizes and offsets in Rust's debug information against those in C's.
//!
//! Rust's side is what rustc made of the crates that bindgen writes; C's side is what the kernel's own compiler made of the same
//! declarations, while bindgen asked libclang. Members are compared by name, those of unnamed structures as if they stood in the structure
//! around them, as both languages write them. Bit fields have no place of their own in Rust and are left out.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};
use gimli::{Dwarf, EndianSlice, RunTimeEndian};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget};
use serde::Serialize;

mod read;

use read::{Language, Types};

/// The crates whose types bindgen declares, as Kbuild names them.
const OF_BINDGEN: [&str; 2] = ["bindings", "uapi"];

/// Where a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// From the structure's begin, in bytes.
    pub offset: u64,
    /// In bytes; nothing where the debug information does not say it.
    pub size: Option<u64>,
}

/// A structure or union.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Layout {
    /// In bytes.
    pub size: u64,
    /// By name.
    pub members: BTreeMap<String, Place>,
    /// bindgen keeps the size alone.
    pub is_opaque: bool,
    /// Where bindgen has padding: begin and end. It also stands for members that bindgen cannot express.
    pub padding: Vec<(u64, u64)>,
}

/// What was compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Structures that are laid out alike.
    pub alike: usize,
    /// Members of these at the same place.
    pub members: usize,
    /// Structures that Rust has under a name that C's debug information has not, such as those of files that were not given.
    pub only_rust: Vec<String>,
    /// What differs, in words, by structure.
    pub different: BTreeMap<String, Vec<String>>,
}

impl Report {
    /// Whether something was compared and nothing differs.
    pub fn is_good(&self) -> bool {
        self.alike > 0 && self.different.is_empty()
    }
}

/// Compares the structures of the Rust code in `files` with those of the C code in them.
///
/// # Errors
/// If a file can't be read, or has debug information that is not understood.
pub fn compare(files: &[Utf8PathBuf]) -> Result<Report> {
    let (mut rust, mut c) = (BTreeMap::new(), BTreeMap::new());
    for path in files {
        let of_file = |failure: Failure| Failure::failed(path.as_str()).because(failure);
        let bytes = fs_err::read(path)?;
        collect(path, &bytes, &mut rust, &mut c).map_err(of_file)?;
    }
    Ok(report(&rust, &c))
}

/// All layouts that a name has: several where files define it differently for themselves.
type Layouts = BTreeMap<String, BTreeSet<Layout>>;

fn report(rust: &Layouts, c: &Layouts) -> Report {
    let mut report = Report::default();
    for (name, layouts) in rust {
        let Some(theirs) = c.get(name) else {
            report.only_rust.push(name.clone());
            continue;
        };
        for layout in layouts {
            let mut least: Option<Vec<String>> = None;
            for their in theirs {
                let found = differences(layout, their);
                if least.as_ref().is_none_or(|least| found.len() < least.len()) {
                    least = Some(found);
                }
            }
            match least {
                Some(found) if !found.is_empty() => {
                    report
                        .different
                        .entry(name.clone())
                        .or_default()
                        .extend(found);
                }
                _ => {
                    report.alike += 1;
                    report.members += layout.members.len();
                }
            }
        }
    }
    report
}

/// What is not alike, in words.
fn differences(rust: &Layout, c: &Layout) -> Vec<String> {
    let mut found = Vec::new();
    if rust.size != c.size {
        found.push(format!("{} bytes in Rust, {} in C", rust.size, c.size));
    }
    for (name, own) in &rust.members {
        // What is a keyword in Rust has an underscore behind it.
        let their = c.members.get(name).or_else(|| {
            let name = name.strip_suffix('_')?;
            c.members.get(name)
        });
        match their {
            None => found.push(format!("`{name}` is in Rust alone")),
            Some(their) if own.offset != their.offset => found.push(format!(
                "`{name}` is at {} in Rust, at {} in C",
                own.offset, their.offset
            )),
            Some(their) => {
                if let (Some(own), Some(their)) = (own.size, their.size)
                    && own != their
                    && own != 0
                {
                    found.push(format!("`{name}` has {own} bytes in Rust, {their} in C"));
                }
            }
        }
    }
    if !rust.is_opaque {
        for (name, their) in &c.members {
            let is_there =
                rust.members.contains_key(name) || rust.members.contains_key(&format!("{name}_"));
            let end = their.offset + their.size.unwrap_or(0);
            let is_padded = rust
                .padding
                .iter()
                .any(|(from, to)| *from <= their.offset && end <= *to);
            if !is_there && !is_padded {
                found.push(format!("`{name}` is in C alone"));
            }
        }
    }
    found
}

/// Adds what a file's debug information has.
fn collect(path: &Utf8Path, bytes: &[u8], rust: &mut Layouts, c: &mut Layouts) -> Result<()> {
    let unreadable =
        |error: object::Error| Failure::failed("it is no object that can be read").because(error);
    let file = object::File::parse(bytes).map_err(unreadable)?;
    let endian = if file.is_little_endian() {
        RunTimeEndian::Little
    } else {
        RunTimeEndian::Big
    };
    let mut sections = BTreeMap::new();
    for section in file.sections() {
        let name = section.name().map_err(unreadable)?;
        if name.starts_with(".debug_") {
            sections.insert(name.to_owned(), relocated(&file, &section)?);
        }
    }
    if !sections.contains_key(".debug_info") {
        return Err(Failure::failed("it has no debug information")
            .help(format!("build {path} with CONFIG_DEBUG_INFO")));
    }
    let load = |id: gimli::SectionId| -> Result<EndianSlice<'_, RunTimeEndian>, gimli::Error> {
        let section = sections.get(id.name());
        Ok(EndianSlice::new(section.map_or(&[][..], |s| s), endian))
    };
    let dwarf = Dwarf::load(load).map_err(super::dwarf::broken)?;
    read::units(&dwarf, &mut |language, types: &Types| {
        for (name, layout) in types.layouts(language) {
            let into = match language {
                Language::Rust => &mut *rust,
                Language::C => &mut *c,
            };
            into.entry(name).or_default().insert(layout);
        }
    })
    .map_err(super::dwarf::broken)
}

/// A debug section with its relocations applied, as far as they are to other debug sections: addresses of code say nothing here.
fn relocated(file: &object::File<'_>, section: &object::Section<'_, '_>) -> Result<Vec<u8>> {
    let unreadable = |error: object::Error| {
        Failure::failed("its debug information can't be read").because(error)
    };
    let data = section.uncompressed_data().map_err(unreadable)?;
    let mut bytes = data.into_owned();
    for (offset, relocation) in section.relocations() {
        let RelocationTarget::Symbol(index) = relocation.target() else {
            continue;
        };
        let symbol = file.symbol_by_index(index).map_err(unreadable)?;
        let of = symbol.section_index().map(|of| file.section_by_index(of));
        let is_debug = match of {
            Some(of) => of
                .map_err(unreadable)?
                .name()
                .map_err(unreadable)?
                .starts_with(".debug_"),
            None => false,
        };
        if !is_debug {
            continue;
        }
        let width = usize::from(relocation.size()) / 8;
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let field = at
            .checked_add(width)
            .and_then(|end| bytes.get_mut(at..end))
            .filter(|field| !field.is_empty());
        let (object::RelocationKind::Absolute, Some(field)) = (relocation.kind(), field) else {
            return Err(Failure::failed(format!(
                "its debug information has a relocation at {offset:#x} that is not supported: {:?}",
                relocation.flags()
            )));
        };
        let before = if relocation.has_implicit_addend() {
            number(field, file.is_little_endian())
        } else {
            0
        };
        let value = symbol
            .address()
            .wrapping_add_signed(relocation.addend())
            .wrapping_add(before);
        let last = field.len() - 1;
        for (index, byte) in field.iter_mut().enumerate() {
            let place = if file.is_little_endian() {
                index
            } else {
                last - index
            };
            *byte = (value >> (8 * place)) as u8;
        }
    }
    Ok(bytes)
}

fn number(field: &[u8], little: bool) -> u64 {
    let next = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if little {
        field.iter().rev().fold(0, next)
    } else {
        field.iter().fold(0, next)
    }
}
