// Between the matrix product's loops (gemm.c) and its kernels (gemm_kernel.inc, one instance for each element type
// and instruction set). Not part of the module's interface.
#ifndef CK_GEMM_KERNELS_H
#define CK_GEMM_KERNELS_H

#include "ckernels.h"

/// Strides of a kernel's left and right operands are in elements.
enum { CK_GEMM_MOST_ROWS = 14, CK_GEMM_MOST_COLUMNS = 128, CK_GEMM_DOT_ROWS = 4 };

/// One tile: to[i, j] = (from == NULL ? 0 : from[i, j]) + sum over k of left[i, k] * right[k, j].
/// Each element is one chain of additions in the order of k, so a sum that is cut into blocks of k, or computed by a
/// kernel of another height or width, has the same bits.
typedef struct {
  int64_t k;
  const void *left;
  int64_t left_stride;    ///< between rows (columns adjacent) or between columns (rows adjacent), as the kernel says
  const void *right;
  int64_t right_stride;   ///< between rows; the columns are adjacent and all of the kernel's can be read
  const void *from;
  int64_t from_stride;
  void *to;
  int64_t to_stride;
  int64_t columns;        ///< columns to read from `from` and write to `to`, at most the kernel's
  const char *ahead;      ///< memory that will be read next: one row of a panel is fetched for each k
  int64_t ahead_bytes;    ///< between such rows; 0 where there is nothing to fetch
} ck_gemm_tile;

typedef void (*ck_gemm_tile_fn)(const ck_gemm_tile *tile);

typedef enum { CK_LEFT_ROWS = 0, CK_LEFT_COLUMNS } ck_gemm_left;   ///< what is adjacent: a row's or a column's elements

typedef struct {
  int32_t bytes;          ///< of one element
  int32_t lanes;          ///< elements of a vector
  int32_t rows;           ///< most rows of a tile
  int32_t columns;        ///< columns of a panel: two or three vectors
  int32_t wide_columns;   ///< columns of a tile of one row whose right operand is read in place
  /// Tiles of a whole panel and of one vector, by the left operand's order and the number of rows less one.
  ck_gemm_tile_fn panel[2][CK_GEMM_MOST_ROWS], narrow[2][CK_GEMM_MOST_ROWS];
  /// Tiles of one row and wide_columns.
  ck_gemm_tile_fn wide;
  /// Copies k rows of `columns` <= width elements to rows of `width` adjacent elements; what lies past `columns` is
  /// any number that can be computed with. `width` is a multiple of the lanes.
  void (*pack_right)(void *to, int64_t width, const void *from, int64_t row_stride, int64_t column_stride,
                     int64_t k, int64_t columns);
  /// Copies `rows` rows of k elements: CK_LEFT_ROWS with `pitch` between rows; CK_LEFT_COLUMNS with `rows` between
  /// columns, where `readable` >= rows elements of each column may be read, and `lanes` elements past the end written.
  void (*pack_left[2])(void *to, int64_t pitch, const void *from, int64_t row_stride, int64_t column_stride,
                       int64_t rows, int64_t k, int64_t readable);
  /// to[i] = sum over k of left[i, k] * right[k], for up to CK_GEMM_DOT_ROWS rows, each with adjacent elements.
  void (*dot)(void *to, int64_t to_stride, const void *left, int64_t row_stride, const void *right, int64_t rows,
              int64_t k);
} ck_gemm_kernels;

/// The kernels for an element type; where `isa` has none of its own, the portable ones.
const ck_gemm_kernels *ck_gemm_kernels_for(int32_t type, int32_t isa);

#endif
