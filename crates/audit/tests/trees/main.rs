//! Whole trees: gates planted in every kind of place are found, broken input is named and the rest is read, and what a real kernel
//! needs comes out of its files and the compiler.
//!
//! The kernel tree is `$GATELESS_TEST_TREE` (what `gateless fetch 7.3` prints); without it the tests that need it show as ignored.

mod broken;
mod kernel;
mod plants;
mod small;
mod verify;

use gateless_trials::Need;
use libtest_mimic::{Arguments, Trial};

type Test = fn() -> Result<(), libtest_mimic::Failed>;

const ALWAYS: &[(&str, Test)] = &[
    (
        "every_gate_planted_in_a_small_tree_is_found_with_its_line",
        small::planted,
    ),
    ("what_only_looks_like_a_gate_is_not_one", small::lookalikes),
    (
        "with_an_empty_ledger_every_place_is_still_listed_as_unknown",
        small::empty_ledger,
    ),
    ("conditions_and_places_decide_what_is_needed", small::needed),
    (
        "broken_files_are_named_and_the_rest_is_audited",
        broken::files,
    ),
    (
        "a_tree_without_rust_has_no_gates_and_no_problems",
        broken::no_rust,
    ),
    (
        "a_build_directory_says_what_was_really_passed",
        small::build_directory,
    ),
    (
        "closing_one_gate_shows_what_a_build_compiled_and_nothing_about_the_rest",
        verify::evidence,
    ),
    (
        "a_directory_built_from_another_tree_proves_nothing",
        verify::another_tree,
    ),
    (
        "the_conditions_of_a_directory_hold_for_its_files",
        small::directories,
    ),
    (
        "what_moved_is_not_new_and_what_was_added_is",
        small::difference,
    ),
];

const WITH_TREE: &[(&str, Test)] = &[
    (
        "a_kernel_needs_just_the_language_gates_that_its_sources_use",
        kernel::needed,
    ),
    (
        "every_gate_planted_in_a_copy_of_a_kernel_is_found_and_nothing_else_changes",
        kernel::planted,
    ),
    (
        "an_empty_ledger_changes_no_count_of_a_kernel",
        kernel::empty_ledger,
    ),
];

fn main() {
    let arguments = Arguments::from_args();
    let tree = Need::kernel_tree();
    let trials = ALWAYS
        .iter()
        .map(|(name, test)| Trial::test(*name, *test))
        .chain(
            WITH_TREE
                .iter()
                .map(|(name, test)| tree.trial(*name, |_| test())),
        )
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
