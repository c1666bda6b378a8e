//! What a symbol is to the linker: storage classes, labels and attributes.

use gateless_llvm::{ComdatKind, Linkage, Symbol, ThreadLocal, Visibility};
use gateless_model::Result;

use crate::names::literal;
use crate::refusal::not_known;

/// What stands before, and what behind a declaration.
pub(crate) struct Linked {
    /// `static`, if nobody else sees it.
    pub is_static: bool,
    /// The name for the assembler, with a space before it.
    pub label: String,
    /// C's attributes.
    pub attributes: Vec<String>,
}

pub(crate) fn of(symbol: Symbol<'_>) -> Result<Linked> {
    let (linkage, is_declared) = (symbol.linkage()?, symbol.is_declaration()?);
    let mut attributes = Vec::new();
    let (is_static, is_weak) = match linkage {
        Linkage::External | Linkage::AvailableExternally => (false, false),
        Linkage::Internal | Linkage::Private => (true, false),
        Linkage::LinkOnceAny
        | Linkage::LinkOnceOdr
        | Linkage::WeakAny
        | Linkage::WeakOdr
        | Linkage::ExternalWeak => (false, true),
        Linkage::Appending | Linkage::Common => {
            return Err(not_known(format!("{linkage:?} linkage")));
        }
    };
    if is_weak {
        attributes.push("weak".to_owned());
    }
    match symbol.visibility()? {
        Visibility::Default => {}
        _ if is_static => {}
        Visibility::Hidden => attributes.push("visibility(\"hidden\")".into()),
        Visibility::Protected => attributes.push("visibility(\"protected\")".into()),
    }
    // Another name is said to be in the section of what it stands for.
    let is_object = symbol.as_function()?.is_some() || symbol.as_global()?.is_some();
    if let Some(section) = symbol.section()?
        && is_object
        && !is_declared
    {
        attributes.push(format!("section({})", literal(section.as_bytes())));
        // What is collected in a section by linkers is gone through in its order.
        if symbol.as_global()?.is_some() {
            attributes.push("gl_in_order".into());
        }
    }
    if let Some(comdat) = symbol.comdat()?
        && (comdat.kind != ComdatKind::Any || !is_weak)
    {
        return Err(not_known(format!("the COMDAT {}", comdat.name)));
    }
    Ok(Linked {
        is_static,
        label: label(symbol, linkage)?,
        attributes,
    })
}

/// The name for the assembler. What has no symbol needs none, and not every assembler takes any characters for it.
fn label(symbol: Symbol<'_>, linkage: Linkage) -> Result<String> {
    let name = symbol.name()?;
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_needed = match linkage {
        Linkage::Private => false,
        Linkage::Internal => is_plain,
        _ => true,
    };
    Ok(match is_needed && !name.is_empty() {
        // LLVM's mark for names to which nothing is added.
        true => format!(
            " __asm__({})",
            literal(name.trim_start_matches('\u{1}').as_bytes())
        ),
        false => String::new(),
    })
}

/// The storage class of a variable that each thread has for itself, and the attribute that says how it is found.
pub(crate) fn thread_local(model: ThreadLocal) -> (&'static str, Option<&'static str>) {
    match model {
        ThreadLocal::No => ("", None),
        ThreadLocal::GeneralDynamic => ("_Thread_local ", Some("tls_model(\"global-dynamic\")")),
        ThreadLocal::LocalDynamic => ("_Thread_local ", Some("tls_model(\"local-dynamic\")")),
        ThreadLocal::InitialExec => ("_Thread_local ", Some("tls_model(\"initial-exec\")")),
        ThreadLocal::LocalExec => ("_Thread_local ", Some("tls_model(\"local-exec\")")),
    }
}

/// Attributes as C writes them, with a space before them.
pub(crate) fn written(attributes: &[String]) -> String {
    match attributes.is_empty() {
        true => String::new(),
        false => format!(" __attribute__(({}))", attributes.join(", ")),
    }
}
