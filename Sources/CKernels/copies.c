// Copies of rectangles (see copies.h): rows in wide pieces, repeated rows by doubling, columns by splats, and
// transposed ones in small blocks. Rows are often short (10 floats), so nothing here calls memcpy for them.
#include "copies.h"

#include <stdbool.h>
#include <string.h>

// `count` bytes that do not overlap. Wide pieces of which the last may overlap the one before.
static inline void copy_bytes(char *to, const char *from, int64_t count) {
  if (count >= 512) {
    memcpy(to, from, (size_t)count);
  } else if (count >= 32) {
    for (int64_t i = 0; i < count - 32; i += 32) memcpy(to + i, from + i, 32);
    memcpy(to + count - 32, from + count - 32, 32);
  } else if (count >= 16) {
    memcpy(to, from, 16);
    memcpy(to + count - 16, from + count - 16, 16);
  } else if (count >= 8) {
    memcpy(to, from, 8);
    memcpy(to + count - 8, from + count - 8, 8);
  } else if (count >= 4) {
    memcpy(to, from, 4);
    memcpy(to + count - 4, from + count - 4, 4);
  } else {
    for (int64_t i = 0; i < count; i++) to[i] = from[i];
  }
}

// The first `done` of `count` bytes, repeated.
static inline void repeat_bytes(char *to, int64_t done, int64_t count) {
  while (done < count) {
    int64_t step = done < count - done ? done : count - done;
    copy_bytes(to + done, to, step);
    done += step;
  }
}

// One element of `size` bytes, in every 16 bytes of the result.
static inline void splat_pattern(uint64_t pattern[2], const char *from, size_t size) {
  uint64_t v = 0;
  if (size == 1) {
    v = *(const uint8_t *)from * UINT64_C(0x0101010101010101);
  } else if (size == 2) {
    uint16_t e;
    memcpy(&e, from, 2);
    v = e * UINT64_C(0x0001000100010001);
  } else if (size == 4) {
    uint32_t e;
    memcpy(&e, from, 4);
    v = e * UINT64_C(0x0000000100000001);
  } else {
    memcpy(&v, from, 8);
  }
  pattern[0] = pattern[1] = v;
}

static inline void fill_bytes(char *to, const char *from, size_t size, int64_t count) {
  uint64_t pattern[2];
  splat_pattern(pattern, from, size);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) memcpy(to + i, pattern, 16);
  if (count & 8) { memcpy(to + i, pattern, 8); i += 8; }
  if (count & 4) { memcpy(to + i, pattern, 4); i += 4; }
  if (count & 2) { memcpy(to + i, pattern, 2); i += 2; }
  if (count & 1) memcpy(to + i, pattern, 1);
}

#define COPY_STRIDED(T, NAME) \
  typedef T loose_##NAME __attribute__((aligned(1), may_alias)); \
  static void copy_##NAME(char *to, int64_t to_row, int64_t to_column, const char *from, int64_t from_row, \
                          int64_t from_column, int64_t rows, int64_t columns) { \
    loose_##NAME *t = (loose_##NAME *)to; \
    const loose_##NAME *f = (const loose_##NAME *)from; \
    for (int64_t i = 0; i < rows; i++) \
      for (int64_t j = 0; j < columns; j++) t[i * to_row + j * to_column] = f[i * from_row + j * from_column]; \
  }
COPY_STRIDED(uint8_t, 1)
COPY_STRIDED(uint16_t, 2)
COPY_STRIDED(uint32_t, 4)
COPY_STRIDED(uint64_t, 8)

static void copy_strided(char *to, int64_t to_row, int64_t to_column, const char *from, int64_t from_row,
                         int64_t from_column, int64_t rows, int64_t columns, size_t size) {
  (size == 4 ? copy_4 : size == 8 ? copy_8 : size == 1 ? copy_1 : copy_2)(
      to, to_row, to_column, from, from_row, from_column, rows, columns);
}

