//! What a receiver's type implies: with `struct P<T: ?Sized + 'static>`, a receiver `P<Self>` says `Self: 'static`, and `&'b P<S<'a>>` says
//! `'a: 'b`. The method itself has it from its receiver; the method of an extension trait, whose receiver is `self` or `&'b self`, and that of
//! a hidden supertrait have to say it.

use gateless_rustc::diagnostic::{Event, Outlives};

use super::facts::Facts;
use super::names;
use crate::gate::Source;

/// Notes what an error in a generated item asks for.
pub fn note(event: &Event<'_>, outlives: &Outlives<'_>, source: &Source<'_>, facts: &mut Facts) {
    for place in event.primary() {
        let Some(spot) = source.spot(place).filter(|spot| spot.added) else {
            continue;
        };
        let before = &source.files.list[spot.file].text.current()[..place.byte_start as usize];
        if let Some(key) = names::receiver(before, facts)
            && let Some(receiver) = facts.receivers.get_mut(&key)
        {
            let pair = (outlives.longer.to_owned(), outlives.shorter.to_owned());
            receiver.outlives.insert(pair);
        }
    }
}
