//! From a place in a section to the item that covers it.

use super::{Item, Target};

/// The items of each section, for looking up.
pub struct Places<'a> {
    items: &'a [Item],
    /// Per section: indices of its items in the order of their beginnings, and for each the furthest end up to it.
    sections: Vec<Vec<(usize, u64)>>,
    names: Vec<&'a str>,
}

impl<'a> Places<'a> {
    /// Prepares for `items`; `names` are those of all sections.
    pub fn new(items: &'a [Item], names: Vec<&'a str>) -> Self {
        let mut sections = vec![Vec::new(); names.len()];
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|&index| (items[index].section, items[index].start, items[index].end));
        for index in order {
            let section: &mut Vec<(usize, u64)> = &mut sections[items[index].section];
            let furthest = section
                .last()
                .map_or(0, |(_, end)| *end)
                .max(items[index].end);
            section.push((index, furthest));
        }
        Self {
            items,
            sections,
            names,
        }
    }

    /// What lies at `offset` in `section`: the innermost item that covers it, by the same one of its names in every build; else the
    /// item that ends there; else the one that it is before.
    pub fn at(&self, section: usize, offset: i64) -> Target {
        let nowhere = || Target::Section(self.names[section].to_owned(), offset);
        let Ok(place) = u64::try_from(offset) else {
            return nowhere();
        };
        let items = &self.sections[section];
        let after = items.partition_point(|(index, _)| self.items[*index].start <= place);
        let mut best: Option<usize> = None;
        let mut touching: Option<usize> = None;
        for &(index, furthest) in items[..after].iter().rev() {
            if furthest < place {
                break;
            }
            let item = &self.items[index];
            if item.end > place {
                let better = best.is_none_or(|other| {
                    let other = &self.items[other];
                    (std::cmp::Reverse(item.start), item.end, &item.name)
                        < (std::cmp::Reverse(other.start), other.end, &other.name)
                });
                if better {
                    best = Some(index);
                }
            } else if item.end == place
                && touching.is_none_or(|other| self.items[index].name < self.items[other].name)
            {
                touching = Some(index);
            }
        }
        match best
            .or(touching)
            .or_else(|| items.get(after).map(|(index, _)| *index))
        {
            Some(index) => Target::Item(index, offset - self.items[index].entry as i64),
            None => nowhere(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{Name, Renames};
    use crate::object::{Binding, ItemKind};

    fn item(name: &str, start: u64, entry: u64, end: u64) -> Item {
        let binding = Some(Binding { info: 0, other: 0 });
        Item {
            kind: ItemKind::Function,
            name: Name::of(name, &Renames::default()),
            section: 0,
            start,
            entry,
            end,
            binding,
            references: Vec::new(),
        }
    }

    #[test]
    fn places_are_named_by_what_covers_ends_at_or_follows_them() {
        let items = [
            item("f", 0, 0, 10),
            item("b", 16, 32, 40),
            item("a", 16, 32, 40),
            item("inner", 34, 34, 36),
        ];
        let places = Places::new(&items, vec![".text"]);
        assert_eq!(places.at(0, 9), Target::Item(0, 9));
        assert_eq!(places.at(0, 10), Target::Item(0, 10));
        assert_eq!(
            places.at(0, 12),
            Target::Item(1, -20).min(Target::Item(2, -20))
        );
        assert_eq!(
            places.at(0, 16),
            Target::Item(2, -16),
            "of two names the first"
        );
        assert_eq!(places.at(0, 35), Target::Item(3, 1));
        assert_eq!(places.at(0, 41), Target::Section(".text".to_owned(), 41));
        assert_eq!(places.at(0, -1), Target::Section(".text".to_owned(), -1));
    }
}
