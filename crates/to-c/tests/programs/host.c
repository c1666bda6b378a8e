#include <stdarg.h>
#include <stdio.h>
int c_cmp(int (*f)(const int *, const int *), int a, int b) { return f(&a, &b); }
long long c_i8(signed char a, unsigned char b, short c, unsigned short d, int e, unsigned f, long long g, unsigned long long h, _Bool i)
{
	return a + b * 2ll + c * 3ll + d * 5ll + e * 7ll + f * 11ll + g * 13ll + (long long)(h * 17ull) + i;
}
signed char c_neg8(int a) { return (signed char)a; }
unsigned short c_u16(int a) { return (unsigned short)a; }
_Bool c_isneg(int a) { return a < 0; }
int c_va(const char *f, ...)
{
	va_list v;
	va_start(v, f);
	int r = vprintf(f, v);
	va_end(v);
	fflush(stdout);
	return r;
}
