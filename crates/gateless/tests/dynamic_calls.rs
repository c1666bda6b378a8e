//! Calls through trait objects by smart pointers, compiled as Rust objects of a kernel are, and run: what they do, and that vtables lead to the methods.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// Two implementing types; results in registers, in two of them and in memory; and arguments likewise.
const SOURCE: &str = r#"#![feature(arbitrary_self_types, derive_coerce_pointee)]
use std::{marker::PhantomData, ops::Deref, ptr::NonNull, sync::atomic::{AtomicU32, Ordering::SeqCst}};
#[derive(std::marker::CoercePointee)]
#[repr(transparent)]
pub struct P<T: ?Sized> { ptr: NonNull<T>, marker: PhantomData<T> }
impl<T: ?Sized> Deref for P<T> { type Target = T; fn deref(&self) -> &T { unsafe { self.ptr.as_ref() } } }
impl<T> P<T> { fn new(value: T) -> Self { P { ptr: NonNull::from(Box::leak(Box::new(value))), marker: PhantomData } } }
static DROPPED: AtomicU32 = AtomicU32::new(0);
impl<T: ?Sized> Drop for P<T> { fn drop(&mut self) { DROPPED.fetch_add(1, SeqCst); unsafe { drop(Box::from_raw(self.ptr.as_ptr())) } } }
pub trait Work {
    fn check(self: P<Self>, x: u32) -> Result<bool, u64>;
    fn cancel(self: P<Self>);
    fn large(self: P<Self>, y: [u64; 4]) -> [u64; 8];
    fn plain(&self) -> u32;
    fn pair(self: P<Self>, a: u8, b: i16, c: &str) -> (u8, usize);
}
pub struct Small(u32);
impl Work for Small {
    fn check(self: P<Self>, x: u32) -> Result<bool, u64> { if x == 3 { Ok(self.0 == 7) } else { Err(u64::from(self.0) + 4) } }
    fn cancel(self: P<Self>) {}
    fn large(self: P<Self>, y: [u64; 4]) -> [u64; 8] { [y[0] + y[3], y[1], 0, 0, 0, 0, 0, u64::from(self.0)] }
    fn plain(&self) -> u32 { self.0 }
    fn pair(self: P<Self>, a: u8, b: i16, c: &str) -> (u8, usize) { (a + self.0 as u8, c.len() + b as usize) }
}
pub struct Large([u64; 9]);
impl Work for Large {
    fn check(self: P<Self>, x: u32) -> Result<bool, u64> { Ok(x == 8) }
    fn cancel(self: P<Self>) {}
    fn large(self: P<Self>, y: [u64; 4]) -> [u64; 8] { [y[2], self.0[8], 0, 0, 0, 0, 0, 1] }
    fn plain(&self) -> u32 { 99 }
    fn pair(self: P<Self>, a: u8, _: i16, _: &str) -> (u8, usize) { (a, 1) }
}
#[inline(never)]
fn make(small: bool) -> P<dyn Work> { if small { P::new(Small(7)) } else { P::new(Large([5; 9])) } }
#[no_mangle]
pub extern "C" fn run(small: bool) -> u32 {
    assert_eq!(make(small).plain(), if small { 7 } else { 99 });
    assert_eq!(make(small).check(3), if small { Ok(true) } else { Ok(false) });
    assert_eq!(make(small).check(8), if small { Err(11) } else { Ok(true) });
    make(small).cancel();
    assert_eq!(make(small).large([1, 2, 3, 4]), if small { [5, 2, 0, 0, 0, 0, 0, 7] } else { [3, 5, 0, 0, 0, 0, 0, 1] });
    assert_eq!(make(small).pair(200, 5, "abc"), if small { (207, 8) } else { (200, 1) });
    DROPPED.load(SeqCst)
}
"#;

const MAIN: &str = "extern \"C\" { fn run(small: bool) -> u32; }\nfn main() { unsafe { println!(\"{} {}\", run(true), run(false)); } }\n";

/// Runs a program in a directory, which must succeed; returns what it prints.
fn run(directory: &Path, program: &str, args: &[&str]) -> String {
    let output = Command::new(program)
        .args(args)
        .current_dir(directory)
        .env_remove("RUSTC_BOOTSTRAP")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn methods_do_the_same_and_are_what_vtables_lead_to() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    symlink(env!("CARGO_BIN_EXE_gateless"), path.join("gateless-rustc")).unwrap();
    std::fs::write(path.join("work.rs"), SOURCE).unwrap();
    std::fs::write(path.join("main.rs"), MAIN).unwrap();
    let host = run(path, "rustc", &["-vV"]);
    let host = host.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.unwrap();
    for level in ["0", "1", "2", "s"] {
        for debug in ["0", "2"] {
            let (level, debug) = (
                format!("-Copt-level={level}"),
                format!("-Cdebuginfo={debug}"),
            );
            // An unstable flag makes it an object that code is generated for here, as in a kernel.
            let args = [
                "--edition=2021",
                "--target",
                host,
                "--crate-type=rlib",
                "-Cpanic=abort",
                "-Ccodegen-units=1",
                "-Csymbol-mangling-version=v0",
                "-Zfunction-sections=n",
                "-Crelocation-model=pic",
                &level,
                &debug,
                "--emit=obj=work.o",
                "work.rs",
            ];
            run(path, path.join("gateless-rustc").to_str().unwrap(), &args);
            let args = ["--edition=2021", "main.rs", "-Clink-arg=work.o"];
            run(path, "rustc", &args);
            let printed = run(path, path.join("main").to_str().unwrap(), &[]);
            assert_eq!(printed, "6 12\n", "{level} {debug}");
            let object = std::fs::read(path.join("work.o")).unwrap();
            let names = String::from_utf8_lossy(&object);
            assert!(names.contains("4Work6cancel"), "{level} {debug}");
            // Without optimisation a function that nobody calls stays in the object. What is passed in memory is copied on the way, so that the
            // function between stays as well: one for each type.
            let between = names.matches("_call4shimNtB").count();
            assert!(
                level == "-Copt-level=0" || between <= 2,
                "{level} {debug}: {between}"
            );
        }
    }
}
