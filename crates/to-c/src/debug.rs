//! Where code comes from: for messages, and for the C compiler's own debug information.

use gateless_llvm::{Function, Instruction};
use gateless_model::Result;

use crate::body::Body;
use crate::names::literal;

/// The file and line of an instruction, if the module says it.
pub(crate) fn place(instruction: Instruction<'_>) -> Option<String> {
    let location = instruction.location().ok()??;
    let file = location.file().ok()??;
    Some(format!("{}:{}", file.name, location.line().ok()?))
}

/// The file and line of a function, if the module says it.
pub(crate) fn place_of_function(function: Function<'_>) -> Option<String> {
    let subprogram = function.subprogram().ok()??;
    let file = subprogram.file().ok()??;
    Some(format!("{}:{}", file.name, subprogram.line().ok()?))
}

/// The line that the C code says it comes from.
#[derive(Default)]
pub(crate) struct Lines {
    said: Option<(String, u32)>,
}

impl Lines {
    /// Says where an instruction comes from, if that is another line. Every statement is a line of its own, so it is said again before each.
    pub fn say<'m>(&mut self, body: &mut Body<'_, 'm>, instruction: Instruction<'m>) -> Result<()> {
        if let Some(location) = instruction.location()?
            && let Some(file) = location.file()?
            && location.line()? > 0
        {
            let name = match file.name.starts_with('/') || file.directory.is_empty() {
                true => file.name,
                false => format!("{}/{}", file.directory.trim_end_matches('/'), file.name),
            };
            self.said = Some((name, location.line()?));
        }
        if let Some((file, line)) = &self.said {
            body.raw(&format!("#line {line} {}", literal(file.as_bytes())));
        }
        Ok(())
    }
}
