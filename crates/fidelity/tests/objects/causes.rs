//! Causes on whole directories: explained only where the evidence lies in the gateless build's directory.

use std::collections::BTreeMap;

use gateless_fidelity::report::{Report, Verdict};
use gateless_model::record::{Output, Record, Run, VERSION};

use crate::support::{OBJECT, Out, compare, found};

const SOURCE: &str = "#![no_std]\n#[inline(never)] pub fn one(x: u32) -> u32 { x ^ 5 }\n#[inline(never)] pub fn two(x: u32) -> u32 { one(x) ^ one(9) }\n";

/// Compiled under the name `renamed` where `sample` was asked for.
fn renamed(source: &str) -> Out {
    Out::new(source, &["--crate-name=renamed", "-Cdebuginfo=2"])
}

/// Writes the record of a call that asked for one crate name and gave the compiler another.
fn record(out: &Out, asked: &str, given: &str) {
    let words = |name: &str| vec!["--crate-name".to_owned(), name.to_owned()];
    let run = Run {
        compiler: "rustc".to_owned(),
        version: String::new(),
        sha256: String::new(),
        args: words(given),
        env: BTreeMap::new(),
        exempt: Vec::new(),
    };
    let record = Record {
        version: VERSION,
        crate_name: asked.to_owned(),
        class: "kernel crate".to_owned(),
        cwd: out.path.to_string(),
        asked: words(asked),
        runs: vec![run],
        generator: None,
        runtime_source: None,
        decisions: Vec::new(),
        inputs: BTreeMap::new(),
        lowered: BTreeMap::new(),
        outputs: BTreeMap::from([(
            OBJECT.to_owned(),
            Output {
                sha256: String::new(),
                sections: BTreeMap::new(),
            },
        )]),
        seal: String::new(),
    };
    let directory = out.path.join(".gateless/records");
    fs_err::create_dir_all(&directory).unwrap();
    fs_err::write(
        directory.join("sample.json"),
        serde_json::to_string(&record).unwrap(),
    )
    .unwrap();
}

fn causes(report: &Report) -> Vec<&str> {
    report
        .causes
        .iter()
        .map(|cause| cause.id.as_str())
        .collect()
}

fn gated() -> Out {
    Out::new(SOURCE, &["-Cdebuginfo=2"])
}

#[test]
fn a_renamed_crate_is_explained_by_its_record() {
    let gateless = renamed(SOURCE);
    record(&gateless, "sample", "renamed");
    let report = compare(&gated(), &gateless);
    assert_eq!(
        (report.verdict, causes(&report)),
        (Verdict::Explained, vec!["renamed-crate"]),
        "{:#?}",
        found(&report)
    );
    let functions = report.totals.functions;
    assert_eq!(
        (functions.total, functions.explained, functions.unexplained),
        (2, 2, 0)
    );
}

#[test]
fn a_renamed_crate_without_such_a_record_is_not_explained() {
    let gateless = renamed(SOURCE);
    assert_eq!(compare(&gated(), &gateless).verdict, Verdict::Unexplained);
    record(&gateless, "sample", "sample");
    assert_eq!(compare(&gated(), &gateless).verdict, Verdict::Unexplained);
    record(&gateless, "sample", "another");
    assert_eq!(compare(&gated(), &gateless).verdict, Verdict::Unexplained);
}

#[test]
fn what_differs_in_a_renamed_crate_is_still_reported() {
    let gateless = renamed(&SOURCE.replace("one(9)", "one(8)"));
    record(&gateless, "sample", "renamed");
    let report = compare(&gated(), &gateless);
    let left: Vec<_> = report.objects[0]
        .differences
        .iter()
        .filter(|difference| difference.cause.is_none())
        .map(|difference| &difference.name)
        .collect();
    assert_eq!(left, ["sample::two"]);
    let functions = report.totals.functions;
    assert_eq!(
        (functions.total, functions.explained, functions.unexplained),
        (2, 1, 1)
    );
}

/// The source with another column in line 2.
fn moved() -> String {
    SOURCE.replace("{ x ^ 5 }", "{    x ^ 5 }")
}

