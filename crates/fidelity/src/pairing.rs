//! Which item of one object corresponds to which of the other.
//!
//! A name that each object has once decides by itself. Items without a name, and those whose names are the same once hashes are taken out, are told
//! apart by their content: two have the same content when their bytes are the same and their relocations lead to the same names or to the same
//! content again. That is worked out for both objects together, by refining classes until no class splits any more, so that circles need no care.

use std::collections::{BTreeMap, HashMap};

use crate::object::{Form, Item, ItemKind, Object, Role, Target};

/// The result.
#[derive(Debug)]
pub struct Pairing {
    /// Corresponding items: (index in the first object, index in the second), in the order of the first.
    pub pairs: Vec<(usize, usize)>,
    /// What only the first object has.
    pub first_only: Vec<usize>,
    /// What only the second object has.
    pub second_only: Vec<usize>,
    /// The class of each item of the first object; corresponding items have the same.
    pub first: Vec<usize>,
    /// The class of each item of the second object.
    pub second: Vec<usize>,
}

/// What a relocation refers to, in terms that both objects share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shared<'a> {
    /// A symbol by its key.
    Symbol(&'a str, i64),
    /// A place in an item of this class.
    Item(usize, i64),
    /// A place in a section.
    Section(&'a str, i64),
    /// A number.
    Number(i64),
}

impl<'a> Shared<'a> {
    /// The target in shared terms, with the classes of its object's items.
    pub fn of(target: &'a Target, classes: &[usize]) -> Self {
        match target {
            Target::Symbol(name, addend) => Shared::Symbol(&name.key, *addend),
            Target::Item(item, at) => Shared::Item(classes[*item], *at),
            Target::Section(name, at) => Shared::Section(name, *at),
            Target::Number(number) => Shared::Number(*number),
        }
    }
}

/// What an item is known by before its relocations are looked at.
type Base<'a> = (ItemKind, Option<&'a str>, Option<(u64, Vec<u8>)>);

/// What an item refers to: offset, form and target of each reference.
type References<'a> = Vec<(i64, &'a Form, Shared<'a>)>;

/// Finds the correspondence between the items of two objects.
pub fn pair(first: &Object, second: &Object) -> Pairing {
    let objects = [first, second];
    let count = |object: &Object| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for item in &object.items {
            if let Some(name) = &item.name {
                *counts.entry(name.key.clone()).or_default() += 1;
            }
        }
        counts
    };
    let counts = objects.map(count);
    let is_unique = |item: &Item| {
        item.name.as_ref().is_some_and(|name| {
            counts
                .iter()
                .all(|counts| counts.get(&name.key).is_none_or(|count| *count == 1))
        })
    };

    // With the content of all that a name alone does not tell apart.
    let by_content = refine(objects, |_, _, item| is_unique(item).then(|| named(item)));
    let mut groups: BTreeMap<&str, [Vec<usize>; 2]> = BTreeMap::new();
    for (side, object) in objects.iter().enumerate() {
        for (index, item) in object.items.iter().enumerate() {
            if let Some(name) = &item.name {
                groups.entry(&name.key).or_default()[side].push(index);
            }
        }
    }
    let mut partner: [HashMap<usize, usize>; 2] = Default::default();
    for [a, b] in groups.values() {
        let (pairs, rest_a, rest_b) = match_up(
            a,
            b,
            |index| by_content[0][index],
            |index| by_content[1][index],
        );
        for (a, b) in pairs.into_iter().chain(rest_a.into_iter().zip(rest_b)) {
            partner[0].insert(a, b);
            partner[1].insert(b, a);
        }
    }

    // Now every named item has its partner, equal or not; only what has no name is told apart by content.
    let classes = refine(objects, |side, index, item| {
        item.name.as_ref()?;
        // One number for both of a pair, from the first object's index; what has no partner is like nothing else.
        Some(match (side, partner[side].get(&index)) {
            (0, Some(_)) => Fixed::Pair(index),
            (_, Some(first)) => Fixed::Pair(*first),
            (side, None) => Fixed::Alone(side, index),
        })
    });
    let nameless = |object: &Object| -> Vec<usize> {
        object
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| item.name.is_none() && item.kind != ItemKind::Whole)
            .map(|(index, _)| index)
            .collect()
    };
    let (pairs, ..) = match_up(
        &nameless(first),
        &nameless(second),
        |index| classes[0][index],
        |index| classes[1][index],
    );
    for (a, b) in pairs {
        partner[0].insert(a, b);
        partner[1].insert(b, a);
    }
    let mut pairs: Vec<(usize, usize)> = partner[0].iter().map(|(a, b)| (*a, *b)).collect();
    pairs.sort_unstable();
    let alone = |side: usize| -> Vec<usize> {
        let items = &objects[side].items;
        (0..items.len())
            .filter(|index| {
                !partner[side].contains_key(index) && items[*index].kind != ItemKind::Whole
            })
            .collect()
    };
    let (first_only, second_only) = (alone(0), alone(1));
    let [first, second] = classes;
    Pairing {
        pairs,
        first_only,
        second_only,
        first,
        second,
    }
}

