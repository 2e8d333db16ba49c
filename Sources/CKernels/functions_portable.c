// The kernel set that every machine can run, in vectors of 16 bytes: SSE2 on x86-64, NEON on aarch64.
#define CK_SET ck_kernels_portable
#define CK_ALL_TYPES 1
#define CK_VECTOR_BYTES 16
#define CK_LANES_4 4
#include "functions.inc"
