//! What the real compiler is asked to do: every argument kept, dropped with a reason, replaced, or done by gateless.

mod blame;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_codegen::Flags;
use gateless_ledger::{FlagAction, Ledger};
use gateless_model::backend::{self, Backend};
use gateless_model::record::{Action, Decision};
use gateless_model::{Failure, Result};

use crate::classify::Class;
use crate::invocation::{Arg, Invocation, Kind, Tool};
use crate::modifiers::{self, Modifiers};
use crate::target::Target;
use blame::unknown_flag;

/// The decisions about one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Arguments that pass on as they are or replaced, in their order, without the input file.
    pub args: Vec<Arg>,
    /// What became of every argument that does not pass on unchanged.
    pub decisions: Vec<Decision>,
    /// What `-Zcrate-attr` asked for, without `#![]`.
    pub crate_attrs: Vec<String>,
    /// Where the dependency file goes, if one is asked for.
    pub dep_info: Option<Utf8PathBuf>,
    /// Kbuild's path mappings, in order.
    pub remaps: Vec<(String, String)>,
    /// The custom target specification, if one was named.
    pub target: Option<Target>,
    /// What the code generation stage has to do besides generating code.
    pub flags: Flags,
    /// What makes the object.
    pub backend: Backend,
    /// Those of them that libraries must have been compiled with as well.
    pub modifiers: Modifiers,
}

/// Options of rustdoc that are closed on stable, and what is done instead.
const RUSTDOC: &[(&str, &str)] = &[
    (
        "generate-link-to-definition",
        "pages of source files come without links to definitions, which no stable option makes",
    ),
    (
        "no-run",
        "each extracted test is answered by a program that does nothing, so nothing of it runs",
    ),
    (
        "test-builder",
        "the builder is called by the wrapper that rustdoc finds in place of rustc",
    ),
];

impl Plan {
    /// Plans a call. `read_target` reads a custom target specification.
    ///
    /// # Errors
    /// [`gateless_model::Exit::No`] for a `-Z` flag that the ledger doesn't know, or whose value is not reproduced.
    pub fn new(
        call: &Invocation,
        class: Class,
        ledger: &Ledger,
        read_target: &dyn Fn(&Utf8Path) -> Result<Target>,
    ) -> Result<Self> {
        let mut plan = Plan {
            args: Vec::new(),
            decisions: Vec::new(),
            crate_attrs: Vec::new(),
            dep_info: None,
            remaps: Vec::new(),
            target: None,
            flags: Flags::default(),
            backend: Backend::default(),
            modifiers: Modifiers::new(),
        };
        for arg in &call.args {
            plan.add(arg, call, class, ledger, read_target)?;
        }
        plan.leave_features_to_codegen();
        plan.complete_flags(call, class)?;
        Ok(plan)
    }

    /// The ABI of some targets needs the registers that the kernel's features take away, and rustc says so: the code generation stage sets them.
    fn leave_features_to_codegen(&mut self) {
        let Some(target) = self.target.as_mut().filter(|target| target.leaves_features) else {
            return;
        };
        let args = std::mem::take(&mut self.args);
        for arg in args {
            let Kind::Codegen(name, Some(features)) = &arg.kind else {
                self.args.push(arg);
                continue;
            };
            if name.replace('_', "-") != "target-feature" {
                self.args.push(arg);
                continue;
            }
            target.features = format!("{},{features}", target.features);
            self.decisions.push(Decision {
                argument: arg.tokens().join(" "),
                action: Action::Emulated,
                reason: format!("the ABI of {} needs other features; the code generation stage sets the kernel's", target.builtin),
                weaker: None,
            });
        }
    }

