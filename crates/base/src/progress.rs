//! What long work tells its caller while it runs.

/// Receives the progress of long work; the command line shows it, tests ignore or collect it.
pub trait Progress {
    /// A new step has begun, such as `configuring`.
    fn step(&mut self, what: &str);
    /// One unit of the current step is done, such as one file compiled.
    fn tick(&mut self, what: &str);
    /// Something that a person should read even when no step fails.
    fn note(&mut self, what: &str);
    /// The current step is over.
    fn done(&mut self);
}

/// Shows nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn step(&mut self, _what: &str) {}
    fn tick(&mut self, _what: &str) {}
    fn note(&mut self, _what: &str) {}
    fn done(&mut self) {}
}
