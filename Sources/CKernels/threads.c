// A small persistent team of threads with a hand-over by spinning, because a wake-up through the operating system
// costs more than most kernels run. Knows nothing of the kernels.
//
// A pool is idle, or held by one thread. While it is held the helpers spin on a mailbox each; after the release they
// spin for a short while, so that a program that runs one step after the other never pays for a wake-up, and then
// sleep. The holder writes the work once, then raises the ticket in the mailboxes of the helpers that take part. A part
// belongs to whoever claims its ticket first: the helper, or the holder once it has done its own, for where threads
// outnumber the cores a helper may not run for many milliseconds. A helper looks at the work only when it has claimed a
// part of it, so the next run may overwrite it as soon as all parts are done.
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "ckernels.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
  cache_line = 64,
  most_threads = 256,
  spins_between_clocks = 64,        // looking at the clock costs about as much as this many pauses
  spins_before_yield = 2048,        // some 30 us: longer than a hand-over and most waits for the slower part
  spins_between_yields = 32,
  linger_nanoseconds = 100 * 1000,  // spinning after a release: a little more than a wake-up costs
};

/// The hand-over between the holder and one helper; on cache lines of its own.
typedef struct {
  _Alignas(cache_line) atomic_uint ticket;   // raised by the holder: work is there
  _Alignas(cache_line) atomic_uint claimed;  // follows the ticket: somebody has begun the work
  atomic_uint finished;                      // follows that: the work is done
  ck_pool *pool;
  pthread_t thread;
  int32_t part;
} helper;

struct ck_pool {
  // Read by the helpers that take part in a run.
  _Alignas(cache_line) void (*work)(void *context, const ck_team *team);
  void *context;
  int32_t parts;
  // Rarely written.
  _Alignas(cache_line) atomic_bool held;
  atomic_bool stopping;
  atomic_int sleepers;
  _Alignas(cache_line) pthread_mutex_t mutex;
  pthread_cond_t wake;
  int32_t threads;
  helper helpers[];
};

const ck_team ck_solo = {0, 1};

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");   // `yield` does nothing on most cores
#endif
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// One turn of a loop that waits for another thread, which may not be running where threads outnumber the cores.
static inline void spin(uint32_t *spins) {
  relax();
  if (++*spins >= spins_before_yield && *spins % spins_between_yields == 0) sched_yield();
}

// ---------------------------------------------------------------- helpers

/// Sleeps until the pool is held again. The holder sets `held` before it looks at `sleepers`, and a helper counts
/// itself before it looks at `held`, so one of the two sees the other.
static void sleep_until_held(helper *self, uint32_t seen) {
  ck_pool *pool = self->pool;
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleepers, 1);
  while (!atomic_load(&pool->held) && !atomic_load(&pool->stopping) && atomic_load(&self->ticket) == seen) {
    pthread_cond_wait(&pool->wake, &pool->mutex);
  }
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->mutex);
}

/// Waits for a ticket other than `seen` and returns it; `seen` where the pool stops instead.
static uint32_t wait_for_ticket(helper *self, uint32_t seen) {
  ck_pool *pool = self->pool;
  uint32_t spins = 0, ticket;
  int64_t idle_since = 0;
  while ((ticket = atomic_load_explicit(&self->ticket, memory_order_acquire)) == seen) {
    spin(&spins);
    if (spins % spins_between_clocks != 0) continue;
    if (atomic_load_explicit(&pool->stopping, memory_order_acquire)) return seen;
    if (atomic_load_explicit(&pool->held, memory_order_relaxed)) {
      idle_since = 0;
    } else if (idle_since == 0) {
      idle_since = now();
    } else if (now() - idle_since > linger_nanoseconds) {
      sleep_until_held(self, seen);
      idle_since = 0;
      spins = 0;
    }
  }
  return ticket;
}

/// Whether the caller is the first to claim the part of this ticket.
static inline bool claim(helper *helper, uint32_t ticket) {
  uint32_t before = ticket - 1;
  return atomic_compare_exchange_strong_explicit(&helper->claimed, &before, ticket, memory_order_acq_rel,
                                                 memory_order_relaxed);
}

