// The matrix product: runs one part of a plan (gemm_plan.h) with kernels (gemm_kernels.h).
//
// Around the kernels there are the usual loops: over blocks of columns (packed panels of the right operand), over k (a
// block's panels and rows fit the caches), over blocks of rows (which stay in L2), over panels, over tiles. Sums that
// are under way between two blocks of k are kept in the result itself, or in scratch memory where only the epilogue
// writes. k is never split among parts.
#include "gemm_plan.h"
#include "patches.h"

#include <string.h>

enum {
  epilogue_elements = 1024,      // handed to the epilogue at once where its tile is a part of a panel
  waiting_panels = 256 * 1024,   // bytes of packed panels that stay in L2 while rows go by
};

/// One part's run.
typedef struct {
  const ck_gemm *gemm;
  const ck_gemm_plan *plan;
  const ck_gemm_kernels *kernels;
  char *const *buffers;
  ck_status *status;
  char *right_panels, *left_tiles, *sums, *tile, *epilogue_scratch;
  bool turned;
  int64_t batch;                        // the current one, and its operands:
  const char *left, *right;
  char *out;                            // NULL where only the epilogue writes
} run;

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/// Hands `rows` x `columns` elements in run->tile to the epilogue, and to `out` where there is one.
static void finish_tile(const run *run, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  const ck_gemm *gemm = run->gemm;
  const int64_t bytes = run->kernels->bytes;
  if (run->out != NULL) {
    for (int64_t i = 0; i < rows; i++) {
      memcpy(run->out + ((row + i) * gemm->out_row + column) * bytes, run->tile + i * columns * bytes,
             (size_t)(columns * bytes));
    }
  }
  if (run->turned) {
    ck_loop_run_tile(gemm->epilogue, run->buffers, run->epilogue_scratch, &run->batch, column, columns, row, rows,
                     run->tile, bytes, run->status);
  } else {
    ck_loop_run_tile(gemm->epilogue, run->buffers, run->epilogue_scratch, &run->batch, row, rows, column, columns,
                     run->tile, bytes, run->status);
  }
}

/// Brings near what the epilogue will read and write for a rectangle, while its sums are made. A tile's rows are too short
/// for the processor to foresee them, and every update of a weight goes through several arrays.
static inline void fetch_for_epilogue(const run *run, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  const void *epilogue = run->gemm->epilogue;
  if (run->turned) ck_loop_fetch_tile(epilogue, run->buffers, &run->batch, column, columns, row, rows);
  else ck_loop_fetch_tile(epilogue, run->buffers, &run->batch, row, rows, column, columns);
}

/// Packs `rows` rows from `row` on of a block of k as the plan says.
static inline void pack_left_tile(const run *run, char *to, int64_t row, int64_t rows, int64_t k, int64_t depth) {
  const ck_gemm *gemm = run->gemm;
  const ck_gemm_plan *plan = run->plan;
  const int64_t bytes = run->kernels->bytes;
  if (gemm->patches != NULL) {
    ck_pack_patches(gemm->isa, to, plan->left_pitch, run->left, gemm->patches, plan->left, row, rows, k, depth, bytes);
  } else {
    const char *left = run->left + (row * gemm->left_row + k * gemm->left_column) * bytes;
    run->kernels->pack_left[plan->left](to, plan->left_pitch, left, gemm->left_row, gemm->left_column, rows, depth,
                                        gemm->m - row);
  }
}

// ---------------------------------------------------------------- tiles

/// A rectangle of the result whose sums over one block of k are to be made.
typedef struct {
  int64_t row, rows, column, columns;   // of the result
  int64_t k, depth;
  bool first, last;                     // of the blocks of k
  char *sums;                           // partial sums: element (row, column), with `sums_stride` between rows
  int64_t sums_stride;
  char *panels;                         // packed panels of the right operand for `column` on, or NULL
  bool pack_right;                      // they are to be packed here
} block;

/// Rows are cut into `count` tiles of nearly equal height, so that no short one is left at the end.
typedef struct { int64_t count, height, taller; } cut;

static inline cut cut_rows(int64_t rows, int64_t most) {
  cut cut;
  if (rows <= most) {
    cut.count = 1;
    cut.height = rows;
    cut.taller = 0;
  } else {
    cut.count = (rows + most - 1) / most;
    cut.height = rows / cut.count;
    cut.taller = rows % cut.count;
  }
  return cut;
}

static inline int64_t cut_start(const cut *cut, int64_t index) {
  return index * cut->height + least(index, cut->taller);
}

