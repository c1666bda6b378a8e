//! `-Z` options, as Kbuild passes them.

use gateless_model::{Failure, Result};

use super::retpoline::Retpoline;
use super::{Compression, Flag};

impl Flag {
    /// Reads a `-Z` option without the `-Z` (`cf-protection=branch`); `_` and `-` in its name are the same.
    ///
    /// `None` for a value that asks for nothing (`function-return=keep`). Fails for an option that has no code generation flag here,
    /// and for a value that rustc would refuse.
    pub fn parse(option: &str) -> Result<Option<Self>> {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        };
        let bad = |wanted: &str| {
            Failure::usage(format!(
                "-Z{option}: {}",
                if value.is_some() {
                    "not a value of this option"
                } else {
                    "a value is missing"
                }
            ))
            .help(format!("rustc takes {wanted}"))
        };
        let needed = |wanted: &str| value.ok_or_else(|| bad(wanted));
        let yes = || match value {
            None | Some("y" | "yes" | "on" | "true") => Ok(true),
            Some("n" | "no" | "off" | "false") => Ok(false),
            Some(_) => Err(bad("y, yes, on, true, n, no, off or false")),
        };
        Ok(match name.replace('-', "_").as_str() {
            "branch_protection" => Some(Flag::BranchProtection(
                needed("bti, pac-ret, leaf, b-key, pc")?.parse()?,
            )),
            "cf_protection" => needed("none, branch, return or full")?
                .parse::<super::cf_protection::Parsed>()?
                .0
                .map(Flag::CfProtection),
            "debug_info_for_profiling" | "debuginfo_for_profiling" => {
                yes()?.then_some(Flag::DebugInfoForProfiling)
            }
            "debuginfo_compression" => match value {
                Some("none") => None,
                Some("zlib") => Some(Flag::DebuginfoCompression(Compression::Zlib)),
                Some("zstd") => Some(Flag::DebuginfoCompression(Compression::Zstd)),
                _ => return Err(bad("none, zlib or zstd")),
            },
            "direct_access_external_data" => Some(Flag::DirectAccessExternalData(yes()?)),
            "fixed_x18" => yes()?.then_some(Flag::FixedX18),
            "function_return" => match value {
                Some("keep") => None,
                Some("thunk-extern") => Some(Flag::FunctionReturnThunkExtern),
                _ => return Err(bad("keep or thunk-extern")),
            },
            "indirect_branch_cs_prefix" => yes()?.then_some(Flag::IndirectBranchCsPrefix),
            "llvm_module_flag" => Some(Flag::LlvmModuleFlag(
                needed("NAME:u32:VALUE:BEHAVIOR")?.parse()?,
            )),
            "merge_functions" => Some(Flag::MergeFunctions(
                needed("disabled, trampolines or aliases")?.parse()?,
            )),
            "no_jump_tables" => yes()?.then_some(Flag::NoJumpTables),
            "packed_stack" => yes()?.then_some(Flag::PackedStack),
            "patchable_function_entry" => {
                let entry: super::PatchableFunctionEntry =
                    needed("TOTAL or TOTAL,PREFIX")?.parse()?;
                (entry.total > 0).then_some(Flag::PatchableFunctionEntry(entry))
            }
            "plt" => match yes()? {
                true => Some(Flag::Plt),
                false => {
                    return Err(unknown(option).help(
                        "the kernel never asks for calls without a procedure linkage table",
                    ));
                }
            },
            "profile_sample_use" => Some(Flag::ProfileSampleUse(
                needed("the name of a profile")?.to_owned(),
            )),
            "retpoline" => yes()?.then_some(Flag::Retpoline(Retpoline::OwnThunks)),
            "retpoline_external_thunk" => {
                yes()?.then_some(Flag::Retpoline(Retpoline::ExternalThunks))
            }
            "sanitizer" => match value {
                Some("shadow-call-stack") => Some(Flag::ShadowCallStack),
                Some("kernel-address") => Some(Flag::KernelAddress),
                Some("kernel-hwaddress") => Some(Flag::KernelHwaddress),
                _ => return Err(unknown(option)),
            },
            "sanitizer_recover" => match value {
                Some("kernel-address") => Some(Flag::KernelAddressRecover),
                Some("kernel-hwaddress") => Some(Flag::KernelHwaddressRecover),
                _ => {
                    return Err(bad(
                        "kernel-address and kernel-hwaddress, as far as it is reproduced",
                    ));
                }
            },
            "tune_cpu" => Some(Flag::TuneCpu(needed("the name of a processor")?.to_owned())),
            "use_sync_unwind" => Some(Flag::SyncUnwind(yes()?)),
            _ => return Err(unknown(option)),
        })
    }
}

fn unknown(option: &str) -> Failure {
    let (name, value) = option
        .split_once('=')
        .map_or((option, None), |(name, value)| (name, Some(value)));
    let reason = super::refused::reason(&name.replace('-', "_"), value);
    Failure::no(format!("-Z{option} is not a code generation flag that gateless can reproduce")).help(reason.unwrap_or(
        "its effect on code generation has to be worked out first; see the files in crates/codegen/src/flags",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::{CfProtection, PatchableFunctionEntry};

    #[test]
    fn what_kbuild_passes_is_understood() {
        let flag = |text| Flag::parse(text).unwrap().unwrap();
        assert_eq!(
            flag("cf-protection=branch"),
            Flag::CfProtection(CfProtection {
                branch: true,
                returns: false
            })
        );
        assert_eq!(
            flag("function-return=thunk-extern"),
            Flag::FunctionReturnThunkExtern
        );
        assert_eq!(
            flag("patchable-function-entry=16,16"),
            Flag::PatchableFunctionEntry(PatchableFunctionEntry {
                total: 16,
                prefix: 16
            })
        );
        assert_eq!(flag("tune-cpu=generic"), Flag::TuneCpu("generic".into()));
        assert_eq!(flag("use-sync-unwind=n"), Flag::SyncUnwind(false));
        assert_eq!(flag("no_jump_tables"), Flag::NoJumpTables);
    }

    #[test]
    fn an_off_state_asks_for_nothing() {
        for off in [
            "cf-protection=none",
            "function-return=keep",
            "patchable-function-entry=0",
            "no-jump-tables=n",
            "retpoline=no",
        ] {
            assert_eq!(Flag::parse(off).unwrap(), None, "{off}");
        }
    }

    #[test]
    fn what_cannot_be_had_from_bitcode_is_refused_with_the_reason() {
        for (option, word) in [
            ("sanitizer=kcfi", "CONFIG_CFI"),
            ("sanitizer-cfi-normalize-integers", "CONFIG_CFI"),
            ("sanitizer=memory", "configuration"),
        ] {
            let failure = Flag::parse(option).unwrap_err();
            assert!(
                failure.help.as_ref().unwrap().contains(word),
                "{option}: {failure:?}"
            );
        }
    }

    #[test]
    fn unknown_options_and_values_are_named() {
        for bad in [
            "sanitizer=kcfi",
            "no-such-option",
            "cf-protection",
            "cf-protection=some",
            "function-return=thunk",
            "patchable-function-entry=4,8",
            "patchable-function-entry=x",
            "no-jump-tables=maybe",
            "tune-cpu",
        ] {
            let failure = Flag::parse(bad).unwrap_err();
            assert!(failure.what.contains(bad), "{bad}: {failure}");
        }
    }
}
