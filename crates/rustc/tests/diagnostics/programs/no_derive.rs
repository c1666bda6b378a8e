#[derive(CoercePointee)]
pub struct P<T: ?Sized>(Box<T>);
