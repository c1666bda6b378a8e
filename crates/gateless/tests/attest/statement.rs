//! Statements about a build: written for what is proven, and verified against a build anywhere.

use std::process::{Command, Output};

use camino::Utf8Path;

use crate::image::{ONE, TWO, link, linked};
use crate::out::Out;

fn gateless(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gateless"))
        .arg("attest")
        .args(args)
        .output()
        .unwrap()
}

fn stated(out: &Out) -> String {
    let file = out.path.join("statement.json");
    let made = gateless(&[out.path.as_str(), "--statement", file.as_str()]);
    assert!(made.status.success(), "{made:?}");
    fs_err::read_to_string(file).unwrap()
}

fn verify(statement: &str, out: &Utf8Path) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("statement.json");
    fs_err::write(&file, statement).unwrap();
    let output = gateless(&["--verify", file.to_str().unwrap(), out.as_str()]);
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.code().unwrap(), text)
}

#[test]
fn a_statement_names_what_was_built_and_of_what() {
    let out = linked();
    out.write(
        ".config",
        "# Linux/x86 7.3.4 Kernel Configuration\nCONFIG_CC_VERSION_TEXT=\"gcc 12\"\n",
    );
    let statement: serde_json::Value = serde_json::from_str(&stated(&out)).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    assert_eq!(statement["subject"][0]["name"], "vmlinux");
    let sha256 = gateless_base::hash::sha256_file(&out.path.join("vmlinux")).unwrap();
    assert_eq!(statement["subject"][0]["digest"]["sha256"], sha256);
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["externalParameters"]["arch"], "x86");
    let materials = definition["resolvedDependencies"].as_array().unwrap();
    let names: Vec<&str> = materials
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names[0], "Rust sources of the kernel tree");
    assert!(names[1].starts_with("rustc "), "{names:?}");
    assert_eq!(names.last(), Some(&"C compiler"));
}

#[test]
fn a_build_is_verified_against_its_own_statement_only() {
    let out = linked();
    let statement = stated(&out);
    let (code, text) = verify(&statement, &out.path);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("verified: the build is proven"), "{text}");
    let other = Out::of(&[("one", ONE), ("two", &TWO.replace("1000", "1001"))]);
    link(&other, &[]);
    let (code, text) = verify(&statement, &other.path);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("DIFFERENT: `vmlinux` is sha256 "), "{text}");
    for (from, to) in [
        ("rustc ", "rustc-"),
        ("\"vmlinux\"", "\"vmlinuz\""),
        ("slsa.dev/provenance/v1", "slsa.dev/provenance/v9"),
    ] {
        let (code, text) = verify(&statement.replace(from, to), &out.path);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("DIFFERENT: "), "{text}");
    }
    out.write("linux", "text");
    let (code, text) = verify(&statement, &out.path);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("has no proven image"), "{text}");
}

#[test]
fn nothing_is_stated_about_a_build_that_is_not_proven() {
    let out = linked();
    out.write("linux", "text");
    let file = out.path.join("statement.json");
    let made = gateless(&[out.path.as_str(), "--statement", file.as_str()]);
    assert_eq!(made.status.code(), Some(1));
    assert!(!file.exists());
    let (code, text) = verify("{}", &out.path);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("is no statement that gateless made"),
        "{text}"
    );
}

/// Needs `python3` with the package `in-toto-attestation`: the reference implementation reads and validates what is written.
#[test]
#[ignore = "needs python3 with in-toto-attestation"]
fn the_reference_package_accepts_a_statement() {
    let out = linked();
    out.write(".config", "CONFIG_CC_VERSION_TEXT=\"gcc 12\"\n");
    stated(&out);
    let script = "\
import json, sys
from google.protobuf.json_format import Parse
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as Message
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
text = open(sys.argv[1]).read()
statement = Statement.copy_from_pb(Parse(text, Message()))
statement.validate()
predicate = Parse(json.dumps(json.loads(text)['predicate']), Provenance())
print(len(statement.pb.subject), len(predicate.build_definition.resolved_dependencies))
";
    let output = Command::new("python3")
        .args(["-c", script, out.path.join("statement.json").as_str()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1 3");
}
