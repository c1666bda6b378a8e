//! What the definitions of the crate are, told again by hand.

use std::sync::Arc;

use gateless_kcfi::Integer;
use gateless_kcfi::{
    Arg, Definitions, Krate, Meaning, Named, Names, Namespace, Parameters, Path, Segment, Trait,
    Transparent, Type,
};
use gateless_kcfi::{Lifetimes, read_type};

pub struct Known {
    own: Krate,
    core: Krate,
}

impl Known {
    pub fn new(ir: &str) -> Self {
        Self {
            own: super::crates::named(ir, "types"),
            core: super::crates::named(ir, "core"),
        }
    }

    fn path(&self, path: &[&str]) -> Arc<Path> {
        let krate = match path[0] {
            "core" => &self.core,
            _ => &self.own,
        };
        let names = path.iter().skip((path[0] == "core").into());
        Arc::new(Path {
            krate: krate.clone(),
            segments: names
                .map(|name| Segment {
                    namespace: Namespace::Type,
                    name: (*name).to_owned(),
                    disambiguator: 0,
                })
                .collect(),
        })
    }
}

impl Names for Known {
    fn named(&self, path: &[&str]) -> gateless_model::Result<Meaning> {
        let constant = |ty| Parameters {
            constants: vec![ty],
            ..Parameters::default()
        };
        let parameters = match path[path.len() - 1] {
            "Far" => return Ok(Meaning::Foreign(self.far())),
            "Held" => Parameters {
                lifetimes: 1,
                ..Parameters::default()
            },
            "Row" => constant(Type::Integer(Integer {
                signed: false,
                bits: None,
            })),
            "Flagged" => constant(Type::Bool),
            _ => Parameters::default(),
        };
        Ok(Meaning::Adt(self.path(path), parameters))
    }

    fn of_trait(&self, path: &[&str]) -> gateless_model::Result<Trait> {
        let last = path[path.len() - 1];
        let path = match last {
            "Iterator" => self.path(&["core", "iter", "traits", "iterator", "Iterator"]),
            "Fn" | "FnMut" => self.path(&["core", "ops", "function", last]),
            _ => self.path(path),
        };
        Ok(Trait {
            path,
            parameters: Parameters {
                lifetimes: (last == "Lent").into(),
                ..Parameters::default()
            },
            is_auto: ["Send", "Sync", "Unpin"].contains(&last),
        })
    }

    fn owner(&self, of: &Named, _: &str) -> gateless_model::Result<Named> {
        Ok(match of.path.name() {
            "Fn" | "FnMut" => Named {
                path: self.path(&["core", "ops", "function", "FnOnce"]),
                args: of.args.clone(),
            },
            "Below" => Named {
                path: self.path(&["m", "Made"]),
                args: Vec::new(),
            },
            _ => of.clone(),
        })
    }

    fn default(
        &self,
        of: &Arc<Path>,
        number: usize,
        _: &[Arg],
        _: Option<&Type>,
    ) -> gateless_model::Result<Arg> {
        panic!("{of} {number}");
    }

    fn projection(&self, ty: Type, _: Named, name: &str) -> gateless_model::Result<Type> {
        panic!("{ty:?} {name}");
    }
}

impl Known {
    /// Declared in a block that has no name itself.
    fn far(&self) -> Arc<Path> {
        self.path(&["m", "Far"])
    }
}

impl Definitions for Known {
    fn encoding(&self, path: &Path) -> gateless_model::Result<Option<String>> {
        Ok(match path.name() {
            "Own" => Some("3own".into()),
            "OwnLetter" => Some("j".into()),
            _ => None,
        })
    }

    fn is_repr_c(&self, path: &Path) -> gateless_model::Result<bool> {
        Ok(path.name() == "Shared")
    }

    fn transparent(&self, named: &Named) -> gateless_model::Result<Transparent> {
        let inner = match named.path.name() {
            "Cover" => "usize",
            "Twice" => "m::Cover",
            "Knot" => "*const m::Knot",
            "Link" => "core::option::Option<&m::Link>",
            "OwnLetter" => "u32",
            "Some16" => return Ok(pattern(false, Some(16), vec![(Some(1), None)])),
            "SomeSize" => {
                let ranges = vec![(None, Some(-1)), (Some(1), None)];
                return Ok(pattern(true, None, ranges));
            }
            "Thin" => match &named.args[0] {
                Arg::Type(ty) => return Ok(Transparent::Field(ty.clone())),
                other => panic!("{other:?}"),
            },
            _ => return Ok(Transparent::No),
        };
        read_type(inner, Lifetimes::Written, self).map(Transparent::Field)
    }

    fn pointer_width(&self) -> u8 {
        64
    }
}

fn pattern(
    signed: bool,
    bits: Option<u8>,
    ranges: Vec<(Option<i128>, Option<i128>)>,
) -> Transparent {
    let of = Type::Integer(Integer { signed, bits });
    Transparent::Field(Type::Pattern(Box::new(of), ranges))
}
