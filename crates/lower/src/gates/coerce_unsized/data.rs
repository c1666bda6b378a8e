//! What a pointer's definition holds besides the pointer.

use gateless_rust_text::tokens::Tokens;
use ra_ap_syntax::AstNode;
use ra_ap_syntax::ast::{self, HasAttrs, HasName};

use crate::gate::View;
use crate::syntax::{Tree, around};

/// Whether nothing but a pointer is in the type, as far as its definition shows; what that doesn't show is compared in size when the crate is
/// compiled.
pub fn is_a_pointer(name: &str, files: &[View<'_>]) -> std::result::Result<(), String> {
    for view in files {
        let tokens = &view.tokens;
        for i in 0..tokens.list.len() {
            if ["struct", "union", "enum"].contains(&tokens.at(i)) && tokens.at(i + 1) == name {
                let data = data(view, tokens, i);
                if data.len() > 1 {
                    return Err(format!(
                        "holds {} (at {})",
                        data.join(" and "),
                        view.place(i)
                    ));
                }
            }
        }
    }
    Ok(())
}

/// The fields of a struct that hold data; none where that is known otherwise.
fn data(view: &View<'_>, tokens: &Tokens<'_>, keyword: usize) -> Vec<String> {
    let offset = tokens.list[keyword].range.start;
    let tree = Tree::around(tokens.text, view.source.edition, offset);
    let token = tree.token_at(offset);
    let Some(item) = token.and_then(|token| around::<ast::Struct>(&token).next()) else {
        return Vec::new();
    };
    let text = |node: &ra_ap_syntax::SyntaxNode| tokens.text[tree.of(node)].to_owned();
    // The compiler has checked that there is one field with data.
    let mut attrs = item.attrs();
    if attrs.any(|attr| {
        attr.path()
            .is_some_and(|path| text(path.syntax()) == "repr")
            && text(attr.syntax()).contains("transparent")
    }) {
        return Vec::new();
    }
    let fields: Vec<(String, Option<ast::Type>)> = match item.field_list() {
        Some(ast::FieldList::RecordFieldList(list)) => list
            .fields()
            .map(|field| {
                let name = field.name().map(|name| text(name.syntax()));
                (name.unwrap_or_default(), field.ty())
            })
            .collect(),
        Some(ast::FieldList::TupleFieldList(list)) => list
            .fields()
            .enumerate()
            .map(|(number, field)| (number.to_string(), field.ty()))
            .collect(),
        None => Vec::new(),
    };
    let holds_data = |ty: &Option<ast::Type>| match ty {
        Some(ast::Type::TupleType(ty)) => ty.fields().next().is_some(),
        Some(ast::Type::PathType(ty)) => {
            let name = ty.path().and_then(|path| path.segment()?.name_ref());
            name.is_none_or(|name| !["PhantomData", "PhantomPinned"].contains(&name.text()))
        }
        _ => true,
    };
    let fields = fields.into_iter().filter(|(_, ty)| holds_data(ty));
    fields.map(|(name, _)| format!("`{name}`")).collect()
}
