#pragma once
// What every instruction set shares: where a row's numbers lie, and how they become an estimate.
#include "CKernelsSigns.h"
#include <string.h>

/// Scale, shift and the number of set signs, after the signs. Every instruction set rounds alike, also one that could multiply and add at once.
static inline float finish_signs(const ck_sign_query *query, const uint8_t *row, uint64_t weighted, float base) {
#pragma clang fp contract(off)
    float numbers[3];
    memcpy(numbers, row + query->words * 8, sizeof numbers);
    const float sum = query->step * (2 * (float)weighted - query->centre * numbers[2]) - query->total;
    return numbers[0] * sum + (numbers[1] + base);
}

static inline const uint8_t *sign_row(const uint8_t *const *pieces, uint32_t row, size_t stride) {
    return pieces[row / CK_SIGN_ROWS] + row % CK_SIGN_ROWS * stride;
}

static inline __attribute__((always_inline)) void fetch_signs(const uint8_t *const *pieces, const uint32_t *rows, size_t i, size_t n_rows, size_t stride) {
    enum { AHEAD = 12, LINE = 64 };
    if (i + AHEAD >= n_rows) return;
    const uint8_t *row = sign_row(pieces, rows[i + AHEAD], stride);
    for (size_t line = 0; line < stride; line += LINE) __builtin_prefetch(row + line);
}

static inline __attribute__((always_inline)) void estimate_words(const ck_sign_query *query, const uint8_t *const *pieces, const uint32_t *rows, size_t n_rows,
                                                                float base, float *out) {
    const size_t words = query->words, stride = ck_sign_stride(words);
    for (size_t i = 0; i < n_rows; i++) {
        fetch_signs(pieces, rows, i, n_rows, stride);
        const uint8_t *row = sign_row(pieces, rows[i], stride);
        uint64_t counts[CK_SIGN_PLANES] = {0};
        for (size_t w = 0; w < words; w++) {
            uint64_t signs;
            memcpy(&signs, row + 8 * w, sizeof signs);
            for (int p = 0; p < CK_SIGN_PLANES; p++) counts[p] += (uint64_t)__builtin_popcountll(signs & query->planes[w * CK_SIGN_PLANES + (size_t)p]);
        }
        out[i] = finish_signs(query, row, counts[0] + 2 * counts[1] + 4 * counts[2] + 8 * counts[3], base);
    }
}
