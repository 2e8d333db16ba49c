// The kernel that sorts: positions in the order of their elements. The operand is dense.
//
// An element becomes an unsigned key of the same order, so that one sort serves all types: with the position as the
// second criterion no two are equal, and any sort is a stable one.
#include "ckernels.h"

#include <string.h>

typedef struct { uint64_t key; int32_t position; } entry;

static inline bool before(entry a, entry b) {
  return a.key < b.key || (a.key == b.key && a.position < b.position);
}

// Flips floats so that they are in order as unsigned numbers; both zeros have one key, and all NaN the greatest.
static inline uint64_t float_key(uint64_t bits, uint64_t sign, bool is_nan) {
  if (is_nan) return UINT64_MAX;
  if (bits == sign) bits = 0;
  return bits & sign ? sign - (bits & (sign - 1)) : sign + bits;
}

static inline uint64_t key_at(const char *at, ck_type type) {
  switch (type) {
    case CK_F32: {
      float v;
      uint32_t bits;
      memcpy(&v, at, sizeof v);
      memcpy(&bits, at, sizeof bits);
      return float_key(bits, UINT64_C(1) << 31, v != v);
    }
    case CK_F64: {
      double v;
      uint64_t bits;
      memcpy(&v, at, sizeof v);
      memcpy(&bits, at, sizeof bits);
      return float_key(bits, UINT64_C(1) << 63, v != v);
    }
#define INTEGER_KEY(TYPE, T, OFFSET) \
    case TYPE: { \
      T v; \
      memcpy(&v, at, sizeof v); \
      return (uint64_t)v + (OFFSET); \
    }
    INTEGER_KEY(CK_I8, int8_t, UINT64_C(1) << 63)
    INTEGER_KEY(CK_I16, int16_t, UINT64_C(1) << 63)
    INTEGER_KEY(CK_I32, int32_t, UINT64_C(1) << 63)
    INTEGER_KEY(CK_I64, int64_t, UINT64_C(1) << 63)
    INTEGER_KEY(CK_U8, uint8_t, 0)
    INTEGER_KEY(CK_U16, uint16_t, 0)
    INTEGER_KEY(CK_U32, uint32_t, 0)
    INTEGER_KEY(CK_U64, uint64_t, 0)
    default: return (uint64_t)(unsigned char)*at;
  }
}

enum { RUN = 16 };

// Merges sorted runs of growing length from `a` to `b` and back; returns where the result is.
static entry *merge_sort(entry *a, entry *b, int64_t count) {
  for (int64_t low = 0; low < count; low += RUN) {
    int64_t high = low + RUN < count ? low + RUN : count;
    for (int64_t i = low + 1; i < high; i++) {
      entry e = a[i];
      int64_t j = i;
      while (j > low && before(e, a[j - 1])) a[j] = a[j - 1], j--;
      a[j] = e;
    }
  }
  for (int64_t width = RUN; width < count; width *= 2) {
    for (int64_t low = 0; low < count; low += 2 * width) {
      int64_t middle = low + width < count ? low + width : count;
      int64_t high = low + 2 * width < count ? low + 2 * width : count;
      int64_t i = low, j = middle, k = low;
      while (i < middle && j < high) b[k++] = before(a[j], a[i]) ? a[j++] : a[i++];
      while (i < middle) b[k++] = a[i++];
      while (j < high) b[k++] = a[j++];
    }
    entry *swap = a;
    a = b;
    b = swap;
  }
  return a;
}

// Lets the root of a heap, whose parents come after their children, sink to its place.
static void sink(entry *heap, int64_t count) {
  entry e = heap[0];
  int64_t i = 0;
  for (;;) {
    int64_t child = 2 * i + 1;
    if (child >= count) break;
    if (child + 1 < count && before(heap[child], heap[child + 1])) child++;
    if (!before(e, heap[child])) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = e;
}

// Whether so few are kept that the rest need no order: then a heap holds the best so far.
static bool selects(const ck_arg_sort *sort) { return sort->kept <= sort->count / 8; }

size_t ck_arg_sort_scratch_bytes(const ck_arg_sort *sort) {
  return 2 * sizeof(entry) * (size_t)(selects(sort) ? sort->kept : sort->count);
}

void ck_arg_sort_run(const ck_arg_sort *sort, char *const *buffers, void *scratch) {
  const char *in = buffers[sort->in] + sort->in_offset;
  char *out = buffers[sort->out] + sort->out_offset;
  int64_t size = (int64_t)ck_type_size((ck_type)sort->type);
  int64_t count = sort->count, kept = sort->kept, inner = sort->inner;
  uint64_t flip = sort->descending ? UINT64_MAX : 0;
  bool selecting = selects(sort);
  if (kept == 0) return;
  entry *a = scratch, *b = a + (selecting ? kept : count);
  for (int64_t row = 0; row < sort->outer * inner; row++) {
    int64_t o = row / inner, i = row % inner;
    const char *from = in + (o * count * inner + i) * size;
    int64_t filled = selecting ? kept : count;
    for (int64_t j = 0; j < filled; j++) {
      a[j] = (entry){key_at(from + j * inner * size, (ck_type)sort->type) ^ flip, (int32_t)j};
    }
    entry *sorted = a;
    if (selecting) {
      // A descending order is a heap.
      sorted = merge_sort(a, b, kept);
      entry *heap = sorted == a ? b : a;
      for (int64_t j = 0; j < kept; j++) heap[j] = sorted[kept - 1 - j];
      for (int64_t j = kept; j < count; j++) {
        entry e = {key_at(from + j * inner * size, (ck_type)sort->type) ^ flip, (int32_t)j};
        if (!before(e, heap[0])) continue;
        heap[0] = e;
        sink(heap, kept);
      }
      sorted = merge_sort(heap, heap == a ? b : a, kept);
    } else {
      sorted = merge_sort(a, b, count);
    }
    for (int64_t r = 0; r < kept; r++) {
      memcpy(out + ((o * kept + r) * inner + i) * 4, &sorted[r].position, 4);
    }
  }
}
