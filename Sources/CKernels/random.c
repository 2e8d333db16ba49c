// Random numbers from Philox4x32-10, equal bit for bit to those of TensorFlow's CPU kernels.
//
// A sample is four 32-bit words, a function of key and counter alone, so parts of a team start anywhere.
// A sample gives 16 bytes of the result, in order. Only the truncated normal distribution, of which nobody knows how
// many candidates it will reject, gives each 16 bytes a fixed stretch of the stream to themselves.
// - Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011), for the generator.
#include "kernel_set.h"

#include <math.h>
#include <string.h>

typedef struct { uint64_t key, low, high; } philox;
typedef struct { uint32_t word[4]; } sample;

static inline philox skipped(philox p, uint64_t samples) {
  p.low += samples;
  p.high += p.low < samples;
  return p;
}

static inline sample sample_at(const philox *p) {
  uint32_t c0 = (uint32_t)p->low, c1 = (uint32_t)(p->low >> 32), c2 = (uint32_t)p->high, c3 = (uint32_t)(p->high >> 32);
  uint32_t k0 = (uint32_t)p->key, k1 = (uint32_t)(p->key >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t a = UINT64_C(0xD2511F53) * c0, b = UINT64_C(0xCD9E8D57) * c2;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)b;
    c3 = (uint32_t)a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return (sample){{c0, c1, c2, c3}};
}

// ---------------------------------------------------------------- from words to numbers

// The bits become the mantissa of a number in [1, 2).
static inline float uniform_float(uint32_t x) {
  uint32_t bits = (x & 0x7fffffu) | 0x3f800000u;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f - 1.0f;
}

static inline double uniform_double(uint32_t high, uint32_t low) {
  uint64_t bits = ((uint64_t)(high & 0xfffffu) << 32) | low | UINT64_C(0x3ff0000000000000);
  double d;
  memcpy(&d, &bits, sizeof d);
  return d - 1.0;
}

static const double two_pi = 6.283185307179586;

// Two normal numbers by Box and Muller. The angle is a double until it is rounded, as in the kernels followed here.
static inline void normal_floats(uint32_t x0, uint32_t x1, float *f) {
  float u = uniform_float(x0);
  if (u < 1.0e-7f) u = 1.0e-7f;
  float angle = (float)(two_pi * (double)uniform_float(x1)), radius = sqrtf(-2.0f * logf(u));
  f[0] = sinf(angle) * radius;
  f[1] = cosf(angle) * radius;
}

static inline void normal_doubles(const uint32_t *x, double *d) {
  double u = uniform_double(x[0], x[1]);
  if (u < 1.0e-7) u = 1.0e-7;
  double angle = two_pi * uniform_double(x[2], x[3]), radius = sqrt(-2.0 * log(u));
  d[0] = sin(angle) * radius;
  d[1] = cos(angle) * radius;
}

// One word after the other.
typedef struct { philox at; sample words; int used; } word_stream;

static inline uint32_t next_word(word_stream *s) {
  if (s->used == 4) {
    s->words = sample_at(&s->at);
    s->at = skipped(s->at, 1);
    s->used = 0;
  }
  return s->words.word[s->used++];
}

// ---------------------------------------------------------------- runs of samples

// What becomes of the words of CK_PHILOX_SAMPLES samples; `bounds` are the integers' first value and span.
enum { WORDS = 4 * CK_PHILOX_SAMPLES };
typedef void (*convert_fn)(const uint32_t *words, void *out, const uint64_t *bounds);

static void uniform_f32(const uint32_t *words, void *out, const uint64_t *bounds) {
  (void)bounds;
  float *f = out;
  for (int i = 0; i < WORDS; i++) f[i] = uniform_float(words[i]);
}
static void uniform_f64(const uint32_t *words, void *out, const uint64_t *bounds) {
  (void)bounds;
  double *d = out;
  for (int i = 0; i < WORDS / 2; i++) d[i] = uniform_double(words[2 * i], words[2 * i + 1]);
}
static void normal_f32(const uint32_t *words, void *out, const uint64_t *bounds) {
  (void)bounds;
  float *f = out;
  for (int i = 0; i < WORDS; i += 2) normal_floats(words[i], words[i + 1], f + i);
}
static void normal_f64(const uint32_t *words, void *out, const uint64_t *bounds) {
  (void)bounds;
  double *d = out;
  for (int i = 0; i < WORDS / 4; i++) normal_doubles(words + 4 * i, d + 2 * i);
}
static void integers_32(const uint32_t *words, void *out, const uint64_t *bounds) {
  uint32_t *x = out, first = (uint32_t)bounds[0], span = (uint32_t)bounds[1];
  for (int i = 0; i < WORDS; i++) x[i] = first + words[i] % span;
}
static void integers_64(const uint32_t *words, void *out, const uint64_t *bounds) {
  uint64_t *x = out;
  for (int i = 0; i < WORDS / 2; i++)
    x[i] = bounds[0] + (words[2 * i] | (uint64_t)words[2 * i + 1] << 32) % bounds[1];
}

