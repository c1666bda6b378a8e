//! What is found in the text of definitions.

use super::*;

const TEXT: &str = r#"
#[repr(transparent)]
pub struct Cover<'a, T: ?Sized, const N: usize = 3>(pub(crate) [u8], PhantomData<&'a T>);
mod inner {
    #[derive(Clone)] #[repr(C)] pub union Shared { a: u8 }
    #[cfi_encoding = "3own"]
    pub enum Own { A }
    pub unsafe auto trait Auto {}
    pub trait Below<T = Self>: Above<T> + 'static {
        type Out;
        const COUNT: usize;
        fn plain(&self, x: &[u8; 3]) -> Option<Self::Out>;
        fn own(self);
        fn types<U>(&self, x: U);
        fn sized(&self) where Self: Sized + Copy;
        #[track_caller] fn again(&self, other: &Self) {}
        fn none() -> u8;
    }
}
impl Cover<'_, u8> { fn method(&self) -> impl Copy { struct Hidden; } }
unsafe extern "C" { fn foreign(x: u8); type Far; }
pub unsafe extern "C" fn exported() { struct Within; }
macro_rules! make { ($(#[$m:meta])* $vis:vis struct $name:ident($int:ty);) => {
    #[repr(transparent)] $(#[$m])* $vis struct $name($int);
    pub struct Always;
} }
make! { pub struct Given(u32); }
named!(Made);
macro_rules! named { ($name:ident) => { pub struct $name; } }
"#;

fn sources() -> Sources {
    let mut sources = Sources::default();
    sources.add("k", &["a".to_owned()], "/src/a.rs", TEXT, "2021");
    sources
}

fn only(name: &str) -> Item {
    let mut found = sources().named("k", name);
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found.remove(0)
}

#[test]
fn attributes_and_parameters_of_types_are_found() {
    let cover = only("Cover");
    assert!(cover.transparent && !cover.repr_c);
    assert_eq!(
        (cover.lifetimes, &cover.types[..]),
        (1, &["T".to_owned()][..])
    );
    assert_eq!(cover.constants, ["usize"]);
    assert_eq!(cover.parameters[1].default.as_deref(), Some("3"));
    assert_eq!(cover.fields, ["[u8]", "PhantomData<&'a T>"]);
    assert_eq!(cover.modules, ["a"]);
    let shared = only("Shared");
    assert!(shared.repr_c && shared.kind == Kind::Union);
    assert_eq!(shared.modules, ["a", "inner"]);
    assert_eq!(only("Own").encoding.as_deref(), Some("3own"));
    assert_eq!(only("Far").kind, Kind::Foreign);
    assert_eq!(only("Within").modules, ["a", "exported"]);
    assert_eq!(only("Hidden").modules, ["a", "{{impl}}", "method"]);
    let path = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.into())
            .collect::<Vec<String>>()
    };
    assert!(sources().is_function(&path(&["k", "a", "exported"])));
    assert!(!sources().is_function(&path(&["k", "a", "method"])));
    assert!(only("Auto").in_trait.unwrap().is_auto);
}

#[test]
fn a_trait_says_which_methods_a_vtable_can_have() {
    let below = only("Below").in_trait.unwrap();
    assert_eq!(below.supertraits, ["Above<T>", "'static"]);
    assert_eq!(below.associated, ["Out"]);
    assert!(below.has_constants);
    let method = |name: &str| {
        let mut found = below.methods.iter().filter(|method| method.name == name);
        found.next().unwrap().clone()
    };
    let dispatchable: Vec<_> = below
        .methods
        .iter()
        .filter(|method| method.dispatchable)
        .map(|method| method.name.as_str())
        .collect();
    assert_eq!(dispatchable, ["plain", "own", "sized"]);
    assert_eq!(method("plain").output, "Option<Self::Out>");
    assert!(method("own").by_value && !method("plain").by_value);
    assert_eq!(method("sized").wants, ["Sized", "Copy"]);
    assert!(method("again").track_caller);
}

#[test]
fn what_macros_define_is_found_by_what_they_are_given() {
    assert!(only("Given").transparent);
    assert_eq!(only("Given").fields, ["u32"]);
    assert_eq!(only("Made").modules, ["a"]);
    assert_eq!(sources().named("other", "Always").len(), 1);
    assert!(sources().named("k", "Missing").is_empty());
}

