//! The audit as a page of its own.

use crate::audit::Audit;

/// The page.
pub fn page(_audit: &Audit) -> String {
    String::new()
}
