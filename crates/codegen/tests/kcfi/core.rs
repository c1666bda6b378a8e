// What types and calls of the sample need to know of definitions in core, as core's own files have it.
pub mod ops {
    pub mod drop {
        pub trait Drop {
            fn drop(&mut self);
        }
    }
    pub mod function {
        pub trait FnOnce<Args> {
            type Output;
            fn call_once(self, args: Args) -> Self::Output;
        }
        pub trait FnMut<Args>: FnOnce<Args> {
            fn call_mut(&mut self, args: Args) -> Self::Output;
        }
        pub trait Fn<Args>: FnMut<Args> {
            fn call(&self, args: Args) -> Self::Output;
        }
    }
}
pub mod marker {
    pub struct PhantomData<T: ?Sized>;
    pub unsafe auto trait Send {}
    pub unsafe auto trait Sync {}
}
pub mod option {
    pub enum Option<T> {
        None,
        Some(T),
    }
}
pub mod result {
    pub enum Result<T, E> {
        Ok(T),
        Err(E),
    }
}
pub mod panic {
    pub mod location {
        pub struct Location<'a> {
            line: u32,
        }
    }
}
pub mod ffi {
    pub enum c_void {}
}
pub mod pin {
    #[repr(transparent)]
    pub struct Pin<Ptr> {
        pointer: Ptr,
    }
}
