// Sliding windows over dense arrays (pooling and its gradients), and convolutions of each channel with a kernel of its
// own. Channels lie side by side and are treated alike, so they are what vectors hold.
#include "digits.h"
#include "kernel_set.h"

#include <string.h>

typedef struct {
  /// By ck_access_kind less CK_REDUCE_SUM.
  void (*combine[CK_REDUCTIONS])(void *to, const void *from, int64_t count);
  void (*row[CK_REDUCTIONS])(void *to, const void *from, const int64_t *offset, int64_t elements, int64_t positions,
                             int64_t step, int64_t channels);
  void (*choose)(void *best, void *which, const void *from, int64_t number, int64_t count);
  void (*scatter)(void *to, const void *which, const void *source, int64_t number, int64_t count);
  void (*scatter_row)(void *to, const void *from, const void *source, int64_t source_step, const int64_t *offset,
                      int64_t elements, int64_t positions, int64_t step, int64_t channels);
  void (*accumulate)(void *sum, const void *a, int64_t a_step, const void *b, int64_t b_step, int64_t count,
                     int64_t channels);
  void (*accumulate_multiplied)(void *sum, const void *a, int64_t a_step, const void *b, int64_t b_step, int64_t count,
                                int64_t first, int64_t channels, int64_t multiplier);
} window_kernels;

#define T float
#define WRAP float
#define INDEX int32_t
#define NAME(x) portable_f32_##x
#include "windows.inc"
#define T double
#define WRAP double
#define INDEX int64_t
#define NAME(x) portable_f64_##x
#include "windows.inc"

#define T int32_t
#define WRAP uint32_t
#define INDEX int32_t
#define NAME(x) i32_##x
#include "windows.inc"
#define T int64_t
#define WRAP uint64_t
#define INDEX int64_t
#define NAME(x) i64_##x
#include "windows.inc"
#define T int16_t
#define WRAP uint32_t
#define INDEX int16_t
#define NAME(x) i16_##x
#include "windows.inc"
#define T int8_t
#define WRAP uint32_t
#define INDEX int8_t
#define NAME(x) i8_##x
#include "windows.inc"
#define T uint32_t
#define WRAP uint32_t
#define INDEX int32_t
#define NAME(x) u32_##x
#include "windows.inc"
#define T uint64_t
#define WRAP uint64_t
#define INDEX int64_t
#define NAME(x) u64_##x
#include "windows.inc"
#define T uint16_t
#define WRAP uint32_t
#define INDEX int16_t
#define NAME(x) u16_##x
#include "windows.inc"
#define T uint8_t
#define WRAP uint32_t
#define INDEX int8_t
#define NAME(x) u8_##x
#include "windows.inc"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define T float
#define WRAP float
#define INDEX int32_t
#define NAME(x) avx2_f32_##x
#include "windows.inc"
#define T double
#define WRAP double
#define INDEX int64_t
#define NAME(x) avx2_f64_##x
#include "windows.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)
#define T float
#define WRAP float
#define INDEX int32_t
#define NAME(x) avx512_f32_##x
#include "windows.inc"
#define T double
#define WRAP double
#define INDEX int64_t
#define NAME(x) avx512_f64_##x
#include "windows.inc"
#pragma clang attribute pop

#endif

static const window_kernels *kernels_for(int32_t type, int32_t isa) {
#if defined(__x86_64__)
  if (isa == CK_AVX512 && type == CK_F32) return &avx512_f32_kernels;
  if (isa == CK_AVX512 && type == CK_F64) return &avx512_f64_kernels;
  if (isa == CK_AVX2 && type == CK_F32) return &avx2_f32_kernels;
  if (isa == CK_AVX2 && type == CK_F64) return &avx2_f64_kernels;
#endif
  // NEON is part of every aarch64, so there the portable kernels are compiled to it.
  (void)isa;
  switch ((ck_type)type) {
    case CK_F32: return &portable_f32_kernels;
    case CK_F64: return &portable_f64_kernels;
    case CK_I32: return &i32_kernels;
    case CK_I64: return &i64_kernels;
    case CK_I16: return &i16_kernels;
    case CK_I8: return &i8_kernels;
    case CK_U32: return &u32_kernels;
    case CK_U64: return &u64_kernels;
    case CK_U16: return &u16_kernels;
    case CK_U8: case CK_BOOL: case CK_TYPE_COUNT: break;
  }
  return &u8_kernels;
}

