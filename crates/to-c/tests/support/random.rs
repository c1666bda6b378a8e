//! Random functions in LLVM IR: every operation on integers of odd and even widths, floats, memory, atomics, calls, loops.
//!
//! What they compute is defined: no overflow is ruled out, divisors are positive, shifts are within the width, memory is stored to first, and numbers
//! that are none count as zero. So any two back ends have to agree.

use std::fmt::Write;

/// How many times each function goes round its loop.
const ROUNDS: u32 = 3;

/// The head of the module, and functions that the random ones call.
pub const HEAD: &str = r#"target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"
define { i32, i8 } @pair(i32 signext %x, i8 zeroext %y) noinline {
  %s = ashr i32 %x, 3
  %t = xor i8 %y, 77
  %p = insertvalue { i32, i8 } poison, i32 %s, 0
  %q = insertvalue { i32, i8 } %p, i8 %t, 1
  ret { i32, i8 } %q
}
define { double, i64 } @mixed(i64 %x, double %y) noinline {
  %s = fmul double %y, 1.5
  %t = add i64 %x, 9
  %p = insertvalue { double, i64 } poison, double %s, 0
  %q = insertvalue { double, i64 } %p, i64 %t, 1
  ret { double, i64 } %q
}
define signext i16 @narrow([2 x i64] %x) noinline {
  %a = extractvalue [2 x i64] %x, 0
  %b = extractvalue [2 x i64] %x, 1
  %c = sub i64 %a, %b
  %d = trunc i64 %c to i16
  ret i16 %d
}
"#;

const WIDTHS: [u32; 14] = [1, 7, 8, 13, 16, 24, 32, 33, 48, 63, 64, 65, 100, 128];

struct Function {
    state: u64,
    text: String,
    /// Names and widths of what has been computed.
    values: Vec<(String, u32)>,
    count: u32,
}

