//! The make variables that make Kbuild call gateless, or the same tools without it.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_machines::{Machine, kbuild_arch};
use gateless_model::backend::Backend;
use gateless_model::{Failure, Result, Version, wish};
use gateless_overlay::{self as overlay, Written};

use crate::c_tools;
use crate::wrappers::{self, Wrappers};
use gateless_rustc::compiler::Compiler;

/// Everything that Kbuild's Rust support is told through variables.
#[derive(Debug, Clone)]
pub struct Toolset {
    /// The compiler behind the wrappers.
    pub compiler: Compiler,
    /// The wrappers.
    pub wrappers: Wrappers,
    /// The bindings generator.
    pub bindgen: Utf8PathBuf,
    /// Its version.
    pub bindgen_version: Version,
    /// The standard library's sources (the `library` directory).
    pub rust_lib_src: Utf8PathBuf,
    /// The directory with the libclang that bindgen loads.
    pub libclang: Utf8PathBuf,
    /// The runtime source, where `core` is not built from source.
    pub prebuilt: Option<String>,
    /// What is wished for besides (`gateless_model::wish`).
    pub wishes: Vec<String>,
    /// What makes objects of kernel code.
    pub backend: Backend,
    /// The overlay, where upstream has no Rust.
    pub overlay: Option<Written>,
}

/// Who compiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The kernel's own way, with the same compiler: the baseline.
    Gated,
    /// Through the wrappers.
    Gateless,
}

impl Toolset {
    /// An error if make or the shell would split one of the variables.
    pub fn check(&self) -> Result<()> {
        for mode in [Mode::Gateless, Mode::Gated] {
            let variables = self.variables(mode).into_iter();
            for (_, value) in variables.filter(|(name, _)| *name != wish::VARIABLE) {
                wrappers::check_word(Utf8Path::new(&value))?;
            }
        }
        Ok(())
    }

    /// The variables in the order they are printed.
    pub fn variables(&self, mode: Mode) -> Vec<(&'static str, String)> {
        let compiler = &self.compiler;
        let (rustc, rustdoc, clippy_driver) = match mode {
            Mode::Gateless => (
                &self.wrappers.rustc,
                Some(&self.wrappers.rustdoc),
                Some(&self.wrappers.clippy_driver),
            ),
            Mode::Gated => (
                &compiler.rustc,
                compiler.rustdoc.as_ref(),
                compiler.clippy_driver.as_ref(),
            ),
        };
        let mut variables = vec![
            ("RUSTC", rustc.to_string()),
            ("HOSTRUSTC", rustc.to_string()),
        ];
        variables.extend(rustdoc.map(|path| ("RUSTDOC", path.to_string())));
        variables.extend(clippy_driver.map(|path| ("CLIPPY_DRIVER", path.to_string())));
        let bindgen = match self.overlay {
            Some(_) => &self.wrappers.bindgen,
            None => &self.bindgen,
        };
        variables.push(("BINDGEN", bindgen.to_string()));
        variables.push(("RUST_LIB_SRC", self.rust_lib_src.to_string()));
        variables.push(("LIBCLANG_PATH", self.libclang.to_string()));
        if mode == Mode::Gateless && compiler.named {
            // make may run in an environment that does not name the compiler.
            variables.push(("GATELESS_RUSTC", compiler.command.to_string()));
        }
        if let (Mode::Gateless, Some(runtime)) = (mode, &self.prebuilt) {
            variables.push(("GATELESS_RUNTIME", runtime.clone()));
        }
        let flags = match self.wishes.is_empty() {
            true => None,
            false => Some(wish::flags(&self.wishes)),
        };
        // Both at once are refused.
        let flags = flags.or(self.backend.argument());
        if let (Mode::Gateless, Some(flags)) = (mode, flags) {
            variables.push((wish::VARIABLE, flags));
        }
        if let Some(written) = &self.overlay {
            variables.push((overlay::bindgen::REAL, self.bindgen.to_string()));
            variables.push((overlay::VARIABLE, written.makefile.to_string()));
        }
        variables
    }
}

