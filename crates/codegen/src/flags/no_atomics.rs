//! `-Zgateless-wish=no-atomics`: an atomic instruction is an error that names the function and the line.
//!
//! The kernel has a memory model of its own: its atomics are calls and assembly (rust/kernel/sync/atomic), and those of `core`, which follow
//! C++'s, are not to be mixed with them. Assembly is not looked into. A barrier for the compiler alone is none. What is allowed is data:
//! `unwanted.toml` beside the crate's `unwanted.rs`.

use gateless_llvm::{Instruction, Operation, Ordering, Scope};
use gateless_model::{Result, wish};

use crate::flag::Spelling;
use crate::unwanted::Unwanted;

/// The check.
pub struct NoAtomics;

impl Unwanted for NoAtomics {
    const NAME: &'static str = "no-atomics";
    const SPELLING: &'static [Spelling] = &[Spelling::Listed(wish::OPTION, Self::NAME)];

    fn search(instruction: Instruction<'_>) -> Result<Option<String>> {
        Ok(atomic(&instruction.operation()?).map(str::to_owned))
    }
}

/// The atomic instruction that an operation is; a barrier for the compiler alone is none.
fn atomic(operation: &Operation<'_>) -> Option<&'static str> {
    match operation {
        Operation::Load { access, .. } if access.ordering != Ordering::NotAtomic => {
            Some("an atomic load")
        }
        Operation::Store { access, .. } if access.ordering != Ordering::NotAtomic => {
            Some("an atomic store")
        }
        Operation::CompareExchange { .. } => Some("an atomic compare and exchange"),
        Operation::AtomicUpdate { .. } => Some("an atomic update"),
        Operation::Fence(_, scope) if *scope != Scope::SingleThread => Some("a fence"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flag::Flag;
    use crate::testing::Fixture;
    use crate::unwanted::Check;

    fn refused(body: &str) -> String {
        let head = "source_filename = \"driver.0-cgu.0\"\n";
        let module = Fixture::x86(&format!("{head}{body}")).module();
        let refused = Check::<NoAtomics>::default()
            .inspect(&module)
            .unwrap()
            .refused;
        refused.join("\n")
    }

    #[test]
    fn each_kind_of_instruction_is_found() {
        for (code, words) in [
            (
                "%r = load atomic i32, ptr %p seq_cst, align 4",
                "an atomic load",
            ),
            (
                "store atomic i32 1, ptr %p release, align 4",
                "an atomic store",
            ),
            (
                "%r = atomicrmw xchg ptr %p, i32 0 monotonic",
                "an atomic update",
            ),
            (
                "%r = cmpxchg ptr %p, i32 0, i32 1 acq_rel monotonic",
                "an atomic compare and exchange",
            ),
            ("fence acquire", "a fence"),
        ] {
            let found = refused(&format!("define void @f(ptr %p) {{ {code}\n ret void }}"));
            assert!(found.contains(words), "{code}: {found}");
        }
    }

    #[test]
    fn volatile_accesses_assembly_and_barriers_for_the_compiler_are_fine() {
        assert_eq!(
            refused(
                "define i32 @f(ptr %p) {\n %r = load volatile i32, ptr %p\n call void asm sideeffect \"lock; nop\", \"\"()\n\
                 fence syncscope(\"singlethread\") seq_cst\n ret i32 %r\n}"
            ),
            ""
        );
    }
}
