//! The modules of a build: where they are, what they need, and which of them have code in Rust.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::saved_command::SavedCommand;
use gateless_model::{Failure, Result};
use object::{Object as _, ObjectSection as _};

/// One module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The name that the kernel knows it by (`lsmod`).
    pub name: String,
    /// The file, relative to the output directory.
    pub file: Utf8PathBuf,
    /// Names of modules that have to be loaded before it, in that order.
    pub needs: Vec<String>,
    /// Whether any of its objects was made by rustc, as Kbuild recorded it.
    pub is_rust: bool,
}

/// The modules that the build in the output directory `out` made, in its own order (`modules.order`); none where modules are off.
///
/// # Errors
/// If a module is not there or can't be read, or needs a module that the build has not made.
pub fn of_build(out: &Utf8Path) -> Result<Vec<Module>> {
    let list = out.join("modules.order");
    if !list.is_file() {
        return Ok(Vec::new());
    }
    let mut modules = Vec::new();
    for line in fs_err::read_to_string(&list)?.lines() {
        // `.o` since Linux 6.4, `.ko` before and in the file of a whole build.
        let stem = line.trim_end_matches(".ko").trim_end_matches(".o");
        modules.push(read(out, Utf8Path::new(stem))?);
    }
    in_order(modules)
}

/// Those of `modules` (in load order) that have code in Rust, each after what it needs.
pub fn with_rust(modules: &[Module]) -> Vec<&Module> {
    let rust = modules.iter().filter(|module| module.is_rust);
    let wanted: BTreeSet<&str> = rust
        .flat_map(|module| module.needs.iter().chain([&module.name]))
        .map(String::as_str)
        .collect();
    modules
        .iter()
        .filter(|module| wanted.contains(module.name.as_str()))
        .collect()
}

fn read(out: &Utf8Path, stem: &Utf8Path) -> Result<Module> {
    let file = Utf8PathBuf::from(format!("{stem}.ko"));
    let bytes = fs_err::read(out.join(&file)).map_err(|error| {
        Failure::failed(format!("module {file} is not in {out}"))
            .because(error)
            .help("build the modules as well: `gateless build` without MAKE ARGS")
    })?;
    let bad = |error: object::Error| Failure::failed(format!("{out}/{file}")).because(error);
    let elf = object::File::parse(&*bytes).map_err(bad)?;
    let mut info = BTreeMap::new();
    if let Some(section) = elf.section_by_name(".modinfo") {
        let data = section.data().map_err(bad)?.to_vec();
        for entry in data.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry).into_owned();
            if let Some((key, value)) = entry.split_once('=') {
                info.insert(key.to_owned(), value.to_owned());
            }
        }
    }
    let name = info
        .get("name")
        .cloned()
        .ok_or_else(|| Failure::failed(format!("{out}/{file} does not say its name")))?;
    let needs = info.get("depends").map(String::as_str).unwrap_or_default();
    let needs = needs.split(',').filter(|name| !name.is_empty());
    Ok(Module {
        name,
        needs: needs.map(str::to_owned).collect(),
        is_rust: is_rust(out, stem)?,
        file,
    })
}

/// Kbuild lists a module's objects in its `.mod` file.
fn is_rust(out: &Utf8Path, stem: &Utf8Path) -> Result<bool> {
    let list = fs_err::read_to_string(out.join(format!("{stem}.mod")))?;
    Ok(list.split_whitespace().any(|object| {
        SavedCommand::of(out, object).is_some_and(|command| command.rust_object().is_some())
    }))
}

/// Completes `needs` by what the needed modules need themselves.
fn in_order(modules: Vec<Module>) -> Result<Vec<Module>> {
    let direct: BTreeMap<String, Vec<String>> = modules
        .iter()
        .map(|module| (module.name.clone(), module.needs.clone()))
        .collect();
    let complete = modules.into_iter().map(|mut module| {
        let mut order = Vec::new();
        visit(&module.name, &direct, &mut BTreeSet::new(), &mut order)?;
        order.pop();
        module.needs = order;
        Ok(module)
    });
    complete.collect()
}

fn visit(
    name: &str,
    direct: &BTreeMap<String, Vec<String>>,
    seen: &mut BTreeSet<String>,
    order: &mut Vec<String>,
) -> Result<()> {
    if !seen.insert(name.to_owned()) {
        return Ok(());
    }
    let needs = direct.get(name).ok_or_else(|| {
        Failure::failed(format!(
            "a module needs {name}, which is none of the build's modules"
        ))
    })?;
    for need in needs {
        visit(need, direct, seen, order)?;
    }
    order.push(name.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, needs: &[&str]) -> Module {
        Module {
            name: name.to_owned(),
            file: format!("{name}.ko").into(),
            needs: needs.iter().map(|name| (*name).to_owned()).collect(),
            is_rust: false,
        }
    }

    #[test]
    fn what_is_needed_by_what_is_needed_comes_first_and_once() {
        let modules = vec![
            module("gpu", &["core", "bus"]),
            module("core", &["bus"]),
            module("bus", &[]),
        ];
        let modules = in_order(modules).unwrap();
        assert_eq!(modules[0].needs, ["bus", "core"]);
        assert!(modules[2].needs.is_empty());
    }

    #[test]
    fn a_needed_module_that_is_not_there_is_named() {
        let failure = in_order(vec![module("gpu", &["core"])]).unwrap_err();
        assert!(failure.what.contains("needs core"), "{}", failure.what);
    }

    #[test]
    fn a_build_without_its_modules_is_no_build_without_modules() {
        let directory = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(directory.path()).unwrap();
        assert!(of_build(out).unwrap().is_empty());
        fs_err::write(out.join("modules.order"), "drivers/a/b.o\n").unwrap();
        let failure = of_build(out).unwrap_err();
        assert!(failure.what.contains("drivers/a/b.ko"), "{}", failure.what);
    }
}