static void run_part(ck_pool *pool, helper *helper, uint32_t ticket) {
  const ck_team team = {helper->part, pool->parts};
  pool->work(pool->context, &team);
  atomic_store_explicit(&helper->finished, ticket, memory_order_release);
}

static void *helper_main(void *argument) {
  helper *self = argument;
  uint32_t seen = 0, ticket;
  while ((ticket = wait_for_ticket(self, seen)) != seen) {
    seen = ticket;
    if (claim(self, ticket)) run_part(self->pool, self, ticket);
  }
  return NULL;
}

static void wake_all(ck_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
}

// ---------------------------------------------------------------- the pool

ck_pool *ck_pool_create(int32_t threads) {
  if (threads < 1) threads = 1;
  if (threads > most_threads) threads = most_threads;
  size_t bytes = sizeof(ck_pool) + (size_t)(threads - 1) * sizeof(helper);
  bytes = (bytes + cache_line - 1) / cache_line * cache_line;
  ck_pool *pool = aligned_alloc(cache_line, bytes);
  if (pool == NULL) return NULL;
  if (pthread_mutex_init(&pool->mutex, NULL) != 0) {
    free(pool);
    return NULL;
  }
  if (pthread_cond_init(&pool->wake, NULL) != 0) {
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
    return NULL;
  }
  pool->work = NULL;
  pool->context = NULL;
  pool->parts = 1;
  atomic_init(&pool->held, false);
  atomic_init(&pool->stopping, false);
  atomic_init(&pool->sleepers, 0);
  pool->threads = 1;

  // A program's signal handlers are not to run on the helpers.
  sigset_t all, before;
  sigfillset(&all);
  bool masked = pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
  for (int32_t i = 0; i < threads - 1; i++) {
    helper *helper = &pool->helpers[i];
    atomic_init(&helper->ticket, 0);
    atomic_init(&helper->claimed, 0);
    atomic_init(&helper->finished, 0);
    helper->pool = pool;
    helper->part = i + 1;
    // Where the system gives no more threads, the pool makes do with fewer.
    if (pthread_create(&helper->thread, NULL, helper_main, helper) != 0) break;
    pool->threads++;
  }
  if (masked) pthread_sigmask(SIG_SETMASK, &before, NULL);
  return pool;
}

void ck_pool_destroy(ck_pool *pool) {
  if (pool == NULL) return;
  atomic_store(&pool->stopping, true);
  wake_all(pool);
  for (int32_t i = 0; i < pool->threads - 1; i++) pthread_join(pool->helpers[i].thread, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  free(pool);
}

int32_t ck_pool_threads(const ck_pool *pool) { return pool->threads; }

bool ck_pool_try_acquire(ck_pool *pool) {
  bool idle = false;
  if (!atomic_compare_exchange_strong(&pool->held, &idle, true)) return false;
  // The helpers wake up while the holder does what comes before its first hand-over.
  if (atomic_load(&pool->sleepers) > 0) wake_all(pool);
  return true;
}

void ck_pool_release(ck_pool *pool) { atomic_store_explicit(&pool->held, false, memory_order_release); }

void ck_pool_run(ck_pool *pool, int32_t parts, void (*work)(void *context, const ck_team *team), void *context) {
  if (parts > pool->threads) parts = pool->threads;
  if (parts <= 1) {
    work(context, &ck_solo);
    return;
  }
  pool->work = work;
  pool->context = context;
  pool->parts = parts;
  for (int32_t i = 0; i < parts - 1; i++) {
    atomic_fetch_add_explicit(&pool->helpers[i].ticket, 1, memory_order_release);
  }
  const ck_team team = {0, parts};
  work(context, &team);
  for (int32_t i = 0; i < parts - 1; i++) {
    helper *helper = &pool->helpers[i];
    // Only the holder raises tickets, and holders follow one another through `held`.
    const uint32_t ticket = atomic_load_explicit(&helper->ticket, memory_order_relaxed);
    if (claim(helper, ticket)) run_part(pool, helper, ticket);
  }
  for (int32_t i = 0; i < parts - 1; i++) {
    helper *helper = &pool->helpers[i];
    const uint32_t ticket = atomic_load_explicit(&helper->ticket, memory_order_relaxed);
    uint32_t spins = 0;
    while (atomic_load_explicit(&helper->finished, memory_order_acquire) != ticket) spin(&spins);
  }
}
