// What one instruction set offers to the rest of the kernels: vector functions, conversions and reductions.
// Each functions_*.c defines one set from the same templates (*.inc); functions.c chooses between them.
#ifndef CK_KERNEL_SET_H
#define CK_KERNEL_SET_H

#include "ckernels.h"

enum { CK_FORMS = 8, CK_REDUCTIONS = CK_REDUCE_OR - CK_REDUCE_SUM + 1 };

/// One reduction for one type. The order in which elements are combined depends on `c` alone (`rows`) or on `r`
/// alone (`columns`), and is the same for every instruction set, so results do not depend on how work was divided.
typedef struct {
  /// d[i * stride] = (merge ? d[i * stride] combined with : ) the reduction of the `c` >= 1 elements of row i of `s`.
  void (*rows)(void *d, int64_t stride, const void *s, int64_t r, int64_t c, bool merge);
  /// d[j] = (merge ? d[j] combined with : ) the reduction of column j of the `r` >= 1 rows of `s`.
  void (*columns)(void *d, const void *s, int64_t r, int64_t c, bool merge);
} ck_reduction;

/// CK_PHILOX_SAMPLES successive samples of Philox4x32-10, four words each, for a key and a 128-bit counter.
enum { CK_PHILOX_SAMPLES = 16 };
typedef void (*ck_philox_fn)(uint64_t key, uint64_t low, uint64_t high, uint32_t *words);

typedef struct {
  ck_vector_fn function[CK_TYPE_COUNT][CK_OP_COUNT][CK_FORMS];
  ck_vector_fn conversion[CK_TYPE_COUNT][CK_TYPE_COUNT];
  ck_reduction reduction[CK_TYPE_COUNT][CK_REDUCTIONS];
  ck_philox_fn philox;
} ck_kernel_set;

/// Holds everything; the sets below hold only the types that matter and leave the rest NULL.
extern const ck_kernel_set ck_kernels_portable;
#if defined(__x86_64__)
extern const ck_kernel_set ck_kernels_avx2;
extern const ck_kernel_set ck_kernels_avx512;
#endif

/// The reduction of `kind` (a CK_REDUCE_*), or one with NULL functions where the type has none.
ck_reduction ck_reduction_for(ck_isa isa, ck_access_kind kind, ck_type type);
/// The fastest generator of this machine.
ck_philox_fn ck_best_philox(void);
/// Writes the value that a reduction starts from into one element.
void ck_reduction_neutral(ck_access_kind kind, ck_type type, void *element);

#endif
