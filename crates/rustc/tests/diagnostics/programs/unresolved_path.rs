mod a {
    pub struct Type;
    impl Type {
        pub fn m() {}
    }
}
pub fn f() {
    Type::m();
    let _ = a::Type;
}
