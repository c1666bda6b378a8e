
/* Floating point numbers are kept as their bits, and are numbers only within an operation. */
GL_INLINE float gl_f32(u32 x) { float r; __builtin_memcpy(&r, &x, 4); return r; }
GL_INLINE u32 gl_bits_f32(float x) { u32 r; __builtin_memcpy(&r, &x, 4); return r; }
GL_INLINE double gl_f64(u64 x) { double r; __builtin_memcpy(&r, &x, 8); return r; }
GL_INLINE u64 gl_bits_f64(double x) { u64 r; __builtin_memcpy(&r, &x, 8); return r; }
typedef struct { double first, second; } gl_pair_ff;
typedef struct { double first; u64 second; } gl_pair_fi;
typedef struct { u64 first; double second; } gl_pair_if;
