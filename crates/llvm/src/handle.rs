//! The handles of the view: what stands for a value of a module, and for each kind of value that can be asked more.
//!
//! Functions lead to blocks, blocks to instructions, and these to functions again, where they call one. The files about them would need
//! each other in the same circle, so all handles are defined here, below those files; the methods of each are in the file of its name.
//! The constructors check nothing: the caller knows what LLVM has returned.

use std::hash::{Hash, Hasher};

use crate::Module;
use crate::table::{RawBlock, RawValue};

/// A handle that is a special case of another one and has its methods: a function is a symbol, a symbol is a value.
macro_rules! is_a {
    ($(#[$meta:meta])* $name:ident: $parent:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $name<'m>($parent<'m>);

        impl<'m> $name<'m> {
            /// The value, which is known to be one of these.
            #[allow(dead_code, reason = "for some handles only one of the two ways is needed")]
            pub(crate) fn of(value: $parent<'m>) -> Self {
                Self(value)
            }

            /// The value at `raw`, which is known to be one of these.
            #[allow(dead_code, reason = "for some handles only one of the two ways is needed")]
            pub(crate) fn at(module: &'m $crate::Module, raw: *mut $crate::table::RawValue) -> Self {
                Self($parent::at(module, raw))
            }
        }

        impl<'m> std::ops::Deref for $name<'m> {
            type Target = $parent<'m>;

            fn deref(&self) -> &$parent<'m> {
                &self.0
            }
        }

        impl<'m> From<$name<'m>> for $crate::Value<'m> {
            fn from(handle: $name<'m>) -> Self {
                handle.0.into()
            }
        }
    };
}

/// A value. Two handles are equal if they stand for the same one.
#[derive(Clone, Copy)]
pub struct Value<'m> {
    pub(crate) module: &'m Module,
    pub(crate) raw: *mut RawValue,
}

impl<'m> Value<'m> {
    pub(crate) fn at(module: &'m Module, raw: *mut RawValue) -> Self {
        Self { module, raw }
    }

    /// The value at `raw`; nothing if that is null.
    pub(crate) fn maybe(module: &'m Module, raw: *mut RawValue) -> Option<Self> {
        (!raw.is_null()).then_some(Self { module, raw })
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Value<'_> {}

impl Hash for Value<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

is_a! {
    /// A function, a variable, or another name for one.
    ///
    /// LLVM's C API doesn't show whether it is `dso_local`: [`Symbol::to_text`](crate::Value::to_text) does.
    Symbol: Value
}

is_a! {
    /// A function of a module.
    Function: Symbol
}

is_a! {
    /// A global variable of a module.
    Global: Symbol
}

is_a! {
    /// Another name for a function or variable, or for a place in one.
    Alias: Symbol
}

is_a! {
    /// A name for a function that another function finds when the program is loaded (`ifunc`).
    IndirectFunction: Symbol
}

is_a! {
    /// A parameter of a function, as its body sees it.
    Argument: Value
}

is_a! {
    /// An instruction of a function.
    Instruction: Value
}

is_a! {
    /// A constant.
    Constant: Value
}

is_a! {
    /// Assembly with its constraints.
    InlineAsm: Value
}

/// A block of a function.
#[derive(Clone, Copy)]
pub struct Block<'m> {
    pub(crate) module: &'m Module,
    pub(crate) raw: *mut RawBlock,
}

impl<'m> Block<'m> {
    pub(crate) fn at(module: &'m Module, raw: *mut RawBlock) -> Self {
        Self { module, raw }
    }
}

impl PartialEq for Block<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Block<'_> {}

impl Hash for Block<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}
