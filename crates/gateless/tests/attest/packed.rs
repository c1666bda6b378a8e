//! What is booted unpacks to the image that was examined, byte for byte.

use std::io::Write as _;

use crate::image::linked;
use crate::out::Out;

fn read(out: &Out, name: &str) -> Vec<u8> {
    fs_err::read(out.path.join(name)).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// x86's setup header in front of a packed image, and something behind it.
fn bzimage(payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 5 * 512 + 64];
    bytes[0x1f1] = 4;
    bytes[0x202..0x206].copy_from_slice(b"HdrS");
    bytes[0x248..0x24c].copy_from_slice(&64_u32.to_le_bytes());
    bytes[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    bytes.extend(payload);
    bytes.extend([0xcc; 100]);
    bytes
}

fn put(out: &Out, name: &str, bytes: &[u8]) {
    let path = out.path.join(name);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, bytes).unwrap();
}

#[track_caller]
fn proven(out: &Out, name: &str) {
    let (code, text) = out.attest();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("{name}: the image")), "{text}");
}

const BZIMAGE: &str = "arch/x86/boot/bzImage";

#[test]
fn a_bzimage_is_proven_if_it_unpacks_to_the_image() {
    let out = linked();
    out.run(
        "objcopy",
        &["-R", ".comment", "-S", "vmlinux", "vmlinux.bin"],
    );
    let stripped = read(&out, "vmlinux.bin");
    put(&out, BZIMAGE, &bzimage(&gzip(&stripped)));
    proven(&out, BZIMAGE);
    let zstd = zstd::encode_all(&*stripped, 3).unwrap();
    put(&out, BZIMAGE, &bzimage(&[zstd, vec![1, 2, 3, 4]].concat()));
    proven(&out, BZIMAGE);
    for at in (0x1000..stripped.len()).step_by(0x400) {
        let mut other = stripped.clone();
        other[at] ^= 1;
        put(&out, BZIMAGE, &bzimage(&gzip(&other)));
        let (code, text) = out.attest();
        let is_part = text.contains("does not unpack to the `vmlinux` that was examined");
        // Between the memory and the section headers nothing is loaded.
        assert!((code == 1) == is_part, "{at:#x}: {text}");
    }
    put(&out, BZIMAGE, &bzimage(b"\xfd7zXZ..."));
    out.refused("it is packed by something else than gzip and zstd (its first bytes are fd377a58)");
    put(&out, BZIMAGE, b"text");
    out.refused("it has no header of x86's boot protocol");
    fs_err::remove_file(out.path.join("vmlinux")).unwrap();
    out.refused("arch/x86/boot/bzImage: can't be the packed `vmlinux`, which is missing");
}

#[test]
fn a_changed_byte_of_code_in_a_bzimage_is_caught() {
    let out = linked();
    out.run("objcopy", &["-S", "vmlinux", "vmlinux.bin"]);
    let mut stripped = read(&out, "vmlinux.bin");
    // `two` has this constant in its code.
    let at = stripped.windows(2).position(|bytes| bytes == [0x5a, 0x5a]);
    stripped[at.unwrap()] ^= 1;
    put(&out, BZIMAGE, &bzimage(&gzip(&stripped)));
    out.refused(
        "arch/x86/boot/bzImage: does not unpack to the `vmlinux` that was examined: its byte at ",
    );
}

#[test]
fn the_list_of_relocations_behind_an_image_is_that_of_its_objects() {
    let out = linked();
    out.run("objcopy", &["-S", "vmlinux", "vmlinux.bin"]);
    let mut bytes = read(&out, "vmlinux.bin");
    bytes.extend([0, 0, 0, 0]);
    put(&out, BZIMAGE, &bzimage(&gzip(&bytes)));
    proven(&out, BZIMAGE);
    // An address in front of all code, which nobody refers to.
    bytes.extend(0x7000_0000_u32.to_le_bytes());
    put(&out, BZIMAGE, &bzimage(&gzip(&bytes)));
    out.refused("its list of relocations lacks the Rust object's at ");
}

#[test]
fn a_flat_image_is_proven_if_it_is_the_images_memory() {
    let out = linked();
    out.run(
        "objcopy",
        &[
            "-O",
            "binary",
            "-R",
            ".note",
            "-R",
            ".note.gnu.property",
            "-R",
            ".comment",
            "-S",
            "vmlinux",
            "flat",
        ],
    );
    let flat = read(&out, "flat");
    let (plain, packed) = ("arch/arm64/boot/Image", "arch/arm64/boot/Image.gz");
    put(&out, plain, &flat);
    put(&out, packed, &gzip(&flat));
    proven(&out, plain);
    proven(&out, packed);
    let mut other = flat.clone();
    let at = other.windows(2).position(|bytes| bytes == [0x5a, 0x5a]);
    other[at.unwrap()] ^= 1;
    put(&out, plain, &other);
    out.refused(
        "arch/arm64/boot/Image: does not unpack to the `vmlinux` that was examined: its byte at ",
    );
    put(&out, plain, &[flat.clone(), vec![0; 100]].concat());
    put(&out, packed, &gzip(&[flat, vec![1]].concat()));
    out.refused("arch/arm64/boot/Image.gz: does not unpack to the `vmlinux` that was examined: it goes on behind the image's end");
}

#[test]
fn user_mode_linux_is_the_image_itself() {
    let out = linked();
    fs_err::copy(out.path.join("vmlinux"), out.path.join("linux")).unwrap();
    proven(&out, "linux");
    out.write("linux", "text");
    out.refused("linux: does not unpack to the `vmlinux` that was examined: it is another file");
}

#[test]
fn an_image_of_an_unknown_format_is_named() {
    let out = linked();
    put(&out, "arch/s390/boot/zImage", b"text");
    let (code, text) = out.attest();
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("not examined: arch/s390/boot/zImage: how files of this format are unpacked is not known"),
        "{text}"
    );
}
