
/* Numbers of 256 bits, which only products of 128 bits are in between. */
typedef struct { u128 low, high; } u256;
GL_INLINE u256 gl_make256(u128 high, u128 low) { return (u256){ .low = low, .high = high }; }
GL_INLINE u256 gl_add256(u256 a, u256 b)
{
	u128 low = a.low + b.low;
	return gl_make256(a.high + b.high + (low < a.low), low);
}
GL_INLINE u256 gl_sub256(u256 a, u256 b) { return gl_make256(a.high - b.high - (a.low < b.low), a.low - b.low); }
GL_INLINE u256 gl_and256(u256 a, u256 b) { return gl_make256(a.high & b.high, a.low & b.low); }
GL_INLINE u256 gl_or256(u256 a, u256 b) { return gl_make256(a.high | b.high, a.low | b.low); }
GL_INLINE u256 gl_xor256(u256 a, u256 b) { return gl_make256(a.high ^ b.high, a.low ^ b.low); }
GL_INLINE u256 gl_shl256(u256 a, u256 b)
{
	u32 n = (u32)b.low & 255;
	if (n >= 128)
		return gl_make256(a.low << (n - 128), 0);
	return n ? gl_make256((a.high << n) | (a.low >> (128 - n)), a.low << n) : a;
}
GL_INLINE u256 gl_lshr256(u256 a, u256 b)
{
	u32 n = (u32)b.low & 255;
	if (n >= 128)
		return gl_make256(0, a.high >> (n - 128));
	return n ? gl_make256(a.high >> n, (a.low >> n) | (a.high << (128 - n))) : a;
}
GL_INLINE u256 gl_mul256(u256 a, u256 b)
{
	u128 a0 = (u64)a.low, a1 = a.low >> 64, b0 = (u64)b.low, b1 = b.low >> 64;
	u128 p0 = a0 * b0, p1 = a0 * b1, p2 = a1 * b0, p3 = a1 * b1;
	u128 middle = (p0 >> 64) + (u64)p1 + (u64)p2;
	u128 high = p3 + (p1 >> 64) + (p2 >> 64) + (middle >> 64);
	return gl_make256(high + a.low * b.high + a.high * b.low, (middle << 64) | (u64)p0);
}
