//! The code generation flags: effects of `-Z` options, fields of target specifications and crate attributes, each in a file of its own.
//!
//! A file says what gcc and clang call the thing, what rustc does for it in LLVM IR, and holds code and tests. It stands in the list
//! [`ALL`] and is named nowhere else. What a flag can be is in [`crate::flag`].

mod branch_protection;
mod build_assert;
mod cf_protection;
mod compiler_builtins;
mod debug_info_for_profiling;
mod debuginfo_compression;
mod direct_access_external_data;
mod fixed_x18;
mod function_return;
mod function_sections;
mod indirect_branch_cs_prefix;
mod kcfi;
mod kernel_address;
mod kernel_hwaddress;
mod llvm_module_flag;
mod merge_functions;
mod no_128_bit;
mod no_atomics;
mod no_floats;
mod no_jump_tables;
mod no_stack_probes;
mod noreturn_list;
mod overflow_report;
mod packed_stack;
mod passes;
mod patchable_function_entry;
mod plt;
mod profile_sample_use;
mod red_zone;
mod reg_struct_return;
mod regparm;
mod retpoline;
mod shadow_call_stack;
mod stack_protector;
mod tune_cpu;
mod use_sync_unwind;

use std::any::Any;
use std::sync::Arc;

use gateless_llvm::Module;
use gateless_model::{Failure, Result};

use crate::flag::{Flag, Given, InC, Inspected, Place, Spelling};
use crate::target::Target;
use crate::unwanted::Check;

/// All flags, in the order in which they are applied: as the target specification and the crate have it, then what is asked for besides.
const ALL: &[Row] = &[
    Row::of::<no_stack_probes::NoStackProbes>(),
    Row::of::<plt::Plt>(),
    Row::of::<red_zone::RedZone>(),
    Row::of::<compiler_builtins::CompilerBuiltins>(),
    Row::of::<branch_protection::BranchProtection>(),
    Row::of::<build_assert::BuildAssert>(),
    Row::of::<cf_protection::CfProtection>(),
    Row::of::<debug_info_for_profiling::DebugInfoForProfiling>(),
    Row::of::<debuginfo_compression::DebuginfoCompression>(),
    Row::of::<direct_access_external_data::DirectAccessExternalData>(),
    Row::of::<fixed_x18::FixedX18>(),
    Row::of::<function_return::FunctionReturn>(),
    Row::of::<function_sections::FunctionSections>(),
    Row::of::<indirect_branch_cs_prefix::IndirectBranchCsPrefix>(),
    Row::of::<kcfi::Kcfi>(),
    Row::of::<kernel_address::KernelAddress>(),
    Row::of::<kernel_hwaddress::KernelHwaddress>(),
    Row::of::<llvm_module_flag::LlvmModuleFlags>(),
    Row::of::<merge_functions::MergeFunctions>(),
    Row::of::<Check<no_128_bit::No128Bit>>(),
    Row::of::<Check<no_atomics::NoAtomics>>(),
    Row::of::<Check<no_floats::NoFloats>>(),
    Row::of::<no_jump_tables::NoJumpTables>(),
    Row::of::<noreturn_list::NoreturnList>(),
    Row::of::<overflow_report::OverflowReport>(),
    Row::of::<packed_stack::PackedStack>(),
    Row::of::<passes::Passes>(),
    Row::of::<patchable_function_entry::PatchableFunctionEntry>(),
    Row::of::<profile_sample_use::ProfileSampleUse>(),
    Row::of::<reg_struct_return::RegStructReturn>(),
    Row::of::<regparm::Regparm>(),
    Row::of::<retpoline::Retpoline>(),
    Row::of::<shadow_call_stack::ShadowCallStack>(),
    Row::of::<stack_protector::StackProtector>(),
    Row::of::<tune_cpu::TuneCpu>(),
    Row::of::<use_sync_unwind::UseSyncUnwind>(),
];

/// What the list has of a flag: what can be done with it before it has a value.
struct Row {
    spellings: fn() -> &'static [Spelling],
    parse: Parse,
}

