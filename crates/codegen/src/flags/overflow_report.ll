@gateless_overflow_format = private unnamed_addr constant [44 x i8] c"\013rust: %s at %.*s:%u:%u, the result wraps\0A\00"
@gateless_overflow_add = unnamed_addr constant [29 x i8] c"attempt to add with overflow\00"
@gateless_overflow_sub = unnamed_addr constant [34 x i8] c"attempt to subtract with overflow\00"
@gateless_overflow_mul = unnamed_addr constant [34 x i8] c"attempt to multiply with overflow\00"
@gateless_overflow_neg = unnamed_addr constant [32 x i8] c"attempt to negate with overflow\00"
@gateless_overflow_shl = unnamed_addr constant [36 x i8] c"attempt to shift left with overflow\00"
@gateless_overflow_shr = unnamed_addr constant [37 x i8] c"attempt to shift right with overflow\00"
@gateless_overflow_last = global iWORD 0

declare signext i32 @_printk(ptr, ...)
declare zeroext i1 @printk_timed_ratelimit(ptr, i32 signext)

define void @gateless_overflow_report(ptr %at, ptr %what, ptr %last) cold noinline nounwind {
  %may = call zeroext i1 @printk_timed_ratelimit(ptr %last, i32 signext 5000)
  br i1 %may, label %report, label %end

report:
  %file = load ptr, ptr %at
  %at_length = getelementptr inbounds iWORD, ptr %at, i32 1
  %length = load iWORD, ptr %at_length
  %wide = zext iWORD %length to i65
  %precision = trunc i65 %wide to i32
  %at_line = getelementptr inbounds iWORD, ptr %at, i32 2
  %line = load i32, ptr %at_line
  %at_column = getelementptr inbounds i32, ptr %at_line, i32 1
  %column = load i32, ptr %at_column
  call signext i32 (ptr, ...) @_printk(ptr @gateless_overflow_format, ptr %what, i32 signext %precision, ptr %file, i32 zeroext %line, i32 zeroext %column)
  br label %end

end:
  ret void
}
