//! Rounds of the compiler: its errors become facts, until there is nothing to learn from them.

use cargo_metadata::diagnostic::Diagnostic;
use gateless_model::{Failure, Result};
use gateless_rustc::diagnostic::Event;

use super::{Lowered, render};
use crate::gate::Purpose;
use crate::gates::ALL;
use crate::support;

/// Whether a round of [`Lowered::refine`] did anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Sources changed: write them and compile again.
    Changed,
    /// None of the diagnostics asks for anything that can be lowered; they are the user's.
    Nothing,
}

impl Lowered<'_> {
    /// Applies what the compiler's diagnostics for the mirror (or, while nothing is changed, for the original) ask for.
    ///
    /// Fails when something can't be lowered; the error names file, line, gate and reason.
    pub fn refine(&mut self, diagnostics: &[Diagnostic]) -> Result<Progress> {
        let events = Event::all(diagnostics);
        let source = self.source();
        let needs = self.facts.needs(Purpose::Compile);
        let support = support::paths(&self.request, needs.support);
        let mut facts = self.facts.clone();
        facts.hear(source, &support, &self.notes, &events);
        if facts == self.facts {
            facts.reconsider(source, &support, &self.notes, &events);
        }
        if facts == self.facts {
            return match self.unlowered(&events) {
                Some(failure) => Err(failure),
                None => Ok(Progress::Nothing),
            };
        }
        let (texts, notes) = render::texts(source, &facts, Purpose::Compile, None)?;
        self.files.set(texts);
        self.facts = facts;
        self.notes = notes;
        Ok(Progress::Changed)
    }

    /// The first of the errors that are there because something could not be lowered, and not the user's own, told by its gate.
    fn unlowered(&self, events: &[Event<'_>]) -> Option<Failure> {
        let source = self.source();
        let mut told = events.iter().filter_map(|event| {
            let (gate, why) = ALL
                .iter()
                .find_map(|gate| Some((gate.name(), gate.explain(&source, event)?)))?;
            let spot = event.primary().find_map(|place| source.spot(place))?;
            let line = source.line(spot.file, spot.range.start);
            Some(Failure::no(format!(
                "{line}: the gate `{gate}` can't be lowered here: {why}"
            )))
        });
        told.next()
    }
}
