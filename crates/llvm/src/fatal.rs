//! What happens when LLVM cannot go on (`report_fatal_error`: a bug in LLVM, or code that the back end cannot select).
//!
//! LLVM calls its handler and then ends the process; unwinding out of the handler would cross C++ frames that don't
//! expect it. So the process ends here, with a message of our own. Outputs are written only after LLVM has finished,
//! so nothing half-written is left.

use std::ffi::{CStr, c_char};
use std::sync::OnceLock;

use gateless_model::Exit;

static HOOK: OnceLock<fn(&str) -> Exit> = OnceLock::new();

/// Sets what is called with LLVM's text before the process ends; the hook reports it and returns the exit code.
///
/// Without a hook the text goes to stderr and the code is [`Exit::Failed`]. Only the first hook counts.
pub fn set_fatal_hook(hook: fn(&str) -> Exit) {
    HOOK.get_or_init(|| hook);
}

pub(crate) unsafe extern "C" fn handler(text: *const c_char) {
    let text = if text.is_null() {
        "no reason given".into()
    } else {
        // SAFETY: LLVM hands over a C string that lives as long as the call.
        unsafe { CStr::from_ptr(text) }.to_string_lossy()
    };
    match HOOK.get() {
        Some(hook) => std::process::exit(hook(&text) as i32),
        None => {
            eprintln!("gateless: error: LLVM cannot go on: {text}");
            std::process::exit(Exit::Failed as i32)
        }
    }
}
