//! Receivers whose name a macro sees: `stringify!(self)`, `dbg!(self)`, a macro with a rule for the token `self`. There the body is that of a method
//! with such a receiver, of a trait within the function: `fn m(this: P<Self>) { trait T { fn m(self); } impl T for P<S> { fn m(self) { body } } ... }`.

use ra_ap_syntax::{AstNode, SyntaxKind, ast};

use super::extension::{clause, of_inherent};
use super::lifetimes::Naming;
use super::method::{Method, Owner};
use crate::generics::{declared, named};
use crate::lints::QUIET;
use gateless_model::added::PREFIX;
use gateless_rust_text::edit::Edit;

/// The impl of a method whose body can be that of another method: its parameters are plain names, which are handed on, and nothing in the body
/// depends on where it is.
pub fn is_possible(method: &Method<'_>) -> Option<ast::Impl> {
    let Owner::Inherent(owner) = &method.owner else {
        return None;
    };
    let function = &method.function;
    let is_plain = |param: ast::Param| {
        matches!(param.pat(), Some(ast::Pat::IdentPat(pat))
            if pat.pat().is_none() && pat.mut_token().is_none() && pat.ref_token().is_none())
    };
    let is_mutable = method.source(&method.receiver).starts_with("mut ");
    let body = function.body()?;
    let names_type = body
        .syntax()
        .descendants_with_tokens()
        .any(|part| part.kind() == SyntaxKind::SELF_TYPE_KW);
    let is_possible = !method.tree.in_macro
        && !method.is_variable
        && !is_mutable
        && !names_type
        && method.attributes(function, &["must_use"]).is_empty()
        && function.async_token().is_none()
        && function.const_token().is_none()
        && method.arguments().all(is_plain)
        && !method
            .source(function.param_list()?.syntax())
            .contains("#[");
    is_possible.then(|| owner.clone())
}

/// The edits that make the body one of a method of its own, and rename the parameter to `this`.
pub fn edits(
    method: &Method<'_>,
    naming: &Naming,
    owner: &ast::Impl,
    this: &str,
) -> Option<Vec<Edit>> {
    let (signature, _) = of_inherent(method, naming, owner)?;
    let name = format!("{PREFIX}_self");
    let inner = signature.called(&name);
    let receiver = method
        .receiver
        .descendants_with_tokens()
        .find(|part| part.kind() == SyntaxKind::SELF_KW)?;
    let body = method.range(method.function.body()?.syntax());
    let all = declared(&signature.params);
    let given = named(&signature.params);
    let clause = clause(&signature.predicates);
    let passed: Vec<&str> = std::iter::once(this)
        .chain(signature.arguments.iter().map(String::as_str))
        .collect();
    let call = format!(
        "<{} as {name}{given}>::{name}{}({})",
        signature.subject,
        signature.turbofish,
        passed.join(", ")
    );
    let call = if signature.is_unsafe {
        format!("unsafe {{ {call} }}")
    } else {
        call
    };
    let head = format!(
        "{{ {QUIET} trait {name}{all}{clause} {{ {}; }} impl{all} {name}{given} for {}{clause} {{ {} ",
        inner.method, signature.subject, inner.method,
    );
    Some(vec![
        Edit {
            range: method.tree.bytes(receiver.text_range()),
            text: this.to_owned(),
            rank: 0,
        },
        Edit::insert(body.start, head),
        Edit::insert(body.end, format!(" }} {call} }}")),
    ])
}
