//! Memory: loads, stores, addresses, and room on the stack.

use gateless_llvm::{Access, AddressAssumed, Constant, Instruction, Ordering, Type, Value};
use gateless_model::Result;

use crate::body::Body;
use crate::integer::{masked, signed};
use crate::refusal::not_known;
use crate::types::{CType, Kind};

/// A place in memory, as C reaches it.
#[derive(Clone, Copy)]
struct Place<'a> {
    address: &'a str,
    offset: u64,
    alignment: u64,
    is_volatile: bool,
}

impl Place<'_> {
    /// The place this much further.
    fn further(self, offset: u64) -> Self {
        let known = match offset {
            0 => self.alignment,
            offset => self.alignment.min(1 << offset.trailing_zeros()),
        };
        Self {
            offset: self.offset + offset,
            alignment: known,
            ..self
        }
    }

    fn address(self) -> String {
        match self.offset {
            0 => self.address.to_owned(),
            offset => format!("({} + {offset})", self.address),
        }
    }

    /// The place as what C assigns to and from.
    fn of(self, ty: &str) -> String {
        let volatile = if self.is_volatile { "volatile " } else { "" };
        format!(
            "*({volatile}{ty}_a{} *){}",
            self.alignment.min(16),
            self.address()
        )
    }
}

/// The bytes of a number that no integer of C's is as large as.
fn odd_bytes(ty: &CType) -> Option<u32> {
    match ty.kind {
        Kind::Integer(width) => {
            let bytes = width.div_ceil(8);
            (!bytes.is_power_of_two() || width > 128).then_some(bytes)
        }
        _ => None,
    }
}