#[test]
fn other_columns_are_explained_where_the_line_was_lowered() {
    let (gated, gateless) = (gated(), Out::new(&moved(), &["-Cdebuginfo=2"]));
    let source = gateless.path.join("rust/sample.rs");
    // The kernel's own file is as it was; what was compiled lies in the mirror.
    fs_err::write(&source, SOURCE).unwrap();
    let report = compare(&gated, &gateless);
    assert_eq!(report.verdict, Verdict::Unexplained, "nothing was lowered");
    let mirror = camino::Utf8PathBuf::from(format!(
        "{}/.gateless/lowered/sample{source}",
        gateless.path
    ));
    fs_err::create_dir_all(mirror.parent().unwrap()).unwrap();
    fs_err::write(&mirror, SOURCE.replace("one(9)", "one( 9)")).unwrap();
    assert_eq!(
        compare(&gated, &gateless).verdict,
        Verdict::Unexplained,
        "another line was lowered"
    );
    fs_err::write(&mirror, moved()).unwrap();
    let report = compare(&gated, &gateless);
    assert_eq!(
        (report.verdict, causes(&report)),
        (Verdict::Explained, vec!["lowered-columns"]),
        "{:#?}",
        report.objects
    );
}

#[test]
fn another_line_is_never_explained() {
    let (gated, gateless) = (
        gated(),
        Out::new(
            &SOURCE.replace("{ x ^ 5 }", "{\nx ^ 5 }"),
            &["-Cdebuginfo=2"],
        ),
    );
    let source = gateless.path.join("rust/sample.rs");
    let mirror = camino::Utf8PathBuf::from(format!(
        "{}/.gateless/lowered/sample{source}",
        gateless.path
    ));
    fs_err::create_dir_all(mirror.parent().unwrap()).unwrap();
    fs_err::copy(&source, &mirror).unwrap();
    fs_err::write(&source, SOURCE).unwrap();
    assert_eq!(compare(&gated, &gateless).verdict, Verdict::Unexplained);
}

/// As in kernels: indirect calls go through thunks.
const KERNEL: &[&str] = &[
    "-Ctarget-feature=+retpoline-external-thunk,+retpoline-indirect-branches,+retpoline-indirect-calls",
    "-Cforce-unwind-tables=n",
    "-Crelocation-model=static",
    "-Zfunction-sections=n",
];

/// A trait whose method `m` is called through its vtable; `rest` are more items.
fn dispatching(rest: &str) -> Out {
    Out::new(
        &format!(
            "#![no_std]\npub trait T {{ fn a(&self, x: u32) -> u32; fn m(&self, x: u32) -> u32; }}\npub struct S(pub u32);\n\
             impl T for S {{ fn a(&self, x: u32) -> u32 {{ x ^ 3 ^ self.0 }} fn m(&self, x: u32) -> u32 {{ other(x) ^ self.0 }} }}\n\
             #[inline(never)] pub fn make(s: &S) -> &dyn T {{ s }}\n#[inline(never)] pub fn call(t: &dyn T, x: u32) -> u32 {{ other(x) ^ t.m(x) }}\n{rest}"
        ),
        KERNEL,
    )
}

/// The same as lowering makes it, with `call` as the body of the function that makes the call, and what the added function leads to.
fn lowered(call: &str, method: &str, rest: &str) -> Out {
    Out::new(
        &format!(
            "#![no_std]\n#![allow(non_camel_case_types)]\npub trait T: __gateless_t_x_call {{ fn a(&self, x: u32) -> u32; fn m(&self, x: u32) -> u32 where Self: Sized; }}\npub struct S(pub u32);\n\
             impl T for S {{ fn a(&self, x: u32) -> u32 {{ x ^ 3 ^ self.0 }} fn m(&self, x: u32) -> u32 {{ other(x) ^ self.0 }} }}\n\
             pub trait __gateless_t_x_call {{ fn __gateless_t_x_call(&self) -> *const (); }}\n\
             impl<X: T> __gateless_t_x_call for X {{ fn __gateless_t_x_call(&self) -> *const () {{ \
             unsafe fn shim<X: T>(s: *mut (), x: u32) -> u32 {{ let s = unsafe {{ &*(s as *const X) }}; {method} }} shim::<X> as *const () }} }}\n\
             #[inline(never)] pub fn make(s: &S) -> &dyn T {{ s }}\n#[inline(never)] pub fn call(t: &dyn T, x: u32) -> u32 {{ {call} }}\n{rest}"
        ),
        KERNEL,
    )
}

