//! How a build asks for what no rustc has: the option `-Zgateless-wish=NAME,...`, which only gateless knows. It comes to the compiler calls through
//! Kbuild's own variable for options of the user, so it stands in `.cmd` files and records, and a build that asks for something else compiles anew.

/// The name of the option.
pub const OPTION: &str = "gateless-wish";

/// Kbuild's variable for options that the user adds to the calls for kernel code.
pub const VARIABLE: &str = "KRUSTFLAGS";

/// What [`VARIABLE`] holds for these wishes.
pub fn flags(wishes: &[String]) -> String {
    format!("-Z{OPTION}={}", wishes.join(","))
}
