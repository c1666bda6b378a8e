//! The schemas in the repository are those of the types that are printed. `UPDATE_SCHEMA=1` writes them anew.

use gateless_audit::audit::{Audit, baseline::Difference};
use gateless_audit::forecast::Forecast;
use gateless_audit::probe::Matrix;
use gateless_audit::roadmap::Roadmap;

#[test]
fn the_schemas_are_up_to_date() {
    let directory = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    for (name, schema) in [
        ("audit", schemars::schema_for!(Audit)),
        ("difference", schemars::schema_for!(Difference)),
        ("forecast", schemars::schema_for!(Forecast)),
        ("probe", schemars::schema_for!(Matrix)),
        ("roadmap", schemars::schema_for!(Roadmap)),
    ] {
        let file = directory.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            fs_err::write(&file, &text).unwrap();
        }
        let kept = fs_err::read_to_string(&file).unwrap_or_default();
        assert!(
            kept == text,
            "{file} is not what the types say; run this test with UPDATE_SCHEMA=1"
        );
    }
}
