//! What lowering added to the traits of a file: traits of its own, which stand above those whose methods they are called for.

use std::collections::HashMap;

use gateless_model::added::TRAIT;

use super::{Item, Kind};

/// The traits among `lowered`, the definitions of a lowered file, that lowering added. Those of the file itself, `own`, are told which of them stand
/// above them now.
pub(super) fn traits(own: &mut [Item], lowered: Vec<Item>) -> Vec<Item> {
    let mut added = Vec::new();
    let mut seen: HashMap<(Vec<String>, String), usize> = HashMap::new();
    for item in lowered {
        if item.kind != Kind::Trait {
            continue;
        }
        if item.name.starts_with(TRAIT) {
            added.push(item);
            continue;
        }
        // Lowering takes no trait away: the same ones are in the same order.
        let place = (item.modules.clone(), item.name.clone());
        let number = seen.entry(place).or_default();
        let same = own.iter_mut().filter(|other| {
            other.kind == Kind::Trait && other.name == item.name && other.modules == item.modules
        });
        let other = same.skip(*number).find_map(|other| other.in_trait.as_mut());
        *number += 1;
        if let (Some(own), Some(lowered)) = (other, item.in_trait) {
            let above = lowered.supertraits.into_iter();
            own.added = above.filter(|bound| bound.starts_with(TRAIT)).collect();
        }
    }
    added
}
