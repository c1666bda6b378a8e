//! Source paths in debug information: lowered sources live in a folder of their own, but debuggers must find the kernel's.

use gateless_llvm::Module;
use gateless_model::Result;

/// Gives every source file in debug information whose path begins with a prefix the replacement instead; the first match wins.
///
/// The name of a compile unit (`ROOT/@/UNIT`) is a source file, too.
pub fn apply(module: &Module, prefixes: &[(String, String)]) -> Result<()> {
    if prefixes.is_empty() {
        return Ok(());
    }
    for file in module.source_files()? {
        let name = replace(&file.name, prefixes);
        let directory = replace(&file.directory, prefixes);
        if name.is_some() || directory.is_some() {
            file.rename(name.as_deref().unwrap_or(&file.name), directory.as_deref().unwrap_or(&file.directory))?;
        }
    }
    Ok(())
}

fn replace(path: &str, prefixes: &[(String, String)]) -> Option<String> {
    prefixes.iter().find_map(|(prefix, replacement)| Some(format!("{replacement}{}", path.strip_prefix(prefix.as_str())?)))
}
