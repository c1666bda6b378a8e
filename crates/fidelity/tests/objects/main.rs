//! Objects made by rustc, changed, and compared.

mod planted;
mod support;
