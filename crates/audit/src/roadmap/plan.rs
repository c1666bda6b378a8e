//! From an audit and the ledger to the plan.

use std::collections::{BTreeMap, BTreeSet};

use gateless_ledger::{Ends, Entry, Ledger, Status};

use crate::audit::{Applies, Audit, Gate, Use, text};
use crate::roadmap::{Item, Point, Roadmap, Step};

/// For what the plan is.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Architecture as under `arch/`; nothing for all.
    pub arch: Option<String>,
    /// Compiler, `(1, 95)`.
    pub compiler: (u32, u32),
}

/// Most alternatives that are tried one against the other: two to the power of this many sets.
const CHOICES: usize = 12;

/// The plan for a tree. `trend` is filled by the caller, who has the other trees.
pub fn plan(audit: &Audit, ledger: &Ledger, selection: &Selection) -> Roadmap {
    let uses: BTreeMap<&str, Vec<&Use>> = audit
        .gates
        .iter()
        .filter(|gate| gate.needed)
        .map(|gate| (gate.id.as_str(), applying(gate, selection.arch.as_deref())))
        .filter(|(_, uses)| !uses.is_empty())
        .collect();
    let needed: BTreeSet<&str> = uses.keys().copied().collect();
    let world = World {
        ledger,
        compiler: selection.compiler,
    };
    let chosen = world.shortest(&needed);
    let all = world.closure(&needed, &chosen.alternatives);
    let items = all
        .iter()
        .map(|id| item(id, &all, &uses, audit, &world))
        .collect();
    Roadmap {
        version: 1,
        release: audit.release.clone(),
        rustc: audit.rustc.clone(),
        arch: selection.arch.clone().unwrap_or_else(|| "all".to_owned()),
        configuration: audit.out.clone().unwrap_or_else(|| "any".to_owned()),
        done_when: world.steps(&needed, &chosen, &uses),
        items,
        trend: Vec::new(),
        unnecessary: audit
            .gates
            .iter()
            .filter(|gate| needed.contains(gate.id.as_str()) && gate.gateless.is_some())
            .map(|gate| gate.id.clone())
            .collect(),
        support: None,
    }
}

/// The places of a gate that count for an architecture.
fn applying<'a>(gate: &'a Gate, arch: Option<&str>) -> Vec<&'a Use> {
    gate.uses
        .iter()
        .filter(|one| one.applies != Applies::Never && one.place == "build")
        .filter(|one| {
            arch.is_none_or(|arch| {
                one.architectures
                    .iter()
                    .any(|own| own == arch || own == "all")
            })
        })
        .collect()
}

fn files(uses: &[&Use]) -> usize {
    uses.iter()
        .map(|one| one.file.as_str())
        .collect::<BTreeSet<_>>()
        .len()
}

struct World<'l> {
    ledger: &'l Ledger,
    compiler: (u32, u32),
}

/// The steps that were chosen.
struct Chosen {
    steps: BTreeSet<String>,
    /// For entries that are replaced by others: which list of them.
    alternatives: BTreeMap<String, usize>,
}

