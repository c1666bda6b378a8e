//! Elided lifetimes around a receiver.
//!
//! With a receiver that holds exactly one reference to `Self`, elided lifetimes of the return type are that reference's; with
//! no such reference the receiver's lifetimes are not looked at. Once the receiver is an ordinary parameter these rules are gone, so the
//! lifetime gets a name.

use gateless_rustc::diagnostic::Event;
use ra_ap_syntax::ast::{self, HasGenericArgs, HasGenericParams, HasName};
use ra_ap_syntax::{AstNode, SyntaxKind, SyntaxNode};

use super::facts::{Facts, Receiver};
use super::method::{Method, Owner};
use super::names;
use crate::gate::Source;
use gateless_rust_text::edit::Edit;

/// The name that an elided lifetime gets.
pub const FRESH: &str = "'__gateless";

/// What has to be written out in a signature.
#[derive(Default)]
pub struct Naming {
    /// Edits of the signature's types.
    pub edits: Vec<Edit>,
    /// Whether [`FRESH`] has to be declared by the method.
    pub fresh: bool,
}

/// References without a lifetime, and `'_`, within a type, leaving out function pointers and `Fn(..)`.
fn elided(method: &Method<'_>, node: &SyntaxNode) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let own_scope = |node: &SyntaxNode| {
        node.ancestors().any(|a| {
            matches!(
                a.kind(),
                SyntaxKind::FN_PTR_TYPE | SyntaxKind::PARENTHESIZED_ARG_LIST
            )
        })
    };
    for node in node.descendants() {
        if own_scope(&node) {
            continue;
        }
        if let Some(reference) = ast::RefType::cast(node.clone())
            && reference.lifetime().is_none()
            && let Some(amp) = reference.amp_token()
        {
            let end = method.tree.bytes(amp.text_range()).end;
            found.push((end, end));
        }
        if let Some(lifetime) = ast::Lifetime::cast(node) {
            let range = method.range(lifetime.syntax());
            if &method.text[range.clone()] == "'_" {
                found.push((range.start, range.end));
            }
        }
    }
    found
}

/// Edits that give every elided lifetime of a type the name `name`.
pub fn name_all(
    method: &Method<'_>,
    node: &SyntaxNode,
    name: &dyn Fn(usize) -> String,
) -> Vec<Edit> {
    let places = elided(method, node).into_iter().enumerate();
    places
        .map(|(i, (start, end))| {
            let text = if start == end {
                format!("{} ", name(i))
            } else {
                name(i)
            };
            Edit {
                range: start..end,
                text,
                rank: 0,
            }
        })
        .collect()
}

/// Whether a node names `Self` or the type that the impl is for.
fn names_self(method: &Method<'_>, node: &SyntaxNode) -> bool {
    let own = match &method.owner {
        Owner::Inherent(owner) => owner.self_ty().and_then(|ty| head(&ty)),
        _ => method
            .function
            .syntax()
            .ancestors()
            .find_map(ast::Impl::cast)
            .and_then(|owner| owner.self_ty())
            .and_then(|ty| head(&ty)),
    };
    let tokens = node
        .descendants_with_tokens()
        .filter_map(|element| element.into_token());
    tokens.into_iter().any(|token| {
        token.kind() == SyntaxKind::SELF_TYPE_KW || own.as_deref() == Some(token.text())
    })
}

/// The last name of a path type.
fn head(ty: &ast::Type) -> Option<String> {
    match ty {
        ast::Type::PathType(path) => Some(path.path()?.segment()?.name_ref()?.text().to_string()),
        _ => None,
    }
}

/// Decides what has to be written out for the method. `hidden` are lifetimes that the return type leaves out altogether;
/// `receiver` is what is known about the receiver.
pub fn naming(method: &Method<'_>, hidden: &[(usize, String)], receiver: &Receiver) -> Naming {
    let mut naming = outputs(method, hidden);
    naming.edits.extend(shown(method, receiver));
    naming
}

/// Notes lifetimes that an alias hides: `count` of them, in a generated item.
pub fn note_elided(event: &Event<'_>, count: usize, source: &Source<'_>, facts: &mut Facts) {
    for place in event.primary() {
        let Some(spot) = source.spot(place).filter(|spot| spot.added && count > 0) else {
            continue;
        };
        let text = source.files.list[spot.file].text.current();
        let (start, end) = (place.byte_start as usize, place.byte_end as usize);
        let name = text[start..end].rsplit("::").next().unwrap_or_default();
        let name = name.split('<').next().unwrap_or_default().trim().to_owned();
        if let Some(key) = names::receiver(&text[..start], facts)
            && let Some(receiver) = facts.receivers.get_mut(&key)
        {
            receiver.elided.insert(name, count);
        }
    }
}

