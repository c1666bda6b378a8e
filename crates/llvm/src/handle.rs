//! What all handles of the view are made with.

use gateless_model::Failure;

/// A handle that is a special case of another one, with whose methods it comes: a function is a symbol, a symbol is a value.
macro_rules! is_a {
    ($(#[$meta:meta])* $name:ident: $parent:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $name<'m>($parent<'m>);

        impl<'m> $name<'m> {
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

/// An enumeration of LLVM's C API, with the numbers that its header gives.
macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident($what:literal) { $($(#[$doc:meta])* $variant:ident = $number:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum $name {
            $($(#[$doc])* $variant = $number,)*
        }

        impl $name {
            /// The value of this number; an error for one that the header doesn't have.
            pub(crate) fn from_raw(raw: std::ffi::c_int) -> gateless_model::Result<Self> {
                match raw {
                    $($number => Ok(Self::$variant),)*
                    other => Err($crate::handle::unknown($what, other)),
                }
            }
        }
    };
}

pub(crate) use {is_a, numbered};

/// The error for something that LLVM has and this crate doesn't know.
pub(crate) fn unknown(what: &str, number: i32) -> Failure {
    Failure::failed(format!("LLVM has {what} {number}, which is not known here"))
        .help("this libLLVM is newer than the ones that are supported; use the compiler of a supported release")
}
