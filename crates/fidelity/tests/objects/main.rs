//! Objects made by rustc, changed, and compared.

mod every_byte;
mod planted;
mod support;