// Samples [low, high), 16 bytes of the result each; the last may be cut off by the result's end.
static void fill(philox p, char *out, int64_t bytes, int64_t low, int64_t high, convert_fn convert,
                 const uint64_t *bounds) {
  ck_philox_fn generate = ck_best_philox();
  uint32_t words[WORDS];
  uint64_t whole[WORDS / 2];
  for (int64_t s = low; s < high; s += CK_PHILOX_SAMPLES) {
    philox at = skipped(p, (uint64_t)s);
    generate(at.key, at.low, at.high, words);
    int64_t end = high * 16 < bytes ? high * 16 : bytes, left = end - s * 16;
    if (left >= (int64_t)sizeof whole) {
      convert(words, out + s * 16, bounds);
    } else {
      convert(words, whole, bounds);
      memcpy(out + s * 16, whole, (size_t)left);
    }
  }
}

// ---------------------------------------------------------------- truncated normal

// Each group of 16 bytes has 1024 words of the stream to itself: 256 for each of its elements.
static void fill_truncated_f32(philox p, float *out, int64_t count, int64_t low, int64_t high) {
  for (int64_t g = low; g < high; g++) {
    word_stream words = {skipped(p, (uint64_t)g * 256), {{0}}, 4};
    for (int64_t i = 4 * g, end = i + 4 < count ? i + 4 : count; i < end;) {
      float f[2];
      uint32_t x0 = next_word(&words), x1 = next_word(&words);
      normal_floats(x0, x1, f);
      for (int k = 0; k < 2 && i < end; k++)
        if (fabsf(f[k]) < 2.0f) out[i++] = f[k];
    }
  }
}
static void fill_truncated_f64(philox p, double *out, int64_t count, int64_t low, int64_t high) {
  for (int64_t g = low; g < high; g++) {
    word_stream words = {skipped(p, (uint64_t)g * 128), {{0}}, 4};
    for (int64_t i = 2 * g, end = i + 2 < count ? i + 2 : count; i < end;) {
      double d[2];
      uint32_t x[4];
      for (int k = 0; k < 4; k++) x[k] = next_word(&words);
      normal_doubles(x, d);
      for (int k = 0; k < 2 && i < end; k++)
        if (fabs(d[k]) < 2.0) out[i++] = d[k];
    }
  }
}

// First value and span of an interval; one that is empty gives its lower bound.
static void read_bounds(const ck_random *random, char *const *buffers, uint64_t *bounds) {
  const char *first = buffers[random->low] + random->low_offset, *last = buffers[random->high] + random->high_offset;
  if (random->type == CK_I64) {
    uint64_t from, to;
    memcpy(&from, first, sizeof from);
    memcpy(&to, last, sizeof to);
    bounds[0] = from, bounds[1] = to - from;
  } else {
    uint32_t from, to;
    memcpy(&from, first, sizeof from);
    memcpy(&to, last, sizeof to);
    bounds[0] = from, bounds[1] = (uint32_t)(to - from);
  }
  if (bounds[1] == 0) bounds[1] = 1;
}

void ck_random_run(const ck_random *random, char *const *buffers, const ck_team *team) {
  uint64_t state[3];
  memcpy(state, buffers[random->state] + random->state_offset, sizeof state);
  philox p = {state[0], state[1], state[2]};
  char *out = buffers[random->out] + random->out_offset;
  int64_t count = random->count, size = random->type == CK_F64 || random->type == CK_I64 ? 2 : 4;
  int64_t groups = (count + size - 1) / size;
  // Parts begin at whole cache lines of the result, 16 bytes a group.
  int64_t lines = (groups + 3) / 4, low = lines * team->part / team->parts * 4;
  int64_t high = lines * (team->part + 1) / team->parts * 4;
  if (high > groups) high = groups;
  if (low >= high) return;
  bool wide = size == 2;
  int64_t bytes = count * (wide ? 8 : 4);
  uint64_t bounds[2] = {0, 1};
  switch ((ck_distribution)random->distribution) {
    case CK_UNIFORM: fill(p, out, bytes, low, high, wide ? uniform_f64 : uniform_f32, bounds); break;
    case CK_NORMAL: fill(p, out, bytes, low, high, wide ? normal_f64 : normal_f32, bounds); break;
    case CK_TRUNCATED_NORMAL:
      if (wide) fill_truncated_f64(p, (double *)(void *)out, count, low, high);
      else fill_truncated_f32(p, (float *)(void *)out, count, low, high);
      break;
    case CK_UNIFORM_INT:
      read_bounds(random, buffers, bounds);
      fill(p, out, bytes, low, high, wide ? integers_64 : integers_32, bounds);
      break;
  }
}
