// CRC-32C (Castagnoli), as TensorFlow's files use it: hardware instructions where the processor has them.
#ifndef CCHECKSUMS_H
#define CCHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

// The checksum of the bytes that gave `crc` (0 for none) followed by `count` more.
uint32_t cc_crc32c(uint32_t crc, const void *bytes, size_t count);

// The same, by table: what processors without the instruction use. For tests.
uint32_t cc_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

#endif
