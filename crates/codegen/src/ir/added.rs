//! Functions that lowering added: the gated build has no symbols for them, and calls what they forward to directly.
//!
//! rustc takes every method of a trait's impl for reachable from other crates (`CollectPrivateImplItemsVisitor`,
//! compiler/rustc_passes/src/reachable.rs), and so gives those of the extension traits a symbol. In a crate on which no other depends
//! nobody can call them by it. `#[inline(always)]` in the source would not do: what an inlined method calls is reachable as well, so
//! it would get a symbol, and be inlined elsewhere than in the gated build.

use std::collections::HashSet;

use gateless_llvm::{Module, PassOptions, TargetMachine};
use gateless_model::Result;

use super::dispatched::may_be_dispatched;
use super::forget::forget;
use super::forward::{forwards_to, returned_function};
use super::replace::{replace_by_address, replace_in_tables};

/// Makes the functions with `mark` in their names private to the module.
pub fn make_private(module: &Module, mark: &str) -> Result<()> {
    for function in module.functions()? {
        if function.name()?.contains(mark) {
            function.make_internal()?;
        }
    }
    Ok(())
}

/// Gives a symbol to what is forwarded to from functions that rustc's users asked to inline, as it has in the gated build, where these
/// call it directly: what is called in a function that can be inlined elsewhere is reachable from there.
pub fn publish(module: &Module, mark: &str) -> Result<()> {
    for function in module.functions()? {
        if function.is_declaration()? || function.name()?.contains(mark) {
            continue;
        }
        let mut callers = function.callers()?;
        let mut is_forwarded_to = false;
        for caller in function.callers()? {
            if caller.name()?.contains(mark) {
                is_forwarded_to = true;
                callers.extend(caller.callers()?);
            }
        }
        let mut is_inlined = false;
        for caller in callers {
            is_inlined |= !caller.name()?.contains(mark)
                && (caller.attribute(ALWAYS)?.is_some()
                    || caller.attribute("inlinehint")?.is_some());
        }
        if is_forwarded_to && is_inlined {
            function.make_public()?;
        }
    }
    Ok(())
}

/// Puts what the functions with `mark` in their names do into their callers, before anything is optimised, and removes those whose
/// address nobody takes. All other functions are left as they are. Debug information says nothing of them, as in the gated build: what
/// they do is done where they were called.
///
/// The same is done with the functions of `core` that only those of the module `mark` call: the gated build has no instances of them. Where rustc
/// has inlined all of it already, only debug information is left to be fixed up.
///
/// `own` is what the names of the crate's own traits have in front of two numbers.
pub fn dissolve(module: &mut Module, machine: &TargetMachine, mark: &str, own: &str) -> Result<()> {
    let helpers = helpers(module, mark)?;
    let of_module = of_module(mark);
    forget(
        module,
        &|name| name.contains(mark) || helpers.contains(name),
        &|name| helpers.contains(name) || ends_in(name, &of_module),
    )?;
    let mut others = Vec::new();
    let mut any = false;
    for function in module.functions()? {
        let name = function.name()?;
        let is_helper = helpers.contains(&name);
        if is_helper {
            function.make_internal()?;
            function.remove_attribute("noinline")?;
        }
        if is_helper || name.contains(mark) {
            any |= !function.is_declaration()?;
            function.set_attribute(ALWAYS, 0)?;
            // Inlining would note in the caller what these say; the function that is forwarded to says it itself.
            function.remove_attribute_of_parameters("noalias")?;
        } else if function.attribute(ALWAYS)?.is_some() {
            function.remove_attribute(ALWAYS)?;
            others.push(name);
        }
    }
    if any {
        let nothing = PassOptions {
            merge_functions: false,
            unroll_loops: false,
            vectorize_loops: false,
            vectorize_slp: false,
        };
        // rustc asks for it at the calls as well.
        module.hide_attribute_of_calls(ALWAYS, LATER, |called| {
            called.contains(mark) || helpers.contains(called)
        })?;
        module.run_passes("always-inline", machine, nothing)?;
        module.show_attribute_of_calls(ALWAYS, LATER)?;
    }
    for name in others {
        if let Some(function) = module.function(&name)? {
            function.set_attribute(ALWAYS, 0)?;
        }
    }
    shorten(module, mark, own)
}

