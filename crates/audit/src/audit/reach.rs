//! For what, and when, each Rust file of a tree is compiled.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gateless_linux::condition::Condition;

use crate::finding::Place;
use crate::scan::Scan;

/// One file.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// When a build of the kernel compiles it; `None` if it never does.
    pub build: Option<Condition>,
    /// Goals that compile it.
    pub goals: BTreeSet<String>,
    /// When a build compiles the examples in its comments.
    pub examples: Option<Condition>,
}

/// All files that some makefile compiles. Empty if no makefile compiles any: then the directory is no kernel tree, and everything counts.
pub fn files(scan: &Scan) -> BTreeMap<String, Reach> {
    let mut reached: BTreeMap<String, Reach> = BTreeMap::new();
    for root in scan
        .roots
        .iter()
        .filter(|root| scan.children.contains_key(&root.file))
    {
        let mut seen = BTreeSet::new();
        let mut todo = VecDeque::from([(root.file.clone(), root.condition.clone())]);
        while let Some((file, condition)) = todo.pop_front() {
            if !seen.insert(file.clone()) {
                continue;
            }
            let reach = reached.entry(file.clone()).or_default();
            match &root.place {
                Place::Build if root.examples => join(&mut reach.examples, &condition),
                Place::Build => join(&mut reach.build, &condition),
                Place::Goal(goal) => {
                    reach.goals.insert(goal.clone());
                }
                _ => {}
            }
            for child in scan.children.get(&file).into_iter().flatten() {
                for candidate in &child.candidates {
                    if scan.children.contains_key(candidate) {
                        todo.push_back((
                            candidate.clone(),
                            condition.clone().and(child.condition.clone()),
                        ));
                    }
                }
            }
        }
    }
    reached
}

fn join(slot: &mut Option<Condition>, condition: &Condition) {
    *slot = Some(match slot.take() {
        Some(old) => old.or(condition.clone()),
        None => condition.clone(),
    });
}