impl<'m> Body<'_, 'm> {
    pub fn load(&mut self, it: Instruction<'m>, address: Value<'m>, access: Access) -> Result<()> {
        if access.ordering != Ordering::NotAtomic {
            return self.atomic_load(it, address, access);
        }
        let ty = self.ty(it.into())?;
        let (name, address) = (self.variable_of(it.into())?, self.value(address)?);
        let place = Place {
            address: &address,
            offset: 0,
            alignment: access.alignment.into(),
            is_volatile: access.is_volatile,
        };
        self.load_from(&ty, &name, place)
    }

    fn load_from(&mut self, ty: &CType, to: &str, from: Place<'_>) -> Result<()> {
        if ty.is_aggregate() {
            for at in 0..ty.count() {
                if let Some((element, offset, path)) = ty.element(at) {
                    self.load_from(element, &format!("{to}{path}"), from.further(offset))?;
                }
            }
            return Ok(());
        }
        let loaded = match (&ty.kind, odd_bytes(ty)) {
            (Kind::Integer(width), Some(bytes)) => {
                if from.is_volatile || bytes > 8 {
                    return Err(not_known(format!("a load of {bytes} bytes at once")));
                }
                let loaded = format!("gl_load_bytes({}, {bytes})", from.address());
                masked(*width, &loaded)?
            }
            // The bits above the width are 0 in memory, too, or the result is undefined.
            (Kind::Integer(width), None) if width % 8 != 0 => masked(*width, &from.of(&ty.name))?,
            _ => from.of(&ty.name),
        };
        self.say(&format!("{to} = {loaded};"));
        Ok(())
    }

    pub fn store(&mut self, value: Value<'m>, address: Value<'m>, access: Access) -> Result<()> {
        if access.ordering != Ordering::NotAtomic {
            return self.atomic_store(value, address, access);
        }
        let ty = self.ty(value)?;
        let (value, address) = (self.value(value)?, self.value(address)?);
        let place = Place {
            address: &address,
            offset: 0,
            alignment: access.alignment.into(),
            is_volatile: access.is_volatile,
        };
        self.store_to(&ty, &value, place)
    }

    fn store_to(&mut self, ty: &CType, value: &str, to: Place<'_>) -> Result<()> {
        if ty.is_aggregate() {
            for at in 0..ty.count() {
                if let Some((element, offset, path)) = ty.element(at) {
                    self.store_to(element, &format!("{value}{path}"), to.further(offset))?;
                }
            }
            return Ok(());
        }
        match odd_bytes(ty) {
            Some(bytes) if to.is_volatile || bytes > 8 => {
                return Err(not_known(format!("a store of {bytes} bytes at once")));
            }
            Some(bytes) => {
                let address = to.address();
                self.say(&format!("gl_store_bytes({address}, {value}, {bytes});"));
            }
            None => self.say(&format!("{} = {value};", to.of(&ty.name))),
        }
        Ok(())
    }

    /// Room on the stack: for all of the function's life at the beginning, else for as long as the function runs from here on.
    pub fn alloca(
        &mut self,
        it: Instruction<'m>,
        ty: Type<'m>,
        count: Value<'m>,
        alignment: u32,
    ) -> Result<()> {
        let size = self.unit.ty(ty)?.size;
        let number = match count.as_constant()? {
            Some(constant) => constant.as_integer()?.and_then(|bits| bits.as_u64()),
            None => None,
        };
        let is_at_beginning = self.function.entry()? == Some(it.block()?);
        match number {
            Some(number) if is_at_beginning => {
                let name = self.variable_of(it.into())?;
                let memory = format!("{name}_m");
                self.memory(&memory, (size * number).max(1), alignment);
                self.say(&format!("{name} = {memory};"));
                Ok(())
            }
            _ => {
                let count = self.value(count)?;
                let bits = u64::from(alignment) * 8;
                let room = format!("__builtin_alloca_with_align((uptr){count} * {size}u, {bits})");
                self.assign(it, &room)
            }
        }
    }

    /// `getelementptr`: computed as a number, unless it stays in an object.
    pub fn address(
        &mut self,
        it: Instruction<'m>,
        source: Type<'m>,
        base: Value<'m>,
        indices: &[Value<'m>],
        assumed: AddressAssumed,
    ) -> Result<()> {
        let source = self.unit.ty(source)?;
        if self.ty(it.into())?.kind != Kind::Pointer {
            return Err(not_known("addresses in a vector"));
        }
        let offset = self.offset(&source, indices)?;
        let base = self.value(base)?;
        let address = match (offset.as_str(), assumed.in_bounds) {
            ("0", _) => base,
            (_, true) => format!("{base} + (iptr)({offset})"),
            (_, false) => format!("(P)((uptr){base} + ({offset}))"),
        };
        self.assign(it, &address)
    }

    /// How far indices lead, in bytes, as a number that wraps.
    fn offset(&mut self, source: &CType, indices: &[Value<'m>]) -> Result<String> {
        let (mut at, mut known, mut terms) = (source, 0i128, Vec::new());
        for (number, index) in indices.iter().enumerate() {
            let constant = index.as_constant()?;
            let integer = constant.map(Constant::as_integer).transpose()?.flatten();
            let (element, size) = match (&at.kind, number) {
                (_, 0) => (at, at.size),
                (Kind::Array(element, _), _) => (&**element, element.size),
                _ => {
                    let at_element = integer.as_ref().and_then(|bits| bits.as_u64());
                    let element = at_element.and_then(|it| at.element(it));
                    let Some((element, offset, _)) = element else {
                        return Err(not_known(format!("the index {index:?}")));
                    };
                    known += i128::from(offset);
                    at = element;
                    continue;
                }
            };
            match integer.and_then(|bits| bits.as_i128()) {
                Some(integer) => known += integer * i128::from(size),
                None => {
                    let width = self.ty(*index)?.width()?;
                    let value = signed(width, &self.value(*index)?)?;
                    terms.push(match size {
                        1 => format!("(uptr){value}"),
                        size => format!("(uptr){value} * {size}u"),
                    });
                }
            }
            at = element;
        }
        if known != 0 || terms.is_empty() {
            terms.push(match known < 0 {
                true => format!("(uptr)({known})"),
                false => known.to_string(),
            });
        }
        Ok(terms.join(" + "))
    }
}