/// [`Flag::parse`] of any flag.
type Parse = fn(&Given<'_>, Option<&dyn Flag>) -> Result<Option<Arc<dyn Flag>>>;

impl Row {
    const fn of<F: Flag>() -> Self {
        Self {
            spellings: F::spellings,
            parse: |given, before| {
                let before = before.and_then(|flag| (flag as &dyn Any).downcast_ref());
                let flag = F::parse(given, before)?;
                Ok(flag.map(|flag| Arc::new(flag) as Arc<dyn Flag>))
            },
        }
    }

    /// What people call the flag.
    fn name(&self) -> String {
        let first = (self.spellings)().first();
        first.map(Spelling::to_string).unwrap_or_default()
    }
}

/// All ways to ask for a flag.
pub fn spellings() -> impl Iterator<Item = Spelling> {
    ALL.iter().flat_map(|row| (row.spellings)()).copied()
}

/// The flags that a call asks for, each once, with what all uses of it come to.
#[derive(Debug, Clone, Default)]
pub struct Flags(Vec<Asked>);

/// One of them, with its place in [`ALL`], by which they are sorted.
#[derive(Debug, Clone)]
struct Asked {
    row: usize,
    flag: Arc<dyn Flag>,
    /// Whether what it refuses is only a warning.
    is_tolerant: bool,
}

/// Files about an object: the kind of each, and what it holds.
pub type Lists = Vec<(&'static str, String)>;

impl Asked {
    /// The same, but a failure says which flag failed.
    fn named<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|failure| Failure {
            what: format!("{}: {}", ALL[self.row].name(), failure.what),
            ..failure
        })
    }
}

impl PartialEq for Flags {
    fn eq(&self, other: &Self) -> bool {
        let same = |(own, its): (&Asked, &Asked)| own.flag.same(&*its.flag);
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }
}

impl Eq for Flags {}

impl Flags {
    /// Adds the unstable option `-ZNAME` or `-ZNAME=VALUE`.
    ///
    /// # Errors
    /// For an option that has no flag here, and for a value that rustc would refuse or that is not reproduced.
    pub fn unstable(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        let name = name.replace('_', "-");
        let is_named = |own: &str| own.replace('_', "-") == name;
        if let Some(found) =
            find(|spelling| matches!(spelling, Spelling::Unstable(own) if is_named(own)))
        {
            return self.add(found, value);
        }
        let is_list = |own: &str| is_named(own) && value.is_some();
        if find(|spelling| matches!(spelling, Spelling::Listed(own, _) if is_list(own))).is_none() {
            return Err(unknown(&format!("-Z{name}"), value).help(
                "its effect on code generation has to be worked out first; see the files in crates/codegen/src/flags",
            ));
        }
        for value in value.unwrap_or_default().split(',') {
            let found = find(
                |spelling| matches!(spelling, Spelling::Listed(own, its) if is_list(own) && its == value),
            );
            let found = found.ok_or_else(|| {
                unknown(&format!("-Z{name}"), Some(value)).help(
                    "what it does has not been compared with rustc's; turn it off in the configuration",
                )
            })?;
            self.add(found, Some(value))?;
        }
        Ok(())
    }

    /// Adds the stable option `-CNAME` or `-CNAME=VALUE`.
    ///
    /// # Errors
    /// For an option that is no flag, and for a value that rustc would refuse or that is not reproduced.
    pub fn stable(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        let name = name.replace('_', "-");
        let found = find(|spelling| matches!(spelling, Spelling::Stable(own) if own == name));
        self.add(
            found.ok_or_else(|| unknown(&format!("-C{name}"), value))?,
            value,
        )
    }

    /// Adds the field `name` of a target specification.
    ///
    /// # Errors
    /// For a field that is no flag, and for a value that is not reproduced.
    pub fn specification(&mut self, name: &str, value: &str) -> Result<()> {
        let found =
            find(|spelling| matches!(spelling, Spelling::Specification(own) if own == name));
        self.add(
            found.ok_or_else(|| unknown(name, Some(value)))?,
            Some(value),
        )
    }

