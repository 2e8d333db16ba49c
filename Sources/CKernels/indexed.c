// Kernels whose addresses or results are indices: gather, scatter_add, arg_reduce. All operands are dense.
#include "ckernels.h"

#include <string.h>

typedef struct { int64_t low, high; } range;

// The share of `part` in `count` things.
static range share(int64_t count, const ck_team *team) {
  int64_t whole = count / team->parts, rest = count % team->parts, part = team->part;
  int64_t low = part * whole + (part < rest ? part : rest);
  return (range){low, low + whole + (part < rest)};
}

static inline int64_t index_at(const char *indices, int32_t type, int64_t j) {
  if (type == CK_I32) {
    int32_t v;
    memcpy(&v, indices + j * 4, sizeof v);
    return v;
  }
  int64_t v;
  memcpy(&v, indices + j * 8, sizeof v);
  return v;
}

static void report_index(ck_status *status, int64_t index) {
  if (!status || status->error != CK_OK) return;
  status->error = CK_INDEX_OUT_OF_RANGE;
  status->detail = index;
}

// ---------------------------------------------------------------- gather

// `size` is a constant in the calls for the sizes of single elements, where a call of memcpy would dominate.
static inline __attribute__((always_inline)) void gather_rows(const ck_gather *g, const char *params,
                                                              const char *indices, char *out, range rows, size_t size,
                                                              ck_status *status) {
  int64_t o = g->count > 0 ? rows.low / g->count : 0, j = rows.low - o * g->count;
  const char *base = params + o * g->range * (int64_t)size;
  for (int64_t row = rows.low; row < rows.high; row++) {
    int64_t index = index_at(indices, g->index_type, j);
    char *to = out + row * (int64_t)size;
    if (__builtin_expect(index >= 0 && index < g->range, 1)) {
      memcpy(to, base + index * (int64_t)size, size);
    } else {
      memset(to, 0, size);
      report_index(status, index);
    }
    if (++j == g->count) j = 0, base += g->range * (int64_t)size;
  }
}

void ck_gather_run(const ck_gather *gather, char *const *buffers, const ck_team *team, ck_status *status) {
  const char *params = buffers[gather->params] + gather->params_offset;
  const char *indices = buffers[gather->indices] + gather->indices_offset;
  char *out = buffers[gather->out] + gather->out_offset;
  range rows = share(gather->outer * gather->count, team);
  switch (gather->inner_bytes) {
    case 4: gather_rows(gather, params, indices, out, rows, 4, status); break;
    case 8: gather_rows(gather, params, indices, out, rows, 8, status); break;
    case 16: gather_rows(gather, params, indices, out, rows, 16, status); break;
    default: gather_rows(gather, params, indices, out, rows, (size_t)gather->inner_bytes, status); break;
  }
}

// ---------------------------------------------------------------- scatter_add

// One part's elements: indices in `kept` and, of each row, the columns in `columns`. Integers wrap.
#define DEFINE_SCATTER(NAME, T) \
  typedef T loose_##NAME __attribute__((aligned(1), may_alias)); \
  static void scatter_##NAME(const ck_scatter_add *s, const char *updates, const char *indices, char *out, range outer, \
                             range kept, range columns, ck_status *status) { \
    int64_t width = columns.high - columns.low; \
    for (int64_t o = outer.low; o < outer.high; o++) { \
      loose_##NAME *to = (loose_##NAME *)out + o * s->range * s->inner + columns.low; \
      const loose_##NAME *from = (const loose_##NAME *)updates + o * s->count * s->inner + columns.low; \
      if (width == s->inner) { \
        memset(to + kept.low * s->inner, 0, (size_t)((kept.high - kept.low) * s->inner) * sizeof(T)); \
      } else { \
        for (int64_t k = kept.low; k < kept.high; k++) memset(to + k * s->inner, 0, (size_t)width * sizeof(T)); \
      } \
      for (int64_t j = 0; j < s->count; j++) { \
        int64_t index = index_at(indices, s->index_type, j); \
        if (index < kept.low || index >= kept.high) { \
          if (index >= s->range) report_index(status, index); \
          continue; \
        } \
        loose_##NAME *sum = to + index * s->inner; \
        const loose_##NAME *row = from + j * s->inner; \
        for (int64_t i = 0; i < width; i++) sum[i] = (T)(sum[i] + row[i]); \
      } \
    } \
  }
DEFINE_SCATTER(f32, float)
DEFINE_SCATTER(f64, double)
DEFINE_SCATTER(u8, uint8_t)
DEFINE_SCATTER(u16, uint16_t)
DEFINE_SCATTER(u32, uint32_t)
DEFINE_SCATTER(u64, uint64_t)