#[test]
fn functions_have_their_abi_also_in_copies_of_their_file() {
    let sources = sources();
    let abi = |file: &str, name: &str| {
        let line = 2 + TEXT[1..]
            .lines()
            .position(|line| line.contains(name))
            .unwrap() as u32;
        let headers = sources.headers(file, name, line);
        headers
            .iter()
            .map(|header| header.abi.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(abi("/src/a.rs", "exported"), ["C"]);
    assert_eq!(abi("copies/src/a.rs", "foreign"), ["C"]);
    assert_eq!(abi("a.rs", "exported"), ["C"]);
    assert_eq!(abi("/src/a.rs", "plain"), ["Rust"]);
    assert!(abi("/src/b.rs", "plain").is_empty());
}

#[test]
fn a_receiver_is_found_as_it_is_written() {
    let mut sources = Sources::default();
    let text = "trait R { fn a(self: Pin<&mut Self>, x: u8); fn b(&self); fn c(self: Self); fn d(mut self: Arc<Self>) {} }";
    sources.add("k", &[], "/src/r.rs", text, "2021");
    let found = sources.named("k", "R").remove(0).in_trait.unwrap();
    let receivers: Vec<_> = found
        .methods
        .iter()
        .map(|method| (method.receiver.as_deref(), method.by_value))
        .collect();
    let expected = [
        (Some("Pin<&mut Self>"), false),
        (Some("&Self"), false),
        (Some("Self"), true),
        (Some("Arc<Self>"), false),
    ];
    assert_eq!(receivers, expected);
}

#[test]
fn impl_blocks_say_associated_types() {
    let mut sources = Sources::default();
    let text = "impl<'a> platform::Driver<u8> for Own<'a> where u8: Copy { type Info = (); fn f() { let x: u8; } type Data<'b> = u8; }\n\
        impl<T> Driver for Cover<T> { type Info = T; }\nimpl Own { fn g() {} }\nimpl Other for Own {}\n\
        macro_rules! m { () => { impl Driver for u8 { type Info = u8; } } }";
    sources.add("k", &[], "/src/i.rs", text, "2021");
    let [(krate, first), (_, second)] = sources.impls("Driver") else {
        panic!("{:?}", sources.impls("Driver"))
    };
    assert_eq!(krate, "k");
    assert_eq!(first.of_trait, "platform::Driver<u8>");
    assert_eq!(first.of_type, "Own<'a>");
    assert!(!first.is_generic && second.is_generic);
    assert_eq!(first.associated, [("Info".to_owned(), "()".to_owned())]);
    assert!(sources.impls("Other").is_empty());
}

#[test]
fn what_another_crates_macro_defines_is_found_unless_the_caller_says_its_layout() {
    let mut sources = Sources::default();
    let of_k = "macro_rules! outer { ($($t:tt)*) => { $crate::middle!(struct $($t)*); } }\n\
        macro_rules! middle { ($vis:vis struct $name:ident) => { $crate::inner!(@x $vis struct $name); } }\n\
        macro_rules! inner { (@x struct $name:ident) => { inner!(@x $name); }; (@x $name:ident) => { #[repr(transparent)] struct $name { inner: u8 } } }\n\
        macro_rules! same { ($name:ident) => { #[repr(C)] struct $name; } }";
    sources.add("k", &[], "/src/k.rs", of_k, "2021");
    let of_user = "k::outer! { Register }\nouter! { #[repr(C)] Laid }\n\
        macro_rules! same { ($name:ident) => { struct $name; } }\nsame!(Own);";
    sources.add("user", &[], "/src/user.rs", of_user, "2021");
    let found = sources.named("user", "Register");
    assert!(found.len() == 1 && found[0].transparent, "{found:?}");
    assert!(sources.named("user", "Laid").is_empty());
    let own = sources.named("user", "Own");
    assert!(own.len() == 1 && !own[0].repr_c, "{own:?}");
}

#[test]
fn what_lowering_adds_to_traits_is_kept() {
    let text = "mod m { trait T { fn f(self: Arc<Self>); } }\nfn g() { trait T {} }";
    let lowered = "mod m { trait T: __gateless_t_k_0_9_call { fn f(this: Arc<Self>) where Self: Sized; } \
        trait __gateless_t_k_0_9_call { fn __gateless_t_k_0_9_call(&self) -> *const (); } }\nfn g() { trait T {} }";
    let mut own = CrateSources::default();
    own.add(&[], "/src/l.rs", (text, Some(lowered)), "2021");
    let mut sources = Sources::default();
    sources.add_crate("k", own);
    let found = sources.named("k", "T");
    let traits: Vec<_> = found
        .iter()
        .filter_map(|item| item.in_trait.as_ref())
        .collect();
    assert_eq!(traits[0].added, ["__gateless_t_k_0_9_call"]);
    assert_eq!(traits[0].methods[0].receiver.as_deref(), Some("Arc<Self>"));
    assert!(traits[0].supertraits.is_empty() && traits[1].added.is_empty());
    let hidden = sources.named("k", "__gateless_t_k_0_9_call");
    assert_eq!(hidden[0].modules, ["m"]);
    assert!(hidden[0].in_trait.as_ref().unwrap().methods[0].dispatchable);
}
