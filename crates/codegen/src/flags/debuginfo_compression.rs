//! `-Zdebuginfo-compression`: compressed debug sections.
//!
//! gcc and clang: `-gz`. rustc sets LLVM's target option CompressDebugSections (LLVMRustCreateTargetMachine,
//! compiler/rustc_llvm/llvm-wrapper/PassWrapper.cpp), which LLVM's C API has no setter for. So the finished object is rewritten as
//! LLVM's writer would have (ELFWriter::writeSectionData, llvm/lib/MC/ELFObjectWriter.cpp): sections whose names begin with `.debug_`, where
//! that makes them smaller. The compressed bytes depend on the compression library; what they hold does not.
//! Tracking issue: <https://github.com/rust-lang/rust/issues/120953>.

use std::io::Write;

use gateless_model::{Failure, Result};
use object::elf::{self, FileHeader64, SectionHeader64};
use object::read::elf::{FileHeader, SectionHeader};
use object::{LittleEndian as LE, U32, U64, pod};

/// How sections are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// zlib
    Zlib,
    /// Zstandard
    Zstd,
}

/// The object with its debug sections compressed.
///
/// Fails for anything else than a little-endian 64-bit ELF object.
pub(crate) fn apply(object: &[u8], compression: Compression) -> Result<Vec<u8>> {
    let broken = |error: object::Error| {
        Failure::failed(
            "compressed debug sections are implemented for little-endian 64-bit ELF only",
        )
        .because(error)
    };
    let header = FileHeader64::<LE>::parse(object).map_err(broken)?;
    let mut sections = header.section_headers(LE, object).map_err(broken)?.to_vec();
    let names = header.sections(LE, object).map_err(broken)?;
    let mut order: Vec<_> = (0..sections.len())
        .filter(|&index| sections[index].sh_type(LE) != elf::SHT_NULL)
        .collect();
    order.sort_by_key(|&index| (sections[index].sh_offset(LE), index));
    let mut out = object[..size_of::<FileHeader64<LE>>()].to_vec();
    for index in order {
        let section = sections[index];
        let content = section.data(LE, object).map_err(broken)?;
        let name = names.section_name(LE, &section).map_err(broken)?;
        let packed = if name.starts_with(b".debug_") {
            pack(content, section.sh_addralign(LE), compression)?
        } else {
            None
        };
        let section = &mut sections[index];
        if let Some(packed) = &packed {
            section.sh_flags = U64::new(LE, section.sh_flags(LE) | u64::from(elf::SHF_COMPRESSED));
            section.sh_size = U64::new(LE, packed.len() as u64);
            section.sh_addralign = U64::new(LE, align_of::<u64>() as u64);
        }
        out.resize(
            out.len()
                .next_multiple_of(section.sh_addralign(LE).max(1) as usize),
            0,
        );
        section.sh_offset = U64::new(LE, out.len() as u64);
        out.extend_from_slice(packed.as_deref().unwrap_or(content));
    }
    out.resize(out.len().next_multiple_of(align_of::<u64>()), 0);
    let mut header = *header;
    header.e_shoff = U64::new(LE, out.len() as u64);
    out.extend_from_slice(pod::bytes_of_slice::<SectionHeader64<LE>>(&sections));
    out[..size_of::<FileHeader64<LE>>()].copy_from_slice(pod::bytes_of(&header));
    Ok(out)
}

/// A section's content with its compression header, if that is smaller.
fn pack(content: &[u8], alignment: u64, compression: Compression) -> Result<Option<Vec<u8>>> {
    let header = elf::CompressionHeader64::<LE> {
        ch_type: U32::new(
            LE,
            match compression {
                Compression::Zlib => elf::ELFCOMPRESS_ZLIB,
                Compression::Zstd => elf::ELFCOMPRESS_ZSTD,
            },
        ),
        ch_reserved: U32::new(LE, 0),
        ch_size: U64::new(LE, content.len() as u64),
        ch_addralign: U64::new(LE, alignment),
    };
    let mut packed = pod::bytes_of(&header).to_vec();
    let cannot = |error: std::io::Error| {
        Failure::failed("a debug section cannot be compressed").because(error)
    };
    match compression {
        Compression::Zlib => {
            let mut encoder =
                flate2::write::ZlibEncoder::new(&mut packed, flate2::Compression::default());
            encoder
                .write_all(content)
                .and_then(|()| encoder.finish().map(|_| ()))
                .map_err(cannot)?;
        }
        Compression::Zstd => packed.extend(
            zstd::bulk::compress(content, zstd::DEFAULT_COMPRESSION_LEVEL).map_err(cannot)?,
        ),
    }
    Ok((packed.len() < content.len()).then_some(packed))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use object::{Object, ObjectSection, ObjectSymbol};

    use super::*;
    use crate::testing::Fixture;

    fn with_debug_info() -> Vec<u8> {
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
        Fixture::x86(&text).object(&[])
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
        let before = with_debug_info();
        for compression in [Compression::Zlib, Compression::Zstd] {
            let after = apply(&before, compression).unwrap();
            assert!(after.len() < before.len(), "{compression:?}");
            assert_eq!(contents(&before), contents(&after));
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
        assert!(apply(b"not ELF", Compression::Zlib).is_err());
    }
}
