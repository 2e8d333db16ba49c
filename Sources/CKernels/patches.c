// Packing of patches (patches.h). Runs of adjacent elements are short (a few features, or a tile's rows), so they are
// copied in wide pieces, the last of which overlaps the one before, rather than by calls of memcpy.
#include "patches.h"

#include "digits.h"

#include <string.h>

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static inline __attribute__((always_inline)) void copy_run(char *to, const char *from, int64_t bytes) {
  if (bytes >= 32) {
    for (int64_t i = 0; i < bytes - 32; i += 32) memcpy(to + i, from + i, 32);
    memcpy(to + bytes - 32, from + bytes - 32, 32);
  } else if (bytes >= 16) {
    memcpy(to, from, 16);
    memcpy(to + bytes - 16, from + bytes - 16, 16);
  } else if (bytes >= 8) {
    memcpy(to, from, 8);
    memcpy(to + bytes - 8, from + bytes - 8, 8);
  } else if (bytes >= 4) {
    memcpy(to, from, 4);
  }
}

/// Elements of `bytes` bytes that are not adjacent.
static inline void copy_strided(char *to, int64_t to_stride, const char *from, int64_t from_stride, int64_t count,
                                int64_t bytes) {
  if (bytes == 4) {
    for (int64_t i = 0; i < count; i++) memcpy(to + i * to_stride * 4, from + i * from_stride * 4, 4);
  } else {
    for (int64_t i = 0; i < count; i++) memcpy(to + i * to_stride * 8, from + i * from_stride * 8, 8);
  }
}

static void pack_rows(char *to, int64_t pitch, const char *image, const ck_patches *p, int64_t row, int64_t rows,
                      int64_t k, int64_t depth, int64_t bytes) {
  int64_t offset[CK_GEMM_MOST_ROWS];
  const int32_t last = p->column_rank - 1;
  ck_digits digits = ck_digits_of(row, p->row_rank, p->row_extent, p->row_stride);
  for (int64_t i = 0; i < rows; i++) {
    offset[i] = digits.offset;
    ck_digits_advance(&digits, 1, p->row_rank, p->row_extent, p->row_stride);
  }
  ck_digits column = ck_digits_of(k, p->column_rank, p->column_extent, p->column_stride);
  const bool adjacent = p->column_stride[last] == 1;
  for (int64_t done = 0; done < depth;) {
    const int64_t run = least(depth - done, p->column_extent[last] - column.digit[last]);
    const char *from = image + column.offset * bytes;
    char *start = to + done * bytes;
    for (int64_t i = 0; i < rows; i++) {
      if (adjacent) {
        copy_run(start + i * pitch * bytes, from + offset[i] * bytes, run * bytes);
      } else {
        copy_strided(start + i * pitch * bytes, 1, from + offset[i] * bytes, p->column_stride[last], run, bytes);
      }
    }
    done += run;
    ck_digits_advance(&column, run, p->column_rank, p->column_extent, p->column_stride);
  }
}

/// Adjacent rows: where they start, in elements of the image and in the tile.
typedef struct { int64_t from, to, count; } segment;

static inline __attribute__((always_inline)) void pack_segments(
    char *to, int64_t rows, const char *image, const ck_patches *p, const segment *segments, int64_t count, int64_t k,
    int64_t depth, int64_t bytes) {
  const int32_t last = p->column_rank - 1;
  const int64_t step = p->column_stride[last] * bytes;
  ck_digits column = ck_digits_of(k, p->column_rank, p->column_extent, p->column_stride);
  for (int64_t done = 0; done < depth;) {
    const int64_t run = least(depth - done, p->column_extent[last] - column.digit[last]);
    const char *from = image + column.offset * bytes;
    for (int64_t i = 0; i < run; i++, to += rows * bytes, from += step) {
      for (int64_t s = 0; s < count; s++) {
        copy_run(to + segments[s].to * bytes, from + segments[s].from * bytes, segments[s].count * bytes);
      }
    }
    done += run;
    ck_digits_advance(&column, run, p->column_rank, p->column_extent, p->column_stride);
  }
}

static void pack_columns(char *to, const char *image, const ck_patches *p, int64_t row, int64_t rows, int64_t k,
                         int64_t depth, int64_t bytes) {
  segment segments[CK_GEMM_MOST_ROWS];
  int64_t count = 0;
  const int32_t last = p->row_rank - 1;
  ck_digits digits = ck_digits_of(row, p->row_rank, p->row_extent, p->row_stride);
  for (int64_t done = 0; done < rows;) {
    const int64_t most = p->row_stride[last] == 1 ? p->row_extent[last] - digits.digit[last] : 1;
    const int64_t run = least(rows - done, most);
    segments[count++] = (segment){digits.offset, done, run};
    done += run;
    ck_digits_advance(&digits, run, p->row_rank, p->row_extent, p->row_stride);
  }
  if (count == 1) {
    pack_segments(to, rows, image, p, segments, 1, k, depth, bytes);
  } else {
    pack_segments(to, rows, image, p, segments, count, k, depth, bytes);
  }
}

void ck_pack_patches(void *to, int64_t pitch, const void *image, const ck_patches *patches, ck_gemm_left order,
                     int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t bytes) {
  if (depth <= 0) return;   // and so there are no digits
  if (order == CK_LEFT_ROWS) {
    pack_rows(to, pitch, image, patches, row, rows, k, depth, bytes);
  } else {
    pack_columns(to, image, patches, row, rows, k, depth, bytes);
  }
}