const OTHERS: &str = "#[inline(never)] pub fn other(x: u32) -> u32 { x ^ 9 }\n#[inline(never)] pub fn stray(x: u32) -> u32 { x ^ 8 }\n";
const CALL: &str = "other(x) ^ unsafe { core::mem::transmute::<*const (), unsafe fn(*mut (), u32) -> u32>(t.__gateless_t_x_call())(t as *const dyn T as *mut (), x) }";
const METHOD: &str = "<X as T>::m(s, x)";

#[test]
fn calls_through_vtables_are_explained_by_what_lowering_puts_there() {
    let report = compare(&dispatching(OTHERS), &lowered(CALL, METHOD, OTHERS));
    assert_eq!(report.verdict, Verdict::Explained, "{:?}", found(&report));
    assert_eq!(causes(&report), ["dynamic-calls"]);
}

#[test]
fn a_vtable_that_leads_elsewhere_and_a_call_of_something_else_stay_unexplained() {
    let elsewhere = lowered(CALL, "<X as T>::a(s, x)", OTHERS);
    let report = compare(&dispatching(OTHERS), &elsewhere);
    assert_eq!(report.verdict, Verdict::Unexplained, "{:?}", found(&report));
    let another = CALL.replace("other(x)", "stray(x)");
    let report = compare(&dispatching(OTHERS), &lowered(&another, METHOD, OTHERS));
    let unexplained: Vec<&str> = report.objects[0]
        .differences
        .iter()
        .filter(|difference| difference.cause.is_none())
        .map(|difference| difference.name.as_str())
        .collect();
    assert_eq!(unexplained, ["sample::call"]);
}

#[test]
fn a_function_that_has_nothing_to_do_with_the_vtable_stays_unexplained() {
    let changed = OTHERS.replace("x ^ 8", "x ^ 7");
    let report = compare(&dispatching(OTHERS), &lowered(CALL, METHOD, &changed));
    let unexplained: Vec<&str> = report.objects[0]
        .differences
        .iter()
        .filter(|difference| difference.cause.is_none())
        .map(|difference| difference.name.as_str())
        .collect();
    assert_eq!(unexplained, ["sample::stray"]);
}

/// The same where code generation has put the method itself into the place of what leads to it.
fn shortened(method: &str) -> String {
    format!(
        "#![no_std]\n#![allow(non_camel_case_types)]\npub trait T: __gateless_t_x_call {{ fn a(&self, x: u32) -> u32; fn m(&self, x: u32) -> u32 where Self: Sized; }}\npub struct S(pub u32);\n\
         impl T for S {{ fn a(&self, x: u32) -> u32 {{ x ^ 3 ^ self.0 }} fn m(&self, x: u32) -> u32 {{ other(x) ^ self.0 }} }}\n\
         #[inline(never)] pub fn make(s: &S) -> &dyn T {{ s }}\n#[inline(never)] pub fn call(t: &dyn T, x: u32) -> u32 {{ {CALL} }}\n{OTHERS}\
         pub trait __gateless_t_x_call {{ fn __gateless_t_x_call(&self) -> *const (); }}\n\
         impl<X: T> __gateless_t_x_call for X {{ fn __gateless_t_x_call(&self) -> *const () {{ <X as T>::{method} as fn(&X, u32) -> u32 as *const () }} }}\n"
    )
}

