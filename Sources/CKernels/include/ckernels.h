// The kernels of the CPU device: what Swift cannot express well, because it needs a CPU's vector
// instructions and their run-time choice. Knows nothing of graphs, programs or plans: it runs descriptors
// (`ck_loop`, `ck_gemm`, ...) that the planner in module `CPU` fills in once and that never change afterwards.
//
// All memory is named by its index in a table of buffers, so that one descriptor serves any number of
// concurrent runs, each with a table of its own. Nothing here allocates, locks or aborts.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------- element types

typedef enum {
  CK_F32 = 0, CK_F64, CK_I32, CK_I64, CK_BOOL, CK_U8, CK_I8, CK_I16, CK_U16, CK_U32, CK_U64,
  CK_TYPE_COUNT
} ck_type;

/// Bytes of one element.
size_t ck_type_size(ck_type type);

// ---------------------------------------------------------------- instruction sets

typedef enum { CK_PORTABLE = 0, CK_NEON, CK_AVX2, CK_AVX512 } ck_isa;

/// The best instruction set that this machine and this build have.
ck_isa ck_best_isa(void);
/// Whether kernels of `isa` are built in and can run on this machine.
bool ck_isa_available(ck_isa isa);
const char *ck_isa_name(ck_isa isa);

// ---------------------------------------------------------------- failures found in the data

typedef enum {
  CK_OK = 0,
  CK_DIVISION_BY_ZERO,      ///< an integer division or remainder by zero
  CK_INDEX_OUT_OF_RANGE,    ///< gather or scatter: `detail` holds the first bad index
} ck_error;

/// What a kernel reports; one per run, written only on a mistake (the first one of a thread wins).
typedef struct { int32_t error; int32_t reserved; int64_t detail; } ck_status;

// ---------------------------------------------------------------- threads

/// The processors that the operating system lets this process use; limits such as `taskset` count. At least 1.
int32_t ck_processor_count(void);

/// A small persistent team of threads; part 0 runs on the calling thread.
typedef struct ck_pool ck_pool;

/// What a kernel knows of the team that runs it. A kernel is split statically by `part` of `parts`.
typedef struct ck_team { int32_t part, parts; } ck_team;

/// A team of one, for kernels that stay on the calling thread.
extern const ck_team ck_solo;

/// Makes a pool of `threads` threads in all (the caller's included); NULL where none can be made.
ck_pool *ck_pool_create(int32_t threads);
void ck_pool_destroy(ck_pool *pool);
int32_t ck_pool_threads(const ck_pool *pool);
/// Takes the pool for the calling thread; false (at once) where another thread holds it. A holder releases it.
/// While it is held the helpers spin for work, so that a hand-over costs well under a microsecond;
/// after the release they spin briefly and then sleep.
bool ck_pool_try_acquire(ck_pool *pool);
void ck_pool_release(ck_pool *pool);
/// Runs `work(context, team)` once for each part of `parts` (at most the pool's threads) and returns when all are done.
/// The caller must hold the pool. Parts must not wait for one another: those that no helper has begun when the caller has
/// done its own are the caller's too, so that a helper which does not get to run on a busy machine holds nothing up.
void ck_pool_run(ck_pool *pool, int32_t parts, void (*work)(void *context, const ck_team *team), void *context);

// ---------------------------------------------------------------- scalar functions on vectors

typedef enum {
  // unary: d[i] = f(a[i])
  CK_COPY = 0, CK_NEG, CK_ABS, CK_SIGN, CK_EXP, CK_EXPM1, CK_LOG, CK_LOG1P, CK_LOGISTIC, CK_SQRT, CK_RSQRT,
  CK_TANH, CK_SIN, CK_COS, CK_TAN, CK_FLOOR, CK_CEIL, CK_ROUND_EVEN, CK_NOT, CK_IS_FINITE /* to bool */, CK_ERF,
  // binary: d[i] = f(a[i], b[i])
  CK_ADD, CK_SUB, CK_MUL, CK_DIV, CK_MAX, CK_MIN, CK_POW, CK_REM, CK_ATAN2, CK_AND, CK_OR, CK_XOR,
  // comparisons, to bool (one byte, 0 or 1)
  CK_EQ, CK_NE, CK_LT, CK_LE, CK_GT, CK_GE,
  // ternary: d[i] = a[i] ? b[i] : c[i], a bool
  CK_SELECT,
  CK_OP_COUNT
} ck_op;

/// One vector function: `n` >= 0 elements; an operand read as a scalar points at one element.
/// `d` may be equal to an operand that is read as a vector, but must not overlap one partly. No alignment is needed.
typedef void (*ck_vector_fn)(void *d, const void *a, const void *b, const void *c, int64_t n, ck_status *status);

