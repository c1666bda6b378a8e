//! The names of LLVM's own attributes. Its C API gives the number for a name, and nothing gives the name for a number.

use std::collections::HashMap;
use std::ffi::c_uint;

use gateless_model::{Failure, Result};

use crate::Llvm;

/// The attributes of llvm/IR/Attributes.td, LLVM 22.
const NAMES: &str = "
    align alignstack allocalign allockind allocptr allocsize alwaysinline builtin byref byval captures cold convergent coro_elide_safe
    coro_only_destroy_when_complete dead_on_return dead_on_unwind denormal_fpenv dereferenceable dereferenceable_or_null disable_sanitizer_instrumentation
    elementtype fn_ret_thunk_extern hot hybrid_patchable immarg inalloca initializes inlinehint inreg jumptable memory minsize mustprogress
    naked nest noalias nobuiltin nocallback nocapture nocf_check nocreateundeforpoison nodivergencesource noduplicate noext nofpclass nofree noimplicitfloat noinline
    nomerge nonlazybind nonnull nooutline noprofile norecurse noredzone noreturn nosanitize_bounds nosanitize_coverage nosync noundef
    nounwind null_pointer_is_valid optdebug optforfuzzing optnone optsize preallocated presplitcoroutine range readnone readonly
    returned returns_twice safestack sanitize_address sanitize_alloc_token sanitize_hwaddress sanitize_memory sanitize_memtag sanitize_numerical_stability
    sanitize_realtime sanitize_realtime_blocking sanitize_thread sanitize_type shadowcallstack signext skipprofile speculatable
    speculative_load_hardening sret ssp sspreq sspstrong strictfp swiftasync swifterror swiftself uwtable vscale_range willreturn
    writable writeonly zeroext";

/// The name of the attribute that has this number in this library.
pub(super) fn name(llvm: &'static Llvm, kind: c_uint) -> Result<String> {
    let names = match llvm.attributes.get() {
        Some(names) => names,
        None => {
            let names = read(llvm)?;
            llvm.attributes.get_or_init(|| names)
        }
    };
    names.get(&kind).map(ToString::to_string).ok_or_else(|| {
        Failure::failed(format!("{llvm:?} has an attribute, number {kind}, that is not known here"))
            .help("this libLLVM is newer than the ones that are supported; use the compiler of a supported release")
    })
}

fn read(llvm: &'static Llvm) -> Result<HashMap<c_uint, &'static str>> {
    let get = llvm.table.LLVMGetEnumAttributeKindForName()?;
    let mut names = HashMap::new();
    for name in NAMES.split_whitespace() {
        // SAFETY: pointer and length are those of a str.
        let kind = unsafe { get(name.as_ptr().cast(), name.len()) };
        // One that this library doesn't have has the number 0.
        if kind != 0 {
            names.insert(kind, name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_of_the_library_has_its_name() {
        let llvm = crate::testing::llvm();
        let names = read(llvm).unwrap();
        let last = names.keys().copied().max().unwrap();
        assert_eq!(names[&last], "initializes", "the last one of Attributes.td");
        let nameless: Vec<_> = (1..=last)
            .filter(|kind| name(llvm, *kind).is_err())
            .collect();
        assert!(nameless.is_empty(), "{nameless:?} of {last}");
    }
}