/// Lifetimes that the receiver's type leaves out (`Ref<Self>`), which an impl has to show.
fn shown(method: &Method<'_>, receiver: &Receiver) -> Vec<Edit> {
    let mut edits = Vec::new();
    for segment in method
        .ty
        .syntax()
        .descendants()
        .filter_map(ast::PathSegment::cast)
    {
        let Some(name) = segment.name_ref() else {
            continue;
        };
        let name = name.text().to_string();
        let after = receiver
            .printed
            .split(&format!("{name}<"))
            .nth(1)
            .unwrap_or_default();
        let count = receiver.elided.get(&name).copied().unwrap_or_else(|| {
            after
                .split(", ")
                .take_while(|part| part.trim_end_matches('>') == "'_")
                .count()
        });
        let written = segment.generic_arg_list().is_some_and(|list| {
            list.generic_args()
                .any(|arg| matches!(arg, ast::GenericArg::LifetimeArg(_)))
        });
        if count == 0 || written {
            continue;
        }
        let lifetimes = vec!["'_"; count].join(", ");
        match segment
            .generic_arg_list()
            .and_then(|list| list.l_angle_token())
        {
            Some(open) => edits.push(Edit::insert(
                method.tree.bytes(open.text_range()).end,
                format!("{lifetimes}, "),
            )),
            None => edits.push(Edit::insert(
                method.range(segment.syntax()).end,
                format!("<{lifetimes}>"),
            )),
        }
    }
    edits
}

fn outputs(method: &Method<'_>, hidden: &[(usize, String)]) -> Naming {
    let Some(output) = method.function.ret_type() else {
        return Naming::default();
    };
    let outputs = elided(method, output.syntax());
    let references: Vec<ast::RefType> = method
        .ty
        .syntax()
        .descendants()
        .filter_map(ast::RefType::cast)
        .filter(|reference| {
            reference
                .ty()
                .is_some_and(|ty| names_self(method, ty.syntax()))
        })
        .collect();
    if outputs.is_empty() && hidden.is_empty() {
        return Naming::default();
    }
    let named = |lifetime: Option<ast::Lifetime>| {
        lifetime
            .map(|lifetime| method.source(lifetime.syntax()))
            .filter(|name| name != "'_")
    };
    let mut naming = Naming::default();
    let name = match &references[..] {
        [only] => match named(only.lifetime()) {
            Some(name) => name,
            None => {
                naming.fresh = true;
                match only.lifetime() {
                    Some(lifetime) => naming.edits.push(Edit {
                        range: method.range(lifetime.syntax()),
                        text: FRESH.into(),
                        rank: 0,
                    }),
                    None => {
                        let amp = only
                            .amp_token()
                            .map_or(0, |amp| method.tree.bytes(amp.text_range()).end);
                        naming.edits.push(Edit::insert(amp, format!("{FRESH} ")));
                    }
                }
                FRESH.to_owned()
            }
        },
        // Without a reference to `Self`, the receiver's lifetimes don't count; the others do if there is but one.
        [] => {
            let others = || method.arguments().filter_map(|param| param.ty());
            let places: Vec<Edit> = others()
                .flat_map(|ty| name_all(method, ty.syntax(), &|_| FRESH.to_owned()))
                .collect();
            let written = others().flat_map(|ty| {
                ty.syntax()
                    .descendants()
                    .filter_map(ast::Lifetime::cast)
                    .collect::<Vec<_>>()
            });
            let written: Vec<String> = written
                .filter_map(|lifetime| named(Some(lifetime)))
                .collect();
            match (places.len(), &written[..]) {
                (0, [only]) => only.clone(),
                (1, []) => {
                    naming.fresh = true;
                    naming.edits.extend(places);
                    FRESH.to_owned()
                }
                _ => return naming,
            }
        }
        _ => return naming,
    };
    naming
        .edits
        .extend(name_all(method, output.syntax(), &|_| name.clone()));
    naming.edits.extend(
        hidden
            .iter()
            .map(|(at, text)| Edit::insert(*at, text.replace("'_", &name))),
    );
    naming
}

/// The edit that declares [`FRESH`] among the method's generic parameters.
pub fn declare(method: &Method<'_>) -> Option<Edit> {
    if let Some(list) = method.function.generic_param_list() {
        let open = list.l_angle_token()?;
        let comma = if list.generic_params().next().is_some() {
            ", "
        } else {
            ""
        };
        return Some(Edit::insert(
            method.tree.bytes(open.text_range()).end,
            format!("{FRESH}{comma}"),
        ));
    }
    let name = method.function.name()?;
    Some(Edit::insert(
        method.range(name.syntax()).end,
        format!("<{FRESH}>"),
    ))
}