/// Which operands are read as scalars (one element for all `n`): bit 0 `a`, bit 1 `b`, bit 2 `c`.
/// Not all operands may be scalars at once. Unary functions have form 0 only.
typedef uint32_t ck_form;
enum { CK_VECTOR = 0, CK_SCALAR_A = 1, CK_SCALAR_B = 2, CK_SCALAR_C = 4 };

/// The function for operands of `type` (for CK_SELECT: of b and c), or NULL where there is none.
ck_vector_fn ck_function(ck_isa isa, ck_op op, ck_type type, ck_form form);
/// Conversion as in XLA and C: float to integer truncates and saturates, NaN to 0; to bool is `!= 0`.
ck_vector_fn ck_conversion(ck_isa isa, ck_type from, ck_type to);

// ---------------------------------------------------------------- loops

// A loop runs a short straight-line code over an iteration space of up to CK_DIMS dimensions, block by block.
// A block is a rectangle of the last two dimensions that holds at most `block` elements, small enough for its
// registers to stay in L1. Every operand that is not contiguous over a block is first copied into a register
// (and every such result copied out of one), so the code sees contiguous vectors only.

enum { CK_DIMS = 6 };

typedef enum {
  CK_READ = 0,      ///< an operand
  CK_WRITE,         ///< a result, one element for each point of the iteration space
  CK_REDUCE_SUM, CK_REDUCE_PRODUCT, CK_REDUCE_MAX, CK_REDUCE_MIN, CK_REDUCE_AND, CK_REDUCE_OR,
  ///< a result combined over the dimensions where its stride is 0; its elements start at the neutral value
} ck_access_kind;

/// How one slot of the code lies in memory.
typedef struct {
  int32_t kind;              ///< ck_access_kind
  int32_t type;              ///< ck_type
  int32_t slot;              ///< the code's slot that is read into or written from
  int32_t buffer;            ///< index into the table of buffers
  int64_t offset;            ///< bytes from the buffer's start to the point (0, ..., 0)
  int64_t stride[CK_DIMS];   ///< elements per step of each dimension; 0 broadcasts (or reduces); may be negative
} ck_access;

/// One step of the code. Slots hold vectors of the block's length, or scalars where `fn` has that form.
typedef struct { ck_vector_fn fn; int32_t d, a, b, c; } ck_instruction;

typedef struct {
  int32_t rank;                  ///< 1 to CK_DIMS; unit dimensions are allowed
  int64_t extent[CK_DIMS];       ///< outermost first; any may be 0
  int32_t block;                 ///< elements of a block, a multiple of 64
  int32_t slot_count;            ///< slots of the code
  const int32_t *slot_register;  ///< for each slot the register that holds it where memory cannot, or -1
  int32_t register_count;        ///< registers of `block` elements of 8 bytes each (less for smaller types is fine)
  int32_t access_count;
  const ck_access *access;       ///< reads before writes and reductions
  int32_t code_count;
  const ck_instruction *code;
  int32_t split;                 ///< the dimension along which a team divides the work
  int32_t tile_slot;             ///< in an epilogue: the slot that holds the product's tile; else -1
} ck_loop;

/// Bytes of scratch memory that one part of a team needs to run this loop.
size_t ck_loop_scratch_bytes(const ck_loop *loop);
/// Checks and classifies nothing at run time that could be classified before: `prepare` is called once by the
/// planner with room for `ck_loop_prepared_bytes` bytes (64-byte aligned) and fills it with what the runs need
/// (which accesses are scalars, contiguous, rows, ...). It holds no pointers into any run's memory.
size_t ck_loop_prepared_bytes(const ck_loop *loop);
void ck_loop_prepare(const ck_loop *loop, void *prepared);

/// Runs one part of the loop. `prepared` from ck_loop_prepare; `scratch` is this part's own.
void ck_loop_run(const void *prepared, char *const *buffers, void *scratch, const ck_team *team, ck_status *status);

/// Runs a loop that is the epilogue of a product on one tile of it: rows [row, row+rows) and columns
/// [column, column+columns) of the last two dimensions, at the point `outer` of the dimensions before them.
/// `tile` holds the tile's rows one after the other, in elements of `size` bytes, and may be overwritten. Reductions are
/// not allowed here.
void ck_loop_run_tile(const void *prepared, char *const *buffers, void *scratch, const int64_t *outer, int64_t row,
                      int64_t rows, int64_t column, int64_t columns, void *tile, int64_t size, ck_status *status);

