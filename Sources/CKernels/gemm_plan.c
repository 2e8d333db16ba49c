// The decisions of gemm_plan.h, and the two questions of the interface that need nothing else.
#include "gemm_plan.h"

// Tuned on Zen 3 (32 KiB L1, 0.5 and 1 MiB L2); not sensitive to a factor of two.
#ifndef CK_GEMM_DEPTH_BYTES
#define CK_GEMM_DEPTH_BYTES (1024 * 4)       // one column's elements in a block of k
#endif
#ifndef CK_GEMM_LEFT_BYTES
#define CK_GEMM_LEFT_BYTES (192 * 1024)      // a block of the left operand stays in L2 beside a panel of the right
#endif
enum {
  line = 64,
  right_bytes = 2 * 1024 * 1024,     // a part's packed block of the right operand
  shared_bytes = 4 * 1024 * 1024,    // the most that a team packs together
  sum_rows = 256,                    // rows whose partial sums are kept in scratch memory
  way_bytes = 4096,                  // addresses this far apart fall into the same set of L1 ...
  ways = 8,                          // ... which holds this many lines of it
};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }
static int64_t ceiling(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }
static size_t lines(int64_t bytes) { return (size_t)up(bytes, line); }

bool ck_gemm_turned(const ck_gemm *gemm, ck_gemm *turned) {
  if (gemm->patches != NULL || gemm->n != 1 || gemm->m == 1 || gemm->left_row != 1 || (gemm->out >= 0 && gemm->out_row != 1)) return false;
  *turned = *gemm;
  turned->m = 1;
  turned->n = gemm->m;
  turned->left = gemm->right;
  turned->left_offset = gemm->right_offset;
  turned->left_batch = gemm->right_batch;
  turned->left_row = 1;
  turned->left_column = gemm->right_row;
  turned->right = gemm->left;
  turned->right_offset = gemm->left_offset;
  turned->right_batch = gemm->left_batch;
  turned->right_row = gemm->left_column;
  turned->right_column = 1;
  return true;
}

// ---------------------------------------------------------------- splitting

/// Costs are counted in multiplications of a vector (about half a cycle).
enum {
  cost_of_copy = 2,            // packing a vector of the right operand
  cost_of_transposition = 5,
  cost_of_hand_over = 2000,
  least_rows = 4,              // a tile of fewer rows waits for its own sums
  cost_of_torn_row = 8,        // an epilogue reads and writes whole rows fastest
};

/// Chooses the grid for `parts`: the one whose busiest part has the least to do.
static void choose_grid(const ck_gemm *gemm, ck_gemm_plan *plan, int32_t parts) {
  const ck_gemm_kernels *kernels = plan->kernels;
  const int64_t pack = gemm->right_column == 1 ? cost_of_copy : cost_of_transposition;
  const int64_t packed = up(plan->vectors * kernels->lanes, kernels->columns) * gemm->k * kernels->bytes;
  double best = -1;
  for (int32_t batches = 1; batches <= parts; batches++) {
    if (parts % batches != 0 || batches > most(gemm->batch, 1)) continue;
    const int32_t cells = parts / batches;
    for (int32_t rows = 1; rows <= cells; rows++) {
      if (cells % rows != 0) continue;
      const int32_t columns = cells / rows;
      const int64_t part_rows = ceiling(gemm->m, rows), part_vectors = ceiling(plan->vectors, columns);
      const int64_t blocks = ceiling(part_rows, kernels->rows);
      const double each = (double)ceiling(gemm->batch, batches) * (double)gemm->k;
      double cost = each * (double)part_vectors * (double)most(part_rows, least_rows * blocks);
      // Each part packs the patches of its rows.
      if (gemm->patches != NULL) cost += each * (double)part_rows * cost_of_copy / kernels->lanes;
      if (gemm->epilogue != NULL) {
        cost += (double)ceiling(gemm->batch, batches) * (double)part_rows * (columns - 1) * cost_of_torn_row;
      }
      ck_gemm_right right = CK_RIGHT_OWN;
      if (plan->method == CK_GEMM_TILES) {
        if (gemm->panels >= 0) {
          right = CK_RIGHT_SHARED;
        } else if (gemm->right_column == 1 && blocks <= 1) {
          right = CK_RIGHT_IN_PLACE;
        } else {
          const double own = each * (double)part_vectors * (double)pack;
          const double shared = each * (double)plan->vectors * (double)pack / rows + cost_of_hand_over;
          if (batches == 1 && columns == 1 && rows > 1 && gemm->batch == 1 && packed <= shared_bytes && shared < own) {
            right = CK_RIGHT_SHARED;
          }
          cost += right == CK_RIGHT_SHARED ? shared : own;
        }
      }
      if (best < 0 || cost < best) {
        best = cost;
        plan->batch_parts = batches;
        plan->row_parts = rows;
        plan->column_parts = columns;
        plan->right = right;
      }
    }
  }
}

