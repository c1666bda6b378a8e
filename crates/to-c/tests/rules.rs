//! What C leaves undefined, or does in another way, is kept out: each rule by itself, as optimised code.

#[allow(dead_code, reason = "shared by several tests")]
mod support;

use gateless_llvm::{Context, Module};
use gateless_model::Result;
use gateless_to_c::{Options, translate};
use support::{Directory, compilers, llvm};

const HEAD: &str = "target datalayout = \"e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128\"\n\
    target triple = \"x86_64-unknown-linux-gnu\"\n";

fn c(ir: &str, options: Options) -> Result<String> {
    let module = Module::from_text(&Context::new(llvm()).unwrap(), &format!("{HEAD}{ir}"))?;
    module.verify()?;
    translate(&module, options)?.into_c()
}

/// What a C `main` with this body prints, which calls functions of the module that it declares.
fn printed(ir: &str, declared: &str, main: &str) -> String {
    let directory = Directory::new();
    let c = c(ir, Options::default()).unwrap_or_else(|failure| panic!("{failure}"));
    let head = "#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n";
    let body = format!("{head}{declared}\nint main(void)\n{{\n{main}\n}}\n");
    directory.write("main.c", &body);
    let mut all = Vec::new();
    for compiler in compilers() {
        directory.compile_c(compiler, "ours", &c, &["-O2"]);
        directory.run(compiler, &["main.c", "ours.o", "-o", "main", "-lm"]);
        all.push(directory.printed("main", "").0);
    }
    assert!(all.iter().all(|it| *it == all[0]), "{all:?}");
    all.remove(0)
}

#[test]
fn sums_wrap_where_c_takes_for_granted_that_they_dont() {
    let ir = "define i1 @f(i32 %x) {\n %y = add i32 %x, 1\n %c = icmp slt i32 %y, %x\n ret i1 %c\n}\n\
        define i16 @g(i16 %x) {\n %y = mul i16 %x, %x\n ret i16 %y\n}";
    let declared = "_Bool f(int); unsigned short g(unsigned short);";
    let main = "printf(\"%d %d %d\", f(0x7fffffff), f(1), g(0xffff));";
    assert_eq!(printed(ir, declared, main), "1 0 1");
}

#[test]
fn a_shift_by_too_much_is_harmless_if_its_result_isnt_used() {
    let ir = "define i32 @f(i32 %x, i32 %n) {\n %s = shl i32 %x, %n\n %c = icmp ult i32 %n, 32\n %r = select i1 %c, i32 %s, i32 7\n ret i32 %r\n}\n\
        define i8 @g(i8 %x, i8 %n) {\n %s = ashr i8 %x, %n\n ret i8 %s\n}";
    let declared = "int f(int, int); signed char g(signed char, signed char);";
    let main = "printf(\"%d %d %d\", f(1, 40), f(1, 4), g(-128, 3));";
    assert_eq!(printed(ir, declared, main), "7 16 -16");
}

#[test]
fn memory_is_read_as_another_type_than_it_was_written_as() {
    let ir = "define i32 @f(ptr %p, ptr %q) {\n store i32 1, ptr %p, align 4\n store float 2.0, ptr %q, align 4\n %r = load i32, ptr %p, align 4\n ret i32 %r\n}";
    let main = "int x; printf(\"%x\", f(&x, (float *)&x));";
    assert_eq!(printed(ir, "int f(int *, float *);", main), "40000000");
}

#[test]
fn an_access_isnt_aligned_better_than_the_module_says() {
    let ir = "define i64 @f(ptr %p) {\n %q = getelementptr i8, ptr %p, i64 1\n %x = load i64, ptr %q, align 1\n store i16 -1, ptr %q, align 1\n ret i64 %x\n}";
    let main = "char b[17] = \"abcdefghijklmnop\"; printf(\"%lx %s\", f(b), b + 3);";
    assert_eq!(
        printed(ir, "long f(char *);", main),
        "6968676665646362 defghijklmnop"
    );
    let text = c(ir, Options::default()).unwrap();
    assert!(
        text.contains("*(u64_a1 *)") && !text.contains("*(u64_a8 *)"),
        "{text}"
    );
}

