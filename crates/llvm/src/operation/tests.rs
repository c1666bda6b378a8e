use super::*;
use crate::testing::module;
use crate::{ConstantKind, Module};

/// A module with a function `f` of these parameters and this body.
fn body(parameters: &str, body: &str) -> Module {
    module(&format!(
        "declare i32 @p(...)\ndefine void @f({parameters}) personality ptr @p {{\n{body}\n}}"
    ))
}

fn operations(module: &Module) -> Vec<Operation<'_>> {
    let function = module.function("f").unwrap().unwrap();
    let instructions = function.instructions().unwrap();
    instructions
        .into_iter()
        .map(|instruction| instruction.operation().unwrap())
        .collect()
}

/// The name of an argument or instruction.
fn name(value: &Value<'_>) -> String {
    value.name().unwrap()
}

#[test]
fn binary_operations_have_both_operands_and_their_flags() {
    let module = body(
        "i8 %x, i8 %y, float %z",
        "%a = add nuw i8 %x, %y\n%b = sub nsw i8 %y, %x\n%c = mul i8 %x, %y\n%d = udiv exact i8 %x, %y\n%e = ashr i8 %x, %y\n\
         %g = or disjoint i8 %x, %y\n%h = xor i8 %x, %y\n%i = fadd reassoc nsz float %z, %z\nret void",
    );
    let all = operations(&module);
    let of = |at: usize| match &all[at] {
        Operation::Binary {
            operation,
            left,
            right,
            assumed,
            fast_math,
        } => (*operation, name(left), name(right), *assumed, *fast_math),
        other => panic!("{other:?}"),
    };
    let none = Assumed::default();
    let (add, left, right, assumed, _) = of(0);
    assert_eq!(
        (add, left, right),
        (BinaryOperation::Add, "x".into(), "y".into())
    );
    assert!(assumed.no_unsigned_wrap && !assumed.no_signed_wrap);
    let (subtract, left, _, assumed, _) = of(1);
    assert_eq!((subtract, left), (BinaryOperation::Subtract, "y".into()));
    assert!(!assumed.no_unsigned_wrap && assumed.no_signed_wrap);
    assert_eq!((of(2).0, of(2).3), (BinaryOperation::Multiply, none));
    assert!(of(3).3.exact && !of(4).3.exact);
    assert_eq!(of(4).0, BinaryOperation::ArithmeticShiftRight);
    assert!(of(5).3.disjoint);
    assert_eq!((of(6).0, of(6).3), (BinaryOperation::Xor, none));
    let fast = of(7).4;
    assert!(fast.reassociate && fast.no_signed_zeros && !fast.no_nans && !fast.contract);
}

#[test]
fn conversions_have_what_they_convert_and_their_flags() {
    let module = body(
        "i8 %x, ptr %p, i64 %w",
        "%a = zext nneg i8 %x to i32\n%b = trunc nuw i64 %w to i8\n%c = ptrtoint ptr %p to i64\n%d = sext i8 %x to i32\n%e = ptrtoaddr ptr %p to i64\n%g = addrspacecast ptr %p to ptr addrspace(1)\nret void",
    );
    let all = operations(&module);
    let of = |at: usize| match &all[at] {
        Operation::Cast {
            operation,
            value,
            assumed,
            ..
        } => (*operation, name(value), *assumed),
        other => panic!("{other:?}"),
    };
    let (extend, value, assumed) = of(0);
    assert_eq!((extend, value), (CastOperation::ZeroExtend, "x".into()));
    assert!(assumed.non_negative);
    assert!(of(1).2.no_unsigned_wrap && !of(1).2.no_signed_wrap);
    assert_eq!(of(2).0, CastOperation::PointerToInteger);
    assert_eq!(
        of(3),
        (CastOperation::SignExtend, "x".into(), Assumed::default())
    );
    assert_eq!(of(4).0, CastOperation::PointerToAddress);
    assert_eq!(of(5).0, CastOperation::AddressSpaceCast);
}

#[test]
fn comparisons_have_their_predicate() {
    let module = body(
        "i8 %x, float %z",
        "%a = icmp samesign slt i8 %x, 3\n%b = icmp eq i8 %x, 3\n%c = fcmp nnan uno float %z, %z\nret void",
    );
    let all = operations(&module);
    assert!(matches!(
        all[0],
        Operation::IntegerCompare {
            predicate: IntegerPredicate::SignedLess,
            same_sign: true,
            ..
        }
    ));
    assert!(matches!(
        all[1],
        Operation::IntegerCompare {
            predicate: IntegerPredicate::Equal,
            same_sign: false,
            ..
        }
    ));
    assert!(matches!(
        all[2],
        Operation::FloatCompare {
            predicate: FloatPredicate::Unordered,
            fast_math: FastMath { no_nans: true, .. },
            ..
        }
    ));
}

