//! `-Zgateless-wish=overflow-report`: arithmetic that overflows is reported, and goes on with the wrapped result.
//!
//! gcc and clang: `-fsanitize=signed-integer-overflow` with UBSAN's handlers, which report and return. rustc only has `-Coverflow-checks=y`, which
//! panics, and `n`, which says nothing; a third value is wished for. Before the optimiser has run, each check is a branch to a block that
//! calls `panic_const_*_overflow` (`codegen_assert_terminator`, compiler/rustc_codegen_ssa/src/mir/block.rs), and the wrapped result is what the other
//! way goes on with. So the branch is led through a new block that reports and goes the other way.
//!
//! The report is the kernel's own `_printk` at level KERN_ERR, with the words of Rust's panic; `printk_timed_ratelimit` lets each check speak once in
//! five seconds. Bounds checks and divisions, `i32::MIN / -1` among them, have no result to go on with and stay panics.

use gateless_llvm::{
    Builder, Call, Constant, Function, Global, Instruction, Linkage, Module, Operation,
};
use gateless_model::{Failure, Result, wish};

use crate::flag::{Flag, Given, Spelling};
use crate::ir::replace;
use crate::target::Target;

/// Reports in place of panics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverflowReport;

/// How a crate reports; `WORD` stands for the bits of an address.
const REPORT: &str = include_str!("overflow_report.ll");

/// The checks that have a result to go on with.
const OPERATIONS: [&str; 6] = ["add", "sub", "mul", "neg", "shl", "shr"];

impl Flag for OverflowReport {
    fn spellings() -> &'static [Spelling] {
        &[Spelling::Listed(wish::OPTION, "overflow-report")]
    }

    fn parse(_: &Given<'_>, _: Option<&Self>) -> Result<Option<Self>> {
        Ok(Some(Self))
    }

    fn needs_switch(&self) -> Option<&'static str> {
        Some("overflow-checks")
    }

    /// `_printk` and `printk_timed_ratelimit` are the kernel's with printing only.
    fn needs_cfg(&self) -> Option<&'static str> {
        Some("CONFIG_PRINTK")
    }

    fn needs_unoptimised(&self) -> bool {
        true
    }

    fn rewrite(&self, module: &mut Module, _: &Target) -> Result<()> {
        let Some(caller) = checks(module)?.first().map(|check| check.caller.clone()) else {
            return Ok(());
        };
        let word = 8 * module.layout()?.pointer_size(0)?;
        module.add_text(&REPORT.replace("iWORD", &format!("i{word}")))?;
        let report = Report::of(module)?;
        report.make_private()?;
        replace::generate_like(report.function, needed(module.function(&caller)?, &caller)?)?;
        for check in checks(module)? {
            report.put_in_place_of(&check)?;
        }
        Ok(())
    }
}

/// A call that panics because of an overflow.
struct Check<'m> {
    /// The function in which it stands.
    caller: String,
    /// What overflows, as in [`OPERATIONS`].
    operation: &'static str,
    call: Instruction<'m>,
}

/// All of them that something leads to.
fn checks(module: &Module) -> Result<Vec<Check<'_>>> {
    let mut checks = Vec::new();
    for function in module.functions()? {
        let Some(operation) = operation(&function.name()?) else {
            continue;
        };
        for user in function.users()? {
            let call = match user.as_instruction()? {
                Some(call) if call.called()? == Some(function.into()) => call,
                _ => return Err(odd(&function.name()?, "it is not only called")),
            };
            let caller = call.block()?.function()?.name()?;
            checks.push(Check {
                caller,
                operation,
                call,
            });
        }
    }
    Ok(checks)
}

/// What overflows where the function of this symbol is called; nothing for other functions.
fn operation(symbol: &str) -> Option<&'static str> {
    let (_, name) = symbol.split_once("4core9panicking11panic_const24panic_const_")?;
    OPERATIONS
        .into_iter()
        .find(|operation| name.starts_with(&format!("{operation}_overflow")))
}

/// What reports, in a module.
struct Report<'m> {
    module: &'m Module,
    function: Function<'m>,
    /// When a check spoke last, for one that never did.
    never: Constant<'m>,
}

