pub struct Q<T>(pub T);
pub struct S;
impl S {
    pub fn m(self: Q<Self>) {}
}
