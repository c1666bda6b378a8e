/* The functions of the compiler's runtime that compute with floats, as kernels without a floating point unit call them: on integers. */
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned __int128 u128;

#define TYPE(F, T, B)                                                                                                  \
	static T F##_of(B x) { T r; __builtin_memcpy(&r, &x, sizeof r); return r; }                                    \
	static B F##_bits(T x) { B r; __builtin_memcpy(&r, &x, sizeof r); return r; }                                  \
	B F##_add(B x, B y) __asm__("__add" #F "3"); B F##_add(B x, B y) { return F##_bits(F##_of(x) + F##_of(y)); }    \
	B F##_sub(B x, B y) __asm__("__sub" #F "3"); B F##_sub(B x, B y) { return F##_bits(F##_of(x) - F##_of(y)); }    \
	B F##_mul(B x, B y) __asm__("__mul" #F "3"); B F##_mul(B x, B y) { return F##_bits(F##_of(x) * F##_of(y)); }    \
	B F##_div(B x, B y) __asm__("__div" #F "3"); B F##_div(B x, B y) { return F##_bits(F##_of(x) / F##_of(y)); }    \
	COMPARE(F, B, lt, <, -1, 1)                                                                                    \
	COMPARE(F, B, le, <=, -1, 1)                                                                                   \
	COMPARE(F, B, gt, >, 1, -1)                                                                                    \
	COMPARE(F, B, ge, >=, 1, -1)                                                                                   \
	COMPARE(F, B, eq, ==, 0, 1)                                                                                    \
	int F##_unord(B x, B y) __asm__("__unord" #F "2");                                                             \
	int F##_unord(B x, B y) { return __builtin_isunordered(F##_of(x), F##_of(y)); }                                \
	FROM(F, T, B, si, int, u32) FROM(F, T, B, di, long long, u64)                                                  \
	INTO(F, B, si, int, u32) INTO(F, B, di, long long, u64) INTO(F, B, ti, __int128, u128)

#define COMPARE(F, B, name, sign, yes, no)                                                                             \
	int F##_##name(B x, B y) __asm__("__" #name #F "2");                                                           \
	int F##_##name(B x, B y) { return F##_of(x) sign F##_of(y) ? yes : no; }

#define FROM(F, T, B, mode, I, U)                                                                                      \
	B F##_float##mode(U x) __asm__("__float" #mode #F); B F##_float##mode(U x) { return F##_bits((T)(I)x); }        \
	B F##_floatun##mode(U x) __asm__("__floatun" #mode #F); B F##_floatun##mode(U x) { return F##_bits((T)x); }

/* By way of long double, which the compiler must not see through: it would call these very functions. */
#define INTO(F, B, mode, I, U)                                                                                         \
	U F##_fix##mode(B x) __asm__("__fix" #F #mode);                                                                \
	U F##_fix##mode(B x) { volatile long double y = F##_of(x); return (U)(I)y; }                                   \
	U F##_fixuns##mode(B x) __asm__("__fixuns" #F #mode);                                                          \
	U F##_fixuns##mode(B x) { volatile long double y = F##_of(x); return (U)y; }

TYPE(sf, float, u32)
TYPE(df, double, u64)
