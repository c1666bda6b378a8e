//! Atomic accesses, by GCC's functions.

use gateless_llvm::{
    Access, Instruction, IntegerPredicate, Ordering, Scope, UpdateOperation, Value,
};
use gateless_model::Result;

use crate::body::Body;
use crate::integer;
use crate::refusal::not_known;
use crate::types::{CType, Kind};

fn order(ordering: Ordering) -> &'static str {
    match ordering {
        Ordering::NotAtomic | Ordering::Unordered | Ordering::Monotonic => "__ATOMIC_RELAXED",
        Ordering::Acquire => "__ATOMIC_ACQUIRE",
        Ordering::Release => "__ATOMIC_RELEASE",
        Ordering::AcquireRelease => "__ATOMIC_ACQ_REL",
        Ordering::SequentiallyConsistent => "__ATOMIC_SEQ_CST",
    }
}

/// The ordering of success that is no weaker than that of failure, as C wants it.
fn at_least(success: Ordering, failure: Ordering) -> Ordering {
    use Ordering as O;
    match (success, failure) {
        (_, O::SequentiallyConsistent) => O::SequentiallyConsistent,
        (O::Monotonic, O::Acquire) => O::Acquire,
        (O::Release, O::Acquire) => O::AcquireRelease,
        _ => success,
    }
}

/// The address as GCC's functions take it. They need the type's own alignment.
fn place(ty: &CType, address: &str, access: Access) -> Result<String> {
    if u64::from(access.alignment) < ty.size {
        return Err(not_known("an atomic access that isn't aligned"));
    }
    // Ordering among all is more than is asked for.
    if let Scope::Target(scope) = access.scope {
        return Err(not_known(format!("the synchronisation scope {scope}")));
    }
    if !matches!(ty.kind, Kind::Pointer | Kind::Integer(8 | 16 | 32 | 64)) {
        return Err(not_known(format!("an atomic access to {} bytes", ty.size)));
    }
    let volatile = if access.is_volatile { "volatile " } else { "" };
    Ok(format!("({volatile}{}_a{} *){address}", ty.name, ty.size))
}

impl<'m> Body<'_, 'm> {
    pub fn atomic_load(
        &mut self,
        it: Instruction<'m>,
        address: Value<'m>,
        access: Access,
    ) -> Result<()> {
        let (ty, address) = (self.ty(it.into())?, self.value(address)?);
        let (place, order) = (place(&ty, &address, access)?, order(access.ordering));
        self.assign(it, &format!("__atomic_load_n({place}, {order})"))
    }

    pub fn atomic_store(
        &mut self,
        value: Value<'m>,
        address: Value<'m>,
        access: Access,
    ) -> Result<()> {
        let (ty, value, address) = (self.ty(value)?, self.value(value)?, self.value(address)?);
        let (place, order) = (place(&ty, &address, access)?, order(access.ordering));
        self.say(&format!("__atomic_store_n({place}, {value}, {order});"));
        Ok(())
    }

    pub fn fence(&mut self, ordering: Ordering, scope: Scope) -> Result<()> {
        let name = match scope {
            Scope::SingleThread => "__atomic_signal_fence",
            Scope::System => "__atomic_thread_fence",
            Scope::Target(scope) => {
                return Err(not_known(format!("the synchronisation scope {scope}")));
            }
        };
        self.say(&format!("{name}({});", order(ordering)));
        Ok(())
    }

    pub fn compare_exchange(
        &mut self,
        it: Instruction<'m>,
        address: Value<'m>,
        [expected, new]: [Value<'m>; 2],
        access: Access,
        failure: Ordering,
        is_weak: bool,
    ) -> Result<()> {
        let ty = self.ty(new)?;
        let (address, expected, new) = (
            self.value(address)?,
            self.value(expected)?,
            self.value(new)?,
        );
        let place = place(&ty, &address, access)?;
        let name = self.variable_of(it.into())?;
        self.say(&format!("{name}.f0 = {expected};"));
        let success = order(at_least(access.ordering, failure));
        let failure = order(failure);
        let weak = u8::from(is_weak);
        self.say(&format!(
            "{name}.f1 = __atomic_compare_exchange_n({place}, &{name}.f0, {new}, {weak}, {success}, {failure});"
        ));
        Ok(())
    }

    /// `atomicrmw`: by a function of GCC's, or by exchanging until nothing came between.
    pub fn update(
        &mut self,
        it: Instruction<'m>,
        operation: UpdateOperation,
        address: Value<'m>,
        value: Value<'m>,
        access: Access,
    ) -> Result<()> {
        use UpdateOperation as U;
        let ty = self.ty(value)?;
        let (address, value) = (self.value(address)?, self.value(value)?);
        let (place, order) = (place(&ty, &address, access)?, order(access.ordering));
        let function = match operation {
            U::Exchange => "__atomic_exchange_n",
            _ if ty.kind == Kind::Pointer => {
                return Err(not_known(format!("{operation:?} of a pointer")));
            }
            U::Add => "__atomic_fetch_add",
            U::Subtract => "__atomic_fetch_sub",
            U::And => "__atomic_fetch_and",
            U::Or => "__atomic_fetch_or",
            U::Xor => "__atomic_fetch_xor",
            _ => return self.update_slowly(it, operation, [&place, &value], order, ty.width()?),
        };
        self.assign(it, &format!("{function}({place}, {value}, {order})"))
    }

    fn update_slowly(
        &mut self,
        it: Instruction<'m>,
        operation: UpdateOperation,
        [place, value]: [&str; 2],
        order: &str,
        width: u32,
    ) -> Result<()> {
        use {IntegerPredicate as I, UpdateOperation as U};
        let old = self.variable_of(it.into())?;
        let choose = |predicate| -> Result<String> {
            let test = integer::compare(predicate, width, &old, value)?;
            Ok(format!("{test} ? {old} : {value}"))
        };
        // GCC's own function for `nand` is wrong on some targets.
        let new = match operation {
            U::NotAnd => integer::masked(width, &format!("~({old} & {value})"))?,
            U::SignedMaximum => choose(I::SignedGreater)?,
            U::SignedMinimum => choose(I::SignedLess)?,
            U::UnsignedMaximum => choose(I::UnsignedGreater)?,
            U::UnsignedMinimum => choose(I::UnsignedLess)?,
            _ => return Err(not_known(format!("the atomic operation {operation:?}"))),
        };
        self.say(&format!(
            "{old} = __atomic_load_n({place}, __ATOMIC_RELAXED);"
        ));
        self.say(&format!(
            "while (!__atomic_compare_exchange_n({place}, &{old}, {new}, 1, {order}, __ATOMIC_RELAXED));"
        ));
        Ok(())
    }
}
