//! Objects made by rustc, changed, and compared.

mod architectures;
mod causes;
mod every_byte;
mod planted;
mod support;
mod type_numbers;
