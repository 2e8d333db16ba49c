// See the header. The symbols of an executable come before those of its libraries, so every library's calls end here.
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "allocation_counter.h"

#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(HAS_SANITIZER)

#include <errno.h>
#include <execinfo.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static __thread int64_t calls;
static __thread bool traces;

static void count(void) {
  calls++;
  if (!traces) return;
  traces = false;
  void *frames[16];
  backtrace_symbols_fd(frames, backtrace(frames, 16), 2);
  traces = true;
}

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t count_of, size_t size) {
  count();
  return __libc_calloc(count_of, size);
}

void *realloc(void *memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  count();
  void *block = __libc_memalign(alignment, size);
  if (block == NULL) return ENOMEM;
  *memory = block;
  return 0;
}

bool allocation_counter_is_active(void) { return true; }
int64_t allocation_counter_calls(void) { return calls; }
void allocation_counter_trace(bool on) { traces = on; }

#else

bool allocation_counter_is_active(void) { return false; }
int64_t allocation_counter_calls(void) { return 0; }
void allocation_counter_trace(bool on) { (void)on; }

#endif
