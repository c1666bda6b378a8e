//! Parts of structures and arrays that are values.

use std::rc::Rc;

use gateless_llvm::{Instruction, Value};
use gateless_model::Result;

use crate::body::Body;
use crate::refusal::not_known;
use crate::types::CType;

/// How C selects an element.
fn path(ty: &Rc<CType>, indices: &[u32]) -> Result<String> {
    let mut path = String::new();
    let mut at = ty;
    for index in indices {
        let Some((element, _, select)) = at.element(u64::from(*index)) else {
            return Err(not_known(format!("an element of {}", at.name)));
        };
        path.push_str(&select);
        at = element;
    }
    Ok(path)
}

impl<'m> Body<'_, 'm> {
    /// `extractvalue`
    pub fn extract(
        &mut self,
        it: Instruction<'m>,
        aggregate: Value<'m>,
        indices: &[u32],
    ) -> Result<()> {
        let path = path(&self.ty(aggregate)?, indices)?;
        let aggregate = self.value(aggregate)?;
        self.assign(it, &format!("{aggregate}{path}"))
    }

    /// `insertvalue`
    pub fn insert(
        &mut self,
        it: Instruction<'m>,
        aggregate: Value<'m>,
        value: Value<'m>,
        indices: &[u32],
    ) -> Result<()> {
        let path = path(&self.ty(aggregate)?, indices)?;
        let (aggregate, value) = (self.value(aggregate)?, self.value(value)?);
        self.assign(it, &aggregate)?;
        let name = self.variable_of(it.into())?;
        self.say(&format!("{name}{path} = {value};"));
        Ok(())
    }
}
