//! Records what a compiler says about the programs of `tests/diagnostics`: `cargo run -p gateless-rustc --example record -- RUSTC`.

use std::error::Error;
use std::process::Command;

use camino::Utf8Path;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let compiler = std::env::args().nth(1).unwrap_or("rustc".to_owned());
    let tests = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let version = Command::new(&compiler).arg("--version").output()?;
    let version = String::from_utf8(version.stdout)?;
    let version = version.split_whitespace().nth(1).ok_or("no version")?;
    let recorded = tests.join("recorded").join(version);
    std::fs::create_dir_all(&recorded)?;
    for entry in tests.join("programs").read_dir_utf8()? {
        let entry = entry?;
        let name = entry.file_name();
        let scratch = tempfile::tempdir()?;
        let output = Command::new(&compiler)
            .args(["--crate-type=lib", "--edition=2021", "--emit=metadata"])
            .args(["--error-format=json", "--out-dir"])
            .arg(scratch.path())
            .arg(format!("programs/{name}"))
            .current_dir(&tests)
            .env("RUSTC_BOOTSTRAP", "-1")
            .output()?;
        let mut lines = String::new();
        for line in String::from_utf8(output.stderr)?.lines() {
            let mut value: Value = serde_json::from_str(line)?;
            trim(&mut value);
            lines.push_str(&format!("{value}\n"));
        }
        std::fs::write(recorded.join(name).with_extension("json"), lines)?;
    }
    println!("{recorded}");
    Ok(())
}

/// Takes out what nothing is heard in, and what is long: rustc's own rendering, and the explanation of the error's code.
fn trim(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(trim),
        Value::Object(map) => {
            for name in ["rendered", "explanation"] {
                if map.contains_key(name) {
                    map.insert(name.to_owned(), Value::Null);
                }
            }
            map.values_mut().for_each(trim);
        }
        _ => {}
    }
}
