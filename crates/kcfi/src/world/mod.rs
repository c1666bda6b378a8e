//! All that is known of the definitions that a module names: from its debug information, its symbols and the sources of its crates.

mod definitions;
mod impls;
mod names;
mod receivers;
mod traits;
mod visible;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use gateless_llvm::Module;
use gateless_model::{Failure, Result};

use crate::debug::{Signature, Types};
use crate::show::show;
use crate::sources::{Item, Kind, Sources};
use crate::text::{self, Meaning, Parameters};
use crate::ty::{Integer, Krate, Named, Namespace, Path, Segment, Type};

pub(crate) use names::{InDebug, InMir};

/// What is known.
pub struct World {
    /// The numbers of crates by name.
    crates: HashMap<String, u64>,
    /// The paths of definitions, each with its crate first, by crate and last name.
    paths: HashMap<(String, String), BTreeSet<Vec<String>>>,
    /// The paths of functions, with their crates.
    functions: HashSet<Vec<String>>,
    types: Types,
    sources: Sources,
    pointer_width: u8,
    /// Associated types that methods tell by what they return: by `<TYPE as TRAIT>`, trait and name.
    told: HashMap<(String, Arc<Path>, String), Type>,
}

impl World {
    /// `types` are those of the module, `functions` the paths of the functions that its crates have, `crates` their numbers.
    pub fn new(
        types: Types,
        sources: Sources,
        functions: HashSet<Vec<String>>,
        crates: HashMap<String, u64>,
        pointer_width: u8,
    ) -> Self {
        let mut paths: HashMap<(String, String), BTreeSet<Vec<String>>> = HashMap::new();
        for text in &types.texts {
            for path in paths_in(text) {
                if let [krate, .., last] = &path[..]
                    && crates.contains_key(krate)
                {
                    let key = (krate.clone(), last.clone());
                    paths.entry(key).or_default().insert(path);
                }
            }
        }
        Self {
            crates,
            paths,
            functions,
            types,
            sources,
            pointer_width,
            told: HashMap::new(),
        }
    }

    /// Keeps associated types by `<TYPE as TRAIT>`, trait and name.
    pub(crate) fn keep_told(&mut self, told: Vec<((String, Arc<Path>, String), Type)>) {
        self.told.extend(told);
    }

    /// What `<TYPE as TRAIT>` has as the associated type of a trait.
    pub(crate) fn told(&self, head: &str, owner: &Named, name: &str) -> Option<&Type> {
        self.told
            .get(&(head.to_owned(), owner.path.clone(), name.to_owned()))
    }

    /// What debug information says of the function with a symbol; nothing if it says nothing.
    pub(crate) fn signature(&self, symbol: &str) -> Result<Option<&Signature>> {
        match self.types.signatures.get(symbol) {
            None => Ok(None),
            Some(Ok(signature)) => Ok(Some(signature)),
            Some(Err(what)) => Err(Failure::failed(what.clone())),
        }
    }

