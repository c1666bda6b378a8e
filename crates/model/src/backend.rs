//! Which back end makes objects of kernel code, and how a build asks for it: the option `-Zgateless-backend=c`, which only gateless knows. Like a wish
//! (`wish.rs`) it comes through Kbuild's variable for options of the user, so it stands in `.cmd` files and records, and a build with the other back end
//! compiles anew.

/// The name of the option.
pub const OPTION: &str = "gateless-backend";

/// What makes the object from the finished IR.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    /// rustc's own LLVM.
    #[default]
    Llvm,
    /// The kernel's C compiler, from a translation to C.
    C,
}

impl Backend {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Llvm => "llvm",
            Backend::C => "c",
        }
    }

    /// The back end of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Backend::Llvm, Backend::C]
            .into_iter()
            .find(|backend| backend.name() == name)
    }

    /// The argument that asks for it, where one is needed.
    pub fn argument(self) -> Option<String> {
        match self {
            Backend::Llvm => None,
            Backend::C => Some(format!("-Z{OPTION}={}", self.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_back_end_is_found_by_its_name_and_no_other() {
        for backend in [Backend::Llvm, Backend::C] {
            assert_eq!(Backend::of_name(backend.name()), Some(backend));
        }
        assert_eq!(Backend::of_name("gcc"), None);
    }
}
