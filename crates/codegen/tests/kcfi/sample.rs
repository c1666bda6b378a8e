#![no_std]
#![allow(dead_code, clippy::all)]

use core::ffi::{c_int, c_void};
use core::pin::Pin;

// What bindgen makes, and what the kernel's abstractions make of it.
pub mod bindings {
    use core::ffi::{c_int, c_long, c_uint, c_void};

    #[repr(C)]
    pub struct device {
        pub parent: *mut device,
        pub id: c_uint,
    }
    #[repr(C)]
    pub struct driver {
        pub probe: Option<unsafe extern "C" fn(dev: *mut device, id: *const device_id) -> c_int>,
        pub remove: Option<unsafe extern "C" fn(dev: *mut device)>,
        pub ioctl: Option<unsafe extern "C" fn(dev: *mut device, cmd: c_uint, arg: c_long) -> c_long>,
    }
    #[repr(C)]
    pub struct device_id {
        pub vendor: u32,
    }
    #[repr(transparent)]
    pub struct irqreturn(pub c_uint);
    unsafe extern "C" {
        pub fn register(driver: *const driver) -> c_int;
        pub fn load(image: *mut *const c_void, dev: *mut device) -> c_int;
        pub fn load_quietly(image: *mut *const c_void, dev: *mut device) -> c_int;
        pub fn release(object: *const c_void);
    }
}

pub trait Driver {
    type Data;
    fn probe(dev: &mut Device) -> Result<Self::Data, i32>;
}

#[repr(transparent)]
pub struct Device(bindings::device);

pub struct Adapter<T: Driver>(core::marker::PhantomData<T>);

impl<T: Driver> Adapter<T> {
    const OPS: bindings::driver = bindings::driver {
        probe: Some(Self::probe),
        remove: Some(Self::remove),
        ioctl: Some(ioctl),
    };
    unsafe extern "C" fn probe(
        dev: *mut bindings::device,
        _id: *const bindings::device_id,
    ) -> c_int {
        match T::probe(unsafe { &mut *dev.cast() }) {
            Ok(_) => 0,
            Err(error) => error,
        }
    }
    unsafe extern "C" fn remove(dev: *mut bindings::device) {
        unsafe { bindings::release(dev.cast()) }
    }
}

unsafe extern "C" fn ioctl(
    _dev: *mut bindings::device,
    cmd: u32,
    arg: core::ffi::c_long,
) -> core::ffi::c_long {
    arg + cmd as core::ffi::c_long
}

pub struct First;
impl Driver for First {
    type Data = u32;
    fn probe(dev: &mut Device) -> Result<u32, i32> {
        Ok(dev.0.id)
    }
}
pub struct Second;
impl Driver for Second {
    type Data = ();
    fn probe(dev: &mut Device) -> Result<(), i32> {
        Err(dev.0.id as i32)
    }
}

#[unsafe(no_mangle)]
pub fn register_both() -> c_int {
    static FIRST: bindings::driver = Adapter::<First>::OPS;
    static SECOND: bindings::driver = Adapter::<Second>::OPS;
    unsafe { bindings::register(&FIRST) + bindings::register(&SECOND) }
}

/// C through a pointer that C gave.
#[unsafe(no_mangle)]
pub unsafe fn call_ioctl(driver: &bindings::driver, dev: *mut bindings::device) -> i64 {
    match driver.ioctl {
        Some(ioctl) => unsafe { ioctl(dev, 3, 4) as i64 },
        None => -1,
    }
}

/// C through a pointer that Rust makes of C's functions.
struct Load(unsafe extern "C" fn(*mut *const c_void, *mut bindings::device) -> c_int);

#[inline(never)]
fn load_with(dev: *mut bindings::device, load: Load) -> c_int {
    let mut image = core::ptr::null();
    unsafe { (load.0)(&mut image, dev) }
}

