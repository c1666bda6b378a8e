//! Exchanges of one and two bytes, where the architecture's C has none: made of those of the aligned word that holds them.
//!
//! Rust's helpers in `rust/helpers/` exchange bytes and halfwords, which all of upstream's architectures can. The header is read before the helpers, so
//! it puts macros of the same names before the kernel's: a word is exchanged by the kernel's own, a part of one by a comparing exchange of
//! the word in a loop, as `lib/cmpxchg-emu.c` does it. All orderings become the strongest one.

/// The macro that turns it on.
pub const SYMBOL: &str = "GATELESS_SMALL_ATOMICS";

/// The functions and macros.
pub const HEADER: &str = "\
#ifdef GATELESS_SMALL_ATOMICS
/* Exchanges of one and two bytes, by those of the aligned word that holds them. */
static __always_inline u32 gateless_cmpxchg_small(void *ptr, u32 old, u32 new, unsigned int size)
{
	u32 *word = (u32 *)((unsigned long)ptr & ~3UL);
	unsigned int at = (unsigned long)ptr & 3;
	unsigned int shift = 8 * (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 - size - at : at);
	u32 mask = ((1U << (8 * size)) - 1) << shift;
	u32 now = READ_ONCE(*word), was;

	for (;;) {
		if ((now & mask) >> shift != old) {
			smp_mb();
			return (now & mask) >> shift;
		}
		was = cmpxchg(word, now, (now & ~mask) | (new << shift));
		if (was == now)
			return old;
		now = was;
	}
}

static __always_inline u32 gateless_small(const void *ptr, unsigned int size)
{
	return size == 1 ? READ_ONCE(*(const u8 *)ptr) : READ_ONCE(*(const u16 *)ptr);
}

static __always_inline unsigned long gateless_xchg_small(void *ptr, unsigned long new, unsigned int size)
{
	u32 mask = (1U << (8 * size)) - 1;
	u32 old = gateless_small(ptr, size), was;

	while ((was = gateless_cmpxchg_small(ptr, old, new & mask, size)) != old)
		old = was;
	return old;
}

static __always_inline bool gateless_try_cmpxchg_small(void *ptr, void *old, unsigned long new, unsigned int size)
{
	u32 mask = (1U << (8 * size)) - 1;
	u32 expected = size == 1 ? *(u8 *)old : *(u16 *)old;
	u32 was = gateless_cmpxchg_small(ptr, expected, new & mask, size);

	if (was == expected)
		return true;
	if (size == 1)
		*(u8 *)old = was;
	else
		*(u16 *)old = was;
	return false;
}

/* The kernel's own, by a name that the macros below leave alone. */
#define GATELESS_OWN(order)									\\
static __always_inline u32 gateless_xchg32##order(u32 *ptr, u32 new)				\\
{												\\
	return xchg##order(ptr, new);								\\
}												\\
static __always_inline unsigned long gateless_xchg_long##order(unsigned long *ptr, unsigned long new) \\
{												\\
	return xchg##order(ptr, new);								\\
}												\\
static __always_inline bool gateless_try_cmpxchg32##order(u32 *ptr, u32 *old, u32 new)		\\
{												\\
	return try_cmpxchg##order(ptr, old, new);						\\
}												\\
static __always_inline bool gateless_try_cmpxchg_long##order(unsigned long *ptr, unsigned long *old, unsigned long new) \\
{												\\
	return try_cmpxchg##order(ptr, old, new);						\\
}
GATELESS_OWN()
GATELESS_OWN(_acquire)
GATELESS_OWN(_release)
GATELESS_OWN(_relaxed)

#define GATELESS_XCHG(order, ptr, new)								\\
	((__typeof__(*(ptr)))(sizeof(*(ptr)) < 4						\\
		? gateless_xchg_small((void *)(ptr), (unsigned long)(new), sizeof(*(ptr)))	\\
		: sizeof(*(ptr)) == sizeof(long)						\\
		? gateless_xchg_long##order((unsigned long *)(ptr), (unsigned long)(new))	\\
		: gateless_xchg32##order((u32 *)(ptr), (unsigned long)(new))))
#define GATELESS_TRY_CMPXCHG(order, ptr, old, new)						\\
	(sizeof(*(ptr)) < 4									\\
		? gateless_try_cmpxchg_small((void *)(ptr), (void *)(old), (unsigned long)(new), sizeof(*(ptr))) \\
		: sizeof(*(ptr)) == sizeof(long)						\\
		? gateless_try_cmpxchg_long##order((unsigned long *)(ptr), (unsigned long *)(old), (unsigned long)(new)) \\
		: gateless_try_cmpxchg32##order((u32 *)(ptr), (u32 *)(old), (unsigned long)(new)))

#undef xchg
#undef xchg_acquire
#undef xchg_release
#undef xchg_relaxed
#undef try_cmpxchg
#undef try_cmpxchg_acquire
#undef try_cmpxchg_release
#undef try_cmpxchg_relaxed
#define xchg(ptr, new) GATELESS_XCHG(, ptr, new)
#define xchg_acquire(ptr, new) GATELESS_XCHG(_acquire, ptr, new)
#define xchg_release(ptr, new) GATELESS_XCHG(_release, ptr, new)
#define xchg_relaxed(ptr, new) GATELESS_XCHG(_relaxed, ptr, new)
#define try_cmpxchg(ptr, old, new) GATELESS_TRY_CMPXCHG(, ptr, old, new)
#define try_cmpxchg_acquire(ptr, old, new) GATELESS_TRY_CMPXCHG(_acquire, ptr, old, new)
#define try_cmpxchg_release(ptr, old, new) GATELESS_TRY_CMPXCHG(_release, ptr, old, new)
#define try_cmpxchg_relaxed(ptr, old, new) GATELESS_TRY_CMPXCHG(_relaxed, ptr, old, new)
#endif
";
