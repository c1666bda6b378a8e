//! The dependency graph as SVG: columns by how long a chain waits, what waits for nothing at the left.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::roadmap::{Item, Roadmap};

const WIDTH: usize = 250;
const HEIGHT: usize = 40;
const GAP_X: usize = 60;
const GAP_Y: usize = 12;

/// The graph of the items that wait for, or are waited for by, others; nothing if there are none.
pub fn svg(roadmap: &Roadmap) -> Option<Markup> {
    let linked: Vec<&Item> = roadmap
        .items
        .iter()
        .filter(|item| !item.blocked_on.is_empty() || !item.blocks.is_empty())
        .collect();
    if linked.is_empty() {
        return None;
    }
    let by_id: BTreeMap<&str, &Item> = linked
        .iter()
        .map(|item| (item.id.as_str(), *item))
        .collect();
    let mut columns: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for item in &linked {
        columns
            .entry(depth(&item.id, &by_id, 0))
            .or_default()
            .push(&item.id);
    }
    let places = places(&columns, &by_id);
    let width = columns.len() * (WIDTH + GAP_X);
    let rows = columns.values().map(Vec::len).max().unwrap_or(0);
    let height = rows * (HEIGHT + GAP_Y) + GAP_Y;
    Some(html! {
        svg width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="img" aria-label="Which gate waits for which" {
            @for item in &linked {
                @for other in item.blocked_on.iter().filter(|id| by_id.contains_key(id.as_str())) {
                    path.edge d=(edge(places[other.as_str()], places[item.id.as_str()])) {}
                }
            }
            @for item in &linked {
                @let (x, y) = places[item.id.as_str()];
                a href=(item.tracking.as_deref().unwrap_or("#gates")) {
                    rect.box.needed[item.needed] x=(x) y=(y) width=(WIDTH) height=(HEIGHT) rx="6" {}
                    text x=(x + 10) y=(y + 17) { (item.id) }
                    text.soft x=(x + 10) y=(y + 33) {
                        (item.status) @if item.uses > 0 { ", " (item.uses) " uses" }
                    }
                }
            }
        }
    })
}

/// Length of the longest chain that the item waits for.
fn depth(id: &str, by_id: &BTreeMap<&str, &Item>, seen: usize) -> usize {
    let Some(item) = by_id.get(id).filter(|_| seen < 32) else {
        return 0;
    };
    item.blocked_on
        .iter()
        .filter(|other| by_id.contains_key(other.as_str()))
        .map(|other| depth(other, by_id, seen + 1) + 1)
        .max()
        .unwrap_or(0)
}

/// Where each box stands: within a column in the order of what it waits for, so that arrows cross little.
fn places<'i>(
    columns: &BTreeMap<usize, Vec<&'i str>>,
    by_id: &BTreeMap<&str, &Item>,
) -> BTreeMap<&'i str, (usize, usize)> {
    let mut places: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (index, ids) in columns.values().enumerate() {
        let mut order: Vec<(usize, &str)> = ids
            .iter()
            .map(|id| {
                let above: Vec<usize> = by_id[id]
                    .blocked_on
                    .iter()
                    .filter_map(|other| places.get(other.as_str()).map(|place| place.1))
                    .collect();
                (above.iter().sum::<usize>() / above.len().max(1), *id)
            })
            .collect();
        order.sort_unstable();
        for (row, (_, id)) in order.into_iter().enumerate() {
            places.insert(
                id,
                (index * (WIDTH + GAP_X) + 1, row * (HEIGHT + GAP_Y) + GAP_Y),
            );
        }
    }
    places
}

fn edge(from: (usize, usize), to: (usize, usize)) -> String {
    let (x1, y1) = (from.0 + WIDTH, from.1 + HEIGHT / 2);
    let (x2, y2) = (to.0, to.1 + HEIGHT / 2);
    let middle = (x1 + x2) / 2;
    format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}")
}
