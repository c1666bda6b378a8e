//! The extension trait that keeps `x.method()` working, for inherent methods.

use std::collections::BTreeSet;

use ra_ap_syntax::ast::{self, HasGenericParams, HasVisibility};
use ra_ap_syntax::{AstNode, SyntaxNode};

use super::lifetimes::{FRESH, Naming, name_all};
use super::method::Method;
use crate::generics::{Param, declared, named};
use crate::lints::QUIET;
use gateless_rust_text::edit::Edit;

/// Attributes of a method that mean something to its callers.
const PASSED_ON: &[&str] = &["must_use", "track_caller"];

/// Those that only a trait's declaration of a method may have.
const DECLARED: &[&str] = &["deprecated"];

/// How a method takes its receiver once the receiver's type is the implementing type.
pub struct Taken {
    /// `self`, `&self`, `&'a mut self`.
    pub by: String,
    /// Range of the implementing type.
    pub subject: std::ops::Range<usize>,
}

/// The parts of the generated trait that are the same for the trait and its impl.
#[derive(Clone)]
pub struct Signature {
    /// Generic parameters of the trait.
    pub params: Vec<Param>,
    /// Predicates of the trait.
    pub predicates: Vec<String>,
    /// The implementing type.
    pub subject: String,
    /// Attributes, qualifiers, name, generic parameters, parameters, return type and `where` clause of the method.
    pub method: String,
    /// The method's name.
    pub name: String,
    /// Attributes of the declaration alone.
    pub declared: String,
    /// What a macro's repetitions around the method have after their parentheses, outermost first.
    pub repeated: Vec<String>,
    /// Names of the parameters but the receiver.
    pub arguments: Vec<String>,
    /// Types of the parameters but the receiver.
    pub types: Vec<String>,
    /// Turbofish with the method's own type and const parameters, or nothing.
    pub turbofish: String,
    /// Return type with its arrow, or nothing.
    pub output: String,
    /// Predicates of the method.
    pub conditions: Vec<String>,
    /// Lifetime parameters that stay on the method.
    pub lifetimes: Vec<String>,
    /// Whether it is an `unsafe fn`.
    pub is_unsafe: bool,
}

impl Signature {
    /// Lets the method pass its caller's place on.
    pub fn track(&mut self) {
        if !self.method.contains("track_caller") {
            self.method.insert_str(0, "#[track_caller] ");
        }
    }

    /// The same under another name.
    pub fn called(&self, name: &str) -> Self {
        let old = format!("fn {}", self.name);
        Self {
            method: self.method.replacen(&old, &format!("fn {name}"), 1),
            name: name.to_owned(),
            ..self.clone()
        }
    }

    /// Marks the declaration, where there is anything to mark it with.
    pub fn mark(&mut self, mark: &str) {
        if !mark.is_empty() {
            self.declared = mark.to_owned();
        }
    }

    /// Adds what the receiver's type implies to the method's conditions.
    pub fn demand(&mut self, outlives: &BTreeSet<(String, String)>) {
        if outlives.is_empty() {
            return;
        }
        let head = self
            .method
            .len()
            .saturating_sub(clause(&self.conditions).len());
        self.method.truncate(head);
        self.conditions.extend(
            outlives
                .iter()
                .map(|(param, lifetime)| format!("{param}: {lifetime}")),
        );
        self.method.push_str(&clause(&self.conditions));
    }
}

/// How the receiver is taken.
pub fn taken(method: &Method<'_>, naming: &Naming) -> Taken {
    let mut ty = method.ty.clone();
    while let ast::Type::ParenType(inner) = &ty {
        match inner.ty() {
            Some(inner) => ty = inner,
            None => break,
        }
    }
    if let ast::Type::RefType(reference) = &ty
        && let Some(inner) = reference.ty()
    {
        let whole = method.range(reference.syntax());
        let inner = method.range(inner.syntax());
        return Taken {
            by: format!(
                "{} self",
                method
                    .copy(whole.start..inner.start, &naming.edits)
                    .trim_end()
            ),
            subject: inner,
        };
    }
    Taken {
        by: "self".to_owned(),
        subject: method.range(ty.syntax()),
    }
}

/// Whether `text` has the name `name` in it.
pub fn mentions(text: &str, name: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_name) && !text[at + name.len()..].starts_with(is_name)
    })
}

