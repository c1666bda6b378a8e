//! The same tree and configuration built twice from nothing, in directories of different names, with time, user and host given: the image must be
//! the same, bit for bit.
//!
//! Takes long, so it runs only when asked for.

use camino::{Utf8Path, Utf8PathBuf};

use crate::workshop::{Mode, Tested, Workshop, succeeded};

/// Of different length as well.
const FOLDERS: [&str; 2] = ["twice", "twice-in-a-directory-of-a-longer-name"];

/// What else an image depends on (Documentation/kbuild/reproducible-builds.rst).
const GIVEN: [&str; 3] = [
    "KBUILD_BUILD_TIMESTAMP=Wed Nov 25 00:00:00 UTC 2026",
    "KBUILD_BUILD_USER=user",
    "KBUILD_BUILD_HOST=host",
];

/// What is compared: what is booted, and what it is made of, with all symbols.
const IMAGES: [&str; 2] = ["arch/x86/boot/bzImage", "vmlinux"];

/// Builds twice, and compares.
pub fn same_image(workshop: &mut Workshop) -> Tested {
    let mut built = Vec::new();
    for name in FOLDERS {
        let out = workshop.root.join(name);
        if out.exists() {
            fs_err::remove_dir_all(&out)?;
        }
        let mut arguments = workshop.arguments("build", Mode::Gateless, &out);
        arguments.push("--");
        arguments.extend(GIVEN);
        succeeded(workshop.gateless(&arguments)?)?;
        built.push(out);
    }
    let (first, second) = (&built[0], &built[1]);
    for image in IMAGES {
        if fs_err::read(first.join(image))? != fs_err::read(second.join(image))? {
            let objects = different_objects(first, second)?;
            return Err(format!("{image} differs; objects in rust/ that do: {objects:?}").into());
        }
    }
    // They are large, and the next run starts from nothing.
    built.iter().try_for_each(fs_err::remove_dir_all)?;
    Ok(())
}

fn different_objects(first: &Utf8Path, second: &Utf8Path) -> Tested<Vec<String>> {
    let mut different = Vec::new();
    for entry in fs_err::read_dir(first.join("rust"))? {
        let path = Utf8PathBuf::try_from(entry?.path())?;
        let name = path.file_name().unwrap_or_default();
        let other = second.join("rust").join(name);
        if path.extension() == Some("o")
            && fs_err::read(&path)? != fs_err::read(other).unwrap_or_default()
        {
            different.push(name.to_owned());
        }
    }
    different.sort();
    Ok(different)
}
