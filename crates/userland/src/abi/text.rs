//! Both halves, as text.

use std::fmt::Write;

use super::NAME;
use super::signature::{Facts, Random, Signature, Type, types};

/// The scalars of a value, as (expression, type).
fn places(ty: &Type, value: &str) -> Vec<(String, Type)> {
    match ty {
        Type::Scalar { .. } => vec![(value.to_owned(), ty.clone())],
        Type::Structure { members, .. } => members
            .iter()
            .enumerate()
            .map(|(at, member)| (format!("{value}.m{at}"), member.clone()))
            .collect(),
        Type::Bytes(size) => {
            let byte = Type::Scalar {
                c: "u8",
                rust: "u8",
                bits: 8,
            };
            (0..*size)
                .map(|at| (format!("{value}.b[{at}]"), byte.clone()))
                .collect()
        }
    }
}

/// A value of a scalar type, as (C, Rust). Signs and the bits above a narrow type's are what wrong extensions change.
fn literal(ty: &Type, random: &mut Random) -> (String, String) {
    let Type::Scalar { c, rust, bits } = ty else {
        unreachable!("places are scalars")
    };
    let number = random.next() | (random.next() & 0x8080_8080_8080_8080);
    match (*c, *bits) {
        ("bool", _) => match number & 1 {
            1 => ("true".to_owned(), "true".to_owned()),
            _ => ("false".to_owned(), "false".to_owned()),
        },
        ("enum sign", _) => match number & 1 {
            1 => ("MINUS".to_owned(), "MINUS".to_owned()),
            _ => ("PLUS".to_owned(), "PLUS".to_owned()),
        },
        ("enum count", _) => ("MANY".to_owned(), "MANY".to_owned()),
        ("void *", _) => (
            format!("(void *)(unsigned long)0x{number:x}ULL"),
            format!("0x{number:x}u64 as usize as *mut c_void"),
        ),
        (_, 128) => {
            let other = random.next();
            (
                format!("({c})(((unsigned __int128)0x{number:x}ULL << 64) | 0x{other:x}ULL)"),
                format!("((0x{number:x}u128 << 64) | 0x{other:x}u128) as {rust}"),
            )
        }
        _ => (
            format!("({c})0x{number:x}ULL"),
            format!("0x{number:x}u64 as {rust}"),
        ),
    }
}

/// A value of any type, as (C, Rust).
fn value(ty: &Type, random: &mut Random) -> (String, String) {
    let members = match ty {
        Type::Scalar { .. } => return literal(ty, random),
        Type::Structure { members, .. } => members.clone(),
        Type::Bytes(size) => places(&Type::Bytes(*size), "")
            .into_iter()
            .map(|(_, byte)| byte)
            .collect(),
    };
    let values: Vec<(String, String)> = members
        .iter()
        .map(|member| literal(member, random))
        .collect();
    let c: Vec<&str> = values.iter().map(|(c, _)| c.as_str()).collect();
    let rust: Vec<&str> = values.iter().map(|(_, rust)| rust.as_str()).collect();
    match ty {
        Type::Bytes(size) => (
            format!("(struct bytes{size}){{ {{ {} }} }}", c.join(", ")),
            format!("bytes{size} {{ b: [{}] }}", rust.join(", ")),
        ),
        _ => {
            let named: Vec<String> = rust
                .iter()
                .enumerate()
                .map(|(at, value)| format!("m{at}: {value}"))
                .collect();
            (
                format!("({}){{ {} }}", ty.c(), c.join(", ")),
                format!("{} {{ {} }}", ty.rust(), named.join(", ")),
            )
        }
    }
}

/// The same number for a place in both languages.
fn folded_c(place: &str, ty: &Type) -> String {
    match ty {
        Type::Scalar { c: "void *", .. } => format!("(u64)(unsigned long){place}"),
        Type::Scalar { c: "char", .. } => format!("(u64)(u8){place}"),
        Type::Scalar { bits: 128, .. } => {
            format!("((u64){place} ^ (u64)((unsigned __int128){place} >> 64))")
        }
        Type::Scalar { .. } => format!("(u64)(s64){place}"),
        _ => unreachable!("places are scalars"),
    }
}

