//! What in a kernel tree is unstable: the audit, the probe of compilers, and the roadmap.
//!
//! Everything here is parsing and counting; nothing of a tree is run. Data flows one way: files -> findings (`scan`) -> what each
//! means for a compiler and a configuration (`audit`) -> text, JSON, SARIF, HTML.

pub mod audit;
pub mod finding;
pub mod forecast;
pub mod kconfig;
pub mod makefile;
pub mod page;
pub mod parallel;
pub mod probe;
pub mod roadmap;
pub mod rust;
pub mod scan;
pub mod signs;
