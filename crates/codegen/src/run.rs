//! The pipeline: what comes before the back end, the back end, and putting the outputs into their places.

use gateless_llvm::Severity;
use gateless_model::Result;

use crate::{Done, Job, Sample, backend, prepare};

/// Does what `job` asks for. Either all outputs are written, each under a temporary name first, or none.
///
/// Fails as [`prepare`] does, if LLVM cannot generate the code, or if an output cannot be written.
pub fn run(job: &Job, sample: Sample<'_>) -> Result<Done> {
    let prepared = prepare(job, sample)?;
    let context = prepared.module.context().clone();
    let (outputs, mut warnings, lists) = backend::llvm::generate(job, prepared)?;
    let said = context.check(&format!("LLVM refuses the code of {}", job.bitcode))?;
    outputs.finish()?;
    let said = said.into_iter();
    let said = said.filter(|said| said.severity == Severity::Warning);
    warnings.extend(said.map(|said| said.text));
    let (major, minor, patch) = context.llvm().version();
    Ok(Done {
        warnings,
        llvm: format!("{major}.{minor}.{patch}"),
        lists,
    })
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use gateless_model::Failure;
    use gateless_model::columns::Columns;

    use super::*;
    use crate::{Added, Flags, Output, Stage, UsedFix};

    /// A run on bitcode that says what it is for.
    fn run(job: &Job) -> Result<Done> {
        super::run(job, &|| panic!("a sample was asked for"))
    }
    use crate::testing::{Fixture, flags, llvm_path, x86_target};

    const FUNCTION: &str = "define i32 @f(i32 %x) \"target-cpu\"=\"x86-64\" { %y = add i32 %x, 1\n %z = sub i32 %y, 1\n ret i32 %z }";

    /// A job on the bitcode of `body`, in a directory that goes with the test.
    fn job(body: &str) -> (tempfile::TempDir, Job) {
        let module = Fixture::x86(body).module();
        let (directory, mut job) = job_on(module.to_bitcode().unwrap().bytes().unwrap());
        job.outputs = vec![(Output::Object, at(&directory, "out.o"))];
        (directory, job)
    }

    fn job_on(bitcode: &[u8]) -> (tempfile::TempDir, Job) {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(at(&directory, "in.bc"), bitcode).unwrap();
        let job = Job {
            bitcode: at(&directory, "in.bc"),
            stage: Stage::Optimised,
            llvm: llvm_path(),
            llvm_args: Vec::new(),
            outputs: vec![(Output::Object, at(&directory, "out.o"))],
            target: x86_target(),
            flags: Flags::default(),
            debug_paths: Vec::new(),
            columns: Columns::default(),
            used: UsedFix::Keep,
            added: Added::None,
            without_debug_info: false,
            kcfi: None,
        };
        (directory, job)
    }

    fn at(directory: &tempfile::TempDir, name: &str) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(directory.path().join(name)).unwrap()
    }

    /// Runs a job that has to fail, and checks that it leaves nothing behind.
    fn failure(directory: &tempfile::TempDir, job: &Job) -> Failure {
        let failure = run(job).unwrap_err();
        let left: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["in.bc"], "after: {failure}");
        failure
    }

    #[test]
    fn every_kind_of_output_is_written_and_the_ir_has_the_flags_in_it() {
        let (directory, mut job) = job(FUNCTION);
        job.flags = flags(&["-Ztune-cpu=generic"]);
        job.outputs = [
            (Output::Object, "o"),
            (Output::Assembly, "s"),
            (Output::LlvmIr, "ll"),
            (Output::Bitcode, "bc"),
        ]
        .map(|(kind, name)| (kind, at(&directory, &format!("out.{name}"))))
        .to_vec();
        run(&job).unwrap();
        let read = |name: &str| std::fs::read(at(&directory, name)).unwrap();
        assert!(read("out.o").starts_with(b"\x7fELF"));
        assert!(read("out.bc").starts_with(b"BC"));
        let (assembly, ir) = (
            String::from_utf8(read("out.s")).unwrap(),
            String::from_utf8(read("out.ll")).unwrap(),
        );
        assert!(assembly.contains("f:"), "{assembly}");
        assert!(
            ir.starts_with("; ModuleID = 'LLVM IR'\n"),
            "the name of the fixture: {ir}"
        );
        assert!(
            ir.contains("target triple = \"x86_64-unknown-linux-gnu\"")
                && ir.contains("\"tune-cpu\"=\"generic\""),
            "{ir}"
        );
    }

    #[test]
    fn unoptimised_bitcode_is_optimised_and_optimised_bitcode_is_left_alone() {
        let (directory, mut job) = job(FUNCTION);
        job.outputs = vec![(Output::LlvmIr, at(&directory, "out.ll"))];
        run(&job).unwrap();
        assert!(
            std::fs::read_to_string(at(&directory, "out.ll"))
                .unwrap()
                .contains("sub i32")
        );
        job.stage = Stage::Unoptimised;
        run(&job).unwrap();
        assert!(
            std::fs::read_to_string(at(&directory, "out.ll"))
                .unwrap()
                .contains("ret i32 %x")
        );
    }

    #[test]
    fn unreachable_code_traps_as_it_does_with_rustc() {
        let fixture = Fixture::x86(
            "declare void @g() noreturn\ndefine void @f() { unreachable }\ndefine void @h() { call void @g() noreturn\n unreachable }",
        );
        assert_eq!(
            fixture.code("f", &[]),
            [0x0f, 0x0b],
            "-trap-unreachable had no effect"
        );
        assert!(
            !fixture.code("h", &[]).ends_with(&[0x0f, 0x0b]),
            "-no-trap-after-noreturn had no effect"
        );
    }

    #[test]
    fn garbage_and_cut_off_bitcode_are_refused_by_name() {
        let whole = Fixture::x86(FUNCTION)
            .module()
            .to_bitcode()
            .unwrap()
            .bytes()
            .unwrap()
            .to_vec();
        for bad in [&b"no bitcode"[..], &[], &whole[..(whole.len() / 2) & !3]] {
            let (directory, job) = job_on(bad);
            let failure = failure(&directory, &job);
            assert!(failure.what.contains("in.bc is not bitcode"), "{failure}");
        }
    }

    #[test]
    fn bitcode_of_another_llvm_is_refused_by_both_versions() {
        let (directory, job) = job_on(&crate::producer::tests::plain("LLVM21.1.8"));
        let failure = failure(&directory, &job);
        assert!(
            failure.what.contains("in.bc was written by LLVM21.1.8"),
            "{failure}"
        );
    }

    #[test]
    fn another_data_layout_is_refused() {
        let (directory, mut job) = job(FUNCTION);
        job.target.triple = "aarch64-unknown-none".into();
        let failure = failure(&directory, &job);
        assert!(failure.what.contains("laid data out"), "{failure}");
    }

    #[test]
    fn a_target_without_a_back_end_is_refused() {
        let (directory, mut job) = job(FUNCTION);
        job.target.triple = "alpha-linux-gnu".into();
        let failure = failure(&directory, &job);
        assert!(failure.what.contains("alpha"), "{failure}");
    }

    #[test]
    fn a_flag_that_does_not_fit_is_named() {
        let (directory, mut job) = job(FUNCTION);
        job.flags = flags(&["-Zfixed-x18"]);
        let failure = failure(&directory, &job);
        assert!(failure.what.contains("-Zfixed-x18"), "{failure}");
    }

    #[test]
    fn assembly_that_the_assembler_refuses_is_an_error_and_leaves_no_object() {
        let (directory, job) = job(
            "define void @f() { call void asm sideeffect \"no such instruction\", \"\"()\n ret void }",
        );
        let failure = failure(&directory, &job);
        assert!(
            failure.what.contains("in.bc") && failure.what.contains("instruction"),
            "{failure}"
        );
    }

    #[test]
    fn an_output_that_cannot_be_written_is_named_and_the_others_are_not_left() {
        let (directory, mut job) = job(FUNCTION);
        job.outputs
            .push((Output::Assembly, at(&directory, "no/such/directory/out.s")));
        let failure = failure(&directory, &job);
        assert!(
            failure.what.contains("no/such/directory/out.s"),
            "{failure}"
        );
    }

    #[test]
    fn an_output_that_cannot_be_put_into_its_place_takes_the_others_with_it() {
        let (directory, mut job) = job(FUNCTION);
        let taken = tempfile::tempdir().unwrap();
        job.outputs.push((
            Output::Assembly,
            Utf8PathBuf::from_path_buf(taken.path().to_owned()).unwrap(),
        ));
        let failure = failure(&directory, &job);
        assert!(
            failure.what.contains(taken.path().to_str().unwrap()),
            "{failure}"
        );
    }

    #[test]
    fn two_runs_write_the_same_bytes() {
        let (directory, mut job) = job(FUNCTION);
        job.stage = Stage::Unoptimised;
        run(&job).unwrap();
        let first = std::fs::read(at(&directory, "out.o")).unwrap();
        run(&job).unwrap();
        assert_eq!(first, std::fs::read(at(&directory, "out.o")).unwrap());
    }
}
