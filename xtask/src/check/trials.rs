//! No test is one that cannot fail: no `Trial::test(.., || Ok(()))`, no `#[test]` without a body.
//!
//! A test that cannot run is `gateless_trials::cannot_run`, which fails where somebody insists on it.

use ra_ap_syntax::ast::{self, AstNode, HasArgList, HasName};
use ra_ap_syntax::{Edition, SourceFile};

use super::repository::Repository;
use super::sources::of_tests;

pub fn broken(repository: &Repository) -> anyhow::Result<Vec<String>> {
    let mut broken = Vec::new();
    let files = repository.files.iter();
    for file in files.filter(|file| file.extension() == Some("rs")) {
        let text = repository.read(file)?;
        if text.contains("Trial::test") || text.contains("#[test]") {
            broken
                .extend(empty(&text).map(|line| format!("{file}:{line}: a test that cannot fail")));
        }
    }
    Ok(broken)
}

/// Lines of tests that do nothing.
fn empty(text: &str) -> impl Iterator<Item = usize> {
    let tree = SourceFile::parse(text, Edition::Edition2024).tree();
    let nodes = tree.syntax().descendants();
    let empty = nodes.filter(|node| {
        let call = ast::CallExpr::cast(node.clone()).is_some_and(|call| is_empty_trial(&call));
        let function = ast::Fn::cast(node.clone()).is_some_and(|function| {
            of_tests(function.syntax())
                && function.name().is_some()
                && function
                    .body()
                    .is_some_and(|body| is_nothing(&body.syntax().text().to_string()))
        });
        call || function
    });
    let lines = empty.map(|node| {
        let start = usize::from(node.text_range().start());
        text[..start].matches('\n').count() + 1
    });
    lines.collect::<Vec<_>>().into_iter()
}

fn is_empty_trial(call: &ast::CallExpr) -> bool {
    let callee = call.expr().map(|callee| callee.syntax().text().to_string());
    let arguments = call.arg_list().into_iter().flat_map(|list| list.args());
    callee.is_some_and(|callee| callee.ends_with("Trial::test"))
        && arguments
            .filter_map(|argument| match argument {
                ast::Expr::ClosureExpr(closure) => closure.body(),
                _ => None,
            })
            .any(|body| is_nothing(&body.syntax().text().to_string()))
}

/// Whether an expression says that all went well without having looked.
fn is_nothing(expression: &str) -> bool {
    let bare: String = expression.chars().filter(|c| !c.is_whitespace()).collect();
    let bare = bare.trim_start_matches('{').trim_end_matches('}');
    bare.is_empty() || bare == "Ok(())"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_cannot_fail_are_found() {
        let text = "
            fn a() { Trial::test(\"a\", || Ok(())).with_ignored_flag(true); }
            fn b() { libtest_mimic::Trial::test(name, move || { Ok(()) }); }
            #[test]
            fn c() {}
            #[test]
            fn d() -> Result<(), Failed> { Ok(()) }
        ";
        assert_eq!(empty(text).collect::<Vec<_>>(), [2, 3, 4, 6]);
    }

    #[test]
    fn tests_that_look_at_something_are_fine() {
        let text = "
            fn a() { Trial::test(\"a\", || { look()?; Ok(()) }); other(|| Ok(())); }
            #[test]
            fn b() { assert!(true) }
            fn c() {}
        ";
        assert_eq!(empty(text).count(), 0);
    }
}