/// One panel of the right operand (at `right`) times the tiles `from` to `to` of the rows.
static void run_panel(const run *run, const block *block, const cut *cut, int64_t from, int64_t to, int64_t column,
                      int64_t columns, ck_gemm_tile *tile, const ck_gemm_tile_fn *kernel, bool pack_left,
                      const char *ahead) {
  const ck_gemm *gemm = run->gemm;
  const ck_gemm_plan *plan = run->plan;
  const int64_t bytes = run->kernels->bytes;
  const bool through_tile = block->last && gemm->epilogue != NULL;
  const int64_t most_rows = through_tile ? epilogue_elements / columns : 0;
  int64_t tile_row = 0, tile_rows = 0;
  char *left_tile = run->left_tiles;
  for (int64_t index = from; index < to; index++, left_tile += plan->left_block) {
    const int64_t offset = cut_start(cut, index), rows = cut->height + (index < cut->taller);
    const int64_t row = block->row + offset;
    // The last tile fetches what the next panel is packed from, behind its multiplications.
    const bool fetch = ahead != NULL && index == to - 1;
    tile->ahead = fetch ? ahead : tile->right;
    tile->ahead_bytes = fetch ? gemm->right_row * bytes : 0;
    if (plan->pack_left) {
      if (pack_left) pack_left_tile(run, left_tile, row, rows, block->k, block->depth);
      tile->left = left_tile;
      tile->left_stride = plan->left == CK_LEFT_ROWS ? plan->left_pitch : rows;
    } else {
      tile->left = run->left + (row * gemm->left_row + block->k * gemm->left_column) * bytes;
      tile->left_stride = plan->left == CK_LEFT_ROWS ? gemm->left_row : gemm->left_column;
    }
    char *sums = block->sums == NULL
                     ? NULL : block->sums + (offset * block->sums_stride + (column - block->column)) * bytes;
    tile->from = block->first ? NULL : sums;
    tile->from_stride = block->sums_stride;
    if (!through_tile) {
      tile->to = sums;
      tile->to_stride = block->sums_stride;
      kernel[rows - 1](tile);
      continue;
    }
    if (tile_rows + rows > most_rows) {
      finish_tile(run, tile_row, tile_rows, column, columns);
      tile_rows = 0;
    }
    if (tile_rows == 0) tile_row = row;
    fetch_for_epilogue(run, row, rows, column, columns);
    tile->to = run->tile + tile_rows * columns * bytes;
    tile->to_stride = columns;
    kernel[rows - 1](tile);
    tile_rows += rows;
  }
  if (tile_rows > 0) finish_tile(run, tile_row, tile_rows, column, columns);
}

/// All panels of a block times the tiles `from` to `to` of its rows, which together stay in L2.
static void run_rows(const run *run, const block *block, const cut *cut, int64_t from, int64_t to) {
  const ck_gemm *gemm = run->gemm;
  const ck_gemm_plan *plan = run->plan;
  const ck_gemm_kernels *kernels = run->kernels;
  const int64_t bytes = kernels->bytes;
  ck_gemm_tile tile = {.k = block->depth};
  bool pack_left = true;
  for (int64_t offset = 0; offset < block->columns;) {
    int64_t columns = least(kernels->columns, block->columns - offset);
    const bool narrow = columns <= kernels->lanes;
    const ck_gemm_tile_fn *kernel = narrow ? kernels->narrow[plan->left] : kernels->panel[plan->left];
    const int64_t width = narrow ? kernels->lanes : kernels->columns, column = block->column + offset;
    const char *right = run->right + (block->k * gemm->right_row + column * gemm->right_column) * bytes;
    if (plan->right == CK_RIGHT_IN_PLACE) {
      if (gemm->m == 1 && plan->left == CK_LEFT_ROWS && block->columns - offset >= kernels->wide_columns) {
        columns = kernels->wide_columns;
        kernel = &kernels->wide;
      }
      if (columns >= width) {
        tile.right = right;
        tile.right_stride = gemm->right_row;
      } else {
        if (block->pack_right) {
          kernels->pack_right(run->right_panels, width, right, gemm->right_row, 1, block->depth, columns);
        }
        tile.right = run->right_panels;
        tile.right_stride = width;
      }
    } else {
      char *panel = block->panels + offset * block->depth * bytes;
      if (block->pack_right && from == 0) {
        kernels->pack_right(panel, width, right, gemm->right_row, gemm->right_column, block->depth, columns);
      }
      tile.right = panel;
      tile.right_stride = width;
    }
    tile.columns = columns;
    const bool fetch = block->pack_right && from == 0 && gemm->right_column == 1 && offset + columns < block->columns;
    run_panel(run, block, cut, from, to, column, columns, &tile, kernel, pack_left,
              fetch ? right + columns * bytes : NULL);
    pack_left = false;
    offset += columns;
  }
}

