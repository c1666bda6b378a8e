//! The header of an impl that tells how a pointer converts: `impl<T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<P<U>> for P<T>`.

use std::collections::BTreeSet;

use gateless_model::{Failure, Result};
use gateless_rust_text::edit::Edit;
use gateless_rust_text::tokens::{Tokens, one_line};
use ra_ap_syntax::ast::{self, HasGenericArgs, HasGenericParams, HasName, HasTypeBounds};
use ra_ap_syntax::{AstNode, Edition, SyntaxNode};

use super::data;
use crate::CrateExports;
use crate::gate::{Needs, Page, Shown, View};
use crate::imports;
use crate::lints::QUIET;
use crate::support::{self, MODULE};
use crate::syntax::{Tree, around};

/// The traits by which one type converts to another, of which bounds tell which parameter does.
const CONVERSIONS: [&str; 3] = ["Unsize", "CoerceUnsized", "DispatchFromDyn"];

/// Where a name is used.
pub enum Place {
    /// As the trait of an impl.
    Impl(Box<Conversion>),
    /// In the bounds of such an impl.
    Bound,
    /// Elsewhere: the token.
    Other(usize),
}

/// An impl of one of the traits.
pub struct Conversion {
    tree: Tree,
    item: ast::Impl,
    /// Token of the trait's name.
    name: usize,
}

/// Where a file uses a trait, imports left out. `names` are what it is called.
pub fn uses(view: &View<'_>, names: &BTreeSet<String>) -> Vec<Place> {
    let tokens = &view.tokens;
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.list.len() {
        if let Some(end) = imports::import(tokens, i) {
            i = end;
        } else if names.contains(tokens.at(i)) {
            found.push(used(view, i));
        }
        i += 1;
    }
    found
}

fn used(view: &View<'_>, i: usize) -> Place {
    let offset = view.tokens.list[i].range.start;
    let tree = Tree::around(view.tokens.text, view.source.edition, offset);
    let token = tree.token_at(offset);
    let item = token.and_then(|token| around::<ast::Impl>(&token).next());
    let Some((item, of)) = item.and_then(|item| Some((item.clone(), trait_of(&item)?))) else {
        return Place::Other(i);
    };
    let Some(name) = of.segment().and_then(|segment| segment.name_ref()) else {
        return Place::Other(i);
    };
    if tree.of(name.syntax()).start == offset {
        return Place::Impl(Box::new(Conversion {
            tree,
            item,
            name: i,
        }));
    }
    let bytes = |node: &SyntaxNode| tree.of(node).contains(&offset);
    let in_header = item
        .generic_param_list()
        .is_some_and(|list| bytes(list.syntax()))
        || item.where_clause().is_some_and(|list| bytes(list.syntax()));
    let converts = imports::is_one_of(view, &CONVERSIONS, name.text());
    if in_header && converts {
        Place::Bound
    } else {
        Place::Other(i)
    }
}

/// The path of the trait that is implemented.
fn trait_of(item: &ast::Impl) -> Option<ast::Path> {
    let ast::Type::PathType(of) = item.trait_()? else {
        return None;
    };
    of.path()
}

/// What is known about the impls of one of the traits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Impls {
    /// What is in the place of the original ones.
    pub shown: Shown,
    /// The same behind the original ones, where these stay.
    added: Vec<(usize, Edit)>,
    /// Whether pointers become known by them.
    pub has_pointers: bool,
}

