//! The types that are compared, as text.

/// One function.
#[derive(Debug)]
pub struct Case {
    /// What `extern` says, or `Rust`.
    pub abi: &'static str,
    /// The type of its parameter, if it has one.
    pub input: String,
    /// What it returns, if it is not `()`.
    pub output: String,
}

/// A type as text.
#[derive(Debug, Clone)]
struct Written {
    text: String,
    is_sized: bool,
    /// Whether values of it take no space, so that they are never passed.
    is_empty: bool,
}

/// The definitions that the types need.
const PRELUDE: &str = include_str!("prelude.rs");

const LEAVES: &[&str] = &[
    "bool",
    "char",
    "u8",
    "i16",
    "u32",
    "i64",
    "u128",
    "usize",
    "isize",
    "f32",
    "f64",
    "m::Plain",
    "m::Shared",
    "m::Cover",
    "m::Twice",
    "m::Knot",
    "m::Link",
    "m::Own",
    "m::OwnLetter",
    "m::Kind",
    "m::Either",
    "m::_Low",
    "m::Some16",
    "m::SomeSize",
    "core::ffi::c_void",
    "*mut m::Far",
];

/// Those of which deep types are made: one of each sort.
const FEW: &[&str] = &["usize", "m::Plain", "m::Shared", "m::Knot", "m::Own"];

const UNSIZED: &[&str] = &[
    "str",
    "(dyn m::Simple + 'static)",
    "(dyn m::Simple + core::marker::Send + core::marker::Sync + core::marker::Unpin + 'static)",
    "(dyn core::marker::Send + core::marker::Sync + 'static)",
];

/// `$T` is the type within, `$L` the number of the `for<...>`.
struct Constructor {
    text: &'static str,
    /// Whether `$T` may have no known size.
    takes_unsized: bool,
    /// Whether the result has a known size.
    is_sized: bool,
    /// Whether the result has no size if `$T` has none.
    keeps_empty: bool,
}

const fn sized(text: &'static str) -> Constructor {
    Constructor {
        text,
        takes_unsized: false,
        is_sized: true,
        keeps_empty: false,
    }
}

const fn around(text: &'static str) -> Constructor {
    Constructor {
        keeps_empty: true,
        ..sized(text)
    }
}

const fn pointer(text: &'static str) -> Constructor {
    Constructor {
        takes_unsized: true,
        ..sized(text)
    }
}

const fn object(text: &'static str) -> Constructor {
    Constructor {
        is_sized: false,
        ..pointer(text)
    }
}

const CONSTRUCTORS: &[Constructor] = &[
    pointer("&'static $T"),
    pointer("&'static mut $T"),
    pointer("*const $T"),
    pointer("*mut $T"),
    around("[$T; 3]"),
    around("($T,)"),
    sized("($T, u8, $T)"),
    pointer("core::option::Option<&'static $T>"),
    around("m::Gen<$T>"),
    around("m::Thin<$T>"),
    pointer("m::Held<'static, $T>"),
    around("m::Row<3, $T>"),
    sized("m::Flagged<true, $T>"),
    sized("fn($T) -> $T"),
    sized("unsafe fn(u8, $T)"),
    sized("extern \"C\" fn($T, *const m::Shared) -> $T"),
    pointer("unsafe extern \"C\" fn(*mut $T, ...)"),
    pointer("for<'l$L> fn(&'l$L $T) -> &'l$L u8"),
    pointer("for<'l$L, 'm$L> fn(&'m$L $T, &'l$L $T, m::Held<'l$L, $T>) -> m::Held<'m$L, u8>"),
    pointer("for<'l$L> fn(&'l$L (dyn m::Lent<'l$L, $T, Out = u8> + 'l$L))"),
    pointer("fn(*mut $T) -> !"),
    Constructor {
        is_sized: false,
        ..sized("[$T]")
    },
    object("(dyn m::Of<$T> + 'static)"),
    object("(dyn m::Made<Out = *const $T> + core::marker::Send + 'static)"),
    object("(dyn m::Above<Second = *const $T, First = u16> + 'static)"),
    object("(dyn m::Below<u8, Out = *const $T> + 'static)"),
    object("(dyn for<'l$L> m::Lent<'l$L, $T, Out = &'l$L u8> + 'static)"),
    object("(dyn core::ops::Fn(*const $T, u8) -> bool + core::marker::Send + 'static)"),
    object("(dyn for<'l$L> core::ops::FnMut(&'l$L $T) -> &'l$L $T + 'static)"),
    object("(dyn core::iter::Iterator<Item = *mut $T> + 'static)"),
];

impl Constructor {
    fn of(&self, inner: &Written, level: usize) -> Option<Written> {
        if !inner.is_sized && !self.takes_unsized {
            return None;
        }
        let text = self.text.replace("$L", &level.to_string());
        Some(Written {
            text: text.replace("$T", &inner.text),
            is_sized: self.is_sized,
            is_empty: self.keeps_empty && inner.is_empty,
        })
    }
}

/// All functions.
pub fn cases() -> Vec<Case> {
    let leaf = |is_sized| {
        move |text: &&str| Written {
            text: (*text).to_owned(),
            is_sized,
            is_empty: false,
        }
    };
    let unsized_leaves: Vec<Written> = UNSIZED.iter().map(leaf(false)).collect();
    let mut all: Vec<Written> = LEAVES.iter().map(leaf(true)).collect();
    all.extend(unsized_leaves.clone());
    all.push(Written {
        text: "()".into(),
        is_sized: true,
        is_empty: true,
    });
    let apply = |inner: &[Written], level| -> Vec<Written> {
        let of = |constructor: &'static Constructor| {
            inner
                .iter()
                .filter_map(move |inner| constructor.of(inner, level))
        };
        CONSTRUCTORS.iter().flat_map(of).collect()
    };
    let once = apply(&all, 0);
    let mut few: Vec<Written> = FEW.iter().map(leaf(true)).collect();
    few.extend(unsized_leaves.into_iter().take(3));
    let twice = apply(&apply(&few, 0), 1);
    all.extend(once);
    all.extend(twice);
    all.into_iter().flat_map(functions).collect()
}

/// The functions that have a type in their signatures.
fn functions(ty: Written) -> Vec<Case> {
    let case = |abi, input: String, output: &str| Case {
        abi,
        input,
        output: output.to_owned(),
    };
    let shared = format!("&'static {}", ty.text);
    if !ty.is_sized {
        return vec![case("Rust", shared, "")];
    }
    let mut cases = vec![case("C", format!("*mut {}", ty.text), "")];
    cases.push(match ty.is_empty {
        true => case("Rust", String::new(), &ty.text),
        false => case("Rust", ty.text.clone(), &ty.text),
    });
    cases
}

/// The crate that has them.
pub fn source(cases: &[Case]) -> String {
    let mut source = PRELUDE.to_owned();
    for (number, case) in cases.iter().enumerate() {
        let abi = match case.abi {
            "Rust" => String::new(),
            other => format!("extern \"{other}\" "),
        };
        let parameter = match case.input.as_str() {
            "" => String::new(),
            input => format!("_: {input}"),
        };
        let output = match case.output.as_str() {
            "" => String::new(),
            output => format!(" -> {output}"),
        };
        source += &format!(
            "#[unsafe(no_mangle)] pub {abi}fn f{number}({parameter}){output} {{ loop {{}} }}\n"
        );
    }
    source
}
