// Random numbers from Philox4x32-10, equal bit for bit to those of TensorFlow's CPU kernels.
//
// A sample is four 32-bit words, a function of key and counter alone, so parts of a team start anywhere.
// Results come in groups: those that one sample gives, except for the truncated normal distribution, where a group
// has a fixed stretch of the stream to itself because nobody knows how many candidates it will reject.
// - Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011), for the generator.
#include "ckernels.h"

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

// ---------------------------------------------------------------- groups

static inline void uniform_group_f32(philox p, float *out) {
  sample s = sample_at(&p);
  for (int i = 0; i < 4; i++) out[i] = uniform_float(s.word[i]);
}
static inline void uniform_group_f64(philox p, double *out) {
  sample s = sample_at(&p);
  for (int i = 0; i < 2; i++) out[i] = uniform_double(s.word[2 * i], s.word[2 * i + 1]);
}
static inline void normal_group_f32(philox p, float *out) {
  sample s = sample_at(&p);
  for (int i = 0; i < 4; i += 2) normal_floats(s.word[i], s.word[i + 1], out + i);
}
static inline void normal_group_f64(philox p, double *out) {
  sample s = sample_at(&p);
  normal_doubles(s.word, out);
}
static inline void truncated_group_f32(philox p, float *out) {
  word_stream words = {p, {{0}}, 4};
  for (int i = 0; i < 4;) {
    float f[2];
    uint32_t x0 = next_word(&words), x1 = next_word(&words);
    normal_floats(x0, x1, f);
    for (int k = 0; k < 2 && i < 4; k++)
      if (fabsf(f[k]) < 2.0f) out[i++] = f[k];
  }
}
static inline void truncated_group_f64(philox p, double *out) {
  word_stream words = {p, {{0}}, 4};
  for (int i = 0; i < 2;) {
    double d[2];
    uint32_t x[4];
    for (int k = 0; k < 4; k++) x[k] = next_word(&words);
    normal_doubles(x, d);
    for (int k = 0; k < 2 && i < 2; k++)
      if (fabs(d[k]) < 2.0) out[i++] = d[k];
  }
}

// Groups [low, high) of `SIZE` elements, `STEP` samples apart; the last may be cut off by the end of the result.
#define DEFINE_FILL(NAME, T, SIZE, STEP) \
  static void fill_##NAME(philox p, char *result, int64_t count, int64_t low, int64_t high) { \
    T *out = (T *)(void *)result; \
    for (int64_t g = low; g < high; g++) { \
      philox at = skipped(p, (uint64_t)g * STEP); \
      if (count - g * SIZE >= SIZE) { \
        NAME(at, out + g * SIZE); \
      } else { \
        T group[SIZE]; \
        NAME(at, group); \
        memcpy(out + g * SIZE, group, (size_t)(count - g * SIZE) * sizeof(T)); \
      } \
    } \
  }
DEFINE_FILL(uniform_group_f32, float, 4, 1)
DEFINE_FILL(uniform_group_f64, double, 2, 1)
DEFINE_FILL(normal_group_f32, float, 4, 1)
DEFINE_FILL(normal_group_f64, double, 2, 1)
DEFINE_FILL(truncated_group_f32, float, 4, 256)
DEFINE_FILL(truncated_group_f64, double, 2, 128)

// low + word modulo (high - low), wrapping; an empty interval gives `low`.
#define DEFINE_FILL_INTEGERS(NAME, T, SIZE, WORD) \
  static void fill_##NAME(philox p, char *result, int64_t count, int64_t low, int64_t high, const char *first, \
                          const char *last) { \
    T *out = (T *)(void *)result, from, to; \
    memcpy(&from, first, sizeof from); \
    memcpy(&to, last, sizeof to); \
    T span = to - from; \
    if (span == 0) span = 1; \
    for (int64_t g = low; g < high; g++) { \
      philox at = skipped(p, (uint64_t)g); \
      sample s = sample_at(&at); \
      for (int64_t i = 0; i < SIZE && g * SIZE + i < count; i++) out[g * SIZE + i] = from + WORD % span; \
    } \
  }
DEFINE_FILL_INTEGERS(u32, uint32_t, 4, s.word[i])
DEFINE_FILL_INTEGERS(u64, uint64_t, 2, (s.word[2 * i] | (uint64_t)s.word[2 * i + 1] << 32))

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
  bool wide = size == 2;
  switch ((ck_distribution)random->distribution) {
    case CK_UNIFORM: (wide ? fill_uniform_group_f64 : fill_uniform_group_f32)(p, out, count, low, high); break;
    case CK_NORMAL: (wide ? fill_normal_group_f64 : fill_normal_group_f32)(p, out, count, low, high); break;
    case CK_TRUNCATED_NORMAL:
      (wide ? fill_truncated_group_f64 : fill_truncated_group_f32)(p, out, count, low, high);
      break;
    case CK_UNIFORM_INT: {
      const char *first = buffers[random->low] + random->low_offset, *last = buffers[random->high] + random->high_offset;
      (wide ? fill_u64 : fill_u32)(p, out, count, low, high, first, last);
      break;
    }
  }
}
