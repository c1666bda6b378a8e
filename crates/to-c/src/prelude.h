/* What translated modules are written in: types, and operations for which C has no operator. Part of every translation. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long long i64;
typedef __UINTPTR_TYPE__ uptr;
typedef __INTPTR_TYPE__ iptr;
typedef u8 *P;

/* Memory has no types, only alignments: every access is made through one of these. */
#define GL_ALIGNED(T, n) typedef T __attribute__((may_alias, aligned(n))) T##_a##n
#define GL_MEMORY(T) GL_ALIGNED(T, 1); GL_ALIGNED(T, 2); GL_ALIGNED(T, 4); GL_ALIGNED(T, 8); GL_ALIGNED(T, 16)
GL_MEMORY(u8);
GL_MEMORY(u16);
GL_MEMORY(u32);
GL_MEMORY(u64);
GL_MEMORY(P);
#ifdef __SIZEOF_INT128__
typedef unsigned __int128 u128;
typedef __int128 i128;
GL_MEMORY(u128);
#define GL_WIDE(high, low) (((u128)(high) << 64) | (u128)(low))
#endif

/* Variables stay in this order; clang keeps them all in order. */
#ifdef __clang__
#define gl_in_order
#else
#define gl_in_order no_reorder
#endif

/* Results in two registers. */
typedef struct { u64 first, second; } gl_pair_ii;

#define GL_INLINE static inline __attribute__((always_inline, unused))
#define GL_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* Numbers of 3, 5, 6 and 7 bytes in memory. */
GL_INLINE u64 gl_load_bytes(const u8 *p, int n)
{
	u64 r = 0;
	for (int i = 0; i < n; i++)
		r |= (u64)p[GL_BIG ? n - 1 - i : i] << (8 * i);
	return r;
}
GL_INLINE void gl_store_bytes(u8 *p, u64 v, int n)
{
	for (int i = 0; i < n; i++)
		p[GL_BIG ? n - 1 - i : i] = (u8)(v >> (8 * i));
}

/* Nothing is copied from or to nowhere, which C's functions don't allow even for no bytes. */
GL_INLINE void gl_memcpy(void *to, const void *from, uptr n)
{
	if (n)
		__builtin_memcpy(to, from, n);
}
GL_INLINE void gl_memmove(void *to, const void *from, uptr n)
{
	if (n)
		__builtin_memmove(to, from, n);
}
GL_INLINE void gl_memset(void *to, u8 byte, uptr n)
{
	if (n)
		__builtin_memset(to, byte, n);
}

/* The same pointer, of which the compiler no longer knows what it points to. */
GL_INLINE P gl_opaque(P p)
{
	__asm__("" : "+r"(p));
	return p;
}

/* Bits. GCC's functions are undefined for 0. */
GL_INLINE u32 gl_popcount32(u32 x)
{
	x -= (x >> 1) & 0x55555555u;
	x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0fu;
	return (x * 0x01010101u) >> 24;
}
GL_INLINE u32 gl_popcount64(u64 x) { return gl_popcount32((u32)x) + gl_popcount32((u32)(x >> 32)); }
GL_INLINE u32 gl_leading32(u32 x) { return x ? (u32)__builtin_clz(x) : 32u; }
GL_INLINE u32 gl_leading64(u64 x) { return x ? (u32)__builtin_clzll(x) : 64u; }
GL_INLINE u32 gl_trailing32(u32 x) { return x ? (u32)__builtin_ctz(x) : 32u; }
GL_INLINE u32 gl_trailing64(u64 x) { return x ? (u32)__builtin_ctzll(x) : 64u; }
GL_INLINE u64 gl_reverse64(u64 x)
{
	x = ((x >> 1) & 0x5555555555555555ull) | ((x & 0x5555555555555555ull) << 1);
	x = ((x >> 2) & 0x3333333333333333ull) | ((x & 0x3333333333333333ull) << 2);
	x = ((x >> 4) & 0x0f0f0f0f0f0f0f0full) | ((x & 0x0f0f0f0f0f0f0f0full) << 4);
	return __builtin_bswap64(x);
}
#ifdef __SIZEOF_INT128__
GL_INLINE u32 gl_popcount128(u128 x) { return gl_popcount64((u64)x) + gl_popcount64((u64)(x >> 64)); }
GL_INLINE u32 gl_leading128(u128 x) { return x >> 64 ? gl_leading64((u64)(x >> 64)) : 64 + gl_leading64((u64)x); }
GL_INLINE u32 gl_trailing128(u128 x) { return (u64)x ? gl_trailing64((u64)x) : 64 + gl_trailing64((u64)(x >> 64)); }
GL_INLINE u128 gl_reverse128(u128 x) { return GL_WIDE(gl_reverse64((u64)x), gl_reverse64((u64)(x >> 64))); }
GL_INLINE u128 gl_bswap128(u128 x) { return GL_WIDE(__builtin_bswap64((u64)x), __builtin_bswap64((u64)(x >> 64))); }
#endif