#[test]
fn addresses_go_out_of_an_object_and_come_back() {
    let ir = "define i32 @f(ptr %p, i64 %n) {\n %q = getelementptr i32, ptr %p, i64 %n\n %m = sub i64 2, %n\n %r = getelementptr i32, ptr %q, i64 %m\n\
         %c = icmp ult ptr %q, %p\n %x = load i32, ptr %r, align 4\n %y = zext i1 %c to i32\n %z = add i32 %x, %y\n ret i32 %z\n}";
    let main = "int a[4] = { 1, 2, 30, 4 }; printf(\"%d %d\", f(a, -1000), f(a, 1000));";
    assert_eq!(printed(ir, "int f(int *, long);", main), "31 30");
}

#[test]
fn a_loop_without_effects_never_ends() {
    let ir = "define void @f(i32 %x) {\nentry:\n br label %loop\nloop:\n %n = phi i32 [ %x, %entry ], [ %m, %loop ]\n %m = mul i32 %n, 3\n\
         %c = icmp eq i32 %m, 0\n br i1 %c, label %out, label %loop\nout:\n ret void\n}";
    let main = "puts(\"begun\"); fflush(stdout); alarm(1); f(1); puts(\"ended\");";
    assert_eq!(printed(ir, "void f(int);", main), "begun\n");
}

#[test]
fn what_was_never_stored_is_one_value_once_it_is_frozen() {
    let ir = "define i32 @f() {\n %m = alloca i32, align 4\n %x = load i32, ptr %m, align 4\n %y = freeze i32 %x\n %z = sub i32 %y, %y\n ret i32 %z\n}\n\
        define i1 @g(i1 %c) {\n %y = freeze i32 undef\n %z = icmp eq i32 %y, %y\n ret i1 %z\n}";
    let main = "printf(\"%d %d\", f(), g(1));";
    assert_eq!(printed(ir, "int f(void); _Bool g(_Bool);", main), "0 1");
    let text = c(ir, Options::default()).unwrap();
    assert_eq!(
        text.matches("__asm__(\"\" : \"+r\"(v_y));").count(),
        2,
        "{text}"
    );
}

#[test]
fn signs_are_those_of_operations_and_of_c_parameters() {
    let ir = "declare signext i8 @half(i8 signext, i8 zeroext)\n\
        define i32 @f(i8 %x) {\n %h = call signext i8 @half(i8 signext %x, i8 zeroext %x)\n %w = sext i8 %h to i32\n ret i32 %w\n}\n\
        define i1 @g(i8 %x, i8 %y) {\n %c = icmp slt i8 %x, %y\n ret i1 %c\n}\n\
        define i32 @h(i8 %x, i8 %y) {\n %c = sdiv i8 %x, %y\n %d = zext i8 %c to i32\n ret i32 %d\n}";
    let declared = "signed char half(signed char x, unsigned char y) { return x / 2 + (y > 200); }\n\
        int f(char); _Bool g(char, char); int h(char, char);";
    let main = "printf(\"%d %d %d %d\", f(-100), g(-1, 1), g(1, -1), h(-7, 2));";
    assert_eq!(printed(ir, declared, main), "-50 1 0 253");
}

#[test]
fn null_is_an_address_like_others() {
    let ir = "declare void @see(ptr)\n\
        define i32 @f(ptr %p, i64 %n) null_pointer_is_valid {\n call void @llvm.memcpy.p0.p0.i64(ptr %p, ptr %p, i64 %n, i1 false)\n\
         %c = icmp eq ptr %p, null\n %r = select i1 %c, i32 5, i32 6\n ret i32 %r\n}\n\
        define i1 @g(ptr %p) null_pointer_is_valid {\n %x = load volatile i8, ptr %p, align 1\n %c = icmp ne ptr %p, null\n ret i1 %c\n}";
    let main = "char c; printf(\"%d %d %d\", f(0, 0), f(&c, 0), g(&c));";
    assert_eq!(
        printed(ir, "int f(void *, long); _Bool g(char *);", main),
        "5 6 1"
    );
}

