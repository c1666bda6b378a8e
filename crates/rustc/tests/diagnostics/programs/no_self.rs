pub fn f(this: &u8) {
    println!("{self}");
}
