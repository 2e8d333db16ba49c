// Copies of rectangles between strided memory, for elements of 1, 2, 4 or 8 bytes whatever their type.
#ifndef CK_COPIES_H
#define CK_COPIES_H

#include <stddef.h>
#include <stdint.h>

/// to[i * to_row + j * to_column] = from[i * from_row + j * from_column] for i < rows, j < columns; strides in
/// elements of `size` bytes, of any sign; a stride of 0 in `from` repeats. The two must not overlap.
void ck_copy_rectangle(char *to, int64_t to_row, int64_t to_column, const char *from, int64_t from_row,
                       int64_t from_column, int64_t rows, int64_t columns, size_t size);

#endif
