//! A loaded libLLVM.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::c_uint;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};
use libloading::Library;

use crate::fatal;
use crate::table::Table;

/// The oldest major version that can be used: what newer ones' C API says is read another way there.
const OLDEST: u32 = 19;
/// Major versions whose rustc nobody had, so that what it does with them is not known.
const UNKNOWN: [u32; 2] = [20, 21];

static LOADED: Mutex<BTreeMap<Utf8PathBuf, &'static Llvm>> = Mutex::new(BTreeMap::new());

/// A libLLVM, loaded once per process and path, and never unloaded (it has process-wide state).
pub struct Llvm {
    pub(crate) table: Table,
    version: (u32, u32, u32),
    /// What was given to LLVM's own command line parser, which must run only once.
    pub(crate) options: Mutex<Option<Vec<String>>>,
    /// The back ends that are ready for use.
    pub(crate) ready: Mutex<BTreeSet<&'static str>>,
    /// The names of its attributes by their numbers, once they were asked for.
    pub(crate) attributes: OnceLock<HashMap<c_uint, &'static str>>,
}

impl std::fmt::Debug for Llvm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LLVM {:?} of {}", self.version, self.table.path())
    }
}

impl Llvm {
    /// Loads the library at `path`, or returns it if this process has loaded it before.
    ///
    /// Fails if there is no library, if it is not LLVM, or if it is too old.
    pub fn load(path: &Utf8Path) -> Result<&'static Self> {
        let real = path
            .canonicalize_utf8()
            .map_err(|error| cannot_load(path, error))?;
        let mut loaded = lock(&LOADED);
        if let Some(llvm) = loaded.get(&real) {
            return Ok(llvm);
        }
        // SAFETY: libLLVM's initialisers only register its own options and passes.
        let library = unsafe { Library::new(real.as_std_path()) }
            .map_err(|error| cannot_load(path, error))?;
        let table = Table::new(library, path.to_owned());
        let get_version = table.LLVMGetVersion()?;
        let (mut major, mut minor, mut patch) = (0, 0, 0);
        // SAFETY: three valid places for the three numbers.
        unsafe { get_version(&mut major, &mut minor, &mut patch) };
        if major < OLDEST {
            return Err(Failure::failed(format!(
                "{path} is LLVM {major}.{minor}.{patch}, too old to generate kernel code with"
            ))
            .help(format!(
                "LLVM {OLDEST} or newer is needed (rustc 1.85 or newer)"
            )));
        }
        if UNKNOWN.contains(&major) {
            return Err(Failure::failed(format!(
                "{path} is LLVM {major}.{minor}.{patch}, and what its rustc does with it was never compared with what is known"
            ))
            .help("LLVM 19 (rustc 1.85) and 22 or newer (rustc 1.95 or newer) are known"));
        }
        let install = table.LLVMInstallFatalErrorHandler()?;
        // SAFETY: the handler has the right type, lives forever, and does not unwind.
        unsafe { install(fatal::handler) };
        let llvm: &'static Self = Box::leak(Box::new(Self {
            table,
            version: (major, minor, patch),
            options: Mutex::new(None),
            ready: Mutex::default(),
            attributes: OnceLock::new(),
        }));
        loaded.insert(real, llvm);
        Ok(llvm)
    }

    /// Major, minor and patch version.
    pub fn version(&self) -> (u32, u32, u32) {
        self.version
    }

    /// The path that it was loaded from, as given.
    pub fn path(&self) -> &Utf8Path {
        self.table.path()
    }
}

/// A lock on data that stays valid even if a thread panicked while holding it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cannot_load(path: &Utf8Path, error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::failed(format!("cannot load LLVM from {path}"))
        .help("it should be the libLLVM of the rustc in use (in lib/ of `rustc --print sysroot`)")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_library_is_refused_by_name() {
        let file = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let failure = Llvm::load(&file).unwrap_err();
        assert!(failure.what.contains("Cargo.toml"), "{failure}");
    }

    #[test]
    fn a_library_that_is_not_llvm_is_refused_with_the_missing_function() {
        let found = [
            "/lib/x86_64-linux-gnu/libm.so.6",
            "/lib64/libm.so.6",
            "/lib/aarch64-linux-gnu/libm.so.6",
        ];
        let libm = found
            .iter()
            .map(Utf8Path::new)
            .find(|path| path.exists())
            .expect("a C library");
        let failure = Llvm::load(libm).unwrap_err();
        assert!(failure.what.contains("LLVMGetVersion"), "{failure}");
    }

    #[test]
    fn loading_twice_gives_the_same_library() {
        let path = crate::testing::llvm_path();
        let (first, second) = (Llvm::load(&path).unwrap(), Llvm::load(&path).unwrap());
        assert!(std::ptr::eq(first, second));
    }
}
