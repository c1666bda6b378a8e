//! Compiling with one gate closed at a time.

use camino::Utf8Path;
use gateless_model::Result;

use crate::audit::Audit;

/// Verifies.
pub fn verify(_audit: &mut Audit, _out: &Utf8Path, _only: &[String], _note: &mut dyn FnMut(String)) -> Result<bool> {
    Ok(true)
}