impl<'m> Report<'m> {
    fn of(module: &'m Module) -> Result<Self> {
        let name = "gateless_overflow_report";
        let last = global(module, "gateless_overflow_last")?;
        Ok(Self {
            module,
            function: needed(module.function(name)?, name)?,
            never: needed(last.initializer()?, "gateless_overflow_last")?,
        })
    }

    /// Keeps everything to the object.
    fn make_private(&self) -> Result<()> {
        for operation in OPERATIONS {
            let what = global(self.module, &format!("gateless_overflow_{operation}"))?;
            what.set_linkage(Linkage::Private)?;
        }
        global(self.module, "gateless_overflow_last")?.set_linkage(Linkage::Private)?;
        // Another name in each crate: who looks for an object's functions in the image goes by names.
        let source = self.module.source_name()?;
        let source = source.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let name = format!("{}.{source}", self.function.name()?);
        self.function.set_name(&name)?;
        self.function.make_internal()
    }

    /// Leads the branch that leads to a check's panic through a block that reports, and then where it goes without an overflow.
    fn put_in_place_of(&self, check: &Check<'m>) -> Result<()> {
        let panic = check.call.block()?;
        let branches = panic.as_value()?.users()?;
        let (branch, at, on) = match &branches[..] {
            // Code that is left out after all.
            [] => return Ok(()),
            [branch] => {
                let branch = needed(branch.as_instruction()?, &check.caller)?;
                match branch.operation()? {
                    Operation::ConditionalBranch {
                        then, otherwise, ..
                    } if then == panic => (branch, 0, otherwise),
                    Operation::ConditionalBranch {
                        then, otherwise, ..
                    } if otherwise == panic => (branch, 1, then),
                    _ => return Err(odd(&check.caller, "no branch on a condition leads there")),
                }
            }
            _ => return Err(odd(&check.caller, "several branches lead there")),
        };
        let Operation::Call(Call { arguments, .. }) = check.call.operation()? else {
            return Err(odd(&check.caller, "it is not called"));
        };
        let [location] = arguments[..] else {
            return Err(odd(&check.caller, "it takes more than a location"));
        };
        let is_of_panic = |value: Option<Instruction<'m>>| -> Result<bool> {
            Ok(match value {
                Some(instruction) => instruction.block()? == panic,
                None => false,
            })
        };
        if is_of_panic(location.as_instruction()?)? {
            return Err(odd(&check.caller, "its location is computed there"));
        }
        let first = on.instructions()?.first().copied();
        if let Some(first) = first
            && matches!(first.operation()?, Operation::Phi { .. })
        {
            return Err(odd(&check.caller, "it depends on the way what comes next"));
        }

        let what = global(
            self.module,
            &format!("gateless_overflow_{}", check.operation),
        )?;
        let last = self
            .module
            .add_global("gateless_overflow_last", self.never)?;
        last.set_linkage(Linkage::Private)?;
        let block = panic.function()?.append_block("overflow")?;
        let builder = Builder::at_end(block)?;
        let call = builder.call(self.function, &[location, what.into(), last.into()])?;
        call.set_location(check.call.location()?.as_ref())?;
        builder
            .branch(on)?
            .set_location(check.call.location()?.as_ref())?;
        branch.set_successor(at, block)
    }
}

fn global<'m>(module: &'m Module, name: &str) -> Result<Global<'m>> {
    needed(module.global(name)?, name)
}

fn needed<T>(found: Option<T>, name: &str) -> Result<T> {
    found.ok_or_else(|| Failure::failed(format!("{name} is gone from the module")))
}

