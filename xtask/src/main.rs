//! Checks that the layout keeps its promises. `cargo run -p xtask` prints what is broken and exits with 1.

mod promises;

use std::process::ExitCode;

use camino::Utf8Path;

fn main() -> ExitCode {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Utf8Path::new("."));
    let broken = match promises::broken(root) {
        Ok(broken) => broken,
        Err(error) => {
            eprintln!("xtask: {error}");
            return ExitCode::from(3);
        }
    };
    for promise in &broken {
        println!("{promise}");
    }
    if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_layout_keeps_its_promises() {
        let root = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap();
        assert_eq!(super::promises::broken(root).unwrap(), Vec::<String>::new());
    }
}
