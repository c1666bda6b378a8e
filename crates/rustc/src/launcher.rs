//! Launchers: scripts in place of the programs of an unpacked compiler that was built for a newer C library than the machine's.
//!
//! They start the program by the loader of the C library that was unpacked with it (ld.so(8): a program given to the loader as its argument, with
//! `--library-path`). Unlike `LD_LIBRARY_PATH` this does not reach the programs that the compiler starts.

use camino::Utf8Path;

/// The line that says in which directory the launcher is.
const HERE: &str = "here=${self%/*}\n";

/// What stands before the directories that the loader searches.
const SEARCHED: &str = "--library-path \"";

/// The text of a launcher of `program`, which lies beside it. `loader` and `libraries` are paths from the directory that both are in.
pub fn script(loader: &str, libraries: &[String], program: &str) -> String {
    let libraries: Vec<String> = libraries
        .iter()
        .map(|path| format!("$here/{path}"))
        .collect();
    format!(
        "#!/bin/sh\n\
         # This compiler was built for a newer C library than the machine's, which lies beside it.\n\
         self=$0\n\
         [ -L \"$self\" ] && self=$(readlink -f \"$self\")\n\
         {HERE}\
         exec \"$here/{loader}\" {SEARCHED}{}\" \"$here/{program}\" \"$@\"\n",
        libraries.join(":")
    )
}

/// The text of a launcher that can lie anywhere and starts the same program as `text`, which lies in `bin`, with `libraries` searched before all
/// others. Nothing if `text` is no launcher.
pub fn moved(text: &str, bin: &Utf8Path, libraries: &Utf8Path) -> Option<String> {
    (text.contains(HERE) && text.contains(SEARCHED)).then(|| {
        text.replacen(HERE, &format!("here='{bin}'\n"), 1).replacen(
            SEARCHED,
            &format!("{SEARCHED}{libraries}:"),
            1,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_launcher_names_where_the_first_one_lay_and_searches_other_libraries_first() {
        let text = script(
            "../../lib/ld.so",
            &["../../lib".to_owned()],
            "rustdoc.unpacked",
        );
        let moved = moved(
            &text,
            Utf8Path::new("/unpacked/usr/bin"),
            Utf8Path::new("/view/lib"),
        )
        .unwrap();
        assert!(moved.contains("here='/unpacked/usr/bin'\n"), "{moved}");
        assert!(
            moved.ends_with("exec \"$here/../../lib/ld.so\" --library-path \"/view/lib:$here/../../lib\" \"$here/rustdoc.unpacked\" \"$@\"\n"),
            "{moved}"
        );
    }

    #[test]
    fn a_script_that_is_no_launcher_is_not_moved() {
        let nowhere = Utf8Path::new("/");
        assert_eq!(
            moved("#!/bin/sh\nexec rustc \"$@\"\n", nowhere, nowhere),
            None
        );
    }
}
