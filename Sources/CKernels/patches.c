// Packing of patches (patches.h): the instances of patches.inc and the choice among them.
#include "patches.h"

#include "digits.h"

#include <string.h>

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/// `count` elements of `bytes` bytes, 4 or 8, that are not adjacent.
static inline void copy_strided(char *to, const char *from, int64_t from_stride, int64_t count, int64_t bytes) {
  if (bytes == 4) {
    for (int64_t i = 0; i < count; i++) memcpy(to + i * 4, from + i * from_stride * 4, 4);
  } else {
    for (int64_t i = 0; i < count; i++) memcpy(to + i * 8, from + i * from_stride * 8, 8);
  }
}

/// Adjacent rows: where they start, in elements of the image and in the tile.
typedef struct { int64_t from, to, count; } segment;

#define PIECE 16
#define NAME(x) portable_##x
#include "patches.inc"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define PIECE 32
#define NAME(x) avx2_##x
#include "patches.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)
#define PIECE 64
#define NAME(x) avx512_##x
#include "patches.inc"
#pragma clang attribute pop

#endif

void ck_pack_patches(int32_t isa, void *to, int64_t pitch, const void *image, const ck_patches *patches,
                     ck_gemm_left order, int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t bytes) {
  if (depth <= 0) return;   // and so there are no digits
  const bool by_rows = order == CK_LEFT_ROWS;
#if defined(__x86_64__)
  if (isa == CK_AVX512) {
    if (by_rows) {
      avx512_pack_rows(to, pitch, image, patches, row, rows, k, depth, bytes);
    } else {
      avx512_pack_columns(to, image, patches, row, rows, k, depth, bytes);
    }
    return;
  }
  if (isa == CK_AVX2) {
    if (by_rows) {
      avx2_pack_rows(to, pitch, image, patches, row, rows, k, depth, bytes);
    } else {
      avx2_pack_columns(to, image, patches, row, rows, k, depth, bytes);
    }
    return;
  }
#endif
  (void)isa;
  if (by_rows) {
    portable_pack_rows(to, pitch, image, patches, row, rows, k, depth, bytes);
  } else {
    portable_pack_columns(to, image, patches, row, rows, k, depth, bytes);
  }
}