typedef struct { int64_t low, high; } range;

/// The share of `part` in `count` things.
static range share(int64_t count, const ck_team *team) {
  const int64_t whole = count / team->parts, rest = count % team->parts, part = team->part;
  const int64_t low = part * whole + (part < rest ? part : rest);
  return (range){low, low + whole + (part < rest)};
}

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// ---------------------------------------------------------------- positions of a window

/// A window at one of its positions: which of its elements lie inside, and where in the array, in steps of `inner`.
typedef struct {
  int64_t position[CK_WINDOW_DIMS];
  int64_t first[CK_WINDOW_DIMS], end[CK_WINDOW_DIMS];   // of the window's elements along each dimension
  int64_t step[CK_WINDOW_DIMS];                         // from one to the next
  int64_t start;                                        // the first one
} placed;

static int64_t positions_of(const ck_window *w, int32_t from) {
  int64_t count = 1;
  for (int32_t d = from; d < w->rank; d++) count *= w->positions[d];
  return count;
}

/// The elements inside along dimension d; those before it are done.
static inline void place_axis(const ck_window *w, placed *at, int32_t d) {
  const int64_t begin = at->position[d] * w->stride[d] - w->low[d], dilation = w->dilation[d];
  int64_t first = begin < 0 ? (-begin + dilation - 1) / dilation : 0;
  int64_t end = begin >= w->extent[d] ? 0 : (w->extent[d] - begin + dilation - 1) / dilation;
  end = least(end, w->size[d]);
  if (first > end) first = end;
  at->first[d] = first;
  at->end[d] = end;
}

static void place(const ck_window *w, placed *at, int64_t number) {
  int64_t stride = 1;
  for (int32_t d = w->rank - 1; d >= 0; d--) {
    at->position[d] = number % w->positions[d];
    number /= w->positions[d];
    at->step[d] = w->dilation[d] * stride;
    stride *= w->extent[d];
    place_axis(w, at, d);
  }
}

static void place_next(const ck_window *w, placed *at) {
  for (int32_t d = w->rank - 1; d >= 0; d--) {
    const bool carries = ++at->position[d] == w->positions[d];
    if (carries) at->position[d] = 0;
    place_axis(w, at, d);
    if (!carries) return;
  }
}

/// Starts the walk through the elements inside; false where there are none.
static inline bool first_element(const ck_window *w, const placed *at, int64_t *element, int64_t *offset) {
  int64_t start = 0;
  for (int32_t d = 0; d < w->rank; d++) {
    if (at->first[d] >= at->end[d]) return false;
    element[d] = at->first[d];
    start = start * w->extent[d] + at->position[d] * w->stride[d] - w->low[d] + element[d] * w->dilation[d];
  }
  *offset = start;
  return true;
}

static inline bool next_element(const ck_window *w, const placed *at, int64_t *element, int64_t *offset) {
  for (int32_t d = w->rank - 1; d >= 0; d--) {
    if (++element[d] < at->end[d]) {
      *offset += at->step[d];
      return true;
    }
    *offset -= (at->end[d] - 1 - at->first[d]) * at->step[d];
    element[d] = at->first[d];
  }
  return false;
}

// ---------------------------------------------------------------- windows that lie inside

enum { most_elements = 64 };

/// Where the elements of a window lie behind its first one, if all of them lie inside at every position.
typedef struct { int64_t count, offset[most_elements]; } pattern;

/// False where a window sticks out somewhere or is too large.
static bool find_pattern(const ck_window *w, pattern *p) {
  p->count = 1;
  p->offset[0] = 0;
  if (w->rank == 0) return false;
  int64_t stride = w->inner;
  for (int32_t d = w->rank - 1; d >= 0; stride *= w->extent[d--]) {
    const int64_t last = (w->positions[d] - 1) * w->stride[d] + (w->size[d] - 1) * w->dilation[d];
    if (w->low[d] != 0 || w->positions[d] < 1 || last >= w->extent[d]) return false;
    if (p->count * w->size[d] > most_elements) return false;
    // Dimensions further out change slower: the order of next_element.
    for (int64_t i = p->count * w->size[d] - 1; i >= 0; i--) {
      p->offset[i] = p->offset[i % p->count] + i / p->count * w->dilation[d] * stride;
    }
    p->count *= w->size[d];
  }
  return true;
}

