// Runs prepared loops, block by block: addresses for the block, operands copied where they do not lie in one piece,
// the code, results copied out, reductions. A small loop is a single block, so every step here is kept short.
#include "copies.h"
#include "loop_prepared.h"

#include <string.h>

typedef struct {
  const ck_prepared *p;
  char *const *buffers;
  char **cursor;
  ck_loop_state *state;
  ck_status *status;
  char *columns;                 // the register for the columns of strided reductions
  int64_t index[CK_DIMS - 2];    // of the outer dimensions
} run;

static inline void start(run *r, const void *prepared, char *const *buffers, void *scratch, ck_status *status) {
  const ck_prepared *p = prepared;
  char *base = scratch;
  r->p = p;
  r->buffers = buffers;
  r->cursor = scratch;
  r->state = (ck_loop_state *)(base + p->scratch_states);
  r->status = status;
  base += p->scratch_registers;
  r->columns = base + (size_t)p->tile_reg * p->register_bytes;
  const ck_cursor_register *registers = CK_PART_OF(p, p->registers_at);
  for (int32_t i = 0; i < p->registers; i++)
    r->cursor[registers[i].cursor] = base + (size_t)registers[i].index * p->register_bytes;
  const ck_cursor_fixed *fixed = CK_PART_OF(p, p->fixed_at);
  for (int32_t i = 0; i < p->fixed; i++) r->cursor[fixed[i].cursor] = buffers[fixed[i].buffer] + fixed[i].offset;
  for (int32_t i = 0; i < p->states; i++) r->state[i] = (ck_loop_state){NULL, 0, 0, 0};
  for (int d = 0; d < CK_DIMS - 2; d++) r->index[d] = 0;
  // Functions are handed something for operands that they do not have.
  if (p->registers == 0 || registers[0].cursor != 0) r->cursor[0] = base;
}

static inline char *address(const run *r, const ck_prepared_access *a, int64_t row, int64_t column) {
  char *at = r->buffers[a->buffer] + a->offset + (row * a->row + column * a->column) * a->size;
  for (int d = r->p->outer_dims; d < CK_DIMS - 2; d++) at += r->index[d] * a->outer[d];
  return at;
}

static inline bool in_one_piece(const ck_prepared_access *a, int64_t rows, int64_t columns) {
  return (a->column == 1 || columns == 1) && (rows == 1 || a->row == columns);
}

// ---------------------------------------------------------------- reductions

static void flush_sum(ck_loop_state *state) {
  if (!state->at) return;
  float value;
  memcpy(&value, state->at, sizeof value);
  value = (float)(value + state->sum);
  memcpy(state->at, &value, sizeof value);
  state->at = NULL;
}

static void flush_sums(const run *r, bool at_end) {
  const ck_prepared_access *reduces = CK_PART_OF(r->p, r->p->reduces_at);
  for (int32_t i = 0; i < r->p->reduces; i++)
    if (reduces[i].wide_sum && (at_end || !reduces[i].steady)) flush_sum(&r->state[reduces[i].state]);
}

static void reduce_block(const run *r, const ck_prepared_access *a, char *to, int64_t rows, int64_t columns) {
  const char *from = r->cursor[a->source];
  bool merge = !a->complete;
  if (a->column == 0) {
    if (a->wide_sum) {
      ck_loop_state *state = &r->state[a->state];
      float sum;
      a->reduction.rows(&sum, 1, from, 1, rows * columns, false);
      if (state->at != to) {
        flush_sum(state);
        state->at = to;
        state->sum = 0;
      }
      state->sum += sum;
    } else if (a->row == 0) {
      a->reduction.rows(to, 1, from, 1, rows * columns, merge);
    } else {
      a->reduction.rows(to, a->row, from, rows, columns, merge);
    }
  } else if (a->row == 0) {
    if (a->column == 1) {
      a->reduction.columns(to, from, rows, columns, merge);
    } else {
      a->reduction.columns(r->columns, from, rows, columns, false);
      a->reduction.rows(to, a->column, r->columns, columns, 1, merge);
    }
  } else if (in_one_piece(a, rows, columns)) {
    a->reduction.columns(to, from, 1, rows * columns, merge);
  } else {
    for (int64_t i = 0; i < rows; i++) {
      char *row = to + i * a->row * a->size;
      const char *values = from + i * columns * a->size;
      if (a->column == 1) a->reduction.columns(row, values, 1, columns, merge);
      else a->reduction.rows(row, a->column, values, columns, 1, merge);
    }
  }
}

