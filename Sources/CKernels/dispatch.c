// Which instruction sets this build has and this machine can run. Knows nothing of the kernels themselves.
#include "ckernels.h"

size_t ck_type_size(ck_type type) {
  switch (type) {
    case CK_BOOL: case CK_U8: case CK_I8: return 1;
    case CK_I16: case CK_U16: return 2;
    case CK_F32: case CK_I32: case CK_U32: return 4;
    case CK_F64: case CK_I64: case CK_U64: return 8;
    case CK_TYPE_COUNT: break;
  }
  return 0;
}

// `__builtin_cpu_supports` also asks whether the operating system saves the wide registers.
bool ck_isa_available(ck_isa isa) {
  switch (isa) {
    case CK_PORTABLE: return true;
    case CK_NEON:
#if defined(__aarch64__)
      return true;
#else
      return false;
#endif
#if defined(__x86_64__)
    case CK_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    // The four parts of AVX-512 that every CPU since Skylake-X and Zen 4 has together.
    case CK_AVX512:
      return ck_isa_available(CK_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    case CK_AVX2: case CK_AVX512: return false;
#endif
  }
  return false;
}

ck_isa ck_best_isa(void) {
  for (int isa = CK_AVX512; isa > CK_PORTABLE; isa--) {
    if (ck_isa_available((ck_isa)isa)) return (ck_isa)isa;
  }
  return CK_PORTABLE;
}

const char *ck_isa_name(ck_isa isa) {
  switch (isa) {
    case CK_PORTABLE: return "portable";
    case CK_NEON: return "NEON";
    case CK_AVX2: return "AVX2";
    case CK_AVX512: return "AVX-512";
  }
  return "unknown";
}
