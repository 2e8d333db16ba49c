// The instances of gemm_kernel.inc, and the choice among them. The register blocks fill the registers that an
// instruction set has, less those for one row of the right operand and one broadcast element of the left.
#include "gemm_kernels.h"

// A plain C target is built for the oldest CPU of its kind; a target attribute around the functions lets the compiler
// use more for them only.

#define FUSED(a, b, c) __builtin_elementwise_fma(a, b, c)
#define SEPARATE(a, b, c) ((a) * (b) + (c))

// ---------------------------------------------------------------- portable: vectors of 128 bits, 16 registers

#define ELEMENT float
#define ELEMENT_BYTES 4
#define LANES 4
#define ROWS 4
#define VECTORS 2
#define MULTIPLY_ADD SEPARATE
#define NAME(x) portable_f32_##x
#include "gemm_kernel.inc"

#define ELEMENT double
#define ELEMENT_BYTES 8
#define LANES 2
#define ROWS 4
#define VECTORS 2
#define MULTIPLY_ADD SEPARATE
#define NAME(x) portable_f64_##x
#include "gemm_kernel.inc"

// Unsigned, because signed overflow is undefined and the product wraps.
#define ELEMENT uint32_t
#define ELEMENT_BYTES 4
#define LANES 4
#define ROWS 4
#define VECTORS 2
#define MULTIPLY_ADD SEPARATE
#define NAME(x) portable_i32_##x
#include "gemm_kernel.inc"

#define ELEMENT uint64_t
#define ELEMENT_BYTES 8
#define LANES 2
#define ROWS 4
#define VECTORS 2
#define MULTIPLY_ADD SEPARATE
#define NAME(x) portable_i64_##x
#include "gemm_kernel.inc"

// ---------------------------------------------------------------- NEON: 32 registers of 128 bits

#if defined(__aarch64__)

#define ELEMENT float
#define ELEMENT_BYTES 4
#define LANES 4
#define ROWS 8
#define VECTORS 3
#define MULTIPLY_ADD FUSED
#define NAME(x) neon_f32_##x
#include "gemm_kernel.inc"

#define ELEMENT double
#define ELEMENT_BYTES 8
#define LANES 2
#define ROWS 8
#define VECTORS 3
#define MULTIPLY_ADD FUSED
#define NAME(x) neon_f64_##x
#include "gemm_kernel.inc"

#endif

#if defined(__x86_64__)

// ---------------------------------------------------------------- AVX2: 16 registers of 256 bits

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define ELEMENT float
#define ELEMENT_BYTES 4
#define LANES 8
#define ROWS 6
#define VECTORS 2
#define MULTIPLY_ADD FUSED
#define NAME(x) avx2_f32_##x
#include "gemm_kernel.inc"

#define ELEMENT double
#define ELEMENT_BYTES 8
#define LANES 4
#define ROWS 6
#define VECTORS 2
#define MULTIPLY_ADD FUSED
#define NAME(x) avx2_f64_##x
#include "gemm_kernel.inc"

#pragma clang attribute pop

// ---------------------------------------------------------------- AVX-512: 32 registers of 512 bits

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)

#define ELEMENT float
#define ELEMENT_BYTES 4
#define LANES 16
#define ROWS 14
#define VECTORS 2
#define MULTIPLY_ADD FUSED
#define NAME(x) avx512_f32_##x
#include "gemm_kernel.inc"

#define ELEMENT double
#define ELEMENT_BYTES 8
#define LANES 8
#define ROWS 14
#define VECTORS 2
#define MULTIPLY_ADD FUSED
#define NAME(x) avx512_f64_##x
#include "gemm_kernel.inc"

#pragma clang attribute pop

#endif

const ck_gemm_kernels *ck_gemm_kernels_for(int32_t type, int32_t isa) {
  if (type == CK_I32) return &portable_i32_kernels;
  if (type == CK_I64) return &portable_i64_kernels;
  const bool f64 = type == CK_F64;
  switch (isa) {
#if defined(__aarch64__)
    case CK_NEON: return f64 ? &neon_f64_kernels : &neon_f32_kernels;
#endif
#if defined(__x86_64__)
    case CK_AVX2: return f64 ? &avx2_f64_kernels : &avx2_f32_kernels;
    case CK_AVX512: return f64 ? &avx512_f64_kernels : &avx512_f32_kernels;
#endif
    default: return f64 ? &portable_f64_kernels : &portable_f32_kernels;
  }
}