    /// Adds the attribute `#![NAME]` of the crate.
    ///
    /// # Errors
    /// For an attribute that is no flag.
    pub fn attribute(&mut self, name: &str) -> Result<()> {
        let found = find(|spelling| matches!(spelling, Spelling::Attribute(own) if own == name));
        self.add(
            found.ok_or_else(|| unknown(&format!("#![{name}]"), None))?,
            None,
        )
    }

    fn add(&mut self, (row, spelling): (usize, Spelling), value: Option<&str>) -> Result<()> {
        let place = self.0.binary_search_by_key(&row, |asked| asked.row);
        let before = place.ok().map(|at| &*self.0[at].flag);
        let new = (ALL[row].parse)(&Given { spelling, value }, before)?;
        match (place, new) {
            (Ok(at), Some(flag)) => self.0[at].flag = flag,
            (Ok(at), None) => drop(self.0.remove(at)),
            (Err(at), Some(flag)) => self.0.insert(
                at,
                Asked {
                    row,
                    flag,
                    is_tolerant: false,
                },
            ),
            (Err(_), None) => {}
        }
        Ok(())
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The arguments that rustc needs for bitcode from which the flags can be had.
    pub fn for_rustc(&self, target: &Target) -> Vec<&'static str> {
        self.iter()
            .filter_map(|flag| flag.for_rustc(target))
            .collect()
    }

    /// What a C compiler has to be called with, where one generates the code; fails for the first flag that can't be had of one, and names it.
    pub fn in_c(&self) -> Result<Vec<String>> {
        let mut arguments = Vec::new();
        for asked in &self.0 {
            match asked.flag.in_c() {
                InC::Arguments(its) => arguments.extend(its),
                InC::InModule => {}
                InC::Unknown => {
                    return Err(Failure::no(format!(
                        "{} can't be had of a C compiler",
                        ALL[asked.row].name()
                    ))
                    .help("build it with LLVM's code generator (--backend llvm), or turn off what asks for it"));
                }
            }
        }
        Ok(arguments)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &dyn Flag> {
        self.0.iter().map(|asked| &*asked.flag)
    }

    /// Changes what code is generated for.
    pub(crate) fn adjust(&self, target: &mut Target) {
        self.iter().for_each(|flag| flag.adjust(target));
    }

    /// Changes what the module's code does; fails, by its name, for a flag that does not fit.
    pub(crate) fn rewrite_prebuilt(&self, module: &mut Module) -> Result<()> {
        for asked in &self.0 {
            asked.named(asked.flag.rewrite_prebuilt(module))?;
        }
        Ok(())
    }

    /// Changes what the module's code does.
    pub(crate) fn rewrite(&self, module: &mut Module, target: &Target) -> Result<()> {
        for asked in &self.0 {
            asked.named(asked.flag.rewrite(module, target))?;
        }
        Ok(())
    }

    /// Applies all flags; fails, by its name, for one that does not fit the target.
    pub fn apply(&self, module: &Module, target: &Target) -> Result<()> {
        for asked in &self.0 {
            asked.named(asked.flag.apply(module, target))?;
        }
        Ok(())
    }

    /// Fails, by its name, for a flag that can't be had of a module on which an optimiser has run.
    pub(crate) fn check_optimised(&self) -> Result<()> {
        match self.0.iter().find(|asked| asked.flag.needs_unoptimised()) {
            None => Ok(()),
            Some(asked) => Err(Failure::no(format!(
                "{} can't be had of code that is optimised already, as that of a prebuilt core is",
                ALL[asked.row].name()
            ))
            .help("use the runtime source `source`")),
        }
    }

    /// The switches `-CNAME=y` without which a flag has nothing to do, and what people call the flag.
    pub fn needed_switches(&self) -> impl Iterator<Item = (&'static str, String)> {
        let switch = |asked: &Asked| Some((asked.flag.needs_switch()?, ALL[asked.row].name()));
        self.0.iter().filter_map(switch)
    }

    /// The `--cfg` options of a kernel that has what a flag's code calls, and what people call the flag.
    pub fn needed_cfgs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let cfg = |asked: &Asked| Some((asked.flag.needs_cfg()?, ALL[asked.row].name()));
        self.0.iter().filter_map(cfg)
    }

