//! What is done to code after linking, one file per program that does it.
//!
//! Each accounts for the very bytes that its program leaves at a place where the object asks for it; anything else is a difference.
//! What alternatives, static calls, retpolines and return thunks become is decided while the kernel boots; in the image they are as linked.

mod fentry;
mod jump_label;

use super::input::Input;

/// Where the image and the linked object differ.
pub struct Site<'a> {
    /// The object.
    pub input: &'a Input<'a>,
    /// Its section.
    pub section: usize,
    /// Offset of the first byte that differs.
    pub offset: usize,
    /// The section as linked.
    pub linked: &'a [u8],
    /// The same piece of the image.
    pub found: &'a [u8],
}

impl Site<'_> {
    /// Whether these bytes are in the image from here on.
    fn finds(&self, bytes: &[u8]) -> bool {
        self.found[self.offset..].starts_with(bytes)
    }
}

/// How many bytes from the site on are what a step leaves there; nothing if no step accounts for them.
pub fn explained(site: &Site<'_>) -> Option<usize> {
    const STEPS: [fn(&Site<'_>) -> Option<usize>; 2] = [fentry::explains, jump_label::explains];
    STEPS.iter().find_map(|step| step(site))
}

/// x86's instructions that do nothing, of 2 and of 5 bytes, as objtool writes them (tools/objtool/arch/x86/decode.c).
const NOP2: [u8; 2] = [0x66, 0x90];
const NOP5: [u8; 5] = [0x0f, 0x1f, 0x44, 0x00, 0x00];
