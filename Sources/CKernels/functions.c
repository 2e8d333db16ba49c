// Chooses the vector functions and reductions of an instruction set. Knows nothing of how they are made.
#include "kernel_set.h"

#include <string.h>

static const ck_kernel_set *kernels(ck_isa isa) {
#if defined(__x86_64__)
  if (isa == CK_AVX512) return &ck_kernels_avx512;
  if (isa == CK_AVX2) return &ck_kernels_avx2;
#endif
  // NEON is part of every aarch64, so there the portable set is compiled to it.
  (void)isa;
  return &ck_kernels_portable;
}

ck_vector_fn ck_function(ck_isa isa, ck_op op, ck_type type, ck_form form) {
  if ((unsigned)op >= CK_OP_COUNT || (unsigned)type >= CK_TYPE_COUNT || form >= CK_FORMS) return NULL;
  ck_vector_fn fn = kernels(isa)->function[type][op][form];
  return fn ? fn : ck_kernels_portable.function[type][op][form];
}

ck_vector_fn ck_conversion(ck_isa isa, ck_type from, ck_type to) {
  if ((unsigned)from >= CK_TYPE_COUNT || (unsigned)to >= CK_TYPE_COUNT) return NULL;
  ck_vector_fn fn = kernels(isa)->conversion[from][to];
  return fn ? fn : ck_kernels_portable.conversion[from][to];
}

ck_reduction ck_reduction_for(ck_isa isa, ck_access_kind kind, ck_type type) {
  const ck_reduction none = {NULL, NULL};
  int k = (int)kind - CK_REDUCE_SUM;
  if (k < 0 || k >= CK_REDUCTIONS || (unsigned)type >= CK_TYPE_COUNT) return none;
  const ck_reduction *own = &kernels(isa)->reduction[type][k];
  return own->rows ? *own : ck_kernels_portable.reduction[type][k];
}

ck_philox_fn ck_best_philox(void) { return kernels(ck_best_isa())->philox; }

// The largest and smallest value of each type, as raw bits; a maximum starts from the smallest.
static uint64_t extreme(ck_type type, bool largest) {
  switch (type) {
    case CK_F32: return largest ? 0x7f800000u : 0xff800000u;
    case CK_F64: return largest ? 0x7ff0000000000000u : 0xfff0000000000000u;
    case CK_I8: return largest ? 0x7fu : 0x80u;
    case CK_I16: return largest ? 0x7fffu : 0x8000u;
    case CK_I32: return largest ? 0x7fffffffu : 0x80000000u;
    case CK_I64: return largest ? 0x7fffffffffffffffu : 0x8000000000000000u;
    case CK_BOOL: return largest;
    default: return largest ? ~UINT64_C(0) : 0;
  }
}

void ck_reduction_neutral(ck_access_kind kind, ck_type type, void *element) {
  uint64_t bits = 0;
  switch (kind) {
    case CK_REDUCE_PRODUCT:
      bits = type == CK_F32 ? 0x3f800000u : type == CK_F64 ? UINT64_C(0x3ff0000000000000) : 1;
      break;
    case CK_REDUCE_MAX: bits = extreme(type, false); break;
    case CK_REDUCE_MIN: bits = extreme(type, true); break;
    case CK_REDUCE_AND: bits = type == CK_BOOL ? 1 : ~UINT64_C(0); break;
    default: break;
  }
  switch (ck_type_size(type)) {
    case 1: { uint8_t v = (uint8_t)bits; memcpy(element, &v, 1); break; }
    case 2: { uint16_t v = (uint16_t)bits; memcpy(element, &v, 2); break; }
    case 4: { uint32_t v = (uint32_t)bits; memcpy(element, &v, 4); break; }
    default: memcpy(element, &bits, 8); break;
  }
}
