//! The facts of all gates, each with its own type.

use std::any::Any;
use std::ops::Range;

use gateless_model::Result;
use gateless_rust_text::edit::Edit;
use gateless_rustc::diagnostic::Event;

use super::{Added, Ear, Gate, Needs, Page, Places, Purpose, Source, View};
use crate::CrateExports;

/// A gate, as a row of the list.
pub trait Listed: Sync {
    /// [`Gate::NAME`].
    fn name(&self) -> &'static str;
    /// [`Gate::IS_FEATURE`].
    fn is_feature(&self) -> bool;
    /// [`Gate::parse`].
    fn parse(&self, source: &Source<'_>, files: &[View<'_>]) -> Result<Box<dyn Known>>;
    /// [`Gate::explain`].
    fn explain(&self, source: &Source<'_>, event: &Event<'_>) -> Option<String>;
}

impl<G: Gate> Listed for G {
    fn name(&self) -> &'static str {
        G::NAME
    }

    fn is_feature(&self) -> bool {
        G::IS_FEATURE
    }

    fn parse(&self, source: &Source<'_>, files: &[View<'_>]) -> Result<Box<dyn Known>> {
        Ok(Box::new(Of::<G>(G::parse(source, files)?)))
    }

    fn explain(&self, source: &Source<'_>, event: &Event<'_>) -> Option<String> {
        G::explain(source, event)
    }
}

/// What one gate knows; the methods are those of [`Gate`].
pub trait Known {
    fn hear(&mut self, ear: &Ear<'_, dyn Any>, event: &Event<'_>);
    fn reconsider(&mut self, ear: &Ear<'_, dyn Any>, events: &[Event<'_>]);
    fn needs(&self, purpose: Purpose) -> Needs;
    fn render(&self, page: &Page<'_>) -> Result<(Vec<(usize, Edit)>, Box<dyn Any>)>;
    fn question(&self, page: &Page<'_>) -> Result<Vec<(usize, Edit)>>;
    fn count(&self, places: &mut Places);
    fn exports(&self, notes: &dyn Any, source: &Source<'_>) -> CrateExports;
    fn stands_for(&self, source: &Source<'_>, added: Added) -> Option<Range<usize>>;
    fn copy(&self) -> Box<dyn Known>;
    fn is(&self, other: &dyn Any) -> bool;
    fn facts(&self) -> &dyn Any;
    fn facts_mut(&mut self) -> &mut dyn Any;
}

/// The facts of one gate.
struct Of<G: Gate>(G::Facts);

impl<G: Gate> Known for Of<G> {
    fn hear(&mut self, ear: &Ear<'_, dyn Any>, event: &Event<'_>) {
        ear.with::<G>(|ear| G::hear(&mut self.0, ear, event));
    }

    fn reconsider(&mut self, ear: &Ear<'_, dyn Any>, events: &[Event<'_>]) {
        ear.with::<G>(|ear| G::reconsider(&mut self.0, ear, events));
    }

    fn needs(&self, purpose: Purpose) -> Needs {
        G::needs(&self.0, purpose)
    }

    fn render(&self, page: &Page<'_>) -> Result<(Vec<(usize, Edit)>, Box<dyn Any>)> {
        let rendered = G::render(&self.0, page)?;
        Ok((rendered.edits, Box::new(rendered.notes)))
    }

    fn question(&self, page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        G::question(&self.0, page)
    }

    fn count(&self, places: &mut Places) {
        G::count(&self.0, places);
    }

    fn exports(&self, notes: &dyn Any, source: &Source<'_>) -> CrateExports {
        G::exports(&self.0, own::<G>(notes), source)
    }

    fn stands_for(&self, source: &Source<'_>, added: Added) -> Option<Range<usize>> {
        G::stands_for(&self.0, source, added)
    }

    fn copy(&self) -> Box<dyn Known> {
        Box::new(Self(self.0.clone()))
    }

    fn is(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<G::Facts>() == Some(&self.0)
    }

    fn facts(&self) -> &dyn Any {
        &self.0
    }

    fn facts_mut(&mut self) -> &mut dyn Any {
        &mut self.0
    }
}

impl Ear<'_, dyn Any> {
    /// The ear of one gate.
    fn with<G: Gate>(&self, hear: impl FnOnce(&Ear<'_, G::Notes>)) {
        hear(&Ear {
            source: self.source,
            support: self.support,
            notes: own::<G>(self.notes),
        });
    }
}

/// The notes of one gate.
fn own<G: Gate>(notes: &dyn Any) -> &G::Notes {
    notes
        .downcast_ref()
        .expect("notes stand in the order of the gates that made them")
}

/// What rendering noted, gate by gate.
#[derive(Default)]
pub struct Notes(Vec<Box<dyn Any>>);

/// What all gates know about one crate.
pub struct Facts(Vec<Box<dyn Known>>);

impl Clone for Facts {
    fn clone(&self) -> Self {
        Self(self.0.iter().map(|known| known.copy()).collect())
    }
}

impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        let mut pairs = self.0.iter().zip(&other.0);
        self.0.len() == other.0.len() && pairs.all(|(a, b)| a.is(b.facts()))
    }
}

