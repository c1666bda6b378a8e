//! The order that rustc gives to associated types and auto traits of a trait object, however they were written: that of its hashes of their paths.
//!
//! The hash is rustc's `DefPathHash`: the crate's number, and the SipHash-1-3 of each name with the hash of what is above it (rustc_hir/src/definitions.rs).

use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::ty::{Namespace, Path, Predicate};

/// Brings what is known of associated types into rustc's order.
pub(crate) fn projections(predicates: &mut [Predicate]) {
    predicates.sort_by_cached_key(|predicate| match predicate {
        Predicate::Projection { of, name, .. } => path_hash(&of.path.child(Namespace::Type, name)),
        Predicate::Trait(named) => path_hash(&named.path),
        Predicate::Auto(path) => path_hash(path),
    });
}

/// Brings auto traits into rustc's order; one that is named twice counts once.
pub(crate) fn autos(paths: &mut Vec<Arc<Path>>) {
    paths.sort_by_cached_key(|path| path_hash(path));
    paths.dedup();
}

/// The number of the crate, and the hash of the path within.
fn path_hash(path: &Path) -> (u64, u64) {
    let krate = path.krate.id;
    let local = path.segments.iter().fold(krate, |above, segment| {
        let mut hasher = SipHasher13::new();
        hasher.write(&above.to_le_bytes());
        // The place in rustc's `DefPathData`, which is below 255 and then takes one byte.
        let (kind, name): (u8, _) = match segment.namespace {
            Namespace::Impl => (1, None),
            Namespace::Foreign => (2, None),
            Namespace::Type => (5, Some(&segment.name)),
            Namespace::Value => (6, Some(&segment.name)),
            Namespace::Closure => (9, None),
        };
        hasher.write(&[kind]);
        if let Some(name) = name {
            hasher.write(name.as_bytes());
            hasher.write(&[0xff]);
        }
        hasher.write(&(segment.disambiguator as u32).to_le_bytes());
        hasher.finish128().h1
    });
    (krate, local)
}
