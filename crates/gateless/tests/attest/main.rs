//! `gateless attest` on a small output directory with real objects and a real image.

mod image;
mod modules;
mod out;
mod packed;
mod records;
mod statement;
