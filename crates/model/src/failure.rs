//! The one kind of error that reaches a person: what is wrong, where, and what to do about it.

use crate::Exit;

/// Shorthand used by every crate of the workspace.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// An expected failure. Its texts are lower-case fragments, printed as `gateless: error: WHAT` and `gateless: help: HELP`.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// The exit code the command ends with.
    pub exit: Exit,
    /// What is wrong, naming the file, option or tool.
    pub what: String,
    /// What the user can do, if anything is known.
    pub help: Option<String>,
    /// The error underneath, printed as `caused by`.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Failure {
    /// A failure that ends in [`Exit::No`].
    pub fn no(what: impl Into<String>) -> Self {
        Self::new(Exit::No, what)
    }

    /// A failure that ends in [`Exit::Usage`].
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// A failure that ends in [`Exit::Failed`].
    pub fn failed(what: impl Into<String>) -> Self {
        Self::new(Exit::Failed, what)
    }

    /// A failure with any exit code.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            help: None,
            source: None,
        }
    }

    /// Adds what the user can do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the error underneath.
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl From<std::io::Error> for Failure {
    /// For errors that already name their file (`fs_err` does).
    fn from(error: std::io::Error) -> Self {
        Failure::failed(error.to_string())
    }
}