    /// The target features that the flags stand for, in LLVM's notation.
    pub(crate) fn features(&self) -> String {
        let features: Vec<&str> = self.iter().map(|flag| flag.features()).collect();
        let features = features.into_iter().filter(|features| !features.is_empty());
        features.collect::<Vec<_>>().join(",")
    }

    /// The passes that the flags add at `place`.
    pub(crate) fn passes(&self, place: Place) -> Vec<&str> {
        self.iter().filter_map(|flag| flag.passes(place)).collect()
    }

    /// What people call the flags that add passes at one of `places`.
    pub(crate) fn with_passes(&self, places: &[Place]) -> Vec<String> {
        let adds = |asked: &&Asked| places.iter().any(|at| asked.flag.passes(*at).is_some());
        let names = self
            .0
            .iter()
            .filter(adds)
            .map(|asked| ALL[asked.row].name());
        names.collect()
    }

    /// The options of LLVM's passes that the flags stand for.
    pub(crate) fn llvm_options(&self) -> Vec<String> {
        self.iter().flat_map(|flag| flag.llvm_options()).collect()
    }

    /// Whether some flag says where in the source something is.
    pub fn need_lines(&self) -> bool {
        self.iter().any(|flag| flag.needs_lines())
    }

    /// Whether some flag needs the numbers of Rust's types, and if so, whether integers count as C's in them.
    pub fn need_types(&self) -> Option<bool> {
        self.iter().find_map(|flag| flag.needs_types())
    }

    /// Has flags say what they refuse as warnings, where a crate is compiled with a `--cfg` that tolerates it.
    pub fn tolerate(&mut self, has_cfg: impl Fn(&str) -> bool) {
        for asked in &mut self.0 {
            let mut cfgs = asked.flag.tolerated_with().iter();
            asked.is_tolerant = cfgs.any(|cfg| has_cfg(cfg));
        }
    }

    /// What the flags say of the optimised module: warnings, and files for its object. Fails, by their names, for flags that refuse what is in it.
    pub(crate) fn inspect(&self, module: &Module) -> Result<(Vec<String>, Lists)> {
        let (mut warnings, mut refused, mut lists) = (Vec::new(), Vec::new(), Lists::new());
        for asked in &self.0 {
            let inspected: Inspected = asked.named(asked.flag.inspect(module))?;
            let name = ALL[asked.row].name();
            let said = inspected.refused.into_iter();
            let said = said.map(|said| format!("{name}: {said}"));
            match asked.is_tolerant {
                true => warnings.extend(said),
                false => refused.extend(said),
            }
            lists.extend(inspected.lists);
        }
        match refused.is_empty() {
            true => Ok((warnings, lists)),
            false => Err(Failure::no(refused.join("\n"))),
        }
    }

    /// Changes the finished object.
    pub(crate) fn finish(&self, object: Vec<u8>) -> Result<Vec<u8>> {
        self.iter()
            .try_fold(object, |object, flag| flag.finish(object))
    }
}

/// The flag that is meant, by its place in [`ALL`], and how it is spelled.
fn find(is_meant: impl Fn(Spelling) -> bool) -> Option<(usize, Spelling)> {
    ALL.iter().enumerate().find_map(|(row, known)| {
        let mut spellings = (known.spellings)().iter().copied();
        Some((row, spellings.find(|spelling| is_meant(*spelling))?))
    })
}