#[test]
fn floats_out_of_range_become_the_nearest_integers() {
    let ir = "define i32 @f(double %x) {\n %y = fptosi double %x to i32\n ret i32 %y\n}\n\
        define i64 @g(float %x) {\n %y = call i64 @llvm.fptoui.sat.i64.f32(float %x)\n ret i64 %y\n}";
    let main = "printf(\"%d %d %d %lx %lx\", f(1e300), f(-1e300), f(-2.9), g(1e30f), g(-1.0f));";
    assert_eq!(
        printed(ir, "int f(double); long g(float);", main),
        "2147483647 -2147483648 -2 ffffffffffffffff 0"
    );
}

#[test]
fn assembly_keeps_operands_dialect_labels_and_effects() {
    let ir = r#"define i64 @att(i64 %x, i64 %y) {
 %r = call i64 asm "leaq ($1, $2), $0", "=r,r,r,~{dirflag},~{fpsr},~{flags}"(i64 %x, i64 %y)
 ret i64 %r
}
define i64 @intel(i64 %x) {
 %r = call i64 asm inteldialect "lea ${0:q}, [${1:q} + 1]", "=&r,r"(i64 %x)
 ret i64 %r
}
define { i32, i32 } @fixed(i32 %x) {
 %r = call { i32, i32 } asm sideeffect "movl %ecx, %edx\0Aaddl $$1, %eax", "={ax},={dx},{cx},0,~{memory}"(i32 %x, i32 40)
 ret { i32, i32 } %r
}
define i32 @goto(i32 %x) {
entry:
 callbr void asm sideeffect "testl $0, $0\0Ajz ${1:l}", "r,!i"(i32 %x) to label %next [label %zero]
next:
 br label %zero
zero:
 %r = phi i32 [ 1, %entry ], [ 2, %next ]
 ret i32 %r
}"#;
    let declared = "long att(long, long); long intel(long); int goto_(int) __asm__(\"goto\");\n\
        struct two { unsigned long low, high; }; struct two fixed(int);";
    let main = "struct two r = fixed(9); printf(\"%ld %ld %d %d %d %d\", att(2, 3), intel(6), (int)r.low, (int)r.high, goto_(0), goto_(1));";
    assert_eq!(printed(ir, declared, main), "5 7 41 9 1 2");
}

#[test]
fn what_is_not_understood_is_an_error_that_says_what_and_where() {
    let refused = |ir: &str| c(ir, Options::default()).unwrap_err().what;
    let ir = "define void @f() !dbg !3 {\n fence acquire, !dbg !5\n call void asm \"\", \"^Yz,~{memory}\"(i32 1), !dbg !5\n ret void\n}\n\
        !llvm.dbg.cu = !{!0}\n!llvm.module.flags = !{!2}\n!0 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !1, emissionKind: LineTablesOnly)\n\
        !1 = !DIFile(filename: \"drivers/x.rs\", directory: \"/\")\n!2 = !{i32 2, !\"Debug Info Version\", i32 3}\n\
        !3 = distinct !DISubprogram(name: \"f\", file: !1, line: 7, unit: !0, type: !4)\n!4 = !DISubroutineType(types: !{})\n!5 = !DILocation(line: 9, scope: !3)";
    let what = refused(ir);
    assert!(
        what.contains("f (drivers/x.rs:9): the constraint ^Yz"),
        "{what}"
    );
    let line = c(
        &ir.replace("^Yz,~{memory}\"(i32 1)", "~{memory}\"()"),
        Options {
            lines: true,
            ..Options::default()
        },
    );
    assert!(
        line.unwrap()
            .contains("#line 9 \"/drivers/x.rs\"\n\t__atomic_thread_fence")
    );
    for (ir, what) in [
        (
            "define <2 x i8> @f(<2 x i8> %x) {\n ret <2 x i8> %x\n}",
            "<2 x i8>",
        ),
        ("define void @f() naked {\n unreachable\n}", "naked"),
        (
            "define void @f() \"something\"=\"else\" {\n ret void\n}",
            "something",
        ),
        (
            "declare void @llvm.clear_cache(ptr, ptr)\ndefine void @f(ptr %p) {\n call void @llvm.clear_cache(ptr %p, ptr %p)\n ret void\n}",
            "llvm.clear_cache",
        ),
        (
            "define fastcc void @f() {\n ret void\n}",
            "calling convention 8",
        ),
        (
            "declare void @g()\ndefine void @f() {\n musttail call void @g()\n ret void\n}",
            "musttail",
        ),
        (
            "@v = global i32 ptrtoint (ptr @v to i32)",
            "part of an address",
        ),
        (
            "define void @f(ptr %p) {\n call void %p() [ \"kcfi\"(i32 7) ]\n ret void\n}",
            "kcfi",
        ),
    ] {
        let said = refused(ir);
        assert!(said.contains(what), "{ir}: {said}");
    }
    let other = Module::from_text(
        &Context::new(llvm()).unwrap(),
        "target triple = \"aarch64-linux\"",
    );
    let failure = translate(&other.unwrap(), Options::default()).unwrap_err();
    assert!(failure.what.contains("aarch64-linux"), "{failure}");
}

