//! The names of receivers in debug information: where lowering had to give `self` another name, debuggers shall know it as `self`.

use std::collections::HashMap;

use camino::Utf8Path;
use gateless_llvm::Module;
use gateless_model::Result;

use super::debug_nodes::local_variables;
use super::debug_paths::replace;

/// Names those variables `self` that are called so in the kernel's source and otherwise in the lowered one.
///
/// `prefixes` lead from lowered files to the kernel's own, as for [`super::debug_paths`]. A variable counts as a renamed receiver if the line that declares it
/// has its name in the lowered file only, and `self` in the other. Fails if one of the two files cannot be read.
pub fn apply(module: &Module, prefixes: &[(String, String)]) -> Result<()> {
    if prefixes.is_empty() {
        return Ok(());
    }
    let mut texts: HashMap<String, Vec<String>> = HashMap::new();
    for variable in local_variables(module)? {
        let lowered = Utf8Path::new(&variable.directory).join(&variable.file);
        let Some(own) = own_path(&variable.directory, &variable.file, prefixes) else {
            continue;
        };
        for path in [lowered.as_str(), own.as_str()] {
            if !texts.contains_key(path) {
                let text = fs_err::read_to_string(path)?;
                texts.insert(path.to_owned(), text.lines().map(str::to_owned).collect());
            }
        }
        let has = |path: &str, name: &str| {
            let line = texts[path].get((variable.line as usize).saturating_sub(1));
            line.is_some_and(|line| words(line).any(|word| word == name))
        };
        if variable.name != RECEIVER
            && has(lowered.as_str(), &variable.name)
            && !has(&own, &variable.name)
            && has(&own, RECEIVER)
        {
            variable.rename(RECEIVER)?;
        }
    }
    Ok(())
}

const RECEIVER: &str = "self";

/// The kernel's own path of a lowered file; nothing if the file is not lowered.
fn own_path(directory: &str, file: &str, prefixes: &[(String, String)]) -> Option<String> {
    let (new_file, new_directory) = (replace(file, prefixes), replace(directory, prefixes));
    if new_file.is_none() && new_directory.is_none() {
        return None;
    }
    let file = new_file.as_deref().unwrap_or(file);
    let directory = new_directory.as_deref().unwrap_or(directory);
    Some(Utf8Path::new(directory).join(file).into_string())
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[test]
    fn only_what_the_kernel_calls_self_is_called_so() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path().to_str().unwrap();
        let mirror = format!("{at}/mirror");
        std::fs::create_dir(&mirror).unwrap();
        std::fs::write(format!("{at}/x.rs"), "fn f(self: P<Self>,\nthis: u8)\n").unwrap();
        std::fs::write(
            format!("{mirror}/x.rs"),
            "fn f(gateless_this: P<Self>,\nthis: u8)\n",
        )
        .unwrap();
        let module = Fixture::x86(&format!(
            "define void @f(i8 %a, i8 %b) !dbg !3 {{ #dbg_value(i8 %a, !7, !DIExpression(), !6)\n #dbg_value(i8 %b, !8, !DIExpression(), !6)\n ret void, !dbg !6 }}\n\
             !llvm.dbg.cu = !{{!0}}\n!llvm.module.flags = !{{!2}}\n\
             !0 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !1, emissionKind: FullDebug)\n\
             !1 = !DIFile(filename: \"{mirror}/x.rs\", directory: \"{at}\")\n\
             !2 = !{{i32 2, !\"Debug Info Version\", i32 3}}\n\
             !3 = distinct !DISubprogram(name: \"f\", file: !1, line: 1, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n\
             !5 = !DISubroutineType(types: !{{}})\n\
             !6 = !DILocation(line: 2, scope: !3)\n\
             !7 = !DILocalVariable(name: \"gateless_this\", arg: 1, scope: !3, file: !1, line: 1)\n\
             !8 = !DILocalVariable(name: \"this\", arg: 2, scope: !3, file: !1, line: 2)\n"
        ))
        .module();
        let names = || {
            let variables = local_variables(&module).unwrap();
            let mut names: Vec<_> = variables.into_iter().map(|it| it.name).collect();
            names.sort();
            names
        };
        apply(&module, &[(format!("{at}/elsewhere"), at.to_owned())]).unwrap();
        assert_eq!(names(), ["gateless_this", "this"], "not a lowered file");
        apply(&module, &[(mirror, at.to_owned())]).unwrap();
        assert_eq!(names(), ["self", "this"]);
    }
}
