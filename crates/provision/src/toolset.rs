//! Everything that Kbuild's Rust support is told through make variables, found on this machine.

use camino::Utf8Path;
use gateless_base::process;
use gateless_kbuild::make_vars::Toolset;
use gateless_kbuild::wrappers;
use gateless_linux::tree::{Tool, Tree};
use gateless_model::backend::Backend;
use gateless_model::{Failure, Result, Version};
use gateless_rustc::compiler::Compiler;

use crate::toolchain::{self, Choice};
use crate::{libclang, others, rust_src, tools};

/// Finds the tools, for the running program `binary` and, if given, for a tree and its ARCH; what is missing or too old is an error.
/// `prebuilt` names the runtime source where that is not the standard library's sources; `toolchain` says which compiler.
pub fn find(
    binary: &Utf8Path,
    cache: &Utf8Path,
    tree: Option<(&Tree, &str)>,
    prebuilt: Option<&str>,
    toolchain: &Choice,
) -> Result<Toolset> {
    let minimum = tree
        .map(|(tree, arch)| tree.minimum_rustc(arch, &process::stdout_of))
        .transpose()?;
    let compiler = toolchain::choose(toolchain, cache, minimum)?.compiler()?;
    if let (Some((tree, _)), Some(minimum)) = (tree, minimum) {
        check_age(&compiler, tree, minimum, cache)?;
    }
    let libclang = libclang::find()?;
    let mut minimum = match tree {
        Some((tree, arch)) => {
            libclang::check(
                &libclang,
                tree.minimum(Tool::Llvm, arch, &process::stdout_of)?,
            )?;
            tree.minimum(Tool::Bindgen, arch, &process::stdout_of)?
        }
        None => Version::new(0, 0, 0),
    };
    minimum = minimum.max(tools::minimum_for_libclang(libclang.major));
    let bindgen = tools::find_bindgen(cache, minimum)?;
    let rust_lib_src = match prebuilt {
        Some(runtime) => rust_src::placeholder(cache, runtime)?,
        None => rust_src::find(&compiler, cache)?,
    };
    let found = Toolset {
        compiler,
        wrappers: wrappers::link(binary, cache)?,
        bindgen: bindgen.path,
        bindgen_version: bindgen.version,
        rust_lib_src,
        libclang: libclang.directory,
        prebuilt: prebuilt.map(str::to_owned),
        wishes: Vec::new(),
        backend: Backend::default(),
        overlay: None,
    };
    found.check()?;
    Ok(found)
}

/// An error if the compiler is older than the tree wants.
fn check_age(compiler: &Compiler, tree: &Tree, minimum: Version, cache: &Utf8Path) -> Result<()> {
    if compiler.version >= minimum {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "rustc {} ({}) is too old for Linux {}: {minimum} is the minimum",
        compiler.version, compiler.command, tree.release
    ))
    .help(others::help_for_rustc(cache, minimum)))
}
