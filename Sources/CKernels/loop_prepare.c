// Prepares loops: collapses dimensions, chooses the block and the dimension that a team divides, classifies the
// accesses and renames slots to cursors (see loop_prepared.h). Runs once for a loop; linear in the code's length.
#include "loop_prepared.h"

#include <string.h>

// ---------------------------------------------------------------- the iteration space

// The loop's dimensions at the end of CK_DIMS, collapsed where the loop is no epilogue.
typedef struct {
  int64_t extent[CK_DIMS];
  int64_t block_rows, block_columns, total;
  int rank;                      // of the collapsed space
  int32_t split;                 // the dimension that a team divides, or -1
  signed char group[CK_DIMS];    // for each dimension of the loop the collapsed one, or -1
  signed char inner[CK_DIMS];    // for each collapsed dimension the loop's innermost that is part of it, or -1
} space;

static int64_t stride_of(const space *s, const ck_access *access, int dimension) {
  int inner = s->inner[dimension];
  return inner < 0 ? 0 : access->stride[inner];
}

// Whether dimension `outer` continues `inner` in every access.
static bool mergeable(const ck_loop *loop, int outer, int inner, int64_t inner_extent) {
  for (int i = 0; i < loop->access_count; i++) {
    const ck_access *a = &loop->access[i];
    if (a->stride[outer] != a->stride[inner] * inner_extent) return false;
  }
  return true;
}

static bool is_scalar(const ck_loop *loop, const ck_access *a) {
  for (int i = 0; i < loop->rank; i++)
    if (loop->extent[i] > 1 && a->stride[i] != 0) return false;
  return true;
}

static int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

static bool is_single(const ck_loop *loop, const space *s) {
  return loop->tile_slot < 0 && s->total > 0 && s->total == s->block_rows * s->block_columns;
}

// The outermost dimension long enough to divide, or else the longest, along which no reduction runs.
static int32_t choose_split(const ck_loop *loop, const space *s) {
  int32_t best = -1;
  if (s->total == 0 || is_single(loop, s)) return -1;
  for (int d = 0; d < CK_DIMS; d++) {
    if (s->extent[d] < 2) continue;
    bool possible = true;
    for (int i = 0; i < loop->access_count; i++)
      if (loop->access[i].kind > CK_WRITE && stride_of(s, &loop->access[i], d) == 0) possible = false;
    if (!possible) continue;
    if (best < 0 || s->extent[d] > s->extent[best]) best = d;
    if (s->extent[d] >= 32) return d;
  }
  return best;
}

// Whether blocks of one row each are best: columns of a larger array, such as the gates of a recurrent cell, can be read
// and written where they are row by row, and rows are long enough to be worth the calls for each.
static bool prefers_single_rows(const ck_loop *loop, const space *s) {
  enum { long_row = 128, several = 2 };
  int64_t columns = s->extent[CK_DIMS - 1];
  if (columns < long_row || columns > loop->block) return false;
  int apart = 0;
  for (int i = 0; i < loop->access_count; i++) {
    int64_t row = stride_of(s, &loop->access[i], CK_DIMS - 2);
    if (stride_of(s, &loop->access[i], CK_DIMS - 1) == 1 && row != 0 && row != columns) apart++;
  }
  return apart >= several;
}

static void make_space(const ck_loop *loop, space *s) {
  s->total = 1;
  for (int i = 0; i < loop->rank; i++) s->total *= loop->extent[i];
  bool collapse = loop->tile_slot < 0 && s->total > 0;
  for (int i = 0; i < CK_DIMS; i++) s->extent[i] = 1, s->inner[i] = -1, s->group[i] = -1;
  // From the innermost outwards; `at` is the collapsed dimension that is being filled.
  int at = CK_DIMS;
  for (int i = loop->rank - 1; i >= 0; i--) {
    int64_t extent = loop->extent[i];
    if (collapse && extent == 1) continue;
    if (collapse && at < CK_DIMS && mergeable(loop, i, s->inner[at], s->extent[at])) {
      s->extent[at] *= extent;
    } else {
      at--;
      s->extent[at] = extent;
      s->inner[at] = (signed char)i;
    }
    s->group[i] = (signed char)at;
  }
  s->rank = CK_DIMS - at;
  int64_t rows = s->extent[CK_DIMS - 2], columns = s->extent[CK_DIMS - 1], block = loop->block;
  int64_t width = columns < block ? columns : block;
  // Where an operand lies transposed, a square block lets its cache lines be used in full.
  if (rows > 1 && columns > 32) {
    for (int i = 0; i < loop->access_count; i++) {
      int64_t row = magnitude(stride_of(s, &loop->access[i], CK_DIMS - 2));
      int64_t column = magnitude(stride_of(s, &loop->access[i], CK_DIMS - 1));
      if (row != 0 && row < column) width = block < 32 ? block : 32;
    }
  }
  if (width < 1) width = 1;
  s->block_columns = width;
  s->block_rows = (width < columns && width == block) || prefers_single_rows(loop, s) ? 1 : block / width;
  if (s->block_rows > rows) s->block_rows = rows;
  if (s->block_rows < 1) s->block_rows = 1;
  s->split = choose_split(loop, s);
}

