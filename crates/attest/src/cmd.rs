//! Kbuild's own record of each command as a witness against the records.

use camino::Utf8Path;
use gateless_linux::places::Agreement;
use gateless_linux::saved_command::SavedCommand;
use gateless_model::record::Record;

use crate::Problem;

/// Checks that the arguments in the record are those that make passed. Kbuild's have the paths of the machine that built.
pub fn check(out: &Utf8Path, record: &Record, places: &mut Agreement, problems: &mut Vec<Problem>) {
    let mut outputs = record.outputs.keys().map(|output| crate::in_out(output));
    let found = outputs.find_map(|output| Some((output, SavedCommand::of(out, output)?)));
    let Some((output, command)) = found else {
        return;
    };
    let Some(words) = command.arguments_of(|program| program.starts_with("gateless-")) else {
        problems.push(Problem::new(
            output,
            "Kbuild's .cmd file shows that another program made it than the record says",
        ));
        return;
    };
    let mut pairs = words.iter().zip(&record.asked);
    let differs = pairs.find(|(made, recorded)| !places.holds(recorded, made));
    let what = match differs {
        Some((made, recorded)) => {
            format!("Kbuild passed `{made}` where the record has `{recorded}`")
        }
        None if words.len() != record.asked.len() => {
            "Kbuild passed another number of arguments than the record has".to_owned()
        }
        None => return,
    };
    problems.push(Problem::new(output, what));
}