/// The function of this seed; it is called `f` and the seed.
pub fn function(seed: u64) -> String {
    let mut function = Function {
        state: (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
        text: format!("define i64 @f{seed}(i64 %a, i64 %b) {{\nentry:\n"),
        values: vec![("%a".into(), 64), ("%b".into(), 64)],
        count: 0,
    };
    function.write();
    function.text
}

impl Function {
    fn random(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % below
    }

    fn line(&mut self, line: &str) {
        writeln!(self.text, "  {line}").unwrap();
    }

    /// A new value, computed so.
    fn value(&mut self, width: u32, computed: &str) -> String {
        let name = format!("%v{}", self.count);
        self.count += 1;
        self.line(&format!("{name} = {computed}"));
        self.values.push((name.clone(), width));
        name
    }

    fn width(&mut self) -> u32 {
        WIDTHS[self.random(WIDTHS.len())]
    }

    /// A width that C has.
    fn even(&mut self) -> u32 {
        [8, 16, 32, 64, 128][self.random(5)]
    }

    /// Some value of this width.
    fn of(&mut self, width: u32) -> String {
        if self.random(6) == 0 {
            let number = [0, 1, -1, 5, -77, i64::MAX, i64::MIN][self.random(7)];
            return match width {
                1 => ["true", "false"][self.random(2)].into(),
                width => (i128::from(number) << (128 - width) >> (128 - width)).to_string(),
            };
        }
        let at = self.random(self.values.len());
        let (value, from) = self.values[at].clone();
        if from == width {
            return value;
        }
        let conversion = match from > width {
            true => "trunc",
            false => ["zext", "sext"][self.random(2)],
        };
        self.value(width, &format!("{conversion} i{from} {value} to i{width}"))
    }

    fn write(&mut self) {
        self.line("%m = alloca [40 x i8], align 8");
        for offset in [0, 8, 16, 24, 32] {
            let value = ["%a", "%b"][self.random(2)];
            self.line(&format!(
                "%m{offset} = getelementptr inbounds i8, ptr %m, i64 {offset}"
            ));
            self.line(&format!("store i64 {value}, ptr %m{offset}, align 8"));
        }
        self.operations(8);
        let (first, second) = (self.of(64), self.of(64));
        self.line("br label %loop");
        self.text.push_str("loop:\n");
        self.line("%n = phi i32 [ 0, %entry ], [ %n1, %loop ]");
        // Each becomes the other: they have to take their values at once.
        self.line(&format!("%x = phi i64 [ {first}, %entry ], [ %y, %loop ]"));
        self.line(&format!(
            "%y = phi i64 [ {second}, %entry ], [ %x1, %loop ]"
        ));
        self.line("%x1 = add i64 %x, 3");
        self.values
            .extend([("%x".into(), 64), ("%y".into(), 64), ("%n".into(), 32)]);
        self.operations(8);
        self.line("%n1 = add i32 %n, 1");
        self.line(&format!("%more = icmp ult i32 %n1, {ROUNDS}"));
        self.line("br i1 %more, label %loop, label %out");
        self.text.push_str("out:\n");
        let width = self.width().max(7);
        let chosen = self.of(width);
        self.line(&format!(
            "switch i{width} {chosen}, label %other [ i{width} 0, label %zero\n i{width} 1, label %end\n i{width} -1, label %zero ]"
        ));
        self.text
            .push_str("zero:\n  br label %end\nother:\n  br label %end\nend:\n");
        self.line("%last = phi i64 [ 11, %zero ], [ %x, %other ], [ %y, %out ]");
        self.values.push(("%last".into(), 64));
        self.operations(4);
        self.result();
    }

    /// Everything that has been computed, in one number.
    fn result(&mut self) {
        let mut sum = "7".to_owned();
        for (at, (value, width)) in self.values.clone().into_iter().enumerate() {
            let whole = match width {
                64 => value,
                width => {
                    let conversion = if width > 64 { "trunc" } else { "zext" };
                    self.line(&format!("%w{at} = {conversion} i{width} {value} to i64"));
                    format!("%w{at}")
                }
            };
            self.line(&format!("%p{at} = mul i64 {sum}, 1099511628211"));
            self.line(&format!("%s{at} = xor i64 %p{at}, {whole}"));
            sum = format!("%s{at}");
        }
        self.line(&format!("ret i64 {sum}"));
        self.text.push_str("}\n");
    }

    fn operations(&mut self, count: usize) {
        for _ in 0..count {
            match self.random(12) {
                0..=2 => self.arithmetic(),
                3 => self.shift(),
                4 => self.comparison(),
                5..=6 => self.intrinsic(),
                7 => self.memory(),
                8 => self.atomic(),
                9 => self.float(),
                10 => self.call(),
                _ => self.choice(),
            }
        }
    }

    fn arithmetic(&mut self) {
        let width = self.width();
        let (x, y) = (self.of(width), self.of(width));
        let operation = [
            "add", "sub", "mul", "and", "or", "xor", "udiv", "urem", "sdiv", "srem",
        ][self.random(if width > 1 { 10 } else { 6 })];
        let y = match operation {
            "udiv" | "urem" => self.value(width, &format!("or i{width} {y}, 1")),
            "sdiv" | "srem" => {
                let positive = self.value(width, &format!("lshr i{width} {y}, 1"));
                let small = self.value(width, &format!("lshr i{width} {positive}, 2"));
                self.value(width, &format!("add i{width} {small}, 1"))
            }
            _ => y,
        };
        self.value(width, &format!("{operation} i{width} {x}, {y}"));
    }

    fn shift(&mut self) {
        let width = self.width().max(7);
        let (x, y) = (self.of(width), self.of(width));
        let amount = self.value(width, &format!("urem i{width} {y}, {}", width.min(63)));
        let operation = ["shl", "lshr", "ashr"][self.random(3)];
        self.value(width, &format!("{operation} i{width} {x}, {amount}"));
    }

    fn comparison(&mut self) {
        let width = self.width();
        let (x, y) = (self.of(width), self.of(width));
        let predicate = [
            "eq", "ne", "ugt", "uge", "ult", "ule", "sgt", "sge", "slt", "sle",
        ][self.random(10)];
        self.value(1, &format!("icmp {predicate} i{width} {x}, {y}"));
    }

    fn choice(&mut self) {
        let width = self.width();
        let (c, x, y) = (self.of(1), self.of(width), self.of(width));
        let chosen = self.value(width, &format!("select i1 {c}, i{width} {x}, i{width} {y}"));
        self.value(width, &format!("freeze i{width} {chosen}"));
    }

    fn intrinsic(&mut self) {
        let width = self.even();
        let (x, y, z) = (self.of(width), self.of(width), self.of(width));
        let ty = format!("i{width}");
        let call = |name: &str, rest: &str| format!("call {ty} @llvm.{name}.{ty}({ty} {x}{rest})");
        let two = format!(", {ty} {y}");
        match self.random(8) {
            0 => {
                let name = [
                    "umax", "umin", "smax", "smin", "uadd.sat", "usub.sat", "sadd.sat", "ssub.sat",
                ][self.random(8)];
                self.value(width, &call(name, &two));
            }
            1 => {
                let name = ["ctlz", "cttz", "abs"][self.random(3)];
                self.value(width, &call(name, ", i1 false"));
            }
            2 => {
                let name = ["ctpop", "bitreverse"][self.random(2)];
                self.value(width, &call(name, ""));
            }
            3 if width > 8 => {
                self.value(width, &call("bswap", ""));
            }
            4 => {
                let name = ["fshl", "fshr"][self.random(2)];
                self.value(width, &call(name, &format!("{two}, {ty} {z}")));
            }
            5 => {
                let name = ["ucmp", "scmp"][self.random(2)];
                self.value(8, &format!("call i8 @llvm.{name}.i8.{ty}({ty} {x}{two})"));
            }
            _ => {
                let name = ["uadd", "usub", "umul", "sadd", "ssub", "smul"][self.random(6)];
                let both = format!("%b{}", self.count);
                self.line(&format!(
                    "{both} = call {{ {ty}, i1 }} @llvm.{name}.with.overflow.{ty}({ty} {x}{two})"
                ));
                self.value(width, &format!("extractvalue {{ {ty}, i1 }} {both}, 0"));
                self.value(1, &format!("extractvalue {{ {ty}, i1 }} {both}, 1"));
            }
        }
    }

    /// An address in the memory, of which nothing is known.
    fn place(&mut self, room: usize) -> String {
        let offset = self.of(64);
        let inside = self.value(64, &format!("urem i64 {offset}, {}", 40 - room));
        let name = format!("%q{}", self.count);
        let promise = ["", "inbounds "][self.random(2)];
        self.line(&format!(
            "{name} = getelementptr {promise}i8, ptr %m, i64 {inside}"
        ));
        name
    }

    fn memory(&mut self) {
        let width = [8, 16, 24, 32, 40, 48, 56, 64, 128, 1, 13, 33][self.random(12)];
        let (value, to) = (self.of(width), self.place(16));
        self.line(&format!("store i{width} {value}, ptr {to}, align 1"));
        // Only what was stored with the same width has zeros above it.
        let width = match width {
            1 | 13 | 33 => width,
            _ => [8, 16, 24, 32, 40, 48, 56, 64, 128][self.random(9)],
        };
        let from = if width % 8 == 0 { self.place(16) } else { to };
        self.value(width, &format!("load i{width}, ptr {from}, align 1"));
    }

    fn atomic(&mut self) {
        let width = [8, 16, 32, 64][self.random(4)];
        let value = self.of(width);
        if self.random(4) == 0 {
            let (expected, both) = (self.of(width), format!("%b{}", self.count));
            self.line(&format!(
                "{both} = cmpxchg ptr %m8, i{width} {expected}, i{width} {value} acq_rel monotonic, align 8"
            ));
            self.value(width, &format!("extractvalue {{ i{width}, i1 }} {both}, 0"));
            self.value(1, &format!("extractvalue {{ i{width}, i1 }} {both}, 1"));
            return;
        }
        let operation = [
            "xchg", "add", "sub", "and", "nand", "or", "xor", "max", "min", "umax", "umin",
        ][self.random(11)];
        self.value(
            width,
            &format!("atomicrmw {operation} ptr %m8, i{width} {value} seq_cst, align 8"),
        );
    }

    fn float(&mut self) {
        let (width, ty) = [(32, "float"), (64, "double")][self.random(2)];
        let at = self.count;
        for operand in ["l", "r"] {
            let from = self.even().min(64);
            let value = self.of(from);
            let conversion = ["sitofp", "uitofp"][self.random(2)];
            self.line(&format!(
                "%{operand}{at} = {conversion} i{from} {value} to {ty}"
            ));
        }
        let operation = ["fadd", "fsub", "fmul", "fdiv"][self.random(4)];
        self.line(&format!("%o{at} = {operation} {ty} %l{at}, %r{at}"));
        self.line(&format!("%u{at} = fcmp uno {ty} %o{at}, %o{at}"));
        self.line(&format!("%z{at} = select i1 %u{at}, {ty} 0.0, {ty} %o{at}"));
        self.value(width, &format!("bitcast {ty} %z{at} to i{width}"));
        let predicate = [
            "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ult", "une",
        ][self.random(10)];
        self.value(1, &format!("fcmp {predicate} {ty} %o{at}, %l{at}"));
        let to = self.even();
        let sat = ["fptosi.sat", "fptoui.sat"][self.random(2)];
        self.value(
            to,
            &format!("call i{to} @llvm.{sat}.i{to}.f{width}({ty} %o{at})"),
        );
    }

    fn call(&mut self) {
        let both = format!("%b{}", self.count);
        match self.random(3) {
            0 => {
                let (x, y) = (self.of(32), self.of(8));
                self.line(&format!(
                    "{both} = call {{ i32, i8 }} @pair(i32 signext {x}, i8 zeroext {y})"
                ));
                self.value(32, &format!("extractvalue {{ i32, i8 }} {both}, 0"));
                self.value(8, &format!("extractvalue {{ i32, i8 }} {both}, 1"));
            }
            1 => {
                let (x, y) = (self.of(64), self.of(32));
                self.line(&format!("{both}f = sitofp i32 {y} to double"));
                self.line(&format!(
                    "{both} = call {{ double, i64 }} @mixed(i64 {x}, double {both}f)"
                ));
                self.line(&format!(
                    "{both}r = extractvalue {{ double, i64 }} {both}, 0"
                ));
                self.value(64, &format!("bitcast double {both}r to i64"));
                self.value(64, &format!("extractvalue {{ double, i64 }} {both}, 1"));
            }
            _ => {
                let (x, y) = (self.of(64), self.of(64));
                self.line(&format!(
                    "{both}a = insertvalue [2 x i64] poison, i64 {x}, 0"
                ));
                self.line(&format!(
                    "{both} = insertvalue [2 x i64] {both}a, i64 {y}, 1"
                ));
                self.value(16, &format!("call signext i16 @narrow([2 x i64] {both})"));
            }
        }
    }
}