// Whether every block of the access lies in memory in one piece.
static bool always_contiguous(const ck_loop *loop, const space *s, const ck_access *a) {
  if (loop->tile_slot >= 0) return false;
  int64_t row = stride_of(s, a, CK_DIMS - 2), column = stride_of(s, a, CK_DIMS - 1);
  int64_t columns = s->extent[CK_DIMS - 1];
  if (columns > 1 && column != 1) return false;
  // A part of a team that has some of the columns only has gaps between its rows.
  return s->block_rows == 1 || (s->block_columns == columns && row == columns && s->split != CK_DIMS - 1);
}

// Whether the bytes that two accesses may touch overlap.
static bool overlap(const ck_loop *loop, const ck_access *a, const ck_access *b) {
  if (a->buffer != b->buffer) return false;
  const ck_access *both[2] = {a, b};
  int64_t low[2], high[2];
  for (int k = 0; k < 2; k++) {
    int64_t size = (int64_t)ck_type_size((ck_type)both[k]->type);
    low[k] = both[k]->offset, high[k] = both[k]->offset + size;
    for (int i = 0; i < loop->rank; i++) {
      int64_t reach = (loop->extent[i] - 1) * both[k]->stride[i] * size;
      if (reach < 0) low[k] += reach;
      else high[k] += reach;
    }
  }
  return low[0] < high[1] && low[1] < high[0];
}

static bool overlaps_result(const ck_loop *loop, const ck_access *read) {
  for (int i = 0; i < loop->access_count; i++)
    if (loop->access[i].kind == CK_WRITE && overlap(loop, read, &loop->access[i])) return true;
  return false;
}

static bool slot_is_result(const ck_loop *loop, int32_t slot) {
  for (int i = 0; i < loop->access_count; i++)
    if (loop->access[i].kind != CK_READ && loop->access[i].slot == slot) return true;
  return false;
}

static bool is_complete(const space *s, const ck_access *a) {
  for (int i = 0; i < CK_DIMS - 2; i++)
    if (s->extent[i] > 1 && stride_of(s, a, i) == 0) return false;
  int64_t rows = s->extent[CK_DIMS - 2], columns = s->extent[CK_DIMS - 1];
  if (rows > 1 && stride_of(s, a, CK_DIMS - 2) == 0 && s->block_rows < rows) return false;
  return !(columns > 1 && stride_of(s, a, CK_DIMS - 1) == 0 && s->block_columns < columns);
}

// ---------------------------------------------------------------- layout of the prepared block and the scratch

