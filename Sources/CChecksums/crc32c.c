// CRC-32C: polynomial 0x82F63B78, reflected; the register starts as and is returned inverted.
//
// The instruction takes three cycles but one can start in each, so long inputs are cut into three streams that are
// checksummed side by side and joined: the checksum of A followed by B is that of A moved over |B| zero bytes, xor that
// of B. Moving over a fixed number of zero bytes is linear, hence four tables of 256 entries.
#include "cchecksums.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#endif

static const uint32_t polynomial = 0x82F63B78u;

enum { LONG_BLOCK = 4096, SHORT_BLOCK = 256 };

static uint32_t byte_tables[8][256];
static uint32_t long_zeros[4][256], short_zeros[4][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

// The register after `count` zero bytes.
static uint32_t after_zeros(uint32_t crc, size_t count) {
  for (size_t i = 0; i < count; i++) crc = crc >> 8 ^ byte_tables[0][crc & 255];
  return crc;
}

static void make_zero_tables(uint32_t tables[4][256], size_t count) {
  uint32_t of_bit[32];
  for (int bit = 0; bit < 32; bit++) of_bit[bit] = after_zeros(1u << bit, count);
  for (int byte = 0; byte < 4; byte++)
    for (int value = 0; value < 256; value++) {
      uint32_t moved = 0;
      for (int bit = 0; bit < 8; bit++)
        if (value >> bit & 1) moved ^= of_bit[8 * byte + bit];
      tables[byte][value] = moved;
    }
}

static void make_tables(void) {
  for (uint32_t value = 0; value < 256; value++) {
    uint32_t crc = value;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
    byte_tables[0][value] = crc;
  }
  for (int table = 1; table < 8; table++)
    for (int value = 0; value < 256; value++) {
      uint32_t before = byte_tables[table - 1][value];
      byte_tables[table][value] = before >> 8 ^ byte_tables[0][before & 255];
    }
  make_zero_tables(long_zeros, LONG_BLOCK);
  make_zero_tables(short_zeros, SHORT_BLOCK);
}

static uint64_t load64(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

uint32_t cc_crc32c_portable(uint32_t crc, const void *data, size_t count) {
  pthread_once(&once, make_tables);
  const uint8_t *bytes = data;
  crc = ~crc;
  for (; count >= 8; count -= 8, bytes += 8) {
    uint64_t word = load64(bytes) ^ crc;
    crc = 0;
    for (int i = 0; i < 8; i++) crc ^= byte_tables[7 - i][word >> 8 * i & 255];
  }
  for (; count > 0; count--, bytes++) crc = crc >> 8 ^ byte_tables[0][(crc ^ *bytes) & 255];
  return ~crc;
}

#if defined(__x86_64__)
#define CRC_TARGET __attribute__((target("sse4.2")))
#define CRC_WORD(crc, word) _mm_crc32_u64((crc), (word))
#define CRC_BYTE(crc, byte) _mm_crc32_u8((uint32_t)(crc), (byte))
static int has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#define CRC_TARGET
#define CRC_WORD(crc, word) __crc32cd((uint32_t)(crc), (word))
#define CRC_BYTE(crc, byte) __crc32cb((uint32_t)(crc), (byte))
static int has_instruction(void) { return 1; }
#endif

#ifdef CRC_WORD
static uint64_t moved(uint32_t tables[4][256], uint64_t crc) {
  return tables[0][crc & 255] ^ tables[1][crc >> 8 & 255] ^ tables[2][crc >> 16 & 255] ^ tables[3][crc >> 24 & 255];
}

CRC_TARGET static uint64_t three_streams(uint64_t crc, const uint8_t *bytes, size_t block, uint32_t zeros[4][256]) {
  uint64_t second = 0, third = 0;
  for (size_t i = 0; i < block; i += 8) {
    crc = CRC_WORD(crc, load64(bytes + i));
    second = CRC_WORD(second, load64(bytes + block + i));
    third = CRC_WORD(third, load64(bytes + 2 * block + i));
  }
  crc = moved(zeros, crc) ^ second;
  return moved(zeros, crc) ^ third;
}

CRC_TARGET static uint32_t by_instruction(uint32_t start, const uint8_t *bytes, size_t count) {
  uint64_t crc = (uint32_t)~start;
  for (; count >= 3 * LONG_BLOCK; count -= 3 * LONG_BLOCK, bytes += 3 * LONG_BLOCK)
    crc = three_streams(crc, bytes, LONG_BLOCK, long_zeros);
  for (; count >= 3 * SHORT_BLOCK; count -= 3 * SHORT_BLOCK, bytes += 3 * SHORT_BLOCK)
    crc = three_streams(crc, bytes, SHORT_BLOCK, short_zeros);
  for (; count >= 8; count -= 8, bytes += 8) crc = CRC_WORD(crc, load64(bytes));
  for (; count > 0; count--, bytes++) crc = CRC_BYTE(crc, *bytes);
  return ~(uint32_t)crc;
}
#endif

uint32_t cc_crc32c(uint32_t crc, const void *bytes, size_t count) {
#ifdef CRC_WORD
  if (has_instruction()) {
    pthread_once(&once, make_tables);
    return by_instruction(crc, bytes, count);
  }
#endif
  return cc_crc32c_portable(crc, bytes, count);
}
