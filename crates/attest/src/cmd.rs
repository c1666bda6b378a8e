//! Kbuild's own record of each command as a witness against the records.

use camino::{Utf8Path, Utf8PathBuf};
use gateless_linux::saved_command::SavedCommand;
use gateless_model::Result;
use gateless_model::record::Record;

use crate::Problem;

/// Checks that the arguments in the record are those that make passed.
pub fn check(out: &Utf8Path, record: &Record, problems: &mut Vec<Problem>) -> Result<()> {
    // Records of other directories (external modules) have their own .cmd files.
    for output in record.outputs.keys() {
        let Some(command) = SavedCommand::of(&out.join(relative(out, record)), output) else {
            continue;
        };
        match command.arguments_of(|program| program.starts_with("gateless-")) {
            None => problems.push(Problem::new(
                output,
                "Kbuild's .cmd file shows that another program made it than the record says",
            )),
            Some(words) if words != record.asked.as_slice() => {
                let differs = words
                    .iter()
                    .zip(&record.asked)
                    .find(|(made, recorded)| made != recorded);
                let what = match differs {
                    Some((made, recorded)) => {
                        format!("Kbuild passed `{made}` where the record has `{recorded}`")
                    }
                    None => {
                        "Kbuild passed another number of arguments than the record has".to_owned()
                    }
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
    Utf8Path::new(&record.cwd)
        .strip_prefix(out)
        .map(Utf8Path::to_owned)
        .unwrap_or_default()
}