/// Asks for the memory that ck_loop_run_tile will read and write for a rectangle to be brought into L2. Nothing waits.
void ck_loop_fetch_tile(const void *prepared, char *const *buffers, const int64_t *outer, int64_t row, int64_t rows,
                        int64_t column, int64_t columns);

// ---------------------------------------------------------------- matrix product

enum { CK_PATCH_DIMS = 4 };

/// The left operand of a product where it is not a matrix in memory but patches of an image: element (i, k) lies at the
/// sum of the digits of i times `row_stride` and the digits of k times `column_stride`, in elements. Digits are those of
/// a number whose places count to `row_extent` (`column_extent`), the last the fastest. Nothing lies outside the image:
/// the planner pads it before.
typedef struct {
  int32_t row_rank, column_rank;      ///< 1 to CK_PATCH_DIMS
  int64_t row_extent[CK_PATCH_DIMS], row_stride[CK_PATCH_DIMS];
  int64_t column_extent[CK_PATCH_DIMS], column_stride[CK_PATCH_DIMS];
} ck_patches;

/// out[b, i, j] = sum over k of left[b, i, k] * right[b, k, j], then the epilogue on each tile.
typedef struct {
  int32_t type;                       ///< CK_F32, CK_F64; CK_I32 and CK_I64 run on portable kernels
  int32_t isa;                        ///< ck_isa of the kernels to use
  int64_t batch, m, n, k;             ///< any may be 0; k == 0 gives zeros
  int32_t left, right, out;           ///< buffers; out is -1 where only the epilogue writes
  int64_t left_offset, right_offset, out_offset;   ///< bytes
  int64_t left_batch, left_row, left_column;       ///< strides in elements (row: per i, column: per k); any sign
  int64_t right_batch, right_row, right_column;    ///< strides in elements (row: per k, column: per j)
  int64_t out_batch, out_row;                      ///< strides in elements; the columns of `out` are adjacent
  const ck_patches *patches;          ///< how the left operand lies instead of left_row and left_column, or NULL
  int32_t panels;                     ///< the buffer that holds the right operand packed by ck_gemm_pack, or -1
  int64_t panels_offset;              ///< bytes
  const void *epilogue;               ///< prepared ck_loop (its tile_slot >= 0), or NULL
  int32_t epilogue_rank;              ///< dimensions of the epilogue's iteration space: 2, or 3 with the batch in front
} ck_gemm;

/// Bytes of scratch memory (packed panels, tiles) shared by all parts of a team of `parts`, the epilogue's
/// own scratch (`epilogue_scratch` bytes for each part) included.
size_t ck_gemm_scratch_bytes(const ck_gemm *gemm, int32_t parts, size_t epilogue_scratch);
/// The number of parts up to `threads` that is worth its hand-over for this size.
int32_t ck_gemm_parts(const ck_gemm *gemm, int32_t threads);
/// Whether a team of `parts` is to pack the right operand before, each part its share: ck_gemm_pack.
bool ck_gemm_packs_first(const ck_gemm *gemm, int32_t parts);
/// Bytes of memory for the packed right operand, for a product that is run several times with the same one: `panels` then
/// says where it is, for any number of parts. 0 where the product reads it as it is.
size_t ck_gemm_panel_bytes(const ck_gemm *gemm);
/// Packs a part's share: to `panels` where there is such memory, else to `scratch`.
void ck_gemm_pack(const ck_gemm *gemm, char *const *buffers, void *scratch, const ck_team *team);
/// Runs one part; `scratch` is the whole team's. The result does not depend on `parts`.
void ck_gemm_run(const ck_gemm *gemm, char *const *buffers, void *scratch, size_t epilogue_scratch,
                 const ck_team *team, ck_status *status);

// ---------------------------------------------------------------- windows

/// out[r, c] = sum over k of in[r, k, c] * kernel[k, c], where c counts `channels` features of `multiplier` results each:
/// c / multiplier steps through `in`, c through the kernel. Rows and k are digits as in ck_patches.
typedef struct {
  int32_t type, isa;                  ///< CK_F32, CK_F64, CK_I32, CK_I64
  ck_patches patches;
  int64_t rows, k, channels, multiplier;
  int64_t kernel_row;                 ///< elements of the kernel per step of k; its channels are adjacent, as those of `in`
  int32_t in, kernel, out;            ///< buffers; out is dense
  int64_t in_offset, kernel_offset, out_offset;   ///< bytes
} ck_depthwise;
void ck_depthwise_run(const ck_depthwise *depthwise, char *const *buffers, const ck_team *team);

enum { CK_WINDOW_DIMS = 6 };