/// Whether no element belongs to two windows; and whether each belongs to one.
static bool are_disjoint(const ck_window *w) {
  for (int32_t d = 0; d < w->rank; d++)
    if (w->stride[d] <= (w->size[d] - 1) * w->dilation[d]) return false;
  return true;
}

static bool cover_all(const ck_window *w) {
  for (int32_t d = 0; d < w->rank; d++)
    if (w->stride[d] != w->size[d] || w->dilation[d] != 1 || w->positions[d] * w->stride[d] != w->extent[d]) return false;
  return true;
}

/// Where the first window of a row of windows begins, in elements of the array.
static int64_t row_start(const ck_window *w, int64_t row) {
  int64_t start = 0, stride = w->inner * w->extent[w->rank - 1];
  for (int32_t d = w->rank - 2; d >= 0; d--) {
    start += row % w->positions[d] * w->stride[d] * stride;
    row /= w->positions[d];
    stride *= w->extent[d];
  }
  return start;
}

// ---------------------------------------------------------------- the kernels

void ck_reduce_window_run(const ck_window *w, char *const *buffers, const ck_team *team) {
  const window_kernels *kernels = kernels_for(w->type, w->isa);
  const int64_t bytes = (int64_t)ck_type_size((ck_type)w->type) * w->inner;
  void (*combine)(void *, const void *, int64_t) = kernels->combine[w->reducer - CK_REDUCE_SUM];
  const char *in = buffers[w->in] + w->in_offset;
  char *out = buffers[w->out] + w->out_offset;
  pattern inside;
  if (bytes > 0 && find_pattern(w, &inside)) {
    const int64_t positions = w->positions[w->rank - 1], size = bytes / w->inner;
    const range rows = share(positions_of(w, 0) / positions, team);
    for (int64_t row = rows.low; row < rows.high; row++) {
      kernels->row[w->reducer - CK_REDUCE_SUM](out + row * positions * bytes, in + row_start(w, row) * size, inside.offset,
                                               inside.count, positions, w->stride[w->rank - 1] * w->inner, w->inner);
    }
    return;
  }
  const range mine = share(positions_of(w, 0), team);
  placed at;
  if (mine.low >= mine.high || bytes == 0) return;
  place(w, &at, mine.low);
  for (int64_t number = mine.low; number < mine.high; number++) {
    char *to = out + number * bytes;
    int64_t element[CK_WINDOW_DIMS], offset;
    if (first_element(w, &at, element, &offset)) {
      memcpy(to, in + offset * bytes, (size_t)bytes);
      while (next_element(w, &at, element, &offset)) combine(to, in + offset * bytes, w->inner);
    } else {
      const int64_t size = (int64_t)ck_type_size((ck_type)w->type);
      for (int64_t i = 0; i < w->inner; i++) {
        ck_reduction_neutral((ck_access_kind)w->reducer, (ck_type)w->type, to + i * size);
      }
    }
    place_next(w, &at);
  }
}

enum { most_channels = 64 };   // of which the largest elements are sought together

/// The windows of one index of dimension 0 (all of them where windows go along it) for some channels.
static void select_and_scatter(const ck_window *w, const window_kernels *kernels, const char *in, const char *source,
                               char *out, int64_t first, int64_t count, int64_t channel, int64_t channels) {
  const int64_t size = (int64_t)ck_type_size((ck_type)w->type), bytes = size * w->inner;
  _Alignas(64) char best[most_channels * 8];
  _Alignas(64) int64_t which[most_channels];
  placed at;
  if (count == 0) return;
  place(w, &at, first);
  for (int64_t number = first; number < first + count; number++, place_next(w, &at)) {
    int64_t element[CK_WINDOW_DIMS], offset, index = 0;
    if (!first_element(w, &at, element, &offset)) continue;
    memcpy(best, in + offset * bytes + channel * size, (size_t)(channels * size));
    memset(which, 0, (size_t)(channels * size));
    while (next_element(w, &at, element, &offset)) {
      kernels->choose(best, which, in + offset * bytes + channel * size, ++index, channels);
    }
    index = 0;
    first_element(w, &at, element, &offset);
    do {
      kernels->scatter(out + offset * bytes + channel * size, which, source + number * bytes + channel * size, index++,
                       channels);
    } while (next_element(w, &at, element, &offset));
  }
}

