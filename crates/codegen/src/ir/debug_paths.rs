//! Source paths in debug information: lowered sources live in a directory of their own, but debuggers must find the kernel's.

use camino::Utf8Path;
use gateless_base::hash;
use gateless_llvm::Module;
use gateless_model::{Failure, Result};
use md5::{Digest, Md5};

use super::debug_nodes::source_files;

/// Gives every source file in debug information whose path begins with a prefix the replacement instead; the first match wins.
///
/// The name of a compile unit (`ROOT/@/UNIT`) is a source file, too. A file that has a checksum gets that of the file at the new path
/// (relative ones from the file's own directory in the debug information), since the kernel's own source is what a debugger will find
/// there; fails if it cannot be read.
pub fn apply(module: &Module, prefixes: &[(String, String)]) -> Result<()> {
    if prefixes.is_empty() {
        return Ok(());
    }
    for file in source_files(module)? {
        let name = replace(&file.name, prefixes);
        let directory = replace(&file.directory, prefixes);
        if name.is_none() && directory.is_none() {
            continue;
        }
        let name = name.as_deref().unwrap_or(&file.name);
        let directory = directory.as_deref().unwrap_or(&file.directory);
        let checksum = match &file.checksum {
            Some(old) => Some(checksum(&Utf8Path::new(directory).join(name), old)?),
            None => None,
        };
        file.replace(module, name, directory, checksum.as_deref())?;
    }
    Ok(())
}

/// The checksum of the file at `path`, of the kind of `old`: rustc takes MD5 for all targets of the kernel.
fn checksum(path: &Utf8Path, old: &str) -> Result<String> {
    const MD5_DIGITS: usize = 32;
    if old.len() != MD5_DIGITS {
        return Err(Failure::failed(format!(
            "{path} has a checksum of {} digits in its debug information",
            old.len()
        ))
        .help("MD5 is implemented; let rustc choose the kind of checksum (-Zsrc-hash-algorithm)"));
    }
    let content = fs_err::read(path)?;
    Ok(hash::hex(&Md5::digest(content)))
}

/// The path with the first prefix that fits replaced; nothing if none does.
pub fn replace(path: &str, prefixes: &[(String, String)]) -> Option<String> {
    prefixes.iter().find_map(|(prefix, replacement)| {
        Some(format!(
            "{replacement}{}",
            path.strip_prefix(prefix.as_str())?
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    /// A function of `/mirror/lib.rs`, with one inlined from `/mirror/inlined.rs` and one from elsewhere, both reached through instructions only.
    const FILES: &str = "define void @f() !dbg !3 { call void asm \"nop\", \"\"(), !dbg !7\n call void asm \"nop\", \"\"(), !dbg !13\n ret void, !dbg !6 }\n\
        !llvm.dbg.cu = !{!0}\n!llvm.module.flags = !{!2}\n\
        !0 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !1, emissionKind: FullDebug)\n\
        !1 = !DIFile(filename: \"/mirror/lib.rs/@/lib.0\", directory: \"/out\")\n\
        !2 = !{i32 2, !\"Debug Info Version\", i32 3}\n\
        !3 = distinct !DISubprogram(name: \"f\", file: !4, line: 1, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n\
        !4 = !DIFile(filename: \"/mirror/lib.rs\", directory: \"\", checksumkind: CSK_MD5, checksum: \"00000000000000000000000000000000\")\n\
        !5 = !DISubroutineType(types: !12)\n\
        !6 = !DILocation(line: 2, scope: !3)\n\
        !7 = !DILocation(line: 3, scope: !8, inlinedAt: !6)\n\
        !8 = distinct !DISubprogram(name: \"g\", file: !9, line: 1, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n\
        !9 = !DIFile(filename: \"inlined.rs\", directory: \"/mirror\")\n\
        !10 = distinct !DISubprogram(name: \"h\", file: !11, line: 1, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n\
        !11 = !DIFile(filename: \"/elsewhere/mirror/core.rs\", directory: \"\")\n\
        !12 = !{}\n!13 = !DILocation(line: 4, scope: !10, inlinedAt: !6)\n";

    /// What is left of [`FILES`] without the one that has a checksum.
    fn without_checksum() -> String {
        FILES.replace(
            ", checksumkind: CSK_MD5, checksum: \"00000000000000000000000000000000\"",
            "",
        )
    }

    fn paths(prefixes: &[(&str, &str)]) -> Vec<String> {
        let module = Fixture::x86(&without_checksum()).module();
        let prefixes: Vec<_> = prefixes
            .iter()
            .map(|(prefix, replacement)| (prefix.to_string(), replacement.to_string()))
            .collect();
        apply(&module, &prefixes).unwrap();
        module.verify().unwrap();
        let mut paths: Vec<_> = source_files(&module)
            .unwrap()
            .iter()
            .map(|file| format!("{}|{}", file.directory, file.name))
            .collect();
        paths.sort();
        paths
    }

    #[test]
    fn every_file_under_the_prefix_gets_its_own_path_back() {
        assert_eq!(
            paths(&[("/mirror/", "/tree/"), ("/mirror", "/tree")]),
            [
                "/out|/tree/lib.rs/@/lib.0",
                "/tree|inlined.rs",
                "|/elsewhere/mirror/core.rs",
                "|/tree/lib.rs"
            ]
        );
    }

    #[test]
    fn without_a_matching_prefix_nothing_changes() {
        assert_eq!(paths(&[("/other/", "/tree/")]), paths(&[]));
        assert_eq!(paths(&[]).len(), 4);
    }

    #[test]
    fn a_renamed_file_has_the_checksum_of_the_source_that_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let tree = directory.path().to_str().unwrap();
        std::fs::write(directory.path().join("lib.rs"), "abc").unwrap();
        let module = Fixture::x86(FILES).module();
        apply(&module, &[("/mirror/".into(), format!("{tree}/"))]).unwrap();
        // RFC 1321, appendix A.5
        let expected = format!(
            "!DIFile(filename: \"{tree}/lib.rs\", directory: \"\", checksumkind: CSK_MD5, checksum: \"900150983cd24fb0d6963f7d28e17f72\")"
        );
        let text = module.to_text().unwrap();
        assert!(text.contains(&expected), "{text}");
    }

    #[test]
    fn a_source_that_cannot_be_read_is_named() {
        let module = Fixture::x86(FILES).module();
        let failure = apply(&module, &[("/mirror/".into(), "/no/such/tree/".into())]).unwrap_err();
        assert!(failure.what.contains("/no/such/tree/lib.rs"), "{failure}");
    }
}
