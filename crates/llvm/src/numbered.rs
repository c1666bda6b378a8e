//! Enumerations of LLVM's C API, with the numbers that its headers give.

use gateless_model::Failure;

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
                    other => Err($crate::numbered::unknown($what, other)),
                }
            }
        }
    };
}

/// Some of the values of another such enumeration, under the same names and numbers.
macro_rules! part_of {
    ($(#[$meta:meta])* $name:ident($what:literal) of $whole:ident { $($variant:ident,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum $name {
            $(
                #[doc = concat!("[`", stringify!($whole), "::", stringify!($variant), "`]")]
                $variant = $whole::$variant as i32,
            )*
        }

        impl $name {
            /// The value of this number; an error for one that is not among them.
            pub(crate) fn from_raw(raw: std::ffi::c_int) -> gateless_model::Result<Self> {
                $(
                    if raw == $whole::$variant as std::ffi::c_int {
                        return Ok(Self::$variant);
                    }
                )*
                Err($crate::numbered::unknown($what, raw))
            }
        }
    };
}

pub(crate) use {numbered, part_of};

/// The error for something that LLVM has and this crate doesn't know.
pub(crate) fn unknown(what: &str, number: i32) -> Failure {
    Failure::failed(format!("LLVM has {what} {number}, which is not known here"))
        .help("this libLLVM is newer than the ones that are supported; use the compiler of a supported release")
}
