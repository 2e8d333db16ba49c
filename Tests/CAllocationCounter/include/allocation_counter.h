// Counts what a thread asks the C library's allocator for, so that tests can hold a piece of code to its promise of
// not allocating. It replaces malloc and its like in the whole program by functions that count and pass on.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Whether calls are counted in this build: with glibc, and not under a sanitizer, which has an allocator of its own.
bool allocation_counter_is_active(void);

/// How often the calling thread has asked for memory since it started.
int64_t allocation_counter_calls(void);

/// Prints the callers' addresses of the calling thread's requests to standard error while it is on; for debugging.
void allocation_counter_trace(bool on);

#endif
