//! What runs the program: standard output, and C functions that know what C says of them.

use std::io::Write;

unsafe extern "C" {
    fn t_main(which: u32);
    fn t_abi(a: i8, b: u8, c: i16, d: u16, e: bool, f: u64) -> i16;
}

#[unsafe(no_mangle)]
extern "C" fn put(text: *const u8, length: usize) {
    let text = unsafe { std::slice::from_raw_parts(text, length) };
    std::io::stdout().write_all(text).unwrap();
}

#[unsafe(no_mangle)]
extern "C" fn gl_seed() -> u64 {
    0x9E37_79B9_7F4A_7C15
}

fn main() {
    std::panic::set_hook(Box::new(|info| println!("PANIC {info}")));
    let which = std::env::args().nth(1).map_or(0, |it| it.parse().unwrap());
    println!("abi {}", unsafe { t_abi(-3, 200, -3000, 60000, true, 0x1234_5678_9abc_def) });
    unsafe { t_main(which) }
}
