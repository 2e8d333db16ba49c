// The return addresses of the calls that lead to the present one.
#ifndef CFRAMES_H
#define CFRAMES_H

#include <stdint.h>

/// Writes the return addresses of the calling thread's frames, innermost first, and returns how many (at most `limit`).
///
/// Follows the chain of frame pointers, which Swift keeps. It reads nothing outside of the thread's stack: where
/// another language's frame breaks the chain, the walk ends.
int32_t cframes_capture(uintptr_t *addresses, int32_t limit);

#endif