/// Makes debug information say nothing of the variables whose names begin with `mark`, nor of what the functions of the module `mark` do: the same
/// as [`dissolve`] does, for a crate whose added functions others may refer to. Code is left as it is.
pub fn forget_module(module: &mut Module, mark: &str) -> Result<()> {
    let of_module = of_module(mark);
    forget(
        module,
        &|name| name.starts_with(mark) || ends_in(name, &of_module),
        &|name| ends_in(name, &of_module),
    )
}

/// Makes the functions with `mark` in their names that only return an address (lowering puts them into vtables) return that of the method itself,
/// where what they lead to does nothing but call it with the same arguments: so the method stays a function of its own, as in the gated build, where
/// the vtable has it. They come last in the module, so that all others have the neighbours that they have in the gated build. Not with kCFI: the callers
/// expect a function of the type of what is returned already.
///
/// If no call of the module can reach such a function through a vtable, and its trait is one of the crate's own, none at all can: nobody else knows that
/// trait. Then the vtable gets the method itself.
fn shorten(module: &mut Module, mark: &str, own: &str) -> Result<()> {
    let mut found = Vec::new();
    for function in module.functions()? {
        let name = function.name()?;
        if !name.contains(mark) {
            continue;
        }
        if let Some(returned) = returned_function(function)? {
            let target = match returned.name()?.contains(mark) {
                true => forwards_to(returned)?.unwrap_or(returned),
                false => returned,
            };
            let is_called = !is_of(&name, own) || may_be_dispatched(module, function)?;
            found.push((name, target.name()?, is_called));
        }
    }
    let is_checked = module.flag("kcfi")?.is_some();
    for (function, target, is_called) in found {
        if is_called && is_checked {
            continue;
        }
        if is_called {
            replace_by_address(module, &function, &target)?;
        } else {
            replace_in_tables(module, &function, &target)?;
        }
    }
    Ok(())
}