#[test]
fn a_vtable_whose_functions_return_the_method_itself_is_explained_and_no_other_method() {
    let gated = dispatching(OTHERS);
    let report = compare(&gated, &Out::new(&shortened("m"), KERNEL));
    assert_eq!(report.verdict, Verdict::Explained, "{:?}", found(&report));
    assert_eq!(causes(&report), ["dynamic-calls"]);
    let report = compare(&gated, &Out::new(&shortened("a"), KERNEL));
    assert_eq!(report.verdict, Verdict::Unexplained, "{:?}", found(&report));
}

#[test]
fn the_place_of_a_vtable_in_debug_information_is_explained_only_if_the_vtable_is() {
    let options: Vec<&str> = KERNEL
        .iter()
        .copied()
        .chain(["-Cdebuginfo=2", "-Cdwarf-version=4"])
        .collect();
    // Behind another supertrait the added one needs a vtable of its own, to which the other leads.
    let with_base = |source: &str| {
        let base = "pub trait B { fn b(&self) -> u32 { 7 } }\nimpl B for S {}\n";
        let source = source.replace("T: __gateless_t_x_call {", "T: B + __gateless_t_x_call {");
        let source = source.replace("pub trait T {", "pub trait T: B {");
        Out::new(&format!("{source}{base}"), &options)
    };
    let plain = dispatching(OTHERS);
    let gated = with_base(&fs_err::read_to_string(plain.path.join("rust/sample.rs")).unwrap());
    let cause_of = |method: &str| {
        let report = compare(&gated, &with_base(&shortened(method)));
        let differences = &report.objects[0].differences;
        let vtable = differences
            .iter()
            .find(|found| found.name.ends_with("<sample::S as sample::T>::{vtable}"));
        vtable
            .unwrap_or_else(|| panic!("{:?}", found(&report)))
            .cause
            .clone()
    };
    assert_eq!(cause_of("m").as_deref(), Some("dynamic-calls"));
    assert_eq!(cause_of("a"), None);
}

#[test]
fn vtables_of_added_traits_that_are_supertraits_of_one_another_are_explained_only_by_the_right_methods()
 {
    const COMMON: &str = "pub struct S(pub u32);\npub trait B { fn b(&self) -> u32 { 7 } }\nimpl B for S {}\n\
        impl T for S { fn a(&self, x: u32) -> u32 { x ^ 3 ^ self.0 } fn m(&self, x: u32) -> u32 { other(x) ^ self.0 } fn n(&self, x: u32) -> u32 { stray(x) ^ self.0 } }\n\
        #[inline(never)] pub fn make(s: &S) -> &dyn T { s }\n";
    let gated = Out::new(
        &format!(
            "#![no_std]\npub trait T: B {{ fn a(&self, x: u32) -> u32; fn m(&self, x: u32) -> u32; fn n(&self, x: u32) -> u32; }}\n{COMMON}{OTHERS}"
        ),
        KERNEL,
    );
    let chained = |second: &str| {
        let added = |name: &str, above: &str, method: &str| {
            format!(
                "pub trait {name}{above} {{ fn {name}(&self) -> *const (); }}\n\
                 impl<X: T> {name} for X {{ fn {name}(&self) -> *const () {{ <X as T>::{method} as fn(&X, u32) -> u32 as *const () }} }}\n"
            )
        };
        let (first, second) = (
            added("__gateless_t_x_call", "", "m"),
            added("__gateless_t_y_call", ": __gateless_t_x_call", second),
        );
        Out::new(
            &format!(
                "#![no_std]\n#![allow(non_camel_case_types)]\npub trait T: B + __gateless_t_y_call {{ fn a(&self, x: u32) -> u32; fn m(&self, x: u32) -> u32 where Self: Sized; fn n(&self, x: u32) -> u32 where Self: Sized; }}\n{COMMON}{OTHERS}{first}{second}"
            ),
            KERNEL,
        )
    };
    let report = compare(&gated, &chained("n"));
    assert_eq!(report.verdict, Verdict::Explained, "{:?}", found(&report));
    assert_eq!(causes(&report), ["dynamic-calls"]);
    let report = compare(&gated, &chained("a"));
    assert_eq!(report.verdict, Verdict::Unexplained, "{:?}", found(&report));
}