/// Edits that leave `+ use<..>` out: in traits everything is captured.
fn captures(method: &Method<'_>) -> Vec<Edit> {
    let output = method
        .function
        .ret_type()
        .into_iter()
        .flat_map(|output| output.syntax().descendants());
    let bounds = output.filter(|node| {
        ast::TypeBound::can_cast(node.kind())
            && node
                .first_token()
                .is_some_and(|token| token.text() == "use")
    });
    bounds
        .map(|bound| {
            let range = method.range(&bound);
            let start = method.text[..range.start]
                .trim_end()
                .trim_end_matches('+')
                .len();
            Edit {
                range: start..range.end,
                text: String::new(),
                rank: 0,
            }
        })
        .collect()
}

/// Builds the signature. `outer` and `predicates` are the generic parameters and predicates around the method; `own` is the text
/// that takes the place of `Self`. With `lift`, what the method demands without naming its own parameters becomes a predicate of the trait.
pub fn signature(
    method: &Method<'_>,
    naming: &Naming,
    outer: Vec<Param>,
    mut predicates: Vec<String>,
    own: &str,
    lift: bool,
) -> Signature {
    let function = &method.function;
    let mut edits = naming.edits.clone();
    edits.extend(method.replace_self(function.syntax(), own, true));
    edits.extend(captures(method));
    let taken = taken(method, naming);
    let subject = method.copy(taken.subject.clone(), &edits);
    let mut own_params = method.params(function.generic_param_list(), &edits);
    let inner: Vec<Param> = own_params
        .iter()
        .filter(|param| !param.is_lifetime())
        .cloned()
        .collect();
    if naming.fresh {
        own_params.insert(0, Param::lifetime(FRESH));
    }
    // What the implementing type mentions has to be known to the impl.
    let (lifted, kept): (Vec<Param>, Vec<Param>) = own_params
        .into_iter()
        .partition(|param| mentions(&subject, &param.name));
    let mut params = outer;
    let lifetimes = params.iter().filter(|param| param.is_lifetime()).count();
    for param in lifted {
        let at = if param.is_lifetime() {
            lifetimes
        } else {
            params.len()
        };
        params.insert(at, param);
    }
    predicates.retain(|predicate| !predicate.is_empty());
    let mut arguments = Vec::new();
    let mut types = Vec::new();
    for (i, param) in method.arguments().enumerate() {
        // In the 2015 edition, traits may leave the names out.
        let ty = param
            .ty()
            .map_or_else(|| param.syntax().clone(), |ty| ty.syntax().clone());
        let name = match param.pat() {
            Some(ast::Pat::IdentPat(pat))
                if pat.pat().is_none()
                    && !method.tree.in_macro
                    && param.colon_token().is_some() =>
            {
                pat.syntax().last_token().map(|name| name.text().to_owned())
            }
            _ => None,
        };
        arguments.push(name.unwrap_or_else(|| format!("a{i}")));
        types.push(method.copy(method.range(&ty), &edits));
    }
    let output = function
        .ret_type()
        .and_then(|ret| ret.ty())
        .map(|ty| method.copy(method.range(ty.syntax()), &edits));
    let output = match (function.async_token().is_some(), output) {
        (true, output) => format!(
            " -> impl ::core::future::Future<Output = {}>",
            output.unwrap_or_else(|| "()".to_owned())
        ),
        (false, Some(output)) => format!(" -> {output}"),
        (false, None) => String::new(),
    };
    let is_unsafe = function.unsafe_token().is_some();
    let abi = function
        .abi()
        .map(|abi| format!("{} ", method.source(abi.syntax())))
        .unwrap_or_default();
    let mut conditions = method.predicates(function.where_clause(), &edits);
    if lift {
        // The implementing type may need what the method demands of the parameters around it.
        let own = |condition: &String| kept.iter().any(|param| mentions(condition, &param.name));
        let lifted: Vec<String>;
        (conditions, lifted) = conditions.into_iter().partition(own);
        predicates.extend(lifted);
    }
    let clause = clause(&conditions);
    let list = declared(&kept);
    let turbofish = if inner.is_empty() {
        String::new()
    } else {
        format!("::{}", named(&inner))
    };
    let parameters: Vec<String> = std::iter::once(taken.by)
        .chain(
            arguments
                .iter()
                .zip(&types)
                .map(|(name, ty)| format!("{name}: {ty}")),
        )
        .collect();
    let method_text = format!(
        "{}{}{abi}fn {}{list}({}){output}{clause}",
        method.attributes(function, PASSED_ON),
        if is_unsafe { "unsafe " } else { "" },
        method.name(),
        parameters.join(", "),
    );
    let name = method.name();
    let lifetimes = kept
        .iter()
        .filter(|param| param.is_lifetime())
        .map(|param| param.declared.clone())
        .collect();
    Signature {
        params,
        predicates,
        subject,
        method: method_text,
        declared: method.attributes(function, DECLARED),
        name,
        repeated: Vec::new(),
        arguments,
        types,
        turbofish,
        output,
        conditions,
        lifetimes,
        is_unsafe,
    }
}

