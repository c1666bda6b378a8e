//! Tests that need what a machine may not have: a kernel tree, a browser, an installed library.
//!
//! Where it is missing they show as ignored, and fail with the reason when somebody insists (`--ignored`,
//! `--include-ignored`). They never pass.

use camino::Utf8PathBuf;
use libtest_mimic::{Failed, Trial};

/// Where a compiler's libLLVM is, for tests of crates that know no compilers.
pub use gateless_rustc::llvm as libllvm;

/// Something that tests need, or why it is not to be had.
pub struct Need<T>(Result<T, String>);

impl<T> Need<T> {
    /// What was found. What was not is said once, on standard error.
    pub fn new(found: Result<T, String>) -> Need<T> {
        if let Err(because) = &found {
            eprintln!("some tests are ignored: {because}");
        }
        Need(found)
    }

    /// What was found.
    pub fn found(&self) -> Result<&T, &str> {
        self.0.as_ref().map_err(String::as_str)
    }

    /// A test that needs it.
    pub fn trial<F>(&self, name: impl Into<String>, test: F) -> Trial
    where
        T: Clone + Send + 'static,
        F: FnOnce(T) -> Result<(), Failed> + Send + 'static,
    {
        match self.0.clone() {
            Ok(found) => Trial::test(name, move || test(found)),
            Err(because) => cannot_run(name, because),
        }
    }
}

impl Need<Utf8PathBuf> {
    /// The kernel tree that `$GATELESS_TEST_TREE` names.
    pub fn kernel_tree() -> Need<Utf8PathBuf> {
        Need::new(match std::env::var("GATELESS_TEST_TREE") {
            Ok(tree) => Ok(tree.into()),
            Err(_) => Err(
                "no kernel tree; set GATELESS_TEST_TREE to what `gateless fetch` prints".to_owned(),
            ),
        })
    }
}

/// A test that cannot run here: ignored, and failing with the reason where ignored tests are run.
pub fn cannot_run(name: impl Into<String>, because: impl Into<String>) -> Trial {
    let because = because.into();
    Trial::test(name, move || Err(format!("cannot run: {because}").into())).with_ignored_flag(true)
}

#[cfg(test)]
mod tests {
    use libtest_mimic::Arguments;

    use super::*;

    fn run(need: &Need<u8>, include_ignored: bool) -> libtest_mimic::Conclusion {
        let arguments = Arguments {
            include_ignored,
            // Not into the report of these tests.
            logfile: Some("/dev/null".into()),
            ..Arguments::default()
        };
        let trial = need.trial("three", |found| match found {
            3 => Ok(()),
            other => Err(format!("{other} is not 3").into()),
        });
        libtest_mimic::run(&arguments, vec![trial])
    }

    #[test]
    fn a_test_runs_with_what_it_needs() {
        let (found, wrong) = (Need::new(Ok(3)), Need::new(Ok(4)));
        assert_eq!(run(&found, false).num_passed, 1);
        assert_eq!(run(&wrong, false).num_failed, 1);
    }

    #[test]
    fn a_test_without_what_it_needs_is_ignored_and_never_passes() {
        let missing = Need::new(Err("no three here".to_owned()));
        let left_out = run(&missing, false);
        assert_eq!((left_out.num_ignored, left_out.num_passed), (1, 0));
        let insisted = run(&missing, true);
        assert_eq!((insisted.num_failed, insisted.num_passed), (1, 0));
    }
}
