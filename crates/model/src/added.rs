//! Names that lowering gives to what it adds. Code generation and the comparison of builds know added code by them.

/// The support module, and the beginning of every added name.
pub const PREFIX: &str = "__gateless";

/// Beginning of the names of extension traits for a type's own methods.
pub const METHOD: &str = "__gateless_m_";

/// Beginning of the names of extension traits for a trait's methods.
pub const TRAIT: &str = "__gateless_t_";

/// Beginning of the names of methods that are called by a name of their own, and of the traits that have them.
pub const OWN: &str = "__gateless_n_";

/// Beginning of the names by which the compiler is asked what a method is called on: no method has such a name.
pub const PROBE: &str = "__gateless_is_";

/// The function that a hidden trait's method returns: it calls the method that the gated build has in its vtable.
pub const SHIM: &str = "shim";

/// A variable that is defined nowhere. The address of a constant that begins with its address is, as an operand of assembly, what lowering made of a
/// pointer, which comes next in that constant. Code generation puts the pointer in its place; where it doesn't, the object can't be linked.
pub const CONST_OPERAND: &str = "__gateless_pointer_as_const_operand";

/// Beginning of the names of all traits that lowering adds for the traits of one crate; a number, `_` and another number follow.
pub fn traits_of(crate_name: &str) -> String {
    format!("{TRAIT}{crate_name}_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_begins_alike() {
        assert!(
            [METHOD, TRAIT, OWN, PROBE, CONST_OPERAND, &traits_of("x")]
                .iter()
                .all(|name| name.starts_with(PREFIX))
        );
    }
}