void ck_select_and_scatter_run(const ck_window *w, char *const *buffers, const ck_team *team) {
  const window_kernels *kernels = kernels_for(w->type, w->isa);
  const int64_t size = (int64_t)ck_type_size((ck_type)w->type);
  const char *in = buffers[w->in] + w->in_offset, *source = buffers[w->source] + w->source_offset;
  char *out = buffers[w->out] + w->out_offset;
  int64_t elements = w->inner;
  for (int32_t d = 0; d < w->rank; d++) elements *= w->extent[d];
  if (elements == 0) return;
  // Dimension 0 is split where windows do not go along it, and the channels in blocks.
  const bool has_outer = w->rank > 0 && w->size[0] == 1 && w->stride[0] == 1 && w->low[0] == 0 &&
                         w->positions[0] == w->extent[0];
  const int64_t outer = has_outer ? w->extent[0] : 1, whole = elements / outer / w->inner;
  const int64_t positions = positions_of(w, has_outer ? 1 : 0);
  const int64_t blocks = (w->inner + most_channels - 1) / most_channels;
  const range mine = share(outer * blocks, team);
  pattern inside;
  const bool is_simple = w->rank > has_outer && find_pattern(w, &inside) && are_disjoint(w);
  const bool is_covered = is_simple && cover_all(w);
  for (int64_t unit = mine.low; unit < mine.high; unit++) {
    const int64_t index = unit / blocks, channel = unit % blocks * most_channels;
    const int64_t channels = least(most_channels, w->inner - channel);
    for (int64_t row = 0; row < whole && !is_covered; row++) {
      memset(out + ((index * whole + row) * w->inner + channel) * size, 0, (size_t)(channels * size));
    }
    if (is_simple) {
      const int64_t run = w->positions[w->rank - 1], rows = positions / run;
      for (int64_t row = index * rows; row < (index + 1) * rows; row++) {
        const int64_t at = (row_start(w, row) + channel) * size;
        kernels->scatter_row(out + at, in + at, source + (row * run * w->inner + channel) * size, w->inner, inside.offset,
                             inside.count, run, w->stride[w->rank - 1] * w->inner, channels);
      }
      continue;
    }
    select_and_scatter(w, kernels, in, source, out, index * positions, positions, channel, channels);
  }
}

enum { channel_block = 128 };

void ck_depthwise_run(const ck_depthwise *d, char *const *buffers, const ck_team *team) {
  const window_kernels *kernels = kernels_for(d->type, d->isa);
  const ck_patches *p = &d->patches;
  const int64_t size = (int64_t)ck_type_size((ck_type)d->type), results = d->channels * d->multiplier;
  const char *in = buffers[d->in] + d->in_offset, *kernel = buffers[d->kernel] + d->kernel_offset;
  char *out = buffers[d->out] + d->out_offset;
  const int64_t blocks = (results + channel_block - 1) / channel_block;
  const int32_t last = p->column_rank - 1;
  const range mine = share(d->rows * blocks, team);
  _Alignas(64) char sum[channel_block * 8];
  for (int64_t unit = mine.low; unit < mine.high; unit++) {
    const int64_t row = unit / blocks, first = unit % blocks * channel_block;
    const int64_t count = least(channel_block, results - first);
    const ck_digits start = ck_digits_of(row, p->row_rank, p->row_extent, p->row_stride);
    ck_digits column = {{0}, 0};
    memset(sum, 0, (size_t)(count * size));
    for (int64_t k = 0; k < d->k;) {
      const int64_t run = least(d->k - k, p->column_extent[last]);
      const char *a = in + (start.offset + column.offset) * size;
      const char *b = kernel + (k * d->kernel_row + first) * size;
      if (d->multiplier == 1) {
        kernels->accumulate(sum, a + first * size, p->column_stride[last], b, d->kernel_row, run, count);
      } else {
        kernels->accumulate_multiplied(sum, a, p->column_stride[last], b, d->kernel_row, run, first, count,
                                       d->multiplier);
      }
      k += run;
      ck_digits_advance(&column, run, p->column_rank, p->column_extent, p->column_stride);
    }
    memcpy(out + (row * results + first) * size, sum, (size_t)(count * size));
  }
}