fn folded_rust(place: &str, ty: &Type) -> String {
    match ty {
        Type::Scalar {
            rust: "*mut c_void",
            ..
        } => format!("{place} as usize as u64"),
        Type::Scalar { rust: "c_char", .. } => format!("{place} as u8 as u64"),
        Type::Scalar { bits: 128, .. } => {
            format!("({place} as u64 ^ (({place} as u128) >> 64) as u64)")
        }
        Type::Scalar { .. } => format!("{place} as i64 as u64"),
        _ => unreachable!("places are scalars"),
    }
}

/// `a0`, `a1`, ... with their types.
fn parameters(signature: &Signature, one: &dyn Fn(&Type, &str) -> String) -> String {
    let list = signature.parameters.iter().enumerate();
    let list: Vec<String> = list.map(|(at, ty)| one(ty, &format!("a{at}"))).collect();
    list.join(", ")
}

fn in_c(ty: &Type, name: &str) -> String {
    format!("{} {name}", ty.c())
}

fn in_rust(ty: &Type, name: &str) -> String {
    format!("{name}: {}", ty.rust())
}

/// Statements that fold a value into `sum`, in C.
fn folds_c(ty: &Type, value: &str) -> String {
    if let Type::Bytes(size) = ty {
        return format!(
            "\tfor (unsigned int i = 0; i < {size}; i++)\n\t\tsum = fold(sum, {value}.b[i]);\n"
        );
    }
    let statement =
        |(place, ty): (String, Type)| format!("\tsum = fold(sum, {});\n", folded_c(&place, &ty));
    places(ty, value).into_iter().map(statement).collect()
}

/// The same, in Rust.
fn folds_rust(ty: &Type, value: &str) -> String {
    if matches!(ty, Type::Bytes(_)) {
        return format!(
            "    for byte in {value}.b {{\n        sum = fold(sum, byte as u64);\n    }}\n"
        );
    }
    let statement = |(place, ty): (String, Type)| {
        format!("    sum = fold(sum, {});\n", folded_rust(&place, &ty))
    };
    places(ty, value).into_iter().map(statement).collect()
}

/// Statements that fold all parameters into `sum`.
fn folds(signature: &Signature, one: &dyn Fn(&Type, &str) -> String) -> String {
    let list = signature.parameters.iter().enumerate();
    list.map(|(at, ty)| one(ty, &format!("a{at}"))).collect()
}

/// The values of signature `index`: arguments, then the result; C and Rust.
fn values(index: usize, signature: &Signature) -> Vec<(String, String)> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (index as u64 + 1));
    let all = signature.parameters.iter().chain([&signature.result]);
    all.map(|ty| value(ty, &mut random)).collect()
}

const C_HEAD: &str = "\
// SPDX-License-Identifier: GPL-2.0
// Generated by gateless: the ABI between C and Rust, the C half.
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/timer.h>

enum sign { MINUS = -1, PLUS = 1 };
enum count { NONE, MANY = 0x12345678 };

static noinline u64 fold(u64 sum, u64 value)
{
	return (sum ^ value) * 0x100000001b3ULL;
}
";

const C_TAIL: &str = "\
/* Rust declares the parameters of c_planted() in another order: unless that shows, nothing here would. */
u64 c_planted(u32 a, u64 b, u8 c);
u64 c_planted(u32 a, u64 b, u8 c)
{
	return fold(fold(fold(0, a), b), c);
}
u64 rust_planted(void);

static void a_wrong_signature_is_noticed(struct kunit *test)
{
	KUNIT_EXPECT_NE(test, rust_planted(), fold(fold(fold(0, 0x11223344), 0x5566778899aabbccULL), 0xdd));
}

/* Variable arguments are passed by Rust and taken by C. */
u64 c_variable(int count, ...);
u64 c_variable(int count, ...)
{
	u64 sum = count;
	va_list list;

	va_start(list, count);
	while (count--) {
		sum = fold(sum, va_arg(list, int));
		sum = fold(sum, va_arg(list, u64));
		sum = fold(sum, (unsigned long)va_arg(list, void *));
	}
	va_end(list);
	return sum;
}
u64 rust_variable(void);

