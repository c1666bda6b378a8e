//! Exit codes of every gateless command; scripts outside the project rely on them.

/// How a gateless command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The answer is yes.
    Yes = 0,
    /// The answer is no: a test failed, a gate is open, something can't be lowered, a prerequisite is missing.
    No = 1,
    /// The command line was wrong.
    Usage = 2,
    /// It could not be done: make failed, a tool is missing, input or output error.
    Failed = 3,
    /// `boot`: panic or oops before the last KTAP plan was complete.
    Panic = 4,
    /// `boot`: time limit reached.
    Timeout = 5,
    /// `boot`: the kernel never printed KTAP.
    NoKtap = 6,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit as u8)
    }
}
