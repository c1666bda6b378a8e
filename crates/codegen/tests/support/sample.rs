#![no_std]

use core::fmt::{self, Write};

pub static TABLE: [u32; 5] = [3, 1, 4, 1, 5];
static mut COUNTER: usize = 0;

pub trait Shape {
    fn area(&self) -> u64;
    fn name(&self) -> &str {
        "shape"
    }
}

pub struct Square(pub u64);
pub struct Rectangle(pub u64, pub u64);

impl Shape for Square {
    fn area(&self) -> u64 {
        self.0 * self.0
    }
    fn name(&self) -> &str {
        "square"
    }
}

impl Shape for Rectangle {
    fn area(&self) -> u64 {
        self.0.wrapping_mul(self.1)
    }
}

pub fn total(shapes: &[&dyn Shape]) -> u64 {
    shapes.iter().map(|shape| shape.area()).sum()
}

pub fn find<'a>(shapes: &[&'a dyn Shape], name: &str) -> Option<&'a dyn Shape> {
    shapes.iter().copied().find(|shape| shape.name() == name)
}

pub fn same(left: &[u8], right: &[u8]) -> bool {
    left == right
}

pub fn switch(number: u32, apply: &[fn(u32) -> u32; 8]) -> u32 {
    match number {
        0 => apply[0](1),
        1 => apply[1](20),
        2 => apply[2](300),
        3 => apply[3](4000),
        4 => apply[4](50000),
        5 => apply[5](600000),
        6 => apply[6](7),
        7 => apply[7](88),
        _ => panic!("number {number} is too big"),
    }
}

#[inline(never)]
pub fn sum_signed(numbers: &[i64]) -> i64 {
    numbers.iter().fold(0, |sum, number| sum.wrapping_add(*number))
}

#[inline(never)]
pub fn sum_unsigned(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0, |sum, number| sum.wrapping_add(*number))
}

pub fn big_frame(fill: u8, sink: fn(&mut [u8; 9000])) {
    let mut buffer = [fill; 9000];
    sink(&mut buffer);
}

pub fn count() -> usize {
    unsafe {
        COUNTER += TABLE.len();
        COUNTER
    }
}

pub struct Buffer {
    bytes: [u8; 64],
    length: usize,
}

impl Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let place = self.bytes.get_mut(self.length..self.length + text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

pub fn describe(shape: &dyn Shape, buffer: &mut Buffer) -> fmt::Result {
    write!(buffer, "{} of {:>8}, {:?}", shape.name(), shape.area(), TABLE.get(buffer.length))
}

/// With symbols that a profile can name.
#[no_mangle]
pub fn profiled(numbers: &[u32], apply: fn(u32) -> u32) -> u32 {
    let mut sum = 0u32;
    for number in numbers {
        if *number > 1000 {
            sum = sum.wrapping_add(apply(*number));
        } else {
            sum = sum.wrapping_mul(3) ^ number.rotate_left(5) ^ count() as u32;
        }
    }
    sum
}

#[no_mangle]
pub fn profiled_target(number: u32) -> u32 {
    number.wrapping_mul(7) ^ (number >> 3)
}
