// A product of CKernelsProduct.h in blocks of BLOCK_ROWS rows and BLOCK_PANELS panels, whose sums stay in registers.
//
// The including file defines: SUM, a vector of COLUMNS_AT_ONCE sums; PAIRS, one of as many pairs of weights; STEP(sum, pair, pairs), which adds the
// products of one pair of a row with the pairs of the columns; and FINISH(sum, scale, column scales, bias) of sums to floats.
#include "CKernelsProduct.h"
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { PARTS = CK_COLUMNS / COLUMNS_AT_ONCE, BLOCK_SUMS = BLOCK_PANELS * PARTS };

INLINE void multiply_block(ck_numbers rows, const int n_rows, size_t depth, ck_numbers weights, const int parts, const float *bias, float *out,
                           size_t out_stride) {
    SUM sums[BLOCK_ROWS][BLOCK_SUMS] = {};
    for (size_t k = 0; k < depth; k += 2) {
        PAIRS pairs[BLOCK_SUMS];
        for (int p = 0; p < parts; p++) {
            const uint16_t *panel = weights.values + (size_t)(p / PARTS) * CK_COLUMNS * depth;
            memcpy(&pairs[p], panel + k * CK_COLUMNS + (size_t)(p % PARTS) * COLUMNS_AT_ONCE * 2, sizeof pairs[p]);
        }
        for (int r = 0; r < n_rows; r++) {
            int32_t pair;
            memcpy(&pair, rows.values + (size_t)r * depth + k, sizeof pair);
            for (int p = 0; p < parts; p++) sums[r][p] = STEP(sums[r][p], pair, pairs[p]);
        }
    }
    for (int r = 0; r < n_rows; r++) {
        for (int p = 0; p < parts; p++) {
            const size_t c = (size_t)p * COLUMNS_AT_ONCE;
            FINISH(sums[r][p], rows.scales[r], weights.scales + c, bias + c, out + (size_t)r * out_stride + c);
        }
    }
}

INLINE void multiply_panels(ck_numbers rows, size_t n_rows, size_t depth, ck_numbers weights, const int parts, const float *bias, float *out,
                            size_t out_stride) {
    size_t r = 0;
    for (; r + BLOCK_ROWS <= n_rows; r += BLOCK_ROWS) {
        const ck_numbers block = {rows.values + r * depth, rows.scales + r};
        multiply_block(block, BLOCK_ROWS, depth, weights, parts, bias, out + r * out_stride, out_stride);
    }
    for (; r < n_rows; r++) {
        const ck_numbers row = {rows.values + r * depth, rows.scales + r};
        multiply_block(row, 1, depth, weights, parts, bias, out + r * out_stride, out_stride);
    }
}

static void multiply(ck_numbers rows, size_t n_rows, size_t depth, ck_numbers weights, size_t columns, const float *bias, float *out,
                     size_t out_stride) {
    size_t c = 0;
    for (; c + BLOCK_PANELS * CK_COLUMNS <= columns; c += BLOCK_PANELS * CK_COLUMNS) {
        const ck_numbers block = {weights.values + c * depth, weights.scales + c};
        multiply_panels(rows, n_rows, depth, block, BLOCK_SUMS, bias + c, out + c, out_stride);
    }
    for (; c < columns; c += CK_COLUMNS) {
        const ck_numbers panel = {weights.values + c * depth, weights.scales + c};
        multiply_panels(rows, n_rows, depth, panel, PARTS, bias + c, out + c, out_stride);
    }
}
