//! GitHub Actions: a workflow with a job matrix (docs.github.com, "Workflow syntax for GitHub Actions").

use super::{Job, quoted};

pub(super) fn emit(jobs: &[Job]) -> String {
    let include: String = jobs
        .iter()
        .map(|job| {
            format!(
                "          - name: {}\n            arguments: {}\n",
                quoted(&job.name),
                quoted(&job.arguments)
            )
        })
        .collect();
    format!(
        "# Made by `gateless matrix --emit github-actions`. The runners need Debian, a stable Rust toolchain, and the right to install packages.\n\
         name: gateless matrix\n\
         on: workflow_dispatch\n\
         permissions:\n  contents: read\n\
         jobs:\n\
         \x20 cell:\n\
         \x20   name: ${{{{ matrix.name }}}}\n\
         \x20   runs-on: [self-hosted, linux, x64]\n\
         \x20   timeout-minutes: 240\n\
         \x20   strategy:\n\
         \x20     fail-fast: false\n\
         \x20     matrix:\n\
         \x20       include:\n{include}\
         \x20   steps:\n\
         \x20     - uses: actions/checkout@v4\n\
         \x20     - run: cargo build --release --locked\n\
         \x20     - run: target/release/gateless matrix ${{{{ matrix.arguments }}}} --store results\n\
         \x20     - uses: actions/upload-artifact@v4\n\
         \x20       if: always()\n\
         \x20       with:\n\
         \x20         name: results-${{{{ matrix.name }}}}\n\
         \x20         path: results\n\
         \x20 collect:\n\
         \x20   needs: cell\n\
         \x20   if: always()\n\
         \x20   runs-on: [self-hosted, linux, x64]\n\
         \x20   steps:\n\
         \x20     - uses: actions/checkout@v4\n\
         \x20     - uses: actions/download-artifact@v4\n\
         \x20       with:\n\
         \x20         pattern: results-*\n\
         \x20         path: collected\n\
         \x20     - run: cargo build --release --locked\n\
         \x20     - run: target/release/gateless matrix --collect collected --store results\n\
         \x20     - uses: actions/upload-artifact@v4\n\
         \x20       if: always()\n\
         \x20       with:\n\
         \x20         name: results\n\
         \x20         path: results\n"
    )
}