typedef uint32_t four __attribute__((vector_size(16)));
typedef uint32_t loose_four __attribute__((vector_size(16), aligned(1), may_alias));

// Four rows of four 4-byte elements that become columns; rows are `to_row` and `from_column` bytes apart.
static inline void transpose_4x4(char *to, int64_t to_row, const char *from, int64_t from_column) {
  four a = *(const loose_four *)from, b = *(const loose_four *)(from + from_column);
  four c = *(const loose_four *)(from + 2 * from_column), d = *(const loose_four *)(from + 3 * from_column);
  four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  four ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(loose_four *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  *(loose_four *)(to + to_row) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  *(loose_four *)(to + 2 * to_row) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
  *(loose_four *)(to + 3 * to_row) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
}

// Adjacent elements of `to` along j, of `from` along i.
static void copy_transposed(char *to, int64_t to_row, const char *from, int64_t from_column, int64_t rows,
                            int64_t columns, size_t size) {
  int64_t whole_rows = size == 4 ? rows & ~INT64_C(3) : 0, whole_columns = columns & ~INT64_C(3);
  int64_t unit = (int64_t)size;
  for (int64_t i = 0; i < whole_rows; i += 4)
    for (int64_t j = 0; j < whole_columns; j += 4)
      transpose_4x4(to + (i * to_row + j) * unit, to_row * unit, from + (i + j * from_column) * unit,
                    from_column * unit);
  if (whole_rows > 0 && whole_columns < columns)
    copy_strided(to + whole_columns * unit, to_row, 1, from + whole_columns * from_column * unit, 1, from_column,
                 whole_rows, columns - whole_columns, size);
  // Eight rows at a time: their elements share cache lines of `from`.
  for (int64_t i = whole_rows; i < rows; i += 8)
    copy_strided(to + i * to_row * unit, to_row, 1, from + i * unit, 1, from_column, rows - i < 8 ? rows - i : 8,
                 columns, size);
}

void ck_copy_rectangle(char *to, int64_t to_row, int64_t to_column, const char *from, int64_t from_row,
                       int64_t from_column, int64_t rows, int64_t columns, size_t size) {
  int64_t unit = (int64_t)size;
  if (rows <= 0 || columns <= 0) return;
  // Prefer to write adjacent elements.
  bool swap = columns > 1 && to_column != 1 && to_row == 1;
  if (swap || columns == 1) {
    int64_t t = to_row, f = from_row, n = rows;
    to_row = to_column, from_row = from_column, rows = columns;
    to_column = t, from_column = f, columns = n;
  }
  if (columns == 1) to_column = 1, from_column = 1;
  if (rows == 1) to_row = columns, from_row = from_column == 1 ? columns : from_column == 0 ? 0 : from_row;
  if (to_column != 1) {
    copy_strided(to, to_row, to_column, from, from_row, from_column, rows, columns, size);
    return;
  }
  if (from_column == 1) {
    int64_t bytes = columns * unit;
    if (to_row == columns && from_row == columns) {
      copy_bytes(to, from, rows * bytes);
    } else if (to_row == columns && from_row == 0) {
      copy_bytes(to, from, bytes);
      repeat_bytes(to, bytes, rows * bytes);
    } else {
      for (int64_t i = 0; i < rows; i++) copy_bytes(to + i * to_row * unit, from + i * from_row * unit, bytes);
    }
  } else if (from_column == 0) {
    if (to_row == columns && from_row == 0) {
      fill_bytes(to, from, size, rows * columns * unit);
    } else {
      for (int64_t i = 0; i < rows; i++) fill_bytes(to + i * to_row * unit, from + i * from_row * unit, size, columns * unit);
    }
  } else if (from_row == 1) {
    copy_transposed(to, to_row, from, from_column, rows, columns, size);
  } else {
    copy_strided(to, to_row, 1, from, from_row, from_column, rows, columns, size);
  }
}