    /// The sources.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    fn krate(&self, name: &str) -> Result<Krate> {
        let id = self.crates.get(name).ok_or_else(|| {
            Failure::failed(format!("the number of the crate {name} is not known"))
        })?;
        Ok(Krate {
            name: name.to_owned(),
            id: *id,
        })
    }

    /// The definition at a path that begins with its crate.
    pub(crate) fn path(&self, path: &[&str]) -> Result<Arc<Path>> {
        let [krate, names @ ..] = path else {
            return Err(Failure::failed("an empty path"));
        };
        let mut so_far = vec![(*krate).to_owned()];
        let mut segments = Vec::new();
        for (at, name) in names.iter().enumerate() {
            so_far.push((*name).to_owned());
            segments.push(match numbered(name) {
                Some(("impl", number)) => segment(Namespace::Impl, "{{impl}}", number),
                Some(("closure", number)) => segment(Namespace::Closure, "{{closure}}", number),
                Some(_) => {
                    return Err(Failure::failed(format!(
                        "{} has no name of its own",
                        path.join("::")
                    )));
                }
                // Within an `impl` block, only functions have something beneath.
                None if at + 1 < names.len()
                    && (self.functions.contains(&so_far)
                        || self.sources.is_function(&so_far)
                        || at > 0 && names[at - 1].starts_with("{impl#")) =>
                {
                    segment(Namespace::Value, name, 0)
                }
                None => segment(Namespace::Type, name, 0),
            });
        }
        Ok(Arc::new(Path {
            krate: self.krate(krate)?,
            segments,
        }))
    }

    /// What the sources say of a definition.
    pub(crate) fn item(&self, path: &Path, is_trait: bool) -> Result<Item> {
        let name = path.name();
        let all = self.sources.named(&path.krate.name, name);
        let all: Vec<&Item> = all
            .iter()
            .filter(|item| (item.kind == Kind::Trait) == is_trait)
            .collect();
        let modules: Vec<_> = path.segments[..path.segments.len().saturating_sub(1)]
            .iter()
            .map(|segment| segment.name.as_str())
            .collect();
        let exact: Vec<&Item> = all
            .iter()
            .filter(|item| {
                item.modules
                    .iter()
                    .map(String::as_str)
                    .eq(modules.iter().copied())
            })
            .copied()
            .collect();
        let found = if exact.is_empty() { all } else { exact };
        let same = |left: &Item, right: &Item| {
            (
                left.lifetimes,
                &left.constants,
                left.repr_c,
                left.transparent,
            ) == (
                right.lifetimes,
                &right.constants,
                right.repr_c,
                right.transparent,
            ) && left.encoding == right.encoding
                && left.in_trait == right.in_trait
                && (!left.transparent || left.kind == right.kind)
        };
        match &found[..] {
            [first, rest @ ..] if rest.iter().all(|item| same(first, item)) => Ok((*first).clone()),
            [] => Err(Failure::failed(format!(
                "the definition of {path} was not found in the sources"
            ))),
            _ => Err(Failure::failed(format!(
                "the sources have several definitions that could be {path}"
            ))),
        }
    }

    fn parameters(&self, item: &Item) -> Result<Parameters> {
        let constants = item.constants.iter().map(|text| {
            Ok(match text.as_str() {
                "bool" => Type::Bool,
                "char" => Type::Char,
                other => Type::Integer(Integer::named(other).ok_or_else(|| {
                    Failure::failed(format!("a constant parameter of the type {other}"))
                })?),
            })
        });
        Ok(Parameters {
            lifetimes: item.lifetimes,
            constants: constants.collect::<Result<_>>()?,
            others: item.parameters.len(),
        })
    }

    fn meaning(&self, path: Arc<Path>) -> Result<Meaning> {
        let item = self.item(&path, false)?;
        Ok(match item.kind {
            Kind::Foreign => Meaning::Foreign(path),
            _ => {
                let parameters = self.parameters(&item)?;
                Meaning::Adt(path, parameters)
            }
        })
    }

    fn of_trait(&self, path: Arc<Path>) -> Result<text::Trait> {
        let item = self.item(&path, true)?;
        Ok(text::Trait {
            parameters: self.parameters(&item)?,
            is_auto: item.in_trait.as_ref().is_some_and(|own| own.is_auto),
            path,
        })
    }

    /// Whether values of a type take no space, so that they are not passed.
    pub(crate) fn is_empty(&self, ty: &Type) -> bool {
        match ty {
            Type::Tuple(parts) => parts.iter().all(|part| self.is_empty(part)),
            Type::Array(element, length) => length == "0" || self.is_empty(element),
            Type::Adt(named) if named.is_phantom() => true,
            Type::Adt(_) => self.types.sizes.get(&show(ty)) == Some(&0),
            _ => false,
        }
    }
}

/// The numbers of all crates that the symbols of a module name.
///
/// # Errors
/// If LLVM does not show the module's functions.
pub fn crates_of(module: &Module) -> Result<HashMap<String, u64>> {
    let mut found = HashMap::new();
    for function in module.functions()? {
        let name = function.name()?;
        // `core[846817f741e54dfd]::option`
        let text = rustc_demangle::demangle(&name).to_string();
        for (at, _) in text.match_indices('[') {
            let krate = text[..at]
                .rsplit(|c: char| c != '_' && !c.is_alphanumeric())
                .next()
                .unwrap_or_default();
            let number = text[at + 1..].split(']').next().unwrap_or_default();
            if let Ok(number) = u64::from_str_radix(number, 16)
                && !krate.is_empty()
                && text[at + 1..].starts_with(|c: char| c.is_ascii_hexdigit())
            {
                found.insert(krate.to_owned(), number);
            }
        }
    }
    Ok(found)
}

fn segment(namespace: Namespace, name: &str, disambiguator: u64) -> Segment {
    Segment {
        namespace,
        name: name.to_owned(),
        disambiguator,
    }
}

/// `{name#number}` taken apart.
fn numbered(name: &str) -> Option<(&str, u64)> {
    let (name, number) = name.strip_prefix('{')?.strip_suffix('}')?.split_once('#')?;
    Some((name, number.parse().ok()?))
}

/// All paths of more than one name in a text.
fn paths_in(text: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '_' || c.is_alphabetic()) {
        rest = &rest[start..];
        let mut path = Vec::new();
        loop {
            let end = match rest.starts_with('{') {
                true => rest.find('}').map_or(rest.len(), |at| at + 1),
                false => rest
                    .find(|c: char| c != '_' && !c.is_alphanumeric())
                    .unwrap_or(rest.len()),
            };
            path.push(rest[..end].to_owned());
            rest = &rest[end..];
            match rest.strip_prefix("::") {
                Some(after) if !after.starts_with('<') => rest = after,
                _ => break,
            }
        }
        if path.len() > 1 {
            paths.push(path);
        }
    }
    paths
}
