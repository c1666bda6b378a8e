//! Kbuild's own record of a command, `.NAME.cmd`: what make really ran, and what it did to the object afterwards.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::Result;
use gateless_model::record::Record;

use crate::Problem;

/// The command that made a file, as one list of words for each `;`-separated step.
pub fn steps(out: &Utf8Path, target: &str) -> Option<Vec<Vec<String>>> {
    let path = Utf8Path::new(target);
    let file = out.join(path.with_file_name(format!(".{}.cmd", path.file_name()?)));
    let text = fs_err::read_to_string(file).ok()?;
    let (_, command) = text.lines().next()?.split_once(" := ")?;
    // scripts/Kbuild.include, make-cmd: `$` is doubled and `#` is written $(pound).
    let command = command.replace("$(pound)", "#").replace("$$", "$");
    let mut steps = Vec::new();
    let mut step: Vec<String> = Vec::new();
    // Kbuild writes `;` at the start or the end of a word between its steps.
    for word in shlex::split(&command)? {
        let (next, word) = word.strip_prefix(';').map_or((false, word.as_str()), |rest| (true, rest));
        if next {
            steps.push(std::mem::take(&mut step));
        }
        let (word, ends) = word.strip_suffix(';').map_or((word, false), |rest| (rest, true));
        if !word.is_empty() {
            step.push(word.to_owned());
        }
        if ends {
            steps.push(std::mem::take(&mut step));
        }
    }
    steps.push(step);
    Some(steps)
}

/// Whether a later step rewrites the object with this program.
pub fn rewritten_by(steps: &[Vec<String>], program: &str) -> bool {
    steps.iter().skip(1).any(|step| step.first().is_some_and(|word| program_name(word).contains(program)))
}

fn program_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Checks that the arguments in the record are those that make passed.
pub fn check(out: &Utf8Path, record: &Record, problems: &mut Vec<Problem>) -> Result<()> {
    // Records of other folders (external modules) have their own .cmd files.
    for output in record.outputs.keys() {
        let Some(steps) = steps(&out.join(relative(out, record)), output) else { continue };
        let called = steps.iter().find_map(|step| {
            let at = step.iter().position(|word| program_name(word).starts_with("gateless-"))?;
            Some(&step[at + 1..])
        });
        match called {
            None => problems.push(Problem::new(output, "Kbuild's .cmd file shows that another program made it than the record says")),
            Some(words) if words != record.asked.as_slice() => {
                let differs = words.iter().zip(&record.asked).find(|(made, recorded)| made != recorded);
                let what = match differs {
                    Some((made, recorded)) => format!("Kbuild passed `{made}` where the record has `{recorded}`"),
                    None => "Kbuild passed another number of arguments than the record has".to_owned(),
                };
                problems.push(Problem::new(output, what));
            }
            Some(_) => {}
        }
        break;
    }
    Ok(())
}

fn relative(out: &Utf8Path, record: &Record) -> Utf8PathBuf {
    Utf8Path::new(&record.cwd).strip_prefix(out).map(Utf8Path::to_owned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_a_command_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(folder.path()).unwrap();
        fs_err::write(
            out.join(".core.o.cmd"),
            "savedcmd_core.o := OBJTREE=/out /x/gateless-rustc --cfg='a=\"b c\"' -Clink-args=' ' core.rs  ;objcopy --redefine-sym a=b core.o \n\nsource_core.o := x\n",
        )
        .unwrap();
        let steps = steps(out, "core.o").unwrap();
        assert_eq!(steps[0], ["OBJTREE=/out", "/x/gateless-rustc", "--cfg=a=\"b c\"", "-Clink-args= ", "core.rs"]);
        assert!(rewritten_by(&steps, "objcopy"));
        assert!(!rewritten_by(&steps, "objtool"));
    }
}
