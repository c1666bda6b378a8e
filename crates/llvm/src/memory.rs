//! Memory that LLVM owns: buffers of bytes, and texts.

use std::ffi::{CStr, CString, c_char};

use gateless_model::{Failure, Result};

use crate::Llvm;
use crate::table::RawBuffer;

/// Bytes owned by LLVM, such as an object file that was just generated.
pub struct MemoryBuffer {
    llvm: &'static Llvm,
    raw: *mut RawBuffer,
}

impl MemoryBuffer {
    /// A copy of `bytes`, called `name` in LLVM's messages.
    pub fn copy(llvm: &'static Llvm, bytes: &[u8], name: &str) -> Result<Self> {
        let create = llvm.table.LLVMCreateMemoryBufferWithMemoryRangeCopy()?;
        let name = c_string(name, "a buffer's name")?;
        // SAFETY: pointer and length are those of a slice, and the name is a C string; LLVM copies both.
        let raw = unsafe { create(bytes.as_ptr().cast(), bytes.len(), name.as_ptr()) };
        Ok(Self { llvm, raw })
    }

    pub(crate) fn own(llvm: &'static Llvm, raw: *mut RawBuffer) -> Self {
        Self { llvm, raw }
    }

    pub(crate) fn raw(&self) -> *mut RawBuffer {
        self.raw
    }

    /// Gives the buffer to a function that will dispose of it.
    pub(crate) fn into_raw(self) -> *mut RawBuffer {
        std::mem::ManuallyDrop::new(self).raw
    }

    /// The bytes.
    pub fn bytes(&self) -> Result<&[u8]> {
        let start = self.llvm.table.LLVMGetBufferStart()?;
        let size = self.llvm.table.LLVMGetBufferSize()?;
        // SAFETY: the buffer is alive as long as self, and LLVM does not change a buffer's content.
        unsafe {
            Ok(std::slice::from_raw_parts(
                start(self.raw).cast(),
                size(self.raw),
            ))
        }
    }
}

impl Drop for MemoryBuffer {
    fn drop(&mut self) {
        if let Ok(dispose) = self.llvm.table.LLVMDisposeMemoryBuffer() {
            // SAFETY: the buffer is owned by self and was not given away (into_raw does not run drop).
            unsafe { dispose(self.raw) }
        }
    }
}

/// Takes over a text that LLVM allocated (and expects back in `LLVMDisposeMessage`); empty for null.
pub(crate) fn take_message(llvm: &'static Llvm, raw: *mut c_char) -> Result<String> {
    if raw.is_null() {
        return Ok(String::new());
    }
    let dispose = llvm.table.LLVMDisposeMessage()?;
    // SAFETY: raw is a C string that LLVM allocated for its caller; it is read before it is given back.
    let text = unsafe { CStr::from_ptr(raw) }
        .to_string_lossy()
        .into_owned();
    // SAFETY: given back exactly once.
    unsafe { dispose(raw) };
    Ok(text)
}

/// The text at `start`, of `length` bytes; not owned.
///
/// # Safety
/// `start` is null or points to `length` readable bytes that stay as they are during the call.
pub(crate) unsafe fn borrowed_text(start: *const c_char, length: usize) -> Option<String> {
    if start.is_null() {
        return None;
    }
    // SAFETY: promised by the caller.
    let bytes = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) };
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// The C string at `start`; not owned.
///
/// # Safety
/// `start` is null or points to a C string that stays as it is during the call.
pub(crate) unsafe fn borrowed_c_string(start: *const c_char) -> Option<String> {
    if start.is_null() {
        return None;
    }
    // SAFETY: promised by the caller.
    let text = unsafe { CStr::from_ptr(start) };
    Some(text.to_string_lossy().into_owned())
}

/// `text` for a C function; `what` names it in the error.
pub(crate) fn c_string(text: &str, what: &str) -> Result<CString> {
    CString::new(text).map_err(|error| {
        Failure::failed(format!("{what} holds a zero byte: {text:?}")).because(error)
    })
}
