//! Output directories with one object each, made by the rustc on PATH, and objects edited in place.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_fidelity::report::{DifferenceReport, Report, Verdict};
use gateless_fidelity::{Request, run};
use gateless_llvm::Llvm;
use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _};

/// The object's name in every directory.
pub const OBJECT: &str = "rust/sample.o";

/// An output directory as Kbuild leaves it.
pub struct Out {
    _keep: tempfile::TempDir,
    pub path: Utf8PathBuf,
}

impl Out {
    /// Compiles `source` with more options; unstable ones are allowed: they make what a gated build makes.
    pub fn new(source: &str, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
        fs_err::create_dir_all(path.join("rust")).unwrap();
        fs_err::write(path.join("rust/sample.rs"), source).unwrap();
        let common = [
            "--crate-type=rlib",
            "--edition=2021",
            "-Cpanic=abort",
            "-Ccodegen-units=1",
            "-Copt-level=2",
            "-Csymbol-mangling-version=v0",
        ];
        let made = Command::new("rustc")
            .args(common)
            .args(options)
            .args([&format!("--emit=obj={OBJECT}"), "rust/sample.rs"])
            .current_dir(&path)
            .env("RUSTC_BOOTSTRAP", "1")
            .output()
            .expect("rustc");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        fs_err::write(
            path.join("rust/.sample.o.cmd"),
            format!("savedcmd_{OBJECT} := rustc --emit=obj={OBJECT} sample.rs\n"),
        )
        .unwrap();
        Self {
            _keep: directory,
            path,
        }
    }

    /// A copy of this directory whose object was changed.
    pub fn edited(&self, edit: impl FnOnce(&mut Elf)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
        fs_err::create_dir_all(path.join("rust")).unwrap();
        fs_err::copy(
            self.path.join("rust/.sample.o.cmd"),
            path.join("rust/.sample.o.cmd"),
        )
        .unwrap();
        let mut elf = Elf {
            bytes: fs_err::read(self.path.join(OBJECT)).unwrap(),
        };
        let before = elf.bytes.clone();
        edit(&mut elf);
        assert!(elf.bytes != before, "nothing was planted");
        fs_err::write(path.join(OBJECT), &elf.bytes).unwrap();
        Self {
            _keep: directory,
            path,
        }
    }
}

/// The bytes of a little-endian 64-bit object, to be changed in place.
pub struct Elf {
    pub bytes: Vec<u8>,
}

impl Elf {
    fn file(&self) -> ElfFile64<'_, Endianness> {
        ElfFile64::parse(&*self.bytes).unwrap()
    }

    /// (file offset of its header, file offset of its content, index) of the first section whose name begins so.
    pub fn section(&self, name: &str) -> (usize, usize, usize) {
        let file = self.file();
        let section = file
            .sections()
            .find(|section| section.name().unwrap().starts_with(name))
            .unwrap_or_else(|| panic!("no section {name}"));
        let table = file.elf_header().e_shoff(file.endian()) as usize;
        let (offset, _) = section.file_range().unwrap();
        (
            table + section.index().0 * 64,
            offset as usize,
            section.index().0,
        )
    }

    /// (index in the table, file offset of its content) of the symbol whose demangled name ends so.
    pub fn symbol(&self, name: &str) -> (usize, usize) {
        let file = self.file();
        let symbol = file
            .symbols()
            .find(|symbol| {
                symbol.name().is_ok_and(|symbol| {
                    format!("{:#}", rustc_demangle::demangle(symbol)).ends_with(name)
                })
            })
            .unwrap_or_else(|| panic!("no symbol {name}"));
        let offset = symbol.section_index().map_or(0, |index| {
            let section = file.section_by_index(index).unwrap();
            section.elf_section_header().sh_offset(file.endian()) as usize
                + symbol.address() as usize
        });
        (symbol.index().0, offset)
    }

    /// File offsets of the relocations (24 bytes each) of the section in which a symbol lies, within the symbol.
    pub fn relocations_of(&self, name: &str) -> Vec<usize> {
        let file = self.file();
        let symbol = file
            .symbol_by_index(object::SymbolIndex(self.symbol(name).0))
            .unwrap();
        let section = symbol.section_index().unwrap();
        let (start, end) = (symbol.address(), symbol.address() + symbol.size());
        let mut found = Vec::new();
        for table in file.elf_section_table().iter() {
            if table.sh_type(file.endian()) != object::elf::SHT_RELA
                || table.sh_info(file.endian()) as usize != section.0
            {
                continue;
            }
            let (at, size) = (
                table.sh_offset(file.endian()) as usize,
                table.sh_size(file.endian()) as usize,
            );
            for entry in (at..at + size).step_by(24) {
                let offset = u64::from_le_bytes(self.bytes[entry..entry + 8].try_into().unwrap());
                if (start..end).contains(&offset) {
                    found.push(entry);
                }
            }
        }
        found
    }

    /// Makes the relocation at this file offset refer to the symbol of this name.
    pub fn retarget(&mut self, relocation: usize, name: &str) {
        let (symbol, _) = self.symbol(name);
        self.bytes[relocation + 12..relocation + 16]
            .copy_from_slice(&(symbol as u32).to_le_bytes());
    }
}

/// The libLLVM of the rustc on PATH.
pub fn llvm() -> &'static Llvm {
    let found = gateless_trials::libllvm::of_command(Utf8Path::new("rustc")).unwrap();
    Llvm::load(&found.path).unwrap()
}

/// Compares two directories.
pub fn compare(gated: &Out, gateless: &Out) -> Report {
    run(
        &Request {
            gated: &gated.path,
            gateless: &gateless.path,
            objects: &[],
            llvm: llvm(),
        },
        &mut |_| {},
    )
    .unwrap()
}

/// The differences as `SUBJECT NAME`, for telling which were found.
pub fn found(report: &Report) -> Vec<String> {
    let subject = |difference: &DifferenceReport| {
        serde_json::to_value(difference.subject)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    report
        .objects
        .iter()
        .flat_map(|object| &object.differences)
        .map(|found| format!("{} {}", subject(found), found.name))
        .collect()
}

/// Fails unless the two are identical, and there was something to compare.
pub fn assert_identical(gated: &Out, gateless: &Out) -> Report {
    let report = compare(gated, gateless);
    assert_eq!(found(&report), Vec::<String>::new());
    assert_eq!(report.verdict, Verdict::Identical);
    let functions = report.totals.functions;
    assert!(
        functions.total > 0 && functions.identical == functions.total,
        "{functions:?}"
    );
    report
}
