//! `gateless fidelity` as it is called: answers, exit codes, messages.

use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};

/// An output directory as Kbuild leaves it, with one object.
fn directory(root: &Utf8Path, name: &str, source: &str) -> Utf8PathBuf {
    let path = root.join(name);
    fs_err::create_dir_all(path.join("rust")).unwrap();
    fs_err::write(path.join("rust/a.rs"), source).unwrap();
    let made = Command::new("rustc")
        .args([
            "--crate-type=rlib",
            "-Copt-level=2",
            "-Cpanic=abort",
            "--emit=obj=rust/a.o",
            "rust/a.rs",
        ])
        .current_dir(&path)
        .status()
        .unwrap();
    assert!(made.success());
    fs_err::write(
        path.join("rust/.a.o.cmd"),
        "savedcmd_rust/a.o := rustc --emit=obj=rust/a.o rust/a.rs\n",
    )
    .unwrap();
    path
}

fn fidelity(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gateless"))
        .arg("fidelity")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const SOURCE: &str = "#![no_std]\n#[inline(never)] pub fn answer() -> u32 { 42 }\n";

#[test]
fn answers_and_exit_codes() {
    let temporary = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(temporary.path()).unwrap();
    let same = directory(root, "same", SOURCE);
    let other = directory(root, "other", &SOURCE.replace("42", "43"));

    let identical = fidelity(&[same.as_str(), same.as_str()]);
    assert_eq!(
        identical.status.code(),
        Some(0),
        "{}",
        text(&identical.stderr)
    );
    assert!(
        text(&identical.stdout).contains("1 of 1 functions are identical"),
        "{}",
        text(&identical.stdout)
    );

    let different = fidelity(&[same.as_str(), other.as_str()]);
    assert_eq!(different.status.code(), Some(1));
    let shown = text(&different.stdout);
    assert!(
        shown.contains("UNEXPLAINED")
            && shown.contains("-     0: movl $42, %eax")
            && shown.contains("+     0: movl $43, %eax"),
        "{shown}"
    );

    let json = fidelity(&[
        same.as_str(),
        other.as_str(),
        "--json",
        "--object",
        "rust/a.o",
    ]);
    assert_eq!(json.status.code(), Some(1));
    let answer: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(answer["version"], 1);
    assert_eq!(answer["verdict"], "unexplained");
    assert_eq!(
        answer["objects"][0]["differences"][0]["subject"],
        "function"
    );
}

#[test]
fn what_cannot_be_compared_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(temporary.path()).unwrap();
    let good = directory(root, "good", SOURCE);
    let empty = root.join("empty");
    fs_err::create_dir(&empty).unwrap();
    for bad in [root.join("none"), empty] {
        let failed = fidelity(&[good.as_str(), bad.as_str()]);
        assert_eq!(failed.status.code(), Some(3));
        let said = text(&failed.stderr);
        assert!(
            said.contains(bad.as_str()) && said.contains("help") && failed.stdout.is_empty(),
            "{said}"
        );
    }
    let unknown = fidelity(&[good.as_str(), good.as_str(), "--object", "rust/b.o"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("rust/b.o"));
    for damage in [
        b"not an object".to_vec(),
        fs_err::read(good.join("rust/a.o")).unwrap()[..200].to_vec(),
    ] {
        let damaged = directory(root, "damaged", SOURCE);
        fs_err::write(damaged.join("rust/a.o"), damage).unwrap();
        let failed = fidelity(&[good.as_str(), damaged.as_str()]);
        assert_eq!(failed.status.code(), Some(3));
        let said = text(&failed.stderr);
        assert!(
            said.contains("rust/a.o") && said.contains(damaged.as_str()),
            "{said}"
        );
    }
}