static void variable_arguments(struct kunit *test)
{
	u64 sum = 3;
	int at;

	for (at = 0; at < 3; at++) {
		sum = fold(sum, at - 1);
		sum = fold(sum, 0x123456789abcdef0ULL + at);
		sum = fold(sum, 0x1000 + at);
	}
	KUNIT_EXPECT_EQ(test, rust_variable(), sum);
}

/* Exchanges of one and two bytes beside others that an interrupt changes. */
s8 rust_helper_atomic_i8_xchg(s8 *ptr, s8 new);
bool rust_helper_atomic_i8_try_cmpxchg(s8 *ptr, s8 *old, s8 new);
s16 rust_helper_atomic_i16_xchg(s16 *ptr, s16 new);
bool rust_helper_atomic_i16_try_cmpxchg(s16 *ptr, s16 *old, s16 new);

static union {
	s8 bytes[8];
	s16 halves[4];
} shared __aligned(8);
static struct timer_list ticker;
static unsigned int ticks;
static bool ticking;

static void add_byte(s8 *place)
{
	s8 old = READ_ONCE(*place);

	while (!rust_helper_atomic_i8_try_cmpxchg(place, &old, old + 1))
		;
}

static void add_half(s16 *place)
{
	s16 old = READ_ONCE(*place);

	while (!rust_helper_atomic_i16_try_cmpxchg(place, &old, old + 1))
		;
}

static void tick(struct timer_list *timer)
{
	int at;

	for (at = 0; at < 100; at++) {
		add_byte(&shared.bytes[1]);
		add_half(&shared.halves[3]);
		ticks++;
	}
	if (READ_ONCE(ticking))
		mod_timer(timer, jiffies + 1);
}

static int hammer(void *data)
{
	unsigned int *count = data;

	while (!kthread_should_stop()) {
		int at;

		for (at = 0; at < 1000; at++) {
			add_byte(&shared.bytes[2]);
			add_half(&shared.halves[2]);
			++*count;
		}
		cond_resched();
	}
	return 0;
}

