//! Debug information of a module in the terms of Rust: the types of its functions, and what is in its types, as text.

use std::collections::{BTreeSet, HashMap};

use gateless_llvm::{Function, Module, Node, NodeKind, Operand};
use gateless_model::{Failure, Result};

// Operands of nodes (llvm/IR/DebugInfoMetadata.h of LLVM 22).
const SCOPE: usize = 1;
const NAME: usize = 2;
const SUBPROGRAM_TYPE: usize = 4;
const SUBPROGRAM_TEMPLATE: usize = 9;
const TYPE_FIRST: usize = 5;
const ELEMENTS: usize = TYPE_FIRST + 1;
const TEMPLATE_NAME: usize = 0;
const TEMPLATE_TYPE: usize = 1;

/// A type as debug information has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name, with the paths of all that it names.
    pub text: String,
    /// Its bits; nothing for a function's.
    pub size: Option<u64>,
}

/// What debug information says of a function.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The path of the function without generic arguments, `{impl#0}` and the like included.
    pub path: Vec<String>,
    /// What it returns; nothing for `()` and for `!`.
    pub output: Option<Described>,
    /// What is passed, what has no size included.
    pub inputs: Vec<Described>,
    /// The generic arguments that are types, by the names of the parameters.
    pub generics: HashMap<String, String>,
    /// The file that it is in, absolute.
    pub file: Option<String>,
    /// The line of its header, from 1.
    pub line: u32,
}

/// What debug information says of all types of a module.
#[derive(Debug, Default)]
pub struct Types {
    /// The fields of structs by the struct's text, in order.
    pub fields: HashMap<String, Vec<Described>>,
    /// The bits of types by their texts.
    pub sizes: HashMap<String, u64>,
    /// The texts of all types that have a name.
    pub texts: BTreeSet<String>,
    /// What is said of functions, by symbol; the reason where it is not understood.
    pub signatures: HashMap<String, std::result::Result<Signature, String>>,
}

/// Reads the types of a module.
pub fn types(module: &Module) -> Result<Types> {
    let mut types = Types::default();
    let mut texts = Texts::default();
    for node in module.debug_nodes()? {
        if !is_type(&node)? || node.kind()? == NodeKind::SubroutineType {
            continue;
        }
        let Some(text) = texts.of(&node)? else {
            continue;
        };
        if node.kind()? == NodeKind::CompositeType
            && let Some(elements) = node.node(ELEMENTS)?
        {
            let mut fields = Vec::new();
            for (_, member) in elements.nodes()? {
                if member.kind()? == NodeKind::DerivedType
                    && let Some(ty) = member.node(TYPE_FIRST)?
                    && texts.of(&ty)?.is_some()
                {
                    fields.push(texts.described(&ty)?);
                }
            }
            types.fields.entry(text.clone()).or_insert(fields);
        }
        if let Some(size) = node.size()? {
            types.sizes.insert(text.clone(), size);
        }
        types.texts.insert(text);
    }
    for function in module.functions()? {
        let signature = match signature(function, &mut texts) {
            Ok(None) => continue,
            Ok(Some(signature)) => Ok(signature),
            Err(failure) => Err(failure.what),
        };
        types.signatures.insert(function.name()?, signature);
    }
    Ok(types)
}

/// Reads what debug information says of a function; nothing if it says nothing.
fn signature(function: Function<'_>, texts: &mut Texts) -> Result<Option<Signature>> {
    let Some(subprogram) = function.subprogram()? else {
        return Ok(None);
    };
    let (file, line) = (subprogram.file()?, subprogram.line()?);
    let node = subprogram.node;
    let list = match node.node(SUBPROGRAM_TYPE)? {
        Some(ty) => ty.node(TYPE_FIRST)?,
        None => None,
    };
    let Some(list) = list else {
        return Ok(None);
    };
    let mut parts = Vec::new();
    for operand in list.operands()? {
        parts.push(match operand {
            Operand::Node(ty) => Some(texts.described(&ty)?),
            _ => None,
        });
    }
    let mut parts = parts.into_iter();
    let output = parts.next().flatten();
    let inputs = parts.collect::<Option<Vec<_>>>().ok_or_else(|| {
        Failure::failed(format!(
            "debug information leaves out a parameter of {function:?}"
        ))
    })?;
    let mut path = scope(&node)?;
    path.push(without_arguments(&node.text(NAME)?.unwrap_or_default()));
    Ok(Some(Signature {
        path,
        output,
        inputs,
        generics: generics(&node, texts)?,
        file: file.map(|file| absolute(&file.directory, file.name)),
        line,
    }))
}

