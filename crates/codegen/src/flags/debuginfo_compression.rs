//! `-Zdebuginfo-compression`: compressed debug sections.
//!
//! gcc and clang: `-gz`. rustc sets LLVM's target option CompressDebugSections (LLVMRustCreateTargetMachine,
//! compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), which LLVM's C API has no setter for. So the finished object is rewritten as
//! LLVM's writer would have (ELFWriter::writeSectionData, llvm/lib/MC/ELFObjectWriter.cpp): sections whose names begin with `.debug_`, where
//! that makes them smaller. The compressed bytes depend on the compression library; what they hold does not.
//! Tracking issue: <https://github.com/rust-lang/rust/issues/120953>.

use std::io::Write;

use gateless_model::{Failure, Result};
use object::elf;

use crate::flag::{Flag, Given, Spelling};
use crate::object::elf::Elf;

/// How sections are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebuginfoCompression {
    /// zlib
    Zlib,
    /// Zstandard
    Zstd,
}

impl Flag for DebuginfoCompression {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Unstable("debuginfo-compression")]
    }

    fn parse(given: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(match given.value {
            Some("none") => None,
            Some("zlib") => Some(Self::Zlib),
            Some("zstd") => Some(Self::Zstd),
            _ => return Err(given.bad("none, zlib or zstd")),
        })
    }

    fn finish(&self, object: Vec<u8>) -> Result<Vec<u8>> {
        compress(&object, *self)
    }
}

/// LLVM's DefaultCompression of each (llvm/include/llvm/Support/Compression.h): a section is compressed only where that makes it
/// smaller, so another level could leave out another section.
const ZLIB_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 5;

/// The object with its debug sections compressed.
///
/// Fails for anything else than an ELF object.
fn compress(object: &[u8], compression: DebuginfoCompression) -> Result<Vec<u8>> {
    let mut file = Elf::parse(object, "compressed debug sections")?;
    for index in 0..file.sections.len() {
        let section = &file.sections[index];
        if section.name.starts_with(b".debug_")
            && let Some(packed) = pack(&section.content, section.alignment, compression, &file)?
        {
            // LLVM places a section before it compresses it: the alignment of the compression header stands in the row only.
            let alignment = file.layout.word as u64;
            let section = &mut file.sections[index];
            section.flags |= u64::from(elf::SHF_COMPRESSED);
            section.alignment = alignment;
            section.content = packed.into();
        }
    }
    Ok(file.write())
}

