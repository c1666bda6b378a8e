//! The numbers of a module's types, for kCFI: `gateless-kcfi` given all that rustc has written about the crate and those that it uses.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_kcfi::{
    Bodies, CrateSources, Mir, Numbers, RELEASES, Sources, World, crates_of, numbers, types,
};
use gateless_llvm::{Context, Llvm, Module};
use gateless_model::{Failure, Result};

/// What is known of a crate besides its module.
#[derive(Debug)]
pub struct KnownCrate {
    /// Its name.
    pub name: String,
    /// The numbers of crates that its symbols name, and those of the crates that it uses. The rest has to stand in symbols of the module.
    pub crates: BTreeMap<String, u64>,
    /// Its functions that have no number, with the reason.
    pub without: BTreeMap<String, String>,
    /// Its MIR as text.
    pub mir: Utf8PathBuf,
    /// What its sources say.
    pub sources: CrateSources,
}

/// What is found.
pub struct Typed {
    /// The numbers.
    pub numbers: Numbers,
    /// The numbers of all crates that are known.
    pub crates: BTreeMap<String, u64>,
}

/// Fails unless the MIR of this release of rustc, given as major and minor version, is understood.
pub fn check_release(release: (u32, u32)) -> Result<()> {
    if RELEASES.contains(&release) {
        return Ok(());
    }
    let known: Vec<String> = RELEASES
        .iter()
        .map(|(major, minor)| format!("{major}.{minor}"))
        .collect();
    let (major, minor) = release;
    Err(Failure::no(format!(
        "-Zsanitizer=kcfi needs the MIR that rustc prints, and that of rustc {major}.{minor} has not been compared with what is known of it"
    ))
    .help(format!(
        "use rustc {} (`--toolchain`), or turn CONFIG_CFI off",
        known.join(" or ")
    )))
}

/// Whether the module in `bitcode` defines a function.
pub fn defines_functions(llvm: &Utf8Path, bitcode: &Utf8Path) -> Result<bool> {
    let context = Context::new(Llvm::load(llvm)?)?;
    for function in read(&context, bitcode)?.functions()? {
        if !function.is_declaration()? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(context: &Context, bitcode: &Utf8Path) -> Result<Module> {
    Module::from_bitcode(context, &fs_err::read(bitcode)?, bitcode.as_str())
}

/// Computes the numbers of the module in `bitcode`, which the rustc of `release` has written without optimising it. `described` is the same with full
/// debug information, if that has none.
///
/// # Errors
/// Where a type cannot be told.
pub fn type_numbers(
    llvm: &Utf8Path,
    (bitcode, described): (&Utf8Path, Option<&Utf8Path>),
    known: Vec<KnownCrate>,
    release: (u32, u32),
    normalized: bool,
) -> Result<Typed> {
    let context = Context::new(Llvm::load(llvm)?)?;
    let module = read(&context, bitcode)?;
    let described = match described {
        Some(described) => types(&read(&context, described)?)?,
        None => types(&module)?,
    };
    let mut crates = crates_of(&module)?;
    let mut sources = Sources::default();
    let mut bodies = Bodies::default();
    let mut functions = std::collections::HashSet::new();
    let mut without = BTreeMap::new();
    for own in known {
        without.extend(own.without);
        for (name, number) in own.crates {
            let known = *crates.entry(name.clone()).or_insert(number);
            if known != number {
                return Err(Failure::failed(format!(
                    "two crates of the name {name} are used, which kCFI cannot tell apart"
                )));
            }
        }
        let mir = Mir::read(&fs_err::read_to_string(&own.mir)?, release)
            .map_err(|failure| failure_in(failure, &own.mir))?;
        functions.extend(mir.functions(&own.name));
        bodies.add(&own.name, mir);
        sources.add_crate(&own.name, own.sources);
    }
    let width = 8 * module.layout()?.pointer_size(0)?;
    let width = u8::try_from(width)
        .map_err(|error| Failure::failed(format!("pointers of {width} bits")).because(error))?;
    let known = crates.iter().map(|(name, number)| (name.clone(), *number));
    let known: BTreeMap<_, _> = known.collect();
    let mut world = World::new(described, sources, functions, crates, width);
    Ok(Typed {
        numbers: numbers(&mut world, &bodies, &module, normalized, &without)?,
        crates: known,
    })
}

/// The same failure, with the file in which it is.
fn failure_in(failure: Failure, file: &Utf8Path) -> Failure {
    Failure {
        what: format!("{file}: {}", failure.what),
        ..failure
    }
}
