// Copies rows of an array that lie far apart.
#ifndef CROWS_H
#define CROWS_H

#include <stddef.h>
#include <stdint.h>

/// Copies `count` rows of `width` bytes each, those of the given numbers in `source`, one behind the other to `target`.
///
/// While one row is copied the next is already fetched from memory: the processor cannot foresee where it lies, and
/// would wait at its beginning each time.
void crows_copy(void *target, const void *source, size_t width, const intptr_t *rows, size_t count);

#endif