/// A section's content with its compression header (gABI, "Compressed Sections"), if that is smaller.
fn pack(
    content: &[u8],
    alignment: u64,
    compression: DebuginfoCompression,
    file: &Elf<'_>,
) -> Result<Option<Vec<u8>>> {
    const TYPE: usize = 4;
    let word = file.layout.word;
    let kind = match compression {
        DebuginfoCompression::Zlib => elf::ELFCOMPRESS_ZLIB,
        DebuginfoCompression::Zstd => elf::ELFCOMPRESS_ZSTD,
    };
    let mut packed = file.bytes(u64::from(kind), TYPE);
    // ch_reserved is there in the 64-bit class only.
    packed.resize(word, 0);
    packed.extend(file.bytes(content.len() as u64, word));
    packed.extend(file.bytes(alignment, word));
    let cannot = |error: std::io::Error| {
        Failure::failed("a debug section cannot be compressed").because(error)
    };
    match compression {
        DebuginfoCompression::Zlib => {
            let mut encoder =
                flate2::write::ZlibEncoder::new(&mut packed, flate2::Compression::new(ZLIB_LEVEL));
            encoder
                .write_all(content)
                .and_then(|()| encoder.finish().map(|_| ()))
                .map_err(cannot)?;
        }
        DebuginfoCompression::Zstd => {
            packed.extend(zstd::bulk::compress(content, ZSTD_LEVEL).map_err(cannot)?);
        }
    }
    Ok((packed.len() < content.len()).then_some(packed))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use object::{Object, ObjectSection, ObjectSymbol};

    use super::*;
    use crate::testing::Fixture;

    /// Objects of both classes and byte orders. Not of PowerPC, whose back end changes what others do with switches in the same process.
    fn with_debug_info() -> [Vec<u8>; 3] {
        let members: String = (0..50)
            .map(|n| format!("!DIEnumerator(name: \"a_rather_long_name_{n}\", value: {n}), "))
            .collect();
        let text = format!(
            "define void @f() !dbg !3 {{ ret void, !dbg !6 }}\n!llvm.dbg.cu = !{{!0}}\n!llvm.module.flags = !{{!2}}\n\
            !0 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !1, emissionKind: FullDebug, enums: !{{!8}})\n\
            !1 = !DIFile(filename: \"lib.rs\", directory: \"/out\")\n!2 = !{{i32 2, !\"Debug Info Version\", i32 3}}\n\
            !3 = distinct !DISubprogram(name: \"f\", file: !1, line: 1, type: !5, unit: !0, spFlags: DISPFlagDefinition)\n\
            !5 = !DISubroutineType(types: !7)\n!6 = !DILocation(line: 2, scope: !3)\n!7 = !{{}}\n\
            !8 = !DICompositeType(tag: DW_TAG_enumeration_type, name: \"e\", size: 32, elements: !{{{}}})\n",
            members.trim_end_matches(", ")
        );
        let other = |head: &str, triple: &str| {
            let mut fixture = Fixture::whole(&format!("{head}{text}"));
            fixture.target.triple = triple.to_owned();
            fixture.object(&[])
        };
        [
            Fixture::x86(&text).object(&[]),
            other(
                "target datalayout = \"E-m:e-p:32:32-Fi8-i64:64-v128:64:128-a:0:32-n32-S64\"\ntarget triple = \"armeb-unknown-linux-gnueabi\"\n",
                "armeb-unknown-linux-gnueabi",
            ),
            other(
                "target datalayout = \"E-m:e-i1:8:16-i8:8:16-i64:64-f128:64-v128:64-a:8:16-n32:64\"\ntarget triple = \"s390x-unknown-linux-gnu\"\n",
                "s390x-unknown-linux-gnu",
            ),
        ]
    }

    /// Sections with their decompressed contents, and symbols.
    type Contents = (BTreeMap<String, Vec<u8>>, Vec<(String, u64)>);

    fn contents(bytes: &[u8]) -> Contents {
        let file = object::File::parse(bytes).unwrap();
        let section = |section: object::Section<'_, '_>| {
            (
                section.name().unwrap().to_owned(),
                section.uncompressed_data().unwrap().into_owned(),
            )
        };
        let symbol =
            |symbol: object::Symbol<'_, '_>| (symbol.name().unwrap().to_owned(), symbol.address());
        (
            file.sections().map(section).collect(),
            file.symbols().map(symbol).collect(),
        )
    }

    #[test]
    fn debug_sections_shrink_and_hold_the_same_and_nothing_else_changes() {
        let objects = with_debug_info();
        let each = objects.iter().flat_map(|object| {
            [
                (object, DebuginfoCompression::Zlib),
                (object, DebuginfoCompression::Zstd),
            ]
        });
        for (before, compression) in each {
            let after = compress(before, compression).unwrap();
            assert!(after.len() < before.len(), "{compression:?}");
            assert_eq!(contents(before), contents(&after));
            let file = object::File::parse(&after[..]).unwrap();
            let packed = |name: &str| {
                file.section_by_name(name)
                    .unwrap()
                    .compressed_file_range()
                    .unwrap()
                    .format
            };
            assert_ne!(packed(".debug_str"), object::CompressionFormat::None);
            assert_eq!(packed(".text"), object::CompressionFormat::None);
            assert_eq!(
                packed(".debug_abbrev"),
                object::CompressionFormat::None,
                "too small to gain"
            );
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(compress(b"not ELF", DebuginfoCompression::Zlib).is_err());
    }
}