// ---------------------------------------------------------------- the left operand

/// Whether the rows of a tile, read side by side, push one another out of L1.
static bool rows_collide(int64_t stride_bytes, int64_t rows) {
  if (stride_bytes < 0) stride_bytes = -stride_bytes;
  if (stride_bytes == 0) return false;
  const int64_t power = stride_bytes & -stride_bytes;
  return power > line && rows * power > way_bytes * ways / 2;
}

static void choose_left(const ck_gemm *gemm, ck_gemm_plan *plan, int64_t part_columns) {
  const int64_t bytes = plan->kernels->bytes, rows = least(gemm->m, plan->kernels->rows);
  if (gemm->patches != NULL) {
    // A row per patch, unless it is the rows of a patch that lie side by side.
    const ck_patches *patches = gemm->patches;
    const bool has_columns = patches->column_stride[patches->column_rank - 1] != 1 &&
                             patches->row_stride[patches->row_rank - 1] == 1;
    plan->left = has_columns ? CK_LEFT_COLUMNS : CK_LEFT_ROWS;
    plan->pack_left = true;
  } else if (gemm->left_column == 1 || rows == 1) {
    plan->left = CK_LEFT_ROWS;
    plan->pack_left = gemm->left_column != 1 || rows_collide(gemm->left_row * bytes, rows);
  } else if (gemm->left_row == 1) {
    // Read in place, each step of k touches a line or two of its own, most of which belong to other tiles.
    plan->left = CK_LEFT_COLUMNS;
    plan->pack_left = part_columns > 4 * plan->kernels->columns ||
                      (gemm->k > 16 && rows_collide(gemm->left_column * bytes, least(gemm->k, plan->depth)));
  } else {
    plan->left = CK_LEFT_ROWS;
    plan->pack_left = true;
  }
  // An odd number of lines between the rows spreads them over the sets of the cache.
  plan->left_pitch = (ceiling(plan->depth * bytes, line) | 1) * line / bytes;
  plan->left_block = (int64_t)lines(plan->kernels->rows * plan->left_pitch * bytes + plan->kernels->lanes * bytes);
}

// ---------------------------------------------------------------- the plan

/// Bytes of the whole right operand in panels.
static size_t all_panels(const ck_gemm *gemm, const ck_gemm_plan *plan) {
  return lines(plan->vectors * plan->kernels->lanes * gemm->k * plan->kernels->bytes);
}