static size_t aligned(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

// Not a power of two, so that equal elements of different registers do not compete for the same cache sets.
static size_t register_bytes(const ck_loop *loop) { return aligned((size_t)loop->block * 8) + 128; }

static size_t cursor_count(const ck_loop *loop) { return (size_t)loop->slot_count + (size_t)loop->access_count; }

// Registers that the planner did not foresee: slots without one that might not lie in memory in one piece, and
// one for the columns of a reduction with strided results.
static size_t extra_registers(const ck_loop *loop, const space *s) {
  size_t extra = 1;
  for (int i = 0; i < loop->slot_count; i++) extra += loop->slot_register[i] < 0;
  for (int i = 0; i < loop->access_count; i++) {
    const ck_access *a = &loop->access[i];
    if (a->kind != CK_READ || loop->slot_register[a->slot] >= 0 || slot_is_result(loop, a->slot)) continue;
    if ((is_scalar(loop, a) || always_contiguous(loop, s, a)) && !overlaps_result(loop, a)) extra--;
  }
  return extra;
}

size_t ck_loop_scratch_bytes(const ck_loop *loop) {
  space s;
  make_space(loop, &s);
  return aligned(cursor_count(loop) * sizeof(char *)) + aligned((size_t)loop->access_count * sizeof(ck_loop_state)) +
         ((size_t)loop->register_count + extra_registers(loop, &s)) * register_bytes(loop) + 64;
}

// After the prepared data follows the memory that `prepare` itself needs.
typedef struct { int32_t map, last_definition, primary, reg, definitions; } slot_facts;
typedef struct { int32_t last_use, index; } access_facts;

size_t ck_loop_prepared_bytes(const ck_loop *loop) {
  size_t accesses = (size_t)loop->access_count, slots = (size_t)loop->slot_count;
  return aligned(sizeof(ck_prepared)) + aligned(accesses * sizeof(ck_cursor_fixed)) +
         aligned((slots + 1) * sizeof(ck_cursor_register)) + 3 * 64 + accesses * sizeof(ck_prepared_access) +
         aligned((size_t)loop->code_count * sizeof(ck_instruction)) + aligned(slots * sizeof(slot_facts)) +
         aligned(accesses * sizeof(access_facts));
}

// ---------------------------------------------------------------- preparation

typedef struct {
  const ck_loop *loop;
  space s;
  slot_facts *slot;
  access_facts *access;
  int32_t next_register;
} preparation;

// The cursor of the slot's register, which it gets now if it has none.
static int32_t register_cursor(preparation *p, int32_t slot) {
  if (p->slot[slot].reg < 0) p->slot[slot].reg = p->next_register++;
  return slot;
}

// Which result the last definition of each slot goes to: the first that lies in memory in one piece.
static void choose_primaries(preparation *p) {
  const ck_loop *loop = p->loop;
  for (int32_t i = 0; i < loop->access_count; i++) {
    const ck_access *a = &loop->access[i];
    if (a->kind != CK_WRITE || p->slot[a->slot].primary >= 0) continue;
    bool whole_rows = loop->tile_slot >= 0 && a->stride[loop->rank - 1] == 1;
    if (whole_rows || always_contiguous(loop, &p->s, a)) p->slot[a->slot].primary = i;
  }
}

static void rename_code(preparation *p, ck_instruction *code) {
  const ck_loop *loop = p->loop;
  for (int32_t i = 0; i < loop->access_count; i++)
    if (loop->access[i].kind == CK_READ) p->slot[loop->access[i].slot].map = loop->slot_count + i;
  for (int32_t k = 0; k < loop->code_count; k++) {
    ck_instruction q = loop->code[k];
    int32_t *operand[3] = {&q.a, &q.b, &q.c};
    for (int j = 0; j < 3; j++) {
      // Operands that the function does not have may hold anything.
      int32_t *o = operand[j];
      *o = *o >= 0 && *o < loop->slot_count ? p->slot[*o].map : 0;
      if (*o >= loop->slot_count) p->access[*o - loop->slot_count].last_use = k;
    }
    slot_facts *d = &p->slot[q.d];
    bool direct = d->last_definition == k && d->primary >= 0;
    d->map = direct ? loop->slot_count + d->primary : q.d == loop->tile_slot ? q.d : register_cursor(p, q.d);
    q.d = d->map;
    code[k] = q;
  }
}

// A result written too early could destroy an operand in the same memory that is still needed.
static bool must_copy(const preparation *p, int32_t read) {
  const ck_loop *loop = p->loop;
  const ck_access *r = &loop->access[read];
  for (int32_t i = 0; i < loop->access_count; i++) {
    const ck_access *w = &loop->access[i];
    if (w->kind != CK_WRITE || !overlap(loop, r, w)) continue;
    const slot_facts *slot = &p->slot[w->slot];
    bool direct = slot->map == loop->slot_count + i;
    int32_t written = direct ? slot->last_definition : loop->code_count - 1;
    if (w->slot == r->slot && slot->last_definition < 0) continue;  // itself, unchanged
    if (p->access[read].last_use > written) return true;
  }
  return false;
}

// Whether a read may go straight into the result that is its unchanged copy: nothing else is read from there.
static bool may_go_into(const preparation *p, int32_t read, int32_t write) {
  const ck_loop *loop = p->loop;
  for (int32_t i = 0; i < loop->access_count; i++)
    if (i != read && loop->access[i].kind == CK_READ && overlap(loop, &loop->access[i], &loop->access[write]))
      return false;
  return true;
}

static bool register_is_own(const preparation *p, int32_t slot) {
  if (p->slot[slot].definitions > 0) return false;
  for (int32_t i = 0; i < p->loop->slot_count; i++)
    if (i != slot && p->slot[i].reg == p->slot[slot].reg) return false;
  return true;
}

static ck_prepared_access prepare_access(const preparation *p, int32_t index) {
  const ck_access *a = &p->loop->access[index];
  ck_prepared_access q = {.buffer = a->buffer, .cursor = p->loop->slot_count + index, .reg = a->slot, .into = -1};
  q.size = (int32_t)ck_type_size((ck_type)a->type);
  q.offset = a->offset;
  q.row = stride_of(&p->s, a, CK_DIMS - 2);
  q.column = stride_of(&p->s, a, CK_DIMS - 1);
  for (int d = 0; d < CK_DIMS - 2; d++) q.outer[d] = stride_of(&p->s, a, d) * q.size;
  q.kind = (uint8_t)a->kind;
  q.type = (uint8_t)a->type;
  q.state = -1;
  return q;
}

// Accesses are put in their order in the loop, but by kind: reads, writes, reductions.
static void prepare_reads(preparation *p, ck_prepared *out, ck_cursor_fixed *fixed, ck_prepared_access *reads) {
  const ck_loop *loop = p->loop;
  for (int32_t i = 0; i < loop->access_count; i++) {
    const ck_access *a = &loop->access[i];
    if (a->kind != CK_READ) continue;
    // A scalar that is also a result must be there as a vector; functions that read a scalar take its first element.
    bool forced = must_copy(p, i);
    if (is_scalar(loop, a) && !slot_is_result(loop, a->slot) && !forced) {
      fixed[out->fixed++] = (ck_cursor_fixed){loop->slot_count + i, a->buffer, a->offset};
      continue;
    }
    ck_prepared_access q = prepare_access(p, i);
    slot_facts *slot = &p->slot[a->slot];
    q.forced = forced;
    if (slot->last_definition < 0 && slot->primary >= 0 && !forced && may_go_into(p, i, slot->primary))
      q.into = slot->primary;
    if (q.into >= 0 || q.forced || !always_contiguous(loop, &p->s, a)) {
      register_cursor(p, a->slot);
    } else if (out->single) {
      fixed[out->fixed++] = (ck_cursor_fixed){q.cursor, q.buffer, q.offset};
      continue;
    }
    p->access[i].index = out->reads;
    reads[out->reads++] = q;
  }
}

static void prepare_results(preparation *p, ck_prepared *out, ck_cursor_fixed *fixed, ck_prepared_access *writes,
                            ck_prepared_access *reads) {
  const ck_loop *loop = p->loop;
  for (int32_t i = 0; i < loop->access_count; i++) {
    const ck_access *a = &loop->access[i];
    if (a->kind != CK_WRITE) continue;
    ck_prepared_access q = prepare_access(p, i);
    q.source = p->slot[a->slot].map;
    q.direct = q.source == q.cursor;
    if (q.direct && !always_contiguous(loop, &p->s, a)) {
      register_cursor(p, a->slot);
    } else if (q.direct && out->single) {
      fixed[out->fixed++] = (ck_cursor_fixed){q.cursor, q.buffer, q.offset};
      continue;
    }
    for (int32_t k = 0; k < out->reads; k++) {
      if (reads[k].into != i || reads[k].cursor != q.source) continue;
      reads[k].into = out->writes;
      q.source = q.cursor;
      q.direct = true;
    }
    writes[out->writes++] = q;
  }
  ck_prepared_access *reduces = writes + out->writes;
  for (int32_t i = 0; i < loop->access_count; i++) {
    const ck_access *a = &loop->access[i];
    if (a->kind <= CK_WRITE) continue;
    ck_prepared_access q = prepare_access(p, i);
    q.source = p->slot[a->slot].map;
    q.reduction = ck_reduction_for(ck_best_isa(), (ck_access_kind)a->kind, (ck_type)a->type);
    q.complete = is_complete(&p->s, a);
    if (p->s.extent[CK_DIMS - 2] == 1) q.row = 0;
    if (p->s.extent[CK_DIMS - 1] == 1) q.column = 0;
    // Blocks of one row or of one group only: their results go to the same place again and again.
    q.wide_sum = a->kind == CK_REDUCE_SUM && a->type == CK_F32 && !q.complete && q.column == 0 &&
                 (q.row == 0 || p->s.block_rows == 1);
    q.steady = is_scalar(loop, a);
    if (q.wide_sum) q.state = out->states++;
    reduces[out->reduces++] = q;
  }
}

// Reads whose block's address does not always change, in a register that nothing else uses.
static void find_steady(preparation *p, ck_prepared *out, ck_prepared_access *reads) {
  for (int32_t k = 0; k < out->reads; k++) {
    ck_prepared_access *q = &reads[k];
    bool repeats = q->row == 0 && p->s.extent[CK_DIMS - 2] > 1;
    for (int d = 0; d < CK_DIMS - 2; d++) repeats |= p->s.extent[d] > 1 && q->outer[d] == 0;
    if (!repeats || q->into >= 0 || p->slot[q->reg].reg < 0 || !register_is_own(p, q->reg)) continue;
    q->steady = true;
    q->state = out->states++;
  }
}

void ck_loop_prepare(const ck_loop *loop, void *prepared) {
  preparation p = {.loop = loop};
  make_space(loop, &p.s);
  ck_prepared *out = prepared;
  char *base = prepared;
  memset(out, 0, sizeof *out);
  size_t slots = (size_t)loop->slot_count, accesses = (size_t)loop->access_count;

  size_t at = aligned(sizeof *out);
  out->fixed_at = (uint32_t)at;
  at += aligned(accesses * sizeof(ck_cursor_fixed));
  out->registers_at = (uint32_t)at;
  at += aligned((slots + 1) * sizeof(ck_cursor_register));
  out->code_at = (uint32_t)at;
  at += aligned((size_t)loop->code_count * sizeof(ck_instruction));
  out->reads_at = (uint32_t)at;
  p.slot = (slot_facts *)(base + aligned(at + accesses * sizeof(ck_prepared_access)));
  p.access = (access_facts *)((char *)p.slot + aligned(slots * sizeof(slot_facts)));
  p.next_register = loop->register_count;

  for (int32_t i = 0; i < loop->slot_count; i++) p.slot[i] = (slot_facts){i, -1, -1, loop->slot_register[i], 0};
  for (int32_t i = 0; i < loop->access_count; i++) p.access[i] = (access_facts){-1, -1};
  for (int32_t k = 0; k < loop->code_count; k++) {
    p.slot[loop->code[k].d].last_definition = k;
    p.slot[loop->code[k].d].definitions++;
  }
  choose_primaries(&p);
  ck_instruction *code = (ck_instruction *)(base + out->code_at);
  rename_code(&p, code);
  // Results are copied and reduced after the code.
  for (int32_t i = 0; i < loop->access_count; i++) {
    const ck_access *a = &loop->access[i];
    if (a->kind == CK_READ) continue;
    int32_t source = p.slot[a->slot].map - loop->slot_count;
    if (source >= 0) p.access[source].last_use = loop->code_count;
  }

  ck_prepared_access *reads = (ck_prepared_access *)(base + out->reads_at);
  ck_cursor_fixed *fixed = (ck_cursor_fixed *)(base + out->fixed_at);
  out->single = is_single(loop, &p.s);
  prepare_reads(&p, out, fixed, reads);
  prepare_results(&p, out, fixed, reads + out->reads, reads);
  find_steady(&p, out, reads);
  out->writes_at = out->reads_at + (uint32_t)((size_t)out->reads * sizeof *reads);
  out->reduces_at = out->writes_at + (uint32_t)((size_t)out->writes * sizeof *reads);

  ck_cursor_register *registers = (ck_cursor_register *)(base + out->registers_at);
  for (int32_t i = 0; i < loop->slot_count; i++)
    if (p.slot[i].reg >= 0) registers[out->registers++] = (ck_cursor_register){i, p.slot[i].reg};
  // The register for the columns of strided reductions, after all others.
  out->tile_reg = p.next_register;

  memcpy(out->extent, p.s.extent, sizeof out->extent);
  out->block = loop->block;
  out->block_rows = p.s.block_rows;
  out->block_columns = p.s.block_columns;
  out->total = p.s.total;
  out->outer_dims = CK_DIMS - p.s.rank < CK_DIMS - 2 ? CK_DIMS - p.s.rank : CK_DIMS - 2;
  out->split = p.s.split;
  out->tile_outer = loop->rank - 2;
  out->tile_cursor = loop->tile_slot;
  out->instructions = loop->code_count;
  out->scratch_states = (uint32_t)aligned(cursor_count(loop) * sizeof(char *));
  out->scratch_registers = out->scratch_states + (uint32_t)aligned(accesses * sizeof(ck_loop_state));
  out->register_bytes = (uint32_t)register_bytes(loop);
}