/// `where` clause from predicates, or nothing.
pub fn clause(predicates: &[String]) -> String {
    if predicates.is_empty() {
        String::new()
    } else {
        format!(" where {}", predicates.join(", "))
    }
}

/// Conditions (`#[cfg]`) of the items around a method.
pub fn conditions(method: &Method<'_>, around: Option<&dyn super::method::AnyAttrs>) -> String {
    let outer = around
        .map(|item| method.attributes(item, &["cfg"]))
        .unwrap_or_default();
    outer + &method.attributes(&method.function, &["cfg"])
}

/// The parameters that a method may have, for those with conditions (`#[cfg]`): for each choice of them the condition, as an attribute, and the
/// indexes of the others. Nothing where there are more choices than anyone would write out.
pub fn configured(method: &Method<'_>) -> Option<Vec<(String, Vec<usize>)>> {
    const CHOICES: usize = 16;
    let condition = |param: &ast::Param| {
        let attributes = method.attributes(param, &["cfg"]);
        let inside = attributes.split("#[cfg").skip(1);
        let each: Vec<&str> = inside
            .map(|text| text.trim().trim_end_matches(']'))
            .collect();
        (!each.is_empty()).then(|| format!("all{}", each.join(", all")))
    };
    let params: Vec<Option<String>> = method.arguments().map(|param| condition(&param)).collect();
    let mut variants = vec![(Vec::new(), Vec::new())];
    for (index, condition) in params.into_iter().enumerate() {
        let Some(condition) = condition else { continue };
        let without = variants
            .clone()
            .into_iter()
            .map(|(mut conditions, mut absent)| {
                conditions.push(format!("not(all({condition}))"));
                absent.push(index);
                (conditions, absent)
            });
        let without: Vec<_> = without.collect();
        for (conditions, _) in &mut variants {
            conditions.push(condition.clone());
        }
        variants.extend(without);
        if variants.len() > CHOICES {
            return None;
        }
    }
    let attribute = |(conditions, absent): (Vec<String>, Vec<usize>)| {
        let text = match conditions.is_empty() {
            true => String::new(),
            false => format!("#[cfg(all({}))] ", conditions.join(", ")),
        };
        (text, absent)
    };
    Some(variants.into_iter().map(attribute).collect())
}

/// An impl of `name` that does not count among those of its module, whose numbers are part of the symbols of what they contain. Neither
/// does the constant around it, since it has a name.
pub fn uncounted(name: &str, item: &str) -> String {
    format!("const {name}: () = {{ {item} }};")
}

/// The trait and its impl, with `body` as the method's body.
pub fn items(
    conditions: &str,
    visibility: &str,
    name: &str,
    bound: &str,
    signature: &Signature,
    body: &str,
) -> String {
    let clause = clause(&signature.predicates);
    // Other crates inline it. In a private impl the attribute would make a symbol of the method that it forwards to.
    let inline = if visibility.trim() == "pub" {
        "#[inline] "
    } else {
        ""
    };
    let mut declaration = format!("{}{};", signature.declared, signature.method);
    let mut definition = format!("{inline}{} {{ {body} }}", signature.method);
    for after in signature.repeated.iter().rev() {
        declaration = format!("$({declaration}){after}");
        definition = format!("$({definition}){after}");
    }
    let declared = declared(&signature.params);
    let named = named(&signature.params);
    let subject = &signature.subject;
    format!(
        " {conditions}#[doc(hidden)] {QUIET} {visibility}trait {name}{declared}{bound}{clause} {{ {declaration} }} {conditions}{QUIET} {}",
        uncounted(
            name,
            &format!("impl{declared} {name}{named} for {subject}{clause} {{ {definition} }}")
        ),
    )
}

