//! `cargo xtask check`: what holds the layout together, one file per check.

mod promises;

use std::process::ExitCode;

use camino::Utf8Path;

#[derive(clap::Args)]
pub struct Arguments {}

/// Prints what is broken; `1` when anything is.
pub fn run(root: &Utf8Path, _: &Arguments) -> anyhow::Result<ExitCode> {
    let mut broken = promises::broken(root)?;
    broken.extend(crate::measured::stale(root)?);
    for promise in &broken {
        println!("{promise}");
    }
    Ok(ExitCode::from(u8::from(!broken.is_empty())))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_layout_keeps_its_promises() {
        assert_eq!(
            super::promises::broken(crate::root()).unwrap(),
            Vec::<String>::new()
        );
    }
}
