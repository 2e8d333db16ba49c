// The prepared form of a loop: what loop_prepare.c makes of a ck_loop and loops.c runs. One block of memory
// without pointers into itself (offsets instead), which therefore may be copied.
#ifndef CK_LOOP_PREPARED_H
#define CK_LOOP_PREPARED_H

#include "kernel_set.h"

// A cursor holds the address of one value for the block at hand; instructions name values by their cursor.
//
// The code's slots are renamed to cursors. Each slot has a cursor of its own number, which points to the slot's
// register. Each access has one too, numbered `slot_count` + its index, which points into memory where the block
// lies there in one piece (else to a register). A read slot means the access's cursor until the code redefines the
// slot. The last definition of a slot that is written goes to the write's cursor, so that the code writes its
// result where it belongs; earlier definitions of the same slot, maybe of a larger type, stay in the register.

/// An access that needs an address in every block.
typedef struct {
  int32_t buffer, cursor;       ///< reads and direct writes set this cursor
  int32_t size;                 ///< bytes of an element
  int32_t reg;                  ///< cursor of the register for blocks that memory does not hold in one piece
  int64_t offset;               ///< bytes
  int64_t row, column;          ///< strides in elements of the last two dimensions
  int32_t source;               ///< writes, reductions: the cursor that holds the value
  int32_t into;                 ///< reads that are written unchanged: index of that write, or -1
  bool direct;                  ///< writes: the code (or a read) produces into this access's cursor
  bool forced;                  ///< reads: always copied, because a result may overwrite the memory too early
  bool steady;                  ///< reads: the register is this read's own and the block's address may repeat
  bool complete;                ///< reductions: every block holds whole groups, nothing is merged
  bool wide_sum;                ///< reductions: sums of floats whose blocks are added up in double precision
  uint8_t kind, type;
  int32_t state;                ///< index of the run's state (steady reads, wide sums), or -1
  ck_reduction reduction;
  int64_t outer[CK_DIMS - 2];   ///< strides in bytes of the dimensions before the last two
} ck_prepared_access;

/// What a run remembers from block to block.
typedef struct { char *at; double sum; int64_t rows, columns; } ck_loop_state;

typedef struct { int32_t cursor, index; } ck_cursor_register;
/// An address that stays the same for the whole run: of a scalar or, where the loop is a single block, of whatever
/// lies in memory in one piece.
typedef struct { int32_t cursor, buffer; int64_t offset; } ck_cursor_fixed;

typedef struct {
  int64_t extent[CK_DIMS];      ///< exactly CK_DIMS, with extents of 1 in front
  int64_t block;                ///< the most points of a block
  int64_t block_rows, block_columns;
  int64_t total;                ///< points; 0 where an extent is 0
  bool single;                  ///< one block is all there is
  int32_t outer_dims;           ///< of the CK_DIMS - 2 outer dimensions, the first that is not 1 (or CK_DIMS - 2)
  int32_t split;                ///< dimension that a team divides, or -1
  int32_t tile_outer;           ///< dimensions in front of the tile's two, for ck_loop_run_tile
  int32_t tile_cursor, tile_reg;
  int32_t states, fixed, registers, reads, writes, reduces, instructions;
  uint32_t fixed_at, registers_at, reads_at, writes_at, reduces_at, code_at;  ///< bytes from the start
  uint32_t scratch_states, scratch_registers, register_bytes;
} ck_prepared;

#define CK_PART_OF(prepared, at) ((const void *)((const char *)(prepared) + (at)))

#endif
