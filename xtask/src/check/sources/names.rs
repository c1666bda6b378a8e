//! What one item defines and names.

use ra_ap_syntax::ast::{self, AstNode, HasName, HasVisibility};
use ra_ap_syntax::{SyntaxKind, SyntaxNode, SyntaxToken, TextRange};

use super::{Import, Module, Named};

/// Whether an attribute keeps `node` for tests.
pub fn of_tests(node: &SyntaxNode) -> bool {
    attributes(node).any(|text| text == "#[cfg(test)]" || text == "#[test]")
}

/// The file that `#[path = "..."]` names.
pub fn path_attribute(node: &SyntaxNode) -> Option<String> {
    attributes(node).find_map(|text| {
        let value = text.strip_prefix("#[path=\"")?.strip_suffix("\"]")?;
        Some(value.to_owned())
    })
}

/// Texts of a node's attributes, without white space.
fn attributes(node: &SyntaxNode) -> impl Iterator<Item = String> {
    node.children()
        .filter(|child| child.kind() == SyntaxKind::ATTR)
        .map(|attribute| {
            let text = attribute.text().to_string();
            text.split_whitespace().collect()
        })
}

/// Adds what `item` defines, imports and names to `module`.
pub fn collect(item: &ast::Item, test: bool, module: &mut Module) {
    module.items.extend(defined(item));
    let tests: Vec<TextRange> = item
        .syntax()
        .descendants()
        .filter(of_tests)
        .map(|node| node.text_range())
        .collect();
    let tested = |range: TextRange| test || tests.iter().any(|all| all.contains_range(range));
    for node in item.syntax().descendants() {
        let test = tested(node.text_range());
        match node.kind() {
            SyntaxKind::USE => {
                if let Some(item) = ast::Use::cast(node) {
                    imports(&item, test, module);
                }
            }
            SyntaxKind::PATH => path(&node, test, module),
            SyntaxKind::TOKEN_TREE if !inside(&node, SyntaxKind::TOKEN_TREE) => {
                tokens(&node, test, module);
            }
            _ => {}
        }
    }
}

fn inside(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.ancestors().skip(1).any(|above| above.kind() == kind)
}

fn defined(item: &ast::Item) -> Option<String> {
    let name = match item {
        ast::Item::Const(item) => item.name(),
        ast::Item::Enum(item) => item.name(),
        ast::Item::Fn(item) => item.name(),
        ast::Item::MacroDef(item) => item.name(),
        ast::Item::MacroRules(item) => item.name(),
        ast::Item::Static(item) => item.name(),
        ast::Item::Struct(item) => item.name(),
        ast::Item::Trait(item) => item.name(),
        ast::Item::TypeAlias(item) => item.name(),
        ast::Item::Union(item) => item.name(),
        _ => None,
    };
    name.map(|name| name.text().to_string())
}

/// A path in code; the one that has all segments, not the paths that it is made of.
fn path(node: &SyntaxNode, test: bool, module: &mut Module) {
    if inside(node, SyntaxKind::USE)
        || node
            .parent()
            .is_some_and(|above| above.kind() == SyntaxKind::PATH)
    {
        return;
    }
    let Some(path) = ast::Path::cast(node.clone()) else {
        return;
    };
    add(segments(&path), test, module);
}

/// A path's names, and whether it starts with `::`. What follows a segment that has no name (`<T as A>::B`) is not of it.
fn segments(path: &ast::Path) -> (Vec<String>, bool) {
    let all: Vec<ast::PathSegment> = path.segments().collect();
    let global = all
        .first()
        .is_some_and(|first| first.coloncolon_token().is_some());
    let names = all
        .iter()
        .map_while(|segment| Some(segment.name_ref()?.text().to_string()));
    (names.collect(), global)
}

fn add((segments, global): (Vec<String>, bool), test: bool, module: &mut Module) {
    module.identifiers.extend(segments.first().cloned());
    if segments.len() > 1 {
        module.paths.push(Named {
            segments,
            global,
            test,
        });
    }
}

/// Paths in a macro's or an attribute's arguments, by their tokens.
fn tokens(node: &SyntaxNode, test: bool, module: &mut Module) {
    let mut path: (Vec<String>, bool) = Default::default();
    let mut colons = 0;
    let all = node
        .descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| !token.kind().is_trivia());
    for token in all {
        match token.kind() {
            SyntaxKind::COLON2 => colons = 2,
            SyntaxKind::COLON => colons += 1,
            _ if is_name(&token) => {
                if colons != 2 || path.0.is_empty() {
                    add(std::mem::take(&mut path), test, module);
                    path.1 = colons == 2;
                }
                path.0.push(token.text().to_owned());
                colons = 0;
            }
            _ => {
                add(std::mem::take(&mut path), test, module);
                colons = 0;
            }
        }
    }
    add(path, test, module);
}

fn is_name(token: &SyntaxToken) -> bool {
    let kind = token.kind();
    kind == SyntaxKind::IDENT
        || [
            SyntaxKind::CRATE_KW,
            SyntaxKind::SELF_KW,
            SyntaxKind::SUPER_KW,
        ]
        .contains(&kind)
}

/// The names that one `use` brings.
fn imports(item: &ast::Use, test: bool, module: &mut Module) {
    let public = item.visibility().is_some();
    if let Some(tree) = item.use_tree() {
        tree_of(
            &tree,
            (Vec::new(), false),
            &mut |name, (segments, global)| {
                module.imports.push(Import {
                    name,
                    named: Named {
                        segments,
                        global,
                        test,
                    },
                    public,
                });
            },
        );
    }
}

fn tree_of(
    tree: &ast::UseTree,
    (mut prefix, mut global): (Vec<String>, bool),
    found: &mut dyn FnMut(Option<String>, (Vec<String>, bool)),
) {
    if let Some(path) = tree.path() {
        let (names, starts) = segments(&path);
        global |= starts;
        prefix.extend(names);
    }
    if let Some(list) = tree.use_tree_list() {
        for tree in list.use_trees() {
            tree_of(&tree, (prefix.clone(), global), found);
        }
        return;
    }
    if tree.star_token().is_some() {
        return found(None, (prefix, global));
    }
    if prefix.len() > 1 && prefix.last().is_some_and(|last| last == "self") {
        prefix.pop();
    }
    let name = match tree.rename() {
        Some(rename) => rename.name().map(|name| name.text().to_string()),
        None => prefix.last().cloned(),
    };
    found(
        Some(name.unwrap_or_else(|| "_".to_owned())),
        (prefix, global),
    );
}
