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

/// The wish that an argument of one wish names; nothing for other arguments.
pub fn name(argument: &str) -> Option<&str> {
    let option = argument.strip_prefix("-Z")?.strip_prefix(OPTION)?;
    option.strip_prefix('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_names_the_wish_that_it_was_made_for() {
        let wish = "overflow-report".to_owned();
        assert_eq!(name(&flags(std::slice::from_ref(&wish))), Some(&*wish));
        assert_eq!(name("-Zgateless-wishes=a"), None);
        assert_eq!(name("-Copt-level=2"), None);
    }
}
