//! How functions are called: what C's prototype has to be for arguments and results to be where LLVM has them.
//!
//! So objects of both back ends can be linked with one another, including functions of Rust's own convention.

use std::rc::Rc;

use gateless_llvm::{Attribute, Function, FunctionType, Place, Type};
use gateless_model::Result;

use crate::attributes;
use crate::integer::masked;
use crate::refusal::not_known;
use crate::types::{CType, Format, Kind, WIDEST};
use crate::unit::Unit;

/// The prototype of a function.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub result: Returned,
    pub parameters: Vec<Passed>,
    pub is_variadic: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// In a register or on the stack.
    Scalar(Scalar),
    /// Each of its scalars as if it were a parameter, with the path to it.
    Parts(Rc<CType>, Vec<(String, Scalar)>),
    /// `byval`: a copy on the stack, of the type of this name.
    Copy(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    Nothing,
    /// The type, the path to its only scalar.
    Scalar(Rc<CType>, String, Scalar),
    /// In two registers: the type, the paths to its two scalars.
    Pair(Rc<CType>, [(String, Scalar); 2]),
    /// `sret`: the first parameter is where it is stored, and is returned.
    Place,
}

/// A number or a pointer, between functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub ty: Rc<CType>,
    /// Whether it is extended with its sign.
    is_signed: bool,
    /// Whether it is in a register for floating point numbers.
    is_float: bool,
}

impl Scalar {
    fn new(unit: &Unit<'_>, ty: Rc<CType>, is_signed: bool) -> Result<Self> {
        if ty.kind == Kind::Integer(WIDEST) {
            return Err(not_known("a number of 256 bits between functions"));
        }
        let is_float = match ty.kind {
            Kind::Float(Format::Single | Format::Double) => !unit.is_soft(),
            Kind::Float(_) if !unit.is_soft() => {
                return Err(not_known(format!(
                    "a floating point number of {} bits between functions",
                    ty.width()?
                )));
            }
            _ => false,
        };
        Ok(Self {
            ty,
            is_signed,
            is_float,
        })
    }

    /// The type that C's prototype has.
    pub fn declared(&self) -> String {
        match (&self.ty.kind, self.is_float) {
            (Kind::Float(Format::Single), true) => "float".into(),
            (Kind::Float(_), true) => "double".into(),
            (Kind::Integer(8 | 16 | 32 | 64), _) if self.is_signed => {
                self.ty.name.replace('u', "i")
            }
            _ => self.ty.name.clone(),
        }
    }

    /// A value, to be passed on.
    pub fn given(&self, value: &str) -> String {
        match self.is_float {
            true => format!("gl_f{}({value})", self.ty.size * 8),
            false if self.is_signed => format!("({}){value}", self.declared()),
            false => value.to_owned(),
        }
    }

    /// What was passed, as a value: nothing is known of the bits above its width.
    pub fn taken(&self, passed: &str) -> Result<String> {
        match self.ty.kind {
            _ if self.is_float => Ok(format!("gl_bits_f{}({passed})", self.ty.size * 8)),
            Kind::Integer(width) => masked(width, passed),
            _ => Ok(passed.to_owned()),
        }
    }

    fn class(&self) -> char {
        if self.is_float { 'f' } else { 'i' }
    }

    fn given_in_pair(&self, value: &str) -> String {
        match (&self.ty.kind, self.is_float) {
            (_, true) => format!("gl_f64({value})"),
            (Kind::Pointer, _) => format!("(uptr){value}"),
            _ => value.to_owned(),
        }
    }

    fn taken_from_pair(&self, passed: &str) -> Result<String> {
        match self.ty.kind {
            _ if self.is_float => Ok(format!("({})gl_bits_f64({passed})", self.ty.name)),
            Kind::Integer(width) => masked(width, passed),
            Kind::Pointer => Ok(format!("(P)(uptr){passed}")),
            _ => Ok(format!("({}){passed}", self.ty.name)),
        }
    }
}

