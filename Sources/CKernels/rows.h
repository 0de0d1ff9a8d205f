#pragma once
// What is the same in every instruction set: the two loops over rows around its own DOT, and a plain comparison.
//
// Rows far enough ahead are fetched early: what bounds a scan is memory, and a selection jumps where no hardware follows.
#include "CKernelsRows.h"

enum { FETCH_AHEAD_FLOATS = 1024, FETCH_AHEAD_ROWS = 4, LINE_FLOATS = 16 };

static inline void fetch(const float *row, size_t dim) {
    for (size_t c = 0; c < dim && c < FETCH_AHEAD_FLOATS; c += LINE_FLOATS) __builtin_prefetch(row + c);
}

#define DEFINE_ROW_LOOPS(SUFFIX, TARGET, DOT)                                                                                   \
    TARGET static void dot_rows_##SUFFIX(const float *query, const float *rows, size_t row_stride, size_t n_rows, size_t dim,    \
                                         float *out) {                                                                           \
        for (size_t r = 0; r < n_rows; r++) out[r] = DOT(query, rows + r * row_stride, dim);                                     \
    }                                                                                                                            \
    TARGET static void dot_selected_##SUFFIX(const float *query, const float *rows, size_t row_stride, const uint32_t *selected, \
                                             size_t n_selected, size_t dim, float *out) {                                        \
        for (size_t i = 0; i < n_selected; i++) {                                                                                \
            if (i + FETCH_AHEAD_ROWS < n_selected) fetch(rows + (size_t)selected[i + FETCH_AHEAD_ROWS] * row_stride, dim);        \
            out[i] = DOT(query, rows + (size_t)selected[i] * row_stride, dim);                                                   \
        }                                                                                                                        \
    }                                                                                                                            \
    TARGET static void dot_each_##SUFFIX(const float *query, const float *const *rows, size_t n_rows, size_t dim, float *out) {   \
        for (size_t i = 0; i < n_rows && i < FETCH_AHEAD_ROWS; i++) fetch(rows[i], dim);                                         \
        for (size_t i = 0; i < n_rows; i++) {                                                                                    \
            if (i + FETCH_AHEAD_ROWS < n_rows) fetch(rows[i + FETCH_AHEAD_ROWS], dim);                                           \
            out[i] = DOT(query, rows[i], dim);                                                                                   \
        }                                                                                                                        \
    }

/// Values start..<n one by one, into bits that hold 0 there.
static inline void at_least_from(const float *values, size_t start, size_t n, float least, uint64_t *bits) {
    for (size_t i = start; i < n; i++) bits[i / 64] |= (uint64_t)(values[i] >= least) << (i % 64);
}

static inline void clear_bits(uint64_t *bits, size_t n) {
    for (size_t word = 0; word * 64 < n; word++) bits[word] = 0;
}