impl<'l> World<'l> {
    fn open(&self, id: &str) -> Option<&'l Entry> {
        self.ledger
            .get(id)
            .filter(|entry| !matches!(entry.status_for(self.compiler), Status::Stable))
    }

    /// What `id` waits for, if alternatives are taken as chosen.
    fn waits_for(&self, id: &str, alternatives: &BTreeMap<String, usize>) -> Vec<&'l str> {
        let Some(entry) = self.open(id) else {
            return Vec::new();
        };
        let list = match alternatives.get(id) {
            Some(&choice) => &entry.alternatives[choice],
            None => &entry.depends_on,
        };
        list.iter()
            .map(String::as_str)
            .filter(|id| self.open(id).is_some())
            .collect()
    }

    /// Everything that the needed entries wait for, themselves included.
    fn closure(
        &self,
        needed: &BTreeSet<&str>,
        alternatives: &BTreeMap<String, usize>,
    ) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut todo: Vec<String> = needed.iter().map(|id| (*id).to_owned()).collect();
        while let Some(id) = todo.pop() {
            if found.insert(id.clone()) {
                let more = self.waits_for(&id, alternatives);
                todo.extend(more.into_iter().map(str::to_owned));
            }
        }
        found
    }

    /// What has to be done for the needed entries: all of the closure but what falls away with others, or is replaced.
    fn steps_of(
        &self,
        needed: &BTreeSet<&str>,
        alternatives: &BTreeMap<String, usize>,
    ) -> BTreeSet<String> {
        self.closure(needed, alternatives)
            .into_iter()
            .filter(|id| !alternatives.contains_key(id))
            .filter(|id| match self.ledger.get(id) {
                Some(entry) => !matches!(entry.ends, Ends::WithDependencies | Ends::Last),
                None => true,
            })
            .collect()
    }

    /// The smallest set of steps over all choices of alternatives; steps that the tree can take by itself count less than stabilisations.
    fn shortest(&self, needed: &BTreeSet<&str>) -> Chosen {
        let with_choice: Vec<String> = self
            .closure(needed, &BTreeMap::new())
            .into_iter()
            .filter(|id| {
                self.open(id)
                    .is_some_and(|entry| !entry.alternatives.is_empty())
            })
            .take(CHOICES)
            .collect();
        let mut best: Option<(usize, Chosen)> = None;
        for number in 0..1usize << with_choice.len() {
            let mut alternatives = BTreeMap::new();
            for (bit, id) in with_choice.iter().enumerate() {
                if number >> bit & 1 == 1 {
                    // Of several lists the shortest is the one to take.
                    let lists = &self
                        .ledger
                        .get(id)
                        .map(|e| e.alternatives.clone())
                        .unwrap_or_default();
                    let shortest = (0..lists.len()).min_by_key(|&list| lists[list].len());
                    alternatives.extend(shortest.map(|list| (id.clone(), list)));
                }
            }
            if self.is_circle(&alternatives) {
                continue;
            }
            let steps = self.steps_of(needed, &alternatives);
            let cost: usize = steps.iter().map(|id| self.cost(id)).sum();
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((
                    cost,
                    Chosen {
                        steps,
                        alternatives,
                    },
                ));
            }
        }
        best.map_or(
            Chosen {
                steps: BTreeSet::new(),
                alternatives: BTreeMap::new(),
            },
            |(_, chosen)| chosen,
        )
    }

    /// Whether entries are replaced by each other, so that nothing would be done at all.
    fn is_circle(&self, alternatives: &BTreeMap<String, usize>) -> bool {
        alternatives.keys().any(|start| {
            let mut seen = BTreeSet::new();
            let mut todo = self.waits_for(start, alternatives);
            while let Some(id) = todo.pop() {
                if id == start {
                    return true;
                }
                if seen.insert(id) {
                    todo.extend(self.waits_for(id, alternatives));
                }
            }
            false
        })
    }

    fn cost(&self, id: &str) -> usize {
        match self.ledger.get(id).map(|entry| entry.ends) {
            Some(Ends::LeftOut) => 1,
            Some(Ends::WithDependencies | Ends::Last) => 0,
            _ => 10,
        }
    }

    /// The steps in an order in which each comes after what it waits for, those that free most first.
    fn steps(
        &self,
        needed: &BTreeSet<&str>,
        chosen: &Chosen,
        uses: &BTreeMap<&str, Vec<&Use>>,
    ) -> Vec<Step> {
        let mut left = chosen.steps.clone();
        let mut freed: BTreeSet<String> = BTreeSet::new();
        let mut steps = Vec::new();
        while !left.is_empty() {
            let ready: Vec<String> = left
                .iter()
                .filter(|id| {
                    let waits = self.waits_for(id, &chosen.alternatives);
                    waits.iter().all(|other| !left.contains(*other))
                })
                .cloned()
                .collect();
            // A circle in the ledger would leave none; then the first is as good as any.
            let candidates = if ready.is_empty() {
                left.iter().cloned().collect()
            } else {
                ready
            };
            let best = candidates
                .into_iter()
                .map(|id| {
                    let mut after = left.clone();
                    after.remove(&id);
                    let free = self.free(needed, &after, &chosen.alternatives);
                    let count: usize = free
                        .difference(&freed)
                        .map(|id| uses.get(id.as_str()).map_or(0, Vec::len))
                        .sum();
                    (count, id, free)
                })
                .max_by(|a, b| (a.0, &b.1).cmp(&(b.0, &a.1)));
            let Some((_, id, free)) = best else {
                break;
            };
            left.remove(&id);
            let unblocks: Vec<String> = free.difference(&freed).cloned().collect();
            steps.push(self.step(&id, unblocks, uses));
            freed = free;
        }
        steps
    }

    /// The needed entries that are free when only the steps of `left` are still to be done.
    fn free(
        &self,
        needed: &BTreeSet<&str>,
        left: &BTreeSet<String>,
        alternatives: &BTreeMap<String, usize>,
    ) -> BTreeSet<String> {
        needed
            .iter()
            .filter(|id| {
                let last = self
                    .ledger
                    .get(id)
                    .is_some_and(|entry| entry.ends == Ends::Last);
                let one = BTreeSet::from([**id]);
                (!last || left.is_empty())
                    && self.steps_of(&one, alternatives).is_disjoint(left)
                    && !left.contains(**id)
            })
            .map(|id| (*id).to_owned())
            .collect()
    }

    fn step(&self, id: &str, unblocks: Vec<String>, uses: &BTreeMap<&str, Vec<&Use>>) -> Step {
        let entry = self.ledger.get(id);
        let places: Vec<&Use> = unblocks
            .iter()
            .filter_map(|id| uses.get(id.as_str()))
            .flatten()
            .copied()
            .collect();
        let leave_out = entry.is_some_and(|entry| entry.ends == Ends::LeftOut);
        Step {
            id: id.to_owned(),
            name: entry.map_or_else(|| id.to_owned(), |entry| entry.name.clone()),
            what: if leave_out { "leave-out" } else { "stabilise" }.to_owned(),
            tracking: entry.and_then(|entry| entry.tracking.clone()),
            goal: entry.and_then(|entry| entry.goal.clone()),
            uses: places.len(),
            files: files(&places),
            unblocks,
        }
    }
}

