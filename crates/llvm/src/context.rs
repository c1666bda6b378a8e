//! LLVM's context: what modules live in, and where diagnostics arrive.

use std::cell::RefCell;
use std::ffi::c_void;
use std::rc::Rc;

use gateless_model::{Failure, Result};

use crate::Llvm;
use crate::memory::take_message;
use crate::table::{RawContext, RawDiagnostic};

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// What was asked for could not be done.
    Error,
    /// Done, but doubtful.
    Warning,
    /// Remarks and notes.
    Note,
}

/// What LLVM said about the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// LLVM's words.
    pub text: String,
}

/// A context; modules keep it alive.
#[derive(Clone)]
pub struct Context {
    pub(crate) inner: Rc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) llvm: &'static Llvm,
    pub(crate) raw: *mut RawContext,
    heard: Box<Heard>,
}

/// What the diagnostic handler is given a pointer to.
struct Heard {
    llvm: &'static Llvm,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl Context {
    /// A new, empty context.
    pub fn new(llvm: &'static Llvm) -> Result<Self> {
        let create = llvm.table.LLVMContextCreate()?;
        let listen = llvm.table.LLVMContextSetDiagnosticHandler()?;
        // Looked up now, because the handler has nobody to report their absence to.
        llvm.table.LLVMGetDiagInfoDescription()?;
        llvm.table.LLVMGetDiagInfoSeverity()?;
        llvm.table.LLVMDisposeMessage()?;
        let heard = Box::new(Heard {
            llvm,
            diagnostics: RefCell::default(),
        });
        // SAFETY: no conditions.
        let raw = unsafe { create() };
        // SAFETY: the context is alive; the box is freed after the context (Inner's drop) and does not move.
        unsafe {
            listen(
                raw,
                Some(on_diagnostic),
                (&raw const *heard).cast_mut().cast(),
            )
        };
        Ok(Self {
            inner: Rc::new(Inner { llvm, raw, heard }),
        })
    }

    /// The library.
    pub fn llvm(&self) -> &'static Llvm {
        self.inner.llvm
    }

    /// Leaves out the names of local values from here on, also when reading: nothing but text output shows them.
    pub fn discard_local_names(&self) -> Result<()> {
        let set = self.inner.llvm.table.LLVMContextSetDiscardValueNames()?;
        // SAFETY: the context is alive.
        unsafe { set(self.inner.raw, 1) };
        Ok(())
    }

    /// Does something while local values have names: LLVM reads no text without them.
    pub(crate) fn with_local_names<T>(&self, action: impl FnOnce() -> Result<T>) -> Result<T> {
        let table = &self.inner.llvm.table;
        let (are_discarded, set) = (
            table.LLVMContextShouldDiscardValueNames()?,
            table.LLVMContextSetDiscardValueNames()?,
        );
        // SAFETY: the context is alive.
        let before = unsafe {
            let before = are_discarded(self.inner.raw);
            set(self.inner.raw, 0);
            before
        };
        let done = action();
        // SAFETY: as above.
        unsafe { set(self.inner.raw, before) };
        done
    }

    /// Everything that LLVM has said since the last call.
    pub fn take_diagnostics(&self) -> Vec<Diagnostic> {
        self.inner.heard.diagnostics.take()
    }

    /// The errors among the diagnostics as a failure that begins with `what`; `Ok` holds the rest.
    pub fn check(&self, what: &str) -> Result<Vec<Diagnostic>> {
        let (errors, rest): (Vec<_>, Vec<_>) = self
            .take_diagnostics()
            .into_iter()
            .partition(|said| said.severity == Severity::Error);
        if errors.is_empty() {
            return Ok(rest);
        }
        let texts: Vec<_> = errors.into_iter().map(|said| said.text).collect();
        Err(Failure::no(format!("{what}: {}", texts.join("; "))))
    }
}

unsafe extern "C" fn on_diagnostic(raw: *mut RawDiagnostic, heard: *mut c_void) {
    // SAFETY: the pointer registered in Context::new, to a box that outlives the context.
    let heard = unsafe { &*heard.cast::<Heard>() };
    let table = &heard.llvm.table;
    let (Ok(describe), Ok(severity)) = (
        table.LLVMGetDiagInfoDescription(),
        table.LLVMGetDiagInfoSeverity(),
    ) else {
        return;
    };
    // SAFETY: the diagnostic is alive during the call.
    let (text, severity) = unsafe { (describe(raw), severity(raw)) };
    let text = take_message(heard.llvm, text).unwrap_or_default();
    let severity = match severity {
        0 => Severity::Error,
        1 => Severity::Warning,
        _ => Severity::Note,
    };
    heard
        .diagnostics
        .borrow_mut()
        .push(Diagnostic { severity, text });
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Ok(dispose) = self.llvm.table.LLVMContextDispose() {
            // SAFETY: the modules of this context are gone, since each holds a clone of the Rc.
            unsafe { dispose(self.raw) }
        }
    }
}