fn unknown(name: &str, value: Option<&str>) -> Failure {
    let value = value.map(|value| format!("={value}")).unwrap_or_default();
    Failure::no(format!(
        "{name}{value} is not a code generation flag that gateless can reproduce"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::flags;

    fn refused(option: &str) -> Failure {
        let (name, value) = option
            .split_once('=')
            .map_or((option, None), |(name, value)| (name, Some(value)));
        let mut flags = Flags::default();
        flags.unstable(name, value).unwrap_err()
    }

    #[test]
    fn no_two_flags_are_spelled_alike() {
        let all: Vec<_> = spellings().map(|spelling| spelling.to_string()).collect();
        for (at, spelling) in all.iter().enumerate() {
            assert!(!all[..at].contains(spelling), "{spelling}");
        }
        assert!(ALL.iter().all(|row| !row.name().is_empty()));
    }

    #[test]
    fn an_off_state_asks_for_nothing_and_takes_back_what_came_before() {
        for (on, off) in [
            ("-Zcf-protection=full", "-Zcf-protection=none"),
            ("-Zfunction-return=thunk-extern", "-Zfunction-return=keep"),
            (
                "-Zpatchable-function-entry=4",
                "-Zpatchable-function-entry=0",
            ),
            ("-Zno-jump-tables", "-Zno-jump-tables=n"),
            ("-Zretpoline", "-Zretpoline=no"),
            (
                "-Zdebuginfo-compression=zlib",
                "-Zdebuginfo-compression=none",
            ),
        ] {
            assert!(flags(&[off]).is_empty(), "{off}");
            assert!(!flags(&[on]).is_empty(), "{on}");
            assert!(flags(&[on, off]).is_empty(), "{on} {off}");
        }
    }

    #[test]
    fn the_last_value_counts_and_spellings_of_one_name_are_the_same() {
        assert_eq!(
            flags(&["-Ztune_cpu=a", "-Ztune-cpu=b"]),
            flags(&["-Ztune-cpu=b"])
        );
        assert_ne!(flags(&["-Ztune-cpu=a"]), flags(&["-Ztune-cpu=b"]));
        assert_ne!(flags(&["-Zno-jump-tables"]), flags(&["-Zpacked-stack"]));
    }

    #[test]
    fn a_c_compiler_is_asked_for_what_the_flags_do_and_what_it_cannot_do_is_refused_by_name() {
        let asked = flags(&[
            "-Cno-redzone",
            "-Zcf-protection=branch",
            "-Zfunction-return=thunk-extern",
            "-Zfunction-sections=n",
            "-Zpatchable-function-entry=16,11",
            "-Zno-jump-tables",
            "-Zllvm_module_flag=frame-pointer:u32:2:max",
        ]);
        assert_eq!(
            asked.in_c().unwrap().join(" "),
            "-mno-red-zone -fcf-protection=branch -mfunction-return=thunk-extern -fno-function-sections -fno-data-sections \
             -fno-omit-frame-pointer -fno-jump-tables -fpatchable-function-entry=16,11"
        );
        for option in [
            "-Zsanitizer=kernel-address",
            "-Zfixed-x18",
            "-Zllvm_module_flag=a:u32:1:max",
        ] {
            let failure = flags(&[option]).in_c().unwrap_err();
            let name = option.split('=').next().unwrap_or(option);
            assert!(failure.what.contains(name), "{failure}");
        }
    }

    #[test]
    fn sanitizers_add_up_in_one_option_or_several() {
        let both = flags(&[
            "-Zsanitizer=shadow-call-stack",
            "-Zsanitizer=kernel-address",
        ]);
        assert_eq!(
            flags(&["-Zsanitizer=kernel-address,shadow-call-stack"]),
            both
        );
        assert_ne!(flags(&["-Zsanitizer=kernel-address"]), both);
    }

    #[test]
    fn what_cannot_be_had_from_bitcode_is_refused_with_the_reason() {
        let failure = refused("sanitizer=memory");
        assert!(
            failure.help.as_ref().unwrap().contains("configuration"),
            "{failure:?}"
        );
    }

    #[test]
    fn unknown_options_and_values_are_named() {
        for bad in [
            "sanitizer",
            "no-such-option",
            "cf-protection",
            "cf-protection=some",
            "function-return=thunk",
            "function-sections=perhaps",
            "patchable-function-entry=4,8",
            "patchable-function-entry=x",
            "no-jump-tables=maybe",
            "tune-cpu",
        ] {
            let failure = refused(bad);
            assert!(failure.what.contains(bad), "{bad}: {failure}");
        }
    }
}