void ck_scatter_add_run(const ck_scatter_add *scatter, char *const *buffers, const ck_team *team, ck_status *status) {
  const char *updates = buffers[scatter->updates] + scatter->updates_offset;
  const char *indices = buffers[scatter->indices] + scatter->indices_offset;
  char *out = buffers[scatter->out] + scatter->out_offset;
  // Every element has one owner, who adds in the order of j. Long rows are divided by columns, which is even
  // whatever the indices are; short ones by the indices.
  range outer = {0, scatter->outer}, kept = {0, scatter->range}, columns = {0, scatter->inner};
  if (scatter->outer >= 4 * team->parts) {
    outer = share(scatter->outer, team);
  } else if (scatter->inner >= 32 * team->parts) {
    range lines = share((scatter->inner + 15) / 16, team);
    columns.low = lines.low * 16;
    columns.high = lines.high * 16 < scatter->inner ? lines.high * 16 : scatter->inner;
  } else {
    kept = share(scatter->range, team);
  }
  switch ((ck_type)scatter->type) {
    case CK_F32: scatter_f32(scatter, updates, indices, out, outer, kept, columns, status); break;
    case CK_F64: scatter_f64(scatter, updates, indices, out, outer, kept, columns, status); break;
    case CK_I32: case CK_U32: scatter_u32(scatter, updates, indices, out, outer, kept, columns, status); break;
    case CK_I64: case CK_U64: scatter_u64(scatter, updates, indices, out, outer, kept, columns, status); break;
    case CK_I16: case CK_U16: scatter_u16(scatter, updates, indices, out, outer, kept, columns, status); break;
    default: scatter_u8(scatter, updates, indices, out, outer, kept, columns, status); break;
  }
}

// ---------------------------------------------------------------- arg_reduce

enum { ARG_COLUMNS = 64 };

// Columns side by side in small groups, so that memory is read in its order.
#define DEFINE_ARG(NAME, T, BETTER) \
  typedef T arg_element_##NAME __attribute__((aligned(1), may_alias)); \
  static void arg_##NAME(const char *in, int64_t count, int64_t inner, int64_t columns, int64_t *best_index) { \
    const arg_element_##NAME *from = (const arg_element_##NAME *)in; \
    if (inner == 1) { \
      T b = count > 0 ? from[0] : 0; \
      int64_t index = 0; \
      for (int64_t j = 1; j < count; j++) { \
        T v = from[j]; \
        bool better = (BETTER || v != v) && b == b; \
        b = better ? v : b; \
        index = better ? j : index; \
      } \
      *best_index = index; \
      return; \
    } \
    T best[ARG_COLUMNS]; \
    for (int64_t i = 0; i < columns; i++) best_index[i] = 0, best[i] = count > 0 ? from[i] : 0; \
    for (int64_t j = 1; j < count; j++) { \
      for (int64_t i = 0; i < columns; i++) { \
        T v = from[j * inner + i], b = best[i]; \
        /* A NaN is better than any number; nothing is better than a NaN. */ \
        bool better = (BETTER || v != v) && b == b; \
        best[i] = better ? v : b; \
        best_index[i] = better ? j : best_index[i]; \
      } \
    } \
  }
#define DEFINE_ARGS(NAME, T) \
  DEFINE_ARG(NAME##_largest, T, v > b) \
  DEFINE_ARG(NAME##_smallest, T, v < b)
DEFINE_ARGS(f32, float)
DEFINE_ARGS(f64, double)
DEFINE_ARGS(i8, int8_t)
DEFINE_ARGS(i16, int16_t)
DEFINE_ARGS(i32, int32_t)
DEFINE_ARGS(i64, int64_t)
DEFINE_ARGS(u8, uint8_t)
DEFINE_ARGS(u16, uint16_t)
DEFINE_ARGS(u32, uint32_t)
DEFINE_ARGS(u64, uint64_t)

typedef void (*arg_fn)(const char *in, int64_t count, int64_t inner, int64_t columns, int64_t *best_index);
#define ARG_ENTRY(NAME) {arg_##NAME##_largest, arg_##NAME##_smallest}
static const arg_fn arg_functions[CK_TYPE_COUNT][2] = {
  [CK_F32] = ARG_ENTRY(f32), [CK_F64] = ARG_ENTRY(f64), [CK_I32] = ARG_ENTRY(i32), [CK_I64] = ARG_ENTRY(i64),
  [CK_BOOL] = ARG_ENTRY(u8), [CK_U8] = ARG_ENTRY(u8), [CK_I8] = ARG_ENTRY(i8), [CK_I16] = ARG_ENTRY(i16),
  [CK_U16] = ARG_ENTRY(u16), [CK_U32] = ARG_ENTRY(u32), [CK_U64] = ARG_ENTRY(u64),
};

void ck_arg_reduce_run(const ck_arg_reduce *reduce, char *const *buffers, const ck_team *team) {
  const char *in = buffers[reduce->in] + reduce->in_offset;
  char *out = buffers[reduce->out] + reduce->out_offset;
  arg_fn fn = arg_functions[reduce->type][reduce->smallest];
  int64_t size = (int64_t)ck_type_size((ck_type)reduce->type), inner = reduce->inner, best[ARG_COLUMNS];
  int64_t groups = (inner + ARG_COLUMNS - 1) / ARG_COLUMNS;
  range mine = share(reduce->outer * groups, team);
  for (int64_t g = mine.low; g < mine.high; g++) {
    int64_t o = g / groups, i = g % groups * ARG_COLUMNS, columns = inner - i < ARG_COLUMNS ? inner - i : ARG_COLUMNS;
    fn(in + (o * reduce->count * inner + i) * size, reduce->count, inner, columns, best);
    for (int64_t k = 0; k < columns; k++) {
      int64_t at = o * inner + i + k;
      if (reduce->out_type == CK_I32) {
        int32_t v = (int32_t)best[k];
        memcpy(out + at * 4, &v, sizeof v);
      } else {
        memcpy(out + at * 8, &best[k], sizeof best[k]);
      }
    }
  }
}