/// Whether to go through a block row by row rather than panel by panel. An epilogue reads and writes memory of the
/// result's shape: the processor foresees whole rows of it, which need not be copied either, but not columns of panels.
/// And the panels can wait in L2 where all of them fit.
static bool prefers_rows(const run *run, const block *block) {
  const int64_t panel_bytes = block->columns * block->depth * run->kernels->bytes;
  return run->gemm->epilogue != NULL && block->last && run->plan->right != CK_RIGHT_IN_PLACE &&
         block->columns > run->kernels->columns && panel_bytes <= waiting_panels;
}

/// As run_rows, with all panels for one tile of rows before the next.
static void run_whole_rows(const run *run, const block *block, const cut *cut, int64_t from, int64_t to) {
  const ck_gemm *gemm = run->gemm;
  const ck_gemm_plan *plan = run->plan;
  const ck_gemm_kernels *kernels = run->kernels;
  const int64_t bytes = kernels->bytes;
  if (block->pack_right && from == 0) {
    for (int64_t offset = 0; offset < block->columns; offset += kernels->columns) {
      const int64_t columns = least(kernels->columns, block->columns - offset);
      const char *right = run->right + (block->k * gemm->right_row + (block->column + offset) * gemm->right_column) * bytes;
      kernels->pack_right(block->panels + offset * block->depth * bytes,
                          columns <= kernels->lanes ? kernels->lanes : kernels->columns, right, gemm->right_row,
                          gemm->right_column, block->depth, columns);
    }
  }
  // As many panels at once as the tile holds, in groups of nearly equal width.
  const int64_t panels = (block->columns + kernels->columns - 1) / kernels->columns;
  const int64_t most = CK_GEMM_TILE_ELEMENTS / kernels->rows / kernels->columns;
  const int64_t groups = (panels + most - 1) / most;
  ck_gemm_tile tile = {.k = block->depth};
  for (int64_t index = from; index < to; index++) {
    const int64_t offset = cut_start(cut, index), rows = cut->height + (index < cut->taller);
    const int64_t row = block->row + offset;
    tile.left = run->left + (row * gemm->left_row + block->k * gemm->left_column) * bytes;
    tile.left_stride = plan->left == CK_LEFT_ROWS ? gemm->left_row : gemm->left_column;
    if (plan->pack_left) {
      pack_left_tile(run, run->left_tiles, row, rows, block->k, block->depth);
      tile.left = run->left_tiles;
      tile.left_stride = plan->left == CK_LEFT_ROWS ? plan->left_pitch : rows;
    }
    for (int64_t group = 0; group < groups; group++) {
      const int64_t start = panels * group / groups * kernels->columns;
      const int64_t end = least(block->columns, panels * (group + 1) / groups * kernels->columns);
      for (int64_t column = start; column < end; column += kernels->columns) {
        const int64_t columns = least(kernels->columns, end - column);
        const bool narrow = columns <= kernels->lanes;
        tile.columns = columns;
        tile.right = block->panels + column * block->depth * bytes;
        tile.right_stride = narrow ? kernels->lanes : kernels->columns;
        tile.ahead = tile.right;
        tile.from = block->first ? NULL : block->sums + (offset * block->sums_stride + column) * bytes;
        tile.from_stride = block->sums_stride;
        tile.to = run->tile + (column - start) * bytes;
        tile.to_stride = end - start;
        (narrow ? kernels->narrow : kernels->panel)[plan->left][rows - 1](&tile);
      }
      finish_tile(run, row, rows, block->column + start, end - start);
    }
  }
}