#[unsafe(no_mangle)]
pub fn load(dev: *mut bindings::device, quietly: bool) -> c_int {
    load_with(dev, Load(if quietly { bindings::load_quietly } else { bindings::load }))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn handle(_irq: c_int, _data: *mut c_void) -> bindings::irqreturn {
    bindings::irqreturn(1)
}

// Trait objects.
pub struct Message {
    length: u64,
}
pub trait Named {
    fn name(&self) -> &'static str;
    fn number(&self) -> u32 {
        7
    }
}
pub trait Deliver: Named {
    type Receipt;
    fn deliver(&self, message: &mut Message, urgent: bool) -> Result<u32, i32>;
    fn receipt(&self) -> Self::Receipt;
    fn check(&self, receipt: Self::Receipt) -> u32;
    fn forget(&self, count: usize)
    where
        Self: Sized,
    {
        let _ = count;
    }
}
pub trait Convert<A> {
    fn convert(&self, from: A) -> A;
}
pub trait Both {
    type Second;
    type First;
    fn both(&mut self, first: Self::First) -> Self::Second;
    fn either(&self) -> Self::First;
}

pub struct Post(u32);
pub struct Mail {
    count: u64,
    guard: Guard,
}
pub struct Guard(u32);
impl Drop for Guard {
    #[inline(never)]
    fn drop(&mut self) {
        unsafe { bindings::release(self as *mut Guard as *const c_void) }
    }
}
impl Named for Post {
    fn name(&self) -> &'static str {
        "post"
    }
}
impl Named for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }
    fn number(&self) -> u32 {
        self.count as u32
    }
}
impl Deliver for Post {
    type Receipt = char;
    fn deliver(&self, message: &mut Message, urgent: bool) -> Result<u32, i32> {
        message.length += 1;
        if urgent { Ok(self.0) } else { Err(-1) }
    }
    fn receipt(&self) -> char {
        'p'
    }
    fn check(&self, receipt: char) -> u32 {
        receipt as u32
    }
}
impl Deliver for Mail {
    type Receipt = char;
    fn deliver(&self, message: &mut Message, _: bool) -> Result<u32, i32> {
        Ok(message.length as u32 + self.guard.0)
    }
    fn receipt(&self) -> char {
        'm'
    }
    fn check(&self, receipt: char) -> u32 {
        receipt as u32 + 1
    }
}
impl Convert<u8> for Post {
    fn convert(&self, from: u8) -> u8 {
        from
    }
}
impl Convert<[u16; 3]> for Post {
    fn convert(&self, from: [u16; 3]) -> [u16; 3] {
        from
    }
}
impl<'a> Convert<&'a str> for Mail {
    fn convert(&self, from: &'a str) -> &'a str {
        from
    }
}
impl Both for Post {
    type Second = u16;
    type First = i8;
    fn both(&mut self, first: i8) -> u16 {
        first as u16
    }
    fn either(&self) -> i8 {
        self.0 as i8
    }
}

#[unsafe(no_mangle)]
pub fn deliver(to: &dyn Deliver<Receipt = char>, message: &mut Message) -> u32 {
    let receipt = to.receipt();
    let sum = to.number() + to.name().len() as u32 + to.check(receipt);
    sum + match to.deliver(message, true) {
        Ok(sum) => sum,
        Err(_) => 0,
    }
}
#[unsafe(no_mangle)]
pub fn convert(bytes: &dyn Convert<u8>, words: &(dyn Convert<[u16; 3]> + Sync)) -> u8 {
    bytes.convert(1) + words.convert([1, 2, 3])[0] as u8
}
#[unsafe(no_mangle)]
pub fn convert_text<'a>(to: &(dyn Convert<&'a str> + Send), text: &'a str) -> usize {
    to.convert(text).len()
}
#[unsafe(no_mangle)]
pub fn both(to: &mut dyn Both<First = i8, Second = u16>) -> u16 {
    let first = to.either();
    to.both(first)
}
#[inline(never)]
fn by_supertrait(to: &dyn Deliver<Receipt = char>) -> u32 {
    let named: &dyn Named = to;
    named.number()
}
#[inline(never)]
fn generic<T: Named + ?Sized>(to: &T) -> u32 {
    to.number()
}
#[unsafe(no_mangle)]
pub fn objects(count: u32) -> u32 {
    let mut post = Post(count);
    let mail = Mail { count: 3, guard: Guard(4) };
    let mut message = Message { length: 1 };
    let mut sum = deliver(&post, &mut message) + deliver(&mail, &mut message);
    sum += convert(&post, &post) as u32 + both(&mut post) as u32;
    sum += convert_text(&mail, "text") as u32;
    sum + by_supertrait(&mail) + generic::<dyn Named>(&post) + generic(&mail)
}

// Dropped through a vtable.
pub struct Owner<T: ?Sized>(*mut T);
impl<T: ?Sized> Drop for Owner<T> {
    fn drop(&mut self) {
        unsafe {
            core::ptr::drop_in_place(self.0);
            bindings::release(self.0 as *const c_void)
        }
    }
}
pub struct Pair {
    count: u32,
    left: Owner<dyn Named>,
    right: Owner<dyn Fn(u32) -> u32 + Send>,
}
#[unsafe(no_mangle)]
pub fn drop_object(object: Owner<dyn Deliver<Receipt = char>>) {
    drop(object)
}
#[unsafe(no_mangle)]
pub unsafe fn make_object(mail: *mut Mail) -> Owner<dyn Deliver<Receipt = char>> {
    Owner(mail)
}
#[unsafe(no_mangle)]
pub fn drop_pair(pair: &mut Pair) {
    unsafe { core::ptr::drop_in_place(pair) }
}