// Gives the elements of a reduction's result that this part owns their neutral value.
static void write_neutral(const run *r, const ck_prepared_access *a, const int64_t *low, const int64_t *high) {
  int64_t from[CK_DIMS], count[CK_DIMS], index[CK_DIMS - 2] = {0};
  char neutral[8];
  ck_reduction_neutral((ck_access_kind)a->kind, (ck_type)a->type, neutral);
  for (int d = 0; d < CK_DIMS; d++) {
    int64_t stride = d < CK_DIMS - 2 ? a->outer[d] : d == CK_DIMS - 2 ? a->row : a->column;
    from[d] = stride == 0 ? 0 : low[d];
    count[d] = stride == 0 ? 1 : high[d] - low[d];
    if (count[d] <= 0) return;
  }
  for (;;) {
    char *at = r->buffers[a->buffer] + a->offset + (from[CK_DIMS - 2] * a->row + from[CK_DIMS - 1] * a->column) * a->size;
    for (int d = 0; d < CK_DIMS - 2; d++) at += (from[d] + index[d]) * a->outer[d];
    ck_copy_rectangle(at, a->row, a->column, neutral, 0, 0, count[CK_DIMS - 2], count[CK_DIMS - 1], (size_t)a->size);
    int d = CK_DIMS - 3;
    while (d >= 0 && ++index[d] == count[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

// ---------------------------------------------------------------- a block

static void copy_in(const run *r, const ck_prepared_access *a, const ck_prepared_access *writes, char *at, int64_t rows,
                    int64_t columns) {
  char *to = r->cursor[a->reg];
  if (a->into >= 0) {
    const ck_prepared_access *write = &writes[a->into];
    if (in_one_piece(write, rows, columns)) {
      to = r->cursor[write->cursor];
    } else if (in_one_piece(a, rows, columns)) {
      to = at;  // copied straight from here to its strided place
    }
    r->cursor[write->cursor] = to;
  } else if (a->steady) {
    ck_loop_state *state = &r->state[a->state];
    r->cursor[a->cursor] = to;
    if (state->at == at && state->columns == columns && state->rows >= rows) return;
    *state = (ck_loop_state){at, 0, rows, columns};
  }
  r->cursor[a->cursor] = to;
  if (to != at) ck_copy_rectangle(to, columns, 1, at, a->row, a->column, rows, columns, (size_t)a->size);
}

static void run_block(const run *r, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  const ck_prepared *p = r->p;
  char **cursor = r->cursor;
  const ck_prepared_access *reads = CK_PART_OF(p, p->reads_at), *writes = CK_PART_OF(p, p->writes_at);
  const ck_prepared_access *reduces = CK_PART_OF(p, p->reduces_at);
  int64_t n = rows * columns;

  for (const ck_prepared_access *a = writes; a < reduces; a++)
    if (a->direct) cursor[a->cursor] = in_one_piece(a, rows, columns) ? address(r, a, row, column) : cursor[a->reg];
  for (const ck_prepared_access *a = reads; a < writes; a++) {
    char *at = address(r, a, row, column);
    if (!a->forced && a->into < 0 && in_one_piece(a, rows, columns)) cursor[a->cursor] = at;
    else copy_in(r, a, writes, at, rows, columns);
  }
  const ck_instruction *code = CK_PART_OF(p, p->code_at), *end = code + p->instructions;
  for (; code < end; code++)
    code->fn(cursor[code->d], cursor[code->a], cursor[code->b], cursor[code->c], n, r->status);
  for (const ck_prepared_access *a = writes; a < reduces; a++) {
    if (a->direct && in_one_piece(a, rows, columns)) continue;
    ck_copy_rectangle(address(r, a, row, column), a->row, a->column, cursor[a->source], columns, 1, rows, columns,
                      (size_t)a->size);
  }
  for (int32_t i = 0; i < p->reduces; i++)
    reduce_block(r, &reduces[i], address(r, &reduces[i], row, column), rows, columns);
}

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// The first index of `part`, where the innermost dimension is divided at whole cache lines.
static int64_t part_start(const ck_prepared *p, int64_t part, int64_t parts) {
  int64_t extent = p->extent[p->split];
  if (part >= parts) return extent;
  if (p->split < CK_DIMS - 1) return extent * part / parts;
  return extent / 64 * part / parts * 64;
}

void ck_loop_run(const void *prepared, char *const *buffers, void *scratch, const ck_team *team, ck_status *status) {
  const ck_prepared *p = prepared;
  run r;
  if (p->single) {
    // Most of the loops of a small model; all their reductions are complete.
    if (team->part > 0) return;
    start(&r, prepared, buffers, scratch, status);
    run_block(&r, 0, p->block_rows, 0, p->block_columns);
    return;
  }
  int64_t low[CK_DIMS] = {0}, high[CK_DIMS];
  memcpy(high, p->extent, sizeof high);
  if (team->parts > 1) {
    if (p->split < 0) {
      if (team->part > 0) return;
    } else {
      low[p->split] = part_start(p, team->part, team->parts);
      high[p->split] = part_start(p, team->part + 1, team->parts);
      if (low[p->split] >= high[p->split]) return;
    }
  }
  start(&r, prepared, buffers, scratch, status);
  const ck_prepared_access *reduces = CK_PART_OF(p, p->reduces_at);
  for (int32_t i = 0; i < p->reduces; i++)
    if (!reduces[i].complete || p->total == 0) write_neutral(&r, &reduces[i], low, high);
  if (p->total == 0) return;

  for (int d = p->outer_dims; d < CK_DIMS - 2; d++) r.index[d] = low[d];
  int64_t row_end = high[CK_DIMS - 2], column_end = high[CK_DIMS - 1];
  for (;;) {
    for (int64_t row = low[CK_DIMS - 2]; row < row_end; row += p->block_rows)
      for (int64_t column = low[CK_DIMS - 1]; column < column_end; column += p->block_columns)
        run_block(&r, row, smaller(p->block_rows, row_end - row), column, smaller(p->block_columns, column_end - column));
    int d = CK_DIMS - 3;
    for (; d >= p->outer_dims; d--) {
      if (++r.index[d] < high[d]) break;
      r.index[d] = low[d];
    }
    if (d < p->outer_dims) break;
    if (p->states > 0) flush_sums(&r, false);
  }
  if (p->states > 0) flush_sums(&r, true);
}

void ck_loop_run_tile(const void *prepared, char *const *buffers, void *scratch, const int64_t *outer, int64_t row,
                      int64_t rows, int64_t column, int64_t columns, void *tile, int64_t size, ck_status *status) {
  const ck_prepared *p = prepared;
  if (rows <= 0 || columns <= 0) return;
  run r;
  start(&r, prepared, buffers, scratch, status);
  for (int d = 0; d < p->tile_outer; d++) r.index[CK_DIMS - 2 - p->tile_outer + d] = outer[d];
  // Whole rows lie in one piece, and so does a part of a single row: neither is copied. Short parts of rows are better
  // copied than treated one by one.
  enum { long_part = 192 };
  const int64_t block_columns = smaller(columns, p->block);
  const bool is_whole = columns == p->extent[CK_DIMS - 1];
  const int64_t block_rows = !is_whole && columns >= long_part ? 1 : p->block / block_columns;
  for (int64_t i = 0; i < rows; i += block_rows) {
    for (int64_t j = 0; j < columns; j += block_columns) {
      r.cursor[p->tile_cursor] = (char *)tile + (i * columns + j) * size;
      run_block(&r, row + i, smaller(block_rows, rows - i), column + j, smaller(block_columns, columns - j));
    }
  }
}

void ck_loop_fetch_tile(const void *prepared, char *const *buffers, const int64_t *outer, int64_t row, int64_t rows,
                        int64_t column, int64_t columns) {
  const ck_prepared *p = prepared;
  const ck_prepared_access *reads = CK_PART_OF(p, p->reads_at), *reduces = CK_PART_OF(p, p->reduces_at);
  for (const ck_prepared_access *a = reads; a < reduces; a++) {
    // What is repeated is small and stays in the caches by itself.
    if (a->row == 0 || a->column == 0 || (a->row != 1 && a->column != 1)) continue;
    const char *at = buffers[a->buffer] + a->offset + (row * a->row + column * a->column) * a->size;
    for (int d = 0; d < p->tile_outer; d++) at += outer[d] * a->outer[CK_DIMS - 2 - p->tile_outer + d];
    const bool along_columns = a->column == 1;
    const int64_t lines = along_columns ? rows : columns, pitch = (along_columns ? a->row : a->column) * a->size;
    const int64_t bytes = (along_columns ? columns : rows) * a->size;
    for (int64_t i = 0; i < lines; i++, at += pitch) {
      for (int64_t b = 0; b < bytes; b += 64) __builtin_prefetch(at + b, 0, 2);
      __builtin_prefetch(at + bytes - 1, 0, 2);
    }
  }
}