/// The rectangle of the result that belongs to one part, for one batch.
static void run_rectangle(const run *run, int64_t first_row, int64_t end_row, int64_t first_column,
                          int64_t end_column) {
  const ck_gemm *gemm = run->gemm;
  const ck_gemm_plan *plan = run->plan;
  const ck_gemm_kernels *kernels = run->kernels;
  const int64_t bytes = kernels->bytes;
  for (int64_t column = first_column; column < end_column; column += plan->columns) {
    for (int64_t row = first_row; row < end_row; row += plan->rows) {
      block block = {.row = row, .column = column};
      block.rows = least(plan->rows, end_row - row);
      block.columns = least(plan->columns, end_column - column);
      if (plan->partial_tiles) {
        block.sums = run->sums;
        block.sums_stride = plan->columns;
      } else if (run->out != NULL) {
        block.sums = run->out + (row * gemm->out_row + column) * bytes;
        block.sums_stride = gemm->out_row;
      }
      const cut cut = cut_rows(block.rows, kernels->rows);
      const int64_t tiles = plan->left_rows / kernels->rows, chunks = cut.count <= tiles ? 1
                                                                     : (cut.count + tiles - 1) / tiles;
      do {
        block.depth = least(plan->depth, gemm->k - block.k);
        block.first = block.k == 0;
        block.last = block.k + block.depth >= gemm->k;
        block.pack_right = true;
        block.panels = run->right_panels;
        if (plan->right == CK_RIGHT_SHARED) {
          block.panels += (plan->vectors * kernels->lanes * block.k + column * block.depth) * bytes;
          block.pack_right = false;
        }
        for (int64_t chunk = 0; chunk < chunks; chunk++) {
          (prefers_rows(run, &block) ? run_whole_rows : run_rows)(run, &block, &cut, cut.count * chunk / chunks,
                                                                  cut.count * (chunk + 1) / chunks);
        }
        block.k += block.depth;
      } while (block.k < gemm->k);
    }
  }
}

/// This part's share of the panels that the whole team uses; all blocks of k. Only products of one batch have such.
static void pack_shared(const run *run, const ck_team *team) {
  const ck_gemm *gemm = run->gemm;
  const ck_gemm_plan *plan = run->plan;
  const ck_gemm_kernels *kernels = run->kernels;
  const int64_t bytes = kernels->bytes, padded = plan->vectors * kernels->lanes;
  const int64_t panels = (padded + kernels->columns - 1) / kernels->columns;
  const int64_t blocks = plan->depth == 0 ? 0 : (gemm->k + plan->depth - 1) / plan->depth;
  const int64_t units = panels * blocks;
  const int64_t end = units * (team->part + 1) / team->parts;
  for (int64_t unit = units * team->part / team->parts; unit < end; unit++) {
    const int64_t k = unit / panels * plan->depth, column = unit % panels * kernels->columns;
    const int64_t depth = least(plan->depth, gemm->k - k), columns = least(kernels->columns, gemm->n - column);
    const int64_t width = columns <= kernels->lanes ? kernels->lanes : kernels->columns;
    kernels->pack_right(run->right_panels + (padded * k + column * depth) * bytes, width,
                        run->right + (k * gemm->right_row + column * gemm->right_column) * bytes, gemm->right_row,
                        gemm->right_column, depth, columns);
  }
}

// ---------------------------------------------------------------- matrix times vector

/// Elements [first, end) of the one column, or of the one row, of the result.
static void run_dots(const run *run, int64_t first, int64_t end) {
  const ck_gemm *gemm = run->gemm;
  const ck_gemm_kernels *kernels = run->kernels;
  const int64_t bytes = kernels->bytes;
  const bool one_column = run->plan->dot_rows;
  const char *matrix = one_column ? run->left : run->right, *vector = one_column ? run->right : run->left;
  const int64_t stride = one_column ? gemm->left_row : gemm->right_column;
  const int64_t vector_stride = one_column ? gemm->right_row : gemm->left_column;
  const int64_t out_stride = one_column ? gemm->out_row : 1;
  if (vector_stride != 1) {
    kernels->pack_left[CK_LEFT_ROWS](run->right_panels, gemm->k, vector, 0, vector_stride, 1, gemm->k, 1);
    vector = run->right_panels;
  }
  const bool through_tile = gemm->epilogue != NULL;
  while (first < end) {
    const int64_t count = through_tile ? least(end - first, epilogue_elements) : end - first;
    char *to = through_tile ? run->tile : run->out + first * out_stride * bytes;
    const int64_t to_stride = through_tile ? 1 : out_stride;
    for (int64_t i = 0; i < count; i += CK_GEMM_DOT_ROWS) {
      kernels->dot(to + i * to_stride * bytes, to_stride, matrix + (first + i) * stride * bytes, stride, vector,
                   least(CK_GEMM_DOT_ROWS, count - i), gemm->k);
    }
    if (through_tile) {
      if (one_column) {
        finish_tile(run, first, count, 0, 1);
      } else {
        finish_tile(run, 0, 1, first, count);
      }
    }
    first += count;
  }
}

