//! Receivers in traits: `fn t(self: P<Self>)`.
//!
//! The method becomes an associated function and `P<S>` gets an extension trait, for all `S` that implement the trait. Where
//! the built-in method can be called on `P<dyn T>`, the function is kept out of the vtable (`where Self: Sized`) and a hidden
//! supertrait, implemented for everything that implements the trait, puts a pointer to it in there instead. The hidden supertraits of a trait are
//! supertraits of one another, for the vtable of a chain is one run of entries: they stand where the methods would, if these come first.

use std::collections::BTreeSet;
use std::ops::Range;

use gateless_model::added::SHIM;
use ra_ap_syntax::ast::{self, HasGenericParams, HasName, HasTypeBounds, HasVisibility};
use ra_ap_syntax::{AstNode, SyntaxKind};

use super::extension::{self, clause, conditions, items, mentions, signature, uncounted};
use super::lifetimes::Naming;
use super::method::Method;
use super::names::HIDDEN;
use crate::generics::{Param, declared, named};
use crate::lints::QUIET;
use crate::support::MODULE;
use gateless_rust_text::edit::Edit;

/// Name of the type parameter that stands for the implementing type.
const SELF: &str = "__GatelessSelf";

/// What a trait method turns into.
pub struct Lowered {
    /// Items to stand after the trait.
    pub after: String,
    /// Edits of the trait itself.
    pub edits: Vec<Edit>,
    /// If the method is to be callable on trait objects.
    pub hidden: Option<Hidden>,
    /// Visibility of the trait.
    pub visibility: String,
}

/// The hidden supertrait of a method.
pub struct Hidden {
    /// Its name with its arguments.
    pub name: String,
    /// The edit that makes it a supertrait of the method's trait, for the last one of that.
    pub edit: Edit,
}

/// Whether the built-in method could be called on a trait object: the receiver is a pointer by value, nothing is generic, and
/// `Self` is nowhere else.
pub fn is_dispatchable(method: &Method<'_>) -> bool {
    let function = &method.function;
    let by_reference = matches!(method.ty, ast::Type::RefType(_));
    let has_self = |node: &ra_ap_syntax::SyntaxNode| {
        let mut tokens = node
            .descendants_with_tokens()
            .filter_map(|element| element.into_token());
        tokens.any(|token| {
            let path = method.text[method.tree.bytes(token.text_range()).end..]
                .trim_start()
                .starts_with("::");
            token.kind() == SyntaxKind::SELF_TYPE_KW && !path
        })
    };
    let generic = function
        .generic_param_list()
        .is_some_and(|list| list.type_or_const_params().next().is_some());
    let params = method.arguments().any(|param| has_self(param.syntax()));
    let output = function
        .ret_type()
        .is_some_and(|output| has_self(output.syntax()));
    let opaque = function
        .syntax()
        .children()
        .filter(|node| node.kind() != SyntaxKind::BLOCK_EXPR)
        .any(|node| {
            node.descendants()
                .any(|node| ast::ImplTraitType::can_cast(node.kind()))
        });
    !(by_reference
        || generic
        || params
        || output
        || opaque
        || function.async_token().is_some()
        || limits_self(method))
}

/// Whether the method is there for some implementing types only, so that trait objects have none. Lifetimes don't count.
fn limits_self(method: &Method<'_>) -> bool {
    method
        .predicates(method.function.where_clause(), &[])
        .iter()
        .any(|predicate| {
            let text: String = predicate.split_whitespace().collect();
            text.strip_prefix("Self:")
                .is_some_and(|bounds| bounds.split('+').any(|bound| !bound.starts_with('\'')))
        })
}

/// Whether the method says `where Self: Sized`.
fn is_sized(method: &Method<'_>) -> bool {
    method
        .predicates(method.function.where_clause(), &[])
        .iter()
        .any(|predicate| {
            let text: String = predicate.split_whitespace().collect();
            text.strip_prefix("Self:").is_some_and(|bounds| {
                bounds
                    .split('+')
                    .any(|bound| bound.rsplit("::").next() == Some("Sized"))
            })
        })
}

