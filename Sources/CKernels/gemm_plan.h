// How a matrix product is cut up: among the parts of a team, and for the caches. A function of the descriptor and the
// number of parts only, so the planner's question for scratch memory and every part's run get the same answer.
#ifndef CK_GEMM_PLAN_H
#define CK_GEMM_PLAN_H

#include "gemm_kernels.h"

/// Elements of the widest tile for an epilogue: long parts of rows, whole ones where that is possible.
enum { CK_GEMM_TILE_ELEMENTS = 8192 };

typedef enum {
  CK_GEMM_TILES = 0,   ///< tiles of the result, the right operand in panels
  CK_GEMM_DOTS,        ///< matrix times vector where the matrix's rows are adjacent elements
} ck_gemm_method;

typedef enum {
  CK_RIGHT_IN_PLACE = 0,   ///< read where it is, the last columns packed
  CK_RIGHT_OWN,            ///< each part packs the panels it needs when it first needs them
  CK_RIGHT_SHARED,         ///< the team packs all panels together before, see ck_gemm_packs_first
} ck_gemm_right;

typedef struct {
  const ck_gemm_kernels *kernels;
  ck_gemm_method method;
  bool dot_rows;                  ///< CK_GEMM_DOTS: the matrix is the left operand
  int32_t batch_parts, row_parts, column_parts;   ///< a part is a cell of this grid
  int64_t vectors;                ///< of columns, the last one perhaps not full
  ck_gemm_right right;
  ck_gemm_left left;              ///< the order of the left operand's elements as the kernels read them
  bool pack_left;
  bool partial_tiles;             ///< sums between two blocks of k are kept in scratch memory, not in `out`
  int64_t depth;                  ///< most k of a block
  int64_t rows;                   ///< rows whose sums are under way at once
  int64_t left_rows;              ///< rows of a block of the left operand, a multiple of the kernels' rows
  int64_t columns;                ///< columns of a block of the right operand, a multiple of the kernels' columns
  int64_t left_block;             ///< bytes of a packed tile of the left operand
  int64_t left_pitch;             ///< elements between the rows of one
  size_t own_right, own_left, own_sums, own_tile;   ///< bytes of each part's scratch memory, multiples of 64
  size_t shared_right;                              ///< bytes of the team's
} ck_gemm_plan;

/// The product as tiles or dots see it: a product of a matrix and one column is turned into one of a row and a matrix
/// where that makes the elements of the result adjacent. True where that was done; the epilogue then sees
/// rows for columns.
bool ck_gemm_turned(const ck_gemm *gemm, ck_gemm *turned);

/// `gemm` as ck_gemm_turned left it.
ck_gemm_plan ck_gemm_plan_make(const ck_gemm *gemm, int32_t parts);

static inline size_t ck_gemm_own_bytes(const ck_gemm_plan *plan) {
  return plan->own_right + plan->own_left + plan->own_sums + plan->own_tile;
}

#endif