// ---------------------------------------------------------------- one part

bool ck_gemm_packs_first(const ck_gemm *given, int32_t parts) {
  if (parts < 2 || given->batch <= 0 || given->m <= 0 || given->n <= 0) return false;
  ck_gemm turned;
  return ck_gemm_plan_make(ck_gemm_turned(given, &turned) ? &turned : given, parts).right == CK_RIGHT_SHARED;
}

/// Where the panels are that the whole team uses.
static char *shared_panels(const ck_gemm *gemm, char *const *buffers, void *scratch) {
  return gemm->panels >= 0 ? buffers[gemm->panels] + gemm->panels_offset : scratch;
}

void ck_gemm_pack(const ck_gemm *given, char *const *buffers, void *scratch, const ck_team *team) {
  ck_gemm turned;
  const ck_gemm *gemm = ck_gemm_turned(given, &turned) ? &turned : given;
  const ck_gemm_plan plan = ck_gemm_plan_make(gemm, team->parts);
  const run run = {.gemm = gemm, .plan = &plan, .kernels = plan.kernels,
                   .right_panels = shared_panels(gemm, buffers, scratch),
                   .right = buffers[gemm->right] + gemm->right_offset};
  pack_shared(&run, team);
}

void ck_gemm_run(const ck_gemm *given, char *const *buffers, void *scratch, size_t epilogue_scratch,
                 const ck_team *team, ck_status *status) {
  if (given->batch <= 0 || given->m <= 0 || given->n <= 0) return;
  if (given->out < 0 && given->epilogue == NULL) return;
  ck_gemm turned;
  const bool is_turned = ck_gemm_turned(given, &turned);
  const ck_gemm *gemm = is_turned ? &turned : given;
  const ck_gemm_plan plan = ck_gemm_plan_make(gemm, team->parts);
  const ck_gemm_kernels *kernels = plan.kernels;

  run run = {.gemm = gemm, .plan = &plan, .kernels = kernels, .buffers = buffers, .status = status,
             .turned = is_turned};
  const size_t epilogue = (epilogue_scratch + 63) / 64 * 64;
  char *own = (char *)scratch + plan.shared_right + (size_t)team->part * (ck_gemm_own_bytes(&plan) + epilogue);
  run.right_panels = plan.right == CK_RIGHT_SHARED ? shared_panels(gemm, buffers, scratch) : own;
  own += plan.own_right;
  run.left_tiles = own;
  own += plan.own_left;
  run.sums = own;
  own += plan.own_sums;
  run.tile = own;
  own += plan.own_tile;
  run.epilogue_scratch = own;

  // This part's cell of the grid. Columns are split between vectors.
  int64_t first_batch = 0, end_batch = gemm->batch, first_row = 0, end_row = gemm->m;
  int64_t first_column = 0, end_column = gemm->n;
  if (team->parts > 1) {
    const int32_t cells = plan.row_parts * plan.column_parts, cell = team->part % cells;
    const int32_t batch_part = team->part / cells;
    const int32_t row_part = cell / plan.column_parts, column_part = cell % plan.column_parts;
    first_batch = gemm->batch * batch_part / plan.batch_parts;
    end_batch = gemm->batch * (batch_part + 1) / plan.batch_parts;
    first_row = gemm->m * row_part / plan.row_parts;
    end_row = gemm->m * (row_part + 1) / plan.row_parts;
    first_column = plan.vectors * column_part / plan.column_parts * kernels->lanes;
    end_column = least(gemm->n, plan.vectors * (column_part + 1) / plan.column_parts * kernels->lanes);
  }

  for (run.batch = first_batch; run.batch < end_batch; run.batch++) {
    run.left = buffers[gemm->left] + gemm->left_offset + run.batch * gemm->left_batch * kernels->bytes;
    run.right = buffers[gemm->right] + gemm->right_offset + run.batch * gemm->right_batch * kernels->bytes;
    run.out = gemm->out < 0 ? NULL
                            : buffers[gemm->out] + gemm->out_offset + run.batch * gemm->out_batch * kernels->bytes;
    if (first_row >= end_row || first_column >= end_column) continue;
    if (plan.method == CK_GEMM_TILES) {
      run_rectangle(&run, first_row, end_row, first_column, end_column);
    } else if (plan.dot_rows) {
      run_dots(&run, first_row, end_row);
    } else {
      run_dots(&run, first_column, end_column);
    }
  }
}