/// What is to be generated for an inherent method.
pub struct ExtensionParts<'a> {
    /// The condition under which the method has these parameters, as an attribute, or nothing.
    pub condition: &'a str,
    /// Name of the extension trait.
    pub name: &'a str,
    /// Its visibility with a blank after it, or nothing.
    pub visibility: &'a str,
    /// Its supertrait with a colon, or nothing.
    pub bound: &'a str,
    /// The mark for questions to the compiler, or nothing.
    pub mark: &'a str,
    /// The method's own name, if it has one besides.
    pub own_name: Option<&'a str>,
    /// What the receiver's type implies: parameters, and lifetimes that they outlive.
    pub outlives: &'a BTreeSet<(String, String)>,
}

/// The signature of an inherent method once its receiver's type is the implementing one, and the type of its impl.
pub fn of_inherent(
    method: &Method<'_>,
    naming: &Naming,
    owner: &ast::Impl,
) -> Option<(Signature, String)> {
    let ty = owner.self_ty()?;
    let mut fresh = Vec::new();
    let edits = name_all(method, ty.syntax(), &|i| format!("{FRESH}_{i}"));
    for i in 0..edits.len() {
        fresh.push(Param::lifetime(&format!("{FRESH}_{i}")));
    }
    let own = own_type(method, &ty, &edits);
    let self_edits = |node: &SyntaxNode| -> Vec<Edit> { method.replace_self(node, &own, true) };
    let header = owner
        .generic_param_list()
        .map(|list| self_edits(list.syntax()))
        .unwrap_or_default();
    let mut params = fresh;
    params.extend(method.params(owner.generic_param_list(), &header));
    let where_edits = owner
        .where_clause()
        .map(|clause| self_edits(clause.syntax()))
        .unwrap_or_default();
    let predicates = method.predicates(owner.where_clause(), &where_edits);
    let signature = signature(method, naming, params, predicates, &own, true);
    Some((signature, own))
}

/// The extension trait of an inherent method.
pub fn inherent(
    method: &Method<'_>,
    naming: &Naming,
    owner: &ast::Impl,
    parts: &ExtensionParts<'_>,
) -> Option<String> {
    let (mut signature, own) = of_inherent(method, naming, owner)?;
    signature.demand(parts.outlives);
    signature.mark(parts.mark);
    signature.repeated = method.repetitions(method.range(owner.syntax()).end);
    let arguments: Vec<&str> = std::iter::once("self")
        .chain(signature.arguments.iter().map(String::as_str))
        .collect();
    let call = format!(
        "<{own}>::{}{}({})",
        method.name(),
        signature.turbofish,
        arguments.join(", ")
    );
    let body = if signature.is_unsafe {
        format!("unsafe {{ {call} }}")
    } else {
        call
    };
    let conditions = conditions(method, Some(owner)) + parts.condition;
    let mut after = items(
        &conditions,
        parts.visibility,
        parts.name,
        parts.bound,
        &signature,
        &body,
    );
    if let Some(own) = parts.own_name {
        after.push_str(&items(
            &conditions,
            "pub(crate) ",
            own,
            parts.bound,
            &signature.called(own),
            &body,
        ));
    }
    Some(after)
}

/// The type an impl is for, as it can be written anywhere. A trait object without a lifetime is `'static` there.
fn own_type(method: &Method<'_>, ty: &ast::Type, edits: &[Edit]) -> String {
    let text = method.copy(method.range(ty.syntax()), edits);
    match ty {
        ast::Type::DynTraitType(_) if !text.contains('\'') => format!("({text} + 'static)"),
        ast::Type::DynTraitType(_) => format!("({text})"),
        _ => text,
    }
}

/// Visibility of a method as source, with a blank after it, or nothing for a private one.
pub fn visibility(method: &Method<'_>) -> String {
    method.visibility(method.function.visibility(), method.start())
}
