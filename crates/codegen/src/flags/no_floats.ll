@gateless_no_floats_message = private unnamed_addr constant [40 x i8] c"floating point fmt support is turned off"
@gateless_no_floats_file = private unnamed_addr constant [23 x i8] c"gateless-wish=no-floats"
@gateless_no_floats_place = private unnamed_addr constant <{ ptr, iWORD, i32, i32 }> <{ ptr @gateless_no_floats_file, iWORD 23, i32 0, i32 0 }>, align 8

declare void @"PANIC"(ptr, iWORD, ptr)

define void @gateless_no_floats() cold noinline noreturn nounwind {
  call void @"PANIC"(ptr @gateless_no_floats_message, iWORD 40, ptr @gateless_no_floats_place)
  unreachable
}
