//! `used_with_arg`: `#[used(compiler)]` and `#[used(linker)]` become `#[used]`.
//!
//! All three keep a static through compilation. They differ in the object file: `linker` and plain mean `llvm.used` (the
//! section gets the retain flag on ELF), `compiler` means `llvm.compiler.used` (no such flag). The uses are counted, so that whoever makes
//! the object can put the flag right.

use crate::attributes::{self, Decision};
use crate::gates::{View, Work};
use crate::pieces::Edit;

/// Places of each kind of `#[used]` in the crate's sources, macro definitions included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// `#[used(compiler)]`.
    pub compiler: usize,
    /// `#[used(linker)]`.
    pub linker: usize,
    /// `#[used]`.
    pub plain: usize,
}

/// Lowers the attribute wherever it stands.
pub fn apply(view: &View<'_>, work: &mut Work) {
    let tokens = view.tokens;
    for attribute in attributes::all(tokens) {
        let mut found = Used::default();
        let edits = attribute.rewrite(tokens, &view.request.cfg, &mut |meta| {
            let group = meta.first + 1;
            if tokens.at(meta.first) != "used" {
                return Decision::Keep;
            }
            if meta.end == group {
                found.plain += 1;
                return Decision::Keep;
            }
            if !(tokens.opens(group, "(")
                && tokens.close(group) == group + 2
                && meta.end == group + 3)
            {
                return Decision::Keep;
            }
            match tokens.at(group + 1) {
                "compiler" => found.compiler += 1,
                "linker" => found.linker += 1,
                _ => return Decision::Keep,
            }
            Decision::Edit(vec![Edit::remove(
                tokens.text,
                tokens.bytes(group, group + 2),
            )])
        });
        work.used.compiler += found.compiler;
        work.used.linker += found.linker;
        work.used.plain += found.plain;
        for _ in 0..found.compiler + found.linker {
            work.count("used_with_arg");
        }
        work.edits.extend(edits);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::Used;
    use crate::testing::{Scratch, lowered};

    const TEXT: &str = "#[used(compiler)] static A: u8 = 1;\n#[used] static B: u8 = 2;\nmacro_rules! m { ($n:ident) => { #[used(linker)] static $n: u8 = 3; } }\nfn f() { quote! { #[doc(hidden)] #[used(\n  compiler\n)] static __X: u8 = #x; }; }\n#[cfg_attr(ON, used(compiler), no_mangle)] static C: u8 = 4;\n";

    #[test]
    fn the_argument_goes_in_items_macros_and_quotes() {
        expect![[r#"
            #[used] static A: u8 = 1;
            #[used] static B: u8 = 2;
            macro_rules! m { ($n:ident) => { #[used] static $n: u8 = 3; } }
            fn f() { quote! { #[doc(hidden)] #[used

            ] static __X: u8 = #x; }; }
            #[cfg_attr(ON, used, no_mangle)] static C: u8 = 4;
        "#]]
        .assert_eq(&lowered(TEXT));
    }

    #[test]
    fn each_kind_of_use_is_counted() {
        Scratch::new(&[("lib.rs", TEXT)]).lower("lib.rs", &[], |lowered| {
            assert_eq!(
                lowered.unwrap().used(),
                Used {
                    compiler: 3,
                    linker: 1,
                    plain: 1
                }
            );
        });
    }

    #[test]
    fn a_function_called_used_is_left_alone() {
        let text = "fn f() { used(compiler); let x = [used(linker)]; }\n";
        assert_eq!(lowered(text), text);
    }
}