impl Facts {
    /// What one gate knows.
    pub fn of<G: Gate>(&self) -> &G::Facts {
        let mut all = self
            .0
            .iter()
            .filter_map(|known| known.facts().downcast_ref());
        all.next().expect("every gate has facts")
    }

    /// The same, to be added to.
    pub fn of_mut<G: Gate>(&mut self) -> &mut G::Facts {
        let all = self.0.iter_mut();
        let mut all = all.filter_map(|known| known.facts_mut().downcast_mut());
        all.next().expect("every gate has facts")
    }

    /// What the sources show to each of the gates.
    pub fn parse(gates: &[&dyn Listed], source: &Source<'_>, files: &[View<'_>]) -> Result<Self> {
        let known: Result<Vec<_>> = gates.iter().map(|gate| gate.parse(source, files)).collect();
        known.map(Self)
    }

    /// Learns from the errors of a round.
    pub fn hear(
        &mut self,
        source: Source<'_>,
        support: &[String],
        notes: &Notes,
        events: &[Event<'_>],
    ) {
        for (known, notes) in self.0.iter_mut().zip(&notes.0) {
            let ear = Ear {
                source,
                support,
                notes: &**notes,
            };
            for event in events {
                known.hear(&ear, event);
            }
        }
    }

    /// Takes back what the errors of a round show to be wrong.
    pub fn reconsider(
        &mut self,
        source: Source<'_>,
        support: &[String],
        notes: &Notes,
        events: &[Event<'_>],
    ) {
        for (known, notes) in self.0.iter_mut().zip(&notes.0) {
            let ear = Ear {
                source,
                support,
                notes: &**notes,
            };
            known.reconsider(&ear, events);
        }
    }

    /// What any gate needs.
    pub fn needs(&self, purpose: Purpose) -> Needs {
        let all = self.0.iter().map(|known| known.needs(purpose));
        all.fold(Needs::default(), |a, b| Needs {
            support: a.support || b.support,
            quiet: a.quiet || b.quiet,
        })
    }

    /// All edits, by file, and what was noted.
    pub fn render(&self, page: &Page<'_>) -> Result<(Vec<(usize, Edit)>, Notes)> {
        let mut all = Vec::new();
        let mut notes = Notes(Vec::new());
        for known in &self.0 {
            let (edits, noted) = known.render(page)?;
            all.extend(edits);
            notes.0.push(noted);
        }
        Ok((all, notes))
    }

    /// All edits of a question, by file.
    pub fn question(&self, page: &Page<'_>) -> Result<Vec<(usize, Edit)>> {
        let mut all = Vec::new();
        for known in &self.0 {
            all.extend(known.question(page)?);
        }
        Ok(all)
    }

    /// Places lowered.
    pub fn count(&self) -> Places {
        let mut places = Places::new();
        for known in &self.0 {
            known.count(&mut places);
        }
        places
    }

    /// What dependants have to know.
    pub fn exports(&self, notes: &Notes, source: &Source<'_>) -> CrateExports {
        let mut all = CrateExports::default();
        for (known, notes) in self.0.iter().zip(&notes.0) {
            all.add(&known.exports(&**notes, source));
        }
        all
    }

    /// The bytes of the original file that an added text was made for.
    pub fn stands_for(&self, source: &Source<'_>, added: &Added) -> Option<Range<usize>> {
        self.0
            .iter()
            .find_map(|known| known.stands_for(source, added.clone()))
    }
}