#[test]
fn memory_is_accessed_with_alignment_volatility_ordering_and_scope() {
    let module = body(
        "ptr %p, i32 %x",
        "%a = alloca [3 x i16], i32 4, align 32\n%b = load volatile i32, ptr %p, align 2\n\
         %c = load atomic i32, ptr %p syncscope(\"singlethread\") acquire, align 4\nstore i32 %x, ptr %p, align 1\n\
         fence seq_cst\n%d = cmpxchg weak ptr %p, i32 0, i32 %x acq_rel monotonic, align 4\n%e = atomicrmw volatile umax ptr %p, i32 %x release, align 8\nret void",
    );
    let all = operations(&module);
    let Operation::Alloca {
        ty,
        count,
        alignment,
    } = &all[0]
    else {
        panic!("{:?}", all[0])
    };
    assert_eq!(
        (ty.to_text().unwrap().as_str(), *alignment),
        ("[3 x i16]", 32)
    );
    let count = count.as_constant().unwrap().unwrap().as_integer().unwrap();
    assert_eq!(count.unwrap().as_u64(), Some(4));
    let plain = |alignment, is_volatile| Access {
        alignment,
        is_volatile,
        ordering: Ordering::NotAtomic,
        scope: Scope::System,
    };
    assert!(matches!(&all[1], Operation::Load { access, .. } if *access == plain(2, true)));
    let acquire = Access {
        ordering: Ordering::Acquire,
        scope: Scope::SingleThread,
        ..plain(4, false)
    };
    assert!(matches!(&all[2], Operation::Load { access, .. } if *access == acquire));
    let Operation::Store {
        value,
        address,
        access,
    } = &all[3]
    else {
        panic!("{:?}", all[3])
    };
    assert_eq!((name(value), name(address)), ("x".into(), "p".into()));
    assert_eq!(*access, plain(1, false));
    assert_eq!(
        all[4],
        Operation::Fence(Ordering::SequentiallyConsistent, Scope::System)
    );
    let Operation::CompareExchange {
        new,
        access,
        failure,
        is_weak,
        ..
    } = &all[5]
    else {
        panic!("{:?}", all[5])
    };
    assert_eq!((name(new), *is_weak), ("x".into(), true));
    assert_eq!(
        (access.ordering, *failure),
        (Ordering::AcquireRelease, Ordering::Monotonic)
    );
    let Operation::AtomicUpdate {
        operation, access, ..
    } = &all[6]
    else {
        panic!("{:?}", all[6])
    };
    assert_eq!(*operation, UpdateOperation::UnsignedMaximum);
    assert!(access.is_volatile && access.alignment == 8 && access.ordering == Ordering::Release);
}

#[test]
fn addresses_are_counted_by_their_source_type() {
    let module = body(
        "ptr %p, i64 %n",
        "%a = getelementptr inbounds nuw { i8, i32 }, ptr %p, i64 %n, i32 1\n%b = getelementptr i8, ptr %p, i64 %n\nret void",
    );
    let all = operations(&module);
    let Operation::GetElementPtr {
        source,
        base,
        indices,
        assumed,
    } = &all[0]
    else {
        panic!("{:?}", all[0])
    };
    assert_eq!(source.to_text().unwrap(), "{ i8, i32 }");
    assert_eq!(
        (name(base), name(&indices[0]), indices.len()),
        ("p".into(), "n".into(), 2)
    );
    assert!(assumed.in_bounds && assumed.no_unsigned_wrap);
    assert!(
        matches!(&all[1], Operation::GetElementPtr { assumed, .. } if *assumed == AddressAssumed::default())
    );
}

#[test]
fn a_switch_has_each_number_with_its_own_block() {
    let module = body(
        "i128 %x",
        "switch i128 %x, label %other [ i128 1, label %a\n i128 -2, label %b\n i128 3, label %a ]\na:\nret void\nb:\nret void\nother:\nunreachable",
    );
    let all = operations(&module);
    let Operation::Switch {
        value,
        default,
        cases,
    } = &all[0]
    else {
        panic!("{:?}", all[0])
    };
    assert_eq!(
        (name(value), default.name().unwrap()),
        ("x".into(), "other".into())
    );
    let cases: Vec<_> = cases
        .iter()
        .map(|(number, block)| (number.as_i128().unwrap(), block.name().unwrap()))
        .collect();
    let expected = [(1, "a"), (-2, "b"), (3, "a")].map(|(number, name)| (number, name.to_owned()));
    assert_eq!(cases, expected);
    assert_eq!(all.last(), Some(&Operation::Unreachable));
}

