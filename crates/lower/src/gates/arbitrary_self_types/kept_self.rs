//! Receivers whose name a macro sees: `stringify!(self)`, `dbg!(self)`, a macro with a rule for the token `self`. There the body is that of a method
//! with such a receiver, of a trait within the function: `fn m(this: P<Self>) { trait T { fn m(self); } impl T for P<S> { fn m(self) { body } } ... }`.

use ra_ap_syntax::ast::HasGenericParams;
use ra_ap_syntax::{AstNode, SyntaxKind, SyntaxNode, ast};

use super::extension::{clause, of_inherent};
use super::lifetimes::Naming;
use super::method::{Method, Owner};
use crate::generics::{declared, named};
use crate::lints::QUIET;
use gateless_rust_text::edit::Edit;

/// Name of the trait and of its method. What is in it is the user's own, so that code generation must not take it for added code.
const NAME: &str = "gateless_self";

/// The impl of a method whose body can be that of another method: its parameters are plain names, which are handed on, and nothing in the body
/// depends on where it is.
pub fn is_possible(method: &Method<'_>) -> Option<ast::Impl> {
    let function = &method.function;
    let names_type = |node: &SyntaxNode| {
        let mut parts = node.descendants_with_tokens();
        parts.any(|part| part.kind() == SyntaxKind::SELF_TYPE_KW)
    };
    let owner = match &method.owner {
        Owner::Inherent(owner) => owner.clone(),
        // What a trait's impl calls `Self::X` has no such name outside of it.
        Owner::TraitImpl => {
            let output = function.ret_type();
            let names_type = method.arguments().any(|param| names_type(param.syntax()))
                || output.is_some_and(|output| names_type(output.syntax()))
                || function.where_clause().is_some();
            let mut around = function.syntax().ancestors();
            around.find_map(ast::Impl::cast).filter(|_| !names_type)?
        }
        Owner::Trait(_) | Owner::Unknown => return None,
    };
    let is_plain = |param: ast::Param| {
        matches!(param.pat(), Some(ast::Pat::IdentPat(pat))
            if pat.pat().is_none() && pat.mut_token().is_none() && pat.ref_token().is_none())
    };
    let is_mutable = method.source(&method.receiver).starts_with("mut ");
    let body = function.body()?;
    let is_possible = !method.tree.in_macro
        && !method.is_variable
        && !is_mutable
        && !names_type(body.syntax())
        && method.attributes(function, &["must_use"]).is_empty()
        && function.async_token().is_none()
        && function.const_token().is_none()
        && method.arguments().all(is_plain)
        && !method
            .source(function.param_list()?.syntax())
            .contains("#[");
    is_possible.then_some(owner)
}

/// The edits that make the body one of a method of its own, and rename the parameter to `this`.
pub fn edits(
    method: &Method<'_>,
    naming: &Naming,
    owner: &ast::Impl,
    this: &str,
) -> Option<Vec<Edit>> {
    let (signature, _) = of_inherent(method, naming, owner)?;
    let inner = signature.called(NAME);
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
        "<{} as {NAME}{given}>::{NAME}{}({})",
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
        "{{ {QUIET} trait {NAME}{all}{clause} {{ {}; }} impl{all} {NAME}{given} for {}{clause} {{ {} ",
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

#[cfg(test)]
mod tests {
    use crate::testing::refined;

    #[test]
    fn what_a_macro_sees_is_self() {
        let text = "#![feature(arbitrary_self_types)]\nmacro_rules! told { ($e:expr) => { stringify!($e) } }\nimpl S {\n  fn m(self: P<Self>, a: u8) { told!(self); a; }\n}\n";
        let message = "`P<Self>` cannot be used as the type of `self` without the `arbitrary_self_types` feature";
        let lowered = refined(text, "E0658", message, "P<Self>", "");
        let quiet = "#[quiet]";
        assert!(
            lowered.contains(&format!(
                "fn m(this: P<Self>, a: u8) {{ {quiet} trait gateless_self {{ fn gateless_self(self, a: u8); }} impl gateless_self for P<S> {{ fn gateless_self(self, a: u8) {{ told!(self); a; }} }} <P<S> as gateless_self>::gateless_self(this, a) }}"
            )),
            "{lowered}"
        );
    }
}
