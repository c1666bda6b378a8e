//! Types as debug information names them, to find them there.

use std::fmt::{self, Write};

use crate::ty::{Arg, Named, Predicate, Type};

/// The name of a type in debug information.
pub(crate) fn show(ty: &Type) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write(&mut text, ty);
    text
}

fn list(text: &mut String, types: &[Type]) -> fmt::Result {
    for (at, ty) in types.iter().enumerate() {
        text.push_str(if at > 0 { ", " } else { "" });
        write(text, ty)?;
    }
    Ok(())
}

fn write(text: &mut String, ty: &Type) -> fmt::Result {
    match ty {
        Type::Bool => text.push_str("bool"),
        Type::Char => text.push_str("char"),
        Type::Str => text.push_str("str"),
        Type::Never => text.push('!'),
        Type::Integer(integer) => write!(text, "{integer}")?,
        Type::Float(bits) => write!(text, "f{bits}")?,
        Type::Tuple(parts) => {
            text.push('(');
            list(text, parts)?;
            text.push(')');
        }
        Type::Array(element, length) => {
            text.push('[');
            write(text, element)?;
            write!(text, "; {length}]")?;
        }
        Type::Slice(element) => {
            text.push('[');
            write(text, element)?;
            text.push(']');
        }
        Type::Ref { mutable, to, .. } => {
            text.push_str(if *mutable { "&mut " } else { "&" });
            write(text, to)?;
        }
        Type::Pointer { mutable, to } => {
            text.push_str(if *mutable { "*mut " } else { "*const " });
            write(text, to)?;
        }
        Type::Function(pointer) => {
            text.push_str(if pointer.is_unsafe { "unsafe " } else { "" });
            if pointer.abi != "Rust" {
                write!(text, "extern \"{}\" ", pointer.abi)?;
            }
            text.push_str("fn(");
            list(text, &pointer.inputs)?;
            text.push_str(if pointer.variadic { ", ...)" } else { ")" });
            if !pointer.output.is_unit() {
                text.push_str(" -> ");
                write(text, &pointer.output)?;
            }
        }
        Type::Dyn { predicates, .. } => object(text, predicates)?,
        Type::Pattern(of, _) => write(text, of)?,
        Type::Adt(named) => arguments(text, named, &[])?,
        Type::Foreign(path) => write!(text, "{path}")?,
    }
    Ok(())
}

fn object(text: &mut String, predicates: &[Predicate]) -> fmt::Result {
    let autos: Vec<_> = predicates
        .iter()
        .filter_map(|predicate| match predicate {
            Predicate::Auto(path) => Some(path),
            _ => None,
        })
        .collect();
    text.push_str(if autos.is_empty() { "dyn " } else { "(dyn " });
    let bindings: Vec<_> = predicates
        .iter()
        .filter_map(|predicate| match predicate {
            Predicate::Projection { name, term, .. } => Some((name.as_str(), term)),
            _ => None,
        })
        .collect();
    if let Some(Predicate::Trait(named)) = predicates.first() {
        arguments(text, named, &bindings)?;
    }
    for path in &autos {
        write!(text, " + {path}")?;
    }
    text.push_str(if autos.is_empty() { "" } else { ")" });
    Ok(())
}

fn arguments(text: &mut String, named: &Named, bindings: &[(&str, &Type)]) -> fmt::Result {
    write!(text, "{}", named.path)?;
    let mut separator = '<';
    let mut next = |text: &mut String| {
        text.push(separator);
        text.push_str(if separator == ',' { " " } else { "" });
        separator = ',';
    };
    for arg in &named.args {
        match arg {
            Arg::Region(_) => {}
            Arg::Type(ty) => {
                next(text);
                write(text, ty)?;
            }
            Arg::Const(_, value) => {
                next(text);
                text.push_str(value);
            }
        }
    }
    for (name, term) in bindings {
        next(text);
        write!(text, "{name}=")?;
        write(text, term)?;
    }
    text.push_str(if separator == ',' { ">" } else { "" });
    Ok(())
}
