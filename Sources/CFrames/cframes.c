#define _GNU_SOURCE
#include "cframes.h"

#include <pthread.h>
#include <stddef.h>

typedef struct { uintptr_t low, high; } stack_bounds;

static stack_bounds find_bounds(void) {
  stack_bounds bounds = {0, 0};
#if defined(__linux__)
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void *start;
    size_t size;
    if (pthread_attr_getstack(&attributes, &start, &size) == 0) {
      bounds.low = (uintptr_t)start;
      bounds.high = (uintptr_t)start + size;
    }
    pthread_attr_destroy(&attributes);
  }
#elif defined(__APPLE__)
  bounds.high = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
  bounds.low = bounds.high - pthread_get_stacksize_np(pthread_self());
#endif
  return bounds;
}

int32_t cframes_capture(uintptr_t *addresses, int32_t limit) {
  // Looking the bounds up costs far more than a walk, and they never change.
  static _Thread_local stack_bounds bounds;
  if (bounds.high == 0) bounds = find_bounds();
  const uintptr_t *frame = __builtin_frame_address(0);
  int32_t count = 0;
  while (count < limit) {
    uintptr_t position = (uintptr_t)frame;
    if (position < bounds.low || position + 2 * sizeof(uintptr_t) > bounds.high) break;
    if (position % sizeof(uintptr_t) != 0) break;
    uintptr_t address = frame[1];
    if (address == 0) break;
    addresses[count++] = address;
    // Callers' frames lie higher; anything else is no frame.
    if (frame[0] <= position) break;
    frame = (const uintptr_t *)frame[0];
  }
  return count;
}