static void small_atomics_beside_others(struct kunit *test)
{
	static unsigned int counts[2];
	struct task_struct *threads[2];
	unsigned int rounds = 0;
	unsigned long end = jiffies + HZ;
	int at;

	memset(&shared, 0, sizeof(shared));
	ticks = 0;
	WRITE_ONCE(ticking, true);
	timer_setup(&ticker, tick, 0);
	mod_timer(&ticker, jiffies + 1);
	for (at = 0; at < 2; at++) {
		counts[at] = 0;
		threads[at] = kthread_run(hammer, &counts[at], \"hammer%d\", at);
		KUNIT_ASSERT_FALSE(test, IS_ERR(threads[at]));
	}
	while (time_before(jiffies, end)) {
		s8 byte = rounds;

		/* What was put there is what is taken away, whatever happens beside it. */
		if (rust_helper_atomic_i8_xchg(&shared.bytes[0], byte) != (rounds ? (s8)(rounds - 1) : 0))
			KUNIT_FAIL(test, \"byte lost in round %u\", rounds);
		add_byte(&shared.bytes[3]);
		rounds++;
		cond_resched();
	}
	WRITE_ONCE(ticking, false);
	for (at = 0; at < 2; at++)
		kthread_stop(threads[at]);
	timer_delete_sync(&ticker);
	KUNIT_EXPECT_EQ(test, (u8)shared.bytes[1], (u8)ticks);
	KUNIT_EXPECT_EQ(test, (u16)shared.halves[3], (u16)ticks);
	KUNIT_EXPECT_EQ(test, (u8)shared.bytes[2], (u8)(counts[0] + counts[1]));
	KUNIT_EXPECT_EQ(test, (u16)shared.halves[2], (u16)(counts[0] + counts[1]));
	KUNIT_EXPECT_EQ(test, (u8)shared.bytes[3], (u8)rounds);
	KUNIT_EXPECT_GT(test, ticks, 0);
	KUNIT_EXPECT_GT(test, counts[0], 0);
	kunit_info(test, \"%u ticks, %u rounds, %u and %u in threads\", ticks, rounds, counts[0], counts[1]);
}
";

/// The C half.
pub fn c(all: &[Signature], facts: Facts) -> String {
    let mut text = C_HEAD.to_owned();
    for ty in types(facts) {
        match &ty {
            Type::Scalar { .. } => {}
            Type::Bytes(size) => {
                let _ = writeln!(text, "struct bytes{size} {{ u8 b[{size}]; }};");
            }
            Type::Structure { name, members } => {
                let members: String = members
                    .iter()
                    .enumerate()
                    .map(|(at, member)| format!(" {} m{at};", member.c()))
                    .collect();
                let _ = writeln!(text, "struct {name} {{{members} }};");
            }
        }
    }
    for (index, signature) in all.iter().enumerate() {
        let (list, result) = (parameters(signature, &in_c), signature.result.c());
        let values = values(index, signature);
        let (returned, arguments) = values.split_last().expect("a result");
        let arguments: Vec<&str> = arguments.iter().map(|(c, _)| c.as_str()).collect();
        let arguments = arguments.join(", ");
        let folds = folds(signature, &folds_c);
        let _ = write!(
            text,
            "\nextern u64 sum_{index};\nu64 sum_{index};\n\
             {result} c_take_{index}({list});\n\
             {result} c_take_{index}({list})\n{{\n\tu64 sum = {index};\n\n{folds}\tsum_{index} = sum;\n\treturn {returned};\n}}\n\
             {result} rust_take_{index}({list});\nu64 rust_call_{index}(void);\nextern u64 rust_sum_{index};\n\
             static void signature_{index}(struct kunit *test)\n{{\n\t{result} result;\n\tu64 sum, expected, from_rust;\n\n\
             \tresult = c_take_{index}({arguments});\n\texpected = sum_{index};\n\tsum = 0;\n{result_folds}\tfrom_rust = sum;\n\
             \tsum_{index} = 0;\n\
             \tKUNIT_EXPECT_EQ_MSG(test, rust_call_{index}(), from_rust, \"result, from C to Rust\");\n\
             \tKUNIT_EXPECT_EQ_MSG(test, sum_{index}, expected, \"arguments, from Rust to C\");\n\
             \tresult = rust_take_{index}({arguments});\n\tsum = 0;\n{result_folds}\
             \tKUNIT_EXPECT_EQ_MSG(test, sum, from_rust, \"result, from Rust to C\");\n\
             \tKUNIT_EXPECT_EQ_MSG(test, rust_sum_{index}, expected, \"arguments, from C to Rust\");\n}}\n",
            returned = returned.0,
            result_folds = folds_c(&signature.result, "result"),
        );
    }
    text += "\n";
    text += C_TAIL;
    let layouts = layouts(facts);
    let _ = write!(
        text,
        "\nextern const u32 rust_layouts[{}][2];\nstatic void sizes_and_alignments(struct kunit *test)\n{{\n",
        layouts.len()
    );
    for (at, ty) in layouts.iter().enumerate() {
        let ty = ty.c();
        let _ = write!(
            text,
            "\tKUNIT_EXPECT_EQ_MSG(test, rust_layouts[{at}][0], sizeof({ty}), \"size of {ty}\");\n\
             \tKUNIT_EXPECT_EQ_MSG(test, rust_layouts[{at}][1], __alignof__(struct {{ {ty} m; }}), \"alignment of {ty}\");\n"
        );
    }
    text += "}\n\nstatic struct kunit_case cases[] = {\n";
    for index in 0..all.len() {
        let _ = writeln!(text, "\tKUNIT_CASE(signature_{index}),");
    }
    let _ = write!(
        text,
        "\tKUNIT_CASE(a_wrong_signature_is_noticed),\n\tKUNIT_CASE(variable_arguments),\n\
         \tKUNIT_CASE(sizes_and_alignments),\n\tKUNIT_CASE(small_atomics_beside_others),\n\t{{}}\n}};\n\n\
         static struct kunit_suite suite = {{\n\t.name = \"{NAME}\",\n\t.test_cases = cases,\n}};\n\
         kunit_test_suite(suite);\n\nMODULE_DESCRIPTION(\"the ABI between C and Rust\");\nMODULE_LICENSE(\"GPL\");\n"
    );
    text
}

/// The types whose layout is compared.
fn layouts(facts: Facts) -> Vec<Type> {
    types(facts)
}

const RUST_HEAD: &str = "\
// SPDX-License-Identifier: GPL-2.0
//! Generated by gateless: the ABI between C and Rust, the Rust half.
#![allow(missing_docs, non_camel_case_types, non_upper_case_globals, unreachable_pub, dead_code)]
#![allow(improper_ctypes, improper_ctypes_definitions)]
#![allow(clippy::all, unused_parens)]
use core::mem::{align_of, size_of};
use kernel::ffi::{c_char, c_int, c_void};

pub type sign = c_int;
pub const MINUS: sign = -1;
pub const PLUS: sign = 1;
pub type count = u32;
pub const MANY: count = 0x12345678;

#[inline(never)]
fn fold(sum: u64, value: u64) -> u64 {
    (sum ^ value).wrapping_mul(0x100000001b3)
}

unsafe extern \"C\" {
    /// Declared wrong: in C, the first two are the other way round.
    fn c_planted(b: u64, a: u32, c: u8) -> u64;
    fn c_variable(count: c_int, ...) -> u64;
}

#[no_mangle]
pub extern \"C\" fn rust_planted() -> u64 {
    // SAFETY: it only computes with what it takes.
    unsafe { c_planted(0x5566778899aabbcc, 0x11223344, 0xdd) }
}

#[no_mangle]
pub extern \"C\" fn rust_variable() -> u64 {
    let pointer = |at: usize| (0x1000 + at) as *mut c_void;
    let base = 0x123456789abcdef0u64;
    // SAFETY: three groups of the types that C takes.
    unsafe {
        c_variable(3, -1 as c_int, base, pointer(0), 0 as c_int, base + 1, pointer(1), 1 as c_int, base + 2, pointer(2))
    }
}
";