/// Refuses a back end that can't be had for a machine, with these wishes, or with a prebuilt `core`.
///
/// # Errors
/// For the back end C, where it isn't known to work.
pub fn check_backend(
    backend: Backend,
    machine: Option<&Machine>,
    wishes: &[String],
    prebuilt: Option<&str>,
) -> Result<()> {
    if backend == Backend::Llvm {
        return Ok(());
    }
    let why = match (machine, wishes, prebuilt) {
        (Some(machine), ..) if !machine.backend_c => format!(
            "on {} C functions and Rust's are not known to call each other in the same way",
            machine.name()
        ),
        (None, ..) => "nothing is known about this architecture".to_owned(),
        (_, [wish, ..], _) => format!("{wish} is fulfilled on LLVM's way to an object"),
        (.., Some(runtime)) => {
            format!("the runtime source `{runtime}` has a core that LLVM has optimised already")
        }
        _ => return Ok(()),
    };
    Err(Failure::usage(format!("not with the back end C: {why}"))
        .help("leave --backend c out, or see docs/c-backend.md for what it can do"))
}

/// One line for `make $(...)`; `arch` (a machine's name), if given, adds ARCH and the variables that choose its C tools.
pub fn for_make(variables: &[(&str, String)], arch: Option<&str>) -> String {
    let arch = arch.map(|arch| {
        std::iter::once(("ARCH".to_owned(), kbuild_arch(arch).to_owned()))
            .chain(c_tools::variables(arch, &[]))
    });
    words(variables, arch.into_iter().flatten(), "")
}

/// One line for the kernel's `tools/testing/kunit/kunit.py`, which has an option of its own for ARCH.
pub fn for_kunit(variables: &[(&str, String)], arch: Option<&str>) -> String {
    let tools = arch.map(|arch| c_tools::variables(arch, &[]));
    words(variables, tools.into_iter().flatten(), "--make_options ")
}

