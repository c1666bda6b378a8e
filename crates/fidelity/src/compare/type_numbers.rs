//! kCFI's type numbers: a call that compares with another number, or a function with another one, traps or is called where it must not be.

use gateless_model::Result;

use super::Both;
use crate::difference::{Aspect, Difference, Finding, Subject};
use crate::type_numbers::TypeNumbers;

/// Compares the numbers of functions and of calls that both objects have, and says how many there are.
///
/// # Errors
/// Where the code around a number is not understood.
pub fn compare(both: &Both<'_>, differences: &mut Vec<Difference>) -> Result<usize> {
    let (gated, gateless) = (
        TypeNumbers::of(both.gated)?,
        TypeNumbers::of(both.gateless)?,
    );
    let show = |numbers: &Vec<u32>| {
        let numbers: Vec<String> = numbers
            .iter()
            .map(|number| format!("{number:#010x}"))
            .collect();
        match numbers.is_empty() {
            true => "none".to_owned(),
            false => numbers.join(", "),
        }
    };
    let mut count = 0;
    for &(a, b) in &both.pairing.pairs {
        let item = &both.gated.items[a];
        let key = item.name.as_ref().map(|name| name.key.as_str());
        let of_function = |numbers: &TypeNumbers<'_>| -> Vec<u32> {
            let number = key.and_then(|key| numbers.functions.get(key));
            number.copied().into_iter().collect()
        };
        let of_calls = |numbers: &TypeNumbers<'_>, item: usize| {
            numbers.calls.get(&item).cloned().unwrap_or_default()
        };
        let (own, calls) = (of_function(&gated), of_calls(&gated, a));
        let (its, its_calls) = (of_function(&gateless), of_calls(&gateless, b));
        count += own.len().max(its.len()) + calls.len().max(its_calls.len());
        let aspects: Vec<Aspect> = [
            Aspect::of("type number", &own, &its, show),
            Aspect::of("type numbers of calls", &calls, &its_calls, show),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !aspects.is_empty() {
            let name = both.gated.show_item(a);
            let mut difference =
                Difference::new(Subject::TypeNumber, name, Finding::Changed(aspects));
            difference.items = Some((a, b));
            differences.push(difference);
        }
    }
    Ok(count)
}