/// Whether a symbol is of a trait whose name begins with `own`, and not with a longer crate's name.
fn is_of(symbol: &str, own: &str) -> bool {
    symbol.match_indices(own).any(|(at, _)| {
        let mut parts = symbol[at + own.len()..].splitn(3, '_');
        let mut number = || {
            parts.next().is_some_and(|part| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        number() && number()
    })
}

/// How the name of the module `mark` stands in symbols (v0): behind its length.
fn of_module(mark: &str) -> String {
    format!("{}_{mark}", mark.len())
}

/// The names of functions that only functions of the module `mark` call, or others of these.
fn helpers(module: &Module, mark: &str) -> Result<HashSet<String>> {
    let of_module = of_module(mark);
    let mut helpers = HashSet::new();
    let mut open = Vec::new();
    for function in module.functions()? {
        let name = function.name()?;
        if !function.is_declaration()? && !name.contains(mark) {
            open.push((name, function));
        }
    }
    loop {
        let before = helpers.len();
        for (name, function) in &open {
            if helpers.contains(name) {
                continue;
            }
            let Some(callers) = function.only_callers()? else {
                continue;
            };
            let mut all = !callers.is_empty();
            for caller in callers {
                let caller = caller.name()?;
                all &= helpers.contains(&caller) || ends_in(&caller, &of_module);
            }
            if all {
                helpers.insert(name.clone());
            }
        }
        if helpers.len() == before {
            return Ok(helpers);
        }
    }
}

/// Whether the module's name, and not the beginning of a longer one, stands in a symbol.
fn ends_in(symbol: &str, of_module: &str) -> bool {
    symbol
        .match_indices(of_module)
        .any(|(at, _)| !symbol[at + of_module.len()..].starts_with('_'))
}

const ALWAYS: &str = "alwaysinline";
/// Stands for it at calls that are not to be inlined yet.
const LATER: &str = "gateless-alwaysinline";

#[cfg(test)]
mod tests {
    use crate::target;
    use crate::testing::Fixture;

    #[test]
    fn only_added_functions_that_are_defined_here_lose_their_symbol() {
        let module = Fixture::x86(
            "define void @_RNv3___mark_x() { ret void }\ndefine void @_RNv3own() { ret void }\ndeclare void @_RNv3___mark_y()",
        )
        .module();
        super::make_private(&module, "__mark_").unwrap();
        let text = module.to_text().unwrap();
        assert!(
            text.contains("define internal void @_RNv3___mark_x()"),
            "{text}"
        );
        assert!(
            text.contains("define void @_RNv3own()")
                && text.contains("declare void @_RNv3___mark_y()"),
            "{text}"
        );
    }

    #[test]
    fn what_an_inlined_function_is_forwarded_to_keeps_its_symbol() {
        let module = Fixture::x86(
            "define internal void @__mark_a() { call void @a()\n ret void }\ndefine internal void @a() { ret void }\n\
             define internal void @__mark_b() { call void @b()\n ret void }\ndefine internal void @b() { ret void }\n\
             define internal void @c() { ret void }\n\
             define void @hot() inlinehint { call void @__mark_a()\n call void @c()\n ret void }\n\
             define void @cold() { call void @__mark_b()\n ret void }",
        )
        .module();
        super::publish(&module, "__mark_").unwrap();
        let text = module.to_text().unwrap();
        assert!(text.contains("define dso_local void @a()"), "{text}");
        assert!(
            text.contains("define internal void @b()")
                && text.contains("define internal void @c()"),
            "{text}"
        );
    }

    #[test]
    fn forwarding_functions_leave_nothing_behind_and_others_are_not_inlined() {
        let fixture = Fixture::x86(
            "define internal i32 @__mark_forward(ptr noalias %p, i32 %x) \"target-cpu\"=\"x86-64\" { %r = call i32 @own(ptr noalias %p, i32 %x)\n ret i32 %r }\n\
             define internal i32 @own(ptr noalias %p, i32 %x) \"target-cpu\"=\"x86-64\" { %r = call i32 @small(i32 %x) alwaysinline\n store i32 %r, ptr %p\n ret i32 %r }\n\
             define internal i32 @small(i32 %x) alwaysinline \"target-cpu\"=\"x86-64\" { ret i32 %x }\n\
             define internal ptr @__mark_slot() \"target-cpu\"=\"x86-64\" { ret ptr null }\n\
             @table = constant ptr @__mark_slot\n\
             define i32 @caller(ptr %p) \"target-cpu\"=\"x86-64\" { %r = call i32 @__mark_forward(ptr noalias %p, i32 1)\n ret i32 %r }",
        );
        let mut module = fixture.module();
        let machine = target::apply(&module, &fixture.target, "").unwrap();
        super::dissolve(&mut module, &machine, "__mark_", "__mark_t_own_").unwrap();
        let text = module.to_text().unwrap();
        assert!(!text.contains("@__mark_forward"), "{text}");
        assert!(
            text.contains("call i32 @own(ptr noalias %p, i32 1)"),
            "{text}"
        );
        assert!(
            text.contains("call i32 @small(i32 %x) #")
                && text.contains("= { alwaysinline }")
                && text.contains("= { alwaysinline \"target-cpu\"")
                && !text.contains(super::LATER),
            "{text}"
        );
        assert!(
            text.contains("@table = constant ptr @__mark_slot"),
            "{text}"
        );
        assert!(!text.contains("alias.scope"), "{text}");
    }

    /// The module after `dissolve`, as text.
    fn dissolved(body: &str) -> String {
        let fixture = Fixture::x86(&body.replace(") {", ") \"target-cpu\"=\"x86-64\" {"));
        let mut module = fixture.module();
        let machine = target::apply(&module, &fixture.target, "").unwrap();
        super::dissolve(&mut module, &machine, "__mark_", "__mark_t_own_").unwrap();
        module.verify().unwrap();
        module.to_text().unwrap()
    }

    /// A function that a vtable holds, which leads to `@__mark_shim`; behind it, what stays where it is.
    const SLOT: &str = "@table = constant ptr @__mark_slot\n\
        define internal noundef ptr @__mark_slot(ptr %self) { %spill = alloca ptr\n store ptr %self, ptr %spill\n call void @llvm.assume(i1 true)\n ret ptr @__mark_shim }\n\
        define i32 @own(ptr %p, i32 %x) { ret i32 %x }\n\
        define { i8, i32 } @pair(ptr %p) { ret { i8, i32 } zeroinitializer }\n\
        define void @large(ptr sret([64 x i8]) %r, ptr %p) { ret void }\n\
        declare void @llvm.assume(i1)\ndeclare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\ndeclare void @elsewhere()\n";

    #[test]
    fn what_a_vtable_holds_returns_the_method_and_comes_last() {
        let slot = |body: &str, method: &str| {
            let text = dissolved(&format!("{SLOT}{body}"));
            let at = |what: &str| {
                text.find(what)
                    .unwrap_or_else(|| panic!("no {what} in {text}"))
            };
            assert!(at("define internal noundef ptr @__mark_slot(") > at("define void @large("));
            assert!(
                text.contains("@table = constant ptr @__mark_slot"),
                "{text}"
            );
            assert!(
                text.contains(&format!("ret ptr @{method}")),
                "{method}: {text}"
            );
        };
        slot(
            "define internal i32 @__mark_shim(ptr %p, i32 %x) { %v = alloca ptr\n store ptr %p, ptr %v\n %q = load ptr, ptr %v\n br label %b\nb:\n %r = call i32 @own(ptr %q, i32 %x)\n ret i32 %r }",
            "own",
        );
        // `same` is called elsewhere as well, so that it is left alone.
        slot(
            "define ptr @same(ptr %p) { ret ptr %p }\n\
             define ptr @user(ptr %p) { %q = call ptr @same(ptr %p)\n ret ptr %q }\n\
             define internal i32 @__mark_shim(ptr %p, i32 %x) { %q = call ptr @same(ptr %p)\n %r = call i32 @own(ptr %q, i32 %x)\n ret i32 %r }",
            "own",
        );
        slot(
            "define internal { i8, i32 } @__mark_shim(ptr %p) { %r = call { i8, i32 } @pair(ptr %p)\n %a = extractvalue { i8, i32 } %r, 0\n %b = extractvalue { i8, i32 } %r, 1\n %s = insertvalue { i8, i32 } poison, i8 %a, 0\n %t = insertvalue { i8, i32 } %s, i32 %b, 1\n ret { i8, i32 } %t }",
            "pair",
        );
        // A result that is passed in another type, by way of memory; an argument of two parts that is stored for debug information.
        slot(
            "define i64 @packed(ptr %p, ptr %s, i64 %n) { ret i64 1 }\n\
             define internal i64 @__mark_shim(ptr %p, ptr %s, i64 %n) { %spill = alloca [16 x i8]\n store ptr %s, ptr %spill\n %half = getelementptr inbounds i8, ptr %spill, i64 8\n store i64 %n, ptr %half\n\
             %a = alloca [8 x i8]\n %b = alloca [8 x i8]\n %r = call i64 @packed(ptr %p, ptr %s, i64 %n)\n store i64 %r, ptr %a\n\
             call void @llvm.memcpy.p0.p0.i64(ptr %b, ptr %a, i64 8, i1 false)\n %q = load i64, ptr %b\n ret i64 %q }",
            "packed",
        );
        slot(
            "define internal void @__mark_shim(ptr sret([64 x i8]) %r, ptr %p) { call void @large(ptr sret([64 x i8]) %r, ptr %p)\n ret void }",
            "large",
        );
    }

    #[test]
    fn with_kcfi_what_a_vtable_holds_returns_what_its_callers_have_the_type_of() {
        let shim = "define internal i32 @__mark_shim(ptr %p, i32 %x) { %r = call i32 @own(ptr %p, i32 %x)\n ret i32 %r }\n";
        let kcfi = "!llvm.module.flags = !{!0}\n!0 = !{i32 4, !\"kcfi\", i32 1}\n";
        let text = dissolved(&format!("{SLOT}{shim}{kcfi}"));
        assert!(text.contains("ret ptr @__mark_shim"), "{text}");
        let text = dissolved(&format!("{SLOT}{shim}"));
        assert!(text.contains("ret ptr @own"), "{text}");
    }

    /// The vtable of a trait `name`, which holds a function that leads to `@own`, and what else is there.
    fn vtable(name: &str, more: &str) -> String {
        dissolved(&format!(
            "@table = constant <{{ [24 x i8], ptr }}> <{{ [24 x i8] zeroinitializer, ptr @{name}_call }}>\n\
             define internal ptr @{name}_call(ptr %self) {{ ret ptr @own }}\ndefine void @own(ptr %p) {{ ret void }}\n{more}"
        ))
    }

    #[test]
    fn a_vtable_that_no_call_goes_through_holds_the_method_itself() {
        let text = vtable("__mark_t_own_0_12", "");
        assert!(
            text.contains("ptr @own }>") && !text.contains("_call"),
            "{text}"
        );
    }

    #[test]
    fn a_vtable_that_a_call_here_or_in_another_crate_may_go_through_keeps_what_it_holds() {
        let call = "define void @caller(ptr %t) { %p = getelementptr inbounds i8, ptr %t, i64 24\n %f = load ptr, ptr %p\n %r = call ptr %f(ptr %t)\n call void %r(ptr %t)\n ret void }";
        let text = vtable("__mark_t_own_0_12", call);
        assert!(text.contains("ptr @__mark_t_own_0_12_call }>"), "{text}");
        // Traits of other crates, of which one has a name that begins alike.
        for foreign in ["__mark_t_kernel_0_12", "__mark_t_own_too_0_12"] {
            let text = vtable(foreign, "");
            assert!(text.contains(&format!("ptr @{foreign}_call }}>")), "{text}");
        }
    }

    #[test]
    fn what_does_more_than_call_the_method_stays_in_between() {
        for body in [
            // another order of the elements, not all of them
            "define internal { i8, i32 } @__mark_shim(ptr %p) { %r = call { i8, i32 } @pair(ptr %p)\n %b = extractvalue { i8, i32 } %r, 1\n %t = insertvalue { i8, i32 } poison, i32 %b, 1\n ret { i8, i32 } %t }",
            // another argument
            "define internal i32 @__mark_shim(ptr %p, i32 %x) { %r = call i32 @own(ptr %p, i32 7)\n ret i32 %r }",
            // an argument that is computed
            "define internal i32 @__mark_shim(ptr %p, i32 %x) { %y = add i32 %x, 1\n %r = call i32 @own(ptr %p, i32 %y)\n ret i32 %r }",
            // what is called before does more than return it
            "define ptr @next(ptr %p) { %q = getelementptr i8, ptr %p, i64 8\n ret ptr %q }\n\
             define internal i32 @__mark_shim(ptr %p, i32 %x) { %q = call ptr @next(ptr %p)\n %r = call i32 @own(ptr %q, i32 %x)\n ret i32 %r }",
            "define ptr @loud(ptr %p) { call void @elsewhere()\n ret ptr %p }\n\
             define internal i32 @__mark_shim(ptr %p, i32 %x) { %q = call ptr @loud(ptr %p)\n %r = call i32 @own(ptr %q, i32 %x)\n ret i32 %r }",
            // another result
            "define internal i32 @__mark_shim(ptr %p, i32 %x) { %r = call i32 @own(ptr %p, i32 %x)\n ret i32 %x }",
            // something besides
            "define internal i32 @__mark_shim(ptr %p, i32 %x) { call void @elsewhere()\n %r = call i32 @own(ptr %p, i32 %x)\n ret i32 %r }",
            "define internal i32 @__mark_shim(ptr %p, i32 %x) { store i32 1, ptr %p\n %r = call i32 @own(ptr %p, i32 %x)\n ret i32 %r }",
            // a part of what a variable holds, and another part of it
            "define i64 @packed(ptr %p) { ret i64 1 }\n\
             define internal i64 @__mark_shim(ptr %p) { %a = alloca [8 x i8]\n %b = alloca [8 x i8]\n %r = call i64 @packed(ptr %p)\n store i64 %r, ptr %a\n\
             call void @llvm.memcpy.p0.p0.i64(ptr %b, ptr %a, i64 4, i1 false)\n %q = load i64, ptr %b\n ret i64 %q }",
            "define i64 @packed(ptr %p) { ret i64 1 }\n\
             define internal i64 @__mark_shim(ptr %p) { %a = alloca [8 x i8]\n %r = call i64 @packed(ptr %p)\n store i64 %r, ptr %a\n\
             %half = getelementptr i8, ptr %a, i64 4\n store i32 1, ptr %half\n %q = load i64, ptr %a\n ret i64 %q }",
            // a choice
            "define internal i32 @__mark_shim(ptr %p, i32 %x) { %c = icmp eq i32 %x, 0\n br i1 %c, label %a, label %b\na:\n ret i32 0\nb:\n %r = call i32 @own(ptr %p, i32 %x)\n ret i32 %r }",
            // other parameters, and others in memory
            "define internal i32 @__mark_shim(ptr %p, i32 %x, i32 %y) { %r = call i32 @own(ptr %p, i32 %x)\n ret i32 %r }",
            "define internal void @__mark_shim(ptr %r, ptr %p) { call void @large(ptr sret([64 x i8]) %r, ptr %p)\n ret void }",
            // another way of calling
            "define internal fastcc i32 @__mark_shim(ptr %p, i32 %x) { %r = call i32 @own(ptr %p, i32 %x)\n ret i32 %r }",
            // what a variable held before
            "define internal i32 @__mark_shim(ptr %p, i32 %x) { %v = alloca i32\n store i32 %x, ptr %v\n store i32 3, ptr %v\n %y = load i32, ptr %v\n %r = call i32 @own(ptr %p, i32 %y)\n ret i32 %r }",
        ] {
            let text = dissolved(&format!("{SLOT}{body}"));
            assert!(text.contains("ret ptr @__mark_shim"), "{body}: {text}");
        }
    }

    /// `@caller` calls `@__mark_forward` in a block that a `phi` names, and has a variable of its own and one that lowering added; a scope of
    /// `__mark_gone`, which rustc has inlined already, lies between `@caller` and `@own`.
    const DESCRIBED: &str = "define internal i32 @__mark_forward(i32 %x) \"target-cpu\"=\"x86-64\" !dbg !3 { #dbg_value(i32 %x, !4, !DIExpression(), !5)\n %r = call i32 @own(i32 %x), !dbg !5\n ret i32 %r, !dbg !5 }\n\
        define internal i32 @own(i32 %x) \"target-cpu\"=\"x86-64\" { ret i32 %x }\n\
        define i32 @caller(i1 %c, i32 %x) \"target-cpu\"=\"x86-64\" !dbg !6 { br i1 %c, label %yes, label %no, !dbg !9\n\
        yes:\n #dbg_value(i32 %x, !7, !DIExpression(), !9)\n #dbg_value(i32 %x, !8, !DIExpression(), !9)\n %r = call i32 @__mark_forward(i32 %x), !dbg !9\n \
        #dbg_value(i32 %r, !13, !DIExpression(), !11)\n %s = call i32 @own(i32 %r), !dbg !11\n br label %no, !dbg !9\n\
        no:\n %p = phi i32 [ 0, %0 ], [ %s, %yes ]\n ret i32 %p, !dbg !9 }\n\
        @__mark_table = constant i8 0, !dbg !15\n\
        !llvm.dbg.cu = !{!0}\n!llvm.module.flags = !{!2}\n\
        !0 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !1, emissionKind: FullDebug, globals: !14)\n\
        !1 = !DIFile(filename: \"x.rs\", directory: \"/\")\n\
        !2 = !{i32 2, !\"Debug Info Version\", i32 3}\n\
        !3 = distinct !DISubprogram(name: \"forward\", linkageName: \"__mark_forward\", file: !1, line: 1, type: !10, unit: !0, spFlags: DISPFlagDefinition)\n\
        !4 = !DILocalVariable(name: \"lost\", scope: !3, file: !1, line: 1)\n\
        !5 = !DILocation(line: 1, scope: !3)\n\
        !6 = distinct !DISubprogram(name: \"caller\", file: !1, line: 5, type: !10, unit: !0, spFlags: DISPFlagDefinition, retainedNodes: !16)\n\
        !7 = !DILocalVariable(name: \"kept\", scope: !6, file: !1, line: 6)\n\
        !8 = !DILocalVariable(name: \"__mark_raw\", scope: !6, file: !1, line: 7)\n\
        !9 = !DILocation(line: 77, scope: !6)\n\
        !10 = !DISubroutineType(types: !{})\n\
        !11 = !DILocation(line: 4, scope: !12, inlinedAt: !17)\n\
        !12 = distinct !DISubprogram(name: \"deep\", file: !1, line: 3, type: !10, unit: !0, spFlags: DISPFlagDefinition)\n\
        !13 = !DILocalVariable(name: \"deeper\", scope: !12, file: !1, line: 3)\n\
        !14 = !{!15}\n\
        !15 = !DIGlobalVariableExpression(var: !18, expr: !DIExpression())\n\
        !16 = !{!7, !8}\n\
        !17 = !DILocation(line: 2, scope: !19, inlinedAt: !20)\n\
        !18 = distinct !DIGlobalVariable(name: \"__mark_vtable\", scope: !0, file: !1, type: !21, isDefinition: true)\n\
        !19 = distinct !DISubprogram(name: \"__mark_gone\", file: !1, line: 2, type: !10, unit: !0, spFlags: DISPFlagDefinition)\n\
        !20 = !DILocation(line: 88, column: 1, scope: !22)\n\
        !22 = !DILexicalBlockFile(scope: !6, file: !1, discriminator: 2)\n\
        !21 = !DIBasicType(name: \"u8\", size: 8, encoding: DW_ATE_unsigned)\n";

    #[test]
    fn debug_information_says_nothing_of_what_was_added_and_keeps_all_else() {
        let fixture = Fixture::x86(DESCRIBED);
        let mut module = fixture.module();
        let machine = target::apply(&module, &fixture.target, "").unwrap();
        super::dissolve(&mut module, &machine, "__mark_", "__mark_t_own_").unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        for gone in [
            "@__mark_forward",
            "\"lost\"",
            "__mark_raw",
            "__mark_gone",
            "__mark_vtable",
        ] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
        for kept in [
            "name: \"kept\"",
            "name: \"deeper\"",
            "%p = phi i32 [ 0, %0 ], [ %s, %yes ]",
        ] {
            assert!(text.contains(kept), "no {kept} in {text}");
        }
        // What is left of the chain: inlined at line 88 of the caller.
        let at = |line: u32| {
            let end = format!(" = !DILocation(line: {line}, ");
            let lines = text.lines().filter(|it| it.contains(&end));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let number = |line: &str| line.split(' ').next().unwrap().to_owned();
        let (outer, inner) = (at(88), at(4));
        assert_eq!((outer.len(), inner.len()), (1, 1), "{text}");
        assert!(
            inner[0].contains(&format!("inlinedAt: {}", number(&outer[0]))),
            "{text}"
        );
        // What the added function did is done where it was called.
        let call = number(&at(77)[0]);
        assert!(
            text.contains(&format!("call i32 @own(i32 %x), !dbg {call}")),
            "{text}"
        );
        assert_eq!(text.matches("#dbg_value(").count(), 2, "{text}");
    }

    #[test]
    fn what_rustc_inlined_into_the_added_module_is_not_described_and_what_is_forwarded_to_is() {
        let text = |module: &str| {
            let fixture = Fixture::x86(&DESCRIBED.replace("__mark_gone", module));
            let mut module = fixture.module();
            let machine = target::apply(&module, &fixture.target, "").unwrap();
            super::dissolve(&mut module, &machine, "__mark", "__mark_t_own_").unwrap();
            module.verify().unwrap();
            module.to_text().unwrap()
        };
        let of_module = text("_RNv6___mark4cast");
        // It was told apart from other calls at line 88 by the scope 22, of the caller's own file.
        let at = of_module.split("!DILocation(line: 88, column: 1, scope: ");
        let scopes: Vec<&str> = at
            .skip(1)
            .map(|rest| rest.split(')').next().unwrap())
            .collect();
        let caller = of_module
            .lines()
            .find(|line| line.contains("name: \"caller\""))
            .unwrap();
        assert_eq!(scopes, [caller.split(' ').next().unwrap()], "{of_module}");
        assert!(!of_module.contains("\"deeper\"") && !of_module.contains("\"deep\""));
        let line = "!DILocation(line: 4, ";
        assert!(!of_module.contains(line), "{of_module}");
        let forwarding = text("_RNv14___mark_m_forward");
        for kept in ["\"deeper\"", "\"deep\"", line] {
            assert!(forwarding.contains(kept), "no {kept} in {forwarding}");
        }
    }

    #[test]
    fn what_only_the_added_module_calls_goes_with_it_and_what_is_forwarded_to_stays() {
        let fixture = Fixture::x86(
            "define internal i32 @_RNv6___mark4cast(i32 %x) \"target-cpu\"=\"x86-64\" { %r = call i32 @helper(i32 %x)\n %s = call i32 @shared(i32 %r)\n ret i32 %s }\n\
             define i32 @helper(i32 %x) \"target-cpu\"=\"x86-64\" { %r = call i32 @deep(i32 %x)\n ret i32 %r }\n\
             define i32 @deep(i32 %x) \"target-cpu\"=\"x86-64\" { ret i32 %x }\n\
             define i32 @shared(i32 %x) \"target-cpu\"=\"x86-64\" { ret i32 %x }\n\
             define i32 @own(i32 %x) \"target-cpu\"=\"x86-64\" { ret i32 %x }\n\
             define internal i32 @_RNv14___mark_m_forward(i32 %x) \"target-cpu\"=\"x86-64\" { %r = call i32 @own(i32 %x)\n ret i32 %r }\n\
             define i32 @caller(i32 %x) \"target-cpu\"=\"x86-64\" { %r = call i32 @_RNv6___mark4cast(i32 %x)\n %s = call i32 @_RNv14___mark_m_forward(i32 %r)\n %t = call i32 @shared(i32 %s)\n ret i32 %t }",
        );
        let mut module = fixture.module();
        let machine = target::apply(&module, &fixture.target, "").unwrap();
        super::dissolve(&mut module, &machine, "__mark", "__mark_t_own_").unwrap();
        let text = module.to_text().unwrap();
        for gone in ["@helper(", "@deep(", "@_RNv"] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
        for kept in ["define i32 @shared(", "define i32 @own(", "call i32 @own("] {
            assert!(text.contains(kept), "no {kept} in {text}");
        }
    }
}