/// Pairs what has the same class, in order; returns the pairs and what is left of both.
fn match_up(
    a: &[usize],
    b: &[usize],
    class_a: impl Fn(usize) -> usize,
    class_b: impl Fn(usize) -> usize,
) -> (Vec<(usize, usize)>, Vec<usize>, Vec<usize>) {
    let mut waiting: HashMap<usize, std::collections::VecDeque<usize>> = HashMap::new();
    for &index in b {
        waiting.entry(class_b(index)).or_default().push_back(index);
    }
    let (mut pairs, mut rest_a) = (Vec::new(), Vec::new());
    for &index in a {
        match waiting
            .get_mut(&class_a(index))
            .and_then(std::collections::VecDeque::pop_front)
        {
            Some(other) => pairs.push((index, other)),
            None => rest_a.push(index),
        }
    }
    let mut rest_b: Vec<usize> = waiting.into_values().flatten().collect();
    rest_b.sort_unstable();
    (pairs, rest_a, rest_b)
}

/// What decides an item's class without looking at its content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Fixed {
    Name(String),
    Pair(usize),
    Alone(usize, usize),
}

fn named(item: &Item) -> Fixed {
    Fixed::Name(
        item.name
            .as_ref()
            .map(|name| name.key.clone())
            .unwrap_or_default(),
    )
}

/// Classes of the items of both objects. `fixed` says what decides by itself; for the others content does.
fn refine(
    objects: [&Object; 2],
    fixed: impl Fn(usize, usize, &Item) -> Option<Fixed>,
) -> [Vec<usize>; 2] {
    let mut bases: HashMap<Result<Fixed, Base<'_>>, usize> = HashMap::new();
    let mut decided: [Vec<bool>; 2] = Default::default();
    let mut classes: [Vec<usize>; 2] = Default::default();
    let mut base: [Vec<usize>; 2] = Default::default();
    for (side, object) in objects.iter().enumerate() {
        for (index, item) in object.items.iter().enumerate() {
            let key = match fixed(side, index, item) {
                Some(fixed) => Ok(fixed),
                None => Err((
                    item.kind,
                    item.name.as_ref().map(|name| name.key.as_str()),
                    Some(content(object, item)),
                )),
            };
            decided[side].push(key.is_ok());
            let next = bases.len();
            let class = *bases.entry(key).or_insert(next);
            base[side].push(class);
        }
        classes[side] = base[side].clone();
    }
    let mut number = bases.len();
    loop {
        let mut seen: HashMap<(usize, References<'_>), usize> = HashMap::new();
        let mut next: [Vec<usize>; 2] = Default::default();
        for (side, object) in objects.iter().enumerate() {
            for (index, item) in object.items.iter().enumerate() {
                let references = match decided[side][index] {
                    true => Vec::new(),
                    false => item
                        .references
                        .iter()
                        .map(|at| (at.offset, &at.form, Shared::of(&at.target, &classes[side])))
                        .collect(),
                };
                let fresh = seen.len();
                next[side].push(*seen.entry((base[side][index], references)).or_insert(fresh));
            }
        }
        let found = seen.len();
        classes = next;
        if found == number {
            return classes;
        }
        number = found;
    }
}

/// Size and bytes for telling apart. Zeros at the end of what no symbol gives a size are left out: they may be padding, and the
/// comparison of layouts sees them.
fn content(object: &Object, item: &Item) -> (u64, Vec<u8>) {
    let mut bytes = object.content(item);
    let size = item.end - item.start;
    if bytes.is_empty() {
        return (size, bytes);
    }
    if item.name.is_none()
        && object.sections[item.section].role == Role::Data
        && item.kind == ItemKind::Nameless
    {
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        return (0, bytes);
    }
    (size, bytes)
}