#[test]
fn variables_lie_in_memory_as_the_module_has_them() {
    let ir = "@a = constant { i8, i32, ptr, [3 x i16] } { i8 7, i32 -2, ptr getelementptr (i8, ptr @b, i64 3), [3 x i16] [i16 1, i16 2, i16 3] }, align 8\n\
        @b = global [5 x i8] c\"ab?\\22\\00\", section \".data.b\", align 16\n@c = internal global i64 0\n@d = weak hidden global ptr @c\n@e = alias i8, ptr @b\n\
        @t = thread_local global i32 5\n\
        @llvm.used = appending global [1 x ptr] [ptr @c], section \"llvm.metadata\"\n\
        define ptr @f() {\n %t = call ptr @llvm.threadlocal.address.p0(ptr @t)\n store i32 8, ptr %t, align 4\n ret ptr %t\n}";
    let declared = "struct a { char x; int y; char *z; short w[3]; }; extern const struct a a; extern char b[], e[]; int *f(void); extern _Thread_local int t;";
    let main = "int *p = f(); printf(\"%d %d %s %d %s %d %d %d\", a.x, a.y, a.z, a.w[2], e, (int)((long)b % 16), *p, t);";
    assert_eq!(printed(ir, declared, main), "7 -2 \" 3 ab?\" 0 8 8");
}

#[test]
fn the_same_module_gives_the_same_text() {
    let ir = "declare void @z()\ndeclare void @y()\n@q = external global i8\n@p = external global i8\n\
        define void @f(i8 %long.name) {\nfirst.block:\n call void @y()\n call void @z()\n %sum = add i8 %long.name, 1\n store i8 %sum, ptr @q\n store i8 1, ptr @p\n ret void\n}";
    let first = c(ir, Options::default()).unwrap();
    for _ in 0..4 {
        assert_eq!(c(ir, Options::default()).unwrap(), first);
    }
    for name in ["L_first_block:", "v_sum", "v_long_name", "g_y()"] {
        assert!(first.contains(name), "{name}: {first}");
    }
}

#[test]
fn what_a_linker_collects_in_a_section_keeps_the_order_of_the_module() {
    let ir = "@c = internal constant i32 1, section \"suites\"\n@a = internal constant i32 2, section \"suites\"\n\
        @b = constant i32 3, section \"suites\"\n@d = internal constant i32 4, section \"suites\"\n\
        @llvm.used = appending global [4 x ptr] [ptr @d, ptr @b, ptr @a, ptr @c], section \"llvm.metadata\"";
    let declared = "extern const int __start_suites[], __stop_suites[];";
    let main =
        "for (const int *it = __start_suites; it < __stop_suites; it++) printf(\"%d\", *it);";
    assert_eq!(printed(ir, declared, main), "1234");
}