#[test]
fn branches_and_phis_name_their_blocks() {
    let module = body(
        "i1 %c, ptr %t",
        "start:\nbr i1 %c, label %a, label %b\na:\nbr label %b\nb:\n%x = phi i8 [ 1, %start ], [ 2, %a ]\n\
         indirectbr ptr %t, [label %d, label %e]\nd:\nret void\ne:\nret void",
    );
    let all = operations(&module);
    let block = |block: &Block<'_>| block.name().unwrap();
    let Operation::ConditionalBranch {
        condition,
        then,
        otherwise,
    } = &all[0]
    else {
        panic!("{:?}", all[0])
    };
    assert_eq!(
        (name(condition), block(then), block(otherwise)),
        ("c".into(), "a".into(), "b".into())
    );
    assert!(matches!(&all[1], Operation::Branch(to) if block(to) == "b"));
    let Operation::Phi { incoming, .. } = &all[2] else {
        panic!("{:?}", all[2])
    };
    let incoming: Vec<_> = incoming
        .iter()
        .map(|(value, from)| {
            let number = value.as_constant().unwrap().unwrap().as_integer().unwrap();
            (number.unwrap().as_u64().unwrap(), block(from))
        })
        .collect();
    assert_eq!(incoming, [(1, "start".to_owned()), (2, "a".to_owned())]);
    let Operation::IndirectBranch { address, targets } = &all[3] else {
        panic!("{:?}", all[3])
    };
    assert_eq!((name(address), targets.len()), ("t".into(), 2));
    assert_eq!(all[4], Operation::Return(None));
}

#[test]
fn aggregates_and_vectors_are_taken_apart_by_number() {
    let module = body(
        "{ i8, [2 x i8] } %s, <2 x i8> %v, i8 %x, i32 %n, i1 %c",
        "%a = extractvalue { i8, [2 x i8] } %s, 1, 0\n%b = insertvalue { i8, [2 x i8] } %s, i8 %x, 0\n%d = extractelement <2 x i8> %v, i32 %n\n\
         %e = insertelement <2 x i8> %v, i8 %x, i32 %n\n%g = shufflevector <2 x i8> %v, <2 x i8> %e, <3 x i32> <i32 3, i32 poison, i32 0>\n\
         %h = select i1 %c, i8 %x, i8 %d\n%i = freeze i8 %x\nret void",
    );
    let all = operations(&module);
    assert!(matches!(&all[0], Operation::ExtractValue { indices, .. } if indices[..] == [1, 0]));
    assert!(
        matches!(&all[1], Operation::InsertValue { value, indices, .. } if indices[..] == [0] && name(value) == "x")
    );
    assert!(matches!(&all[2], Operation::ExtractElement { index, .. } if name(index) == "n"));
    assert!(
        matches!(&all[3], Operation::InsertElement { value, index, .. } if name(value) == "x" && name(index) == "n")
    );
    assert!(
        matches!(&all[4], Operation::ShuffleVector { mask, .. } if mask[..] == [Some(3), None, Some(0)])
    );
    assert!(
        matches!(&all[5], Operation::Select { condition, then, otherwise, .. } if name(condition) == "c" && name(then) == "x" && name(otherwise) == "d")
    );
    assert!(matches!(&all[6], Operation::Freeze(value) if name(value) == "x"));
}

#[test]
fn landing_pads_have_their_clauses() {
    let module = body(
        "ptr %f",
        "invoke void %f() to label %ok unwind label %bad\nok:\nret void\nbad:\n%l = landingpad { ptr, i32 } cleanup catch ptr null\nresume { ptr, i32 } %l",
    );
    let all = operations(&module);
    let Operation::LandingPad {
        is_cleanup,
        clauses,
    } = &all[2]
    else {
        panic!("{:?}", all[2])
    };
    let clause = clauses[0].as_constant().unwrap().unwrap();
    assert!(*is_cleanup && clauses.len() == 1);
    assert_eq!(clause.kind().unwrap(), ConstantKind::Null);
    assert!(matches!(&all[3], Operation::Resume(value) if name(value) == "l"));
}
