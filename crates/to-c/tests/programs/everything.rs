//! Every operation on integers of every width, floats, text, trait objects, atomics, C functions both ways, panics.
#![no_std]
#![allow(dead_code)]
#![allow(unsafe_op_in_unsafe_fn)]
extern crate alloc;
use alloc::{boxed::Box, collections::BTreeMap, format, rc::Rc, string::String, vec::Vec};
use core::fmt::{self, Write};
use core::sync::atomic::*;
unsafe extern "C" {
    fn put(p: *const u8, n: usize);
    fn gl_seed() -> u64;
    fn c_cmp(f: extern "C" fn(*const i32, *const i32) -> i32, a: i32, b: i32) -> i32;
    fn c_i8(a: i8, b: u8, c: i16, d: u16, e: i32, f: u32, g: i64, h: u64, i: bool) -> i64;
    fn c_neg8(a: i32) -> i8;
    fn c_u16(a: i32) -> u16;
    fn c_isneg(a: i32) -> bool;
    fn c_va(fmt: *const u8, ...) -> i32;
}
struct Out;
impl Write for Out {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        unsafe { put(s.as_ptr(), s.len()) };
        Ok(())
    }
}
macro_rules! p { ($($t:tt)*) => { { let _ = writeln!(Out, $($t)*); } } }
struct R(u64);
impl R {
    fn n(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn edge(&mut self) -> u128 {
        let k = self.n() % 8;
        let x = (self.n() as u128) << 64 | self.n() as u128;
        match k {
            0 => x & 0xff,
            1 => !(x & 0xff),
            2 => 1u128 << (x % 128),
            3 => (1u128 << (x % 128)).wrapping_sub(1),
            4 => x >> (self.n() % 128),
            _ => x,
        }
    }
}
fn mix(h: &mut u64, v: u128) {
    for b in v.to_le_bytes() {
        *h = (*h ^ b as u64).wrapping_mul(0x100000001b3);
    }
}
macro_rules! arith { ($r:expr, $($T:ident $W:ident),*) => { $( {
  let mut h = [0xcbf29ce484222325u64; 16];
  for _ in 0..200 { let a = $r.edge() as $T; let b = $r.edge() as $T; let s = ($r.n() % ($T::BITS as u64)) as u32;
    mix(&mut h[0], a.wrapping_add(b) as $W as u128); mix(&mut h[0], a.wrapping_sub(b) as $W as u128); mix(&mut h[1], a.wrapping_mul(b) as $W as u128);
    if b != 0 { mix(&mut h[2], a.wrapping_div(b) as $W as u128); mix(&mut h[3], a.wrapping_rem(b) as $W as u128); mix(&mut h[3], a.wrapping_div_euclid(b) as $W as u128); }
    mix(&mut h[4], a.checked_add(b).map_or(7, |x| x as $W as u128)); mix(&mut h[4], a.checked_sub(b).map_or(9, |x| x as $W as u128)); mix(&mut h[5], a.checked_mul(b).map_or(11, |x| x as $W as u128));
    mix(&mut h[6], a.saturating_add(b) as $W as u128); mix(&mut h[6], a.saturating_sub(b) as $W as u128); mix(&mut h[6], a.saturating_mul(b) as $W as u128);
    mix(&mut h[7], (a << s) as $W as u128); mix(&mut h[7], (a >> s) as $W as u128); mix(&mut h[7], a.rotate_left(s) as $W as u128); mix(&mut h[7], a.rotate_right(s) as $W as u128);
    mix(&mut h[8], a.leading_zeros() as u128); mix(&mut h[8], a.trailing_zeros() as u128); mix(&mut h[8], a.count_ones() as u128);
    mix(&mut h[9], a.swap_bytes() as $W as u128); mix(&mut h[9], a.reverse_bits() as $W as u128); mix(&mut h[9], a.to_be() as $W as u128 & 0 | u128::from(a.to_be_bytes()[0]));
    mix(&mut h[10], (a < b) as u128 | ((a <= b) as u128) << 1 | ((a == b) as u128) << 2); mix(&mut h[10], a.cmp(&b) as i8 as u8 as u128); mix(&mut h[10], a.min(b) as $W as u128); mix(&mut h[10], a.max(b) as $W as u128);
    mix(&mut h[11], a as i8 as u8 as u128); mix(&mut h[11], a as u16 as u128); mix(&mut h[11], a as i32 as u32 as u128); mix(&mut h[11], a as i64 as u64 as u128); mix(&mut h[11], a as i128 as u128);
    mix(&mut h[12], a.checked_shl(s * 3).map_or(3, |x| x as $W as u128)); mix(&mut h[12], a.wrapping_shl(s * 5) as $W as u128); mix(&mut h[12], a.abs_diff(b) as u128);
    mix(&mut h[13], a.wrapping_pow((b as u32) & 15) as $W as u128); mix(&mut h[13], (!a ^ b & a | b) as $W as u128);
    if s % 16 == 0 { let mut buf = String::new(); let _ = write!(buf, "{} {:x} {:#010b} {:+} {:>12} {:?}", a, b, a as u8, a, b, a); for c in buf.bytes() { mix(&mut h[14], c as u128); } let q: Result<$T, _> = format!("{}", a).parse(); mix(&mut h[15], (q == Ok(a)) as u128); }
  }
  p!("{}: {:016x?}", stringify!($T), h); } )* } }
trait Shape {
    fn area(&self) -> u64;
    fn name(&self) -> String {
        String::from("shape")
    }
}
struct Sq(u32);
struct Rect {
    w: u16,
    h: u64,
    t: (u8, u128),
}
impl Shape for Sq {
    fn area(&self) -> u64 {
        self.0 as u64 * self.0 as u64
    }
}
impl Shape for Rect {
    fn area(&self) -> u64 {
        self.w as u64 * self.h + (self.t.1 >> 64) as u64 + self.t.0 as u64
    }
    fn name(&self) -> String {
        format!("rect{}", self.w)
    }
}
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum E {
    A,
    B(u8),
    C { x: i64, y: [u16; 3] },
    D(String),
    F(Option<Box<E>>),
}
#[inline(never)]
fn total<T: Copy + core::ops::Add<Output = T> + Default>(s: &[T]) -> T {
    let mut a = T::default();
    for x in s {
        a = a + *x;
    }
    a
}
#[repr(C, packed)]
#[derive(Clone, Copy)]
struct Pk {
    a: u8,
    b: u32,
    c: u64,
    d: u16,
}
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct S3 {
    a: u8,
    b: u8,
    c: u8,
}
extern "C" fn cmp(a: *const i32, b: *const i32) -> i32 {
    unsafe { (*a).wrapping_sub(*b) }
}
static TAB: [(&str, fn(u64) -> u64); 3] = [
    ("dbl", |x| x * 2),
    ("sq", |x| x.wrapping_mul(x)),
    ("neg", |x| !x),
];
static CNT: AtomicU32 = AtomicU32::new(5);
static CNTP: AtomicUsize = AtomicUsize::new(5);
fn collatz(mut n: u64) -> u32 {
    let mut c = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        c += 1;
    }
    c
}
#[inline(never)]
fn small(x: u32) -> Result<u8, S3> {
    if x & 1 == 0 {
        Ok(x as u8)
    } else {
        Err(S3 {
            a: 1,
            b: x as u8,
            c: (x >> 8) as u8,
        })
    }
}
#[inline(never)]
fn idx(v: &[u32], i: usize) -> u32 {
    v[i]
}
#[unsafe(no_mangle)]
pub extern "C" fn t_abi(a: i8, b: u8, c: i16, d: u16, e: bool, f: u64) -> i16 {
    (a as i64 + b as i64 * 2 + c as i64 * 3 + d as i64 * 5 + e as i64 * 7 + f as i64) as i16
}
#[unsafe(no_mangle)]
pub extern "C" fn t_main(which: u32) {
    let mut r = R(unsafe { gl_seed() });
    arith!(r, u8 u8, i8 u8, u16 u16, i16 u16, u32 u32, i32 u32, u64 u64, i64 u64, u128 u128, i128 u128);
    let sh: Vec<Box<dyn Shape>> = alloc::vec![
        Box::new(Sq(70000)),
        Box::new(Rect {
            w: 7,
            h: 1 << 40,
            t: (9, 5 << 64)
        }),
        Box::new(Sq(3))
    ];
    for s in &sh {
        p!("{} {}", s.name(), s.area());
    }
    let e = [
        E::A,
        E::B(3),
        E::C {
            x: -5,
            y: [1, 2, 65535],
        },
        E::D("h\u{e9}llo \n\"".into()),
        E::F(Some(Box::new(E::F(None)))),
    ];
    p!("{:?}", e);
    p!("{:#?}", e);
    let mut es = e.to_vec();
    es.sort_by(|a, b| b.cmp(a));
    p!("{:?} {}", es, es[0] == E::F(None));
    p!(
        "{} {} {}",
        total(&[1u8, 2, 3]),
        total(&[1.5f64, 2.25, -7.125]),
        total(&[1u128 << 100, 5])
    );
    let mut v: Vec<u64> = (0..500).map(|_| r.n() % 1000).collect();
    v.sort();
    let mut w = v.clone();
    w.dedup();
    w.sort_unstable_by(|a, b| b.cmp(a));
    p!("{} {} {:?} {:?}", v.len(), w.len(), &v[..5], &w[..5]);
    let mut m = BTreeMap::new();
    for i in 0..300u32 {
        *m.entry(r.n() as u16 % 100).or_insert(0u64) += i as u64;
    }
    m.retain(|k, _| k % 3 == 0);
    p!("{:?}", m);
    let pk = Pk {
        a: 1,
        b: 0x01020304,
        c: 0x1122334455667788,
        d: 0xaabb,
    };
    let by: [u8; 15] = unsafe { core::mem::transmute(pk) };
    p!(
        "{:x} {:x} {}",
        { pk.b },
        { pk.c },
        by.iter().map(|x| *x as u32).sum::<u32>()
    );
    let un = [0u8, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    p!(
        "{:x} {:x} {:x}",
        u64::from_le_bytes(un[1..9].try_into().unwrap()),
        u32::from_be_bytes(un[3..7].try_into().unwrap()),
        unsafe { (un.as_ptr().add(1) as *const u32).read_unaligned() }.to_le()
    );
    p!(
        "{:?} {:?} {:?}",
        "12x".parse::<u32>(),
        "-128".parse::<i8>(),
        "340282366920938463463374607431768211455".parse::<u128>()
    );
    p!(
        "{:?} {:?} {:e} {} {} {:.3} {:?}",
        1.0f64 / 3.0,
        0.1f32 + 0.2f32,
        123456.789f64,
        f64::MAX,
        f32::MIN_POSITIVE,
        2.0f64 / 3.0,
        "1e-7".parse::<f64>()
    );
    p!(
        "{} {} {} {} {}",
        -1.5f64 as i32,
        1e20f64 as u32,
        f64::NAN as i64,
        300.7f32 as u8,
        (r.n() as f64 / 3.0) as u64 % 2 < 2
    );
    p!(
        "{:?}",
        "na\u{ef}ve \u{1F600} text"
            .chars()
            .rev()
            .collect::<String>()
    );
    p!("{:?}", "a,b,,c".split(',').collect::<Vec<_>>());
    p!("{}", "Stra\u{df}e".to_uppercase());
    p!("{:?}", core::str::from_utf8(&[0xff, 0x41]));
    p!("{:?} {:?}", small(r.n() as u32 & !1), small(0x1235));
    p!(
        "{} {} {}",
        collatz(27),
        collatz(837799),
        TAB.iter()
            .map(|t| {
                let x = t.1(12345678901);
                x ^ t.0.len() as u64
            })
            .fold(0, |a, b| a ^ b)
    );
    CNT.fetch_add(3, Ordering::SeqCst);
    let o = CNT.swap(77, Ordering::AcqRel);
    let c = CNT.compare_exchange(77, 78, Ordering::SeqCst, Ordering::Relaxed);
    let d = CNT.compare_exchange(77, 79, Ordering::SeqCst, Ordering::Relaxed);
    CNT.fetch_max(100, Ordering::Relaxed);
    CNT.fetch_and(0x6f, Ordering::Relaxed);
    CNT.fetch_nand(0x3, Ordering::SeqCst);
    p!(
        "{} {:?} {:?} {:x} {}",
        o,
        c,
        d,
        CNT.load(Ordering::Acquire),
        CNTP.fetch_sub(9, Ordering::Relaxed)
    );
    fence(Ordering::SeqCst);
    let rc = Rc::new(core::cell::RefCell::new(alloc::vec![1, 2]));
    let rc2 = rc.clone();
    rc2.borrow_mut().push(3);
    p!("{:?} {}", rc, Rc::strong_count(&rc));
    unsafe {
        p!(
            "{} {} {} {} {}",
            c_cmp(cmp, 5, -9),
            c_i8(
                -3,
                200,
                -300,
                60000,
                -70000,
                4000000000,
                -1 << 40,
                u64::MAX / 3,
                true
            ),
            c_neg8(1000),
            c_u16(-2),
            c_isneg(-4)
        );
        p!(
            "{}",
            c_va(
                b"%d %s %llu %c\n\0".as_ptr(),
                -5i32,
                b"str\0".as_ptr(),
                1u64 << 40,
                b'x' as i32
            )
        );
    }
    let it = (1..=10u32)
        .filter(|x| x % 3 != 0)
        .zip("abcdefgh".chars())
        .map(|(a, b)| format!("{a}{b}"))
        .collect::<Vec<_>>()
        .join("-");
    p!(
        "{it} {:>width$.prec$}|{:<8}|{:^9}|{:*^9}",
        3.14159,
        "ab",
        "mid",
        'x',
        width = 10,
        prec = 2
    );
    let t = core::time::Duration::new(5, 123_456_789) * 3;
    p!(
        "{:?} {:?} {:?}",
        t,
        t.checked_div(7),
        core::net::Ipv6Addr::new(0xfe80, 0, 0, 0, 1, 2, 3, 4)
    );
    p!("{:?}", core::char::from_u32(0xD800));
    p!(
        "{:?}",
        b"bytes\x00\xff".escape_ascii().collect::<Vec<_>>().len()
    );
    let arr: [u64; 8] = core::array::from_fn(|i| r.n() >> i);
    let mut arr2 = arr;
    arr2.reverse();
    arr2.rotate_left(3);
    p!("{:x?} {}", arr2, arr.iter().any(|x| *x == arr2[3]));
    let mut ch = [0u8; 64];
    ch[3..40].fill(7);
    ch.copy_within(5..30, 20);
    p!(
        "{}",
        ch.iter().fold(0u32, |a, b| a * 31 % 65521 + *b as u32)
    );
    match which {
        0 => {}
        1 => {
            p!("{}", idx(&[1, 2, 3], (r.n() % 3 + 3) as usize))
        }
        2 => {
            let x: Option<u8> = if r.n() == 0 { Some(1) } else { None };
            x.expect("no value");
        }
        3 => {
            let d = r.n() as i32;
            p!("{}", 5 / (d ^ d));
        }
        4 => {
            let q = i32::MAX - (r.n() & 0) as i32;
            p!("{}", q + 1);
        }
        5 => {
            let s = "h\u{e9}";
            p!("{}", &s[..2 + (r.n() & 0) as usize]);
        }
        _ => {
            let c = core::cell::RefCell::new(1);
            let _a = c.borrow_mut();
            let _b = c.borrow();
        }
    }
    p!("done");
}