impl Impls {
    /// Reads the impls of a trait of the library; its feature is `gate`. Pointers become known by them as `used`, but for types in `known`.
    pub fn read(
        gate: &str,
        name: &str,
        used: &str,
        known: &BTreeSet<String>,
        files: &[View<'_>],
    ) -> Result<Self> {
        let mut impls = Self::default();
        let names = imports::names(files, name);
        for view in files {
            for place in uses(view, &names) {
                let conversion = match place {
                    Place::Impl(conversion) => conversion,
                    Place::Bound => continue,
                    Place::Other(token) => return Err(refused(view, token)),
                };
                let header = conversion.header(view)?;
                let is_pointer = !known.contains(&header.name);
                let text = if is_pointer {
                    data::is_a_pointer(&header.name, files).map_err(|why| {
                        conversion.failure(view, &format!("`{}` {why}", header.name))
                    })?;
                    header.pointer(used)
                } else {
                    header.placeholder()
                };
                impls.shown.count(gate);
                impls
                    .shown
                    .edit(view.file, [conversion.replaced(view, &text)]);
                impls
                    .added
                    .push((view.file, conversion.followed(view, &text)));
                impls.has_pointers |= is_pointer;
            }
        }
        Ok(impls)
    }

    /// What the lowered crate has to have besides.
    pub fn needs(&self) -> Needs {
        let has_impls = !self.added.is_empty();
        Needs {
            support: has_impls,
            quiet: has_impls,
        }
    }

    /// The edits of a question: the impls stay, so that the compiler checks them; what is put behind them converts what dependencies lowered.
    pub fn question(&self, page: &Page<'_>) -> Vec<(usize, Edit)> {
        if page.source.is_alone() {
            return Vec::new();
        }
        self.added.clone()
    }

    /// What dependants have to know.
    pub fn exports(&self) -> CrateExports {
        CrateExports {
            pointers: !self.added.is_empty(),
            ..CrateExports::default()
        }
    }
}

/// Names of the types with impls of a trait of the library.
pub fn types(name: &str, files: &[View<'_>]) -> Result<BTreeSet<String>> {
    let mut types = BTreeSet::new();
    let names = imports::names(files, name);
    for view in files {
        for place in uses(view, &names) {
            if let Place::Impl(conversion) = place {
                types.insert(conversion.header(view)?.name);
            }
        }
    }
    Ok(types)
}

/// How the type of a pointer goes from one to the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// What it points to is unsized.
    Pointee,
    /// It holds another pointer, which converts.
    Pointer,
}

/// What an impl says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Name of the type's definition.
    pub name: String,
    /// How it converts.
    pub way: Way,
    /// `impl<..>`'s list, without the other type's parameters.
    generics: String,
    /// The type, as it is written.
    ty: String,
    /// The parameter that is another one in the other type.
    changing: String,
    /// Predicates that hold for both types.
    predicates: Vec<String>,
    /// Types that tell the arguments that are the same in both types.
    rest: Vec<String>,
    /// The path to the support module.
    root: String,
}

impl Header {
    /// `unsafe impl Pointer for` the type: the support module's conversions know it then. `used` is `Coerced` or `Dispatched`.
    fn pointer(&self, used: &str) -> String {
        let Self { root, changing, .. } = self;
        let inner = |name: &str| format!("<{changing} as {root}::Pointer>::{name}");
        let (bound, raw, rest, used) = match self.way {
            Way::Pointee => (
                None,
                format!("*mut {changing}"),
                None,
                format!("{root}::{used}"),
            ),
            Way::Pointer => (
                Some(format!("{changing}: {root}::Pointer")),
                inner("Raw"),
                Some(inner("Rest")),
                inner("Use"),
            ),
        };
        let rest: String = rest
            .iter()
            .chain(&self.rest)
            .map(|ty| format!("{ty},"))
            .collect();
        format!(
            "unsafe {} {{ type Raw = {raw}; type Rest = ({rest}); type Use = {used}; }}",
            self.header("Pointer", bound)
        )
    }

    /// An impl of the support module's trait that says nothing: another in its place would change the symbols of the impls behind it.
    fn placeholder(&self) -> String {
        format!("{} {{}}", self.header("Placeholder", None))
    }

    fn header(&self, of: &str, bound: Option<String>) -> String {
        let Self {
            generics, ty, root, ..
        } = self;
        let predicates: String = self
            .predicates
            .iter()
            .chain(&bound)
            .map(|predicate| format!("{predicate}, "))
            .collect();
        format!("impl{generics} {root}::{of} for {ty} where {predicates}")
    }
}

impl Conversion {
    /// The error for an impl of a trait that is not to be implemented.
    pub fn refused(&self, view: &View<'_>) -> Failure {
        refused(view, self.name)
    }