fn words(
    variables: &[(&str, String)],
    more: impl Iterator<Item = (String, String)>,
    before: &str,
) -> String {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    let words: Vec<String> = variables
        .chain(more)
        .map(|(name, value)| format!("{before}{name}={value}"))
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolset(named: bool) -> Toolset {
        let bin = |name: &str| Utf8PathBuf::from(format!("/g/{name}"));
        Toolset {
            compiler: Compiler {
                command: "/r/proxy".into(),
                rustc: "/r/bin/rustc".into(),
                rustdoc: Some("/r/bin/rustdoc".into()),
                clippy_driver: None,
                sysroot: "/r".into(),
                version: Version::new(1, 95, 0),
                version_text: "rustc 1.95.0".into(),
                host: "x86_64-unknown-linux-gnu".into(),
                llvm: "22.1.2".into(),
                named,
            },
            wrappers: Wrappers {
                rustc: bin("gateless-rustc"),
                rustdoc: bin("gateless-rustdoc"),
                clippy_driver: bin("gateless-clippy-driver"),
                bindgen: bin("gateless-bindgen"),
            },
            bindgen: "/b/bindgen".into(),
            bindgen_version: Version::new(0, 72, 1),
            rust_lib_src: "/s/library".into(),
            libclang: "/l".into(),
            prebuilt: None,
            wishes: Vec::new(),
            backend: Backend::Llvm,
            overlay: None,
        }
    }

    #[test]
    fn the_back_end_c_reaches_the_calls_for_kernel_code_and_no_gated_build() {
        let tools = Toolset {
            backend: Backend::C,
            ..toolset(false)
        };
        tools.check().unwrap();
        let line = |mode| for_make(&tools.variables(mode), None);
        assert!(line(Mode::Gateless).ends_with(" KRUSTFLAGS=-Zgateless-backend=c"));
        assert!(!line(Mode::Gated).contains("KRUSTFLAGS"));
    }

    #[test]
    fn the_back_end_c_is_refused_where_it_is_not_known_to_work_and_llvm_is_not() {
        let wishes = ["overflow-report".to_owned()];
        let check = |backend, machine: &str, wishes: &[String], prebuilt| {
            check_backend(backend, Machine::find(machine), wishes, prebuilt)
        };
        for machine in ["um", "x86_64"] {
            check(Backend::C, machine, &[], None).unwrap();
        }
        for (machine, wishes, prebuilt, words) in [
            ("arm64", &[][..], None, "arm64"),
            ("no-such", &[], None, "nothing is known"),
            ("um", &wishes, None, "overflow-report"),
            ("um", &[], Some("host"), "`host`"),
        ] {
            let failure = check(Backend::C, machine, wishes, prebuilt).unwrap_err();
            assert!(failure.what.contains(words), "{failure}");
            check(Backend::Llvm, machine, wishes, prebuilt).unwrap();
        }
    }

    #[test]
    fn make_and_kunit_get_the_same_variables() {
        let variables = toolset(false).variables(Mode::Gateless);
        let make = for_make(&variables, None);
        assert_eq!(
            make,
            "RUSTC=/g/gateless-rustc HOSTRUSTC=/g/gateless-rustc RUSTDOC=/g/gateless-rustdoc CLIPPY_DRIVER=/g/gateless-clippy-driver \
             BINDGEN=/b/bindgen RUST_LIB_SRC=/s/library LIBCLANG_PATH=/l"
        );
        assert!(
            for_kunit(&variables, None)
                .starts_with("--make_options RUSTC=/g/gateless-rustc --make_options HOSTRUSTC=")
        );
    }

    #[test]
    fn gated_variables_never_name_a_wrapper() {
        assert!(!for_make(&toolset(true).variables(Mode::Gated), None).contains("gateless"));
    }

    #[test]
    fn a_compiler_named_by_the_environment_reaches_make() {
        assert!(
            for_make(&toolset(true).variables(Mode::Gateless), None)
                .ends_with("GATELESS_RUSTC=/r/proxy")
        );
    }

    #[test]
    fn a_prebuilt_runtime_reaches_the_wrappers() {
        let tools = Toolset {
            prebuilt: Some("host".into()),
            ..toolset(false)
        };
        assert!(
            for_make(&tools.variables(Mode::Gateless), None).ends_with(" GATELESS_RUNTIME=host")
        );
    }

    #[test]
    fn wishes_reach_the_calls_for_kernel_code_as_one_word_and_no_gated_build() {
        let tools = Toolset {
            wishes: vec!["a".into(), "b".into()],
            ..toolset(false)
        };
        tools.check().unwrap();
        let line = |mode| for_make(&tools.variables(mode), None);
        assert!(line(Mode::Gateless).ends_with(" KRUSTFLAGS=-Zgateless-wish=a,b"));
        assert!(!line(Mode::Gated).contains("KRUSTFLAGS"));
        let plain = for_make(&toolset(false).variables(Mode::Gateless), None);
        assert!(!plain.contains("KRUSTFLAGS"));
    }

    #[test]
    fn an_overlay_puts_a_makefile_before_the_trees_and_a_wrapper_before_bindgen() {
        let tools = Toolset {
            overlay: Some(Written {
                kconfig: "/o/Kconfig".into(),
                makefile: "/o/overlay.mk".into(),
            }),
            ..toolset(false)
        };
        for mode in [Mode::Gateless, Mode::Gated] {
            let make = for_make(&tools.variables(mode), None);
            assert!(make.contains(" BINDGEN=/g/gateless-bindgen "), "{make}");
            assert!(make.ends_with(" GATELESS_BINDGEN=/b/bindgen MAKEFILES=/o/overlay.mk"));
        }
    }

    #[test]
    fn an_architecture_adds_its_c_tools_and_for_make_its_name() {
        let variables = toolset(false).variables(Mode::Gateless);
        let arch = Some("x86_64");
        assert!(for_make(&variables, arch).ends_with(" LIBCLANG_PATH=/l ARCH=x86_64 LLVM=-22"));
        assert!(
            for_kunit(&variables, arch)
                .ends_with("--make_options LIBCLANG_PATH=/l --make_options LLVM=-22")
        );
        assert!(for_make(&variables, Some("um")).ends_with(" LIBCLANG_PATH=/l ARCH=um"));
        let variant = for_make(&variables, Some("um-i386"));
        assert!(variant.ends_with(" ARCH=um SUBARCH=i386"), "{variant}");
    }
}
