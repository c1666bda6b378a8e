//! That no kind of type is left out: each `match` here has all kinds, so a new one doesn't compile, and one that no case has fails.

use std::collections::BTreeSet;

use gateless_kcfi::{Arg, FnPointer, Named, Predicate, Region, Type};

/// What the cases have had so far.
#[derive(Default)]
pub struct Seen(BTreeSet<&'static str>);

/// The names that are given below.
const ALL: &[&str] = &[
    "!",
    "&",
    "&mut",
    "*const",
    "*mut",
    "Rust",
    "adt",
    "array",
    "auto trait",
    "bool",
    "bound",
    "bound outside",
    "C",
    "char",
    "constant",
    "dyn",
    "erased",
    "float",
    "fn",
    "foreign",
    "integer",
    "lifetime",
    "projection",
    "slice",
    "str",
    "trait",
    "tuple",
    "type",
    "unit",
    "unsafe",
    "variadic",
];

impl Seen {
    fn add(&mut self, name: &'static str) {
        self.0.insert(name);
    }

    /// Fails if something was not there.
    pub fn everything(&self) {
        let missing: Vec<_> = ALL.iter().filter(|name| !self.0.contains(*name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(self.0.len(), ALL.len());
    }

    pub fn signature(&mut self, signature: &FnPointer) {
        self.add(match signature.abi.as_str() {
            "C" => "C",
            _ => "Rust",
        });
        if signature.is_unsafe {
            self.add("unsafe");
        }
        if signature.variadic {
            self.add("variadic");
        }
        for ty in signature.inputs.iter().chain([&signature.output]) {
            self.ty(ty);
        }
    }

    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Bool => self.add("bool"),
            Type::Char => self.add("char"),
            Type::Str => self.add("str"),
            Type::Never => self.add("!"),
            Type::Integer(_) => self.add("integer"),
            Type::Float(_) => self.add("float"),
            Type::Tuple(parts) => {
                self.add(if parts.is_empty() { "unit" } else { "tuple" });
                parts.iter().for_each(|part| self.ty(part));
            }
            Type::Array(element, _) => {
                self.add("array");
                self.ty(element);
            }
            Type::Slice(element) => {
                self.add("slice");
                self.ty(element);
            }
            Type::Ref {
                region,
                mutable,
                to,
            } => {
                self.add(if *mutable { "&mut" } else { "&" });
                self.region(*region);
                self.ty(to);
            }
            Type::Pointer { mutable, to } => {
                self.add(if *mutable { "*mut" } else { "*const" });
                self.ty(to);
            }
            Type::Function(pointer) => {
                self.add("fn");
                self.signature(pointer);
            }
            Type::Dyn { predicates, region } => {
                self.add("dyn");
                self.region(*region);
                predicates
                    .iter()
                    .for_each(|predicate| self.predicate(predicate));
            }
            Type::Adt(named) => {
                self.add("adt");
                self.named(named);
            }
            Type::Pattern(..) => panic!("only definitions have it"),
            Type::Foreign(_) => self.add("foreign"),
        }
    }

    fn region(&mut self, region: Region) {
        match region {
            Region::Erased => self.add("erased"),
            Region::Static => panic!("only folding makes it"),
            Region::Bound { depth: 0, .. } => self.add("bound"),
            Region::Bound { .. } => self.add("bound outside"),
        }
    }

    fn predicate(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::Trait(named) => {
                self.add("trait");
                self.named(named);
            }
            Predicate::Projection { of, term, .. } => {
                self.add("projection");
                self.named(of);
                self.ty(term);
            }
            Predicate::Auto(_) => self.add("auto trait"),
        }
    }

    fn named(&mut self, named: &Named) {
        for arg in &named.args {
            match arg {
                Arg::Region(region) => {
                    self.add("lifetime");
                    self.region(*region);
                }
                Arg::Type(ty) => {
                    self.add("type");
                    self.ty(ty);
                }
                Arg::Const(..) => self.add("constant"),
            }
        }
    }
}