// Function pointers and closures.
pub struct Work {
    run: fn(&mut Message, usize) -> bool,
    next: Option<fn(&Work) -> bool>,
    raw: unsafe fn(*const u8, i8),
}
#[inline(never)]
fn more(message: &mut Message, by: usize) -> bool {
    message.length += by as u64;
    true
}
#[inline(never)]
fn less(message: &mut Message, by: usize) -> bool {
    message.length -= by as u64;
    false
}
fn next(work: &Work) -> bool {
    work.next.is_none()
}
unsafe fn raw(_: *const u8, _: i8) {}

#[unsafe(no_mangle)]
pub fn run(work: &Work, message: &mut Message) -> bool {
    (work.run)(message, 3);
    unsafe { (work.raw)(core::ptr::null(), -1) };
    match work.next {
        Some(next) => next(work),
        None => false,
    }
}
#[unsafe(no_mangle)]
pub fn make_work(up: bool) -> Work {
    Work { run: if up { more } else { less }, next: Some(next), raw }
}

#[inline(never)]
fn apply<F: FnOnce(u32) -> u32>(f: F, to: u32) -> u32 {
    f(to)
}
#[inline(never)]
fn apply_shared(f: &dyn Fn(u32) -> u32, to: u32) -> u32 {
    f(to)
}
#[inline(never)]
fn apply_unique(f: &mut dyn FnMut(&Message) -> bool, to: &Message) -> bool {
    f(to)
}
fn double(x: u32) -> u32 {
    x * 2
}
#[unsafe(no_mangle)]
pub fn closures(k: u32, message: &mut Message) -> u32 {
    let pointer: fn(u32) -> u32 = if k == 0 { double } else { |x| x + 1 };
    let mut calls = 0u32;
    let sum = |x: u32| x + k;
    let mut all = apply(pointer, 1) + apply(double, 2);
    all += apply_shared(&sum, 4) + apply_shared(&pointer, 5) + apply_shared(&double, 6);
    apply_unique(
        &mut |message| {
            calls += 1;
            message.length == calls as u64
        },
        message,
    );
    all + calls
}

// Told where it was called from.
#[track_caller]
#[inline(never)]
fn tracked(x: u32) -> u32 {
    core::panic::Location::caller().line() + x
}
#[unsafe(no_mangle)]
pub fn through_pointer() -> u32 {
    let pointer: fn(u32) -> u32 = tracked;
    apply(pointer, 3)
}
pub trait Tracked {
    #[track_caller]
    fn line(&self, x: u32) -> u32;
}
impl Tracked for Post {
    #[track_caller]
    fn line(&self, x: u32) -> u32 {
        core::panic::Location::caller().line() + x + self.0
    }
}
#[unsafe(no_mangle)]
pub fn through_object(to: &dyn Tracked) -> u32 {
    to.line(4)
}
#[unsafe(no_mangle)]
pub fn make_tracked() -> u32 {
    through_object(&Post(3))
}

// Behind a pointer that is a struct.
pub trait Step {
    fn step(self: Pin<&mut Self>, by: u32) -> u32;
    fn peek(self: Pin<&Self>) -> u32;
}
pub trait Walk: Step {
    fn walk(self: Pin<&mut Self>) -> u32;
}
impl Step for Post {
    fn step(self: Pin<&mut Self>, by: u32) -> u32 {
        unsafe { Pin::get_unchecked_mut(self) }.0 + by
    }
    fn peek(self: Pin<&Self>) -> u32 {
        Pin::get_ref(self).0
    }
}
impl Walk for Post {
    fn walk(self: Pin<&mut Self>) -> u32 {
        self.step(2)
    }
}
#[unsafe(no_mangle)]
pub fn walk(mut to: Pin<&mut dyn Walk>) -> u32 {
    to.as_mut().step(3) + to.as_ref().peek() + to.walk()
}
#[unsafe(no_mangle)]
pub fn make_walk() -> u32 {
    let mut post = Post(3);
    let pinned: Pin<&mut Post> = Pin::new(&mut post);
    walk(pinned)
}

// Constants in types, and many references in one signature.
pub struct Row<const N: usize, T>([T; N]);
pub trait Length {
    fn length(&self, other: &Row<3, u8>) -> usize;
}
impl<const N: usize, T> Length for Row<N, T> {
    fn length(&self, other: &Row<3, u8>) -> usize {
        N + other.0.len()
    }
}
#[unsafe(no_mangle)]
pub fn lengths(of: &[&dyn Length; 2], other: &Row<3, u8>) -> usize {
    of[0].length(other) + of[1].length(other)
}
#[unsafe(no_mangle)]
pub fn make_lengths() -> usize {
    lengths(&[&Row([1u8; 3]), &Row([2i64; 5])], &Row([0; 3]))
}
