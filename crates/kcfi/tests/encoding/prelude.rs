#![feature(cfi_encoding, extern_types, pattern_types, pattern_type_macro)]
#![feature(const_trait_impl, pattern_type_range_trait)]
#![allow(internal_features)]
#![no_std]
#![allow(improper_ctypes_definitions, dead_code)]

pub mod m {
    pub struct Plain(u8, u16);
    #[repr(C)]
    pub struct Shared(u8, u16);
    #[repr(transparent)]
    pub struct Cover(usize);
    #[repr(transparent)]
    pub struct Twice((), Cover);
    /// Nothing but a pointer that leads to itself.
    #[repr(transparent)]
    pub struct Knot(*const Knot);
    #[repr(transparent)]
    pub struct Link(Option<&'static Link>);
    #[cfi_encoding = "3own"]
    pub struct Own(u32);
    #[cfi_encoding = "j"]
    #[repr(transparent)]
    pub struct OwnLetter(u32);
    pub enum Kind {
        A,
        B(u8),
    }
    pub union Either {
        a: u8,
        b: u32,
    }
    pub struct _Low(u8);
    #[repr(transparent)]
    pub struct Some16(core::pattern_type!(u16 is 1..));
    #[repr(transparent)]
    pub struct SomeSize(core::pattern_type!(isize is ..0 | 1..));
    unsafe extern "C" {
        pub type Far;
    }
    pub struct Gen<T>(T);
    #[repr(transparent)]
    pub struct Thin<T>(T, core::marker::PhantomData<u8>);
    pub struct Held<'a, T: ?Sized>(&'a T);
    pub struct Row<const N: usize, T>([T; N]);
    pub struct Flagged<const B: bool, T>(T, u8);
    pub trait Simple {}
    pub trait Of<T: ?Sized> {}
    pub trait Made {
        type Out: ?Sized;
    }
    pub trait Above {
        type First: ?Sized;
        type Second: ?Sized;
    }
    pub trait Below<T>: Made {}
    pub trait Lent<'a, T: ?Sized> {
        type Out;
    }
}

pub fn names<T>() {}

pub fn crates() {
    names::<core::time::Duration>();
    names::<m::Plain>();
}

