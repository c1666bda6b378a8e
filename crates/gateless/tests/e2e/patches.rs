//! The lowered tree as a patch: it applies, what it makes builds with nothing left to lower, and the other files stay as they are.

use std::process::Command;
use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};

use crate::tree_copy;
use crate::workshop::{Mode, Tested, Workshop, run, succeeded};

/// Of a tree whose kernel was built; the patched tree is built as far as the kernel's libraries.
pub fn applied(workshop: &mut Workshop) -> Tested {
    workshop.boot(Mode::Gateless)?;
    let built = workshop.out(Mode::Gateless);
    let patch = workshop.root.join("lowered.patch");
    let lower = |tree: &str, out: &str| {
        let arguments = ["lower", tree, "--build", out, "--patch", patch.as_str()];
        succeeded(workshop.gateless(&arguments)?)
    };
    lower(workshop.tree.as_str(), built.as_str())?;
    let text = fs_err::read_to_string(&patch)?;
    if !text.contains("+++ b/rust/kernel/") {
        return Err("nothing of the kernel's library was lowered".into());
    }
    let patched = workshop.root.join("tree-patched");
    let before = times(&patched, &text)?;
    tree_copy::renew(&workshop.tree, &patched)?;
    run(Command::new("git")
        .args(["apply", patch.as_str()])
        .current_dir(&patched)
        // The directory may lie in a checkout, with which this has nothing to do.
        .env("GIT_CEILING_DIRECTORIES", workshop.root.as_str()))?;
    // The copy shares the files that are not patched.
    if fs_err::read(workshop.tree.join("rust/kernel/lib.rs"))?
        == fs_err::read(patched.join("rust/kernel/lib.rs"))?
    {
        return Err("the patch was applied to the original, or not at all".into());
    }
    // A file that the last run made the same is as old as it was then, so that its objects are not made again.
    for (file, content, time) in before {
        if fs_err::read(&file)? == content {
            fs_err::File::open(&file)?.file().set_modified(time)?;
        }
    }
    let out = workshop.root.join("patched");
    let arguments = [
        "build",
        "--yes",
        "--arch",
        workshop.arch,
        "--tree",
        patched.as_str(),
        "--out",
        out.as_str(),
        "--",
        "prepare",
    ];
    succeeded(workshop.gateless(&arguments)?)?;
    lower(patched.as_str(), out.as_str())?;
    match fs_err::read_to_string(&patch)?.as_str() {
        "" => Ok(()),
        left => Err(format!("lowered again:\n{left}").into()),
    }
}

/// The files that the patch is about, as they are in a tree: content and time. Nothing of what is not there.
fn times(tree: &Utf8Path, patch: &str) -> Tested<Vec<(Utf8PathBuf, Vec<u8>, SystemTime)>> {
    let mut times = Vec::new();
    for file in patch.lines().filter_map(|line| line.strip_prefix("+++ b/")) {
        let path = tree.join(file);
        if path.is_file() {
            let time = fs_err::metadata(&path)?.modified()?;
            times.push((path.clone(), fs_err::read(path)?, time));
        }
    }
    Ok(times)
}