/// What is to be generated for a method.
#[derive(Clone, Copy)]
pub struct DispatchParts<'a> {
    /// Name of the extension trait.
    pub name: &'a str,
    /// Its supertrait with a colon, or nothing.
    pub bound: &'a str,
    /// The mark for questions to the compiler, or nothing.
    pub mark: &'a str,
    /// The method's own name, if it has one besides.
    pub own_name: Option<&'a str>,
    /// Whether it has to pass its caller's place on.
    pub is_tracked: bool,
    /// Whether the trait says so, so that what a vtable leads to gets the place, too.
    pub is_declared_tracked: bool,
    /// The path before the support module's name if the method is to be callable on trait objects.
    pub support: Option<&'a str>,
    /// The hidden supertrait of the method before, if the trait has one.
    pub above: Option<&'a Hidden>,
    /// What the receiver's type implies: parameters and lifetimes that they outlive.
    pub outlives: &'a BTreeSet<(String, String)>,
}

/// Lowers one method of a trait.
pub fn lower(
    method: &Method<'_>,
    naming: &Naming,
    owner: &ast::Trait,
    parts: &DispatchParts<'_>,
) -> Option<Lowered> {
    let &DispatchParts {
        name,
        bound,
        mark,
        own_name,
        is_tracked,
        is_declared_tracked,
        support,
        above,
        outlives,
    } = parts;
    let trait_name = method.source(owner.name()?.syntax());
    let keyword = method.tree.bytes(owner.trait_token()?.text_range()).start;
    let visibility = method.visibility(owner.visibility(), keyword);
    let edits = |node: &ra_ap_syntax::SyntaxNode| method.replace_self(node, SELF, false);
    let header = owner
        .generic_param_list()
        .map(|list| edits(list.syntax()))
        .unwrap_or_default();
    let generics = || method.params(owner.generic_param_list(), &header);
    let arguments = named(&generics());
    let sized = if is_sized(method) {
        String::new()
    } else {
        format!("?{} + ", sized_trait(method))
    };
    let own = Param::ty(SELF, format!("{SELF}: {sized}{trait_name}{arguments}"));
    let mut params = generics();
    let lifetimes = params.iter().filter(|param| param.is_lifetime()).count();
    params.insert(lifetimes, own);
    let where_edits = owner
        .where_clause()
        .map(|clause| edits(clause.syntax()))
        .unwrap_or_default();
    let predicates = method.predicates(owner.where_clause(), &where_edits);
    let mut signature = signature(method, naming, params, predicates, SELF, support.is_none());
    signature.mark(mark);
    if is_tracked {
        signature.track();
    }
    if support.is_none() {
        signature.demand(outlives);
        signature.repeated = method.repetitions(method.range(owner.syntax()).end);
    }
    if support.is_some() && is_tracked {
        let is_own = |text: &String| mentions(text, SELF);
        let is_simple = is_declared_tracked
            && signature.params.len() == generics().len() + 1
            && signature.conditions.is_empty()
            && outlives.is_empty()
            && !signature.types.iter().any(is_own)
            && !is_own(&signature.output);
        if !is_simple {
            let support = None;
            return lower(method, naming, owner, &DispatchParts { support, ..*parts });
        }
    }
    let passed = |first: &str| {
        std::iter::once(first)
            .chain(signature.arguments.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let call = |first: &str| {
        format!(
            "<{SELF} as {trait_name}{arguments}>::{}{}({})",
            method.name(),
            signature.turbofish,
            passed(first)
        )
    };
    let in_unsafe = |text: String| {
        if signature.is_unsafe {
            format!("unsafe {{ {text} }}")
        } else {
            text
        }
    };
    let conditions = conditions(method, Some(owner));
    let all = |signature: &extension::Signature, body: &str| {
        let mut after = items(&conditions, &visibility, name, bound, signature, body);
        if let Some(own) = own_name {
            let signature = signature.called(own);
            after.push_str(&items(
                &conditions,
                "pub(crate) ",
                own,
                bound,
                &signature,
                body,
            ));
        }
        after
    };
    let Some(support) = support else {
        let after = all(&signature, &in_unsafe(call("self")));
        return Some(Lowered {
            after,
            edits: Vec::new(),
            hidden: None,
            visibility,
        });
    };
    let hidden = format!("{name}{HIDDEN}");
    // Not passed in any register. It tells both sides that the receiver's type is well-formed, and kCFI what alone may be called by such a pointer.
    let phantom = format!(
        "{support}{MODULE}::core::marker::PhantomData<({}, *const dyn {hidden}{arguments})>",
        signature.subject
    );
    let blanks = "_, ".repeat(signature.arguments.len());
    let inputs: String = signature
        .arguments
        .iter()
        .zip(&signature.types)
        .map(|(name, ty)| format!(", {name}: {ty}"))
        .collect();
    // A function pointer knows nothing of its caller's place. A method in the vtable does.
    let tracked = format!(
        "#[track_caller] unsafe fn {hidden}{}(&self, pointer: *mut (){inputs}){}",
        match &signature.lifetimes[..] {
            [] => String::new(),
            lifetimes => format!("<{}>", lifetimes.join(", ")),
        },
        signature.output,
    );
    let body = if is_tracked {
        format!(
            "let raw = {support}{MODULE}::receive(self); unsafe {{ <{SELF} as {hidden}{arguments}>::{hidden}(&*(raw as *const {SELF}), {}) }}",
            passed("raw as *mut ()"),
        )
    } else {
        format!(
            "let raw = {support}{MODULE}::receive(self); let call: unsafe fn(*mut (), {phantom}, {blanks}) -> _ = unsafe {{ {support}{MODULE}::core::mem::transmute::<*const (), _>(<{SELF} as {hidden}{arguments}>::{hidden}(&*(raw as *const {SELF}))) }}; unsafe {{ call({}) }}",
            passed(&format!(
                "raw as *mut (), {support}{MODULE}::core::marker::PhantomData"
            )),
        )
    };
    let mut after = all(&signature, &body);
    let shim_params = shim_params(&signature, &trait_name, &arguments);
    let predicates = clause(&signature.predicates);
    // What the method demands and what its receiver implies; the hidden one doesn't have its lifetimes.
    let own_lifetime = |condition: &String| {
        signature.lifetimes.iter().any(|declared| {
            mentions(
                condition,
                declared.split(':').next().unwrap_or_default().trim(),
            )
        })
    };
    let demands = signature
        .conditions
        .iter()
        .filter(|condition| !own_lifetime(condition))
        .cloned();
    let implied = outlives
        .iter()
        .map(|(param, lifetime)| format!("{param}: {lifetime}"));
    let demands: Vec<String> = demands
        .chain(implied)
        .map(|text| text.replace(SELF, "Self"))
        .collect();
    let demands = clause(&demands);
    let inner = clause(
        &signature
            .predicates
            .iter()
            .chain(&signature.conditions)
            .cloned()
            .collect::<Vec<_>>(),
    );
    let outer: Vec<Param> = generics();
    let mut with_self = generics();
    with_self.insert(
        lifetimes,
        Param::ty(SELF, format!("{SELF}: {trait_name}{arguments}")),
    );
    let turbofish = named(
        &with_self
            .into_iter()
            .filter(|param| !param.is_lifetime())
            .collect::<Vec<_>>(),
    );
    let blanket = {
        let mut params = generics();
        params.insert(
            lifetimes,
            Param::ty(SELF, format!("{SELF}: {trait_name}{arguments}")),
        );
        declared(&params)
    };
    let shim = format!(
        "unsafe fn {SHIM}{shim_params}(pointer: *mut (), _: {phantom}{inputs}){}{inner} {{ let this: {subject} = {support}{MODULE}::To::NEW.make(pointer.cast()); {} }}",
        signature.output,
        in_unsafe(call("this")),
        subject = signature.subject,
    );
    let (declaration, made) = if is_tracked {
        let made = format!(
            "let this: {} = {support}{MODULE}::To::NEW.make(pointer.cast()); {}",
            signature.subject,
            in_unsafe(call("this")),
        );
        (tracked, made)
    } else {
        (
            format!("fn {hidden}(&self) -> *const (){demands}"),
            format!("{shim} {SHIM}::{turbofish} as *const ()"),
        )
    };
    let definition = uncounted(
        &hidden,
        &format!(
            "impl{blanket} {hidden}{arguments} for {SELF}{predicates} {{ {declaration} {{ {made} }} }}"
        ),
    );
    let above = above.map_or_else(String::new, |above| format!(": {}", above.name));
    after.push_str(&format!(
        " {conditions}#[doc(hidden)] {QUIET} {visibility}trait {hidden}{}{above}{predicates} {{ {declaration}; }} {conditions}{QUIET} {definition}",
        declared(&outer),
    ));
    let name = format!("{hidden}{arguments}");
    Some(Lowered {
        after,
        edits: vec![out_of_vtable(method)?],
        hidden: Some(Hidden {
            edit: supertrait(method, owner, &name)?,
            name,
        }),
        visibility,
    })
}

/// Generic parameters of the function that the vtable points to; what was lifted out of the method is among the signature's own.
fn shim_params(signature: &extension::Signature, trait_name: &str, arguments: &str) -> String {
    let lifetimes = signature
        .params
        .iter()
        .filter(|param| param.is_lifetime())
        .map(|param| param.declared.clone());
    let lifetimes = lifetimes.chain(signature.lifetimes.iter().cloned());
    let others = signature
        .params
        .iter()
        .filter(|param| !param.is_lifetime())
        .map(|param| {
            if param.name == SELF {
                format!("{SELF}: {trait_name}{arguments}")
            } else {
                param.declared.clone()
            }
        });
    format!(
        "<{}>",
        lifetimes.chain(others).collect::<Vec<_>>().join(", ")
    )
}

/// What the trait `Sized` is called: by its path in files where the name may mean something else.
fn sized_trait(method: &Method<'_>) -> &'static str {
    let own = [
        "trait Sized",
        "struct Sized",
        "enum Sized",
        "type Sized",
        "as Sized",
    ];
    let is_hidden = method.text.contains("no_implicit_prelude")
        || own.iter().any(|item| method.text.contains(item));
    if is_hidden {
        "::core::marker::Sized"
    } else {
        "Sized"
    }
}

/// `where Self: Sized` on the method.
pub fn out_of_vtable(method: &Method<'_>) -> Option<Edit> {
    if let Some(clause) = method.function.where_clause() {
        let keyword = clause.where_token()?;
        return Some(Edit::insert(
            method.tree.bytes(keyword.text_range()).end,
            format!(" Self: {},", sized_trait(method)),
        ));
    }
    let end: Range<usize> = match method.function.ret_type() {
        Some(output) => method.range(output.syntax()),
        None => method.range(method.function.param_list()?.syntax()),
    };
    Some(Edit::insert(
        end.end,
        format!(" where Self: {}", sized_trait(method)),
    ))
}

/// One more supertrait.
fn supertrait(method: &Method<'_>, owner: &ast::Trait, name: &str) -> Option<Edit> {
    if let Some(bounds) = owner.type_bound_list() {
        let range = method.range(bounds.syntax());
        let plus = if range.is_empty() || method.text[range.clone()].trim_end().ends_with('+') {
            " "
        } else {
            " + "
        };
        return Some(Edit::insert(range.end, format!("{plus}{name} ")));
    }
    let end = match owner.generic_param_list() {
        Some(list) => method.range(list.syntax()).end,
        None => method.range(owner.name()?.syntax()).end,
    };
    let colon = method.text[end..].trim_start().starts_with(':');
    if colon {
        let colon = end + method.text[end..].find(':')? + 1;
        return Some(Edit::insert(colon, format!(" {name}")));
    }
    Some(Edit::insert(end, format!(": {name}")))
}
