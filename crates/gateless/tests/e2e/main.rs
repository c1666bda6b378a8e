//! From a kernel tree to test results, through the command line: builds of the presets um-small and x86_64-small, gated and
//! gateless, boots, comparisons, rebuilds, and gates that are opened on purpose.
//!
//! The tree is `$GATELESS_TEST_TREE` (what `gateless fetch 7.3` prints); without it the tests show as ignored. They
//! need what `gateless doctor` asks for, and about 30 minutes of two processors the first time.

mod audits;
mod backend_c;
mod configurations;
mod example;
mod kcfi;
mod long_tail;
mod long_tail_checks;
mod modversions;
mod overlay;
mod patches;
mod proof;
mod rebuilds;
mod results;
mod runtime;
mod stray_gates;
mod tree_copy;
mod two_directories;
mod workshop;

use std::sync::{Arc, Mutex};

use gateless_trials::{Need, cannot_run};
use libtest_mimic::{Arguments, Trial};

use configurations::Configuration;
use workshop::{Tested, Workshop, alone};

/// A test and its name.
type Test = (&'static str, fn(&mut Workshop) -> Tested);

/// A test that runs when asked for.
type OnRequest = Box<dyn FnOnce(&mut Workshop) -> Tested + Send>;

/// On x86_64, beside those of User Mode Linux; some that could be done on either are here, so that both take as long.
const X86_64: &[Test] = &[
    (
        "every_rust_test_passes_in_a_gateless_x86_64_kernel",
        results::all_pass,
    ),
    (
        "gated_and_gateless_x86_64_kernels_have_the_same_results_by_name",
        results::same_as_gated,
    ),
    (
        "gated_and_gateless_x86_64_kernels_have_the_same_machine_code",
        results::same_code,
    ),
    ("the_x86_64_build_can_be_attested", results::attested),
    (
        "touching_a_header_of_bindgen_rebuilds_what_upstream_rebuilds_though_interrupted",
        rebuilds::bindgen_header,
    ),
    (
        "changing_the_configuration_rebuilds_what_upstream_rebuilds",
        rebuilds::configuration,
    ),
];

/// On User Mode Linux. Whichever runs first builds what the others use.
const UM: &[Test] = &[
    (
        "every_rust_test_passes_in_a_gateless_kernel",
        results::gateless_passes,
    ),
    (
        "gated_and_gateless_kernels_have_the_same_results_by_name",
        results::same_as_gated,
    ),
    (
        "both_builds_have_the_same_configuration_and_doctests",
        results::same_inputs,
    ),
    ("the_build_can_be_attested", results::attested),
    (
        "a_build_that_was_moved_is_proven_and_one_that_was_changed_is_not",
        proof::changed_image,
    ),
    (
        "gated_and_gateless_kernels_have_the_same_machine_code",
        results::same_code,
    ),
    (
        "compiling_without_a_gate_shows_what_the_audit_says",
        audits::verified,
    ),
    (
        "the_audit_finds_no_language_gate_in_lowered_sources",
        audits::lowered,
    ),
    (
        "the_lowered_tree_is_a_patch_that_applies_builds_and_is_not_lowered_again",
        patches::applied,
    ),
    (
        "a_rebuild_without_changes_compiles_nothing",
        rebuilds::nothing,
    ),
    (
        "touching_a_rust_file_rebuilds_what_upstream_rebuilds",
        rebuilds::rust_file,
    ),
    (
        "a_new_gateless_rebuilds_what_it_compiled_and_nothing_else",
        rebuilds::new_gateless,
    ),
    (
        "a_feature_attribute_in_a_driver_is_refused_with_its_place",
        stray_gates::feature,
    ),
    (
        "an_unstable_option_in_a_makefile_is_refused_by_name",
        stray_gates::option,
    ),
    (
        "with_the_hosts_core_every_test_passes_and_no_gate_is_open_at_all",
        runtime::host,
    ),
];

/// On x86_64, when asked for: each builds kernels of its own.
const X86_64_ON_REQUEST: &[Test] = &[
    (
        "modules_work_in_the_kernel_of_the_other_build_by_the_same_symbol_versions",
        modversions::across_builds,
    ),
    (
        "two_builds_in_directories_of_different_names_make_the_same_image",
        two_directories::same_image,
    ),
    (
        "the_checks_that_are_wished_for_refuse_nothing_of_an_x86_64_kernel_and_find_what_is_planted",
        long_tail_checks::found,
    ),
    (
        "every_overflow_of_the_suite_is_reported_by_an_x86_64_kernel",
        long_tail::overflow_report,
    ),
    (
        "with_the_c_compilers_code_an_x86_64_kernel_has_the_same_results_by_name",
        backend_c::same_results,
    ),
    (
        "with_kcfi_both_kernels_are_the_same_boot_and_trap_the_same_calls_of_wrong_types",
        kcfi::enforced,
    ),
];

/// On User Mode Linux, when asked for.
const UM_ON_REQUEST: &[Test] = &[
    (
        "a_signed_module_is_proven_and_one_that_was_changed_is_not",
        proof::signed_module,
    ),
    (
        "the_example_of_a_driver_outside_the_tree_builds_and_loads_as_its_page_says",
        example::loads,
    ),
    (
        "every_overflow_of_the_suite_is_reported_with_its_line_and_wraps",
        long_tail::overflow_report,
    ),
    (
        "an_architecture_without_upstream_rust_compiles_as_far_as_the_kernel_crate",
        overlay::kernel_crate,
    ),
    (
        "architectures_without_upstream_rust_boot_and_load_their_modules",
        overlay::matrix,
    ),
    (
        "structures_of_architectures_without_upstream_rust_are_where_c_has_them",
        overlay::layouts,
    ),
    (
        "the_checks_that_are_wished_for_refuse_nothing_of_a_kernel_and_find_what_is_planted",
        long_tail_checks::found,
    ),
    (
        "with_the_c_compilers_code_every_test_has_the_same_result",
        backend_c::same_results,
    ),
    (
        "with_the_hosts_core_and_no_floats_every_test_passes",
        runtime::host_without_floats,
    ),
];

fn main() {
    let mut arguments = Arguments::from_args();
    // All wait at once, and one of each architecture runs: those of one share directories.
    let on_request = UM_ON_REQUEST.len() + X86_64_ON_REQUEST.len() + 2 * configurations::ALL.len();
    arguments.test_threads = Some(UM.len() + X86_64.len() + on_request);
    let tree = Need::kernel_tree();
    let wanted = |name: &str| {
        let filter = arguments.filter.as_ref();
        filter.is_none_or(|filter| name.contains(filter.as_str()))
    };
    let on_request_tables = || UM_ON_REQUEST.iter().chain(X86_64_ON_REQUEST);
    let tables = UM.iter().chain(X86_64).chain(on_request_tables());
    let names = tables.map(|(name, _)| (*name).to_owned());
    let of_configuration =
        |configuration: &Configuration| [configuration.test(), configuration.boot_test()];
    let mut names = names.chain(configurations::ALL.iter().flat_map(of_configuration));
    let workshop = match tree.found() {
        Ok(tree) if !arguments.list && names.any(|name| wanted(&name)) => {
            let opened = ["um", "x86_64"].map(|arch| {
                Workshop::open(tree, arch).unwrap_or_else(|failed| {
                    panic!(
                        "the tests' directories can't be made: {}",
                        failed.message().unwrap_or("no reason given")
                    )
                })
            });
            Some(opened.map(|workshop| Arc::new(Mutex::new(workshop))))
        }
        _ => None,
    };
    let tests = UM
        .iter()
        .map(|test| (0, test))
        .chain(X86_64.iter().map(|test| (1, test)));
    let because = tree
        .found()
        .err()
        .unwrap_or("nothing that was asked for needs a kernel");
    let trials = tests.map(|(arch, (name, test))| match &workshop {
        Some(workshops) => {
            let workshop = Arc::clone(&workshops[arch]);
            Trial::test(*name, move || test(&mut alone(&workshop)))
        }
        None => cannot_run(*name, because),
    });
    let on_request = |arch: usize, name: String, test: OnRequest| {
        let Some(workshops) = &workshop else {
            return cannot_run(name, because);
        };
        let workshop = Arc::clone(&workshops[arch]);
        Trial::test(name, move || test(&mut alone(&workshop))).with_ignored_flag(true)
    };
    let um = UM_ON_REQUEST.iter().map(|test| (0, test));
    let others = um
        .chain(X86_64_ON_REQUEST.iter().map(|test| (1, test)))
        .map(|(arch, (name, test))| on_request(arch, (*name).to_owned(), Box::new(test)));
    let configurations = configurations::ALL.iter().flat_map(|configuration| {
        [
            on_request(
                1,
                configuration.test(),
                Box::new(|workshop| configuration.same_code(workshop)),
            ),
            on_request(
                1,
                configuration.boot_test(),
                Box::new(|workshop| configuration.same_results(workshop)),
            ),
        ]
    });
    libtest_mimic::run(
        &arguments,
        trials.chain(others).chain(configurations).collect(),
    )
    .exit();
}