/// The path of a file that may be named relative to a directory.
fn absolute(directory: &str, name: String) -> String {
    match name.starts_with('/') || directory.is_empty() {
        true => name,
        false => format!("{}/{name}", directory.trim_end_matches('/')),
    }
}

/// What the type parameters of a function are.
fn generics(subprogram: &Node, texts: &mut Texts) -> Result<HashMap<String, String>> {
    let mut generics = HashMap::new();
    let Some(parameters) = subprogram.node(SUBPROGRAM_TEMPLATE)? else {
        return Ok(generics);
    };
    for (_, parameter) in parameters.nodes()? {
        if parameter.kind()? == NodeKind::TemplateTypeParameter
            && let Some(name) = parameter.text(TEMPLATE_NAME)?
            && let Some(ty) = parameter.node(TEMPLATE_TYPE)?
            && let Some(text) = texts.of(&ty)?
        {
            generics.insert(name, text);
        }
    }
    Ok(generics)
}

fn is_type(node: &Node) -> Result<bool> {
    Ok(matches!(
        node.kind()?,
        NodeKind::BasicType
            | NodeKind::DerivedType
            | NodeKind::CompositeType
            | NodeKind::SubroutineType
    ))
}

/// The names of the namespaces and types around a node, the outermost first.
fn scope(node: &Node) -> Result<Vec<String>> {
    let Some(around) = node.node(SCOPE)? else {
        return Ok(Vec::new());
    };
    let mut path = scope(&around)?;
    // DINamespace has its file, its scope and its name in the places of a type.
    if around.kind()? == NodeKind::Namespace || is_type(&around)? {
        path.extend(around.text(NAME)?);
    }
    Ok(path)
}

/// The name before the generic arguments.
fn without_arguments(name: &str) -> String {
    name.split('<').next().unwrap_or(name).to_owned()
}

/// The texts of types, each made once.
#[derive(Default)]
struct Texts(HashMap<Node, Option<String>>);

impl Texts {
    fn described(&mut self, node: &Node) -> Result<Described> {
        let text = self.of(node)?;
        Ok(Described {
            text: text.ok_or_else(|| {
                Failure::failed(format!(
                    "debug information has a type without a name: {node:?}"
                ))
            })?,
            size: node.size()?,
        })
    }

    fn of(&mut self, node: &Node) -> Result<Option<String>> {
        if let Some(known) = self.0.get(node) {
            return Ok(known.clone());
        }
        let name = node.text(NAME)?.filter(|name| !name.is_empty());
        let text = match (node.kind()?, name) {
            (NodeKind::CompositeType, None) => self.array(node)?,
            (NodeKind::CompositeType, Some(name)) if has_path(&name) => {
                let mut path = scope(node)?;
                path.push(name);
                Some(path.join("::"))
            }
            (_, name) => name,
        };
        self.0.insert(node.clone(), text.clone());
        Ok(text)
    }

    /// An array has no name, but elements and their count.
    fn array(&mut self, node: &Node) -> Result<Option<String>> {
        let (Some(element), Some(ranges)) = (node.node(TYPE_FIRST)?, node.node(ELEMENTS)?) else {
            return Ok(None);
        };
        let Some(element) = self.of(&element)? else {
            return Ok(None);
        };
        let [(_, range)] = &ranges.nodes()?[..] else {
            return Ok(None);
        };
        Ok(range
            .constant(0)?
            .map(|count| format!("[{element}; {count}]")))
    }
}

/// Whether a composite type is one that is defined somewhere, as opposed to a tuple, a slice, and a wide pointer.
fn has_path(name: &str) -> bool {
    !name.starts_with(['&', '*', '(', '[']) && !name.starts_with("dyn ")
}
