//! Whether the calls of a lowered crate mean what they did.

use std::collections::BTreeSet;

use cargo_metadata::diagnostic::Diagnostic;
use gateless_model::{Failure, Result};
use gateless_rust_text::tokens::Tokens;

use super::{Lowered, render};
use crate::GateStatus;
use crate::gate::Purpose;
use crate::gates::arbitrary_self_types::method::Method;
use crate::gates::arbitrary_self_types::named;
use crate::gates::arbitrary_self_types::proof::{self, Call};
use crate::gates::arbitrary_self_types::{self, ArbitrarySelfTypes, Facts, Key};
use crate::gates::coerce_unsized::CoerceUnsized;
use crate::gates::derive_coerce_pointee::DeriveCoercePointee;
use crate::place::Expression;

impl Lowered<'_> {
    /// Whether the crate names a feature, so that there is something to ask about it.
    pub fn is_gated(&self) -> bool {
        !self.features.is_empty()
    }

    /// Whether no dependency was lowered, so that the compiler can be asked about all of the crate.
    pub fn is_alone(&self) -> bool {
        self.source().is_alone()
    }

    /// Whether there are methods or pointers about which the compiler is to be asked although the lowered crate compiles.
    pub fn is_to_be_proven(&self) -> bool {
        self.has_methods()
            || self.facts.of::<DeriveCoercePointee>().has_pointers
            || self.facts.of::<CoerceUnsized>().has_pointers
    }

    /// Whether the crate names a feature that is stable by now, of which the compiler may warn.
    pub fn is_redundant(&self) -> bool {
        let mut features = self.features.iter();
        features.any(|name| (self.request.gate_status)(name) == GateStatus::Stable)
    }

    /// Whether there are methods whose calls have to be the same.
    pub fn has_methods(&self) -> bool {
        arbitrary_self_types::are_methods(self.methods().receivers.keys(), &self.source())
    }

    /// Renders the crate for another purpose. What is written and asked from now on is about that.
    ///
    /// # Errors
    /// As for lowering itself.
    pub fn render_for(&mut self, purpose: Purpose) -> Result<()> {
        if purpose == Purpose::Methods {
            let texts = render::question(self.source(), &self.facts)?;
            self.files.set(texts);
            return Ok(());
        }
        let (texts, notes) = render::texts(self.source(), &self.facts, purpose, None)?;
        self.files.set(texts);
        if purpose == Purpose::Compile {
            self.notes = notes;
        }
        Ok(())
    }

    /// Whether the sources show what will be lowered: there are pointers, and no receiver of which the compiler has yet to say what it is.
    pub fn is_foreseen(&self) -> bool {
        let mut files = 0..self.files.list.len();
        let receivers = &self.methods().receivers;
        self.facts.of::<DeriveCoercePointee>().has_pointers
            && self.is_alone()
            && !self.has_methods()
            && !files.any(|file| {
                let text = self.source().original(file);
                text.contains("self:")
                    && proof::unusual(&Tokens::new(text, self.edition))
                        .any(|offset| !receivers.contains_key(&(file, offset)))
            })
    }

    fn methods(&self) -> &Facts {
        self.facts.of::<ArbitrarySelfTypes>()
    }

    /// Whether the crate with its methods as they are has an error that is not due to the question.
    pub fn is_users(&self, diagnostic: &Diagnostic) -> bool {
        proof::is_users(diagnostic, &self.source())
    }

    /// The calls of marked methods.
    pub fn calls(&self, diagnostics: &[Diagnostic]) -> BTreeSet<Call> {
        proof::calls(diagnostics, &self.source())
    }

    /// Whether a diagnostic is about what is reached ([`OF_REACH`](crate::OF_REACH)) of the crate's own.
    pub fn is_of_reach(&self, diagnostic: &Diagnostic) -> bool {
        proof::is_of_reach(diagnostic, &self.source())
    }

    /// What a lint calls functions, and what they are in the original.
    pub fn renamed(&self, diagnostic: &Diagnostic) -> Option<(&'static str, &'static str)> {
        proof::renamed(diagnostic, &self.source())
    }

    /// Whether the crate names a feature more than once, which is an error.
    pub fn repeats_features(&self) -> bool {
        let names: BTreeSet<&String> = self.features.iter().collect();
        names.len() < self.features.len()
    }

    /// Notes methods that are functions in the trait that they are for, since it is lowered already. Returns whether there are more.
    pub fn note_functions(&mut self, diagnostics: &[Diagnostic]) -> bool {
        let found = proof::foreign(diagnostics, self.methods(), &self.source());
        let facts = self.facts.of_mut::<ArbitrarySelfTypes>();
        let before = facts.foreign.len();
        facts.foreign.extend(found);
        facts.foreign.len() > before
    }

    /// Sees to calls of methods that are functions in other crates, once the crate compiles. Returns whether it has to be compiled anew.
    ///
    /// # Errors
    /// If a call may be of such a method and was taken for another one.
    pub fn settle_functions(&mut self) -> Result<bool> {
        let facts = self.methods();
        let mut functions = facts.functions.clone();
        let is_rewritten = |call: &Expression| named::is_rewritten(facts, call);
        let is_new = functions.settle(&self.source(), &is_rewritten)?;
        if is_new {
            self.facts.of_mut::<ArbitrarySelfTypes>().functions = functions;
            self.render_for(Purpose::Compile)?;
        }
        Ok(is_new)
    }

    /// The calls that are not the same in both: what they are with methods, what with functions.
    pub fn differences(&self, methods: &BTreeSet<Call>, functions: &BTreeSet<Call>) -> Vec<Call> {
        let is_call = |call: &&Call| {
            let Some(&(ref file, start, end)) = call.places.first() else {
                return false;
            };
            let Some(text) = file
                .parse::<usize>()
                .ok()
                .and_then(|file| self.files.list.get(file))
                .map(|file| file.text.original())
            else {
                return true;
            };
            start < end && text[..start].trim_end().ends_with('.')
        };
        let lost = methods
            .difference(functions)
            .filter(is_call)
            .filter(|call| !self.is_rewritten(call, functions))
            .cloned();
        let caught = functions.difference(methods).filter(is_call).cloned();
        lost.chain(caught).collect()
    }

    /// Whether the call was written another way, as a call of the same method.
    fn is_rewritten(&self, call: &Call, functions: &BTreeSet<Call>) -> bool {
        let Some((file, start, end)) = self.place(call) else {
            return false;
        };
        let around = self.methods().rewritten.keys().find(|part| {
            part.file == file && part.start <= start && end <= part.end && part.start < part.end
        });
        let Some(around) = around else { return false };
        functions.iter().any(|other| {
            let Some((own, at, to)) = self.place(other) else {
                return false;
            };
            other.receiver == call.receiver && own == file && at == to && at <= around.start
        })
    }

    /// Where a call is, if it is in a file of this crate.
    fn place(&self, call: &Call) -> Option<Expression> {
        let (file, start, end) = call.places.first()?;
        Some((file.parse().ok()?, *start, *end))
    }

    /// Gives the methods `receivers` a name of their own, by which the calls are made that are theirs. Returns whether that is new.
    ///
    /// # Errors
    /// If a call can't be told apart that way.
    pub fn name(&mut self, receivers: &BTreeSet<Key>, methods: &BTreeSet<Call>) -> Result<bool> {
        let before = self.methods().clone();
        let can_be = |&&(file, offset): &&Key| {
            let method = Method::at(self.source().original(file), self.edition, offset);
            method.is_some_and(|method| named::can_be(&method, &before.receivers[&(file, offset)]))
        };
        let receivers: Vec<Key> = receivers.iter().filter(can_be).copied().collect();
        let facts = self.facts.of_mut::<ArbitrarySelfTypes>();
        facts.named.extend(receivers);
        let named = facts.named.clone();
        for call in methods.iter().filter(|call| named.contains(&call.receiver)) {
            let Some(place) = self.place(call) else {
                continue;
            };
            let (file, start, end) = place;
            let text = self.files.list[file].text.original().to_owned();
            if start == end || !text[..start].trim_end().ends_with('.') {
                continue;
            }
            let facts = self.facts.of_mut::<ArbitrarySelfTypes>();
            let other = facts.calls.insert(place, call.receiver);
            let is_other = other.is_some_and(|other| other != call.receiver);
            if is_other || self.method_name(call.receiver).as_deref() != Some(&text[start..end]) {
                return Err(self.unclear(call));
            }
        }
        Ok(*self.methods() != before)
    }

    fn method_name(&self, (file, offset): Key) -> Option<String> {
        let text = self.files.list.get(file)?.text.original();
        Some(Method::at(text, self.edition, offset)?.name())
    }

    /// The error about a call of which it is not known whether it is the same.
    pub fn unclear(&self, call: &Call) -> Failure {
        let (file, offset) = call.receiver;
        let source = self.source();
        let declared = source.line(file, offset);
        let name = self.method_name(call.receiver).unwrap_or_default();
        let place = match self.place(call) {
            Some((file, start, _)) => source.line(file, start),
            None => declared.clone(),
        };
        Failure::no(format!(
            "{place}: the gate `arbitrary_self_types` can't be lowered here: the call may be of the method `{name}` at {declared}, or of another one of that name that its value has"
        ))
        .help("rename one of the two, or call it by its path")
    }
}
