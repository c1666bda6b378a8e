//! What a file names relative to itself or by an absolute path, made to fit the mirror.

use camino::Utf8Path;
use ra_ap_syntax::Edition;

use crate::Request;
use crate::crate_files::{CrateFiles, calls, includes, mirrored};
use gateless_base::paths::absolute;
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::Tokens;

/// Makes `include!`s and `#[path]`s with absolute names refer to the mirror where the file there is changed,
/// and `include_str!`/`include_bytes!` with relative names to the original. Does nothing if no file has any edit.
pub fn link(files: &CrateFiles, edits: &mut [Vec<Edit>], request: &Request<'_>, edition: Edition) {
    if edits.iter().all(Vec::is_empty) {
        return;
    }
    // An included file is found after the one that includes it, so its own links are settled first.
    for index in (0..files.list.len()).rev() {
        let file = &files.list[index];
        let text = file.text.original();
        if !text.contains("include") && !text.contains("path") {
            continue;
        }
        let tokens = Tokens::new(text, edition);
        let directory = file.path.parent().unwrap_or(&file.path);
        let mut found = Vec::new();
        for include in includes(&tokens, request.env) {
            let changed = files
                .by_path
                .get(&include.path)
                .is_some_and(|&i| !edits[i].is_empty());
            if include.path.is_absolute() && changed {
                let range = tokens.bytes(include.argument.0, include.argument.1);
                found.push(Edit::replace(
                    text,
                    range,
                    format!("{:?}", mirrored(request.mirror, &include.path).as_str()),
                ));
            }
        }
        for (open, _) in calls(&tokens, &["include_str", "include_bytes"]) {
            let Some(name) = tokens.string(open + 1) else {
                continue;
            };
            let path = absolute(directory, Utf8Path::new(&name));
            if Utf8Path::new(&name).is_relative() && path.is_file() {
                found.push(Edit::replace(
                    text,
                    tokens.list[open + 1].range.clone(),
                    format!("{:?}", path.as_str()),
                ));
            }
        }
        for i in 0..tokens.list.len() {
            if tokens.are(i, &["path", "="])
                && let Some(name) = tokens.string(i + 2)
                && let path = Utf8Path::new(&name)
                && path.is_absolute()
                && files.by_path.contains_key(path)
            {
                let range = tokens.list[i + 2].range.clone();
                found.push(Edit::replace(
                    text,
                    range,
                    format!("{:?}", mirrored(request.mirror, path).as_str()),
                ));
            }
        }
        edits[index].extend(found);
    }
}
