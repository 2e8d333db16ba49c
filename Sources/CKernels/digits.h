// Numbers as digits of places of different sizes, and where the element with these digits lies. For kernels that walk
// through several dimensions as one. Not part of the module's interface.
#ifndef CK_DIGITS_H
#define CK_DIGITS_H

#include "ckernels.h"

typedef struct { int64_t digit[CK_PATCH_DIMS], offset; } ck_digits;

/// The digits of `number`, the last place the fastest, and the sum of digits times strides.
static inline ck_digits ck_digits_of(int64_t number, int32_t rank, const int64_t *extent, const int64_t *stride) {
  ck_digits digits = {{0}, 0};
  for (int32_t i = rank - 1; i >= 0; i--) {
    digits.digit[i] = number % extent[i];
    number /= extent[i];
    digits.offset += digits.digit[i] * stride[i];
  }
  return digits;
}

/// Counts on by `step` in the last place, which must not go past its end; carries where it reaches it.
static inline void ck_digits_advance(ck_digits *digits, int64_t step, int32_t rank, const int64_t *extent,
                                     const int64_t *stride) {
  int32_t i = rank - 1;
  digits->digit[i] += step;
  digits->offset += step * stride[i];
  while (digits->digit[i] == extent[i] && i > 0) {
    digits->digit[i] = 0;
    digits->offset -= extent[i] * stride[i];
    i--;
    digits->digit[i]++;
    digits->offset += stride[i];
  }
}

#endif
