//! One call, and what all of its stages go by.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_lower::{Exports, GateStatus, Request};
use gateless_model::record::STATE;
use gateless_model::{Failure, Result};

use crate::classify::Class;
use crate::invocation::Invocation;
use crate::plan::Plan;
use crate::runtime::source::Source;
use gateless_rustc::toolchain::Toolchain;

/// Everything about one call that its steps share.
pub struct Call<'a> {
    /// The call itself.
    pub invocation: &'a Invocation,
    /// What sort of call it is.
    pub class: Class,
    /// The planned arguments.
    pub plan: &'a Plan,
    /// The real compiler.
    pub toolchain: &'a Toolchain,
    /// Where the runtime crates come from.
    pub runtime: Source,
    /// Directory of the call.
    pub cwd: &'a Utf8Path,
    /// Where lowered sources and records are kept.
    pub state: &'a State,
    /// The crate's name, as rustc would derive it.
    pub crate_name: &'a str,
    /// The ledger's word on a feature name, for this compiler and class.
    pub gates: &'a (dyn Fn(&str) -> GateStatus + Sync),
}

/// Where a call keeps its own files.
pub enum State {
    /// In the output tree of a kernel build: `OUT/.gateless`.
    Kept(Utf8PathBuf),
    /// For a single program outside a kernel build: gone with the call.
    Temporary(tempfile::TempDir),
}

impl State {
    /// In a kernel build (Kbuild exports `srctree` and `objtree`) the current directory's `.gateless`, else a temporary directory.
    pub fn choose(cwd: &Utf8Path) -> Result<Self> {
        if std::env::var_os("srctree").is_some() && std::env::var_os("objtree").is_some() {
            return Ok(State::Kept(cwd.join(STATE)));
        }
        let directory = tempfile::Builder::new()
            .prefix("gateless-")
            .tempdir()
            .map_err(|error| Failure::failed("cannot make a temporary directory").because(error))?;
        Ok(State::Temporary(directory))
    }

    /// The directory.
    pub fn directory(&self) -> &Utf8Path {
        match self {
            State::Kept(directory) => directory,
            State::Temporary(directory) => {
                Utf8Path::from_path(directory.path()).unwrap_or(Utf8Path::new("/tmp"))
            }
        }
    }
}

impl Call<'_> {
    /// The root file, as the call names it.
    pub fn input(&self) -> &str {
        self.invocation.input().unwrap_or("-")
    }

    /// Where the lowered files of the crate are kept that the call knows by `name`.
    pub fn mirror(&self, name: &str) -> Utf8PathBuf {
        self.state.directory().join("lowered").join(mangle(name))
    }

    /// Where the files lie with which the compiler is asked about the crate that the call knows by `name`.
    pub fn questions(&self, name: &str) -> Utf8PathBuf {
        self.state.directory().join("questions").join(mangle(name))
    }

    /// What lowering is asked to do with the crate whose root file is `root`; `shown` is the compiler's name for a file.
    pub fn lowering<'b>(
        &'b self,
        root: &'b Utf8Path,
        mirror: &'b Utf8Path,
        shown: &'b dyn Fn(&Utf8Path) -> String,
        known: &'b Exports,
    ) -> Request<'b> {
        Request {
            root,
            cwd: self.cwd,
            mirror,
            root_text: None,
            crate_name: self.crate_name,
            edition: self.invocation.value("edition").unwrap_or("2015"),
            env: &|name| std::env::var(name).ok(),
            cfg: self.invocation.values("cfg").map(str::to_owned).collect(),
            crate_attrs: &self.plan.crate_attrs,
            gate_status: self.gates,
            mark_used: false,
            shown,
            known,
        }
    }

    /// The file by which the call is known: its object, else whatever it emits first, else the crate's name.
    pub fn primary_output(&self) -> String {
        let named = |kind: &str| {
            self.invocation
                .emits()
                .find(|(k, path)| *k == kind && path.is_some())
                .and_then(|(_, path)| path)
                .map(str::to_owned)
        };
        ["obj", "link", "metadata", "llvm-bc", "asm", "llvm-ir"]
            .into_iter()
            .find_map(named)
            .or_else(|| self.invocation.value("output").map(str::to_owned))
            .unwrap_or_else(|| {
                let directory = self
                    .invocation
                    .value("out-dir")
                    .map(|directory| format!("{directory}/"))
                    .unwrap_or_default();
                format!("{directory}{}", self.crate_name)
            })
    }

    /// The metadata file that a call for a runtime crate asks for.
    ///
    /// # Errors
    /// If it asks for none.
    pub fn metadata_output(&self) -> Result<&str> {
        let mut emits = self.invocation.emits();
        emits
            .find(|(kind, _)| *kind == "metadata")
            .and_then(|(_, path)| path)
            .ok_or_else(|| {
                Failure::failed(format!(
                    "the call for `{}` names no metadata file",
                    self.crate_name
                ))
                .help("only Kbuild's rule for this crate is understood")
            })
    }

    /// Takes away what the compiler wrote for a call that is refused after all.
    pub fn remove_outputs(&self) {
        let named = self.invocation.emits().filter_map(|(_, path)| path);
        let own = self.invocation.value("output");
        for path in named.chain(own) {
            // One that is not there was not written.
            let _ = fs_err::remove_file(self.cwd.join(path));
        }
        if own.is_none() {
            let _ = fs_err::remove_file(self.cwd.join(self.primary_output()));
        }
    }

    /// Crates for which a gate is open: the toolchain's own library when it is compiled from its sources.
    pub fn exempt(&self) -> Vec<String> {
        match self.class {
            Class::RuntimeCore => vec!["core".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// A file name for a path.
pub fn mangle(path: &str) -> String {
    path.trim_start_matches("./")
        .replace('%', "%25")
        .replace('/', "%")
}
