//! Whether a function is C's.

use gateless_model::{Failure, Result};

use crate::bodies::Bodies;
use crate::debug::Signature;
use crate::encode;
use crate::ty::FnPointer;
use crate::world::World;

/// The ABI of a function: by its header in the sources, or by the function pointers that are made of it. Nothing if neither is found.
fn abi(world: &World, bodies: &Bodies, own: &Signature) -> Result<Option<String>> {
    let (Some(krate), Some(name)) = (own.path.first(), own.path.last()) else {
        return Ok(None);
    };
    let mut found: Vec<String> = Vec::new();
    if let Some(file) = &own.file {
        let headers = world.sources().headers(file, name, own.line);
        found.extend(headers.into_iter().map(|header| header.abi.clone()));
    }
    if found.is_empty()
        && let Some(mir) = bodies.of_crate(krate)
    {
        let of_name = mir.reified.iter().filter(|(path, _)| {
            let path = path.split("::<").next().unwrap_or(path);
            path.rsplit("::").next() == Some(name)
        });
        found.extend(of_name.map(|(_, ty)| abi_of(ty).to_owned()));
    }
    found.sort();
    found.dedup();
    match &found[..] {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        _ => Err(Failure::failed(format!(
            "functions of the name {} differ in their ABI",
            own.path.join("::")
        ))),
    }
}

/// The ABI in the text of a function pointer.
fn abi_of(ty: &str) -> &str {
    let before = ty.split("fn(").next().unwrap_or_default();
    match before.split_once("extern \"") {
        Some((_, rest)) => rest.split('"').next().unwrap_or_default(),
        None => "Rust",
    }
}

/// The same signature with the ABI of the function; if that is not known, it must not matter.
pub(super) fn with_abi(
    world: &World,
    bodies: &Bodies,
    own: &Signature,
    mut signature: FnPointer,
) -> Result<FnPointer> {
    if let Some(abi) = abi(world, bodies, own)? {
        signature.abi = abi;
        return Ok(signature);
    }
    let mut of_c = signature.clone();
    of_c.abi = "C".into();
    match encode::text(world, &signature, true)? == encode::text(world, &of_c, true)? {
        true => Ok(signature),
        false => Err(Failure::failed(format!(
            "whether {} is extern \"C\" is not known",
            own.path.join("::")
        ))),
    }
}