    /// Adds what comes with code generation outside of rustc, where that is needed: what rustc would do, or has done for the built-in target.
    fn complete_flags(&mut self, call: &Invocation, class: Class) -> Result<()> {
        if self.target.is_none() && self.flags.is_empty() {
            return Ok(());
        }
        // A built-in target has these as the gated build's has them.
        if self.target.is_some() {
            self.flags.specification("stack-probes", "none")?;
            self.flags.specification("plt-by-default", "true")?;
            let no_redzone = call.codegen("no-redzone").unwrap_or("n");
            let value = Some(no_redzone).filter(|value| !value.is_empty());
            self.flags.stable("no-redzone", value)?;
        }
        let cfgs: Vec<_> = call.values("cfg").collect();
        self.flags.tolerate(|name| cfgs.contains(&name));
        for (switch, flag) in self.flags.needed_switches() {
            if !matches!(call.codegen(switch), Some("" | "y" | "yes" | "on" | "true")) {
                return Err(Failure::no(format!(
                    "{flag} has nothing to do without -C{switch}=y"
                ))
                .help("turn on the option of the configuration that passes it, or leave the wish out"));
            }
        }
        if let Some((cfg, flag)) = self
            .flags
            .needed_cfgs()
            .find(|(cfg, _)| !cfgs.contains(cfg))
        {
            return Err(Failure::no(format!(
                "{flag} calls what a kernel without {cfg} does not have"
            ))
            .help(format!("turn {cfg} on, or leave the wish out")));
        }
        if class == Class::RuntimeBuiltins {
            self.flags.attribute("compiler_builtins")?;
        }
        for arg in &call.args {
            if let Kind::Codegen(name, value) = &arg.kind
                && name == "passes"
            {
                self.flags.stable(name, value.as_deref())?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        arg: &Arg,
        call: &Invocation,
        class: Class,
        ledger: &Ledger,
        read_target: &dyn Fn(&Utf8Path) -> Result<Target>,
    ) -> Result<()> {
        let spelled = arg.tokens().join(" ");
        match &arg.kind {
            Kind::Input(_) => {}
            Kind::Unstable(name, given) if name == backend::OPTION => {
                let backend = Backend::of_name(given.as_deref().unwrap_or_default());
                self.backend = backend.ok_or_else(|| {
                    Failure::usage(format!("`{spelled}`: the back ends are llvm and c"))
                })?;
                let reason = "the code generation stage has more than one back end";
                self.decide(spelled, Action::Emulated, reason, None);
            }
            Kind::Unstable(name, given) => {
                let value = given.as_deref().unwrap_or("");
                let known = ledger.flag(name, value);
                if known.is_err() && value.contains(',') {
                    return self.add_each(arg, (name, value), call, class, ledger, read_target);
                }
                let flag = known.map_err(|known| unknown_flag(&spelled, arg, known, ledger))?;
                if name.replace('_', "-") == "crate-attr" {
                    self.crate_attrs.push(value.to_owned());
                }
                let with: Vec<String> = flag
                    .with
                    .iter()
                    .map(|with| with.replace("{value}", value))
                    .collect();
                let action = match flag.action {
                    FlagAction::Drop => Action::Dropped,
                    FlagAction::Emulate => Action::Emulated,
                    // rustdoc generates no code, and a query neither.
                    FlagAction::Codegen if call.tool == Tool::Rustdoc || class == Class::Query => {
                        Action::Dropped
                    }
                    FlagAction::Codegen if class.is_kernel() => {
                        if flag.modifier {
                            modifiers::set(&mut self.modifiers, name, value);
                        }
                        self.flags.unstable(name, given.as_deref())?;
                        Action::Emulated
                    }
                    FlagAction::Codegen => {
                        return Err(Failure::no(format!(
                            "`{spelled}`: the code generation stage is for code of the kernel, and this is a {class}"
                        )));
                    }
                    FlagAction::Replace => Action::Replaced(with.clone()),
                };
                self.pass(&with, arg.from.as_deref())?;
                self.decide(spelled, action, &flag.reason, flag.weaker.clone());
            }
            Kind::Value("target", _) if call.is_replaced(arg) => {
                let reason = "rustc takes one target, and the overlay's comes last";
                self.decide(spelled, Action::Dropped, reason, None);
            }
            Kind::Value("target", path) if path.ends_with(".json") => {
                let target = read_target(Utf8Path::new(path))?;
                let mut with = target.args.clone();
                with.push(format!("--target={}", target.builtin));
                // In front, so that what Kbuild says about the same options comes later and wins.
                let tail = std::mem::take(&mut self.args);
                self.pass(&with, None)?;
                self.args.extend(tail);
                self.decide(
                    spelled,
                    Action::Replaced(with),
                    "custom target specifications are unstable",
                    None,
                );
                self.target = Some(target);
            }
            Kind::Emit(list) => {
                for (kind, path) in list {
                    if kind == "dep-info" {
                        self.dep_info = path.as_deref().map(Utf8PathBuf::from);
                    }
                }
                self.args.push(arg.clone());
            }
            Kind::Remap(from, to) => {
                self.remaps.push((from.clone(), to.clone()));
                if call.tool == Tool::Rustdoc {
                    let reason = "unstable in rustdoc; it runs in the directory that the mapping takes off instead";
                    self.decide(spelled, Action::Emulated, reason, None);
                } else {
                    self.args.push(arg.clone());
                }
            }
            Kind::Switch(name) | Kind::Value(name, _)
                if call.tool == Tool::Rustdoc
                    && RUSTDOC.iter().any(|(option, _)| option == name) =>
            {
                let reason = RUSTDOC
                    .iter()
                    .find(|(option, _)| option == name)
                    .map_or("", |(_, reason)| reason);
                self.decide(spelled, Action::Emulated, reason, None);
            }
            _ => self.args.push(arg.clone()),
        }
        Ok(())
    }

    fn pass(&mut self, with: &[String], from: Option<&Utf8Path>) -> Result<()> {
        let parsed = Invocation::parse(Tool::Rustc, with.to_vec(), &|path| {
            Err(Failure::failed(format!(
                "a ledger entry names the response file `{path}`"
            )))
        })?;
        self.args.extend(parsed.args.into_iter().map(|arg| Arg {
            from: from.map(Utf8Path::to_owned),
            ..arg
        }));
        Ok(())
    }

    /// A list of values of one flag is as many flags.
    fn add_each(
        &mut self,
        arg: &Arg,
        (name, values): (&str, &str),
        call: &Invocation,
        class: Class,
        ledger: &Ledger,
        read_target: &dyn Fn(&Utf8Path) -> Result<Target>,
    ) -> Result<()> {
        for value in values.split(',') {
            let one = Arg {
                kind: Kind::Unstable(name.to_owned(), Some(value.to_owned())),
                from: arg.from.clone(),
            };
            self.add(&one, call, class, ledger, read_target)?;
        }
        Ok(())
    }

    fn decide(&mut self, argument: String, action: Action, reason: &str, weaker: Option<String>) {
        self.decisions.push(Decision {
            argument,
            action,
            reason: reason.to_owned(),
            weaker,
        });
    }

    /// The planned arguments, spelled.
    pub fn tokens(&self) -> Vec<String> {
        self.args.iter().flat_map(Arg::tokens).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn plan(tool: Tool, args: &str) -> Result<Plan> {
        let args = args.split_whitespace().map(str::to_owned).collect();
        let call = Invocation::parse(tool, args, &|_| unreachable!()).unwrap();
        Plan::new(&call, Class::of(&call), Ledger::embedded(), &|_| {
            Ok(Target {
                builtin: "x86_64-unknown-none".into(),
                leaves_features: false,
                args: vec!["-Ccode-model=small".into()],
                llvm_target: "x86_64-linux-gnu".into(),
                features: "-mmx".into(),
                cpu: "generic".into(),
                abi: String::new(),
            })
        })
    }

    fn check(tool: Tool, args: &str, expected: Expect) {
        expected.assert_eq(&plan(tool, args).unwrap().tokens().join(" "));
    }

    #[test]
    fn a_kernel_crate_keeps_every_stable_argument_in_order_and_no_gate() {
        check(
            Tool::Rustc,
            "--edition=2021 -Zbinary_dep_depinfo=y -Wclippy::all -Cpanic=abort -Zfunction-sections=n -Ccode-model=kernel \
             --target=./scripts/target.json -Zllvm_module_flag=frame-pointer:u32:2:max -Zdwarf-version=5 \
             --remap-path-prefix=/src/= --remap-path-scope=macro -Zunstable-options --emit=obj=k.o k.rs",
            expect![[
                r#"-Ccode-model=small --target=x86_64-unknown-none --edition=2021 --warn=clippy::all -Cpanic=abort -Ccode-model=kernel -Cdwarf-version=5 --remap-path-prefix=/src/= --remap-path-scope=macro --emit=obj=k.o"#
            ]],
        );
    }

    /// What the architectures' Makefiles add in Linux 7.3, what rustc gets of it, and what is left to code generation.
    const ARCHITECTURES: &[(&str, &str, &str)] = &[
        (
            "--target=aarch64-unknown-none-softfloat -Cforce-unwind-tables=n -Zbranch-protection=bti,pac-ret -Zfixed-x18 -Zsanitizer=shadow-call-stack",
            "--target=aarch64-unknown-none-softfloat -Cforce-unwind-tables=n",
            "branch-protection=bti,pac-ret fixed-x18 sanitizer=shadow-call-stack",
        ),
        (
            "--target=aarch64-unknown-none-softfloat -Cforce-unwind-tables=y -Zuse-sync-unwind=n -Zllvm_module_flag=uwtable:u32:2:max -Zbranch-protection=pac-ret",
            "--target=aarch64-unknown-none-softfloat -Cforce-unwind-tables=y",
            "use-sync-unwind=n llvm-module-flag=uwtable:u32:2:max branch-protection=pac-ret",
        ),
        (
            "--target=arm-unknown-linux-gnueabi",
            "--target=arm-unknown-linux-gnueabi",
            "",
        ),
        (
            "-Ctarget-cpu=generic-rv64 --target=riscv64imac-unknown-none-elf -Cno-redzone -Ctarget-feature=-c",
            "-Ctarget-cpu=generic-rv64 --target=riscv64imac-unknown-none-elf -Cno-redzone -Ctarget-feature=-c",
            "",
        ),
        (
            "--target=loongarch64-unknown-none-softfloat -Ccode-model=small -Zdirect-access-external-data=yes -Cjump-tables=n",
            "--target=loongarch64-unknown-none-softfloat -Ccode-model=small -Cjump-tables=n",
            "direct-access-external-data=yes",
        ),
        (
            "--target=s390x-unknown-none-softfloat -Zpacked-stack -Ctarget-feature=+backchain -Ctarget-cpu=z10",
            "--target=s390x-unknown-none-softfloat -Ctarget-feature=+backchain -Ctarget-cpu=z10",
            "packed-stack",
        ),
        (
            "--target=powerpc64le-unknown-linux-gnu -Ctarget-feature=-mma,-vsx,-hard-float,-altivec",
            "--target=powerpc64le-unknown-linux-gnu -Ctarget-feature=-mma,-vsx,-hard-float,-altivec",
            "",
        ),
        (
            "--target=powerpc-unknown-linux-gnu",
            "--target=powerpc-unknown-linux-gnu",
            "",
        ),
        (
            "-Ctarget-feature=-sse,-sse2,-avx --target=./scripts/target.json -Crelocation-model=pie",
            "-Ccode-model=small --target=x86_64-unknown-none -Ctarget-feature=-sse,-sse2,-avx -Crelocation-model=pie",
            "",
        ),
    ];

    /// The flags that unstable options without their `-Z` ask for, and what a specification adds.
    fn flags(options: &str, is_specified: bool) -> Flags {
        let mut flags = Flags::default();
        for option in options.split_whitespace() {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (option, None),
            };
            flags.unstable(name, value).unwrap();
        }
        if is_specified {
            flags.specification("stack-probes", "none").unwrap();
            flags.specification("plt-by-default", "true").unwrap();
            flags.stable("no-redzone", Some("n")).unwrap();
        }
        flags
    }

    #[test]
    fn each_architectures_flags_go_to_rustc_if_they_are_stable_and_to_code_generation_if_not() {
        for (asked, tokens, codegen) in ARCHITECTURES {
            let plan = plan(Tool::Rustc, &format!("{asked} --crate-name=x k.rs")).unwrap();
            let got = plan.tokens().join(" ");
            assert_eq!(got, format!("{tokens} --crate-name=x"));
            assert_eq!(plan.flags, flags(codegen, plan.target.is_some()), "{asked}");
            assert!(
                plan.decisions
                    .iter()
                    .all(|decision| decision.weaker.is_none())
            );
        }
    }

    #[test]
    fn crate_attributes_are_collected_for_the_lowered_root() {
        let plan = plan(
            Tool::Rustc,
            "-Zcrate-attr=no_std -Zcrate-attr=feature(a,b) -Zallow-features=a k.rs",
        )
        .unwrap();
        assert_eq!(plan.crate_attrs, ["no_std", "feature(a,b)"]);
        assert_eq!(plan.tokens(), Vec::<String>::new());
        assert_eq!(plan.decisions.len(), 3);
    }

    #[test]
    fn of_two_targets_the_overlays_counts_which_comes_last() {
        let asked = "--target=./scripts/target.json --crate-name=x --target=armv5te-unknown-linux-gnueabi k.rs";
        let plan = plan(Tool::Rustc, asked).unwrap();
        assert_eq!(
            plan.tokens(),
            ["--crate-name=x", "--target=armv5te-unknown-linux-gnueabi"]
        );
        assert_eq!((plan.target, plan.decisions.len()), (None, 1));
    }

    #[test]
    fn closed_options_of_rustdoc_are_done_by_gateless() {
        check(
            Tool::Rustdoc,
            "--test --no-run --test-builder ./b -Zunstable-options --remap-path-prefix=/src/= --crate-name kernel lib.rs",
            expect!["--test --crate-name=kernel"],
        );
    }

    #[test]
    fn each_wish_of_a_list_is_a_decision_and_none_reaches_the_compiler() {
        let args = "-Zgateless-wish=overflow-report,build-assert -Coverflow-checks=y --cfg=CONFIG_PRINTK --target=./scripts/target.json --emit=obj=k.o k.rs";
        let plan = plan(Tool::Rustc, args).unwrap();
        assert!(!plan.tokens().join(" ").contains("wish"));
        let wishes = plan.decisions.iter();
        let wishes: Vec<_> = wishes
            .filter_map(|decision| gateless_model::wish::name(&decision.argument))
            .collect();
        assert_eq!(wishes, ["overflow-report", "build-assert"]);
        assert!(plan.flags.need_lines());
    }

    #[test]
    fn the_back_end_is_a_decision_and_does_not_reach_the_compiler() {
        let of = |backend: &str| {
            let args = "--target=./scripts/target.json --emit=obj=k.o k.rs";
            plan(Tool::Rustc, &format!("-Zgateless-backend={backend} {args}"))
        };
        let planned = of("c").unwrap();
        assert_eq!(planned.backend, Backend::C);
        assert!(!planned.tokens().join(" ").contains("backend"));
        let spelled = |decision: &Decision| decision.argument == "-Zgateless-backend=c";
        assert!(planned.decisions.iter().any(spelled));
        let failure = of("gcc").unwrap_err();
        assert!(failure.what.contains("-Zgateless-backend=gcc"), "{failure}");
    }

    #[test]
    fn a_wish_that_is_not_known_or_has_nothing_to_do_is_refused_by_name() {
        for (wish, words) in [
            ("made-up", "-Zgateless-wish=made-up"),
            ("build-assert,made-up", "-Zgateless-wish=made-up"),
            ("overflow-report", "-Coverflow-checks=y"),
            ("overflow-report -Coverflow-checks=y", "CONFIG_PRINTK"),
            (
                "overflow-report -Coverflow-checks=y --cfg=CONFIG_PRINTK_TIME",
                "without CONFIG_PRINTK ",
            ),
        ] {
            let args = format!(
                "-Zgateless-wish={wish} --target=./scripts/target.json --emit=obj=k.o k.rs"
            );
            let failure = plan(Tool::Rustc, &args).unwrap_err();
            assert!(failure.what.contains(words), "{wish}: {failure}");
        }
    }

    #[test]
    fn a_flag_nobody_knows_or_reproduces_is_an_error_that_names_it() {
        let unknown = plan(Tool::Rustc, "-Zmade-up=1 k.rs").unwrap_err();
        assert!(unknown.what.contains("-Zmade-up=1"), "{}", unknown.what);
        let closed = plan(Tool::Rustc, "-Zunpretty=expanded k.rs").unwrap_err();
        assert!(
            closed.what.contains("Z_unpretty_expanded"),
            "{}",
            closed.what
        );
    }
}
