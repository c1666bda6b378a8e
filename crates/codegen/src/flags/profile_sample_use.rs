//! `-Zprofile-sample-use=FILE`: the optimiser knows how often code runs, from samples of a running kernel (AutoFDO).
//!
//! gcc: `-fauto-profile`; clang: `-fprofile-sample-use`. rustc marks functions with `use-sample-profile` (`llfn_attrs_from_instance`,
//! compiler/rustc_codegen_llvm/src/attributes.rs) and hands LLVM the file's name in its profile options (LLVMRustOptimize,
//! compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp). LLVM then has three passes more after its first simplification, and the inliner may defer a
//! decision (buildModuleSimplificationPipeline and buildInlinerPipeline, llvm/lib/Passes/PassBuilderPipelines.cpp). Its C API takes no
//! profile options; the passes go into the pipeline that is written out, and what their notation has no parameter for are options.
//! Tracking issue: <https://github.com/rust-lang/rust/issues/155668>.

use camino::Utf8PathBuf;
use gateless_llvm::Module;
use gateless_model::{Failure, Result};

use crate::flag::{Flag, Given, Place, Spelling, of_rustc};
use crate::target::Target;

/// The passes, as `opt -pgo-kind=pgo-sample-use-pipeline -print-pipeline-passes` puts them; the fourth that it shows, `pgo-force-function-attrs`,
/// does nothing unless cold code is to be optimised otherwise.
const PASSES: &str = "sample-profile,require<profile-summary>,pgo-icall-prom";

/// The profile's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSampleUse(Utf8PathBuf);

impl Flag for ProfileSampleUse {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("profile-sample-use")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self(given.needed("the name of a profile")?.into())))
    }

    /// LLVM goes on without a profile that it cannot read, as does rustc after its own check that the file exists.
    fn apply(&self, module: &Module, _: &Target) -> Result<()> {
        let profile = &self.0;
        if !profile.is_file() {
            return Err(Failure::failed(format!("no profile is at {profile}")).help(
                "CLANG_AUTOFDO_PROFILE names it for make; relative names start at the output directory",
            ));
        }
        for function in of_rustc(module)? {
            function.set_text_attribute("use-sample-profile", "")?;
        }
        Ok(())
    }

    fn passes(&self, place: Place) -> Option<&str> {
        (place == Place::Profile).then_some(PASSES)
    }

    fn llvm_options(&self) -> Vec<String> {
        vec![
            format!("-sample-profile-file={}", self.0),
            "-icp-samplepgo=true".to_owned(),
            "-inline-deferral=true".to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, flags};

    const FUNCTION: &str =
        "define void @f() \"target-cpu\"=\"generic\" { ret void }\ndeclare void @llvm.trap()";

    #[test]
    fn rustcs_functions_are_marked_and_llvms_own_are_not() {
        let profile = tempfile::NamedTempFile::new().unwrap();
        let flag = format!("-Zprofile-sample-use={}", profile.path().display());
        let text = Fixture::x86(FUNCTION).with(&flag);
        assert_eq!(text.matches("\"use-sample-profile\"").count(), 1, "{text}");
    }

    #[test]
    fn a_missing_profile_is_named() {
        let fixture = Fixture::x86(FUNCTION);
        let failure = flags(&["-Zprofile-sample-use=/no/such.profdata"])
            .apply(&fixture.module(), &fixture.target)
            .unwrap_err();
        assert!(failure.what.contains("/no/such.profdata"), "{failure}");
    }
}
