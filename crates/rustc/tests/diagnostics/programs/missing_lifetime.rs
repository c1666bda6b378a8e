pub struct Ref<'a>(&'a u8);
pub fn f(_this: Box<u8>) -> Ref {
    loop {}
}
pub fn g(_this: Box<u8>) -> &u8 {
    loop {}
}
