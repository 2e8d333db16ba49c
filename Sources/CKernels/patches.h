// Packs patches of an image for the matrix product (gemm.c), which so becomes a convolution without a matrix of all
// patches in memory. Not part of the module's interface.
#ifndef CK_PATCHES_H
#define CK_PATCHES_H

#include "gemm_kernels.h"

/// Copies `rows` rows from `row` on, columns [k, k + depth) of each: CK_LEFT_ROWS with `pitch` elements between rows,
/// CK_LEFT_COLUMNS with `rows` between columns. `bytes` is an element's size, 4 or 8.
void ck_pack_patches(int32_t isa, void *to, int64_t pitch, const void *image, const ck_patches *patches,
                     ck_gemm_left order, int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t bytes);

#endif
