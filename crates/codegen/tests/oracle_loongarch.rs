//! The oracle for what the kernel passes for LoongArch.

#![cfg(target_arch = "x86_64")]

mod support;

use gateless_codegen::CodeModel;
use support::Sample;

const LOONGARCH: Sample<'static> = Sample {
    source: support::NO_CORE,
    target: "loongarch64-unknown-none-softfloat",
    triple: "loongarch64-unknown-none",
    cpu: "generic",
    abi: "lp64s",
    code_model: CodeModel::Medium,
    ..support::HOST
};

#[test]
fn direct_access_external_data() {
    for reloc in ["static", "pic", "pie"] {
        let sample = Sample {
            reloc,
            stable_reloc: reloc,
            ..LOONGARCH
        };
        sample.compare("2", &["direct-access-external-data=yes"]);
    }
    for (reloc, stable_reloc) in [("static", "pic"), ("pic", "pic"), ("pie", "pie")] {
        let sample = Sample {
            reloc,
            stable_reloc,
            ..LOONGARCH
        };
        sample.compare("2", &["direct-access-external-data=no"]);
    }
}