/// The Rust half.
pub fn rust(all: &[Signature], facts: Facts) -> String {
    let mut text = RUST_HEAD.to_owned();
    for ty in types(facts) {
        match &ty {
            Type::Scalar { .. } => {}
            Type::Bytes(size) => {
                let _ = writeln!(
                    text,
                    "#[repr(C)]\n#[derive(Clone, Copy)]\npub struct bytes{size} {{ b: [u8; {size}] }}"
                );
            }
            Type::Structure { name, members } => {
                let members: String = members
                    .iter()
                    .enumerate()
                    .map(|(at, member)| format!(" m{at}: {},", member.rust()))
                    .collect();
                let _ = writeln!(
                    text,
                    "#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {name} {{{members} }}"
                );
            }
        }
    }
    for (index, signature) in all.iter().enumerate() {
        let (list, result) = (parameters(signature, &in_rust), signature.result.rust());
        let values = values(index, signature);
        let (returned, arguments) = values.split_last().expect("a result");
        let arguments: Vec<&str> = arguments.iter().map(|(_, rust)| rust.as_str()).collect();
        let folds = folds(signature, &folds_rust);
        let result_folds = folds_rust(&signature.result, "result");
        let _ = write!(
            text,
            "\nunsafe extern \"C\" {{\n    fn c_take_{index}({list}) -> {result};\n}}\n\
             #[no_mangle]\npub static mut rust_sum_{index}: u64 = 0;\n\
             #[no_mangle]\npub extern \"C\" fn rust_take_{index}({list}) -> {result} {{\n    let mut sum = {index}u64;\n{folds}\
             \x20   // SAFETY: the suite's cases run one after the other.\n    unsafe {{ rust_sum_{index} = sum }};\n    {returned}\n}}\n\
             #[no_mangle]\npub extern \"C\" fn rust_call_{index}() -> u64 {{\n    // SAFETY: it only computes with what it takes.\n    let result = unsafe {{ c_take_{index}({arguments}) }};\n\
             \x20   let mut sum = 0u64;\n{result_folds}    sum\n}}\n",
            arguments = arguments.join(", "),
            returned = returned.1,
        );
    }
    let layouts = layouts(facts);
    let _ = write!(
        text,
        "\n#[no_mangle]\npub static rust_layouts: [[u32; 2]; {}] = [\n",
        layouts.len()
    );
    for ty in layouts {
        let ty = ty.rust();
        let _ = writeln!(
            text,
            "    [size_of::<{ty}>() as u32, align_of::<{ty}>() as u32],"
        );
    }
    text += "];\n";
    text
}