/// A window that slides over a dense array whose dimensions it leaves alone at the end are merged into `inner`.
typedef struct {
  int32_t type, isa;
  int32_t rank;                       ///< of the dimensions before `inner`, 0 to CK_WINDOW_DIMS
  int64_t extent[CK_WINDOW_DIMS];     ///< of the array
  int64_t positions[CK_WINDOW_DIMS];  ///< of the window
  int64_t size[CK_WINDOW_DIMS], stride[CK_WINDOW_DIMS], low[CK_WINDOW_DIMS], dilation[CK_WINDOW_DIMS];
  int64_t inner;                      ///< adjacent elements that are treated alike
  int32_t reducer;                    ///< a ck_access_kind from CK_REDUCE_SUM on
  int32_t in, source, out;            ///< buffers; `source` is for ck_select_and_scatter_run only
  int64_t in_offset, source_offset, out_offset;   ///< bytes
} ck_window;

/// out[position, i] = the reduction of in[element, i] over the window's elements; what lies outside counts as nothing.
void ck_reduce_window_run(const ck_window *window, char *const *buffers, const ck_team *team);
/// out = 0, then for each position of the window out[largest element, i] += source[position, i]. Elements of a window are
/// numbered in the bits of the type, of which there must be enough.
void ck_select_and_scatter_run(const ck_window *window, char *const *buffers, const ck_team *team);

// ---------------------------------------------------------------- indexed kernels

/// out[o, j, i] = params[o, indices[j], i]; an index outside [0, range) sets CK_INDEX_OUT_OF_RANGE and leaves zeros.
typedef struct {
  int32_t index_type;                 ///< CK_I32 or CK_I64
  int32_t params, indices, out;       ///< buffers, all dense
  int64_t params_offset, indices_offset, out_offset;   ///< bytes
  int64_t outer, range, count, inner_bytes;
} ck_gather;
void ck_gather_run(const ck_gather *gather, char *const *buffers, const ck_team *team, ck_status *status);

/// out[o, indices[j], i] += updates[o, j, i] in the order of j, after `out` was zeroed; indices below 0 are left out
/// (as in UnsortedSegmentSum), others outside [0, range) set CK_INDEX_OUT_OF_RANGE.
typedef struct {
  int32_t type, index_type;
  int32_t updates, indices, out;
  int64_t updates_offset, indices_offset, out_offset;  ///< bytes
  int64_t outer, range, count, inner;                  ///< inner in elements
} ck_scatter_add;
void ck_scatter_add_run(const ck_scatter_add *scatter, char *const *buffers, const ck_team *team, ck_status *status);

/// out[o, i] = the first index along the middle dimension of the largest (smallest) element; a NaN wins.
typedef struct {
  int32_t type, out_type;             ///< out_type CK_I32 or CK_I64
  bool smallest;
  int32_t in, out;
  int64_t in_offset, out_offset;
  int64_t outer, count, inner;
} ck_arg_reduce;
void ck_arg_reduce_run(const ck_arg_reduce *reduce, char *const *buffers, const ck_team *team);

/// out[o, r, i] = the position j of the element that comes r-th among in[o, 0..<count, i], r < kept, as int32. Of equal
/// elements the earlier comes first; NaN is greater than any number.
typedef struct {
  int32_t type;
  bool descending;
  int32_t in, out;
  int64_t in_offset, out_offset;
  int64_t outer, count, kept, inner;
} ck_arg_sort;
size_t ck_arg_sort_scratch_bytes(const ck_arg_sort *sort);
void ck_arg_sort_run(const ck_arg_sort *sort, char *const *buffers, void *scratch);

// ---------------------------------------------------------------- random numbers

typedef enum { CK_UNIFORM = 0, CK_NORMAL, CK_TRUNCATED_NORMAL, CK_UNIFORM_INT } ck_distribution;

/// Fills `out` from a Philox4x32-10 stream, bit for bit as TensorFlow's CPU kernels RandomUniform,
/// RandomStandardNormal, TruncatedNormal and RandomUniformInt do for the same key and counter.
/// The buffer `state` holds four uint64: key, then the 128-bit counter (low, high), then unused.
typedef struct {
  int32_t type, distribution;         ///< CK_F32, CK_F64; for CK_UNIFORM_INT CK_I32, CK_I64
  int32_t state, out;
  int64_t state_offset, out_offset, count;
  int32_t low, high;                  ///< CK_UNIFORM_INT: buffers that hold the bounds [low, high), as `type`
  int64_t low_offset, high_offset;
} ck_random;
void ck_random_run(const ck_random *random, char *const *buffers, const ck_team *team);

#ifdef __cplusplus
}
#endif

#endif
