// The kernel set for x86-64 processors with AVX2 and FMA.
#if defined(__x86_64__)
// Before the attribute below, which must not apply to the system's functions.
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CK_SET ck_kernels_avx2
#define CK_ALL_TYPES 0
#define CK_VECTOR_BYTES 32
#define CK_LANES_4 8
#include "functions.inc"
#pragma clang attribute pop
#endif