    /// Puts `text` in the place of the impl.
    pub fn replaced(&self, view: &View<'_>, text: &str) -> Edit {
        let text = format!("{QUIET} {}", one_line(text, view.source.edition));
        Edit::replace(view.tokens.text, self.bytes(), text)
    }

    /// Adds `text` behind the impl.
    pub fn followed(&self, view: &View<'_>, text: &str) -> Edit {
        let text = format!(" {QUIET} {}", one_line(text, view.source.edition));
        Edit::insert(self.bytes().end, text)
    }

    /// The impl without its attributes.
    fn bytes(&self) -> std::ops::Range<usize> {
        let whole = self.tree.of(self.item.syntax());
        let first = [self.item.unsafe_token(), self.item.impl_token()];
        let first = first
            .into_iter()
            .flatten()
            .map(|token| self.tree.bytes(token.text_range()).start);
        first.min().unwrap_or(whole.start)..whole.end
    }

    /// Reads the header.
    ///
    /// # Errors
    /// Where it is none of the forms of the module's comment.
    pub fn header(&self, view: &View<'_>) -> Result<Header> {
        self.read(view).map_err(|why| {
            self.failure(view, &why)
            .help("it has to be of the form `impl<T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<P<U>> for P<T>`")
        })
    }

    fn failure(&self, view: &View<'_>, why: &str) -> Failure {
        Failure::no(format!(
            "{}: this impl of `{}` can't be lowered: {why}",
            view.place(self.name),
            view.tokens.at(self.name)
        ))
    }

    fn read(&self, view: &View<'_>) -> std::result::Result<Header, String> {
        let edition = view.source.edition;
        let text = |node: &SyntaxNode| one_line(&view.tokens.text[self.tree.of(node)], edition);
        let path = |ty: Option<ast::Type>| match ty {
            Some(ast::Type::PathType(ty)) => ty.path(),
            _ => None,
        };
        let own = path(self.item.self_ty()).ok_or("its type is no path")?;
        let of = trait_of(&self.item).and_then(|of| arguments(&of).into_iter().next());
        let other = match of {
            Some(ast::GenericArg::TypeArg(arg)) => path(arg.ty()),
            _ => None,
        };
        let other = other.ok_or("the type that it converts to is no path")?;
        let name = own.segment().and_then(|segment| segment.name_ref());
        let name = name.ok_or("its type has no name")?;
        let (from, to) = (arguments(&own), arguments(&other));
        if head(&own, &text) != head(&other, &text) || from.len() != to.len() {
            return Err("the types are not the same one with other arguments".to_owned());
        }
        let params = Params::of(&self.item, &text)?;
        let root = if self.tree.in_macro {
            format!("$crate::{MODULE}")
        } else {
            format!("crate::{MODULE}")
        };
        let mut changing = None;
        let mut rest = Vec::new();
        for (from, to) in from.iter().zip(&to) {
            let (a, b) = (text(from.syntax()), text(to.syntax()));
            let is_lifetime = matches!(from, ast::GenericArg::LifetimeArg(_));
            if a == b && a != "'_" {
                rest.extend(params.rest(from, &a, &root));
            } else if !is_lifetime && changing.replace((a, b)).is_some() {
                return Err("the types differ in more than one argument".to_owned());
            } else if is_lifetime
                && (params.is_bounded(&text(from.syntax()))
                    || params.is_bounded(&text(to.syntax())))
            {
                return Err("the types differ in a lifetime that has bounds".to_owned());
            }
        }
        let (changing, other) = changing.ok_or("the types do not differ in a type")?;
        if !params.is_type(&changing) || !params.is_type(&other) {
            return Err(format!(
                "`{changing}` and `{other}` are not both parameters of the impl"
            ));
        }
        let is_one = |names: &[&str], found: &str| imports::is_one_of(view, names, found);
        let (way, predicates) = params.predicates(&changing, &other, &is_one, edition)?;
        Ok(Header {
            name: name.text().to_string(),
            way,
            generics: params.declared(&other),
            ty: self
                .item
                .self_ty()
                .map(|ty| text(ty.syntax()))
                .unwrap_or_default(),
            changing,
            predicates,
            rest,
            root,
        })
    }
}

