//! Trait objects, and generic arguments.

use std::sync::Arc;

use gateless_model::Result;

use super::tokens::Reader;
use super::{Lifetimes, Meaning, Parameters, Trait};
use crate::order;
use crate::ty::{Arg, Named, Path, Predicate, Region, Type};

impl<'a> Reader<'a> {
    /// After `dyn`.
    pub(super) fn object(&mut self, object: Option<Region>) -> Result<Type> {
        let (mut predicates, mut region) = (Vec::new(), object.unwrap_or(Region::Erased));
        let mut autos = Vec::new();
        loop {
            if let Some(name) = self.lifetime() {
                region = self.region(name);
            } else {
                let in_brackets = self.eat("(");
                let binder = self.binder()?;
                self.binders.push(binder);
                let read = self.predicate(&mut predicates, &mut autos);
                self.binders.pop();
                read?;
                if in_brackets {
                    self.need(")")?;
                }
            }
            if !self.eat("+") {
                break;
            }
        }
        predicates.sort_by_key(|predicate| matches!(predicate, Predicate::Projection { .. }));
        if let [_, projections @ ..] = &mut predicates[..] {
            order::projections(projections);
        }
        order::autos(&mut autos);
        predicates.extend(autos.into_iter().map(Predicate::Auto));
        Ok(Type::Dyn { predicates, region })
    }

    pub(super) fn predicate(
        &mut self,
        predicates: &mut Vec<Predicate>,
        autos: &mut Vec<Arc<Path>>,
    ) -> Result<()> {
        let path = self.path()?;
        let own = self.names.of_trait(&path)?;
        if own.is_auto {
            autos.push(own.path);
            return Ok(());
        }
        let (named, bindings) = self.trait_arguments(own, None)?;
        predicates.push(Predicate::Trait(named.clone()));
        for (name, term) in bindings {
            predicates.push(Predicate::Projection {
                of: self.names.owner(&named, &name)?,
                name,
                term,
            });
        }
        Ok(())
    }

    /// After the path of a trait: its arguments, and what its associated types are.
    pub(super) fn trait_arguments(
        &mut self,
        own: Trait,
        of: Option<&Type>,
    ) -> Result<(Named, Vec<(String, Type)>)> {
        let mut bindings = Vec::new();
        let args = if self.eat("(") {
            // `Fn(A) -> B`
            if let Some(binder) = self.binders.last_mut() {
                binder.elides = self.lifetimes == Lifetimes::Elided;
            }
            let mut inputs = Vec::new();
            while !self.eat(")") {
                inputs.push(self.ty(None)?);
                self.eat(",");
            }
            bindings.push(("Output".to_owned(), self.output()?));
            vec![Arg::Type(Type::Tuple(inputs))]
        } else {
            self.arguments(&own.path, &own.parameters, &mut bindings, of)?
        };
        let named = Named {
            path: own.path,
            args,
        };
        Ok((named, bindings))
    }

    /// `<...>` or `::<...>`, if it is there.
    pub(super) fn arguments(
        &mut self,
        path: &Arc<Path>,
        parameters: &Parameters,
        bindings: &mut Vec<(String, Type)>,
        own: Option<&Type>,
    ) -> Result<Vec<Arg>> {
        let (mut lifetimes, mut others) = (Vec::new(), Vec::new());
        let mut constants = parameters.constants.iter();
        let mut constant = |this: &Self, value: String| match constants.next() {
            Some(ty) => Ok(Arg::Const(ty.clone(), value)),
            None => Err(this.wrong("no constant")),
        };
        let start = self.at;
        self.eat("::");
        if !self.eat("<") {
            self.at = start;
        } else {
            while !self.eat(">") {
                if let Some(name) = self.lifetime() {
                    lifetimes.push(Arg::Region(self.region(name)));
                } else if let Some(name) = self.binding() {
                    // The term is under the same `for<...>`, but counts on its own.
                    let before = self.binders.last().cloned();
                    bindings.push((name, self.ty(None)?));
                    if let (Some(last), Some(before)) = (self.binders.last_mut(), before) {
                        *last = before;
                    }
                } else if let Some(value) = self.constant() {
                    others.push(constant(self, value)?);
                } else if let Some(value) = self.constant_parameter() {
                    others.push(constant(self, value)?);
                } else {
                    others.push(Arg::Type(self.ty(None)?));
                }
                if !self.eat(",") && !self.peek(">") {
                    return Err(self.wrong("`,` or `>`"));
                }
            }
        }
        if lifetimes.is_empty() {
            for _ in 0..parameters.lifetimes {
                let region = match self.lifetimes {
                    Lifetimes::Written => Region::Erased,
                    Lifetimes::Elided => self.elided(),
                };
                lifetimes.push(Arg::Region(region));
            }
        }
        if lifetimes.len() != parameters.lifetimes {
            return Err(self.wrong(&format!("{} lifetimes", parameters.lifetimes)));
        }
        // What is as it is if nothing is said is not printed.
        while others.len() < parameters.others {
            let default = self.names.default(path, others.len(), &others, own)?;
            others.push(default);
        }
        lifetimes.extend(others);
        Ok(lifetimes)
    }

    /// `NAME =` of an associated type, if it is there.
    pub(super) fn binding(&mut self) -> Option<String> {
        let start = self.at;
        let name = self.identifier().map(str::to_owned);
        if name.is_some() && self.eat("=") {
            return name;
        }
        self.at = start;
        None
    }

    /// The name of a constant parameter, if it is one.
    pub(super) fn constant_parameter(&mut self) -> Option<String> {
        let start = self.at;
        if let Some(name) = self.identifier()
            && (self.peek(",") || self.peek(">"))
            && let Ok(Meaning::Value(value)) = self.names.named(&[name])
        {
            return Some(value);
        }
        self.at = start;
        None
    }
}
