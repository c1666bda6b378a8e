//! GitLab CI: a pipeline with one parallel job (docs.gitlab.com, "CI/CD YAML syntax reference").

use super::{Job, quoted};

pub(super) fn emit(jobs: &[Job]) -> String {
    let matrix: String = jobs
        .iter()
        .map(|job| {
            format!(
                "      - CELL: {}\n        ARGUMENTS: {}\n",
                quoted(&job.name),
                quoted(&job.arguments)
            )
        })
        .collect();
    format!(
        "# Made by `gateless matrix --emit gitlab`. The runners need Debian, a stable Rust toolchain, and the right to install packages.\n\
         stages: [cells, collect]\n\
         cell:\n\
         \x20 stage: cells\n\
         \x20 timeout: 4 hours\n\
         \x20 parallel:\n\
         \x20   matrix:\n{matrix}\
         \x20 script:\n\
         \x20   - cargo build --release --locked\n\
         \x20   - eval \"target/release/gateless matrix $ARGUMENTS --store results/$CELL\"\n\
         \x20 artifacts:\n\
         \x20   when: always\n\
         \x20   paths: [results]\n\
         collect:\n\
         \x20 stage: collect\n\
         \x20 when: always\n\
         \x20 script:\n\
         \x20   - cargo build --release --locked\n\
         \x20   - target/release/gateless matrix --collect results --store collected\n\
         \x20 artifacts:\n\
         \x20   when: always\n\
         \x20   paths: [collected]\n"
    )
}
