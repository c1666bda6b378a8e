//! Booting a built kernel and reading what its tests say.

mod boot;
pub mod compare;
pub mod console;
pub mod expected;
pub mod figures;
mod guest;
pub mod ktap;
pub mod measure;
pub mod outcome;
mod qemu;
pub mod qemu_config;
mod qmp;
pub mod results;
pub mod screen;
pub mod summary;
pub mod trouble;
mod uml;
mod vulnerabilities;

pub use boot::{boot, boot_to_panic, emulator, image};
pub use guest::Guest;