impl Signature {
    pub fn of_function<'m>(unit: &Unit<'m>, function: Function<'m>) -> Result<Self> {
        if function.convention()? != 0 {
            return Err(not_known(format!(
                "the calling convention {}",
                function.convention()?
            )));
        }
        Self::new(unit, &function.signature()?, &|place| {
            function.attributes(place)
        })
    }

    /// A prototype from a type and the attributes of parameters and result.
    pub fn new<'m>(
        unit: &Unit<'m>,
        ty: &FunctionType<'m>,
        attributes: &dyn Fn(Place) -> Result<Vec<Attribute<'m>>>,
    ) -> Result<Self> {
        let mut parameters = Vec::new();
        let mut is_place = false;
        for (at, parameter) in ty.parameters.iter().enumerate() {
            let said = attributes::of_value(&attributes(Place::Parameter(at as u32))?)?;
            is_place |= said.place;
            if said.place && at != 0 {
                return Err(not_known("sret of another parameter than the first"));
            }
            let passed = match said.copy {
                Some((of, alignment)) => copy(unit, of, alignment)?,
                None => passed(unit, unit.ty(*parameter)?, said.is_signed)?,
            };
            parameters.push(passed);
        }
        let said = attributes::of_value(&attributes(Place::Result)?)?;
        let result = match is_place {
            true => Returned::Place,
            false => returned(unit, unit.ty(ty.result)?, said.is_signed)?,
        };
        Ok(Self {
            result,
            parameters,
            is_variadic: ty.is_variadic,
        })
    }

    /// The result's type in C.
    pub fn result(&self) -> String {
        match &self.result {
            Returned::Nothing => "void".into(),
            Returned::Scalar(_, _, scalar) => scalar.declared(),
            Returned::Pair(_, [(_, left), (_, right)]) => {
                format!("gl_pair_{}{}", left.class(), right.class())
            }
            Returned::Place => "P".into(),
        }
    }

    /// The parameters' types in C, each with a name made of its number if they are wanted.
    pub fn parameters(&self, with_names: bool) -> String {
        let mut all = Vec::new();
        for (at, parameter) in self.parameters.iter().enumerate() {
            let name = |part: String| match with_names {
                true => format!(" a{at}{part}"),
                false => String::new(),
            };
            match parameter {
                Passed::Scalar(scalar) => all.push(scalar.declared() + &name(String::new())),
                Passed::Copy(ty) => all.push(ty.clone() + &name(String::new())),
                Passed::Parts(_, parts) => {
                    let parts = parts.iter().enumerate();
                    all.extend(parts.map(|(number, (_, scalar))| {
                        scalar.declared() + &name(format!("_{number}"))
                    }));
                }
            }
        }
        match (all.is_empty(), self.is_variadic) {
            (true, false) => "void".into(),
            (true, true) => String::new(),
            (false, true) => format!("{}, ...", all.join(", ")),
            (false, false) => all.join(", "),
        }
    }

    /// A pair as C returns it.
    pub fn pair(&self, value: &str) -> String {
        match &self.result {
            Returned::Pair(_, [(left, first), (right, second)]) => format!(
                "({}){{ {}, {} }}",
                self.result(),
                first.given_in_pair(&format!("{value}{left}")),
                second.given_in_pair(&format!("{value}{right}"))
            ),
            _ => value.to_owned(),
        }
    }

    /// The two parts of a pair that was returned, each with the path to where it belongs.
    pub fn parts(&self, returned: &str) -> Result<Vec<(String, String)>> {
        match &self.result {
            Returned::Pair(_, [(left, first), (right, second)]) => Ok(vec![
                (
                    left.clone(),
                    first.taken_from_pair(&format!("{returned}.first"))?,
                ),
                (
                    right.clone(),
                    second.taken_from_pair(&format!("{returned}.second"))?,
                ),
            ]),
            _ => Ok(Vec::new()),
        }
    }
}

fn passed(unit: &Unit<'_>, ty: Rc<CType>, is_signed: bool) -> Result<Passed> {
    if !ty.is_aggregate() {
        return Ok(Passed::Scalar(Scalar::new(unit, ty, is_signed)?));
    }
    let mut parts = Vec::new();
    scalars(unit, &ty, "", &mut parts)?;
    Ok(Passed::Parts(ty, parts))
}

fn returned(unit: &Unit<'_>, ty: Rc<CType>, is_signed: bool) -> Result<Returned> {
    if ty.kind == Kind::Void {
        return Ok(Returned::Nothing);
    }
    if !ty.is_aggregate() {
        let scalar = Scalar::new(unit, ty.clone(), is_signed)?;
        return Ok(Returned::Scalar(ty, String::new(), scalar));
    }
    let mut parts = Vec::new();
    scalars(unit, &ty, "", &mut parts)?;
    let fits = |scalar: &Scalar| scalar.ty.size <= 8;
    match <[_; 2]>::try_from(parts) {
        Ok(two) if two.iter().all(|(_, scalar)| fits(scalar)) => Ok(Returned::Pair(ty, two)),
        Ok(_) => Err(not_known(
            "a result of two numbers in more than two registers",
        )),
        Err(mut parts) => match (parts.pop(), parts.is_empty()) {
            (Some((path, scalar)), true) => Ok(Returned::Scalar(ty, path, scalar)),
            (None, _) => Ok(Returned::Nothing),
            _ => Err(not_known("a result in more than two registers")),
        },
    }
}

/// The scalars of an aggregate, with the path to each.
fn scalars(
    unit: &Unit<'_>,
    ty: &Rc<CType>,
    path: &str,
    to: &mut Vec<(String, Scalar)>,
) -> Result<()> {
    if !ty.is_aggregate() {
        to.push((path.to_owned(), Scalar::new(unit, ty.clone(), false)?));
        return Ok(());
    }
    for at in 0..ty.count() {
        if let Some((element, _, select)) = ty.element(at) {
            scalars(unit, element, &format!("{path}{select}"), to)?;
        }
    }
    Ok(())
}

/// A copy on the stack. A structure of at most 16 bytes would be taken apart by C.
fn copy<'m>(unit: &Unit<'m>, ty: Type<'m>, alignment: u64) -> Result<Passed> {
    let of = unit.ty(ty)?;
    if of.size <= 16 {
        return Err(not_known(format!("byval of {} bytes", of.size)));
    }
    let alignment = alignment.max(u64::from(of.alignment));
    Ok(Passed::Copy(unit.types.block(of.size, alignment)))
}
