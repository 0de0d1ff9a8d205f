#include "CKernelsProduct.h"
#if defined(__x86_64__)
#include <immintrin.h>

#include <sys/syscall.h>
#include <unistd.h>

#define AMX __attribute__((target("amx-tile,amx-bf16,avx512f")))

enum { TILE_ROWS = 16, TILE_BYTES = 64, TILE_NUMBERS = CK_DEPTH };

/// Eight tiles of sixteen rows of 64 bytes.
typedef struct tile_shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_shapes;

/// Two by two tiles of sums, which begin as the bias: tiles 0 to 3. Rows are in 4 and 5, weights in 6 and 7.
AMX static inline void block_of_four(const uint16_t *rows, size_t depth, const uint16_t *panels, const float *bias, float *out, size_t out_stride) {
    const uint16_t *below = rows + TILE_ROWS * depth, *beside = panels + CK_COLUMNS * depth;
    _tile_loadd(0, bias, 0);
    _tile_loadd(1, bias + CK_COLUMNS, 0);
    _tile_loadd(2, bias, 0);
    _tile_loadd(3, bias + CK_COLUMNS, 0);
    for (size_t k = 0; k < depth; k += TILE_NUMBERS) {
        _tile_loadd(4, rows + k, depth * sizeof *rows);
        _tile_loadd(6, panels + k * CK_COLUMNS, TILE_BYTES);
        _tile_loadd(7, beside + k * CK_COLUMNS, TILE_BYTES);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(5, below + k, depth * sizeof *rows);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    const size_t stride = out_stride * sizeof *out;
    _tile_stored(0, out, stride);
    _tile_stored(1, out + CK_COLUMNS, stride);
    _tile_stored(2, out + TILE_ROWS * out_stride, stride);
    _tile_stored(3, out + TILE_ROWS * out_stride + CK_COLUMNS, stride);
}

/// Sixteen rows and one panel or, where `two`, two.
AMX static inline void block_of_rows(const uint16_t *rows, size_t depth, const uint16_t *panels, int two, const float *bias, float *out,
                                     size_t out_stride) {
    const uint16_t *beside = panels + CK_COLUMNS * depth;
    _tile_loadd(0, bias, 0);
    if (two) _tile_loadd(1, bias + CK_COLUMNS, 0);
    for (size_t k = 0; k < depth; k += TILE_NUMBERS) {
        _tile_loadd(4, rows + k, depth * sizeof *rows);
        _tile_loadd(6, panels + k * CK_COLUMNS, TILE_BYTES);
        _tile_dpbf16ps(0, 4, 6);
        if (two) {
            _tile_loadd(7, beside + k * CK_COLUMNS, TILE_BYTES);
            _tile_dpbf16ps(1, 4, 7);
        }
    }
    _tile_stored(0, out, out_stride * sizeof *out);
    if (two) _tile_stored(1, out + CK_COLUMNS, out_stride * sizeof *out);
}

AMX static void begin(void) {
    tile_shapes shapes = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        shapes.rows[tile] = TILE_ROWS;
        shapes.row_bytes[tile] = TILE_BYTES;
    }
    _tile_loadconfig(&shapes);
}

AMX static void end(void) { _tile_release(); }

AMX static void multiply(ck_numbers rows, size_t n_rows, size_t depth, ck_numbers weights, size_t columns, const float *bias, float *out,
                         size_t out_stride) {
    for (size_t c = 0; c < columns; c += 2 * CK_COLUMNS) {
        const uint16_t *panels = weights.values + c * depth;
        const int two = c + CK_COLUMNS < columns;
        size_t r = 0;
        for (; two && r + TILE_ROWS < n_rows; r += 2 * TILE_ROWS) {
            block_of_four(rows.values + r * depth, depth, panels, bias + c, out + r * out_stride + c, out_stride);
        }
        for (; r < n_rows; r += TILE_ROWS) block_of_rows(rows.values + r * depth, depth, panels, two, bias + c, out + r * out_stride + c, out_stride);
    }
}

/// The system gives the registers only to a process that asks for them.
static int is_permitted(void) {
    enum { ASK_FOR_REGISTERS = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, ASK_FOR_REGISTERS, TILE_DATA) == 0;
}

const ck_product *ck_product_amx_bf16(void) {
    static const ck_product product = {"amx bf16", CK_BF16, begin, end, multiply};
    __builtin_cpu_init();
    return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") && is_permitted() ? &product : NULL;
}

#else
const ck_product *ck_product_amx_bf16(void) { return NULL; }
#endif