ck_gemm_plan ck_gemm_plan_make(const ck_gemm *gemm, int32_t parts) {
  const ck_gemm_kernels *kernels = ck_gemm_kernels_for(gemm->type, gemm->isa);
  ck_gemm_plan plan = {.kernels = kernels, .batch_parts = 1, .row_parts = 1, .column_parts = 1};
  const int64_t bytes = kernels->bytes;
  const bool tile = gemm->epilogue != NULL;
  plan.vectors = ceiling(gemm->n, kernels->lanes);

  // A matrix with adjacent rows times a vector: panels of one column would waste all lanes but one.
  plan.dot_rows = gemm->n == 1 && gemm->left_column == 1 && gemm->patches == NULL;
  if (plan.dot_rows || (gemm->patches == NULL && gemm->m == 1 && gemm->right_row == 1 && gemm->right_column != 1)) {
    plan.method = CK_GEMM_DOTS;
    if (parts > 1) choose_grid(gemm, &plan, parts);
    const int64_t stride = plan.dot_rows ? gemm->right_row : gemm->left_column;
    plan.own_right = stride == 1 ? 0 : lines(gemm->k * bytes);
    plan.own_tile = tile ? lines(CK_GEMM_TILE_ELEMENTS * bytes) : 0;
    return plan;
  }

  if (parts > 1) {
    choose_grid(gemm, &plan, parts);
  } else if (gemm->panels >= 0) {
    plan.right = CK_RIGHT_SHARED;
  } else {
    plan.right = gemm->right_column == 1 && gemm->m <= kernels->rows ? CK_RIGHT_IN_PLACE : CK_RIGHT_OWN;
  }
  const int64_t part_rows = ceiling(gemm->m, plan.row_parts);
  const int64_t part_columns = ceiling(plan.vectors, plan.column_parts) * kernels->lanes;

  // Blocks of k of equal length, the last one a little shorter.
  const int64_t depth = CK_GEMM_DEPTH_BYTES / bytes, blocks = gemm->k <= depth ? 1 : ceiling(gemm->k, depth);
  plan.depth = blocks == 1 ? gemm->k : up(ceiling(gemm->k, blocks), 8);
  plan.partial_tiles = blocks > 1 && gemm->out < 0;
  plan.rows = plan.partial_tiles ? least(part_rows, sum_rows) : part_rows;
  const int64_t panels = most(1, right_bytes / (most(plan.depth, 1) * bytes * kernels->columns));
  plan.columns = least(part_columns, panels * kernels->columns);
  choose_left(gemm, &plan, part_columns);
  const int64_t tiles = most(1, CK_GEMM_LEFT_BYTES / (most(plan.depth, 1) * bytes * kernels->rows));
  plan.left_rows = tiles * kernels->rows;

  const int64_t left_tiles = least(tiles, ceiling(part_rows, kernels->rows));
  if (plan.right == CK_RIGHT_SHARED) {
    plan.shared_right = gemm->panels >= 0 ? 0 : all_panels(gemm, &plan);
  } else {
    plan.own_right = lines((plan.right == CK_RIGHT_OWN ? plan.columns : kernels->columns) * plan.depth * bytes);
  }
  plan.own_left = plan.pack_left ? (size_t)(left_tiles * plan.left_block) : 0;
  plan.own_sums = plan.partial_tiles ? lines(plan.rows * plan.columns * bytes) : 0;
  plan.own_tile = tile ? lines((CK_GEMM_TILE_ELEMENTS + kernels->columns) * bytes) : 0;
  return plan;
}

size_t ck_gemm_panel_bytes(const ck_gemm *gemm) {
  ck_gemm turned;
  if (gemm->batch != 1 || gemm->m <= 0 || gemm->n <= 0 || ck_gemm_turned(gemm, &turned)) return 0;
  const ck_gemm_plan plan = ck_gemm_plan_make(gemm, 1);
  if (plan.method != CK_GEMM_TILES || plan.right == CK_RIGHT_IN_PLACE) return 0;
  return all_panels(gemm, &plan);
}

size_t ck_gemm_scratch_bytes(const ck_gemm *gemm, int32_t parts, size_t epilogue_scratch) {
  ck_gemm turned;
  const ck_gemm_plan plan = ck_gemm_plan_make(ck_gemm_turned(gemm, &turned) ? &turned : gemm, parts);
  const size_t epilogue = (epilogue_scratch + line - 1) / line * line;
  return plan.shared_right + (size_t)parts * (ck_gemm_own_bytes(&plan) + epilogue);
}

int32_t ck_gemm_parts(const ck_gemm *gemm, int32_t threads) {
  // Nanoseconds of one thread, roughly: the multiplications, or the memory that has to be read for them.
  const ck_gemm_kernels *kernels = ck_gemm_kernels_for(gemm->type, gemm->isa);
  const double products = (double)gemm->batch * (double)gemm->m * (double)gemm->n * (double)gemm->k;
  const double read = (double)gemm->batch * (double)gemm->k * (double)most(gemm->m, gemm->n);
  const bool integers = gemm->type == CK_I32 || gemm->type == CK_I64;
  const double rate = (integers ? 1.0 : 6.0) * least(kernels->lanes, 8), bandwidth = 24;
  const double time = products / rate > read * kernels->bytes / bandwidth ? products / rate
                                                                           : read * kernels->bytes / bandwidth;
  // A hand-over costs up to a microsecond; below this much work for each part it is not worth it.
  const double worth = 1800;
  if (threads < 2 || time < 2 * worth) return 1;
  return time / worth > threads ? threads : (int32_t)(time / worth);
}
