pub fn take(_: impl Fn(&u8) -> u8) {}
pub fn f() {
    take(|x: u8| x);
}