/// The arguments of a path's last segment.
fn arguments(path: &ast::Path) -> Vec<ast::GenericArg> {
    let list = path
        .segment()
        .and_then(|segment| segment.generic_arg_list());
    list.map(|list| list.generic_args().collect())
        .unwrap_or_default()
}

/// A path without the arguments of its last segment.
fn head(path: &ast::Path, text: &dyn Fn(&SyntaxNode) -> String) -> String {
    let before = path.qualifier().map(|before| text(before.syntax()));
    let name = path.segment().and_then(|segment| segment.name_ref());
    let name = name.map(|name| name.text().to_string());
    format!("{before:?} {name:?}")
}

/// The parameters of an impl, and what is said about them.
struct Params {
    /// Name and declaration without bounds.
    list: Vec<(Kind, String, String)>,
    /// What is bounded, and by what.
    bounds: Vec<(String, String)>,
}

/// What a parameter is; constants have their type.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Lifetime,
    Type,
    Const(String),
}

impl Params {
    fn of(
        item: &ast::Impl,
        text: &dyn Fn(&SyntaxNode) -> String,
    ) -> std::result::Result<Self, String> {
        let mut params = Self {
            list: Vec::new(),
            bounds: Vec::new(),
        };
        let list = item.generic_param_list();
        let list = list.iter().flat_map(|list| list.generic_params());
        for param in list {
            let (kind, name, bounds) = match &param {
                ast::GenericParam::LifetimeParam(param) => {
                    let name = param.lifetime().map(|name| text(name.syntax()));
                    (Kind::Lifetime, name, param.type_bound_list())
                }
                ast::GenericParam::TypeParam(param) => {
                    let name = param.name().map(|name| text(name.syntax()));
                    (Kind::Type, name, param.type_bound_list())
                }
                ast::GenericParam::ConstParam(param) => {
                    let name = param.name().map(|name| text(name.syntax()));
                    let ty = param.ty().map(|ty| text(ty.syntax())).unwrap_or_default();
                    (Kind::Const(ty), name, None)
                }
            };
            let name = name.ok_or("a parameter has no name")?;
            let declared = match &kind {
                Kind::Const(ty) => format!("const {name}: {ty}"),
                _ => name.clone(),
            };
            params.add_bounds(&name, bounds, text);
            params.list.push((kind, name, declared));
        }
        let clause = item.where_clause();
        for predicate in clause.iter().flat_map(|clause| clause.predicates()) {
            let bounded = predicate
                .ty()
                .map(|ty| text(ty.syntax()))
                .or_else(|| predicate.lifetime().map(|name| text(name.syntax())));
            let for_all = predicate
                .for_binder()
                .map(|binder| text(binder.syntax()) + " ");
            let bounded = bounded.ok_or("a predicate is about no type")?;
            let bounded = for_all.unwrap_or_default() + &bounded;
            params.add_bounds(&bounded, predicate.type_bound_list(), text);
        }
        Ok(params)
    }

    fn add_bounds(
        &mut self,
        bounded: &str,
        list: Option<ast::TypeBoundList>,
        text: &dyn Fn(&SyntaxNode) -> String,
    ) {
        let bounds = list.iter().flat_map(|list| list.bounds());
        self.bounds
            .extend(bounds.map(|bound| (bounded.to_owned(), text(bound.syntax()))));
    }

    fn is_type(&self, name: &str) -> bool {
        let mut list = self.list.iter();
        list.any(|(kind, other, _)| *kind == Kind::Type && other == name)
    }

    fn is_bounded(&self, name: &str) -> bool {
        self.bounds
            .iter()
            .any(|(bounded, bound)| bounded == name || bound == name)
    }