fn item(
    id: &str,
    all: &BTreeSet<String>,
    uses: &BTreeMap<&str, Vec<&Use>>,
    audit: &Audit,
    world: &World<'_>,
) -> Item {
    let entry = world.ledger.get(id);
    let gate = audit.gates.iter().find(|gate| gate.id == id);
    let places = uses.get(id).cloned().unwrap_or_default();
    let waits = |id: &str| {
        world
            .open(id)
            .map(|entry| entry.depends_on.clone())
            .unwrap_or_default()
    };
    Item {
        id: id.to_owned(),
        name: entry.map_or_else(|| id.to_owned(), |entry| entry.name.clone()),
        kind: gate.map_or_else(
            || entry.map(kind).unwrap_or_default(),
            |gate| gate.kind.clone(),
        ),
        status: gate.map_or_else(
            || {
                format!("{:?}", entry.map(|e| e.status_for(world.compiler)))
                    .to_lowercase()
                    .replace("some(", "")
                    .replace(')', "")
            },
            text::state,
        ),
        needed: uses.contains_key(id),
        uses: places.len(),
        files: files(&places),
        blocked_on: waits(id)
            .into_iter()
            .filter(|other| world.open(other).is_some())
            .collect(),
        blocks: all
            .iter()
            .filter(|other| waits(other).iter().any(|one| one == id))
            .cloned()
            .collect(),
        ends: match entry.map(|entry| entry.ends).unwrap_or_default() {
            Ends::Stabilised => "stabilised",
            Ends::WithDependencies => "with-dependencies",
            Ends::LeftOut => "left-out",
            Ends::Last => "last",
        }
        .to_owned(),
        tracking: entry.and_then(|entry| entry.tracking.clone()),
        goal: entry.and_then(|entry| entry.goal.clone()),
        gateless: entry.and_then(crate::audit::assemble::does),
        way_out: entry.map(|entry| entry.stable_way.clone()),
        architectures: gate.map_or_else(|| "all".to_owned(), text::architectures),
    }
}

fn kind(entry: &Entry) -> String {
    serde_json::to_value(entry.kind)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// One release of the trend.
pub fn point(audit: &Audit) -> Point {
    let needed: Vec<&Gate> = audit.gates.iter().filter(|gate| gate.needed).collect();
    let of = |kinds: &[&str]| {
        needed
            .iter()
            .filter(|gate| kinds.contains(&gate.kind.as_str()))
            .count()
    };
    Point {
        release: audit.release.clone().unwrap_or_default(),
        needed: needed.len(),
        language: of(&["lang-feature", "lib-feature", "attribute", "feature"]),
        options: of(&["rustc-flag", "rustdoc-flag", "option", "target-spec"]),
        uses: needed.iter().map(|gate| applying(gate, None).len()).sum(),
        rust_files: audit.files.rust,
    }
}
