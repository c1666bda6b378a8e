//! What every crate needs of the machine it runs on, and nothing about kernels or compilers.

pub mod cache;
pub mod files;
pub mod hash;
pub mod lock;
pub mod outputs;
pub mod paths;
pub mod process;
pub mod program;
pub mod progress;
pub mod variable;

pub use outputs::Outputs;
pub use progress::Progress;