    /// The type that stands for an argument in the support module's `Rest`.
    fn rest(&self, arg: &ast::GenericArg, text: &str, root: &str) -> Option<String> {
        let constant = || {
            let mut list = self.list.iter();
            list.find_map(|(kind, name, _)| match kind {
                Kind::Const(ty) if name == text => Some(support::rest_of_const(root, ty, name)),
                _ => None,
            })
        };
        match arg {
            ast::GenericArg::LifetimeArg(_) => Some(format!("{root}::Of<&{text} ()>")),
            ast::GenericArg::TypeArg(_) => {
                constant().unwrap_or_else(|| Some(format!("{root}::Of<{text}>")))
            }
            // The same one in both types.
            ast::GenericArg::ConstArg(_) | ast::GenericArg::AssocTypeArg(_) => None,
        }
    }

    /// The list without the parameter `other`.
    fn declared(&self, other: &str) -> String {
        let list = self.list.iter().filter(|(_, name, _)| name != other);
        let list: Vec<&str> = list.map(|(_, _, declared)| declared.as_str()).collect();
        format!("<{}>", list.join(", "))
    }

    /// How `from` converts to `to`, and the predicates without those about `to`, which have to say the same of it.
    fn predicates(
        &self,
        from: &str,
        to: &str,
        is_one: &dyn Fn(&[&str], &str) -> bool,
        edition: Edition,
    ) -> std::result::Result<(Way, Vec<String>), String> {
        let mut way = None;
        let (mut kept, mut of_from, mut of_to) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (bounded, bound) in &self.bounds {
            if let Some(found) = conversion(bounded, bound, from, to, is_one, edition) {
                way = Some(found);
                continue;
            }
            let predicate = format!("{bounded}: {bound}");
            let (about_from, about_to) = (
                renamed(&predicate, from, edition),
                renamed(&predicate, to, edition),
            );
            match (about_from, about_to) {
                (Some(_), Some(_)) => return Err(format!("`{predicate}` is about both types")),
                (None, Some(said)) => {
                    of_to.insert(said);
                }
                (Some(said), None) => {
                    of_from.insert(said);
                    kept.push(predicate);
                }
                (None, None) => kept.push(predicate),
            }
        }
        let way = way.ok_or_else(|| format!("no bound says how `{from}` becomes `{to}`"))?;
        if let Some(only) = of_from.symmetric_difference(&of_to).next() {
            return Err(format!(
                "`{}` is asked of only one of `{from}` and `{to}`",
                only.replace(STANDS_FOR, "_")
            ));
        }
        Ok((way, kept))
    }
}

/// What a bound says of a conversion from one parameter to the other.
fn conversion(
    bounded: &str,
    bound: &str,
    from: &str,
    to: &str,
    is_one: &dyn Fn(&[&str], &str) -> bool,
    edition: Edition,
) -> Option<Way> {
    let tokens = Tokens::new(bound, edition);
    let count = tokens.list.len();
    let is_about = bounded == from && count >= 4 && tokens.are(count - 3, &["<", to, ">"]);
    let name = is_about.then(|| tokens.at(count - 4))?;
    if is_one(&["Unsize"], name) {
        Some(Way::Pointee)
    } else {
        is_one(&["CoerceUnsized", "DispatchFromDyn"], name).then_some(Way::Pointer)
    }
}

/// What stands for either parameter where predicates are compared.
const STANDS_FOR: &str = "\u{a7}";

/// A predicate with its parameter `name` renamed, if it mentions it.
fn renamed(predicate: &str, name: &str, edition: Edition) -> Option<String> {
    let tokens = Tokens::new(predicate, edition);
    let all: Vec<&str> = (0..tokens.list.len()).map(|i| tokens.at(i)).collect();
    let rename = |token| if token == name { STANDS_FOR } else { token };
    all.contains(&name)
        .then(|| all.into_iter().map(rename).collect::<Vec<_>>().join(" "))
}

/// The error for a use of a trait that is no impl.
pub fn refused(view: &View<'_>, token: usize) -> Failure {
    Failure::no(format!(
        "{}: this use of `{}` can't be lowered: only impls for pointers of the crate can",
        view.place(token),
        view.tokens.at(token)
    ))
}
