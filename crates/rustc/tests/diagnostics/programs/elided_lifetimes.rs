pub struct Ref<'a, T>(&'a T);
pub trait T {}
impl T for Ref<u8> {}