fn odd(function: &str, why: &str) -> Failure {
    Failure::no(format!(
        "the panic on an overflow in {function} can't become a report: {why}"
    ))
    .help("rustc has never been seen to write it so; leave the wish out, and report this")
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, flags};

    const ASKED: &str = "-Zgateless-wish=overflow-report";
    const ADD: &str = "_RNvNtNtCs1_4core9panicking11panic_const24panic_const_add_overflow";

    fn fixture(body: &str) -> Fixture {
        Fixture::x86(&format!(
            "@at = private constant <{{ ptr, [16 x i8] }}> zeroinitializer, align 8\ndeclare void @{ADD}(ptr)\n{body}"
        ))
    }

    /// As rustc writes `a + b`.
    fn sum() -> Fixture {
        fixture(&format!(
            "declare {{ i32, i1 }} @llvm.sadd.with.overflow.i32(i32, i32)\n\
             define i32 @f(i32 %a, i32 %b) noredzone inlinehint \"target-cpu\"=\"generic\" {{\nstart:\n\
             %x = call {{ i32, i1 }} @llvm.sadd.with.overflow.i32(i32 %a, i32 %b)\n\
             %r = extractvalue {{ i32, i1 }} %x, 0\n%o = extractvalue {{ i32, i1 }} %x, 1\n\
             br i1 %o, label %panic, label %next\nnext:\n ret i32 %r\npanic:\n call void @{ADD}(ptr @at)\n unreachable\n}}"
        ))
    }

    #[test]
    fn the_branch_to_the_panic_leads_through_a_report_to_the_result() {
        let text = sum().with(ASKED);
        let report = "overflow:                                         ; preds = %start\n  \
            call void @gateless_overflow_report.LLVM_IR(ptr @at, ptr @gateless_overflow_add, ptr @gateless_overflow_last.1)\n  \
            br label %next";
        assert!(text.contains(report), "{text}");
        assert!(
            text.contains("br i1 %o, label %overflow, label %next"),
            "{text}"
        );
    }

    #[test]
    fn what_reports_is_private_and_generated_as_the_crate_is() {
        let text = sum().with(ASKED);
        let line = |start: &str| text.lines().find(|line| line.starts_with(start));
        let report = line("define internal void @gateless_overflow_report.LLVM_IR").expect(&text);
        let group = report.split_once('#').unwrap().1.trim_end_matches(" {");
        let group = line(&format!("attributes #{group} = ")).unwrap();
        for wanted in [
            "cold",
            "noinline",
            "noredzone",
            "\"target-cpu\"=\"generic\"",
        ] {
            assert!(group.contains(wanted), "{group}");
        }
        assert!(!group.contains("inlinehint"), "{group}");
        assert!(
            text.contains("@gateless_overflow_last.1 = private global i64 0"),
            "{text}"
        );
    }

    #[test]
    fn divisions_and_bounds_stay_panics_and_bring_no_report() {
        for panic in [
            "_RNvNtNtCs1_4core9panicking11panic_const24panic_const_div_overflow",
            "_RNvNtNtCs1_4core9panicking11panic_const23panic_const_div_by_zero",
            "_RNvNtCs1_4core9panicking18panic_bounds_check",
        ] {
            let fixture = Fixture::x86(&format!(
                "declare void @{panic}(ptr)\ndefine void @f(ptr %at, i1 %c) {{\n br i1 %c, label %panic, label %next\n\
                 next:\n ret void\npanic:\n call void @{panic}(ptr %at)\n unreachable\n}}"
            ));
            assert_eq!(fixture.with(ASKED), fixture.with("-Zno-jump-tables=n"));
        }
    }

    #[test]
    fn a_shape_that_rustc_does_not_write_is_refused_and_named() {
        for (body, why) in [
            (
                "define void @odd(i1 %c) {\n br i1 %c, label %panic, label %next\nnext:\n br label %panic\npanic:\n call void @PANIC(ptr @at)\n unreachable\n}",
                "several branches",
            ),
            (
                "define void @odd() {\n br label %panic\npanic:\n call void @PANIC(ptr @at)\n unreachable\n}",
                "no branch on a condition",
            ),
            (
                "define void @odd(i1 %c) {\n br i1 %c, label %panic, label %next\nnext:\n ret void\npanic:\n %x = load ptr, ptr @at\n call void @PANIC(ptr %x)\n unreachable\n}",
                "computed there",
            ),
            (
                "define i8 @odd(i1 %c) {\nstart:\n br i1 %c, label %panic, label %next\nnext:\n %x = phi i8 [ 1, %start ]\n ret i8 %x\npanic:\n call void @PANIC(ptr @at)\n unreachable\n}",
                "depends on the way",
            ),
            ("define ptr @odd() {\n ret ptr @PANIC\n}", "not only called"),
        ] {
            let fixture = fixture(&body.replace("PANIC", ADD));
            let failure = flags(&[ASKED])
                .rewrite(&mut fixture.module(), &fixture.target)
                .unwrap_err();
            assert!(failure.what.contains(why), "{failure}");
            assert!(failure.what.contains("overflow-report"), "{failure}");
        }
    }
}
